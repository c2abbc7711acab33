// Scores of rows of bytes, with weights in digits. A vector holds 16 features of four rows, one in each 128-bit block,
// and meets the same 16 weights in every block.
#pragma once

#include "digits.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

#if defined(__AVX512VNNI__)

// Fours of rows for so many outputs: fours · outputs · digits sums, besides the rows and one vector of weights, are
// what the registers hold.
constexpr int fours_together(int outputs) {
    return outputs <= 2 ? 4 : outputs <= 4 ? 2 : 1;
}

ONELAYER_INLINE Bytes load_four(const std::uint8_t* const* rows, Index offset) {
    const auto block = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
    const Bytes two = _mm512_inserti32x4(_mm512_castsi128_si512(block(0)), block(1), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, block(2), 2), block(3), 3);
}

template <int Fours, int Outputs>
ONELAYER_INLINE void add_products(const std::uint8_t* const (&rows)[4 * Fours], Index offset,
                                  const std::int8_t* weights, Counts (&sums)[Outputs * Fours * digits]) {
    Bytes x[Fours];
#pragma GCC unroll 4
    for (int f = 0; f < Fours; ++f) {
        x[f] = load_four(rows + 4 * f, offset);
    }
#pragma GCC unroll 16
    for (int o = 0; o < Outputs; ++o) {
#pragma GCC unroll 4
        for (int digit = 0; digit < digits; ++digit, weights += 16) {
            const Bytes w = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)));
#pragma GCC unroll 4
            for (int f = 0; f < Fours; ++f) {
                Counts& sum = sums[(f * Outputs + o) * digits + digit];
                sum = add_products(sum, x[f], w);
            }
        }
    }
}

// From sums of digits, where every 128-bit block is a row, to scores of four rows, up to four outputs at a time.
template <int Outputs, int First = 0>
ONELAYER_INLINE void put_scores(const Counts* sums, const DigitScale* scales, float* scores, bool add) {
    using All = std::make_index_sequence<lanes<float>>;
    constexpr int outputs = Outputs - First < 4 ? Outputs - First : 4;
    Vec<float> of[4] = {};
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o) {
        of[o] = from_digits(sums + (First + o) * digits) * scales[First + o].unit;
    }
    const Vec<float> totals = add_pairs<float, false>(add_pairs<float, false>(of[0], of[1], All{}),
                                                      add_pairs<float, false>(of[2], of[3], All{}), All{});
    alignas(vector_bytes) float by_output[lanes<float>];
    store(by_output, (Vec<float>)transposed((Bytes)totals));
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o) {
        float* at = scores + (First + o) * tile_stride;
        const __m128 fresh = _mm_load_ps(by_output + 4 * o);
        _mm_storeu_ps(at, add ? _mm_add_ps(_mm_loadu_ps(at), fresh) : fresh);
    }
    if constexpr (First + 4 < Outputs) {
        put_scores<Outputs, First + 4>(sums, scales, scores, add);
    }
}

template <int Ahead, int Fours, int Outputs, class Tile>
void score_block_in_digits(const Tile& tile, Index row, Index first, Index last, bool ragged,
                           const std::int8_t* weights, const DigitScale* scales, float* scores, bool add) {
    constexpr int count = 4 * Fours;
    const std::uint8_t* rows[count];
    std::copy(tile.rows() + row, tile.rows() + row + count, rows);
    Counts sums[Outputs * Fours * digits] = {};
    for (Index v = first; v < last; ++v, weights += Outputs * digits * lanes<float>) {
        tile.ahead().template look<count * lanes<float> * Ahead / 2>(v);
        add_products<Fours, Outputs>(rows, v * lanes<float>, weights, sums);
    }
    if (ragged) {
        std::copy(tile.ends() + row, tile.ends() + row + count, rows);
        add_products<Fours, Outputs>(rows, 0, weights, sums);
    }
#pragma GCC unroll 4
    for (int f = 0; f < Fours; ++f) {
        put_scores<Outputs>(sums + f * Outputs * digits, scales, scores + 4 * f, add);
    }
}

// One group of outputs over the whole slice, in runs that cannot overflow their sums.
template <int Ahead, int Outputs, class Tile>
void score_group_in_digits(const Tile& tile, Slice slice, const std::int8_t* weights, const DigitScale* scales,
                           float* scores) {
    constexpr int fours = fours_together(Outputs);
    constexpr Index most = INT32_MAX / (4 * 255 * 128);
    const Index vectors = slice.last - slice.first, runs = std::max<Index>(1, ceil_div(vectors, most));
    for (Index run = 0; run < runs; ++run) {
        const Index first = vectors * run / runs, last = vectors * (run + 1) / runs;
        const bool ragged = slice.ragged && last == vectors;
        for (Index i = 0; i < tile.count(); i += 4 * fours) {
            score_block_in_digits<Ahead, fours, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged,
                                                         weights + first * Outputs * digits * lanes<float>, scales,
                                                         scores + i, run > 0);
        }
    }
}

#endif

}  // namespace onelayer::ONELAYER_ISA
