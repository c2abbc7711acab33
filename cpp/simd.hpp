// Vectors of the widest kind that this translation unit is compiled for, and the few operations on them that the
// compiler does not spell well by itself.
//
// Everything here is in a namespace named after the instruction set, so that the linker never takes one set's code for
// another's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#if defined(__AVX512F__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#endif

#ifndef ONELAYER_ISA
#define ONELAYER_ISA baseline
#endif

#define ONELAYER_INLINE inline __attribute__((always_inline))

namespace onelayer::ONELAYER_ISA {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int vector_registers = 32;
#elif defined(__AVX2__)
inline constexpr int vector_bytes = 32;
inline constexpr int vector_registers = 16;
#elif defined(__aarch64__)
inline constexpr int vector_bytes = 16;
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_bytes = 16;
inline constexpr int vector_registers = 16;
#endif

template <class T, int N>
struct VectorOf {
    typedef T type __attribute__((vector_size(N * sizeof(T)), may_alias));
    typedef T unaligned __attribute__((vector_size(N * sizeof(T)), aligned(alignof(T)), may_alias));
};

template <class T>
inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));

template <class T>
using Vec = typename VectorOf<T, lanes<T>>::type;

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

template <class T>
ONELAYER_INLINE Vec<T> broadcast(T value) {
    return value - Vec<T>{};  // x − 0 is x whatever x is, and so costs nothing; 0 + x is not (−0)
}

template <class T>
ONELAYER_INLINE void store(T* at, Vec<T> value) {
    *reinterpret_cast<typename VectorOf<T, lanes<T>>::unaligned*>(at) = value;
}

// Reads lanes<T> numbers of type In and widens them to T. Bytes go through intrinsics: __builtin_convertvector takes
// them apart one by one.
template <class T, class In>
ONELAYER_INLINE Vec<T> load(const In* at) {
    using Narrow = VectorOf<In, lanes<T>>;
    if constexpr (std::is_same_v<T, In>) {
        return *reinterpret_cast<const typename Narrow::unaligned*>(at);
    }
#if defined(__AVX512F__)
    else if constexpr (sizeof(In) == 1 && sizeof(T) == 4) {
        return (Vec<T>)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))));
    } else if constexpr (sizeof(In) == 1) {
        return (Vec<T>)_mm512_cvtepi32_pd(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
    }
#elif defined(__AVX2__)
    else if constexpr (sizeof(In) == 1 && sizeof(T) == 4) {
        return (Vec<T>)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at))));
    } else if constexpr (sizeof(In) == 1) {
        return (Vec<T>)_mm256_cvtepi32_pd(_mm_cvtepu8_epi32(_mm_loadu_si32(at)));
    }
#elif defined(__SSE2__)
    else if constexpr (sizeof(In) == 1) {
        std::int32_t packed = 0;
        std::memcpy(&packed, at, sizeof(T) == 4 ? 4 : 2);
        const __m128i zero = _mm_setzero_si128();
        const __m128i wide = _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(packed), zero), zero);
        if constexpr (sizeof(T) == 4) {
            return (Vec<T>)_mm_cvtepi32_ps(wide);
        } else {
            return (Vec<T>)_mm_cvtepi32_pd(wide);
        }
    }
#endif
    else {
        return __builtin_convertvector(*reinterpret_cast<const typename Narrow::unaligned*>(at), Vec<T>);
    }
}

#if defined(__AVX512F__)
ONELAYER_INLINE __mmask16 first_of_mask(std::int64_t count) {
    return static_cast<__mmask16>((1U << count) - 1U);
}
#endif

// The same of the first `count` numbers alone; the other lanes are `rest`, or are not written.
template <class T>
ONELAYER_INLINE Vec<T> load_some(const T* at, std::int64_t count, T rest = T(0)) {
#if defined(__AVX512F__)
    const __mmask16 mask = first_of_mask(count);
    if constexpr (sizeof(T) == 4) {
        return (Vec<T>)_mm512_mask_loadu_ps((__m512)broadcast(rest), mask, at);
    } else {
        return (Vec<T>)_mm512_mask_loadu_pd((__m512d)broadcast(rest), static_cast<__mmask8>(mask), at);
    }
#else
    if (count == lanes<T>) {
        return load<T>(at);
    }
    Vec<T> some = broadcast(rest);
    for (int i = 0; i < count; ++i) {
        some[i] = at[i];
    }
    return some;
#endif
}

