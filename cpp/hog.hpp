// Histograms of oriented gradients, image by image; the definition and its formulas are in the package's features.
//
// Row of cells by row of cells: first the gradients and votes of its pixels, then, for each orientation, the votes of
// the pixels whose bin it is, summed down a vector of columns at a time, and at last the columns of each cell. Votes
// scattered one by one to their bins would wait for each other.
#pragma once

#include <limits>

#include "hog_blocks.hpp"
#include "hog_columns.hpp"
#include "hog_planes.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

template <class In, class T>
class HogThread {
  public:
    HogThread(Arena& arena, const HogJob<T>& job)
        : job_(job),
          image_size_(job.height * job.width * job.channels),
          cell_rows_(job.height / job.cell_height),
          looked_at_(ceil_div(std::min<Index>(image_size_, page / sizeof(In)), cell_rows_)),
          planes_(arena, job),
          columns_(arena, job),
          blocks_(arena, job),
          votes_(arena.take<Votes>(job.cell_height * columns_.stride() / lanes<T>)),
          cells_(arena.take<T>(cell_rows_ * columns_.sums() + lanes<T>)) {}

    void begin() { planes_.clear(); }

    void run(Index image) {
        planes_.read(static_cast<const In*>(job_.images) + image * image_size_);
        for (Index row = 0; row < cell_rows_; ++row) {
            look_ahead(image, row);
            sum_votes(row);
            columns_.sum(cells_ + row * columns_.sums());
        }
        blocks_.normalise(cells_, job_.features + image * blocks_.count());
    }

  private:
    static constexpr Index most_edges = 8;
    static constexpr Index page = 4096;  // of an image: beyond it the processor sees by itself what comes next

    // What a vector of pixels votes for: the cotangent of its gradient's angle, which is the same for the opposite
    // gradient, and its length.
    struct Votes {
        Vec<T> cotangent, length;
    };

    // The votes of each orientation in a row of cells, summed down the columns. Bins are told apart by the edges
    // between them, as many at a time as there are registers for the sums.
    void sum_votes(Index row) {
        take_votes(planes_.line(row * job_.cell_height));
        const Index edges = job_.orientations - 1;
        for (Index first = 0; first == 0 || first < edges; first += most_edges) {
            const Index here = std::min(edges - first, most_edges);
            with_constant<most_edges + 1>(static_cast<int>(here + 1),
                                          [&](auto bins) { sum_bins<bins>(first, first + here < edges); });
        }
    }

    // By themselves: roots and quotients take long, and the sums that waited for them would be in each other's way.
    void take_votes(const T* line) {
        Votes* to = votes_;
        for (Index x = 0; x < columns_.stride(); x += lanes<T>, line += lanes<T>) {
            for (Index y = 0; y < job_.cell_height; ++y) {
                *to++ = votes_at(line + y * planes_.stride());
            }
        }
    }

    // Bins from `first` on. The last of them gets all votes that are left, which a coming group then divides. Sums are
    // taken over all bins up to an edge: of two that nothing lies between, the difference is exactly 0.
    template <int Bins>
    __attribute__((noinline)) void sum_bins(Index first, bool more) {
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
    void look_ahead(Index image, Index row) const {
        if (image + 1 < job_.n) {
            const In* next = static_cast<const In*>(job_.images) + (image + 1) * image_size_;
            prefetch_all(next + row * looked_at_, looked_at_);
        }
    }

    const HogJob<T>& job_;
    Index image_size_, cell_rows_, looked_at_;
    HogPlanes<In, T> planes_;
    HogColumns<T> columns_;
    HogBlocks<T> blocks_;
    Votes* votes_;
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
