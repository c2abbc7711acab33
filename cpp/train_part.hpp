// A slice of the features in training: its step, and its share of the scores.
#pragma once

#include "folded.hpp"
#include "gradient.hpp"
#include "residuals.hpp"
#include "scores.hpp"

namespace onelayer::ONELAYER_ISA {

// A slice of the features with its weights: what one thread works on in a round. The first one takes care of what
// belongs to no feature besides: intercepts, and the losses of batches.
template <class In, class T>
class alignas(128) TrainPart {
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

}  // namespace onelayer::ONELAYER_ISA
