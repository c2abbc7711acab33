// Elementary functions on vectors: roots, exp and log. exp and log are exact to rounding, by Taylor series on a reduced
// argument; their coefficients, 1/n! and 1/(2n+1), can be checked by eye.
#pragma once

#include <limits>

#include "simd.hpp"

namespace onelayer::ONELAYER_ISA {

template <class T>
ONELAYER_INLINE Vec<T> square_root(Vec<T> v) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        return (Vec<T>)_mm512_sqrt_ps((__m512)v);
    } else {
        return (Vec<T>)_mm512_sqrt_pd((__m512d)v);
    }
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4) {
        return (Vec<T>)_mm256_sqrt_ps((__m256)v);
    } else {
        return (Vec<T>)_mm256_sqrt_pd((__m256d)v);
    }
#elif defined(__SSE2__)
    if constexpr (sizeof(T) == 4) {
        return (Vec<T>)_mm_sqrt_ps((__m128)v);
    } else {
        return (Vec<T>)_mm_sqrt_pd((__m128d)v);
    }
#else
    for (int i = 0; i < lanes<T>; ++i) {
        v[i] = sizeof(T) == 4 ? static_cast<T>(__builtin_sqrtf(static_cast<float>(v[i])))
                              : static_cast<T>(__builtin_sqrt(static_cast<double>(v[i])));
    }
    return v;
#endif
}

// 1/√v, and below √v, for v ≥ 0. With AVX-512, floats get the processor's estimate and one Newton step, within two
// units in the last place, because division and roots are slow. Infinity is taken for the largest float: times its
// estimate, which is 0, it would give NaN.
template <class T>
ONELAYER_INLINE Vec<T> inverse_square_root(Vec<T> v) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        v = smaller(broadcast(std::numeric_limits<float>::max()), v);
        const Vec<float> inverse = (Vec<float>)_mm512_rsqrt14_ps((__m512)v);
        return inverse + inverse * (0.5F - 0.5F * v * inverse * inverse);
    }
#endif
    return T(1) / square_root<T>(v);
}

template <class T>
ONELAYER_INLINE Vec<T> fast_square_root(Vec<T> v) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        v = smaller(broadcast(std::numeric_limits<float>::max()), v);
        const Vec<float> positive = larger(v, broadcast(std::numeric_limits<float>::min()));
        const Vec<float> inverse = (Vec<float>)_mm512_rsqrt14_ps((__m512)positive), root = v * inverse;
        return root + root * (0.5F - 0.5F * inverse * root);
    }
#endif
    return square_root<T>(v);
}

template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
    static constexpr int mantissa_bits = 23, bias = 127;
    // Adding it rounds to an integer, and leaves that integer in the low bits.
    static constexpr float rounder = 0x1.8p23F;
    // ln 2 in two parts; the high part times any exponent is exact.
    static constexpr float ln2_high = 0x1.62e4p-1F, ln2_low = 0x1.7f7d1cp-20F;
    // Below it, eˣ is returned as 0. e⁻⁸⁰ divided by any number of classes is still a normal number.
    static constexpr float smallest_exponent = -80.0F;
    static constexpr int exp_degree = 7, log_terms = 5;
};

template <>
struct FloatFormat<double> {
    static constexpr int mantissa_bits = 52, bias = 1023;
    static constexpr double rounder = 0x1.8p52;
    static constexpr double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
    static constexpr double smallest_exponent = -690.0;
    static constexpr int exp_degree = 13, log_terms = 11;
};

template <class T>
constexpr T inverse_factorial(int n) {
    T product = 1;
    for (int i = 2; i <= n; ++i) {
        product *= static_cast<T>(i);
    }
    return T(1) / product;
}

// eˣ for x ≤ 0, the only case there is: losses call it with differences from a maximum, or with −|z|.
template <class T>
ONELAYER_INLINE Vec<T> exp_of_negative(Vec<T> x) {
    using F = FloatFormat<T>;
    constexpr T log2_e = T(1.44269504088896340736);
    const Vec<T> bounded = larger(x, broadcast(F::smallest_exponent));
    const Vec<T> shifted = bounded * log2_e + F::rounder;
    const Vec<T> exponent = shifted - F::rounder;
    const Vec<T> rest = (bounded - exponent * F::ln2_high) - exponent * F::ln2_low;  // |rest| ≤ ½ ln 2
    Vec<T> series = broadcast(inverse_factorial<T>(F::exp_degree));
#pragma GCC unroll 16
    for (int n = F::exp_degree - 1; n >= 0; --n) {
        series = series * rest + inverse_factorial<T>(n);
    }
    const Vec<Bits<T>> scaled = (Vec<Bits<T>>)series + ((Vec<Bits<T>>)shifted << F::mantissa_bits);
    return select(x <= F::smallest_exponent, broadcast(T(0)), (Vec<T>)scaled);
}

// ln x for x ≥ 1 (losses call it with a sum of exponentials whose largest term is 1): x = m·2ᵉ with ½√2 ≤ m < √2, and
// ln m = 2 artanh((m − 1)/(m + 1)).
template <class T>
ONELAYER_INLINE Vec<T> log_from_one(Vec<T> x) {
    using F = FloatFormat<T>;
    using I = Bits<T>;
    constexpr I offset = sizeof(T) == 4 ? I(0x3f3504f3) : static_cast<I>(0x3fe6a09e667f3bcdLL);  // the bits of ½√2
    const Vec<I> exponent = ((Vec<I>)x - offset) >> F::mantissa_bits;
    const Vec<T> m = (Vec<T>)((Vec<I>)x - (exponent << F::mantissa_bits));
    const Vec<T> s = (m - T(1)) / (m + T(1)), square = s * s;
    Vec<T> series = broadcast(T(1) / T(2 * F::log_terms + 1));
#pragma GCC unroll 16
    for (int n = F::log_terms - 1; n >= 1; --n) {
        series = series * square + T(1) / T(2 * n + 1);
    }
    const Vec<T> e = __builtin_convertvector(exponent, Vec<T>);
    const Vec<T> twice = s + s;
    return e * F::ln2_high + (twice + (twice * square * series + e * F::ln2_low));
}

}  // namespace onelayer::ONELAYER_ISA
