// Residual × input for rows of bytes, with residuals in digits. Four rows are interleaved byte by byte, so that the
// four products which one instruction adds up are those of a feature; a residual's digits for four rows are one number
// that every lane meets.
#pragma once

#include "digits.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

#if defined(__AVX512VNNI__)

inline constexpr Index most_fours = (most_tile_rows + 3) / 4;
inline constexpr int chunk = 4;  // vectors of features that are interleaved at a time

// Outputs that are summed at a time with so many vectors of a chunk: vectors · outputs · digits sums are what the
// registers hold, besides the rows.
constexpr int outputs_summed(int vectors) {
    return 8 / vectors;
}

// Residuals of one group of outputs: for four rows, each output's digits as three numbers (and one that means nothing).
template <int Outputs>
struct ResidualDigits {
    alignas(vector_bytes) std::int32_t of_rows[(most_fours + 4) * Outputs * 4];
    float units[Outputs];

    ResidualDigits(const float* residual, Index count) {
        for (int o = 0; o < Outputs; ++o) {
            const float* of_output = residual + o * tile_stride;
            Largest largest;
            for (Index row = 0; row < count; row += lanes<float>) {
                largest.see(load<float>(of_output + row));
            }
            const auto scale = DigitScale::of(largest.value());
            units[o] = scale.unit;
            for (Index row = 0; row < count; row += lanes<float>) {
                alignas(vector_bytes) std::int32_t fours[lanes<float>];
                store(fours, (Vec<std::int32_t>)digits_of(load<float>(of_output + row), scale));
                for (int f = 0; f < 4; ++f) {
                    std::copy(fours + 4 * f, fours + 4 * f + 4, of_rows + ((row / 4 + f) * Outputs + o) * 4);
                }
            }
        }
    }
};

// A chunk's 64 features of four rows, interleaved. Vector v has, in its block b, features 16 b + 4 v … + 3.
ONELAYER_INLINE void interleave(const std::uint8_t* const* rows, Index offset, Bytes (&to)[chunk]) {
    const auto row = [&](int r) { return _mm512_loadu_si512(rows[r] + offset); };
    const Bytes low = _mm512_unpacklo_epi8(row(0), row(1)), high = _mm512_unpackhi_epi8(row(0), row(1)),
                next_low = _mm512_unpacklo_epi8(row(2), row(3)), next_high = _mm512_unpackhi_epi8(row(2), row(3));
    to[0] = _mm512_unpacklo_epi16(low, next_low);
    to[1] = _mm512_unpackhi_epi16(low, next_low);
    to[2] = _mm512_unpacklo_epi16(high, next_high);
    to[3] = _mm512_unpackhi_epi16(high, next_high);
}

// One vector's 16 features of four rows, interleaved.
ONELAYER_INLINE void interleave(const std::uint8_t* const* rows, Index offset, Bytes (&to)[1]) {
    const auto row = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
    const __m128i low = _mm_unpacklo_epi8(row(0), row(1)), high = _mm_unpackhi_epi8(row(0), row(1)),
                  next_low = _mm_unpacklo_epi8(row(2), row(3)), next_high = _mm_unpackhi_epi8(row(2), row(3));
    const Bytes two = _mm512_inserti32x4(_mm512_castsi128_si512(_mm_unpacklo_epi16(low, next_low)),
                                         _mm_unpackhi_epi16(low, next_low), 1);
    to[0] = _mm512_inserti32x4(_mm512_inserti32x4(two, _mm_unpacklo_epi16(high, next_high), 2),
                               _mm_unpackhi_epi16(high, next_high), 3);
}

