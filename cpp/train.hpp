// Mini-batch SGD from one validation to the next, in one call.
//
// Each thread owns a slice of the features and the weights on it. A step is: scores of the batch on the own slice; one
// barrier; everybody adds up all slices' scores and works out the residuals (cheap: classes, not features); the
// gradient on the own slice, straight into the own weights. Scores are kept twice in turn, so that one barrier a step
// is enough: who writes the scores after next has seen all others past the present ones.
#pragma once

#include <new>

#include "folded.hpp"
#include "gradient.hpp"
#include "losses.hpp"
#include "scores.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

// What threads show each other.
template <class T>
struct TrainShared {
    Barrier barrier;
    Index stop_after = INT64_MAX;  // the step after which all stop
    struct alignas(64) Shown {
        const T* scores[2];
        const T* offsets[2];
        double losses[2];
    };
    Shown shown[Barrier::most_threads];

    double loss_of(Index step, int threads) const {
        double loss = 0;
        for (int t = 0; t < threads; ++t) {
            loss += shown[t].losses[step % 2];
        }
        return loss;
    }
};

template <class In, class T>
class TrainThread {
  public:
    TrainThread(Arena& arena, const TrainJob<T>& job, TrainShared<T>* shared, int thread, int threads, Index tile_rows)
        : job_(job),
          shared_(shared),
          thread_(thread),
          threads_(threads),
          tile_rows_(tile_rows),
          slice_(slice_of<T>(job.rows.d, thread, threads)),
          tile_(arena, job.rows, job.targets, job.row_weights, job.k, slice_),
          weights_(arena, job.k, job.rows.d, slice_, job.weight_velocity != nullptr) {
        for (int turn = 0; turn < 2; ++turn) {
            scores_[turn] = arena.take<T>(job.k * tile_stride);
            offsets_[turn] = arena.take<T>(job.k);
        }
        residual_ = arena.take<T>(job.k * tile_stride);
        gradient_ = arena.take<T>(job.batch_size > tile_rows ? job.k * (slice_.last - slice_.first) * lanes<T> : 0);
        partial_sums_ = arena.take<Vec<T>>(job.k);
        residual_sums_ = arena.take<T>(job.k);
        intercepts_ = arena.take<T>(job.k);
        velocity_ = arena.take<T>(job.k);
    }

    // Returns the number of steps taken.
    Index run() {
        begin();
        Index step = 0;
        while (step < job_.steps && __atomic_load_n(&shared_->stop_after, __ATOMIC_RELAXED) >= step) {
            take_step(step++);
        }
        finish();
        return step;
    }

  private:
    void begin() {
        weights_.fold(job_.weights, job_.weight_velocity, job_.scaling);
        std::copy(job_.intercepts, job_.intercepts + job_.k, intercepts_);
        if (job_.intercept_velocity != nullptr) {
            std::copy(job_.intercept_velocity, job_.intercept_velocity + job_.k, velocity_);
        }
        for (int turn = 0; turn < 2; ++turn) {
            std::fill(scores_[turn], scores_[turn] + job_.k * tile_stride, T(0));
            shared_->shown[thread_].scores[turn] = scores_[turn];
            shared_->shown[thread_].offsets[turn] = offsets_[turn];
        }
    }

    void finish() {
        weights_.unfold(job_.weights, job_.weight_velocity);
        if (thread_ == 0) {
            std::copy(intercepts_, intercepts_ + job_.k, job_.intercepts);
            if (job_.intercept_velocity != nullptr) {
                std::copy(velocity_, velocity_ + job_.k, job_.intercept_velocity);
            }
        }
    }

    void take_step(Index step) {
        const Index begin = step * job_.batch_size, count = std::min(job_.batch_size, job_.ordered - begin);
        const Index tiles = ceil_div(count, tile_rows_);
        total_weight_ = 0;
        double loss = 0;
        std::fill(partial_sums_, partial_sums_ + job_.k, Vec<T>{});
        for (Index t = 0; t < tiles; ++t) {
            const Index first = begin + count * t / tiles, last = begin + count * (t + 1) / tiles;
            tile_.fill(job_.order, first, last - first);
            total_weight_ += tile_.total_weight();
            const int turn = static_cast<int>(++round_ % 2);
            tile_.announce(job_.order, last, std::min(job_.ordered - last, tile_rows_));
            score_tile(tile_, slice_, false, weights_.groups, weights_.packed(), scores_[turn]);
            weights_.offsets(offsets_[turn]);
            if (thread_ == 0 && t == 0) {
                poll(step);
            }
            shared_->barrier.arrive_and_wait(thread_, threads_, round_);
            if (t == 0) {
                report(step - 1);
            }
            loss += residuals(turn);
            descend(step, t == 0, t == tiles - 1);
        }
        // A batch that weighs nothing has loss 0.
        shared_->shown[thread_].losses[step % 2] = total_weight_ > 0 ? loss / total_weight_ : 0.0;
    }

    // Thread 0 adds up the losses of a step that all threads have left behind.
    void report(Index step) {
        if (thread_ == 0 && step >= 0) {
            job_.batch_losses[step] = shared_->loss_of(step, threads_);
        }
    }

    void poll(Index step) {
        if (job_.poll.ask != nullptr && job_.poll.ask(job_.poll.context)) {
            __atomic_store_n(&shared_->stop_after, step, __ATOMIC_RELAXED);
        }
    }