template <class T>
ONELAYER_INLINE void store_some(T* at, Vec<T> value, std::int64_t count) {
#if defined(__AVX512F__)
    const __mmask16 mask = first_of_mask(count);
    if constexpr (sizeof(T) == 4) {
        _mm512_mask_storeu_ps(at, mask, (__m512)value);
    } else {
        _mm512_mask_storeu_pd(at, static_cast<__mmask8>(mask), (__m512d)value);
    }
#else
    if (count == lanes<T>) {
        store(at, value);
        return;
    }
    for (int i = 0; i < count; ++i) {
        at[i] = value[i];
    }
#endif
}

// Makes the compiler hold a value in a register that it would otherwise load again for every use: two loads a cycle are
// as scarce as two products.
template <class V>
ONELAYER_INLINE void keep_in_register(V& value) {
#if defined(__AVX512F__)
    __asm__("" : "+v"(value));
#elif defined(__SSE2__)
    __asm__("" : "+x"(value));
#elif defined(__aarch64__)
    __asm__("" : "+w"(value));
#else
    (void)value;
#endif
}

template <class V, class M>
ONELAYER_INLINE V select(M mask, V yes, V no) {
    return mask ? yes : no;
}

// sum + value in the lanes where a > b. Where lanes have masks of their own, compilers don't find it.
template <class T>
ONELAYER_INLINE Vec<T> add_where_greater(Vec<T> a, Vec<T> b, Vec<T> sum, Vec<T> value) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        const __mmask16 greater = _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ);
        return (Vec<T>)_mm512_mask_add_ps((__m512)sum, greater, (__m512)sum, (__m512)value);
    } else {
        const __mmask8 greater = _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GT_OQ);
        return (Vec<T>)_mm512_mask_add_pd((__m512d)sum, greater, (__m512d)sum, (__m512d)value);
    }
#else
    return sum + select(a > b, value, Vec<T>{});
#endif
}

// a > b ? a : b and a < b ? a : b, and so b where one of them is no number. It is one instruction, which for
// 64 bytes compilers don't find.
template <class V>
ONELAYER_INLINE V larger(V a, V b) {
#if defined(__AVX512F__)
    if constexpr (sizeof(a[0]) == 4) {
        return (V)_mm512_max_ps((__m512)a, (__m512)b);
    } else {
        return (V)_mm512_max_pd((__m512d)a, (__m512d)b);
    }
#else
    return a > b ? a : b;
#endif
}

template <class V>
ONELAYER_INLINE V smaller(V a, V b) {
#if defined(__AVX512F__)
    if constexpr (sizeof(a[0]) == 4) {
        return (V)_mm512_min_ps((__m512)a, (__m512)b);
    } else {
        return (V)_mm512_min_pd((__m512d)a, (__m512d)b);
    }
#else
    return a < b ? a : b;
#endif
}

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

// 1/√v and √v of numbers from 0 on, of floats to within two of the last place: by an estimate and a step of Newton's,
// where dividing and roots are slow. Infinity counts as the largest float: it times an estimate of 0 would be no
// number.
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

template <class T, int By, std::size_t... I>
ONELAYER_INLINE Vec<T> rotated(Vec<T> v, std::index_sequence<I...>) {
    return __builtin_shufflevector(v, v, ((I + By) % lanes<T>)...);
}

// As a tree: lane after lane, each sum would wait for the one before.
template <class T, int Half = lanes<T> / 2>
ONELAYER_INLINE T sum_of_lanes(Vec<T> v) {
    if constexpr (Half == 0) {
        return v[0];
    } else {
        return sum_of_lanes<T, Half / 2>(v + rotated<T, Half>(v, std::make_index_sequence<lanes<T>>{}));
    }
}

