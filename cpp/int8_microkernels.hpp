// Scores and gradients of rows of bytes by integer products, with weights and residuals as int8 splits. One instruction
// multiplies 64 bytes with 64 limbs and adds up the four products in each of 16 lanes.
//
// Scores are sums over features. For many outputs, sixteen rows are taken at a time: a vector holds four features of
// each row, and is multiplied with four limbs, those of the four features' weights, repeated in all lanes. For few
// outputs, and for rows that remain, four rows are taken at a time: a vector holds 16 features of each row, and is
// multiplied with 16 limbs, repeated in every 128 bits. Sums are of integers, so both ways give the same scores.
//
// Gradients are sums over rows. Four rows are interleaved byte by byte, so that the four products which are added up
// belong to one feature; the limbs of the four rows' residuals are repeated in all lanes.
#pragma once

#include "int8_split.hpp"
#include "row_tile.hpp"

namespace onelayer::ONELAYER_ISA {

#if defined(__AVX512VNNI__)

// Four rows are a quad. Quads that the score microkernel takes at a time, for a number of outputs: the registers must
// hold quads · outputs · limbs sums, a vector of each quad and one of weights.
constexpr int quads_per_block(int outputs) {
    return outputs <= 2 ? 4 : outputs <= 4 ? 2 : 1;
}

// 16 features of each of four rows, a row in each 128 bits.
ONELAYER_INLINE Bytes load_4_rows(const std::uint8_t* const* rows, Index offset) {
    const auto block = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
    const Bytes two = _mm512_inserti32x4(_mm512_castsi128_si512(block(0)), block(1), 1);
    return _mm512_inserti32x4(_mm512_inserti32x4(two, block(2), 2), block(3), 3);
}

template <int Quads, int Outputs>
ONELAYER_INLINE void add_products(const std::uint8_t* const (&rows)[4 * Quads], Index offset,
                                  const std::int8_t* weights, Int32Sums (&sums)[Outputs * Quads * limbs]) {
    Bytes x[Quads];
#pragma GCC unroll 4
    for (int q = 0; q < Quads; ++q) {
        x[q] = load_4_rows(rows + 4 * q, offset);
    }
#pragma GCC unroll 16
    for (int o = 0; o < Outputs; ++o) {
#pragma GCC unroll 4
        for (int limb = 0; limb < limbs; ++limb, weights += 16) {
            const Bytes w = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(weights)));
#pragma GCC unroll 4
            for (int q = 0; q < Quads; ++q) {
                Int32Sums& sum = sums[(q * Outputs + o) * limbs + limb];
                sum = add_dot_products(sum, x[q], w);
            }
        }
    }
}

// Turns sums, in which each 128 bits belong to one of four rows, into the scores of the rows; four outputs at a time.
template <int Outputs, int First = 0>
ONELAYER_INLINE void store_scores(const Int32Sums* sums, const SplitScale* scales, float* scores, bool add) {
    constexpr int outputs = Outputs - First < 4 ? Outputs - First : 4;
    Int32Sums totals[limbs];
#pragma GCC unroll 4
    for (int limb = 0; limb < limbs; ++limb) {
        Vec<std::int32_t> of_outputs[4] = {};
#pragma GCC unroll 4
        for (int o = 0; o < outputs; ++o) {
            of_outputs[o] = (Vec<std::int32_t>)sums[(First + o) * limbs + limb];
        }
        totals[limb] = (Int32Sums)sums_of_units<std::int32_t>(of_outputs);
    }
    alignas(vector_bytes) float by_output[lanes<float>];
    store(by_output, (Vec<float>)transpose_numbers((Bytes)combine(totals)));
#pragma GCC unroll 4
    for (int o = 0; o < outputs; ++o) {
        float* at = scores + (First + o) * tile_stride;
        const __m128 fresh = _mm_load_ps(by_output + 4 * o) * _mm_set1_ps(scales[First + o].step);
        _mm_storeu_ps(at, add ? _mm_add_ps(_mm_loadu_ps(at), fresh) : fresh);
    }
    if constexpr (First + 4 < Outputs) {
        store_scores<Outputs, First + 4>(sums, scales, scores, add);
    }
}

