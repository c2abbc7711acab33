// Brings rows near before they are needed. Gathered rows lie anywhere in memory, and waiting for them can take as long
// as the arithmetic. A processor has only so many requests under way: so lines are asked for a few at a time, in the
// course of all of the work. And eight rows take turns, a line of each. Training from floats that way takes a seventh
// less time than row after row (four or sixteen rows gain less), likely because the processor fetches on its own what
// follows in a row, and now has the time for it. It does so up to the end of a page: so short rows that follow one
// another in memory are asked for line after line.
#pragma once

#include <bit>

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

inline Index member(const Index* members, Index i) {
    return members == nullptr ? i : members[i];
}

class Lookahead {
  public:
    Lookahead() = default;

    // Of each row, numbers [first, last).
    template <class In>
    Lookahead(const In*, const Rows& source, Index first, Index last)
        : address_(reinterpret_cast<Index>(source.data)),
          positions_(source.positions),
          row_bytes_(source.d * static_cast<Index>(sizeof(In))),
          begin_(first * static_cast<Index>(sizeof(In))),
          end_(last * static_cast<Index>(sizeof(In))) {}

    // Says which rows come next, and how often kernels will go over the present ones meanwhile.
    void announce(const Index* members, Index first, Index count, Index passes = 1) {
        members_ = members;
        skipped_ = std::bit_floor(static_cast<std::uint64_t>(passes)) - 1;
        next_row_ = first;
        last_row_ = first + count;
        if (members == nullptr && positions_ == nullptr && end_ - begin_ == row_bytes_ && row_bytes_ < page_bytes) {
            begin_stream();
        } else {
            stride_ = line_bytes;
            next_rows();
        }
    }

    // To be called at every `turn` of a kernel, in which it has read `Bytes` of its rows: brings as many bytes of the
    // announced rows near, until all are.
    template <int Bytes>
    ONELAYER_INLINE void look(Index turn) {
        constexpr int lines = (Bytes + line_bytes - 1) / line_bytes;
        constexpr Index every = Bytes == 0 || Bytes >= line_bytes ? 1 : line_bytes / Bytes;
        if (turn % every == 0 && (static_cast<std::uint64_t>(turn / every) & skipped_) == 0) {
            look_at_lines<lines>();
        }
    }

    // The next line; once all were asked for, the last of each again and again.
    ONELAYER_INLINE void look_at_line() { look_at_lines<1>(); }

  private:
    static constexpr int line_bytes = 64;
    static constexpr Index page_bytes = 4096;
    static constexpr Index rows_in_turn = 8;

    template <int Lines>
    ONELAYER_INLINE void look_at_lines() {
        // Most often no turn ends here, and what is kept from line to line is written once for all of them.
        if (Lines > 1 && Lines < rows_in_turn && turn_ + Lines < rows_) {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) {
                prefetch(at_[turn_ + i] + offset_);
            }
            turn_ += Lines;
        } else {
#pragma GCC unroll 8
            for (int i = 0; i < Lines; ++i) {
                prefetch(at_[turn_] + offset_);
                if (++turn_ == rows_) {
                    next_turn();
                }
            }
        }
    }

    // The next line of the rows that take turns; after their last, the rows that follow them.
    ONELAYER_INLINE void next_turn() {
        turn_ = 0;
        if (offset_ + stride_ < last_offset_) {
            offset_ += stride_;
        } else {
            next_rows();
        }
    }

    // Up to eight rows that are to take turns.
    void next_rows() {
        turn_ = 0;
        const Index left = last_row_ - next_row_;
        if (left == 0) {
            return;
        }
        rows_ = ceil_div(left, ceil_div(left, rows_in_turn));
        offset_ = last_offset_ = 0;
        for (Index i = 0; i < rows_; ++i) {
            const Index row = address_ + member(positions_, member(members_, next_row_++)) * row_bytes_;
            const Index begin = (row + begin_) / line_bytes * line_bytes;
            at_[i] = reinterpret_cast<const char*>(begin);
            last_offset_ = std::max(last_offset_, row + end_ - begin);
        }
    }

    // All rows as one stretch of memory. Its lines take turns as those of eight rows would, each a line further.
    void begin_stream() {
        const Index begin = (address_ + next_row_ * row_bytes_) / line_bytes * line_bytes;
        for (Index i = 0; i < rows_in_turn; ++i) {
            at_[i] = reinterpret_cast<const char*>(begin + i * line_bytes);
        }
        stride_ = rows_in_turn * line_bytes;
        rows_ = rows_in_turn;
        turn_ = offset_ = 0;
        last_offset_ = address_ + last_row_ * row_bytes_ - begin;
        next_row_ = last_row_;
    }

    Index address_ = 0;
    const Index* positions_ = nullptr;
    const Index* members_ = nullptr;
    Index row_bytes_ = 0, begin_ = 0, end_ = 0, next_row_ = 0, last_row_ = 0;
    std::uint64_t skipped_ = 0;  // turns after each that brings something
    const char* at_[rows_in_turn] = {};
    Index rows_ = 1, turn_ = 0;
    Index offset_ = 0, last_offset_ = 0, stride_ = line_bytes;
};

}  // namespace onelayer::ONELAYER_ISA