// Lane numbers of one of the two shuffles by which a pair (a, b) of vectors becomes one vector of half-summed lanes:
// the even, or the odd, units of both. Within 128 bits a unit is a number, beyond it is 128 bits, because shuffles that
// stay within 128 bits are the cheap ones.
template <class T>
constexpr int pair_lane(int lane, bool across, bool odd) {
    constexpr int count = lanes<T>;
    constexpr int within = 16 / static_cast<int>(sizeof(T));
    if (!across) {
        const int block = lane / within, place = lane % within, half = within / 2;
        const int source = block * within + 2 * (place % half) + (odd ? 1 : 0);
        return place < half ? source : source + count;
    }
    const int block = lane / within, blocks = count / within, half = blocks / 2;
    const int source = (2 * (block % half) + (odd ? 1 : 0)) * within + lane % within;
    return block < half ? source : source + count;
}

template <class T, bool Across, std::size_t... I>
ONELAYER_INLINE Vec<T> add_pairs(Vec<T> a, Vec<T> b, std::index_sequence<I...>) {
    return __builtin_shufflevector(a, b, pair_lane<T>(I, Across, false)...) +
           __builtin_shufflevector(a, b, pair_lane<T>(I, Across, true)...);
}

// Lanes of 128 bits.
template <class T>
inline constexpr int unit_lanes = 16 / static_cast<int>(sizeof(T));

// Of as many vectors as a unit of 128 bits has lanes: in each unit, the sum of the first vector's lanes there, of the
// second's, and so on.
template <class T, int Count = unit_lanes<T>>
ONELAYER_INLINE Vec<T> sums_of_units(const Vec<T>* vectors) {
    if constexpr (Count == 1) {
        return vectors[0];
    } else {
        return add_pairs<T, false>(sums_of_units<T, Count / 2>(vectors),
                                   sums_of_units<T, Count / 2>(vectors + Count / 2),
                                   std::make_index_sequence<lanes<T>>{});
    }
}

// Sums the lanes of each of Count vectors: totals[c] = Σ lanes of sums[c]. As a tree of pairs a vector costs two
// shuffles, not one for every halving.
template <class T, int Count>
ONELAYER_INLINE void sums_of_lanes(const Vec<T>* sums, T* totals) {
    constexpr int per_vector = lanes<T>;
    constexpr int within = 16 / static_cast<int>(sizeof(T));
    constexpr bool across = per_vector > within;
    using All = std::make_index_sequence<per_vector>;
#pragma GCC unroll 64
    for (int first = 0; first < Count; first += per_vector) {
        Vec<T> tree[per_vector];
        int count = Count - first < per_vector ? Count - first : per_vector;
#pragma GCC unroll 16
        for (int c = 0; c < count; ++c) {
            tree[c] = sums[first + c];
        }
        const int wanted = count;
#pragma GCC unroll 4
        for (int width = 1; width < per_vector; width *= 2) {
            const int pairs = (count + 1) / 2;
#pragma GCC unroll 8
            for (int p = 0; p < pairs; ++p) {
                const Vec<T> a = tree[2 * p], b = 2 * p + 1 < count ? tree[2 * p + 1] : tree[2 * p];
                tree[p] = width < within ? add_pairs<T, false>(a, b, All{}) : add_pairs<T, across>(a, b, All{});
            }
            count = pairs;
        }
        alignas(vector_bytes) T lane_totals[per_vector];
        store(lane_totals, tree[0]);
        std::memcpy(totals + first, lane_totals, sizeof(T) * static_cast<std::size_t>(wanted));
    }
}

// Asks for a cache line to be brought near; an address outside of any memory is harmless.
ONELAYER_INLINE void prefetch(const void* at) {
    __builtin_prefetch(at, 0, 2);
}

// The same, right up to the first-level cache.
ONELAYER_INLINE void prefetch_nearest(const void* at) {
    __builtin_prefetch(at, 0, 3);
}

// That for all of some numbers that another thread has just written: one by one they'd be waited for in turn.
template <class T>
ONELAYER_INLINE void prefetch_all(const T* numbers, std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += 64 / static_cast<std::int64_t>(sizeof(T))) {
        prefetch_nearest(numbers + i);
    }
}

}  // namespace onelayer::ONELAYER_ISA
