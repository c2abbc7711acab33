// Histograms of oriented gradients, image by image; the definition and its formulas are in the package's features.
//
// A row of cells is worked on a vector of columns at a time: first the gradients and votes of its pixels, then, for
// each orientation, the votes of the pixels whose bin it is, summed down the columns. Votes scattered one by one to
// their bins would wait for each other.
#pragma once

#include "hog_blocks.hpp"
#include "hog_planes.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

template <class In, class T>
class HogThread {
  public:
    HogThread(Arena& arena, const HogJob<T>& job)
        : job_(job),
          planes_(arena, job),
          blocks_(arena, job),
          cell_rows_(job.height / job.cell_height),
          cell_columns_(job.width / job.cell_width),
          stride_(ceil_div(cell_columns_ * job.cell_width, lanes<T>) * lanes<T>),
          kept_(arena.take<Votes>(job.cell_height)),
          sums_(arena.take<T>(job.orientations * stride_ + 2 * lanes<T>)),
          cells_(arena.take<T>(cell_rows_ * cell_columns_ * job.orientations + lanes<T>)) {}

    void begin() {
        planes_.clear();
        std::fill_n(sums_, job_.orientations * stride_ + 2 * lanes<T>, T(0));
    }

    void run(Index image) {
        planes_.read(static_cast<const In*>(job_.images) + image * job_.height * job_.width * job_.channels);
        for (Index row = 0; row < cell_rows_; ++row) {
            for (Index x = 0; x < stride_; x += lanes<T>) {
                sum_votes(row * job_.cell_height, x);
            }
            sum_columns(cells_ + row * cell_columns_ * job_.orientations);
        }
        blocks_.normalise(cells_, job_.features + image * blocks_.count());
    }

  private:
    static constexpr Index most_edges = 8;

    // A vector of gradients, turned to the half-plane row ≥ 0, and their votes.
    struct Votes {
        Vec<T> row, column, vote;
    };

    // The votes of each orientation in a row of cells that begins at line y, summed down the columns from x on. Bins
    // are told apart by the edges between them, as many at a time as there are registers for the sums.
    void sum_votes(Index y, Index x) {
        const Index edges = job_.orientations - 1;
        for (Index first = 0; first == 0 || first < edges; first += most_edges) {
            const Index here = std::min(edges - first, most_edges);
            with_constant<most_edges + 1>(static_cast<int>(here + 1), [&](auto bins) {
                sum_bins<bins>(planes_.line(y) + x, first, first + here < edges, sums_ + first * stride_ + x);
            });
        }
    }

    // Bins from `first` on. The last of them gets all votes that are left, which a coming group then divides.
    template <int Bins>
    __attribute__((noinline)) void sum_bins(const T* line, Index first, bool more, T* to) {
        Vec<T> sums[Bins] = {}, cotangents[Bins];
        for (int edge = 0; edge + 1 < Bins; ++edge) {
            cotangents[edge] = broadcast(job_.cotangents[first + edge]);
        }
        for (Index y = 0; y < job_.cell_height; ++y, line += planes_.stride()) {
            Votes votes = first == 0 ? votes_at(line) : kept_[y];
#pragma GCC unroll 16
            for (int edge = 0; edge + 1 < Bins; ++edge) {
                // Without an angle: with row ≥ 0, a gradient has reached angle θ unless column > row · cot θ.
                move_where_greater<T>(votes.column, votes.row * cotangents[edge], votes.vote, sums[edge]);
            }
            sums[Bins - 1] += votes.vote;
            if (more) {
                kept_[y] = votes;
            }
        }
#pragma GCC unroll 16
        for (int bin = 0; bin < Bins; ++bin) {
            store(to + bin * stride_, sums[bin]);
        }
    }

    // Of several planes it is, at each pixel, the gradient with the most energy, the first of equals.
    ONELAYER_INLINE Votes votes_at(const T* line) const {
        Votes found = gradient_at(line);
        for (Index p = 1; p < planes_.count(); ++p) {
            const Votes other = gradient_at(line + p * planes_.size());
            found.row = select(other.vote > found.vote, other.row, found.row);
            found.column = select(other.vote > found.vote, other.column, found.column);
            found.vote = larger(other.vote, found.vote);
        }
        turn(found.row, found.column);
        found.vote = square_root<T>(found.vote);
        return found;
    }

    // Gradients, not turned, and their energy.
    ONELAYER_INLINE Votes gradient_at(const T* line) const {
        const Vec<T> row = load<T>(line + planes_.stride()) - load<T>(line - planes_.stride()),
                     column = load<T>(line + 1) - load<T>(line - 1);
        return {row, column, row * row + column * column};
    }

    // Turns gradients by 180° to the half-plane row ≥ 0, and 180° itself to 0°.
    ONELAYER_INLINE static void turn(Vec<T>& row, Vec<T>& column) {
        using Signs = Vec<Bits<T>>;
        const Signs sign = (Signs)broadcast(T(-0.0)), turned = (Signs)row & sign;
        column = (Vec<T>)((Signs)column ^ turned);
        column = select(row == T(0), (Vec<T>)((Signs)column & ~sign), column);
        row = (Vec<T>)((Signs)row ^ turned);
    }

    // The votes of each cell and orientation. Columns are added two by two, of all cells and orientations at once, as
    // long as a cell has an even number of them.
    void sum_columns(T* cells) {
        Index width = job_.cell_width, stride = stride_;
        for (; width % 2 == 0 && stride % 2 == 0; width /= 2, stride /= 2) {
            const Index halves = job_.orientations * stride / 2;
            for (Index i = 0; i < halves; i += lanes<T>) {
                store(sums_ + i, sums_of_neighbours<T>(load<T>(sums_ + 2 * i), load<T>(sums_ + 2 * i + lanes<T>)));
            }
        }
        const Index orientations = job_.orientations, columns = cell_columns_;
        for (Index column = 0; column < columns; ++column) {
            const T* from = sums_ + column * width;
            for (Index o = 0; o < orientations; ++o, ++cells, from += stride) {
                *cells = *from;
                for (Index x = 1; x < width; ++x) {
                    *cells += from[x];
                }
            }
        }
    }

    const HogJob<T>& job_;
    HogPlanes<In, T> planes_;
    HogBlocks<T> blocks_;
    Index cell_rows_, cell_columns_, stride_;
    Votes* kept_;
    T* sums_;
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
