// Residual × input: the gradient of a tile with regard to the weights, a few vectors of features at a time.
//
// What becomes of the sums is the caller's business (`finish`), because in training they go straight into the step
// while they are in registers.
#pragma once

#include "digit_gradient.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// Rows that come next, from some feature on.
template <class In>
struct Lookahead {
    const In* const* rows;  // or null
    Index offset;
};

// Sums over rows of residual · x for `Vectors` vectors of features from `offset` on. While at it, brings the same
// features of the coming rows near: gathered rows lie anywhere in memory, and waiting for them costs up to half as much
// again as the arithmetic.
template <class In, class T, int Vectors, int Outputs>
ONELAYER_INLINE void sum_gradient(const In* const* rows, Index offset, Lookahead<In> ahead, Index count,
                                  const T* residual, Vec<T> (&sums)[Vectors * Outputs]) {
    constexpr int bytes = Vectors * lanes<T> * static_cast<int>(sizeof(In));
    for (Index i = 0; i < count; ++i) {
        if (ahead.rows != nullptr) {
            const char* next = reinterpret_cast<const char*>(ahead.rows[i] + ahead.offset);
#pragma GCC unroll 16
            for (int line = 0; line < bytes; line += 64) {
                prefetch(next + line);
            }
        }
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
template <class In, class T, int Vectors, int Outputs, class Finish>
void gradient_run(const TileRows<In, T>& tile, Index first, Index last, bool ahead, const T* residual, Finish& finish) {
    Index v = first;
    for (; v + Vectors <= last; v += Vectors) {
        Vec<T> sums[Vectors * Outputs] = {};
        const Lookahead<In> coming{ahead ? tile.coming() : nullptr, v * lanes<T>};
        sum_gradient<In, T, Vectors, Outputs>(tile.rows(), v * lanes<T>, coming, tile.count(), residual, sums);
#pragma GCC unroll 8
        for (int i = 0; i < Vectors; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    if constexpr (Vectors > 1) {
        gradient_run<In, T, Vectors / 2, Outputs>(tile, v, last, ahead, residual, finish);
    }
}

// The gradient of a tile. finish(outputs, group, vector, sums) gets the sums of each output of the group (their number
// a constant), for every vector of the slice; with `ahead` the coming rows are brought near meanwhile.
template <class In, class T, class Finish>
void gradient_tile(const TileRows<In, T>& tile, Slice slice, const Groups<T>& groups, const T* residual, bool ahead,
                   Finish&& finish) {
    const Index whole = slice.last - slice.first - (slice.ragged ? 1 : 0);
    for (Index g = 0; g < groups.count; ++g) {
        with_constant<most_group<T>>(groups.size(g), [&](auto outputs) {
            const T* of_group = residual + groups.first(g) * tile_stride;
            auto done = [&](Index vector, Vec<T>* sums) { finish(outputs, g, vector, sums); };
            if constexpr (in_digits<In, T>) {
                gradient_group_in_digits<In, T, outputs>(tile, whole, slice.ragged, ahead && g == 0, of_group, done);
                return;
            }
            gradient_run<In, T, vectors_together(outputs), outputs>(tile, 0, whole, ahead && g == 0, of_group, done);
            if (slice.ragged) {
                Vec<T> sums[outputs] = {};
                const Lookahead<In> coming{ahead && g == 0 ? tile.coming() : nullptr, whole * lanes<T>};
                sum_gradient<In, T, 1, outputs>(tile.ends(), 0, coming, tile.count(), of_group, sums);
                done(whole, sums);
            }
        });
    }
}

}  // namespace onelayer::ONELAYER_ISA
