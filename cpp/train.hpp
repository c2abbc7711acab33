// Mini-batch SGD for many steps in one call.
//
// The features are cut into parts, each with its weights, and threads work in rounds, one for each tile of rows. In a
// round every part first updates its weights by the residuals of the current tile, then computes its partial scores of
// the next tile. So a step takes one round, and only a few hundred scores pass from thread to thread. The parts depend
// on the job alone, and so do the results, whatever the number of threads.
#pragma once

#include <vector>

#include "microkernels.hpp"
#include "scheduling.hpp"
#include "thread_pool.hpp"
#include "train_residuals.hpp"

namespace onelayer::ONELAYER_ISA {

// A slice of the features with its weights, on which one thread works in a round. The first part also takes care of
// what belongs to no feature: the intercepts and the losses of batches.
template <class In, class T>
class alignas(128) TrainPart {
  public:
    TrainPart(Arena& arena, const TrainJob<T>& job, Slice slice, bool split, bool is_first)
        : job_(job),
          slice_(slice),
          is_first_(is_first),
          rows_(arena, job.rows, slice),
          weights_(arena, Groups<T>(job.k), job.k, job.rows.d, slice, job.weight_velocity != nullptr) {
        for (PartialScores<T>& partial : partial_) {
            partial = {arena.take<T>(job.k * tile_stride), arena.take<T>(job.k)};
        }
        sums_ = arena.take<Vec<T>>(job.k);
        totals_ = arena.take<T>(job.k);
        gradient_ = arena.take<T>(split ? job.k * (slice.last - slice.first) * lanes<T> : 0);
    }

    // Partial scores are double-buffered: while a round writes one, threads read the one of the round before.
    const PartialScores<T>& partial(int buffer) const { return partial_[buffer]; }

    // To be called once, because vectors that reach beyond the last row of a tile are computed with, too.
    void clear() {
        for (const PartialScores<T>& partial : partial_) {
            std::fill(partial.scores, partial.scores + job_.k * tile_stride, T(0));
        }
    }

    // Weights are packed anew for each epoch; so an epoch gives the same numbers as in a call of its own.
    void begin_epoch() { weights_.pack(job_.weights, job_.weight_velocity, job_.scaling); }

    void end_epoch() { weights_.unpack(job_.weights, job_.weight_velocity); }

    // The scores of the next tile. Of the rows that follow it, half are prefetched here and the other half in `update`.
    void score(const BatchTile& tile, const BatchTile& following, int buffer) {
        const PartialScores<T>& partial = partial_[buffer];
        rows_.fill(job_.order, tile.first, tile.count);
        rows_.prefetcher().start(job_.order, following.first, following.count, weights_.groups.count);
        score_tile<Prefetch::half>(rows_, slice_, weights_, partial.scores);
        weights_.offsets(partial.offsets);
        for (Index c = 0; is_first_ && c < job_.k; ++c) {
            partial.offsets[c] -= job_.intercepts[c];
        }
    }

    // Adds the tile's gradient to that of its batch; the last tile of a batch takes the step.
    void update(const BatchTile& tile, const TileResiduals<T>& residuals) {
        add_up(tile, residuals);
        const StepSize<T> size = tile.ends_step ? end_of_batch(tile) : StepSize<T>{};
        gradient_tile<Prefetch::half>(rows_, slice_, weights_.groups, residuals.of_rows,
                                      [&](auto outputs, OutputGroup group, Index vector, Vec<T>* sums) {
                                          if (!tile.starts_step) {
                                              add_stored<outputs>(stored<outputs>(group, vector), sums);
                                          }
                                          if (tile.ends_step) {
                                              weights_.template step<outputs>(group, vector, sums, totals_, size);
                                          } else {
                                              store_gradient<outputs>(stored<outputs>(group, vector), sums);
                                          }
                                      });
        if (tile.ends_step) {
            weights_.finish_step();
        }
    }

  private:
    // Sums over the rows of the batch so far.
    void add_up(const BatchTile& tile, const TileResiduals<T>& residuals) {
        if (tile.starts_step) {
            loss_ = weight_ = 0;
            std::fill(sums_, sums_ + job_.k, Vec<T>{});
        }
        loss_ += residuals.loss;
        weight_ += residuals.weight;
        for (Index c = 0; c < job_.k; ++c) {
            sums_[c] += residuals.sums[c];
        }
    }