template <Prefetch Amount, int Quads, int Outputs, class Tile>
void score_block_int8(const Tile& tile, Index row, Index first, Index last, bool ragged, const std::int8_t* weights,
                      const SplitScale* scales, float* scores, bool add) {
    constexpr int count = 4 * Quads;
    const std::uint8_t* rows[count];
    std::copy(tile.rows() + row, tile.rows() + row + count, rows);
    Int32Sums sums[Outputs * Quads * limbs] = {};
    for (Index v = first; v < last; ++v, weights += Outputs * limbs * lanes<float>) {
        tile.prefetcher().template advance<count * lanes<float>* static_cast<int>(Amount) / 2>(v);
        add_products<Quads, Outputs>(rows, v * lanes<float>, weights, sums);
    }
    if (ragged) {
        std::copy(tile.tails() + row, tile.tails() + row + count, rows);
        add_products<Quads, Outputs>(rows, 0, weights, sums);
    }
#pragma GCC unroll 4
    for (int q = 0; q < Quads; ++q) {
        store_scores<Outputs>(sums + q * Outputs * limbs, scales, scores + 4 * q, add);
    }
}

// Vectors of features of which sixteen rows are transposed at a time: they stay in the first-level cache.
inline constexpr Index max_transposed_vectors = 32;
inline constexpr int min_outputs_transposed = 5;  // for fewer, transposing takes longer than it saves

// Transposes 16 · Vectors features of sixteen rows: each vector of the result has four features, and a row in each
// lane.
template <int Vectors>
ONELAYER_INLINE void transpose_16_rows(const std::uint8_t* const* rows, Index offset, Bytes* to) {
    Bytes blocks[4][Vectors];
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
        const std::uint8_t* const some[] = {rows[r], rows[r + 4], rows[r + 8], rows[r + 12]};
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            blocks[r][v] = load_4_rows(some, offset + v * lanes<float>);
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v, to += 4) {
        const Bytes low = _mm512_unpacklo_epi32(blocks[0][v], blocks[1][v]),
                    high = _mm512_unpackhi_epi32(blocks[0][v], blocks[1][v]),
                    next_low = _mm512_unpacklo_epi32(blocks[2][v], blocks[3][v]),
                    next_high = _mm512_unpackhi_epi32(blocks[2][v], blocks[3][v]);
        to[0] = _mm512_unpacklo_epi64(low, next_low);
        to[1] = _mm512_unpackhi_epi64(low, next_low);
        to[2] = _mm512_unpacklo_epi64(high, next_high);
        to[3] = _mm512_unpackhi_epi64(high, next_high);
    }
}

template <Prefetch Amount, int Outputs, class Tile>
void score_16_rows_int8(const Tile& tile, Index row, Index first, Index last, bool ragged, const std::int8_t* weights,
                        const SplitScale* scales, float* scores, bool add) {
    Bytes transposed[4 * max_transposed_vectors];
    Bytes* x = transposed;
    Index v = first;
    for (; v + 4 <= last; v += 4, x += 16) {
        transpose_16_rows<4>(tile.rows() + row, v * lanes<float>, x);
    }
    for (; v < last; ++v, x += 4) {
        transpose_16_rows<1>(tile.rows() + row, v * lanes<float>, x);
    }
    if (ragged) {
        transpose_16_rows<1>(tile.tails() + row, 0, x);
        x += 4;
    }
    Int32Sums sums[Outputs * limbs] = {};
    for (const Bytes* at = transposed; at < x; at += 4, weights += Outputs * limbs * lanes<float>) {
#pragma GCC unroll 4
        for (int four = 0; four < 4; ++four) {
            tile.prefetcher().template advance<16 * 4 * static_cast<int>(Amount) / 2>(four);
#pragma GCC unroll 32
            for (int i = 0; i < Outputs * limbs; ++i) {
                std::int32_t w = 0;
                std::memcpy(&w, weights + 16 * i + 4 * four, sizeof w);
                sums[i] = add_dot_products(sums[i], at[four], _mm512_set1_epi32(w));
            }
        }
    }
#pragma GCC unroll 16
    for (int o = 0; o < Outputs; ++o) {
        const Vec<float> fresh = combine(sums + o * limbs) * scales[o].step;
        float* to = scores + o * tile_stride;
        store(to, add ? load<float>(to) + fresh : fresh);
    }
}

// Vectors of features in a strip: their weights stay in the first-level cache, or else sixteen transposed rows of them.
constexpr Index max_strip_vectors(int outputs) {
    return outputs < min_outputs_transposed ? l1_weight_bytes / (outputs * limbs * lanes<float>)
                                            : max_transposed_vectors;
}
// So many products cannot overflow a sum of 32 bits.
static_assert(std::max(max_strip_vectors(1), max_transposed_vectors) <= INT32_MAX / (16 * 255 * 128));

