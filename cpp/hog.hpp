// Histograms of oriented gradients, image by image; the definition and its formulas are in the package's features.
//
// A row of cells is worked on a vector of columns at a time: first the gradients and votes of its pixels, then, for
// each orientation, the votes of the pixels whose bin it is, summed down the columns. Votes scattered one by one to
// their bins would wait for each other.
#pragma once

#include <limits>

#include "hog_blocks.hpp"
#include "hog_planes.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

// The columns of a few rows of cells, each orientation by itself, to be summed up cell by cell.
template <class T>
class HogCells {
  public:
    HogCells(Arena& arena, const HogJob<T>& job)
        : orientations_(job.orientations),
          columns_(job.width / job.cell_width),
          stride_(ceil_div(columns_ * job.cell_width, lanes<T>) * lanes<T>),
          rows_(std::clamp<Index>(most_bytes / (orientations_ * stride_ * static_cast<Index>(sizeof(T))), 1,
                                  job.height / job.cell_height)),
          width_(job.cell_width),
          sums_(arena.take<T>(rows_ * orientations_ * stride_ + 2 * lanes<T>)),
          places_(arena.take<std::int32_t>(rows_ * columns_ * orientations_)) {
        for (; width_ % 2 == 0 && (stride_ >> halvings_) % 2 == 0; width_ /= 2) {
            ++halvings_;
        }
    }

    // Cells that fit at once, in rows of them.
    Index rows() const { return rows_; }
    Index stride() const { return stride_; }
    Index per_row() const { return columns_ * orientations_; }

    // Where the columns of an orientation in one of the rows belong; those of the next lie `stride` further on.
    T* columns(Index row, Index orientation) { return sums_ + (row * orientations_ + orientation) * stride_; }

    void begin() {
        std::fill_n(sums_, rows_ * orientations_ * stride_ + 2 * lanes<T>, T(0));
        std::int32_t* place = places_;
        for (Index row = 0; row < rows_; ++row) {
            for (Index column = 0; column < columns_; ++column) {
                for (Index o = 0; o < orientations_; ++o) {
                    *place++ = static_cast<std::int32_t>((row * orientations_ + o) * (stride_ >> halvings_) +
                                                         column * width_);
                }
            }
        }
    }

    // The sums of so many rows of cells, as (row, column, orientation). Columns are added two by two, of all cells and
    // orientations at once, as long as a cell has an even number of them.
    void sum(Index rows, T* cells) {
        Index numbers = rows * orientations_ * stride_;
        for (int i = 0; i < halvings_; ++i) {
            numbers /= 2;
            for (Index at = 0; at < numbers; at += lanes<T>) {
                store(sums_ + at, sums_of_neighbours<T>(load<T>(sums_ + 2 * at), load<T>(sums_ + 2 * at + lanes<T>)));
            }
        }
        const Index count = rows * per_row();
        for (Index i = 0; i < count; ++i) {
            cells[i] = sums_[places_[i]];
        }
        for (Index x = 1; x < width_; ++x) {
            for (Index i = 0; i < count; ++i) {
                cells[i] += sums_[places_[i] + x];
            }
        }
    }

  private:
    static constexpr Index most_bytes = 16 << 10;  // half a first-level cache

    Index orientations_, columns_, stride_, rows_, width_;
    int halvings_ = 0;
    T* sums_;
    std::int32_t* places_;
};

template <class In, class T>
class HogThread {
  public:
    HogThread(Arena& arena, const HogJob<T>& job)
        : job_(job),
          image_size_(job.height * job.width * job.channels),
          planes_(arena, job),
          columns_(arena, job),
          blocks_(arena, job),
          kept_(arena.take<Votes>(columns_.rows() * job.cell_height * columns_.stride() / lanes<T>)),
          cells_(arena.take<T>(job.height / job.cell_height * columns_.per_row())) {}

    void begin() {
        planes_.clear();
        columns_.begin();
    }

    void run(Index image) {
        const In* pixels = static_cast<const In*>(job_.images) + image * image_size_;
        planes_.read(pixels);
        const Index cell_rows = job_.height / job_.cell_height;
        for (Index first = 0; first < cell_rows; first += columns_.rows()) {
            const Index rows = std::min(cell_rows - first, columns_.rows());
            look_ahead(image, first, rows, cell_rows);
            sum_votes(first, rows);
            columns_.sum(rows, cells_ + first * columns_.per_row());
        }
        blocks_.normalise(cells_, job_.features + image * blocks_.count());
    }

  private:
    static constexpr Index most_edges = 8;

    // What a vector of pixels votes for: the cotangent of its gradient's angle, which is the same for the opposite
    // gradient, and its length.
    struct Votes {
        Vec<T> cotangent, length;
    };

