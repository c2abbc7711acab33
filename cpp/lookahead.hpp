// Brings rows near before they are needed. Gathered rows lie anywhere in memory, and waiting for them can take as long
// as the arithmetic. A processor has only so many requests under way, and guesses what follows only in
// rows read from end to end: so lines are asked for row by row, a few at a time in the course of all of the work.
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
        : data_(static_cast<const char*>(source.data)),
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
        line_ = last_line_ = nullptr;
    }

    // To be called at every `turn` of a kernel, in which it has read `Bytes` of its rows: brings as many bytes of the
    // announced rows near, until all are.
    template <int Bytes>
    ONELAYER_INLINE void look(Index turn) {
        constexpr int lines = (Bytes + line_bytes - 1) / line_bytes;
        constexpr Index every = Bytes == 0 || Bytes >= line_bytes ? 1 : line_bytes / Bytes;
        if (turn % every == 0 && (static_cast<std::uint64_t>(turn / every) & skipped_) == 0) {
#pragma GCC unroll 8
            for (int i = 0; i < lines; ++i) {
                look_at_line();
            }
        }
    }

    ONELAYER_INLINE void look_at_line() {
        if (line_ == last_line_) {
            next_row();
        }
        prefetch(line_);
        line_ += line_ == last_line_ ? 0 : line_bytes;
    }

  private:
    static constexpr int line_bytes = 64;

    void next_row() {
        if (next_row_ == last_row_) {
            return;
        }
        const auto row = reinterpret_cast<std::uintptr_t>(data_) +
                         static_cast<std::uintptr_t>(member(positions_, member(members_, next_row_++)) * row_bytes_);
        const auto begin = row + static_cast<std::uintptr_t>(begin_), end = row + static_cast<std::uintptr_t>(end_);
        line_ = reinterpret_cast<const char*>(begin / line_bytes * line_bytes);
        last_line_ = reinterpret_cast<const char*>((end + line_bytes - 1) / line_bytes * line_bytes);
    }

    const char* data_ = nullptr;
    const Index* positions_ = nullptr;
    const Index* members_ = nullptr;
    Index row_bytes_ = 0, begin_ = 0, end_ = 0, next_row_ = 0, last_row_ = 0;
    std::uint64_t skipped_ = 0;  // turns after each that brings something
    const char* line_ = nullptr;
    const char* last_line_ = nullptr;
};

}  // namespace onelayer::ONELAYER_ISA