// The scores of one group of outputs over the whole slice, strip by strip.
template <Prefetch Amount, int Outputs, class Tile>
void score_group_int8(const Tile& tile, Slice slice, const std::int8_t* weights, const SplitScale* scales,
                      float* scores) {
    constexpr int quads = quads_per_block(Outputs);
    const Index vectors = slice.last - slice.first;
    const Index strips = std::max<Index>(1, ceil_div(vectors, max_strip_vectors(Outputs)));
    for (Index strip = 0; strip < strips; ++strip) {
        const Index first = vectors * strip / strips, last = vectors * (strip + 1) / strips;
        const bool ragged = slice.ragged && last == vectors;
        const std::int8_t* of_strip = weights + first * Outputs * limbs * lanes<float>;
        Index i = 0;
        if constexpr (Outputs >= min_outputs_transposed) {
            for (; i + 12 < tile.count(); i += 16) {
                score_16_rows_int8<Amount, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged, of_strip, scales,
                                                    scores + i, strip > 0);
            }
        }
        for (; i < tile.count(); i += 4 * quads) {
            score_block_int8<Amount, quads, Outputs>(tile, i, first, last - (ragged ? 1 : 0), ragged, of_strip, scales,
                                                     scores + i, strip > 0);
        }
    }
}

inline constexpr int panel_vectors = 4;  // vectors of features that are interleaved together, a panel

// The gradient microkernel goes over a tile's rows in several sweeps, each for some of the outputs: the registers must
// hold vectors · outputs · limbs sums and the rows.
constexpr int outputs_per_sweep(int vectors) {
    return 8 / vectors;
}

// Interleaves a panel, 64 features of four rows. Vector v then has features 16 b + 4 v … 16 b + 4 v + 3 in its 128-bit
// block b.
ONELAYER_INLINE void interleave(const std::uint8_t* const* rows, Index offset, Bytes (&to)[panel_vectors]) {
    const auto row = [&](int r) { return _mm512_loadu_si512(rows[r] + offset); };
    const Bytes low = _mm512_unpacklo_epi8(row(0), row(1)), high = _mm512_unpackhi_epi8(row(0), row(1)),
                next_low = _mm512_unpacklo_epi8(row(2), row(3)), next_high = _mm512_unpackhi_epi8(row(2), row(3));
    to[0] = _mm512_unpacklo_epi16(low, next_low);
    to[1] = _mm512_unpackhi_epi16(low, next_low);
    to[2] = _mm512_unpacklo_epi16(high, next_high);
    to[3] = _mm512_unpackhi_epi16(high, next_high);
}

// Interleaves one vector, 16 features of four rows; the features keep their order.
ONELAYER_INLINE void interleave(const std::uint8_t* const* rows, Index offset, Bytes (&to)[1]) {
    const auto row = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
    const __m128i low = _mm_unpacklo_epi8(row(0), row(1)), high = _mm_unpackhi_epi8(row(0), row(1)),
                  next_low = _mm_unpacklo_epi8(row(2), row(3)), next_high = _mm_unpackhi_epi8(row(2), row(3));
    const Bytes two = _mm512_inserti32x4(_mm512_castsi128_si512(_mm_unpacklo_epi16(low, next_low)),
                                         _mm_unpackhi_epi16(low, next_low), 1);
    to[0] = _mm512_inserti32x4(_mm512_inserti32x4(two, _mm_unpacklo_epi16(high, next_high), 2),
                               _mm_unpackhi_epi16(high, next_high), 3);
}

