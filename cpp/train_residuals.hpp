// A training's batches in tiles, and their residuals: what is computed between the two products of a step. Every thread
// computes all residuals for itself. That is cheap, since it takes classes and not features, and passing the residuals
// of one thread to the others would take as long.
#pragma once

#include <vector>

#include "losses.hpp"
#include "prefetch.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// A tile of the batch of one step: rows first … first + count of the order.
struct BatchTile {
    Index step = 0, first = 0, count = 0;
    bool starts_step = false, ends_step = false, ends_epoch = false;
};

// Yields the tiles of all steps in order. An epoch's last batch may have fewer rows than the others.
template <class T>
class BatchTiles {
  public:
    BatchTiles(const TrainJob<T>& job, Index tile_rows) : job_(job), tile_rows_(tile_rows) {}

    // The next tile; one without rows after the last.
    BatchTile next() {
        if (step_ == job_.steps) {
            return {};
        }
        const Index rows = std::min(job_.batch_size, left_in_epoch_), tiles = ceil_div(rows, tile_rows_);
        const Index first = rows * tile_ / tiles, last = rows * (tile_ + 1) / tiles;
        const bool ends_step = tile_ == tiles - 1;
        const BatchTile tile{step_,      begin_ + first, last - first,
                             tile_ == 0, ends_step,      ends_step && rows == left_in_epoch_};
        ++tile_;
        if (tile.ends_step) {
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

// Scores of a tile from one part of the features; the scores are the sum over the parts.
template <class T>
struct PartialScores {
    T* scores;   // k classes, tile_stride apart
    T* offsets;  // (k): to be subtracted from the scores, since rows are not shifted
};

// Weighted residuals of a tile, and their sums over its rows.
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
    Vec<T>* sums;  // (k), of which the lanes are still to be summed
    double loss = 0, weight = 0;

    // The part of the work that does not need scores.
    void prepare(const BatchTile& tile) { labels_.fill(job_.order, tile.first, tile.count); }

    // The residuals of a prepared tile.
    void compute(const BatchTile& tile, const std::vector<PartialScores<T>>& parts) {
        prefetch_scores(tile, parts);
        for (Index c = 0; c < job_.k; ++c) {
            offsets_[c] = 0;
            for (const PartialScores<T>& part : parts) {
                offsets_[c] -= part.offsets[c];
            }
        }
        weight = labels_.total_weight();
        if (job_.k <= max_in_registers) {
            with_constant<max_in_registers>(static_cast<int>(job_.k), [&](auto k) {
                RegisterScores<T, k> scores;
                compute_rows(tile, parts, k, scores);
            });
        } else {
            MemoryScores<T> scores{of_rows};
            compute_rows(tile, parts, job_.k, scores);
        }
    }

  private:
    static constexpr int max_in_registers = 10;

    // Other threads have just written the scores. Loads of them would be waited for one after another; so all are
    // requested at once, in the order in which they are needed.
    void prefetch_scores(const BatchTile& tile, const std::vector<PartialScores<T>>& parts) const {
        for (Index row = 0; row < tile.count; row += lanes<T>) {
            for (const PartialScores<T>& part : parts) {
                for (Index c = 0; c < job_.k; ++c) {
                    prefetch_to_l1(part.scores + c * tile_stride + row);
                }
            }
        }
    }

    // Scores in memory are turned into residuals in their place of `of_rows`; those in registers need no place.
    void move_to_row(MemoryScores<T>& scores, Index row) const { scores.at = of_rows + row; }
    template <int K>
    void move_to_row(RegisterScores<T, K>&, Index) const {}

    template <class Count, class Scores>
    void compute_rows(const BatchTile& tile, const std::vector<PartialScores<T>>& parts, Count k, Scores& z) {
        const TileTargets<T> targets{labels_.labels, labels_.probabilities, job_.targets.smoothing};
        const Vec<T> none = {};
        Vec<T> losses = {};
        std::fill(sums, sums + job_.k, none);
        for (Index row = 0; row < tile.count; row += lanes<T>) {
            move_to_row(z, row);
            each_class(k, [&](Index c) { z.set(c, score(parts, c, row)); });
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

    ONELAYER_INLINE Vec<T> score(const std::vector<PartialScores<T>>& parts, Index c, Index row) const {
        Vec<T> sum = {};
        for (const PartialScores<T>& part : parts) {
            sum += load<T>(part.scores + c * tile_stride + row);
        }
        return sum + offsets_[c];
    }

    const TrainJob<T>& job_;
    TileLabels<T> labels_;
    T* offsets_;  // (k): to be added to the sum of all parts
};

}  // namespace onelayer::ONELAYER_ISA
