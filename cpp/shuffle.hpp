// The permutations that NumPy draws from its generator PCG64, number for number, in a fraction of its time.
//
// PCG64 is a linear congruential generator of 128 bits; its output is the exclusive or of both halves of its state,
// rotated by the six highest bits (O'Neill 2014, "XSL RR"). The shuffle is that of Fisher and Yates, from the last
// place to the second; the other place is drawn by masking 32 random bits, again and again until it is not too large.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <utility>

namespace onelayer {

// NumPy's generator. Each of its 64-bit numbers gives two of 32 bits, the lower half first.
class Pcg64 {
  public:
    // Python hands over the generator's state in six words, and gets them back: lower and upper half of the state, the
    // same of the increment, whether half a number is left to use, and that half.
    explicit Pcg64(const std::uint64_t* words)
        : state_(join(words[0], words[1])),
          increment_(join(words[2], words[3])),
          has_half_(words[4] != 0),
          half_(static_cast<std::uint32_t>(words[5])) {}

    void save(std::uint64_t* words) const {
        words[0] = static_cast<std::uint64_t>(state_);
        words[1] = static_cast<std::uint64_t>(state_ >> 64);
        words[4] = has_half_ ? 1 : 0;
        words[5] = half_;
    }

    std::uint32_t next() {
        has_half_ = !has_half_;
        if (!has_half_) {
            return half_;
        }
        state_ = state_ * join(0x4385df649fccf645, 0x2360ed051fc65da4) + increment_;
        const auto lower = static_cast<std::uint64_t>(state_), upper = static_cast<std::uint64_t>(state_ >> 64);
        const std::uint64_t drawn = std::rotr(lower ^ upper, static_cast<int>(upper >> 58));
        half_ = static_cast<std::uint32_t>(drawn >> 32);
        return static_cast<std::uint32_t>(drawn);
    }

  private:
    __extension__ using Wide = unsigned __int128;

    static constexpr Wide join(std::uint64_t lower, std::uint64_t upper) { return Wide{upper} << 64 | lower; }

    Wide state_, increment_;
    bool has_half_;
    std::uint32_t half_;
};

// Draws, for each of the places first, first − 1 … stop + 1, a place from 0 up to it; all of them have the same highest
// bit. Up to half the draws are too large, at random, so that a branch on it would often be predicted wrongly. Instead
// every draw is written, and the next one overwrites it if it was too large.
inline void draw_places(Pcg64& generator, std::int64_t first, std::int64_t stop, std::int64_t* drawn) {
    const std::uint64_t mask = std::bit_ceil(static_cast<std::uint64_t>(first) + 1) - 1;
    for (std::int64_t place = first; place > stop;) {
        const auto other = static_cast<std::int64_t>(generator.next() & mask);
        drawn[first - place] = other;
        place -= other <= place ? 1 : 0;
    }
}

// Writes a permutation of 0 … n − 1 to `order` (n); n is at max_drawn 2³¹.
inline void shuffle(Pcg64& generator, std::int64_t* order, std::int64_t n) {
    constexpr std::int64_t max_drawn =
        256;  // places drawn before entries are swapped, so that the two need not wait for each other
    std::int64_t drawn[max_drawn];
    std::iota(order, order + n, 0);
    for (std::int64_t last = n - 1; last > 0;) {
        const auto leading = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(last)));
        const std::int64_t stop = std::max(leading - 1, last - max_drawn);
        draw_places(generator, last, stop, drawn);
        for (std::int64_t place = last; place > stop; --place) {
            std::swap(order[place], order[drawn[last - place]]);
        }
        last = stop;
    }
}

}  // namespace onelayer
