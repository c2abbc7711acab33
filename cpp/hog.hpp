// Histograms of oriented gradients, image by image; the definition and its formulas are in the package's features.
//
// A row of cells is worked on a vector of columns at a time: the bin and the vote of each of its pixels, then, for each
// orientation, the votes of the pixels whose bin it is, summed down the columns. Votes scattered one by one to their
// bins would wait for each other.
#pragma once

#include <cmath>
#include <numeric>

#include "team.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

template <class In, class T>
class HogThread {
  public:
    HogThread(Arena& arena, const HogJob<T>& job) : job_(job) {
        cell_rows_ = job.height / job.cell_height;
        cell_columns_ = job.width / job.cell_width;
        planes_ = job.strongest ? job.channels : 1;
        stride_ = ceil_div(job.width, lanes<T>) * lanes<T> + 2;
        plane_ = arena.take<T>(planes_ * (job.height + 2) * stride_ + lanes<T>);
        votes_ = arena.take<Vec<T>>(job.cell_height);
        bins_ = arena.take<Vec<T>>(job.cell_height);
        columns_ = arena.take<T>(job.orientations * stride_);
        cells_ = arena.take<T>(cell_rows_ * cell_columns_ * job.orientations);
    }

    void run(Index image) {
        read(static_cast<const In*>(job_.images) + image * job_.height * job_.width * job_.channels);
        for (Index row = 0; row < cell_rows_; ++row) {
            for (Index x = 0; x < cell_columns_ * job_.cell_width; x += lanes<T>) {
                for (Index y = 0; y < job_.cell_height; ++y) {
                    vote(row * job_.cell_height + y, x, bins_[y], votes_[y]);
                }
                sum_columns(x);
            }
            sum_cells(cells_ + row * cell_columns_ * job_.orientations);
        }
        const Index block_rows = cell_rows_ - job_.block_height + 1,
                    block_columns = cell_columns_ - job_.block_width + 1;
        const Index size = job_.block_height * job_.block_width * job_.orientations;
        T* out = job_.features + image * block_rows * block_columns * size;
        for (Index y = 0; y < block_rows; ++y) {
            for (Index x = 0; x < block_columns; ++x, out += size) {
                block(y, x, out);
                normalise(out, size);
            }
        }
    }

  private:
    static constexpr T epsilon = T(1e-5), clip = T(0.2);

    // Line y of a plane, from −1 to height.
    T* line(Index plane, Index y) { return plane_ + (plane * (job_.height + 2) + y + 1) * stride_ + 1; }

    // The channels' sum, or each channel by itself. A pixel beyond a border equals the one inside it, so that the
    // gradient across the border is 0.
    void read(const In* image) {
        for (Index p = 0; p < planes_; ++p) {
            for (Index y = 0; y < job_.height; ++y) {
                T* to = line(p, y);
                read_line(image + y * job_.width * job_.channels, p, to);
                for (Index x = 0; job_.square_root && x < job_.width; ++x) {
                    to[x] = std::sqrt(to[x]);
                }
                to[-1] = to[job_.width > 1 ? 1 : 0];
                to[job_.width] = to[job_.width > 1 ? job_.width - 2 : 0];
            }
            const Index inside = job_.height > 1 ? 1 : 0;
            std::copy(line(p, inside) - 1, line(p, inside) + job_.width + 1, line(p, -1) - 1);
            std::copy(line(p, job_.height - 1 - inside) - 1, line(p, job_.height - 1 - inside) + job_.width + 1,
                      line(p, job_.height) - 1);
        }
    }

    void read_line(const In* from, Index plane, T* to) {
        if (job_.strongest || job_.channels == 1) {
            channel_line<1>(from + plane, to, job_.channels);
        } else if (job_.channels == 3) {
            channel_line<3>(from, to, 3);
        } else {
            for (Index x = 0; x < job_.width; ++x) {
                to[x] = std::accumulate(from + x * job_.channels, from + (x + 1) * job_.channels, T(0));
            }
        }
    }

    template <int Summed>
    void channel_line(const In* from, T* to, Index step) {
        for (Index x = 0; x < job_.width; ++x) {
            T sum = static_cast<T>(from[x * step]);
            for (int c = 1; c < Summed; ++c) {
                sum += static_cast<T>(from[x * step + c]);
            }
            to[x] = sum;
        }
    }

