// Scores of a tile: rows times weights.
//
// Weights lie packed: for each group of outputs, for each vector of features, one vector for each output of the group.
// So a kernel reads them in one stream, whatever d and k are. Lanes are features; their sums are folded once for each
// run over the features.
#pragma once

#include "digit_scores.hpp"
#include "folded.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

template <class In, class T, int Rows, int Outputs>
ONELAYER_INLINE void add_products(const In* const (&rows)[Rows], Index offset, const T* weights,
                                  Vec<T> (&sums)[Outputs * Rows]) {
    Vec<T> x[Rows];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        x[r] = load<T>(rows[r] + offset);
    }
#pragma GCC unroll 16
    for (int o = 0; o < Outputs; ++o) {
        Vec<T> w = load<T>(weights + o * lanes<T>);
        keep_in_register(w);
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            sums[o * Rows + r] += w * x[r];
        }
    }
}

// Asks for a vector of each of the next rows of the tile, once for each line. The tile lies in a second-level cache,
// and its rows are too many for the processor to guess which comes next.
template <int Rows, class In, int Lanes>
ONELAYER_INLINE void bring_nearer(const In* const* rows, Index vector) {
    constexpr Index every = std::max<Index>(1, 64 / (Lanes * static_cast<Index>(sizeof(In))));
    if (vector % every == 0) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            prefetch_nearest(rows[r] + vector * Lanes);
        }
    }
}

// Vectors [first, last) of a few rows against one group of outputs; `weights` begins at `first`. The ragged vector, if
// any, follows them.
template <int Ahead, int Rows, int Outputs, class In, class T>
void score_block(const TileRows<In, T>& tile, Index row, Index first, Index last, bool ragged, const T* weights,
                 T* scores, bool add) {
    constexpr int bytes = Rows * lanes<T> * static_cast<int>(sizeof(In));
    const In* const* following = tile.rows() + row + Rows;
    const In* rows[Rows];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        rows[r] = tile.rows()[row + r];
    }
    Vec<T> sums[Outputs * Rows] = {};
    for (Index v = first; v < last; ++v, weights += Outputs * lanes<T>) {
        tile.ahead().template look<bytes * Ahead / 2>(v);
        bring_nearer<Rows, In, lanes<T>>(following, v);
        add_products<In, T, Rows, Outputs>(rows, v * lanes<T>, weights, sums);
    }
    if (ragged) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            rows[r] = tile.ends()[row + r];
        }
        add_products<In, T, Rows, Outputs>(rows, 0, weights, sums);
    }
    T totals[Outputs * Rows];
    sums_of_lanes<T, Outputs * Rows>(sums, totals);
#pragma GCC unroll 16
    for (int o = 0; o < Outputs; ++o) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            T* at = scores + o * tile_stride + r;
            *at = add ? *at + totals[o * Rows + r] : totals[o * Rows + r];
        }
    }
}

// One group of outputs over the whole slice, in runs whose weights stay in the first-level cache.
template <int Ahead, int Outputs, class In, class T>
void score_group(const TileRows<In, T>& tile, Slice slice, const T* weights, T* scores) {
    constexpr int block = rows_together(Outputs);
    constexpr Index most = run_bytes / (vector_bytes * Outputs);
    const Index vectors = slice.last - slice.first, runs = std::max<Index>(1, ceil_div(vectors, most));
    for (Index run = 0; run < runs; ++run) {
        const Index first = vectors * run / runs, last = vectors * (run + 1) / runs;
        const bool ragged = slice.ragged && last == vectors;
        for (Index i = 0; i < tile.count(); i += block) {
            score_block<Ahead, block, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged,
                                               weights + first * Outputs * lanes<T>, scores + i, run > 0);
        }
    }
}

// Scores of every row of the tile on this slice of the features, class by class; up to a block's rows beyond the last
// are overwritten too. Meanwhile brings so many halves of the announced rows near.
template <int Ahead, class In, class T>
void score_tile(const TileRows<In, T>& tile, Slice slice, const FoldedWeights<In, T>& weights, T* scores) {
    for (Index g = 0; g < weights.groups.count; ++g) {
        const OutputGroup group = weights.groups[g];
        with_constant<most_group<T>>(group.size, [&](auto outputs) {
            T* of_group = scores + group.first * tile_stride;
            if constexpr (in_digits<In, T>) {
                score_group_in_digits<Ahead, outputs>(tile, slice, weights.digits().of(group),
                                                      weights.digits().scales(group), of_group);
            } else {
                score_group<Ahead, outputs>(tile, slice, weights.packed(group), of_group);
            }
        });
    }
}

}  // namespace onelayer::ONELAYER_ISA