// Sums over rows for `Vectors` vectors of features and for the group's outputs from `First` on, with `Outputs` sums for
// each vector. The first outputs interleave the rows, and leave them in x for the others.
template <int Ahead, int Vectors, int Outputs, int First = 0, class Tile>
ONELAYER_INLINE void sum_outputs(const Tile& tile, const std::uint8_t* const* rows, Index offset,
                                 const ResidualDigits<Outputs>& residual, Bytes* x, Vec<float>* sums) {
    constexpr int most = outputs_summed(Vectors), outputs = std::min(most, Outputs - First);
    constexpr int sweeps = ceil_div(Outputs, most), sweep = First / most;
    constexpr int lines = 4 * Vectors * lanes<float> * Ahead / 2 / 64;  // to be looked at in all sweeps
    constexpr int own_lines = lines * (sweep + 1) / sweeps - lines * sweep / sweeps;
    Counts counts[Vectors * outputs * digits] = {};
    const std::int32_t* r = residual.of_rows + 4 * First;
    const Index fours = ceil_div(tile.count(), 4);
    for (Index f = 0; f < fours; ++f, x += Vectors, r += 4 * Outputs) {
        tile.ahead().template look<64 * own_lines>(f);
        Bytes four[Vectors];
        if constexpr (First == 0) {
            interleave(rows + 4 * f, offset, four);
            if constexpr (most < Outputs) {
                std::copy(four, four + Vectors, x);
            }
        } else {
            std::copy(x, x + Vectors, four);
        }
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 4
            for (int digit = 0; digit < digits; ++digit) {
                const Bytes of_rows = _mm512_set1_epi32(r[4 * o + digit]);
#pragma GCC unroll 4
                for (int v = 0; v < Vectors; ++v) {
                    Counts& sum = counts[(v * outputs + o) * digits + digit];
                    sum = add_products(sum, four[v], of_rows);
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) {
            sums[v * Outputs + First + o] =
                from_digits(counts + (v * outputs + o) * digits) * residual.units[First + o];
        }
    }
    if constexpr (First + most < Outputs) {
        sum_outputs<Ahead, Vectors, Outputs, First + most>(tile, rows, offset, residual, x - fours * Vectors, sums);
    }
}

// Exchanges rows and columns of the 4 × 4 matrix of 128-bit blocks that four vectors, `stride` apart, are.
ONELAYER_INLINE void transpose_blocks(Vec<float>* at, int stride) {
    const __m512 a = (__m512)at[0], b = (__m512)at[stride], c = (__m512)at[2 * stride], d = (__m512)at[3 * stride];
    const __m512 ab = _mm512_shuffle_f32x4(a, b, 0x44), ab_high = _mm512_shuffle_f32x4(a, b, 0xee),
                 cd = _mm512_shuffle_f32x4(c, d, 0x44), cd_high = _mm512_shuffle_f32x4(c, d, 0xee);
    at[0] = (Vec<float>)_mm512_shuffle_f32x4(ab, cd, 0x88);
    at[stride] = (Vec<float>)_mm512_shuffle_f32x4(ab, cd, 0xdd);
    at[2 * stride] = (Vec<float>)_mm512_shuffle_f32x4(ab_high, cd_high, 0x88);
    at[3 * stride] = (Vec<float>)_mm512_shuffle_f32x4(ab_high, cd_high, 0xdd);
}

// The gradient of one group of outputs on a slice whose vectors are `whole`, and one ragged one if there is one.
template <int Ahead, int Outputs, class Tile, class Finish>
void gradient_group_in_digits(const Tile& tile, Index whole, bool ragged, const float* residual, Finish& finish) {
    const ResidualDigits<Outputs> in_digits(residual, tile.count());
    Bytes x[most_fours * chunk];
    Vec<float> sums[chunk * Outputs];
    Index v = 0;
    for (; v + chunk <= whole; v += chunk) {
        sum_outputs<Ahead, chunk, Outputs>(tile, tile.rows(), v * lanes<float>, in_digits, x, sums);
        for (int o = 0; o < Outputs; ++o) {
            transpose_blocks(sums + o, Outputs);
        }
        for (int i = 0; i < chunk; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    for (; v < whole + (ragged ? 1 : 0); ++v) {
        const bool in_place = v < whole;
        sum_outputs<0, 1, Outputs>(tile, in_place ? tile.rows() : tile.ends(), in_place ? v * lanes<float> : 0,
                                   in_digits, x, sums);
        finish(v, sums);
    }
}

#endif

}  // namespace onelayer::ONELAYER_ISA
