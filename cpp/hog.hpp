// Histograms of oriented gradients, image by image; the definition and its formulas are in src/onelayer/features.
//
// Each row of cells is done in three steps: first the gradients and votes of its pixels; then, for each orientation,
// the votes that fall into its bin are summed down the columns, a vector of columns at a time; last, the columns of
// each cell are added up. Adding the votes to their bins one by one would be slower, since each addition waits for the
// one before.
#pragma once

#include <limits>
#include <numeric>

#include "elementary.hpp"
#include "hog_blocks.hpp"
#include "hog_planes.hpp"
#include "prefetch.hpp"
#include "thread_pool.hpp"

namespace onelayer::ONELAYER_ISA {

// The sums of votes down the columns of a row of cells, for each orientation, which are then added up for each cell.
//
// Where a cell's width is a multiple of the lanes that 128 bits hold (a unit), the columns of a unit are added up at
// once and only their sum is kept, with as many orientations side by side.
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

    // The number of columns, rounded up to whole vectors.
    Index stride() const { return stride_; }

    // How many sums a row of cells has.
    Index sums() const { return cells_ * orientations_; }

    // Sets the votes for bins from `first` on, in the vector of columns that begins at x.
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

    // Writes the sums of the cells, as (cell, orientation); up to a unit beyond the last sum may be overwritten.
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

template <class In, class T>
class HogThread {
  public:
    HogThread(Arena& arena, const HogJob<T>& job)
        : job_(job),
          image_size_(job.height * job.width * job.channels),
          cell_rows_(job.height / job.cell_height),
          prefetched_per_row_(ceil_div(std::min<Index>(image_size_, page / sizeof(In)), cell_rows_)),
          planes_(arena, job),
          columns_(arena, job),
          blocks_(arena, job),
          votes_(arena.take<Votes>(job.cell_height * columns_.stride() / lanes<T>)),
          cells_(arena.take<T>(cell_rows_ * columns_.sums() + lanes<T>)) {}

    void begin() { planes_.clear(); }

    void run(Index image) {
        planes_.read(static_cast<const In*>(job_.images) + image * image_size_);
        for (Index row = 0; row < cell_rows_; ++row) {
            prefetch_next_image(image, row);
            sum_votes(row);
            columns_.sum(cells_ + row * columns_.sums());
        }
        blocks_.normalise(cells_, job_.features + image * blocks_.count());
    }

  private:
    static constexpr Index max_edges = 8;
    static constexpr Index page = 4096;  // of an image; what follows is fetched by the processor's own prefetcher

    // The votes of a vector of pixels. The cotangent of a gradient's angle says into which bin it falls (it is the same
    // for the opposite gradient), its length how much it counts.
    struct Votes {
        Vec<T> cotangent, length;
    };

    // Sums the votes of each orientation in a row of cells down the columns. A vote is compared with the edges between
    // bins, as many edges at a time as there are registers for sums.
    void sum_votes(Index row) {
        compute_votes(planes_.line(row * job_.cell_height));
        const Index edges = job_.orientations - 1;
        for (Index first = 0; first == 0 || first < edges; first += max_edges) {
            const Index here = std::min(edges - first, max_edges);
            with_constant<max_edges + 1>(static_cast<int>(here + 1),
                                         [&](auto bins) { sum_bins<bins>(first, first + here < edges); });
        }
    }

    // Votes are computed before they are summed: roots and quotients take long, and sums that waited for them would
    // occupy the processor's queues.
    void compute_votes(const T* line) {
        Votes* to = votes_;
        for (Index x = 0; x < columns_.stride(); x += lanes<T>, line += lanes<T>) {
            for (Index y = 0; y < job_.cell_height; ++y) {
                *to++ = votes_at(line + y * planes_.stride());
            }
        }
    }

