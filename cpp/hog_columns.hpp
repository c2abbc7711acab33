// From votes in columns of pixels to the sums of cells.
#pragma once

#include <numeric>

#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// The columns of a row of cells, each orientation's votes by themselves, to be summed up cell by cell.
//
// Where a cell's width is a multiple of what 128 bits hold, sums of that many columns are kept, and as many
// orientations side by side.
template <class T>
class HogColumns {
  public:
    HogColumns(Arena& arena, const HogJob<T>& job)
        : orientations_(job.orientations),
          cells_(job.width / job.cell_width),
          cell_width_(job.cell_width),
          stride_(ceil_div(cells_ * cell_width_, lanes<T>) * lanes<T>),
          in_units_(cell_width_ % unit == 0),
          sums_(arena.take<T>(ceil_div(orientations_, unit) * unit * stride_)) {}

    // Columns in whole vectors.
    Index stride() const { return stride_; }

    // Sums of a row of cells.
    Index sums() const { return cells_ * orientations_; }

    // Takes the votes for bins from `first` on, in a vector of columns from x on.
    template <int Bins>
    ONELAYER_INLINE void put(Index first, Index x, const Vec<T>* votes) {
        if (!in_units_) {
#pragma GCC unroll 16
            for (int bin = 0; bin < Bins; ++bin) {
                store(sums_ + (first + bin) * stride_ + x, votes[bin]);
            }
            return;
        }
#pragma GCC unroll 16
        for (int bin = 0; bin < Bins; bin += unit) {
            Vec<T> together[unit] = {};
            std::copy_n(votes + bin, std::min<int>(unit, Bins - bin), together);
            store(sums_ + (first + bin) / unit * stride_ + x, sums_of_units<T>(together));
        }
    }

    // Sums of the cells, as (cell, orientation); what 128 bits hold beyond the last is overwritten too.
    void sum(T* to) const {
        for (Index cell = 0; cell < cells_; ++cell, to += orientations_) {
            const T* columns = sums_ + cell * cell_width_;
            if (in_units_) {
                for (Index o = 0; o < orientations_; o += unit, columns += stride_) {
                    sum_units(columns, to + o);
                }
            } else {
                for (Index o = 0; o < orientations_; ++o, columns += stride_) {
                    to[o] = std::accumulate(columns + 1, columns + cell_width_, columns[0]);
                }
            }
        }
    }

  private:
    static constexpr Index unit = unit_lanes<T>;
    using Unit = typename VectorOf<T, unit_lanes<T>>::unaligned;

    ONELAYER_INLINE void sum_units(const T* columns, T* to) const {
        Unit total = *reinterpret_cast<const Unit*>(columns);
        for (Index x = unit; x < cell_width_; x += unit) {
            total += *reinterpret_cast<const Unit*>(columns + x);
        }
        *reinterpret_cast<Unit*>(to) = total;
    }

    Index orientations_, cells_, cell_width_, stride_;
    bool in_units_;
    T* sums_;
};

}  // namespace onelayer::ONELAYER_ISA
