// Products of bytes with floats, by integers. A float is split into three int8 limbs, the signed digits base 256 of an
// integer relative to the largest float of its kind. Processors that multiply four pairs of bytes and add them up in
// one instruction (AVX-512 VNNI) then do the rest exactly. Three limbs have 24 bits, as many as a float has; and three
// such instructions for 64 products take less time than four float instructions, before which the bytes would have to
// be widened as well.
#pragma once

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Whether rows of In are multiplied with T by integers.
#if defined(__AVX512VNNI__)
template <class In, class T>
inline constexpr bool uses_int8 = std::is_same_v<In, std::uint8_t> && std::is_same_v<T, float>;
#else
template <class In, class T>
inline constexpr bool uses_int8 = false;
#endif

inline constexpr int limbs = 3;

#if defined(__AVX512VNNI__)

using Bytes = __m512i;
using Int32Sums = __m512i;  // 16 sums of products

// The largest integer to be split. Limbs of −128 … 127 reach a little further, which leaves room for rounding.
inline constexpr float max_split_integer = 127.0F * 65536;

// The largest magnitude seen. Magnitudes are compared as integers, where infinity and NaN are larger than all numbers.
class AbsMax {
  public:
    ONELAYER_INLINE void update(Vec<float> v) {
        bits_ = _mm512_max_epu32(bits_, _mm512_and_si512((__m512i)v, _mm512_set1_epi32(0x7fffffff)));
    }
    float value() const {
        const unsigned bits = _mm512_reduce_max_epu32(bits_);
        float value = 0;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }

  private:
    __m512i bits_ = _mm512_setzero_si512();
};

// The factor that turns floats into integers of three limbs, and its inverse, the step between neighbouring integers.
// If one of the floats is not finite, neither is the step, and so neither are the products: training that diverges is
// noticed.
struct SplitScale {
    float to_integer = 0, step = 0;

    // For numbers up to `largest` in magnitude.
    static SplitScale of(float largest) {
        constexpr float negligible = 1e-30F;  // smaller numbers add nothing to a score or a weight
        return largest <= negligible ? SplitScale{}
                                     : SplitScale{max_split_integer / largest, largest / max_split_integer};
    }

    // Whether numbers of which this is the largest can be split, and lose at most one bit.
    bool fits(float largest) const {
        const float integer = largest * to_integer;
        return integer <= max_split_integer && integer >= max_split_integer / 2;
    }
};

// The limbs of 16 floats. For every four floats: their four lowest limbs, the four middle ones, the four highest, and
// four bytes without a meaning.
ONELAYER_INLINE Bytes split(Vec<float> v, SplitScale scale) {
    const __m512i integers = _mm512_cvtps_epi32((__m512)(v * scale.to_integer));
    // With 128 added to every limb they are the bytes of an integer; one exclusive or takes the 128 off again.
    const __m512i half = _mm512_set1_epi32(0x00808080);
    const __m512i bytes = _mm512_xor_si512(_mm512_add_epi32(integers, half), half);
    const __m512i gather = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm512_shuffle_epi8(bytes, gather);
}

// Transposes the 4 × 4 matrix of 32-bit numbers whose rows are the vector's 128-bit blocks.
ONELAYER_INLINE Bytes transpose_numbers(Bytes blocks) {
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), blocks);
}

// sums + products of 64 bytes with as many limbs, four of them added up in each lane.
ONELAYER_INLINE Int32Sums add_dot_products(Int32Sums sums, Bytes bytes, Bytes signed_limbs) {
    return _mm512_dpbusd_epi32(sums, bytes, signed_limbs);
}

// Sums of products with limbs, from the lowest limb to the highest, as one float in steps of the split.
ONELAYER_INLINE Vec<float> combine(const Int32Sums* sums) {
    const Vec<float> low = (Vec<float>)_mm512_cvtepi32_ps(sums[0]), middle = (Vec<float>)_mm512_cvtepi32_ps(sums[1]),
                     high = (Vec<float>)_mm512_cvtepi32_ps(sums[2]);
    return high * 65536.0F + (middle * 256.0F + low);
}

#endif

// The split of weights: for each group of outputs, each vector of features and each output there are three blocks of
// 16 limbs. Where rows and weights are multiplied as floats, there is nothing to keep.
template <class In, class T, bool = uses_int8<In, T>>
class SplitWeights {
  public:
    SplitWeights(Arena&, const Groups<T>&, Index, Index) {}
    void write_all(const T*) {}
    void finish_step(const T*) {}
    template <int Outputs>
    ONELAYER_INLINE void write(OutputGroup, Index, const Vec<T>*) {}
};

