// Prefetching rows before they are needed. Rows of a batch lie anywhere in memory, and waiting for them can take as
// long as the arithmetic. A processor handles only a few requests to memory at a time, so lines are requested a few at
// a time while the kernels work.
//
// Requests go round among eight rows, one line of each. Training from floats takes a seventh less time this way than
// with one row after another (four or sixteen rows gain less), probably because the processor's own prefetcher, which
// follows each row, then has time to do so. That prefetcher stops at the end of a page; so short rows that follow one
// another in memory are treated as one range, line after line.
#pragma once

#include <bit>

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Asks for a cache line to be brought to the second-level cache; an address outside of any memory is harmless.
ONELAYER_INLINE void prefetch(const void* at) {
    __builtin_prefetch(at, 0, 2);
}

// The same, to the first-level cache.
ONELAYER_INLINE void prefetch_to_l1(const void* at) {
    __builtin_prefetch(at, 0, 3);
}

// Requests a whole range at once, to the first-level cache. Loads that miss would be waited for one after another.
template <class T>
ONELAYER_INLINE void prefetch_range_to_l1(const T* numbers, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += 64 / static_cast<std::int64_t>(sizeof(T))) {
        prefetch_to_l1(numbers + i);
    }
}

// How much of the rows that come next a kernel prefetches while it works on the present ones.
enum class Prefetch : int { none = 0, half = 1, all = 2 };

// Number i of a list of row numbers; without a list, i itself.
inline Index index_at(const Index* indices, Index i) {
    return indices == nullptr ? i : indices[i];
}

class RowPrefetcher {
  public:
    RowPrefetcher() = default;

    // Of each row, features [first, last).
    template <class In>
    RowPrefetcher(const In*, const Rows& source, Index first, Index last)
        : address_(reinterpret_cast<Index>(source.data)),
          indices_(source.indices),
          row_bytes_(source.d * static_cast<Index>(sizeof(In))),
          begin_(first * static_cast<Index>(sizeof(In))),
          end_(last * static_cast<Index>(sizeof(In))) {}

    // Sets the rows that come next: numbers first … first + count of `order`. `passes` is how often kernels will go
    // over the present rows meanwhile.
    void start(const Index* order, Index first, Index count, Index passes = 1) {
        order_ = order;
        skipped_ = std::bit_floor(static_cast<std::uint64_t>(passes)) - 1;
        next_row_ = first;
        last_row_ = first + count;
        if (order == nullptr && indices_ == nullptr && end_ - begin_ == row_bytes_ && row_bytes_ < page_bytes) {
            start_range();
        } else {
            stride_ = line_bytes;
            next_rows();
        }
    }

    // To be called in every iteration of a kernel that reads `Bytes` of the present rows in each: prefetches as many
    // bytes of the rows that come next, until all of them were requested.
    template <int Bytes>
    ONELAYER_INLINE void advance(Index iteration) {
        constexpr int lines = (Bytes + line_bytes - 1) / line_bytes;
        constexpr Index every = Bytes == 0 || Bytes >= line_bytes ? 1 : line_bytes / Bytes;
        if (iteration % every == 0 && (static_cast<std::uint64_t>(iteration / every) & skipped_) == 0) {
            prefetch_lines<lines>();
        }
    }

    // The next line; once all were requested, the last line of each row again and again.
    ONELAYER_INLINE void prefetch_line() { prefetch_lines<1>(); }

  private:
    static constexpr int line_bytes = 64;
    static constexpr Index page_bytes = 4096;
    static constexpr Index max_interleaved = 8;

    template <int Lines>
    ONELAYER_INLINE void prefetch_lines() {
        // Most often these lines do not reach the last of the interleaved rows, and place_ is written once for all.
        if (Lines > 1 && Lines < max_interleaved && place_ + Lines < rows_) {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) {
                prefetch(at_[place_ + i] + offset_);
            }
            place_ += Lines;
        } else {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) {
                prefetch(at_[place_] + offset_);
                if (++place_ == rows_) {
                    next_line();
                }
            }
        }
    }

    // The next line of the interleaved rows; after their last, the rows that follow them.
    ONELAYER_INLINE void next_line() {
        place_ = 0;
        if (offset_ + stride_ < last_offset_) {
            offset_ += stride_;
        } else {
            next_rows();
        }
    }

    // Up to eight rows that are to be interleaved.
    void next_rows() {
        place_ = 0;
        const Index left = last_row_ - next_row_;
        if (left == 0) {
            return;
        }
        rows_ = ceil_div(left, ceil_div(left, max_interleaved));
        offset_ = last_offset_ = 0;
        for (Index i = 0; i < rows_; ++i) {
            const Index row = address_ + index_at(indices_, index_at(order_, next_row_++)) * row_bytes_;
            const Index begin = (row + begin_) / line_bytes * line_bytes;
            at_[i] = reinterpret_cast<const char*>(begin);
            last_offset_ = std::max(last_offset_, row + end_ - begin);
        }
    }

    // All rows as one range of memory. Its lines are requested as those of eight rows would be, each a line further.
    void start_range() {
        const Index begin = (address_ + next_row_ * row_bytes_) / line_bytes * line_bytes;
        for (Index i = 0; i < max_interleaved; ++i) {
            at_[i] = reinterpret_cast<const char*>(begin + i * line_bytes);
        }
        stride_ = max_interleaved * line_bytes;
        rows_ = max_interleaved;
        place_ = offset_ = 0;
        last_offset_ = address_ + last_row_ * row_bytes_ - begin;
        next_row_ = last_row_;
    }

    Index address_ = 0;
    const Index* indices_ = nullptr;
    const Index* order_ = nullptr;
    Index row_bytes_ = 0, begin_ = 0, end_ = 0, next_row_ = 0, last_row_ = 0;
    std::uint64_t skipped_ = 0;  // a mask: of skipped_ + 1 iterations one requests lines
    const char* at_[max_interleaved] = {};
    Index rows_ = 1, place_ = 0;
    Index offset_ = 0, last_offset_ = 0, stride_ = line_bytes;
};

}  // namespace onelayer::ONELAYER_ISA
