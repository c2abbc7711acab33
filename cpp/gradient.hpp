// Residual × input: the gradient of a tile with regard to the weights, a few vectors of features at a time.
//
// What becomes of the sums is the caller's business (`finish`), because in training they go straight into the step
// while they are in registers.
#pragma once

#include "digit_gradient.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// Sums over rows of residual · x for `Vectors` vectors of features; x is read at `offset` of each row.
template <int Ahead, int Vectors, int Outputs, class In, class T>
ONELAYER_INLINE void sum_gradient(const TileRows<In, T>& tile, const In* const* rows, Index offset, const T* residual,
                                  Vec<T> (&sums)[Vectors * Outputs]) {
    constexpr int bytes = Vectors * lanes<T> * static_cast<int>(sizeof(In));
    for (Index i = 0; i < tile.count(); ++i) {
        tile.ahead().template look<bytes * Ahead / 2>(i);
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

// Vectors [first, last), `Vectors` at a time and the rest by halves of that.
template <int Ahead, int Vectors, int Outputs, class In, class T, class Finish>
void gradient_run(const TileRows<In, T>& tile, Index first, Index last, const T* residual, Finish& finish) {
    Index v = first;
    for (; v + Vectors <= last; v += Vectors) {
        Vec<T> sums[Vectors * Outputs] = {};
        sum_gradient<Ahead, Vectors, Outputs>(tile, tile.rows(), v * lanes<T>, residual, sums);
#pragma GCC unroll 8
        for (int i = 0; i < Vectors; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    if constexpr (Vectors > 1) {
        gradient_run<Ahead, Vectors / 2, Outputs>(tile, v, last, residual, finish);
    }
}

template <int Ahead, int Outputs, class In, class T, class Finish>
void gradient_group(const TileRows<In, T>& tile, Index whole, bool ragged, const T* residual, Finish& finish) {
    gradient_run<Ahead, vectors_together(Outputs), Outputs>(tile, 0, whole, residual, finish);
    if (ragged) {
        Vec<T> sums[Outputs] = {};
        sum_gradient<Ahead, 1, Outputs>(tile, tile.ends(), 0, residual, sums);
        finish(whole, sums);
    }
}

// The gradient of a tile. finish(outputs, group, vector, sums) gets the sums of each output of the group (their number
// a constant), for every vector of the slice. Meanwhile so many halves of the announced rows are brought near.
template <int Ahead, class In, class T, class Finish>
void gradient_tile(const TileRows<In, T>& tile, Slice slice, const Groups<T>& groups, const T* residual,
                   Finish&& finish) {
    const Index whole = slice.last - slice.first - (slice.ragged ? 1 : 0);
    for (Index g = 0; g < groups.count; ++g) {
        const OutputGroup group = groups[g];
        with_constant<most_group<T>>(group.size, [&](auto outputs) {
            const T* of_group = residual + group.first * tile_stride;
            auto done = [&](Index vector, Vec<T>* sums) { finish(outputs, group, vector, sums); };
            if constexpr (in_digits<In, T>) {
                gradient_group_in_digits<Ahead, outputs>(tile, whole, slice.ragged, of_group, done);
            } else {
                gradient_group<Ahead, outputs>(tile, whole, slice.ragged, of_group, done);
            }
        });
    }
}

}  // namespace onelayer::ONELAYER_ISA
