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

// Outputs of a group that are summed at a time, and vectors of a chunk with them: vectors · outputs · digits sums are
// what the registers hold. With two vectors every residual is loaded half as often as with one.
constexpr int outputs_summed(int outputs) {
    return outputs <= 5 ? outputs : (outputs + 1) / 2;
}
constexpr int vectors_summed(int outputs) {
    return outputs <= 2 ? 4 : 2;
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
ONELAYER_INLINE void interleave_chunk(const std::uint8_t* const* rows, Index offset, Bytes* to) {
    const auto row = [&](int r) { return _mm512_loadu_si512(rows[r] + offset); };
    const Bytes low = _mm512_unpacklo_epi8(row(0), row(1)), high = _mm512_unpackhi_epi8(row(0), row(1)),
                next_low = _mm512_unpacklo_epi8(row(2), row(3)), next_high = _mm512_unpackhi_epi8(row(2), row(3));
    to[0] = _mm512_unpacklo_epi16(low, next_low);
    to[1] = _mm512_unpackhi_epi16(low, next_low);
    to[2] = _mm512_unpacklo_epi16(high, next_high);
    to[3] = _mm512_unpackhi_epi16(high, next_high);
}

// One vector's 16 features of four rows, interleaved.
ONELAYER_INLINE Bytes interleave_vector(const std::uint8_t* const* rows, Index offset) {
    const auto row = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
    const __m128i low = _mm_unpacklo_epi8(row(0), row(1)), high = _mm_unpackhi_epi8(row(0), row(1)),
                  next_low = _mm_unpacklo_epi8(row(2), row(3)), next_high = _mm_unpackhi_epi8(row(2), row(3));
    const Bytes two = _mm512_inserti32x4(_mm512_castsi128_si512(_mm_unpacklo_epi16(low, next_low)),
                                         _mm_unpackhi_epi16(low, next_low), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, _mm_unpacklo_epi16(high, next_high), 2),
                              _mm_unpackhi_epi16(high, next_high), 3);
}

// Sums over rows of outputs [First, Last) for `Vectors` of the `stride` vectors that each four of rows has in x, with
// `Outputs` sums for each vector. ahead(f) is called for each four.
template <int Vectors, int First, int Last, int Outputs, class Ahead>
ONELAYER_INLINE void sum_outputs(const Bytes* x, int stride, Index fours, const ResidualDigits<Outputs>& residual,
                                 Vec<float>* sums, Ahead&& ahead) {
    constexpr int outputs = Last - First;
    Counts counts[Vectors * outputs * digits] = {};
    const std::int32_t* r = residual.of_rows + 4 * First;
    for (Index f = 0; f < fours; ++f, x += stride, r += 4 * Outputs) {
        ahead(f);
#pragma GCC unroll 16
        for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 4
            for (int digit = 0; digit < digits; ++digit) {
                const Bytes of_rows = _mm512_set1_epi32(r[4 * o + digit]);
#pragma GCC unroll 4
                for (int v = 0; v < Vectors; ++v) {
                    Counts& sum = counts[(v * outputs + o) * digits + digit];
                    sum = add_products(sum, x[v], of_rows);
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 16
        for (int o = 0; o < outputs; ++o) {
            sums[v * Outputs + First + o] =
                from_digits(counts + (v * outputs + o) * digits) * residual.units[First + o];
        }
    }
}

// The same of all outputs.
template <int Vectors, int Outputs, int First = 0, class Ahead>
ONELAYER_INLINE void sum_digits(const Bytes* x, int stride, Index fours, const ResidualDigits<Outputs>& residual,
                                Vec<float>* sums, Ahead&& ahead) {
    constexpr int last = std::min(Outputs, First + outputs_summed(Outputs));
    sum_outputs<Vectors, First, last>(x, stride, fours, residual, sums, ahead);
    if constexpr (last < Outputs) {
        sum_digits<Vectors, Outputs, last>(x, stride, fours, residual, sums, ahead);
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

// A chunk's sums, from its interleaved rows.
template <int Ahead, int Outputs, class Tile>
ONELAYER_INLINE void sum_chunk(const Tile& tile, const Bytes* x, const ResidualDigits<Outputs>& residual,
                               Vec<float>* sums) {
    constexpr int vectors = vectors_summed(Outputs), sweeps = Outputs > outputs_summed(Outputs) ? 2 : 1;
#pragma GCC unroll 4
    for (int first = 0; first < chunk; first += vectors) {
        sum_digits<vectors, Outputs>(
            x + first, chunk, ceil_div(tile.count(), 4), residual, sums + first * Outputs,
            [&](Index f) { tile.ahead().template look<4 * vectors * lanes<float> * Ahead / 2 / sweeps>(f); });
    }
    for (int o = 0; o < Outputs; ++o) {
        transpose_blocks(sums + o, Outputs);
    }
}

// The gradient of one group of outputs on a slice whose vectors are `whole`, and one ragged one if there is one.
template <int Ahead, int Outputs, class Tile, class Finish>
void gradient_group_in_digits(const Tile& tile, Index whole, bool ragged, const float* residual, Finish& finish) {
    const ResidualDigits<Outputs> in_digits(residual, tile.count());
    const Index fours = ceil_div(tile.count(), 4);
    Bytes x[most_fours * chunk];
    Vec<float> sums[chunk * Outputs];
    Index v = 0;
    for (; v + chunk <= whole; v += chunk) {
        for (Index f = 0; f < fours; ++f) {
            interleave_chunk(tile.rows() + 4 * f, v * lanes<float>, x + f * chunk);
        }
        sum_chunk<Ahead>(tile, x, in_digits, sums);
        for (int i = 0; i < chunk; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    for (; v < whole + (ragged ? 1 : 0); ++v) {
        const bool in_place = v < whole;
        for (Index f = 0; f < fours; ++f) {
            x[f] = interleave_vector((in_place ? tile.rows() : tile.ends()) + 4 * f, in_place ? v * lanes<float> : 0);
        }
        Vec<float> some[Outputs];
        sum_digits<1, Outputs>(x, 1, fours, in_digits, some, [](Index) {});
        finish(v, some);
    }
}

#endif

}  // namespace onelayer::ONELAYER_ISA
