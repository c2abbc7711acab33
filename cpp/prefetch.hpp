// Prefetching rows before they are needed. Rows of a batch lie anywhere in memory, and waiting for them can take as
// long as the arithmetic. A processor handles only a few requests to memory at a time, so lines are requested a few at
// a time while the kernels work.
//
// Requests go round among a group of eight rows, one line of each. Training from floats takes a seventh less time this
// way than with one row after another (four or sixteen rows gain less), probably because the processor's own
// prefetcher, which follows each row, then has time to do so. That prefetcher stops at the end of a page; so short rows
// that follow one another in memory are treated as one range, line after line.
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

    // Sets the rows that come next: numbers first … first + count of `order`, at most max_tile_rows. `passes` is how
    // often kernels will go over the present rows meanwhile.
    void start(const Index* order, Index first, Index count, Index passes = 1) {
        skipped_ = std::bit_floor(static_cast<std::uint64_t>(passes)) - 1;
        offset_ = last_offset_ = 0;
        if (order == nullptr && indices_ == nullptr && end_ - begin_ == row_bytes_ && row_bytes_ < page_bytes) {
            set_range(first, count);
        } else if (count > 0) {
            set_rows(order, first, count);
        }
        place_ = group_ = 0;
        group_end_ = std::min(count_, group_size_);
    }

    // To be called in every iteration of a kernel that reads `Bytes` of the present rows in each: prefetches as many
    // bytes of the rows that come next, until all of them were requested.
    template <int Bytes>
    ONELAYER_INLINE void advance(Index iteration) {
        constexpr int lines = static_cast<int>(ceil_div(Bytes, line_bytes));
        constexpr Index every = Bytes == 0 || Bytes >= line_bytes ? 1 : line_bytes / Bytes;
        if (iteration % every == 0 && (static_cast<std::uint64_t>(iteration / every) & skipped_) == 0) {
            prefetch_lines<lines>();
        }
    }

    // The next line; once all were requested, the last line of each row again and again.
    ONELAYER_INLINE void prefetch_line() { prefetch_lines<1>(); }

  private:
    static constexpr Index line_bytes = 64;
    static constexpr Index page_bytes = 4096;
    static constexpr Index max_group_size = 8;

    template <int Lines>
    ONELAYER_INLINE void prefetch_lines() {
        // Most often these lines do not reach the last row of the group, and place_ is written once for all.
        if (Lines > 1 && Lines < max_group_size && place_ + Lines < group_end_) {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) {
                prefetch(at_[place_ + i] + offset_);
            }
            place_ += Lines;
        } else {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) {
                prefetch(at_[place_] + offset_);
                if (++place_ == group_end_) {
                    next_line();
                }
            }
        }
    }

    // The next line of the group's rows; after their last, the next group.
    ONELAYER_INLINE void next_line() {
        if (offset_ + stride_ < last_offset_) {
            offset_ += stride_;
        } else if (group_end_ < count_) {
            offset_ = 0;
            group_ = group_end_;
            group_end_ = std::min(count_, group_end_ + group_size_);
        }
        place_ = group_;
    }

    // Rows are requested in groups of nearly equal size, a line of each row in turn.
    void set_rows(const Index* order, Index first, Index count) {
        stride_ = line_bytes;
        count_ = count;
        group_size_ = ceil_div(count, ceil_div(count, max_group_size));
        for (Index i = 0; i < count; ++i) {
            const Index row = address_ + index_at(indices_, index_at(order, first + i)) * row_bytes_;
            const Index line = (row + begin_) & -line_bytes;
            at_[i] = reinterpret_cast<const char*>(line);
            last_offset_ = std::max(last_offset_, row + end_ - line);
        }
    }

    // All rows as one range of memory. Its lines are requested as those of a group would be, each a line further.
    void set_range(Index first, Index count) {
        const Index line = (address_ + first * row_bytes_) & -line_bytes;
        for (Index i = 0; i < max_group_size; ++i) {
            at_[i] = reinterpret_cast<const char*>(line + i * line_bytes);
        }
        stride_ = max_group_size * line_bytes;
        count_ = group_size_ = max_group_size;
        last_offset_ = address_ + (first + count) * row_bytes_ - line;
    }

    Index address_ = 0;
    const Index* indices_ = nullptr;
    Index row_bytes_ = 0, begin_ = 0, end_ = 0;  // of a row; and its part that is wanted
    std::uint64_t skipped_ = 0;                  // a mask: of skipped_ + 1 iterations one requests lines
    const char* at_[max_tile_rows] = {};         // where the wanted part of each row begins, as a line
    Index count_ = 1, group_size_ = 1;
    Index group_ = 0, group_end_ = 1, place_ = 0;  // the rows of the present group, and which of them comes next
    Index offset_ = 0, last_offset_ = 0, stride_ = line_bytes;
};

}  // namespace onelayer::ONELAYER_ISA
