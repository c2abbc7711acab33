// Mini-batch SGD from one validation to the next, in one call.
//
// The features are cut into parts, each with its weights. In a round of a tile of rows every part takes its gradient
// step with the residuals of the tile before, and then adds its share to the scores of the tile that follows: so a step
// is one round, and only a few hundred scores pass from thread to thread. The parts depend on the job alone, and so do
// the results, whatever the number of threads.
#pragma once

#include <vector>

#include "folded.hpp"
#include "gradient.hpp"
#include "residuals.hpp"
#include "scores.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

// Goes through the tiles of all steps in order. An epoch's last batch may have fewer rows than the others.
template <class T>
class BatchTiles {
  public:
    BatchTiles(const TrainJob<T>& job, Index tile_rows) : job_(job), tile_rows_(tile_rows) {}

    // The next tile, with no rows after the last.
    BatchTile next() {
        if (step_ == job_.steps) {
            return {};
        }
        const Index rows = std::min(job_.batch_size, left_in_epoch_), tiles = ceil_div(rows, tile_rows_);
        const Index first = rows * tile_ / tiles, last = rows * (tile_ + 1) / tiles;
        const bool closes = tile_ == tiles - 1;
        const BatchTile tile{step_,  begin_ + first, last - first, tile_ == 0,
                             closes, closes && rows == left_in_epoch_};
        ++tile_;
        if (tile.closes) {
            next_step(rows);
        }
        return tile;
    }

  private:
    void next_step(Index rows) {
        ++step_;
        tile_ = 0;
        begin_ += rows;
        left_in_epoch_ -= rows;
        if (left_in_epoch_ == 0) {
            left_in_epoch_ = job_.rows_per_epoch;
        }
    }

    const TrainJob<T>& job_;
    Index tile_rows_, begin_ = 0, left_in_epoch_ = job_.rows_per_epoch, step_ = 0, tile_ = 0;
};

// A slice of the features with its weights: what one thread works on in a round. The first one takes care of what
// belongs to no feature besides: intercepts, and the losses of batches.
template <class In, class T>
class TrainPart {
  public:
    TrainPart(Arena& arena, const TrainJob<T>& job, Slice slice, bool split, bool is_first)
        : job_(job),
          slice_(slice),
          is_first_(is_first),
          rows_(arena, job.rows, slice),
          weights_(arena, Groups<T>(job.k), job.k, job.rows.d, slice, job.weight_velocity != nullptr) {
        for (Share<T>& share : shares_) {
            share = {arena.take<T>(job.k * tile_stride), arena.take<T>(job.k)};
        }
        sums_ = arena.take<Vec<T>>(job.k);
        totals_ = arena.take<T>(job.k);
        gradient_ = arena.take<T>(split ? job.k * (slice.last - slice.first) * lanes<T> : 0);
    }

    // Of the scores of a tile; while a round writes one, the threads read that of the round before.
    const Share<T>& share(int turn) const { return shares_[turn]; }

    // Once; beyond the last row of a tile there has to be some number.
    void clear() {
        for (const Share<T>& share : shares_) {
            std::fill(share.scores, share.scores + job_.k * tile_stride, T(0));
        }
    }

    // Weights are folded anew for each epoch, which so goes as in a call of its own.
    void begin_epoch() { weights_.fold(job_.weights, job_.weight_velocity, job_.scaling); }

    void end_epoch() { weights_.unfold(job_.weights, job_.weight_velocity); }

    // Of the rows that come after them, half are brought near here and the other half in `descend`.
    void score(const BatchTile& tile, const BatchTile& coming, int turn) {
        const Share<T>& share = shares_[turn];
        rows_.fill(job_.order, tile.first, tile.count);
        rows_.ahead().announce(job_.order, coming.first, coming.count, weights_.groups.count);
        score_tile<1>(rows_, slice_, weights_, share.scores);
        weights_.offsets(share.offsets);
        for (Index c = 0; is_first_ && c < job_.k; ++c) {
            share.offsets[c] -= job_.intercepts[c];
        }
    }

    void descend(const BatchTile& tile, const TileResiduals<T>& residuals) {
        add_up(tile, residuals);
        const StepSize<T> size = tile.closes ? end_of_batch(tile) : StepSize<T>{};
        gradient_tile<1>(rows_, slice_, weights_.groups, residuals.of_rows,
                         [&](auto outputs, OutputGroup group, Index vector, Vec<T>* sums) {
                             if (!tile.opens) {
                                 add_kept<outputs>(kept<outputs>(group, vector), sums);
                             }
                             if (tile.closes) {
                                 weights_.template step<outputs>(group, vector, sums, totals_, size);
                             } else {
                                 keep<outputs>(kept<outputs>(group, vector), sums);
                             }
                         });
        if (tile.closes) {
            weights_.settle();
        }
    }

