// Mini-batch SGD from one validation to the next, in one call.
//
// The features are cut into parts, each with its weights. In a round of a tile of rows every part takes its gradient
// step with the residuals of the tile before, and then adds its share to the scores of the tile that follows: so a step
// is one round, and only a few hundred scores pass from thread to thread. Between rounds one thread turns all parts'
// scores into residuals (cheap: classes, not features). The parts depend on the job alone, and so do the results,
// whatever the number of threads.
#pragma once

#include <vector>

#include "folded.hpp"
#include "gradient.hpp"
#include "losses.hpp"
#include "scores.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

// A tile of one step's batch, as places in the order.
struct BatchTile {
    Index step = 0, first = 0, count = 0;
    bool opens = false, closes = false;  // the step
    bool ends_epoch = false;
};

// Goes through the tiles of all steps in order. An epoch's last batch may have fewer rows than the others.
template <class T>
class BatchTiles {
  public:
    BatchTiles(const TrainJob<T>& job, Index tile_rows) : job_(job), tile_rows_(tile_rows) {}

    bool split() const { return job_.batch_size > tile_rows_; }

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

// What a gradient step needs of the rows' scores: weighted residuals of a tile, their sums over the batch and the size
// of the step.
template <class T>
struct Residuals {
    T* of_rows;  // k classes, tile_stride apart
    T* sums;     // (k)
    StepSize<T> step;
};

// A slice of the features with its weights: what one thread works on in a round.
template <class In, class T>
class TrainPart {
  public:
    TrainPart(Arena& arena, const TrainJob<T>& job, Slice slice, bool split)
        : job_(job),
          slice_(slice),
          rows_(arena, job.rows, slice),
          weights_(arena, Groups<T>(job.k), job.k, job.rows.d, slice, job.weight_velocity != nullptr) {
        scores = arena.take<T>(job.k * tile_stride);
        offsets = arena.take<T>(job.k);
        gradient_ = arena.take<T>(split ? job.k * (slice.last - slice.first) * lanes<T> : 0);
    }

    T* scores;   // this part's share, k classes, tile_stride apart
    T* offsets;  // (k): what they are too large by

    void begin() {
        weights_.fold(job_.weights, job_.weight_velocity, job_.scaling);
        std::fill(scores, scores + job_.k * tile_stride, T(0));
    }

    void end() { weights_.unfold(job_.weights, job_.weight_velocity); }

    // Of the rows that come after them, half are brought near here and the other half in `descend`.
    void score(const BatchTile& tile, const BatchTile& coming) {
        rows_.fill(job_.order, tile.first, tile.count);
        rows_.ahead().announce(job_.order, coming.first, coming.count, weights_.groups.count);
        score_tile<1>(rows_, slice_, weights_, scores);
        weights_.offsets(offsets);
    }

    void descend(const BatchTile& tile, const Residuals<T>& residuals) {
        prefetch_all(residuals.of_rows, job_.k * tile_stride);
        if (tile.closes) {
            weights_.clear_offsets();
        }
        gradient_tile<1>(rows_, slice_, weights_.groups, residuals.of_rows,
                         [&](auto outputs, OutputGroup group, Index vector, Vec<T>* sums) {
                             if (!tile.opens) {
                                 add_kept<outputs>(kept<outputs>(group, vector), sums);
                             }
                             if (tile.closes) {
                                 weights_.template step<outputs>(group, vector, sums, residuals.sums, residuals.step);
                             } else {
                                 keep<outputs>(kept<outputs>(group, vector), sums);
                             }
                         });
        if (tile.closes) {
            weights_.settle();
        }
    }

  private:
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
    TileRows<In, T> rows_;
    FoldedWeights<In, T> weights_;
    T* gradient_;
};

// The course of a training: its parts, and what is done between rounds.
template <class In, class T>
class Training {
  public:
    Training(Arena& arena, const TrainJob<T>& job, int parts, Index tile_rows)
        : job_(job), tiles_(job, tile_rows), labels_(arena, job.targets, job.row_weights, job.k) {
        residuals_.of_rows = arena.take<T>(job.k * tile_stride);
        residuals_.sums = arena.take<T>(job.k);
        partial_sums_ = arena.take<Vec<T>>(job.k);
        parts_.reserve(static_cast<std::size_t>(parts));
        for (int part = 0; part < parts; ++part) {
            parts_.emplace_back(arena, job, slice_of<T>(job.rows.d, part, parts), tiles_.split());
        }
        coming_ = tiles_.next();
        after_ = tiles_.next();
    }

    Index steps_taken() const { return steps_taken_; }

    // The round's work on one part. Weights are folded anew for each epoch, which so goes as in a call of its own.
    void work_on(TrainPart<In, T>& part) {
        if (ending_) {
            if (!present_.ends_epoch) {
                part.end();
            }
            return;
        }
        if (present_.count > 0) {
            part.descend(present_, residuals_);
        }
        if (present_.ends_epoch) {
            part.end();
        }
        if (present_.count == 0 || (present_.ends_epoch && coming_.count > 0)) {
            part.begin();
        }
        if (coming_.count > 0) {
            part.score(coming_, after_);
        }
    }