    StepSize<T> end_of_batch(const BatchTile& tile) {
        const double mean = weight_ > 0 ? 1 / weight_ : 0;
        const StepSize<T> size{static_cast<T>(job_.learning_rates[tile.step]), static_cast<T>(mean),
                               static_cast<T>(job_.momentum), static_cast<T>(job_.l2)};
        for (Index c = 0; c < job_.k; ++c) {
            totals_[c] = sum_of_lanes<T>(sums_[c]);
        }
        weights_.clear_offsets();
        if (is_first_) {
            // A batch that weighs nothing has loss 0.
            job_.batch_losses[tile.step] = weight_ > 0 ? loss_ / weight_ : 0.0;
            step_intercepts(size);
        }
        return size;
    }

    void step_intercepts(const StepSize<T>& size) {
        for (Index c = 0; job_.fit_intercept && c < job_.k; ++c) {
            T& intercept = job_.intercepts[c];
            T move = totals_[c] * size.mean + (job_.penalize_bias ? size.l2 * intercept : T(0));
            if (job_.intercept_velocity != nullptr) {
                move += size.momentum * job_.intercept_velocity[c];
                job_.intercept_velocity[c] = move;
            }
            intercept -= size.rate * move;
        }
    }

    // Where the gradient of a group's vector is stored until the batch's next tile.
    template <int Outputs>
    T* stored(OutputGroup group, Index vector) const {
        return gradient_ + (group.first * (slice_.last - slice_.first) + vector * Outputs) * lanes<T>;
    }

    template <int Outputs>
    ONELAYER_INLINE static void add_stored(const T* stored, Vec<T>* sums) {
        for (int o = 0; o < Outputs; ++o) {
            sums[o] += load<T>(stored + o * lanes<T>);
        }
    }

    template <int Outputs>
    ONELAYER_INLINE static void store_gradient(T* stored, const Vec<T>* sums) {
        for (int o = 0; o < Outputs; ++o) {
            store(stored + o * lanes<T>, sums[o]);
        }
    }

    const TrainJob<T>& job_;
    Slice slice_;
    bool is_first_;
    TileRows<In, T> rows_;
    PackedWeights<In, T> weights_;
    PartialScores<T> partial_[2];
    Vec<T>* sums_;
    T* totals_;  // sums_ with their lanes added up
    T* gradient_;
    double loss_ = 0, weight_ = 0;
};

// How far a thread is in a training. All threads go through the same tiles, and each keeps its own record, in cache
// lines of its own: two threads that write to one line would slow each other down.
template <class T>
class alignas(128) Progress {
  public:
    Progress(Arena& arena, const TrainJob<T>& job, Index tile_rows) : tiles_(job, tile_rows), residuals_(arena, job) {
        next = tiles_.next();
        following = tiles_.next();
    }

    // In this round weights are updated by `current`, and scores are those of `next`.
    BatchTile current, next, following;
    Index round = -1, steps_taken = 0;
    bool is_stopping = false;  // the step of the round before was the last

    // Goes on to the next round, if there is one. Training ends with the first step taken in round `stop` or later.
    bool advance(const Index& stop) {
        if (is_stopping || (round >= 0 && next.count == 0)) {
            return false;
        }
        is_stopping = current.ends_step && __atomic_load_n(&stop, __ATOMIC_RELAXED) <= round;
        if (round >= 0 && !is_stopping) {
            current = next;
            next = following;
            following = tiles_.next();
            steps_taken += current.ends_step ? 1 : 0;
        }
        ++round;
        return true;
    }

    // The part of the next residuals that does not need scores.
    void prepare() {
        if (next.count > 0) {
            residuals_.prepare(next);
            prepared_ = round + 1;
        }
    }

    // The residuals of the current tile, computed when the thread's first part in a round asks for them.
    const TileResiduals<T>& residuals(const std::vector<PartialScores<T>>& parts) {
        if (computed_ != round) {
            if (prepared_ != round) {
                residuals_.prepare(current);
                prepared_ = round;
            }
            residuals_.compute(current, parts);
            computed_ = round;
        }
        return residuals_;
    }

