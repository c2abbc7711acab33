// Residual × input: the gradient of a tile with regard to the weights, a few vectors of features at a time.
//
// What becomes of the sums is the caller's business (`finish`), because in training they go straight into the step
// while they are in registers.
#pragma once

#include "digit_gradient.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// Sums over rows of residual · x for `Vectors` vectors of features from `offset` on; x is read at `at` of each row.
// With Every = 2 the same features of the coming rows of odd place are brought near meanwhile.
template <int Every, class In, class T, int Vectors, int Outputs>
ONELAYER_INLINE void sum_gradient(const TileRows<In, T>& tile, const In* const* rows, Index at, Index offset,
                                  const T* residual, Vec<T> (&sums)[Vectors * Outputs]) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(In)), lines = ceil_div(Vectors * lanes<T>, line);
    for (Index i = 0; i < tile.count(); ++i) {
#pragma GCC unroll 8
        for (Index half = 0; half < lines; half += 2) {
            tile.template look_ahead<Every>(i | 1, 1, offset + (half + i % 2) * line);
        }
        const In* row = rows[i] + at;
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
template <int Every, class In, class T, int Vectors, int Outputs, class Finish>
void gradient_run(const TileRows<In, T>& tile, Index first, Index last, const T* residual, Finish& finish) {
    Index v = first;
    for (; v + Vectors <= last; v += Vectors) {
        Vec<T> sums[Vectors * Outputs] = {};
        sum_gradient<Every, In, T, Vectors, Outputs>(tile, tile.rows(), v * lanes<T>, v * lanes<T>, residual, sums);
#pragma GCC unroll 8
        for (int i = 0; i < Vectors; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    if constexpr (Vectors > 1) {
        gradient_run<Every, In, T, Vectors / 2, Outputs>(tile, v, last, residual, finish);
    }
}

template <int Every, class In, class T, int Outputs, class Finish>
void gradient_group(const TileRows<In, T>& tile, Index whole, bool ragged, const T* residual, Finish& finish) {
    gradient_run<Every, In, T, vectors_together(Outputs), Outputs>(tile, 0, whole, residual, finish);
    if (ragged) {
        Vec<T> sums[Outputs] = {};
        sum_gradient<Every, In, T, 1, Outputs>(tile, tile.ends(), 0, whole * lanes<T>, residual, sums);
        finish(whole, sums);
    }
}

// The gradient of a tile. finish(outputs, group, vector, sums) gets the sums of each output of the group (their number
// a constant), for every vector of the slice. Every is 2 if half of the coming rows are to be brought near, or else 0.
template <int Every, class In, class T, class Finish>
void gradient_tile(const TileRows<In, T>& tile, Slice slice, const Groups<T>& groups, const T* residual,
                   Finish&& finish) {
    const Index whole = slice.last - slice.first - (slice.ragged ? 1 : 0);
    for (Index g = 0; g < groups.count; ++g) {
        const OutputGroup group = groups[g];
        with_constant<most_group<T>>(group.size, [&](auto outputs) {
            const T* of_group = residual + group.first * tile_stride;
            auto done = [&](Index vector, Vec<T>* sums) { finish(outputs, group, vector, sums); };
            if constexpr (in_digits<In, T>) {
                gradient_group_in_digits<outputs, Every>(tile, whole, slice.ragged, of_group, done);
            } else {
                gradient_group<Every, In, T, outputs>(tile, whole, slice.ragged, of_group, done);
            }
        });
    }
}

}  // namespace onelayer::ONELAYER_ISA
