// The rows of a batch for many models: shifted and scaled, as floats. Every number is then used by a whole vector of
// models, so that scaling it first costs next to nothing.
#pragma once

#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

// A microkernel keeps block_rows × max_block_outputs sums in registers, of rows × outputs for scores and of features ×
// outputs for gradients; besides them a vector for each output and one broadcast number.
inline constexpr int max_block_outputs = vector_registers == 32 ? 5 : 3;
inline constexpr int block_rows = vector_registers == 32 ? 5 : 4;

// Features with room after the last, since kernels take `block_rows` of them at a time.
template <class T>
Index padded_features(Index d) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(T));
    return ceil_div(d, line) * line + block_rows;
}

// Some rows of a batch.
template <class T>
struct ModelTile {
    const T* x;  // `stride` apart
    Index stride, count;
    const Index* order;  // their row numbers
    const T* labels;
    const T* weights;
    const T* probabilities;     // tile_stride between classes; null where the targets are labels
    RowPrefetcher* prefetcher;  // of the rows that come next; null when they have been requested
    Index row_bytes;
};

template <class In, class T>
class ModelRows {
  public:
    ModelRows(Arena& arena, const ModelsJob<T>& job)
        : job_(job),
          tile_(arena, job.rows, job.targets, job.own_row_weights ? nullptr : job.row_weights, job.k,
                Slice{0, ceil_div(job.rows.d, lanes<T>), false}),
          stride_(padded_features<T>(job.rows.d) |
                  1),  // odd, so that rows do not compete for the same sets of the cache
          x_(arena.take<T>((max_tile_rows + block_rows) * stride_)) {}

    // Features and rows after the last are 0.
    void clear() { std::fill_n(x_, (max_tile_rows + block_rows) * stride_, T(0)); }

    // Rows [first, last) of the order.
    ModelTile<T> read(Index first, Index last) {
        tile_.fill(job_.order, first, last - first);
        tile_.prefetcher().start(job_.order, last, std::min<Index>(job_.ordered - last, max_tile_rows));
        scale();
        return {x_,
                stride_,
                tile_.count(),
                job_.order + first,
                tile_.labels,
                tile_.weights,
                tile_.probabilities,
                &tile_.prefetcher(),
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
