// Products of bytes with floats, by integers: a float is written as three signed digits of base 256, relative to the
// largest of its kind, and processors that multiply four bytes and add them up in one instruction (AVX-512 VNNI) do the
// rest exactly. Three digits are 24 bits, as many as a float has; and three such instructions for 64 products take
// less time than four for floats, before which the bytes would have to be widened besides.
#pragma once

#include "simd.hpp"

namespace onelayer::ONELAYER_ISA {

// Whether rows of In are multiplied with T in digits.
#if defined(__AVX512VNNI__)
template <class In, class T>
inline constexpr bool in_digits = std::is_same_v<In, std::uint8_t> && std::is_same_v<T, float>;
#else
template <class In, class T>
inline constexpr bool in_digits = false;
#endif

inline constexpr int digits = 3;

#if defined(__AVX512VNNI__)

using Bytes = __m512i;
using Counts = __m512i;  // 16 sums of products

// The largest integer to be written in digits of −128 … 127: they reach a little further, which leaves room to round.
inline constexpr float largest_in_digits = 127.0F * 65536;

// The largest magnitude seen, by bits: so that infinity and NaN are larger than all else.
class Largest {
  public:
    ONELAYER_INLINE void see(Vec<float> v) {
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

// By what floats are multiplied to become integers of three digits, and what a unit of theirs is worth. If any of them
// is not finite, neither is the unit, so that training which diverges is seen to.
struct DigitScale {
    float to_digits = 0, unit = 0;

    // For numbers up to `largest`.
    static DigitScale of(float largest) {
        constexpr float nothing = 1e-30F;  // what is smaller adds nothing to a score or a weight
        return largest <= nothing ? DigitScale{} : DigitScale{largest_in_digits / largest, largest / largest_in_digits};
    }

    // Whether numbers of which this is the largest can be written, and lose no more than a bit.
    bool suits(float largest) const {
        const float integer = largest * to_digits;
        return integer <= largest_in_digits && integer >= largest_in_digits / 2;
    }
};

// Digits of 16 floats: four at a time, the four lowest, the four middle ones, the four highest, and four that mean
// nothing.
ONELAYER_INLINE Bytes digits_of(Vec<float> v, DigitScale scale) {
    const __m512i integers = _mm512_cvtps_epi32((__m512)(v * scale.to_digits));
    // With 128 added to every digit they are what bytes of an integer hold; taking it off again is one exclusive or.
    const __m512i half = _mm512_set1_epi32(0x00808080);
    const __m512i bytes = _mm512_xor_si512(_mm512_add_epi32(integers, half), half);
    const __m512i gather = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm512_shuffle_epi8(bytes, gather);
}

// Rows or columns of a 4 × 4 matrix of numbers that lie in a vector's 128-bit blocks, exchanged.
ONELAYER_INLINE Bytes transposed(Bytes blocks) {
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), blocks);
}

// sums + products of 64 bytes with as many digits, four added up in each lane.
ONELAYER_INLINE Counts add_products(Counts sums, Bytes bytes, Bytes signed_digits) {
    return _mm512_dpbusd_epi32(sums, bytes, signed_digits);
}

// Sums of products with digits, from the lowest to the highest, as floats in the digits' unit.
ONELAYER_INLINE Vec<float> from_digits(const Counts* sums) {
    const Vec<float> low = (Vec<float>)_mm512_cvtepi32_ps(sums[0]), middle = (Vec<float>)_mm512_cvtepi32_ps(sums[1]),
                     high = (Vec<float>)_mm512_cvtepi32_ps(sums[2]);
    return high * 65536.0F + (middle * 256.0F + low);
}

#endif

}  // namespace onelayer::ONELAYER_ISA
