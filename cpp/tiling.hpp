// Sizes that all kernels share. A batch is worked on in tiles of rows. Scores and residuals of a tile are stored class
// by class, so that a vector holds one class of neighbouring rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "jobs.hpp"
#include "simd.hpp"

namespace onelayer::ONELAYER_ISA {

using Index = std::int64_t;

inline constexpr int max_tile_rows = 128;
// Distance between the classes of a tile. It is not a power of two, because then the lines of all classes would compete
// for the same few sets of the cache.
inline constexpr int tile_stride = max_tile_rows + 16;

// Outputs that are worked on together. Ten classes, as most data sets have, fit into one group: then every row is
// converted to floats once.
template <class T>
inline constexpr int max_group_size = vector_registers == 32 ? 10 : 5;

// Rows that the score microkernel takes at a time, for a number of outputs. The registers must hold rows · outputs
// sums, a vector of each row and one of weights.
constexpr int rows_per_block(int outputs) {
    if (vector_registers == 32) {
        constexpr int table[] = {0, 8, 8, 6, 5, 5, 4, 3, 3, 3, 2};
        return table[outputs];
    }
    constexpr int table[] = {0, 6, 4, 3, 2, 2};
    return table[outputs];
}

// Vectors of features that the gradient microkernel takes at a time, for a number of outputs.
constexpr int vectors_per_block(int outputs) {
    if (vector_registers == 32) {
        return outputs <= 3 ? 8 : outputs <= 6 ? 4 : 2;
    }
    return outputs <= 1 ? 4 : 2;
}

// A slice of the features, in vectors.
struct Slice {
    Index first = 0, last = 0;
    bool ragged = false;  // whether the last vector is only partly filled
};

constexpr Index ceil_div(Index a, Index b) {
    return (a + b - 1) / b;
}

// Slice number `part` of `parts` nearly equal ones.
template <class T>
Slice slice_of(Index d, int part, int parts) {
    const Index vectors = ceil_div(d, lanes<T>);
    Slice slice{vectors * part / parts, vectors * (part + 1) / parts, false};
    slice.ragged = slice.last == vectors && slice.first < slice.last && d % lanes<T> != 0;
    return slice;
}

// Rows of a tile. The present tile and the next share a second-level cache of 1 to 2 MB with the weights.
template <class In>
Index tile_rows_for(Index features) {
    constexpr Index bytes = 256 << 10;
    return std::clamp<Index>(bytes / (features * static_cast<Index>(sizeof(In))), 16, max_tile_rows);
}

// The score kernels go through the features in strips. The weights of a group in one strip may take this many bytes, so
// that they stay in a first-level cache of 32 to 48 KB, with the rows.
inline constexpr Index l1_weight_bytes = 30 << 10;

// Outputs that kernels work on together.
struct OutputGroup {
    Index first;
    int size;
};

// The k outputs as groups of nearly equal size, at most max_group_size: 17 outputs are 9 + 8, since a group of one
// would load every row for a single output. Each of m models has groups of its own, so that the same is computed for it
// as if it were alone.
template <class T>
struct Groups {
    explicit Groups(Index k, Index models = 1)
        : count(models * ceil_div(k, max_group_size<T>)), k_(k), of_model_(ceil_div(k, max_group_size<T>)) {}
    OutputGroup operator[](Index group) const {
        const Index model = group / of_model_, place = group % of_model_, first = k_ * place / of_model_;
        return {model * k_ + first, static_cast<int>(k_ * (place + 1) / of_model_ - first)};
    }
    Index count;

  private:
    Index k_, of_model_;
};

// Calls body with std::integral_constant<int, size>, for kernels that must know a group's size when they are compiled,
// to keep it in registers. size is 1 … Max.
template <int Max, class Body>
ONELAYER_INLINE void with_constant(int size, Body&& body) {
    if constexpr (Max > 0) {
        if (size == Max) {
            body(std::integral_constant<int, Max>{});
        } else {
            with_constant<Max - 1>(size, static_cast<Body&&>(body));
        }
    }
}

// Hands out aligned pieces of a workspace. Without a workspace it only adds up how many bytes are needed.
class Arena {
  public:
    explicit Arena(void* memory) : at_(static_cast<char*>(memory)) {}

    template <class T>
    T* take(Index count) {
        char* here = at_ == nullptr ? nullptr : at_ + used_;
        used_ += (static_cast<std::size_t>(count) * sizeof(T) + 127) / 64 * 64;  // whole cache lines, one of them spare
        return reinterpret_cast<T*>(here);
    }
    std::size_t used() const { return used_ + 64; }

  private:
    char* at_;
    std::size_t used_ = 0;
};

}  // namespace onelayer::ONELAYER_ISA