    TrainPart<In, T>& part(int number) { return parts_[static_cast<std::size_t>(number)]; }

    // Says after each round whether another follows.
    bool turn() {
        if (ending_) {
            return false;
        }
        if (present_.closes) {
            end_step();
        }
        ending_ = coming_.count == 0 || (present_.closes && __atomic_load_n(&stopped_, __ATOMIC_RELAXED));
        if (!ending_) {
            present_ = coming_;
            weigh();
            coming_ = after_;
            after_ = tiles_.next();
        }
        return true;
    }

    // For the thread that began the job.
    void poll() {
        if (job_.poll.ask != nullptr && job_.poll.ask(job_.poll.context)) {
            __atomic_store_n(&stopped_, true, __ATOMIC_RELAXED);
        }
    }

  private:
    // From all parts' scores to the weighted residuals of the present tile.
    void weigh() {
        for (const auto& part : parts_) {
            prefetch_all(part.scores, job_.k * tile_stride);
        }
        labels_.fill(job_.order, present_.first, present_.count);
        if (present_.opens) {
            total_weight_ = loss_ = 0;
            std::fill(partial_sums_, partial_sums_ + job_.k, Vec<T>{});
        }
        total_weight_ += labels_.total_weight();
        const TileTargets<T> targets{labels_.labels, labels_.probabilities, job_.targets.smoothing};
        Vec<T> losses = {};
        for (Index row = 0; row < present_.count; row += lanes<T>) {
            losses += weigh_rows(Column<T>{residuals_.of_rows + row}, targets, row);
        }
        loss_ += static_cast<double>(sum_of_lanes<T>(losses));
        if (present_.closes) {
            prepare_step();
        }
    }

    Vec<T> weigh_rows(Column<T> z, const TileTargets<T>& targets, Index row) {
        for (Index c = 0; c < job_.k; ++c) {
            z.set(c, score(c, row));
        }
        const Vec<T> weight = load<T>(labels_.weights + row);
        const Vec<T> losses = residual_of<T>(job_.loss, z, job_.k, targets, row);
        for (Index c = 0; c < job_.k; ++c) {
            const Vec<T> weighted = select(weight > T(0), z[c] * weight, Vec<T>{});
            z.set(c, weighted);
            partial_sums_[c] += weighted;
        }
        return select(weight > T(0), losses * weight, Vec<T>{});
    }

    Vec<T> score(Index c, Index row) const {
        T offset = job_.intercepts[c];
        Vec<T> sum = {};
        for (const auto& part : parts_) {
            offset -= part.offsets[c];
            sum += load<T>(part.scores + c * tile_stride + row);
        }
        return sum + offset;
    }

    void prepare_step() {
        const double mean = total_weight_ > 0 ? 1 / total_weight_ : 0;
        residuals_.step = {static_cast<T>(job_.learning_rates[present_.step]), static_cast<T>(mean),
                           static_cast<T>(job_.momentum), static_cast<T>(job_.l2)};
        for (Index c = 0; c < job_.k; ++c) {
            residuals_.sums[c] = sum_of_lanes<T>(partial_sums_[c]);
        }
    }

    void end_step() {
        if (job_.fit_intercept) {
            step_intercepts(residuals_.step);
        }
        // A batch that weighs nothing has loss 0.
        job_.batch_losses[present_.step] = total_weight_ > 0 ? loss_ / total_weight_ : 0.0;
        steps_taken_ = present_.step + 1;
    }

    void step_intercepts(const StepSize<T>& size) {
        for (Index c = 0; c < job_.k; ++c) {
            T& intercept = job_.intercepts[c];
            T move = residuals_.sums[c] * size.mean + (job_.penalize_bias ? size.l2 * intercept : T(0));
            if (job_.intercept_velocity != nullptr) {
                move += size.momentum * job_.intercept_velocity[c];
                job_.intercept_velocity[c] = move;
            }
            intercept -= size.rate * move;
        }
    }

    const TrainJob<T>& job_;
    BatchTiles<T> tiles_;
    TileLabels<T> labels_;
    std::vector<TrainPart<In, T>> parts_;
    Residuals<T> residuals_;
    Vec<T>* partial_sums_;
    BatchTile present_, coming_, after_;
    double total_weight_ = 0, loss_ = 0;
    Index steps_taken_ = 0;
    bool ending_ = false, stopped_ = false;
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
    Training<In, T>(measure, job, parts, tile_rows);
    Arena arena(team.workspace(measure.used()));
    Training<In, T> training(arena, job, parts, tile_rows);
    Rounds rounds(parts);
    team.run(threads, [&](int thread) {
        const auto task = [&](int part) {
            if (thread == 0) {
                training.poll();
            }
            training.work_on(training.part(part));
        };
        rounds.work(thread, threads, task, [&] { return training.turn(); });
    });
    return training.steps_taken();
}

}  // namespace onelayer::ONELAYER_ISA
