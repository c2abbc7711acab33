// The two products of training, on a tile of rows: scores, rows times weights; and the gradient, residuals times rows.
// Each has a microkernel that keeps a block of sums in registers, and loops that cut the work into such blocks.
//
// Weights are packed: for each group of outputs, for each vector of features, one vector for each output of the group.
// So a kernel reads them in one stream, whatever d and k are.
#pragma once

#include "int8_microkernels.hpp"
#include "packed_weights.hpp"
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

// Prefetches one vector of each row of the next block, once for each cache line. The tile is in the second-level cache,
// but has too many rows for the processor to predict which it will need.
template <int Rows, class In, int Lanes>
ONELAYER_INLINE void prefetch_next_block(const In* const* rows, Index vector) {
    constexpr Index every = std::max<Index>(1, 64 / (Lanes * static_cast<Index>(sizeof(In))));
    if (vector % every == 0) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            prefetch_to_l1(rows[r] + vector * Lanes);
        }
    }
}

// The microkernel of scores: vectors [first, last) of a few rows, then the ragged vector if there is one, times one
// group of outputs; `weights` begins at `first`. Lanes are features, and are summed at the end.
template <Prefetch Amount, int Rows, int Outputs, class In, class T>
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
        tile.prefetcher().template advance<bytes* static_cast<int>(Amount) / 2>(v);
        prefetch_next_block<Rows, In, lanes<T>>(following, v);
        add_products<In, T, Rows, Outputs>(rows, v * lanes<T>, weights, sums);
    }
    if (ragged) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
            rows[r] = tile.tails()[row + r];
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

// One group of outputs over the whole slice, in strips of features whose weights stay in the first-level cache.
template <Prefetch Amount, int Outputs, class In, class T>
void score_group(const TileRows<In, T>& tile, Slice slice, const T* weights, T* scores) {
    constexpr int block = rows_per_block(Outputs);
    constexpr Index max_vectors = l1_weight_bytes / (vector_bytes * Outputs);
    const Index vectors = slice.last - slice.first, strips = std::max<Index>(1, ceil_div(vectors, max_vectors));
    for (Index strip = 0; strip < strips; ++strip) {
        const Index first = vectors * strip / strips, last = vectors * (strip + 1) / strips;
        const bool ragged = slice.ragged && last == vectors;
        for (Index i = 0; i < tile.count(); i += block) {
            score_block<Amount, block, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged,
                                                weights + first * Outputs * lanes<T>, scores + i, strip > 0);
        }
    }
}

// Scores of every row of the tile on this slice of the features, class by class. As many rows as a block has may be
// written beyond the last one. Meanwhile this amount of the coming rows is prefetched.
template <Prefetch Amount, class In, class T>
void score_tile(const TileRows<In, T>& tile, Slice slice, const PackedWeights<In, T>& weights, T* scores) {
    for (Index g = 0; g < weights.groups.count; ++g) {
        const OutputGroup group = weights.groups[g];
        with_constant<max_group_size<T>>(group.size, [&](auto outputs) {
            T* of_group = scores + group.first * tile_stride;
            if constexpr (uses_int8<In, T>) {
                score_group_int8<Amount, outputs>(tile, slice, weights.split().of(group), weights.split().scales(group),
                                                  of_group);
            } else {
                score_group<Amount, outputs>(tile, slice, weights.of(group), of_group);
            }
        });
    }
}

// The microkernel of the gradient: sums over rows of residual · x, for `Vectors` vectors of features that begin at
// `offset` of each row.
template <Prefetch Amount, int Vectors, int Outputs, class In, class T>
ONELAYER_INLINE void sum_gradient(const TileRows<In, T>& tile, const In* const* rows, Index offset, const T* residual,
                                  Vec<T> (&sums)[Vectors * Outputs]) {
    constexpr int bytes = Vectors * lanes<T> * static_cast<int>(sizeof(In));
    for (Index i = 0; i < tile.count(); ++i) {
        tile.prefetcher().template advance<bytes* static_cast<int>(Amount) / 2>(i);
        const In* row = rows[i] + offset;
        Vec<T> x[Vectors];
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) {
            x[v] = load<T>(row + v * lanes<T>);
        }
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            Vec<T> r = broadcast(residual[o * tile_stride + i]);
            keep_in_register(r);
#pragma GCC unroll 16
            for (int v = 0; v < Vectors; ++v) {
                sums[v * Outputs + o] += x[v] * r;
            }
        }
    }
}

// Vectors [first, last), `Vectors` at a time; those that remain, half as many at a time, and so on.
template <Prefetch Amount, int Vectors, int Outputs, class In, class T, class Finish>
void gradient_blocks(const TileRows<In, T>& tile, Index first, Index last, const T* residual, Finish& finish) {
    Index v = first;
    for (; v + Vectors <= last; v += Vectors) {
        Vec<T> sums[Vectors * Outputs] = {};
        sum_gradient<Amount, Vectors, Outputs>(tile, tile.rows(), v * lanes<T>, residual, sums);
#pragma GCC unroll 8
        for (int i = 0; i < Vectors; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    if constexpr (Vectors > 1) {
        gradient_blocks<Amount, Vectors / 2, Outputs>(tile, v, last, residual, finish);
    }
}

template <Prefetch Amount, int Outputs, class In, class T, class Finish>
void gradient_group(const TileRows<In, T>& tile, Index whole, bool ragged, const T* residual, Finish& finish) {
    gradient_blocks<Amount, vectors_per_block(Outputs), Outputs>(tile, 0, whole, residual, finish);
    if (ragged) {
        Vec<T> sums[Outputs] = {};
        sum_gradient<Amount, 1, Outputs>(tile, tile.tails(), 0, residual, sums);
        finish(whole, sums);
    }
}

// The gradient of a tile with regard to the weights. Its sums are not stored: for every vector of the slice,
// finish(outputs, group, vector, sums) gets those of each output of a group (`outputs` is a constant), because in
// training they go straight into the step while they are in registers. Meanwhile this amount of the coming rows is
// prefetched.
template <Prefetch Amount, class In, class T, class Finish>
void gradient_tile(const TileRows<In, T>& tile, Slice slice, const Groups<T>& groups, const T* residual,
                   Finish&& finish) {
    const Index whole = slice.last - slice.first - (slice.ragged ? 1 : 0);
    for (Index g = 0; g < groups.count; ++g) {
        const OutputGroup group = groups[g];
        with_constant<max_group_size<T>>(group.size, [&](auto outputs) {
            const T* of_group = residual + group.first * tile_stride;
            auto done = [&](Index vector, Vec<T>* sums) { finish(outputs, group, vector, sums); };
            if constexpr (uses_int8<In, T>) {
                gradient_group_int8<Amount, outputs>(tile, whole, slice.ragged, of_group, done);
            } else {
                gradient_group<Amount, outputs>(tile, whole, slice.ragged, of_group, done);
            }
        });
    }
}

}  // namespace onelayer::ONELAYER_ISA