// The microkernel of the gradient: sums over rows, for `Vectors` vectors of features and the group's outputs from
// `First` on; `sums` has `Outputs` sums for each vector. The first sweep interleaves the rows, and leaves them in x for
// the others.
template <Prefetch Amount, int Vectors, int Outputs, int First = 0, class Tile>
ONELAYER_INLINE void accumulate_outputs(const Tile& tile, const std::uint8_t* const* rows, Index offset,
                                        const SplitResiduals<Outputs>& residual, Bytes* x, Vec<float>* sums) {
    constexpr int per_sweep = outputs_per_sweep(Vectors), outputs = std::min(per_sweep, Outputs - First);
    constexpr int sweeps = ceil_div(Outputs, per_sweep), sweep = First / per_sweep;
    constexpr int lines = 4 * Vectors * lanes<float> * static_cast<int>(Amount) / 2 / 64;  // to prefetch in all sweeps
    constexpr int own_lines = lines * (sweep + 1) / sweeps - lines * sweep / sweeps;
    Int32Sums totals[Vectors * outputs * limbs] = {};
    const std::int32_t* r = residual.of_rows + 4 * First;
    const Index quads = ceil_div(tile.count(), 4);
    for (Index q = 0; q < quads; ++q, x += Vectors, r += 4 * Outputs) {
        tile.prefetcher().template advance<64 * own_lines>(q);
        Bytes quad[Vectors];
        if constexpr (First == 0) {
            interleave(rows + 4 * q, offset, quad);
            if constexpr (per_sweep < Outputs) {
                std::copy(quad, quad + Vectors, x);
            }
        } else {
            std::copy(x, x + Vectors, quad);
        }
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) {
#pragma GCC unroll 4
            for (int limb = 0; limb < limbs; ++limb) {
                const Bytes of_rows = _mm512_set1_epi32(r[4 * o + limb]);
#pragma GCC unroll 4
                for (int v = 0; v < Vectors; ++v) {
                    Int32Sums& sum = totals[(v * outputs + o) * limbs + limb];
                    sum = add_dot_products(sum, quad[v], of_rows);
                }
            }
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
#pragma GCC unroll 8
        for (int o = 0; o < outputs; ++o) {
            sums[v * Outputs + First + o] = combine(totals + (v * outputs + o) * limbs) * residual.steps[First + o];
        }
    }
    if constexpr (First + per_sweep < Outputs) {
        accumulate_outputs<Amount, Vectors, Outputs, First + per_sweep>(tile, rows, offset, residual,
                                                                        x - quads * Vectors, sums);
    }
}

// Transposes the 4 × 4 matrix of 128-bit blocks whose rows are four vectors, `stride` apart. It puts a panel's features
// back in their order.
ONELAYER_INLINE void transpose_blocks(Vec<float>* at, int stride) {
    const __m512 a = (__m512)at[0], b = (__m512)at[stride], c = (__m512)at[2 * stride], d = (__m512)at[3 * stride];
    const __m512 ab = _mm512_shuffle_f32x4(a, b, 0x44), ab_high = _mm512_shuffle_f32x4(a, b, 0xee),
                 cd = _mm512_shuffle_f32x4(c, d, 0x44), cd_high = _mm512_shuffle_f32x4(c, d, 0xee);
    at[0] = (Vec<float>)_mm512_shuffle_f32x4(ab, cd, 0x88);
    at[stride] = (Vec<float>)_mm512_shuffle_f32x4(ab, cd, 0xdd);
    at[2 * stride] = (Vec<float>)_mm512_shuffle_f32x4(ab_high, cd_high, 0x88);
    at[3 * stride] = (Vec<float>)_mm512_shuffle_f32x4(ab_high, cd_high, 0xdd);
}

// The gradient of one group of outputs on a slice of `whole` vectors, and a ragged one if there is one.
template <Prefetch Amount, int Outputs, class Tile, class Finish>
void gradient_group_int8(const Tile& tile, Index whole, bool ragged, const float* residual, Finish& finish) {
    const SplitResiduals<Outputs> split_residuals(residual, tile.count());
    Bytes x[max_quads * panel_vectors];
    Vec<float> sums[panel_vectors * Outputs];
    Index v = 0;
    for (; v + panel_vectors <= whole; v += panel_vectors) {
        accumulate_outputs<Amount, panel_vectors, Outputs>(tile, tile.rows(), v * lanes<float>, split_residuals, x,
                                                           sums);
        for (int o = 0; o < Outputs; ++o) {
            transpose_blocks(sums + o, Outputs);
        }
        for (int i = 0; i < panel_vectors; ++i) {
            finish(v + i, sums + i * Outputs);
        }
    }
    for (; v < whole + (ragged ? 1 : 0); ++v) {
        const bool in_place = v < whole;
        accumulate_outputs<Prefetch::none, 1, Outputs>(tile, in_place ? tile.rows() : tile.tails(),
                                                       in_place ? v * lanes<float> : 0, split_residuals, x, sums);
        finish(v, sums);
    }
}

#endif

}  // namespace onelayer::ONELAYER_ISA