    // Sums bins from `first` on. The last of them gets all votes that remain; the next call, if there are `more` bins,
    // divides those. A sum is first taken over all bins up to an edge, and bins are differences of two such sums; with
    // no vote between two edges the difference is exactly 0.
    template <int Bins>
    ONELAYER_NOINLINE void sum_bins(Index first, bool more) {
        Vec<T> edges[Bins];
        for (int edge = 0; edge + 1 < Bins; ++edge) {
            edges[edge] = broadcast(job_.cotangents[first + edge]);
        }
        Votes* votes = votes_;
        for (Index x = 0; x < columns_.stride(); x += lanes<T>) {
            Vec<T> sums[Bins] = {};
            for (Index y = 0; y < job_.cell_height; ++y, ++votes) {
                const auto [cotangent, length] = *votes;
#pragma GCC unroll 16
                for (int edge = 0; edge + 1 < Bins; ++edge) {
                    sums[edge] = add_where_greater<T>(cotangent, edges[edge], sums[edge], length);
                }
                sums[Bins - 1] += length;
                if (more) {
                    votes->length = select(cotangent > edges[std::max(Bins - 2, 0)], Vec<T>{}, length);
                }
            }
#pragma GCC unroll 16
            for (int bin = Bins - 1; bin > 0; --bin) {
                sums[bin] -= sums[bin - 1];
            }
            columns_.template put<Bins>(first, x, sums);
        }
    }

    // Of several planes, each pixel takes the gradient with the most energy, the first of equals.
    ONELAYER_INLINE Votes votes_at(const T* line) const {
        Gradient found = gradient_at(line);
        for (Index p = 1; p < planes_.count(); ++p) {
            const Gradient other = gradient_at(line + p * planes_.size());
            found.row = select(other.energy > found.energy, other.row, found.row);
            found.column = select(other.energy > found.energy, other.column, found.column);
            found.energy = larger(other.energy, found.energy);
        }
        const Vec<T> first_bin = broadcast(std::numeric_limits<T>::infinity());  // the angles 0° and 180°
        return {select(found.row == T(0), first_bin, found.column / found.row), fast_square_root<T>(found.energy)};
    }

    struct Gradient {
        Vec<T> row, column, energy;
    };

    ONELAYER_INLINE Gradient gradient_at(const T* line) const {
        const Vec<T> row = load<T>(line + planes_.stride()) - load<T>(line - planes_.stride()),
                     column = load<T>(line + 1) - load<T>(line - 1);
        return {row, column, row * row + column * column};
    }

    // Prefetches a part of the next image, a few cache lines at a time, since the processor takes only few requests at
    // once.
    void prefetch_next_image(Index image, Index row) const {
        if (image + 1 < job_.n) {
            const In* next = static_cast<const In*>(job_.images) + (image + 1) * image_size_;
            prefetch_range_to_l1(next + row * prefetched_per_row_, prefetched_per_row_);
        }
    }

    const HogJob<T>& job_;
    Index image_size_, cell_rows_, prefetched_per_row_;
    HogPlanes<In, T> planes_;
    HogColumns<T> columns_;
    HogBlocks<T> blocks_;
    Votes* votes_;
    T* cells_;
};

template <class In, class T>
void hog(const HogJob<T>& job, ThreadPool& pool) {
    constexpr Index batch_images = 16;
    const Index batches = ceil_div(job.n, batch_images);
    const int threads = static_cast<int>(std::min<Index>({batches, job.threads, max_threads}));
    Arena measure(nullptr);
    HogThread<In, T>(measure, job);
    const std::size_t each = measure.used();
    char* memory = static_cast<char*>(pool.workspace(each * threads));
    Index next = 0;
    pool.run(threads, [&](int t) {
        Arena arena(memory + each * t);
        HogThread<In, T> mine(arena, job);
        mine.begin();
        for (Index batch; (batch = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < batches;) {
            for (Index image = batch * batch_images; image < std::min(job.n, (batch + 1) * batch_images); ++image) {
                mine.run(image);
            }
        }
    });
}

}  // namespace onelayer::ONELAYER_ISA