    // Bin and vote of the pixels from (y, x) on. Of several planes it is, at each pixel, the gradient with the most
    // energy, the first of equals.
    void vote(Index y, Index x, Vec<T>& bin, Vec<T>& magnitude) {
        Vec<T> row = {}, column = {}, energy = {};
        for (Index p = 0; p < planes_; ++p) {
            const Vec<T> r = load<T>(line(p, y + 1) + x) - load<T>(line(p, y - 1) + x),
                         c = load<T>(line(p, y) + x + 1) - load<T>(line(p, y) + x - 1);
            const Vec<T> e = r * r + c * c;
            row = select(e > energy, r, row);
            column = select(e > energy, c, column);
            energy = larger(e, energy);
        }
        magnitude = square_root<T>(energy);
        // Without an angle: turned to the half-plane row ≥ 0, a gradient has reached angle θ where row · cot θ ≥
        // column.
        column = select(row < T(0), -column, column);
        row = larger(row, -row);
        Vec<T> reached = {};
        for (Index o = 0; o + 1 < job_.orientations; ++o) {
            reached += select(row * job_.cotangents[o] >= column, broadcast(T(1)), Vec<T>{});
        }
        bin = select(row > T(0), reached, Vec<T>{});  // 180° is 0°
    }

    void sum_columns(Index x) {
        for (Index o = 0; o < job_.orientations; ++o) {
            const Vec<T> wanted = broadcast(static_cast<T>(o));
            Vec<T> sum = {};
            for (Index y = 0; y < job_.cell_height; ++y) {
                sum += select(bins_[y] == wanted, votes_[y], Vec<T>{});
            }
            store(columns_ + o * stride_ + x, sum);
        }
    }

    // The mean vote of each cell and orientation.
    void sum_cells(T* cell) {
        const T divisor = job_.strongest ? T(1) : static_cast<T>(job_.channels);
        const T scale = T(1) / (static_cast<T>(job_.cell_height * job_.cell_width) *
                                (job_.square_root ? std::sqrt(divisor) : divisor));
        for (Index column = 0; column < cell_columns_; ++column) {
            for (Index o = 0; o < job_.orientations; ++o, ++cell) {
                const T* from = columns_ + o * stride_ + column * job_.cell_width;
                T even = 0, odd = 0;  // two sums: half the wait of one after another
                for (Index x = 0; x + 1 < job_.cell_width; x += 2) {
                    even += from[x];
                    odd += from[x + 1];
                }
                *cell = (even + odd + (job_.cell_width % 2 == 0 ? T(0) : from[job_.cell_width - 1])) * scale;
            }
        }
    }

    void block(Index y, Index x, T* out) {
        const Index run = job_.block_width * job_.orientations;
        for (Index cell = 0; cell < job_.block_height; ++cell) {
            const T* from = cells_ + ((y + cell) * cell_columns_ + x) * job_.orientations;
            std::copy(from, from + run, out + cell * run);
        }
    }

    void normalise(T* out, Index size) {
        if (job_.norm == BlockNorm::l1 || job_.norm == BlockNorm::l1_sqrt) {
            T sum = epsilon;
            for (Index i = 0; i < size; ++i) {
                sum += out[i];
            }
            for (Index i = 0; i < size; ++i) {
                out[i] = job_.norm == BlockNorm::l1 ? out[i] / sum : std::sqrt(out[i] / sum);
            }
            return;
        }
        divide_by_l2(out, size);
        if (job_.norm == BlockNorm::l2_hys) {
            for (Index i = 0; i < size; ++i) {
                out[i] = std::min(out[i], clip);
            }
            divide_by_l2(out, size);
        }
    }

    static void divide_by_l2(T* out, Index size) {
        Vec<T> squares = {};
        Index i = 0;
        for (; i + lanes<T> <= size; i += lanes<T>) {
            squares += load<T>(out + i) * load<T>(out + i);
        }
        T energy = sum_of_lanes<T>(squares) + epsilon * epsilon;
        for (; i < size; ++i) {
            energy += out[i] * out[i];
        }
        const T inverse = T(1) / std::sqrt(energy);
        for (i = 0; i < size; ++i) {
            out[i] *= inverse;
        }
    }

    const HogJob<T>& job_;
    Index cell_rows_, cell_columns_, planes_, stride_;
    T* plane_;
    Vec<T>* votes_;
    Vec<T>* bins_;
    T* columns_;
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
        for (Index turn; (turn = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < turns;) {
            for (Index image = turn * at_once; image < std::min(job.n, (turn + 1) * at_once); ++image) {
                mine.run(image);
            }
        }
    });
}

}  // namespace onelayer::ONELAYER_ISA
