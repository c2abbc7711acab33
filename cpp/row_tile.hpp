// The rows of a tile as the kernels want them: where each begins, its ragged end in a full vector, its label and its
// weight.
//
// Rows are read where they lie, in the data's own type. Only what can't be read in place is copied: mirrored rows, and
// the last features of a row when d isn't a multiple of the vector width.
#pragma once

#include <cstring>

#include "lookahead.hpp"
#include "mirror.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// The first `count` of at most 2 · Most − 1 numbers, in pieces of known size: a loop over so few takes longer than they
// do.
template <Index Most, class In>
ONELAYER_INLINE void copy_some(const In* from, In* to, Index count) {
    const Index piece = count & Most;
    if (piece != 0) {
        std::memcpy(to, from, Most * sizeof(In));
    }
    if constexpr (Most > 1) {
        copy_some<Most / 2>(from + piece, to + piece, count);
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
        copies_ = arena.take<In>(copy_size_ == 0 ? 0 : copy_size_ * most_tile_rows + 64);
        ends_ = arena.take<In>(slice.ragged ? most_tile_rows * lanes<T> : 0);
        ahead_ = Lookahead(static_cast<const In*>(nullptr), source, first_feature_, last_feature);
        begins_ = arena.take<const In*>(padded);
        end_begins_ = arena.take<const In*>(padded);
    }

    Index count() const { return count_; }
    // Of `count` rows, then the last again, as far as a block of rows may reach.
    const In* const* rows() const { return begins_; }
    const In* const* ends() const { return end_begins_; }  // of the ragged vector

    Lookahead& ahead() const { return ahead_; }  // of rows that come next

    // Makes rows members[first … first + count) the tile; without members, rows first … first + count.
    void fill(const Index* members, Index first, Index count) {
        count_ = count;
        for (Index i = 0; i < count; ++i) {
            const Index which = member(members, first + i);
            begins_[i] =
                source_.mirrored != nullptr && source_.mirrored[which] != 0 ? mirrored_copy(which, i) : row(which);
        }
        for (Index i = count; i < padded; ++i) {
            begins_[i] = begins_[count - 1];
        }
        copy_ends();
    }

  private:
    static constexpr Index padded = most_tile_rows + 16;

    const In* whole_row(Index which) const {
        return static_cast<const In*>(source_.data) + member(source_.positions, which) * source_.d;
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

    void copy_ends() {
        if (!slice_.ragged) {
            return;
        }
        const Index filled = source_.d % lanes<T>, at = (slice_.last - 1 - slice_.first) * lanes<T>;
        for (Index i = 0; i < count_; ++i) {
            In* end = ends_ + i * lanes<T>;
            std::memset(end, 0, lanes<T> * sizeof(In));
            copy_some<lanes<T>>(begins_[i] + at, end, filled);
            end_begins_[i] = end;
        }
        for (Index i = count_; i < padded; ++i) {
            end_begins_[i] = end_begins_[count_ - 1];
        }
    }

    const Rows& source_;
    Slice slice_;
    Index line_, first_feature_, first_line_, copy_size_, count_ = 0;
    In* copies_;
    In* ends_;
    const In** begins_;
    const In** end_begins_;
    mutable Lookahead ahead_;
};

// What a tile's rows should be and what they weigh.
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
    T* weights = nullptr;        // 0 beyond the last row
    T* probabilities = nullptr;  // k classes, tile_stride apart; null with labels
    double total_weight() const { return total_weight_; }

    void fill(const Index* members, Index first, Index count) {
        total_weight_ = static_cast<double>(count);
        std::fill(weights, weights + count, T(1));
        std::fill(weights + count, weights + tile_stride, T(0));
        if (row_weights_ != nullptr) {
            total_weight_ = 0;
            for (Index i = 0; i < count; ++i) {
                weights[i] = row_weights_[member(members, first + i)];
                total_weight_ += static_cast<double>(weights[i]);
            }
        }
        for (Index i = 0; i < count && targets_.labels != nullptr; ++i) {
            labels[i] = static_cast<T>(targets_.labels[member(members, first + i)]);
        }
        for (Index i = 0; i < count && targets_.probabilities != nullptr; ++i) {
            const T* of_row = targets_.probabilities + member(members, first + i) * k_;
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

// Both, for kernels in which one thread does all of a tile.
template <class In, class T>
class RowTile : public TileRows<In, T>, public TileLabels<T> {
  public:
    RowTile(Arena& arena, const Rows& source, const Targets<T>& targets, const T* row_weights, Index k, Slice slice)
        : TileRows<In, T>(arena, source, slice), TileLabels<T>(arena, targets, row_weights, k) {}

    void fill(const Index* members, Index first, Index count) {
        TileRows<In, T>::fill(members, first, count);
        TileLabels<T>::fill(members, first, count);
    }
};

}  // namespace onelayer::ONELAYER_ISA
