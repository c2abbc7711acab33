// An image as planes of numbers with a border, from which gradients are computed.
#pragma once

#include <numeric>

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Sums the three channels of `summed_together` pixels of bytes. Every pixel's three bytes are moved to a group of four,
// which two multiply-adds by 1 add up; adding them one by one takes several times as long.
#if defined(__AVX512BW__)
template <class T>
inline constexpr Index summed_together = 16;

template <class T>
ONELAYER_INLINE void sum_threes(const std::uint8_t* from, T* to) {
    const __m512i bytes = _mm512_maskz_loadu_epi8((std::uint64_t{1} << 48) - 1, from);
    const __m512i quarters =
        _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 10, 11, 12), bytes);
    const __m512i pixels = _mm512_shuffle_epi8(
        quarters, _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1)));
    const __m512i sums = _mm512_madd_epi16(_mm512_maddubs_epi16(pixels, _mm512_set1_epi8(1)), _mm512_set1_epi16(1));
    if constexpr (sizeof(T) == 4) {
        _mm512_storeu_ps(to, _mm512_cvtepi32_ps(sums));
    } else {
        _mm512_storeu_pd(to, _mm512_cvtepi32_pd(_mm512_castsi512_si256(sums)));
        _mm512_storeu_pd(to + 8, _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(sums, 1)));
    }
}
#elif defined(__AVX2__)
template <class T>
inline constexpr Index summed_together = 8;

template <class T>
ONELAYER_INLINE void sum_threes(const std::uint8_t* from, T* to) {
    const __m256i bytes = _mm256_set_m128i(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + 16)),
                                           _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
    const __m256i quarters = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 3, 3, 4, 5, 6));
    const __m256i pixels = _mm256_shuffle_epi8(
        quarters, _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1)));
    const __m256i sums = _mm256_madd_epi16(_mm256_maddubs_epi16(pixels, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
    if constexpr (sizeof(T) == 4) {
        _mm256_storeu_ps(to, _mm256_cvtepi32_ps(sums));
    } else {
        _mm256_storeu_pd(to, _mm256_cvtepi32_pd(_mm256_castsi256_si128(sums)));
        _mm256_storeu_pd(to + 4, _mm256_cvtepi32_pd(_mm256_extracti128_si256(sums, 1)));
    }
}
#else
template <class T>
inline constexpr Index summed_together = 1;

template <class T>
ONELAYER_INLINE void sum_threes(const std::uint8_t* from, T* to) {
    *to = static_cast<T>(from[0] + from[1] + from[2]);
}
#endif

template <class In, class T>
class HogPlanes {
  public:
    // One plane, the sum of the channels; or, with job.strongest, a plane for each channel.
    HogPlanes(Arena& arena, const HogJob<T>& job)
        : job_(job),
          count_(job.strongest ? job.channels : 1),
          stride_((ceil_div(job.width, lanes<T>) + 1) * lanes<T>),
          memory_(arena.take<T>(count_ * size() + lanes<T>)) {}

    // To be called before the first image. Numbers beyond the last column are computed with but never used; what lies
    // in fresh memory could be denormal numbers, which are slow.
    void clear() { std::fill_n(memory_, count_ * size() + lanes<T>, T(0)); }

    Index count() const { return count_; }

    // Numbers in a plane, and in a line with its borders.
    Index size() const { return (job_.height + 2) * stride_; }
    Index stride() const { return stride_; }

    // Line y of the first plane, from −1 to height; there is a border number before and after it.
    T* line(Index y) const { return memory_ + (y + 1) * stride_ + lanes<T>; }

    void read(const In* image) {
        for (Index p = 0; p < count_; ++p) {
            read_plane(image, p);
            if (job_.square_root) {
                take_roots(p * size());
            }
            reflect(p * size());
        }
    }

  private:
    // A border pixel equals the pixel two steps inside of it, so that the gradient across the outermost pixels is 0.
    void reflect(Index plane) {
        const Index column = job_.width > 1 ? 1 : 0, row = job_.height > 1 ? 1 : 0;
        for (Index y = 0; y < job_.height; ++y) {
            T* at = line(y) + plane;
            at[-1] = at[column];
            at[job_.width] = at[job_.width - 1 - column];
        }
        std::copy_n(line(row) + plane, job_.width, line(-1) + plane);
        std::copy_n(line(job_.height - 1 - row) + plane, job_.width, line(job_.height) + plane);
    }

    // How a line of pixels becomes a line of numbers is chosen once for all lines.
    void read_plane(const In* image, Index plane) {
        const Index width = job_.width, channels = job_.channels;
        if (channels == 1) {
            each_line(image, plane, [=](const In* from, T* to) { convert(from, width, to); });
        } else if (job_.strongest) {
            each_line(image, plane, [=](const In* from, T* to) {
                for (Index x = 0; x < width; ++x) {
                    to[x] = static_cast<T>(from[x * channels + plane]);
                }
            });
        } else if (channels == 3) {
            each_line(image, plane, [=](const In* from, T* to) { sum_three_channels(from, width, to); });
        } else {
            each_line(image, plane, [=](const In* from, T* to) {
                for (Index x = 0; x < width; ++x, from += channels) {
                    to[x] = std::accumulate(from, from + channels, T(0));
                }
            });
        }
    }

    template <class Read>
    ONELAYER_INLINE void each_line(const In* image, Index plane, Read read) {
        const Index pixels = job_.width * job_.channels, stride = stride_;
        T* to = line(0) + plane * size();
        for (const In* end = image + job_.height * pixels; image != end; image += pixels, to += stride) {
            read(image, to);
        }
    }

    ONELAYER_INLINE static void convert(const In* from, Index width, T* to) {
        Index x = 0;
        for (; x + lanes<T> <= width; x += lanes<T>) {
            store(to + x, load<T>(from + x));
        }
        for (; x < width; ++x) {
            to[x] = static_cast<T>(from[x]);
        }
    }

    ONELAYER_INLINE static void sum_three_channels(const In* from, Index width, T* to) {
        Index x = 0;
        if constexpr (sizeof(In) == 1) {
            for (; x + summed_together<T> <= width; x += summed_together<T>) {
                sum_threes<T>(from + 3 * x, to + x);
            }
        }
        for (; x < width; ++x) {
            to[x] = static_cast<T>(from[3 * x]) + static_cast<T>(from[3 * x + 1]) + static_cast<T>(from[3 * x + 2]);
        }
    }

    void take_roots(Index plane) {
        for (Index y = 0; y < job_.height; ++y) {
            T* at = line(y) + plane;
            std::transform(at, at + job_.width, at, [](T pixel) { return std::sqrt(pixel); });
        }
    }

    const HogJob<T>& job_;
    Index count_, stride_;
    T* memory_;
};

}  // namespace onelayer::ONELAYER_ISA
