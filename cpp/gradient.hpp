// Residual × input: the gradient of a tile with regard to the weights, a few vectors of features at a time.
//
// What becomes of the sums is the caller's business (`finish`), because in training they go straight into the step while they are in registers.
#pragma once

#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// Sums over rows of residual · x, for `Vectors` vectors from `offset` on. While at it, brings the same features of the coming rows near: gathered rows lie
// anywhere in memory, and waiting for them would cost more than the arithmetic.
template <class In, class T, int Vectors, int Outputs>
ONELAYER_INLINE void sum_gradient(const In* const* rows, Index offset, const In* const* coming, Index coming_offset, Index count,
                                  const T* residual, Vec<T> (&sums)[Vectors * Outputs]) {
    constexpr int bytes = Vectors * lanes<T> * static_cast<int>(sizeof(In));
    for (Index i = 0; i < count; ++i) {
        const In* row = rows[i] + offset;
        if (coming != nullptr) {
            const char* next = reinterpret_cast<const char*>(coming[i] + coming_offset);
#pragma GCC unroll 16
            for (int line = 0; line < bytes; line += 64) {
                prefetch(next + line);
            }
        }
        Vec<T> x[Vectors];
#pragma GCC unroll 16
        for (int v = 0; v < Vectors; ++v) {
            x[v] = load<T>(row + v * lanes<T>);
        }
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            const Vec<T> r = broadcast(residual[o * tile_stride + i]);
#pragma GCC unroll 16
            for (int v = 0; v < Vectors; ++v) {
                sums[v * Outputs + o] += x[v] * r;
            }
        }
    }
}

// Vectors [first, last), `Vectors` at a time and the rest by halves of that; `at` counts from the slice's beginning.
template <class In, class T, int Vectors, int Outputs, class Finish>
void gradient_run(const RowTile<In, T>& tile, Index first, Index last, bool ahead, const T* residual, Finish& finish) {
    Index v = first;
    for (; v + Vectors <= last; v += Vectors) {
        Vec<T> sums[Vectors * Outputs] = {};
        sum_gradient<In, T, Vectors, Outputs>(tile.rows(), v * lanes<T>, ahead ? tile.coming() : nullptr, v * lanes<T>, tile.count(), residual, sums);
#pragma GCC unroll 8
        for (int i = 0; i < Vectors; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    if constexpr (Vectors > 1) {
        gradient_run<In, T, Vectors / 2, Outputs>(tile, v, last, ahead, residual, finish);
    }
}

// The gradient of one group of outputs. finish(vector, sums) is called with the sums of each output of the group, for every vector of the slice in order.
template <class In, class T, int Outputs, class Finish>
void gradient_group(const RowTile<In, T>& tile, Slice slice, bool ahead, const T* residual, Finish&& finish) {
    const Index vectors = slice.last - slice.first, whole = vectors - (slice.ragged ? 1 : 0);
    gradient_run<In, T, vectors_together(Outputs), Outputs>(tile, 0, whole, ahead, residual, finish);
    if (slice.ragged) {
        Vec<T> sums[Outputs] = {};
        sum_gradient<In, T, 1, Outputs>(tile.ends(), 0, ahead ? tile.coming() : nullptr, whole * lanes<T>, tile.count(), residual, sums);
        finish(whole, sums);
    }
}

}  // namespace onelayer::ONELAYER_ISA
