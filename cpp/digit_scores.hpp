// Scores of rows of bytes, with weights in digits.
//
// Sixteen rows at a time for many outputs: a vector holds four features of each and meets one number, the four digits
// of their weights. For few outputs, and for the rows that are left, four at a time: a vector holds 16 features of each
// and meets the same 16 digits in every 128-bit block. Sums are of integers, so both ways give the same score.
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
    constexpr int outputs = Outputs - First < 4 ? Outputs - First : 4;
    Counts totals[digits];
#pragma GCC unroll 4
    for (int digit = 0; digit < digits; ++digit) {
        Vec<std::int32_t> of_outputs[4] = {};
#pragma GCC unroll 4
        for (int o = 0; o < outputs; ++o) {
            of_outputs[o] = (Vec<std::int32_t>)sums[(First + o) * digits + digit];
        }
        totals[digit] = (Counts)sums_of_units<std::int32_t>(of_outputs);
    }
    alignas(vector_bytes) float by_output[lanes<float>];
    store(by_output, (Vec<float>)transposed((Bytes)from_digits(totals)));
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o) {
        float* at = scores + (First + o) * tile_stride;
        const __m128 fresh = _mm_load_ps(by_output + 4 * o) * _mm_set1_ps(scales[First + o].unit);
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

// Vectors of features that sixteen rows are stood up for at a time: they stay in the first-level cache.
inline constexpr Index most_upright = 32;
inline constexpr int least_outputs_upright = 5;  // for fewer, standing rows up takes longer than their products

// 16 · Vectors features of sixteen rows, stood up: of each four features a vector, whose lanes are the rows.
template <int Vectors>
ONELAYER_INLINE void stand_up(const std::uint8_t* const* rows, Index offset, Bytes* to) {
    Bytes fours[4][Vectors];
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
        const std::uint8_t* const some[] = {rows[r], rows[r + 4], rows[r + 8], rows[r + 12]};
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            fours[r][v] = load_four(some, offset + v * lanes<float>);
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v, to += 4) {
        const Bytes low = _mm512_unpacklo_epi32(fours[0][v], fours[1][v]),
                    high = _mm512_unpackhi_epi32(fours[0][v], fours[1][v]),
                    next_low = _mm512_unpacklo_epi32(fours[2][v], fours[3][v]),
                    next_high = _mm512_unpackhi_epi32(fours[2][v], fours[3][v]);
        to[0] = _mm512_unpacklo_epi64(low, next_low);
        to[1] = _mm512_unpackhi_epi64(low, next_low);
        to[2] = _mm512_unpacklo_epi64(high, next_high);
        to[3] = _mm512_unpackhi_epi64(high, next_high);
    }
}

template <int Ahead, int Outputs, class Tile>
void score_sixteen_in_digits(const Tile& tile, Index row, Index first, Index last, bool ragged,
                             const std::int8_t* weights, const DigitScale* scales, float* scores, bool add) {
    Bytes upright[4 * most_upright];
    Bytes* x = upright;
    Index v = first;
    for (; v + 4 <= last; v += 4, x += 16) {
        stand_up<4>(tile.rows() + row, v * lanes<float>, x);
    }
    for (; v < last; ++v, x += 4) {
        stand_up<1>(tile.rows() + row, v * lanes<float>, x);
    }
    if (ragged) {
        stand_up<1>(tile.ends() + row, 0, x);
        x += 4;
    }
    Counts sums[Outputs * digits] = {};
    for (const Bytes* at = upright; at < x; at += 4, weights += Outputs * digits * lanes<float>) {
#pragma GCC unroll 4
        for (int four = 0; four < 4; ++four) {
            tile.ahead().template look<16 * 4 * Ahead / 2>(four);
#pragma GCC unroll 32
            for (int i = 0; i < Outputs * digits; ++i) {
                std::int32_t w = 0;
                std::memcpy(&w, weights + 16 * i + 4 * four, sizeof w);
                sums[i] = add_products(sums[i], at[four], _mm512_set1_epi32(w));
            }
        }
    }
#pragma GCC unroll 16
    for (int o = 0; o < Outputs; ++o) {
        const Vec<float> fresh = from_digits(sums + o * digits) * scales[o].unit;
        float* to = scores + o * tile_stride;
        store(to, add ? load<float>(to) + fresh : fresh);
    }
}

// Vectors of features in a run: their weights stay in the first-level cache, or else sixteen rows of them.
constexpr Index most_in_run(int outputs) {
    return outputs < least_outputs_upright ? run_bytes / (outputs * digits * lanes<float>) : most_upright;
}
static_assert(std::max(most_in_run(1), most_upright) <= INT32_MAX / (16 * 255 * 128));  // what sums can hold

// One group of outputs over the whole slice.
template <int Ahead, int Outputs, class Tile>
void score_group_in_digits(const Tile& tile, Slice slice, const std::int8_t* weights, const DigitScale* scales,
                           float* scores) {
    constexpr int fours = fours_together(Outputs);
    const Index vectors = slice.last - slice.first;
    const Index runs = std::max<Index>(1, ceil_div(vectors, most_in_run(Outputs)));
    for (Index run = 0; run < runs; ++run) {
        const Index first = vectors * run / runs, last = vectors * (run + 1) / runs;
        const bool ragged = slice.ragged && last == vectors;
        const std::int8_t* of_run = weights + first * Outputs * digits * lanes<float>;
        Index i = 0;
        if constexpr (Outputs >= least_outputs_upright) {
            for (; i + 12 < tile.count(); i += 16) {
                score_sixteen_in_digits<Ahead, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged, of_run, scales,
                                                        scores + i, run > 0);
            }
        }
        for (; i < tile.count(); i += 4 * fours) {
            score_block_in_digits<Ahead, fours, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged, of_run,
                                                         scales, scores + i, run > 0);
        }
    }
}

#endif

}  // namespace onelayer::ONELAYER_ISA