  private:
    BatchTiles<T> tiles_;
    TileResiduals<T> residuals_;
    Index prepared_ = 0, computed_ = 0;
};

// The parts of a training, and the progress of each thread.
template <class In, class T>
class Training {
  public:
    Training(Arena& arena, const TrainJob<T>& job, int parts, int threads, Index tile_rows) : job_(job) {
        const bool split = job.batch_size > tile_rows;
        parts_.reserve(static_cast<std::size_t>(parts));
        for (int part = 0; part < parts; ++part) {
            parts_.emplace_back(arena, job, slice_of<T>(job.rows.d, part, parts), split, part == 0);
            for (int buffer = 0; buffer < 2; ++buffer) {
                partial_[buffer].push_back(parts_.back().partial(buffer));
            }
        }
        for (int thread = 0; thread < threads; ++thread) {
            progress_.emplace_back(arena, job, tile_rows);
        }
    }

    Index steps_taken() const { return progress_.front().steps_taken; }

    bool advance(int thread) { return progress(thread).advance(stop_); }

    void prepare(int thread) { progress(thread).prepare(); }

    // A thread's work on one part in this round. Not inlined: it is long, and the scheduler calls it in two places.
    ONELAYER_NOINLINE void run_part(int number, int thread) {
        Progress<T>& at = progress(thread);
        TrainPart<In, T>& part = parts_[static_cast<std::size_t>(number)];
        if (thread == 0) {
            poll(at.round);
        }
        if (at.is_stopping) {
            if (!at.current.ends_epoch) {
                part.end_epoch();
            }
            return;
        }
        if (at.round == 0) {
            part.clear();
        } else {
            part.update(at.current, at.residuals(partial_[(at.round - 1) % 2]));
        }
        if (at.current.ends_epoch) {
            part.end_epoch();
        }
        if (at.next.count > 0) {
            if (at.round == 0 || at.current.ends_epoch) {
                part.begin_epoch();
            }
            part.score(at.next, at.following, at.round % 2);
        }
    }

  private:
    // Called by the thread that started the job. The others see the answer at the end of the round, which waits for it.
    void poll(Index round) {
        if (stop_ == never && job_.poll.ask != nullptr && job_.poll.ask(job_.poll.context)) {
            __atomic_store_n(&stop_, round, __ATOMIC_RELAXED);
        }
    }

    Progress<T>& progress(int thread) { return progress_[static_cast<std::size_t>(thread)]; }

    static constexpr Index never = std::numeric_limits<Index>::max();

    const TrainJob<T>& job_;
    std::vector<TrainPart<In, T>> parts_;
    std::vector<PartialScores<T>> partial_[2];
    std::vector<Progress<T>> progress_;
    Index stop_ = never;
};

// The number of parts that the features are cut into. A part needs enough work in a round, or its thread costs more
// than it saves; and its weights should stay in the caches. An even number keeps two threads equally busy.
template <class T>
int part_count(const TrainJob<T>& job) {
    constexpr Index min_work = 60'000;  // multiply-adds
    constexpr Index max_vectors = 96;
    const Index work = 2 * std::min(job.batch_size, job.rows_per_epoch) * job.k * job.rows.d;
    const Index vectors = ceil_div(job.rows.d, lanes<T>);
    const Index wanted = 2 * std::max<Index>(1, ceil_div(vectors, 2 * max_vectors));
    const Index useful = std::min<Index>({wanted, work / min_work, vectors / 2, RoundScheduler::max_parts});
    return static_cast<int>(std::max<Index>(1, useful));
}

// Returns the number of steps taken, which are all unless the job was told to stop.
template <class In, class T>
Index train(const TrainJob<T>& job, ThreadPool& pool) {
    const int parts = part_count(job), threads = std::min(job.threads, parts);
    const Index tile_rows = tile_rows_for<In>(ceil_div(job.rows.d, std::min(parts, 2)));
    Arena measure(nullptr);
    Training<In, T>(measure, job, parts, threads, tile_rows);
    Arena arena(pool.workspace(measure.used()));
    Training<In, T> training(arena, job, parts, threads, tile_rows);
    RoundScheduler scheduler(parts);
    pool.run(threads, [&](int thread) {
        const auto next = [&] { return training.advance(thread); };
        const auto task = [&](int part) { training.run_part(part, thread); };
        scheduler.run(thread, threads, next, task, [&] { training.prepare(thread); });
    });
    return training.steps_taken();
}

}  // namespace onelayer::ONELAYER_ISA
