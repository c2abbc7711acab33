// Vectors of the widest kind that this translation unit is compiled for, and the few operations on them for which
// compilers do not find the best instructions by themselves.
//
// Everything here is in a namespace named after the instruction set. Otherwise the linker could keep one copy of a
// function for all sets, with instructions that an older processor does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__AVX512F__) || defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#endif

#define ONELAYER_INLINE inline __attribute__((always_inline))
#define ONELAYER_NOINLINE __attribute__((noinline))

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
    return value - Vec<T>{};  // compiles to nothing, since x − 0 is x for every x; 0 + x is not, for −0
}

template <class T>
ONELAYER_INLINE void store(T* at, Vec<T> value) {
    *reinterpret_cast<typename VectorOf<T, lanes<T>>::unaligned*>(at) = value;
}

// Reads lanes<T> numbers of type In and widens them to T. Bytes are widened by intrinsics, because
// __builtin_convertvector converts them one by one.
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
ONELAYER_INLINE __mmask16 mask_of_first(std::int64_t count) {
    return static_cast<__mmask16>((1U << count) - 1U);
}
#endif

// Loads, and below stores, of the first `count` numbers alone; the other lanes are `rest`, or are not written.
template <class T>
ONELAYER_INLINE Vec<T> load_some(const T* at, std::int64_t count, T rest = T(0)) {
#if defined(__AVX512F__)
    const __mmask16 mask = mask_of_first(count);
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
    const __mmask16 mask = mask_of_first(count);
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

// Makes the compiler keep a value in a register. Otherwise it loads it again for every use, and a processor can do no
// more loads in a cycle (two) than products.
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

// sum + value in the lanes where a > b: one masked addition with AVX-512, which compilers do not find.
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

// a > b ? a : b and a < b ? a : b; so b where one of them is NaN. That is one instruction, which compilers do not find
// for vectors of 64 bytes.
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

template <class T, int By, std::size_t... I>
ONELAYER_INLINE Vec<T> rotated(Vec<T> v, std::index_sequence<I...>) {
    return __builtin_shufflevector(v, v, ((I + By) % lanes<T>)...);
}

// By halves: lane after lane, each addition would wait for the one before.
template <class T, int Half = lanes<T> / 2>
ONELAYER_INLINE T sum_of_lanes(Vec<T> v) {
    if constexpr (Half == 0) {
        return v[0];
    } else {
        return sum_of_lanes<T, Half / 2>(v + rotated<T, Half>(v, std::make_index_sequence<lanes<T>>{}));
    }
}

// A pair of vectors (a, b) becomes one vector of sums of two lanes each by adding two shuffles: one of the even, one of
// the odd lanes of both. This is where lane `lane` of such a shuffle comes from, counted through a and then b. Without
// `across`, even and odd are the numbers within each 128 bits, because shuffles that stay within 128 bits are cheap;
// with it, even and odd are the blocks of 128 bits.
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

// Lanes in a unit: the 128 bits within which shuffles are cheap.
template <class T>
inline constexpr int unit_lanes = 16 / static_cast<int>(sizeof(T));

// Takes as many vectors as a unit has lanes. In each unit of the result, lane i is the sum of the i-th vector's lanes
// in that unit.
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

// Sums the lanes of each of Count vectors: totals[c] = Σ lanes of sums[c]. Pair by pair, as a tree, a vector costs two
// shuffles; alone it would cost one for every halving.
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

}  // namespace onelayer::ONELAYER_ISA