    // The votes of each orientation in rows of cells, summed down the columns. Bins are told apart by the edges between
    // them, as many at a time as there are registers for the sums.
    void sum_votes(Index first_row, Index rows) {
        const Index edges = job_.orientations - 1;
        for (Index first = 0; first == 0 || first < edges; first += most_edges) {
            const Index here = std::min(edges - first, most_edges);
            with_constant<most_edges + 1>(static_cast<int>(here + 1), [&](auto bins) {
                sum_bins<bins>(first_row, rows, first, first + here < edges);
            });
        }
    }

    // Bins from `first` on. The last of them gets all votes that are left, which a coming group then divides. Sums are
    // taken over all bins up to an edge: of two that nothing lies between, the difference is exactly 0.
    template <int Bins>
    __attribute__((noinline)) void sum_bins(Index first_row, Index rows, Index first, bool more) {
        Vec<T> edges[Bins];
        for (int edge = 0; edge + 1 < Bins; ++edge) {
            edges[edge] = broadcast(job_.cotangents[first + edge]);
        }
        Votes* kept = kept_;
        for (Index row = 0; row < rows; ++row) {
            for (Index x = 0; x < columns_.stride(); x += lanes<T>) {
                const T* line = planes_.line((first_row + row) * job_.cell_height) + x;
                Vec<T> sums[Bins] = {};
                for (Index y = 0; y < job_.cell_height; ++y, line += planes_.stride()) {
                    const Votes votes = first == 0 ? votes_at(line) : *kept;
#pragma GCC unroll 16
                    for (int edge = 0; edge + 1 < Bins; ++edge) {
                        sums[edge] = add_where_greater<T>(votes.cotangent, edges[edge], sums[edge], votes.length);
                    }
                    sums[Bins - 1] += votes.length;
                    if constexpr (Bins > 1) {
                        if (more) {
                            *kept = {votes.cotangent, select(votes.cotangent > edges[Bins - 2], Vec<T>{}, votes.length)};
                        }
                    }
                    kept += job_.orientations - 1 > most_edges ? 1 : 0;
                }
                T* to = columns_.columns(row, first) + x;
                store(to, sums[0]);
#pragma GCC unroll 16
                for (int bin = 1; bin < Bins; ++bin) {
                    store(to + bin * columns_.stride(), sums[bin] - sums[bin - 1]);
                }
            }
        }
    }

    // Of several planes it is, at each pixel, the gradient with the most energy, the first of equals.
    ONELAYER_INLINE Votes votes_at(const T* line) const {
        Gradient found = gradient_at(line);
        for (Index p = 1; p < planes_.count(); ++p) {
            const Gradient other = gradient_at(line + p * planes_.size());
            found.row = select(other.energy > found.energy, other.row, found.row);
            found.column = select(other.energy > found.energy, other.column, found.column);
            found.energy = larger(other.energy, found.energy);
        }
        const Vec<T> before_all = broadcast(std::numeric_limits<T>::infinity());  // 180° is 0°
        return {select(found.row == T(0), before_all, found.column / found.row), fast_square_root<T>(found.energy)};
    }

    struct Gradient {
        Vec<T> row, column, energy;
    };

    ONELAYER_INLINE Gradient gradient_at(const T* line) const {
        const Vec<T> row = load<T>(line + planes_.stride()) - load<T>(line - planes_.stride()),
                     column = load<T>(line + 1) - load<T>(line - 1);
        return {row, column, row * row + column * column};
    }

    // Asks for a part of the next image, a few lines at a time: more would be waited for.
    void look_ahead(Index image, Index first, Index rows, Index of) const {
        constexpr Index page = 4096 / sizeof(In);  // beyond it the processor sees by itself what comes next
        const Index size = std::min(image_size_, page);
        const In* next = static_cast<const In*>(job_.images) + (image + 1) * image_size_;
        if (image + 1 < job_.n) {
            prefetch_all(next + size * first / of, size * (first + rows) / of - size * first / of);
        }
    }

    const HogJob<T>& job_;
    Index image_size_;
    HogPlanes<In, T> planes_;
    HogCells<T> columns_;
    HogBlocks<T> blocks_;
    Votes* kept_;
    T* cells_;
};

template <class In, class T>
void hog(const HogJob<T>& job, Team& team) {
    constexpr Index at_once = 16;
    const Index turns = ceil_div(job.n, at_once);
    const int threads = static_cast<int>(std::min<Index>({turns, job.threads, most_threads}));
    Arena measure(nullptr);
    HogThread<In, T>(measure, job);
    const std::size_t each = measure.used();
    char* memory = static_cast<char*>(team.workspace(each * threads));
    Index next = 0;
    team.run(threads, [&](int t) {
        Arena arena(memory + each * t);
        HogThread<In, T> mine(arena, job);
        mine.begin();
        for (Index turn; (turn = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < turns;) {
            for (Index image = turn * at_once; image < std::min(job.n, (turn + 1) * at_once); ++image) {
                mine.run(image);
            }
        }
    });
}

}  // namespace onelayer::ONELAYER_ISA
