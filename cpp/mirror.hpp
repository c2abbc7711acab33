// Mirroring a line of an image left to right.
#pragma once

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Where byte `place` of a mirrored piece comes from, in the sixteen bytes that end with the piece; bytes beyond its
// whole pixels are overwritten later.
template <int Channels>
constexpr int mirrored_byte(int place) {
    constexpr int pixels = 16 / Channels, spare = 16 - pixels * Channels;
    return place < pixels * Channels ? spare + (pixels - 1 - place / Channels) * Channels + place % Channels : place;
}

template <int Channels, std::size_t... I>
ONELAYER_INLINE void mirror_16_bytes(const std::uint8_t* from, std::uint8_t* to, std::index_sequence<I...>) {
    using Bytes = VectorOf<std::uint8_t, 16>;
    const auto pixels = *reinterpret_cast<const Bytes::unaligned*>(from);
    *reinterpret_cast<Bytes::unaligned*>(to) = __builtin_shufflevector(pixels, pixels, mirrored_byte<Channels>(I)...);
}

// Writes `width` pixels of `from` in reverse order. Bytes go sixteen at a time where that neither reads nor writes
// outside of the line.
template <int Channels, class In>
void mirror_pixels(const In* from, In* to, Index width) {
    constexpr int pixels = 16 / Channels;
    Index done = 0;
    if constexpr (sizeof(In) == 1) {
        for (; (width - done) * Channels >= 16; done += pixels) {
            mirror_16_bytes<Channels>(from + (width - done) * Channels - 16, to + done * Channels,
                                      std::make_index_sequence<16>{});
        }
    }
    for (; done < width; ++done) {
        std::memcpy(to + done * Channels, from + (width - 1 - done) * Channels, Channels * sizeof(In));
    }
}

template <class In>
void mirror_line(const In* from, In* to, Index width, Index channels) {
    if (channels == 1) {
        mirror_pixels<1>(from, to, width);
    } else if (channels == 3) {
        mirror_pixels<3>(from, to, width);
    } else {
        for (Index x = 0; x < width; ++x) {
            std::memcpy(to + x * channels, from + (width - 1 - x) * channels,
                        static_cast<std::size_t>(channels) * sizeof(In));
        }
    }
}

}  // namespace onelayer::ONELAYER_ISA