#if defined(__AVX512VNNI__)

// A step splits the new weights while they are in registers, with the scale of the step before, and watches whether
// they still fit.
template <class In, class T>
class SplitWeights<In, T, true> {
  public:
    SplitWeights(Arena& arena, const Groups<T>& groups, Index k, Index vectors)
        : groups_(groups), k_(k), vectors_(vectors) {
        limbs_ = arena.take<std::int8_t>(k * vectors * block);
        scales_ = arena.take<SplitScale>(k);
        largest_ = arena.take<AbsMax>(k);
    }

    const std::int8_t* of(OutputGroup group) const { return at(group, 0); }
    const SplitScale* scales(OutputGroup group) const { return scales_ + group.first; }

    // Of weights packed as PackedWeights packs them.
    void write_all(const T* weights) {
        for (Index g = 0; g < groups_.count; ++g) {
            write_group(groups_[g], weights);
        }
        std::fill(largest_, largest_ + k_, AbsMax());
    }

    template <int Outputs>
    ONELAYER_INLINE void write(OutputGroup group, Index vector, const Vec<T>* weights) {
        std::int8_t* const to = at(group, vector);
        AbsMax* const largest = largest_ + group.first;
        const SplitScale* const scales = scales_ + group.first;
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            largest[o].update(weights[o]);
            write_block(to + o * block, weights[o], scales[o]);
        }
    }

    // To be called when a step has written all weights: splits those again that no longer fit their scale.
    void finish_step(const T* weights) {
        for (Index g = 0; g < groups_.count; ++g) {
            const OutputGroup group = groups_[g];
            bool all_fit = true;
            for (Index c = group.first; c < group.first + group.size; ++c) {
                all_fit = all_fit && scales_[c].fits(largest_[c].value());
            }
            if (!all_fit) {
                write_group(group, weights);
            }
        }
        std::fill(largest_, largest_ + k_, AbsMax());
    }

  private:
    static constexpr Index block = limbs * lanes<T>;

    void write_group(OutputGroup group, const T* weights) {
        const auto weights_at = [&](Index vector, int output) {
            return load<T>(weights + (group.first * vectors_ + vector * group.size + output) * lanes<T>);
        };
        for (int o = 0; o < group.size; ++o) {
            AbsMax largest;
            for (Index v = 0; v < vectors_; ++v) {
                largest.update(weights_at(v, o));
            }
            constexpr T room_to_grow = 1.25;
            SplitScale& scale = scales_[group.first + o] = SplitScale::of(largest.value() * room_to_grow);
            for (Index v = 0; v < vectors_; ++v) {
                write_block(at(group, v) + o * block, weights_at(v, o), scale);
            }
        }
    }

    ONELAYER_INLINE static void write_block(std::int8_t* to, Vec<T> weights, SplitScale scale) {
        _mm512_mask_storeu_epi32(to, 0x0fff, transpose_numbers(split(weights, scale)));
    }

    std::int8_t* at(OutputGroup group, Index vector) const {
        return limbs_ + (group.first * vectors_ + vector * group.size) * block;
    }

    Groups<T> groups_;
    Index k_, vectors_;
    std::int8_t* limbs_;
    SplitScale* scales_;
    AbsMax* largest_;
};

inline constexpr Index max_quads = (max_tile_rows + 3) / 4;
// Residuals of one group of outputs, split: for every quad of rows and every output, the rows' limbs as three numbers
// of four bytes, and one number without a meaning.
template <int Outputs>
struct SplitResiduals {
    alignas(vector_bytes) std::int32_t of_rows[(max_quads + 4) * Outputs * 4];
    float steps[Outputs];

    SplitResiduals(const float* residual, Index count) {
        for (int o = 0; o < Outputs; ++o) {
            const float* of_output = residual + o * tile_stride;
            AbsMax largest;
            for (Index row = 0; row < count; row += lanes<float>) {
                largest.update(load<float>(of_output + row));
            }
            const auto scale = SplitScale::of(largest.value());
            steps[o] = scale.step;
            for (Index row = 0; row < count; row += lanes<float>) {
                alignas(vector_bytes) std::int32_t numbers[lanes<float>];
                store(numbers, (Vec<std::int32_t>)split(load<float>(of_output + row), scale));
                for (int q = 0; q < 4; ++q) {
                    std::copy(numbers + 4 * q, numbers + 4 * q + 4, of_rows + ((row / 4 + q) * Outputs + o) * 4);
                }
            }
        }
    }
};

#endif

}  // namespace onelayer::ONELAYER_ISA