  private:
    // The residuals' sums over the rows of the batch so far.
    void add_up(const BatchTile& tile, const TileResiduals<T>& residuals) {
        if (tile.opens) {
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

    // Where the gradient of a group's vector waits for the other tiles of its batch.
    template <int Outputs>
    T* kept(OutputGroup group, Index vector) const {
        return gradient_ + (group.first * (slice_.last - slice_.first) + vector * Outputs) * lanes<T>;
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

    const TrainJob<T>& job_;
    Slice slice_;
    bool is_first_;
    TileRows<In, T> rows_;
    FoldedWeights<In, T> weights_;
    Share<T> shares_[2];
    Vec<T>* sums_;
    T* totals_;  // of the sums' lanes
    T* gradient_;
    double loss_ = 0, weight_ = 0;
};

// Where a thread is in the course of a training. All threads go through the same tiles, each by itself.
template <class T>
class Course {
  public:
    Course(Arena& arena, const TrainJob<T>& job, Index tile_rows) : tiles_(job, tile_rows), residuals_(arena, job) {
        coming = tiles_.next();
        after = tiles_.next();
    }

    BatchTile present, coming, after;  // tiles: whose step is taken, whose scores are added up, and what follows
    Index round = -1, steps_taken = 0;
    bool is_stopping = false;  // the step of the round before was the last

    // To the next round, if there is one. Training ends with the step that is taken in round `stop` or after it.
    bool advance(const Index& stop) {
        if (is_stopping || (round >= 0 && coming.count == 0)) {
            return false;
        }
        is_stopping = present.closes && __atomic_load_n(&stop, __ATOMIC_RELAXED) <= round;
        if (round >= 0 && !is_stopping) {
            present = coming;
            coming = after;
            after = tiles_.next();
            steps_taken += present.closes ? 1 : 0;
        }
        ++round;
        return true;
    }

    // What doesn't wait for the scores of the coming tile.
    void prepare() {
        if (coming.count > 0) {
            residuals_.prepare(coming);
            prepared_ = round + 1;
        }
    }

    // Of the present tile. They are computed for the thread's first part in a round.
    const TileResiduals<T>& residuals(const std::vector<Share<T>>& shares) {
        if (computed_ != round) {
            if (prepared_ != round) {
                residuals_.prepare(present);
            }
            residuals_.compute(present, shares);
            computed_ = round;
        }
        return residuals_;
    }

  private:
    BatchTiles<T> tiles_;
    TileResiduals<T> residuals_;
    Index prepared_ = 0, computed_ = 0;
};

// The parts of a training, and where each thread is.
template <class In, class T>
class Training {
  public:
    Training(Arena& arena, const TrainJob<T>& job, int parts, int threads, Index tile_rows) : job_(job) {
        const bool split = job.batch_size > tile_rows;
        parts_.reserve(static_cast<std::size_t>(parts));
        for (int part = 0; part < parts; ++part) {
            parts_.emplace_back(arena, job, slice_of<T>(job.rows.d, part, parts), split, part == 0);
            for (int turn = 0; turn < 2; ++turn) {
                shares_[turn].push_back(parts_.back().share(turn));
            }
        }
        for (int thread = 0; thread < threads; ++thread) {
            courses_.emplace_back(arena, job, tile_rows);
        }
    }

    Index steps_taken() const { return courses_.front().steps_taken; }

    bool advance(int thread) { return course(thread).advance(stop_); }

    void prepare(int thread) { course(thread).prepare(); }

    // A thread's work on one part in this round.
    void work_on(int number, int thread) {
        Course<T>& at = course(thread);
        TrainPart<In, T>& part = parts_[static_cast<std::size_t>(number)];
        if (thread == 0) {
            poll(at.round);
        }
        if (at.is_stopping) {
            if (!at.present.ends_epoch) {
                part.end_epoch();
            }
            return;
        }
        if (at.round == 0) {
            part.clear();
        } else {
            part.descend(at.present, at.residuals(shares_[(at.round - 1) % 2]));
        }
        if (at.present.ends_epoch) {
            part.end_epoch();
        }
        if (at.coming.count > 0) {
            if (at.round == 0 || at.present.ends_epoch) {
                part.begin_epoch();
            }
            part.score(at.coming, at.after, at.round % 2);
        }
    }

  private:
    // By the thread that began the job. The others see what it finds at the end of the round, which waits for it.
    void poll(Index round) {
        if (stop_ == never && job_.poll.ask != nullptr && job_.poll.ask(job_.poll.context)) {
            __atomic_store_n(&stop_, round, __ATOMIC_RELAXED);
        }
    }

    Course<T>& course(int thread) { return courses_[static_cast<std::size_t>(thread)]; }

    static constexpr Index never = std::numeric_limits<Index>::max();

    const TrainJob<T>& job_;
    std::vector<TrainPart<In, T>> parts_;
    std::vector<Share<T>> shares_[2];
    std::vector<Course<T>> courses_;
    Index stop_ = never;
};

// Into how many parts the features are cut. A part must give enough to do in a round, or its thread only gets in the
// way; and its weights should stay in the caches. An even number keeps two threads equally busy.
template <class T>
int parts_of(const TrainJob<T>& job) {
    constexpr Index least_work = 60'000;  // multiply-adds
    constexpr Index most_vectors = 96;
    const Index work = 2 * std::min(job.batch_size, job.rows_per_epoch) * job.k * job.rows.d;
    const Index vectors = ceil_div(job.rows.d, lanes<T>);
    const Index wanted = 2 * std::max<Index>(1, ceil_div(vectors, 2 * most_vectors));
    const Index useful = std::min<Index>({wanted, work / least_work, vectors / 2, Rounds::most_parts});
    return static_cast<int>(std::max<Index>(1, useful));
}

// Returns the number of steps taken, all but when told to stop.
template <class In, class T>
Index train(const TrainJob<T>& job, Team& team) {
    const int parts = parts_of(job), threads = std::min(job.threads, parts);
    const Index tile_rows = tile_rows_for<In>(ceil_div(job.rows.d, std::min(parts, 2)));
    Arena measure(nullptr);
    Training<In, T>(measure, job, parts, threads, tile_rows);
    Arena arena(team.workspace(measure.used()));
    Training<In, T> training(arena, job, parts, threads, tile_rows);
    Rounds rounds(parts);
    team.run(threads, [&](int thread) {
        rounds.work(
            thread, threads, [&] { return training.advance(thread); }, [&](int part) { training.work_on(part, thread); },
            [&] { training.prepare(thread); });
    });
    return training.steps_taken();
}

}  // namespace onelayer::ONELAYER_ISA
