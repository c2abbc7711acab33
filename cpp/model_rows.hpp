// The rows of a batch as many models see them: shifted and scaled, as floats. With a vector of models for every number
// of it, that costs next to nothing.
#pragma once

#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// Sums held in registers: rows × outputs for scores, features × outputs for gradients, with the outputs' vectors and
// one broadcast number beside them.
inline constexpr int most_lane_outputs = vector_registers == 32 ? 5 : 3;
inline constexpr int lane_rows = vector_registers == 32 ? 5 : 4;

// Features as kernels go through them, in steps of `lane_rows`.
template <class T>
Index padded_features(Index d) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(T));
    return ceil_div(d, line) * line + lane_rows;
}

// Some rows of a batch.
template <class T>
struct ModelTile {
    const T* x;  // `stride` apart
    Index stride, count;
    const Index* members;  // which rows they are
    const T* labels;
    const T* weights;
    const T* probabilities;  // tile_stride between classes; null with labels
    Lookahead* ahead;        // to rows that come next; null once they have been asked for
    Index row_bytes;
};

template <class In, class T>
class ModelRows {
  public:
    ModelRows(Arena& arena, const ModelsJob<T>& job)
        : job_(job),
          tile_(arena, job.rows, job.targets, job.own_row_weights ? nullptr : job.row_weights, job.k,
                Slice{0, ceil_div(job.rows.d, lanes<T>), false}),
          stride_(padded_features<T>(job.rows.d) | 1),  // rows that don't fall into the same sets of the cache
          x_(arena.take<T>((most_tile_rows + lane_rows) * stride_)) {}

    // Features and rows beyond the last are 0.
    void clear() { std::fill_n(x_, (most_tile_rows + lane_rows) * stride_, T(0)); }

    // Rows [first, last) of the order.
    ModelTile<T> read(Index first, Index last) {
        tile_.fill(job_.order, first, last - first);
        tile_.ahead().announce(job_.order, last, std::min<Index>(job_.ordered - last, most_tile_rows));
        scale();
        return {x_,
                stride_,
                tile_.count(),
                job_.order + first,
                tile_.labels,
                tile_.weights,
                tile_.probabilities,
                &tile_.ahead(),
                job_.rows.d * static_cast<Index>(sizeof(In))};
    }

  private:
    void scale() {
        const Index d = job_.rows.d, whole = d / lanes<T> * lanes<T>;
        const T *shift = job_.scaling.shift, *scale = job_.scaling.scale;
        for (Index i = 0; i < tile_.count(); ++i) {
            const In* from = tile_.rows()[i];
            T* to = x_ + i * stride_;
            for (Index j = 0; j < whole; j += lanes<T>) {
                store(to + j, (load<T>(from + j) - load<T>(shift + j)) * load<T>(scale + j));
            }
            for (Index j = whole; j < d; ++j) {
                to[j] = (static_cast<T>(from[j]) - shift[j]) * scale[j];
            }
        }
    }

    const ModelsJob<T>& job_;
    RowTile<In, T> tile_;
    Index stride_;
    T* x_;
};

}  // namespace onelayer::ONELAYER_ISA
