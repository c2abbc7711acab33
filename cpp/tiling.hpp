// Sizes that all kernels share. A batch is worked on in tiles of rows; per-row figures of a tile lie class by class, so
// that vector lanes are rows.
#pragma once

#include <algorithm>
#include <cstdint>

#include "jobs.hpp"
#include "simd.hpp"

namespace onelayer::ONELAYER_ISA {

using Index = std::int64_t;

inline constexpr int most_tile_rows = 128;
// Distance between the classes of a tile. Not a power of two: the lines of all classes would fall into the same few
// sets of the cache.
inline constexpr int tile_stride = most_tile_rows + 16;

// Outputs that are worked on together: with all ten of a usual data set every row is converted once, not twice.
template <class T>
inline constexpr int most_group = vector_registers == 32 ? 10 : 5;

// Rows for so many outputs in the score kernel, by what the registers hold: rows · outputs sums, the rows and one
// vector of weights.
constexpr int rows_together(int outputs) {
    if (vector_registers == 32) {
        constexpr int table[] = {0, 8, 8, 6, 5, 5, 4, 3, 3, 3, 2};
        return table[outputs];
    }
    constexpr int table[] = {0, 6, 4, 3, 2, 2};
    return table[outputs];
}

// Vectors of features for so many outputs in the gradient kernel.
constexpr int vectors_together(int outputs) {
    if (vector_registers == 32) {
        return outputs <= 3 ? 8 : outputs <= 6 ? 4 : 2;
    }
    return outputs <= 1 ? 4 : 2;
}

// How d features are cut into vectors, and which of the vectors are a thread's own.
struct Slice {
    Index first = 0, last = 0;  // vectors
    bool ragged = false;        // whether the last of them is only partly filled
};

constexpr Index ceil_div(Index a, Index b) {
    return (a + b - 1) / b;
}

template <class T>
Slice slice_of(Index d, int thread, int threads) {
    const Index vectors = ceil_div(d, lanes<T>);
    Slice slice{vectors * thread / threads, vectors * (thread + 1) / threads, false};
    slice.ragged = slice.last == vectors && slice.first < slice.last && d % lanes<T> != 0;
    return slice;
}

// The rows of two tiles, the present and the coming one, share a second-level cache of 1 to 2 MB with the weights.
template <class In>
Index tile_rows_for(Index features) {
    constexpr Index bytes = 256 << 10;
    return std::clamp<Index>(bytes / (features * static_cast<Index>(sizeof(In))), 16, most_tile_rows);
}

// Weights of a group that one run over the features may touch: with the rows they have to stay in a first-level cache
// of 32 to 48 KB.
inline constexpr Index run_bytes = 30 << 10;

// Outputs that kernels work on together.
struct OutputGroup {
    Index first;
    int size;
};

// The k outputs as groups of nearly equal size, none above most_group: 17 is 9 + 8, since a group of one would waste
// every row that it loads. Of m models each has groups of its own: what is computed of it is what is computed of it
// alone.
template <class T>
struct Groups {
    explicit Groups(Index k, Index models = 1)
        : count(models * ceil_div(k, most_group<T>)), k_(k), of_model_(ceil_div(k, most_group<T>)) {}
    OutputGroup operator[](Index group) const {
        const Index model = group / of_model_, place = group % of_model_, first = k_ * place / of_model_;
        return {model * k_ + first, static_cast<int>(k_ * (place + 1) / of_model_ - first)};
    }
    Index count;

  private:
    Index k_, of_model_;
};

// Calls body with std::integral_constant<int, size>, for kernels that need to know a group's size to keep it in
// registers.
template <int Most, class Body>
ONELAYER_INLINE void with_constant(int size, Body&& body) {
    if constexpr (Most > 0) {
        if (size == Most) {
            body(std::integral_constant<int, Most>{});
        } else {
            with_constant<Most - 1>(size, static_cast<Body&&>(body));
        }
    }
}

// Hands out aligned pieces of a workspace; with no workspace it only adds up what is needed.
class Arena {
  public:
    explicit Arena(void* memory) : at_(static_cast<char*>(memory)) {}

    template <class T>
    T* take(Index count) {
        char* here = at_ == nullptr ? nullptr : at_ + used_;
        used_ += (static_cast<std::size_t>(count) * sizeof(T) + 127) / 64 * 64;  // and a line between neighbours
        return reinterpret_cast<T*>(here);
    }
    std::size_t used() const { return used_ + 64; }

  private:
    char* at_;
    std::size_t used_ = 0;
};

}  // namespace onelayer::ONELAYER_ISA
