// From scores to residuals, between the two halves of a step. Every thread does this for itself: it is cheap (classes,
// not features), and handing the residuals of one thread to the others takes as long again.
#pragma once

#include <vector>

#include "batches.hpp"
#include "losses.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// What one part of the features adds to the scores of a tile.
template <class T>
struct Share {
    T* scores;   // k classes, tile_stride apart
    T* offsets;  // (k): what they are too large by
};

// Weighted residuals of a tile, and sums over its rows.
template <class T>
class TileResiduals {
  public:
    TileResiduals(Arena& arena, const TrainJob<T>& job)
        : job_(job), labels_(arena, job.targets, job.row_weights, job.k) {
        of_rows = arena.take<T>(job.k * tile_stride);
        sums = arena.take<Vec<T>>(job.k);
        offsets_ = arena.take<T>(job.k);
    }

    T* of_rows;    // k classes, tile_stride apart
    Vec<T>* sums;  // (k), lane by lane
    double loss = 0, weight = 0;

    // What doesn't wait for scores.
    void prepare(const BatchTile& tile) { labels_.fill(job_.order, tile.first, tile.count); }

    // Of a prepared tile, from the shares of all parts.
    void compute(const BatchTile& tile, const std::vector<Share<T>>& shares) {
        bring_near(tile, shares);
        for (Index c = 0; c < job_.k; ++c) {
            offsets_[c] = 0;
            for (const Share<T>& share : shares) {
                offsets_[c] -= share.offsets[c];
            }
        }
        weight = labels_.total_weight();
        if (job_.k <= most_in_registers) {
            with_constant<most_in_registers>(static_cast<int>(job_.k), [&](auto k) {
                Registers<T, k> scores;
                weigh(tile, shares, k, scores);
            });
        } else {
            Column<T> scores{of_rows};
            weigh(tile, shares, job_.k, scores);
        }
    }

  private:
    static constexpr int most_in_registers = 10;

    // In the order in which they are needed. Other threads have just written them, and one by one they'd be waited for
    // in turn.
    void bring_near(const BatchTile& tile, const std::vector<Share<T>>& shares) const {
        for (Index row = 0; row < tile.count; row += lanes<T>) {
            for (const Share<T>& share : shares) {
                for (Index c = 0; c < job_.k; ++c) {
                    prefetch_nearest(share.scores + c * tile_stride + row);
                }
            }
        }
    }

    // Where the scores of a vector of rows are turned into residuals.
    void move_to(Column<T>& scores, Index row) const { scores.at = of_rows + row; }
    template <int K>
    void move_to(Registers<T, K>&, Index) const {}

    template <class Count, class Scores>
    void weigh(const BatchTile& tile, const std::vector<Share<T>>& shares, Count k, Scores& z) {
        const TileTargets<T> targets{labels_.labels, labels_.probabilities, job_.targets.smoothing};
        const Vec<T> none = {};
        Vec<T> losses = {};
        std::fill(sums, sums + job_.k, none);
        for (Index row = 0; row < tile.count; row += lanes<T>) {
            move_to(z, row);
            each_class(k, [&](Index c) { z.set(c, score(shares, c, row)); });
            const Vec<T> weights = load<T>(labels_.weights + row);
            const Vec<T> loss_of_rows = residual_of<T>(job_.loss, z, k, targets, row);
            losses += select(weights > T(0), loss_of_rows * weights, none);
            each_class(k, [&](Index c) {
                const Vec<T> weighted = select(weights > T(0), z[c] * weights, none);
                store(of_rows + c * tile_stride + row, weighted);
                sums[c] += weighted;
            });
        }
        loss = static_cast<double>(sum_of_lanes<T>(losses));
    }

    ONELAYER_INLINE Vec<T> score(const std::vector<Share<T>>& shares, Index c, Index row) const {
        Vec<T> sum = {};
        for (const Share<T>& share : shares) {
            sum += load<T>(share.scores + c * tile_stride + row);
        }
        return sum + offsets_[c];
    }

    const TrainJob<T>& job_;
    TileLabels<T> labels_;
    T* offsets_;  // (k): by which the sum of all shares is to be moved
};

}  // namespace onelayer::ONELAYER_ISA
