// The rows of a tile as the kernels need them: where each begins, its last features in a full vector, its label and its
// weight.
//
// Rows are read where they lie, in the data's own type. Only two things are copied: mirrored rows, and a row's tail,
// the last features where d is not a multiple of the vector width.
#pragma once

#include <cstring>

#include "prefetch.hpp"

namespace onelayer::ONELAYER_ISA {

// Sixteen bytes of an image are mirrored by one shuffle: as many whole pixels as they hold. Byte `place` of the result
// comes from this one of the sixteen bytes that end with those pixels; bytes after the pixels are overwritten later.
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

// Writes `width` pixels of `from` in reverse order, sixteen bytes at a time where that neither reads nor writes outside
// of the line.
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

// Mirrors a line of an image left to right.
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

// Copies the first `count` of at most 2 · Max − 1 numbers in pieces of known size, which is faster than a loop.
template <Index Max, class In>
ONELAYER_INLINE void copy_some(const In* from, In* to, Index count) {
    const Index piece = count & Max;
    if (piece != 0) {
        std::memcpy(to, from, Max * sizeof(In));
    }
    if constexpr (Max > 1) {
        copy_some<Max / 2>(from + piece, to + piece, count);
    }
}

// Features `slice` of a tile's rows.
template <class In, class T>
class TileRows {
  public:
    TileRows(Arena& arena, const Rows& source, Slice slice) : source_(source), slice_(slice) {
        line_ = source.width * source.channels;
        first_feature_ = slice.first * lanes<T>;
        const Index last_feature = std::min<Index>(source.d, slice.last * lanes<T>);
        first_line_ = source.mirrored == nullptr ? 0 : first_feature_ / line_;
        const Index last_line = source.mirrored == nullptr ? 0 : ceil_div(last_feature, line_);
        copy_size_ = (last_line - first_line_) * line_;
        copies_ = arena.take<In>(copy_size_ == 0 ? 0 : copy_size_ * max_tile_rows + 64);
        tails_ = arena.take<In>(slice.ragged ? max_tile_rows * lanes<T> : 0);
        prefetcher_ = RowPrefetcher(static_cast<const In*>(nullptr), source, first_feature_, last_feature);
        begins_ = arena.take<const In*>(padded);
        tail_begins_ = arena.take<const In*>(padded);
    }

    Index count() const { return count_; }
    // Where each of `count` rows begins; then the last one again, for blocks that reach beyond it.
    const In* const* rows() const { return begins_; }
    const In* const* tails() const { return tail_begins_; }  // the same of the tails

    RowPrefetcher& prefetcher() const { return prefetcher_; }  // of the rows that come next

    // Fills the tile with rows order[first … first + count); without an order, with rows first … first + count.
    void fill(const Index* order, Index first, Index count) {
        count_ = count;
        for (Index i = 0; i < count; ++i) {
            const Index which = index_at(order, first + i);
            begins_[i] =
                source_.mirrored != nullptr && source_.mirrored[which] != 0 ? mirrored_copy(which, i) : row(which);
        }
        for (Index i = count; i < padded; ++i) {
            begins_[i] = begins_[count - 1];
        }
        copy_tails();
    }

  private:
    static constexpr Index padded = max_tile_rows + 16;

    const In* whole_row(Index which) const {
        return static_cast<const In*>(source_.data) + index_at(source_.indices, which) * source_.d;
    }

    const In* row(Index which) const { return whole_row(which) + first_feature_; }

    const In* mirrored_copy(Index which, Index i) {
        In* copy = copies_ + i * copy_size_;
        const In* from = whole_row(which) + first_line_ * line_;
        for (Index at = 0; at < copy_size_; at += line_) {
            mirror_line(from + at, copy + at, source_.width, source_.channels);
        }
        return copy + (first_feature_ - first_line_ * line_);
    }

    void copy_tails() {
        if (!slice_.ragged) {
            return;
        }
        const Index tail = source_.d % lanes<T>, at = (slice_.last - 1 - slice_.first) * lanes<T>;
        for (Index i = 0; i < count_; ++i) {
            In* end = tails_ + i * lanes<T>;
            std::memset(end, 0, lanes<T> * sizeof(In));
            copy_some<lanes<T>>(begins_[i] + at, end, tail);
            tail_begins_[i] = end;
        }
        for (Index i = count_; i < padded; ++i) {
            tail_begins_[i] = tail_begins_[count_ - 1];
        }
    }

    const Rows& source_;
    Slice slice_;
    Index line_, first_feature_, first_line_, copy_size_, count_ = 0;
    In* copies_;
    In* tails_;
    const In** begins_;
    const In** tail_begins_;
    mutable RowPrefetcher prefetcher_;
};

// The targets and weights of a tile's rows.
template <class T>
class TileLabels {
  public:
    TileLabels(Arena& arena, const Targets<T>& targets, const T* row_weights, Index k)
        : targets_(targets), row_weights_(row_weights), k_(k) {
        labels = arena.take<T>(tile_stride);
        weights = arena.take<T>(tile_stride);
        probabilities = targets.probabilities == nullptr ? nullptr : arena.take<T>(k * tile_stride);
    }

    T* labels = nullptr;
    T* weights = nullptr;        // 0 after the last row
    T* probabilities = nullptr;  // k classes, tile_stride apart; null where the targets are labels
    double total_weight() const { return total_weight_; }

    void fill(const Index* order, Index first, Index count) {
        total_weight_ = static_cast<double>(count);
        std::fill(weights, weights + count, T(1));
        std::fill(weights + count, weights + tile_stride, T(0));
        if (row_weights_ != nullptr) {
            total_weight_ = 0;
            for (Index i = 0; i < count; ++i) {
                weights[i] = row_weights_[index_at(order, first + i)];
                total_weight_ += static_cast<double>(weights[i]);
            }
        }
        for (Index i = 0; i < count && targets_.labels != nullptr; ++i) {
            labels[i] = static_cast<T>(targets_.labels[index_at(order, first + i)]);
        }
        for (Index i = 0; i < count && targets_.probabilities != nullptr; ++i) {
            const T* of_row = targets_.probabilities + index_at(order, first + i) * k_;
            for (Index c = 0; c < k_; ++c) {
                probabilities[c * tile_stride + i] = of_row[c];
            }
        }
    }

  private:
    const Targets<T>& targets_;
    const T* row_weights_;
    Index k_;
    double total_weight_ = 0;
};

// Rows with their targets, for kernels in which one thread works on a whole tile.
template <class In, class T>
class RowTile : public TileRows<In, T>, public TileLabels<T> {
  public:
    RowTile(Arena& arena, const Rows& source, const Targets<T>& targets, const T* row_weights, Index k, Slice slice)
        : TileRows<In, T>(arena, source, slice), TileLabels<T>(arena, targets, row_weights, k) {}

    void fill(const Index* order, Index first, Index count) {
        TileRows<In, T>::fill(order, first, count);
        TileLabels<T>::fill(order, first, count);
    }
};

}  // namespace onelayer::ONELAYER_ISA