    // From everybody's scores to weighted residuals of all rows; returns the weighted losses of those rows that are
    // this thread's to count.
    double residuals(int turn) {
        const TileTargets<T> targets{tile_.labels, tile_.probabilities, job_.targets.smoothing};
        double loss = 0;
        for (Index row = 0, block = 0; row < tile_.count(); row += lanes<T>, ++block) {
            const Column<T> z{residual_ + row};
            add_scores(z, turn, row);
            const Vec<T> weight = load<T>(tile_.weights + row);
            const Vec<T> losses = residual_of<T>(job_.loss, z, job_.k, targets, row);
            for (Index c = 0; c < job_.k; ++c) {
                const Vec<T> weighted = select(weight > T(0), z[c] * weight, Vec<T>{});
                z.set(c, weighted);
                partial_sums_[c] += weighted;
            }
            if (block % threads_ == thread_) {
                loss += static_cast<double>(sum_of_lanes<T>(select(weight > T(0), losses * weight, Vec<T>{})));
            }
        }
        return loss;
    }

    void add_scores(Column<T> z, int turn, Index row) {
        for (Index c = 0; c < job_.k; ++c) {
            T offset = intercepts_[c];
            Vec<T> sum = {};
            for (int t = 0; t < threads_; ++t) {
                offset -= shared_->shown[t].offsets[turn][c];
                sum += load<T>(shared_->shown[t].scores[turn] + c * tile_stride + row);
            }
            z.set(c, sum + offset);
        }
    }

    void descend(Index step, bool first_tile, bool last_tile) {
        const double mean = total_weight_ > 0 ? 1 / total_weight_ : 0;
        const StepSize<T> size{static_cast<T>(job_.learning_rates[step]), static_cast<T>(mean),
                               static_cast<T>(job_.momentum), static_cast<T>(job_.l2)};
        if (last_tile) {
            for (Index c = 0; c < job_.k; ++c) {
                residual_sums_[c] = sum_of_lanes<T>(partial_sums_[c]);
            }
            weights_.clear_offsets();
        }
        gradient_tile(tile_, slice_, weights_.groups, residual_, true,
                      [&](auto outputs, Index group, Index vector, Vec<T>* sums) {
                          T* kept = gradient_ +
                                    (weights_.groups.first(group) * (slice_.last - slice_.first) + vector * outputs) *
                                        lanes<T>;
                          if (!first_tile) {
                              add_kept<outputs>(kept, sums);
                          }
                          if (last_tile) {
                              weights_.template step<outputs>(group, vector, sums, residual_sums_, size);
                          } else {
                              keep<outputs>(kept, sums);
                          }
                      });
        if (last_tile && job_.fit_intercept) {
            step_intercepts(size);
        }
    }

    template <int Outputs>
    ONELAYER_INLINE static void add_kept(const T* kept, Vec<T>* sums) {
        for (int o = 0; o < Outputs; ++o) {
            sums[o] += load<T>(kept + o * lanes<T>);
        }
    }

    template <int Outputs>
    ONELAYER_INLINE static void keep(T* kept, const Vec<T>* sums) {
        for (int o = 0; o < Outputs; ++o) {
            store(kept + o * lanes<T>, sums[o]);
        }
    }

    // Every thread does the same on its own copy, in the same order, and so arrives at the same bits.
    void step_intercepts(const StepSize<T>& size) {
        for (Index c = 0; c < job_.k; ++c) {
            T move = residual_sums_[c] * size.mean + (job_.penalize_bias ? size.l2 * intercepts_[c] : T(0));
            if (job_.intercept_velocity != nullptr) {
                move += size.momentum * velocity_[c];
                velocity_[c] = move;
            }
            intercepts_[c] -= size.rate * move;
        }
    }

    const TrainJob<T>& job_;
    TrainShared<T>* shared_;
    int thread_, threads_;
    Index tile_rows_;
    Slice slice_;
    RowTile<In, T> tile_;
    FoldedWeights<T> weights_;
    T* scores_[2];
    T* offsets_[2];
    T* residual_;
    T* gradient_;
    Vec<T>* partial_sums_;
    T* residual_sums_;
    T* intercepts_;
    T* velocity_;
    double total_weight_ = 0;
    std::uint64_t round_ = 0;
};

// A thread must have enough to do between two barriers, or it only gets in the way: multiply-adds a step and thread.
inline constexpr Index least_work = 60'000;

template <class T>
int useful_threads(const TrainJob<T>& job) {
    const Index work = 2 * std::min(job.batch_size, job.ordered) * job.k * job.rows.d;
    const Index most =
        std::min<Index>({job.threads, work / least_work, ceil_div(job.rows.d, 2 * lanes<T>), Barrier::most_threads});
    return static_cast<int>(std::max<Index>(1, most));
}

// Returns the number of steps taken, all but when told to stop.
template <class In, class T>
Index train(const TrainJob<T>& job, Team& team) {
    const int threads = useful_threads(job);
    const Index tile_rows = tile_rows_for<In>(ceil_div(job.rows.d, threads));
    std::size_t begins[Barrier::most_threads + 1];
    begins[0] = (sizeof(TrainShared<T>) + 63) / 64 * 64;
    for (int t = 0; t < threads; ++t) {
        Arena measure(nullptr);
        TrainThread<In, T>(measure, job, nullptr, t, threads, tile_rows);
        begins[t + 1] = begins[t] + measure.used();
    }
    char* memory = static_cast<char*>(team.workspace(begins[threads]));
    auto* shared = new (memory) TrainShared<T>;
    Index steps = 0;
    team.run(threads, [&](int t) {
        Arena arena(memory + begins[t]);
        TrainThread<In, T> mine(arena, job, shared, t, threads, tile_rows);
        const Index taken = mine.run();
        if (t == 0) {
            steps = taken;
        }
    });
    if (steps > 0) {
        job.batch_losses[steps - 1] = shared->loss_of(steps - 1, threads);
    }
    return steps;
}

}  // namespace onelayer::ONELAYER_ISA
