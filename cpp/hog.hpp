// Histograms of oriented gradients, image by image; the definition and its formulas are in the package's features.
//
// All loops over a row of pixels are plain and have no branches: the compiler turns them into vectors.
#pragma once

#include <cmath>

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
        stride_ = job.width + 2;
        plane_ = arena.take<T>(planes_ * job.height * stride_);
        row_ = arena.take<T>(job.width);
        column_ = arena.take<T>(job.width);
        energy_ = arena.take<T>(job.width);
        bins_ = arena.take<Bits<T>>(job.width);
        cells_ = arena.take<T>(cell_rows_ * cell_columns_ * job.orientations);
    }

    void run(Index image) {
        read(static_cast<const In*>(job_.images) + image * job_.height * job_.width * job_.channels);
        std::fill(cells_, cells_ + cell_rows_ * cell_columns_ * job_.orientations, T(0));
        for (Index y = 0; y < cell_rows_ * job_.cell_height; ++y) {
            gradients(y);
            orient();
            vote(y / job_.cell_height);
        }
        const Index block_rows = cell_rows_ - job_.block_height + 1, block_columns = cell_columns_ - job_.block_width + 1;
        const Index size = job_.block_height * job_.block_width * job_.orientations;
        scale_cells();
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

    T* line(Index plane, Index y) { return plane_ + (plane * job_.height + y) * stride_ + 1; }

    // The channels' sum, or each channel by itself, with a column on either side that makes the gradient along the border 0.
    void read(const In* image) {
        for (Index p = 0; p < planes_; ++p) {
            for (Index y = 0; y < job_.height; ++y) {
                T* to = line(p, y);
                const In* from = image + y * job_.width * job_.channels;
                if (job_.strongest || job_.channels == 1) {
                    channel_line<1>(from + p, to, job_.channels);
                } else if (job_.channels == 3) {
                    channel_line<3>(from, to, 3);
                } else {
                    for (Index x = 0; x < job_.width; ++x) {
                        to[x] = static_cast<T>(from[x * job_.channels]);
                        for (Index c = 1; c < job_.channels; ++c) {
                            to[x] += static_cast<T>(from[x * job_.channels + c]);
                        }
                    }
                }
                if (job_.square_root) {
                    for (Index x = 0; x < job_.width; ++x) {
                        to[x] = std::sqrt(to[x]);
                    }
                }
                to[-1] = to[job_.width > 1 ? 1 : 0];
                to[job_.width] = to[job_.width > 1 ? job_.width - 2 : 0];
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

    // Central differences of one line of pixels; of several planes, at each pixel those of the plane with the most energy, the first of equals.
    void gradients(Index y) {
        const Index inner = y > 0 && y + 1 < job_.height ? 1 : 0;
        for (Index p = 0; p < planes_; ++p) {
            const T* above = line(p, y - inner);
            const T* below = line(p, y + inner);
            const T* here = line(p, y);
            for (Index x = 0; x < job_.width; ++x) {
                const T r = below[x] - above[x], c = here[x + 1] - here[x - 1], e = r * r + c * c;
                const bool larger = p == 0 || e > energy_[x];
                row_[x] = larger ? r : row_[x];
                column_[x] = larger ? c : column_[x];
                energy_[x] = larger ? e : energy_[x];
            }
        }
    }

    // The bin of each gradient without an angle: turned to the half-plane row ≥ 0, it has reached angle θ where row · cot θ ≥ column.
    void orient() {
        for (Index x = 0; x < job_.width; ++x) {
            column_[x] = std::copysign(T(1), row_[x]) * column_[x];
            row_[x] = std::fabs(row_[x]);
            bins_[x] = 0;
        }
        for (Index o = 0; o + 1 < job_.orientations; ++o) {
            const T cotangent = job_.cotangents[o];
            for (Index x = 0; x < job_.width; ++x) {
                bins_[x] += row_[x] * cotangent >= column_[x] ? 1 : 0;
            }
        }
        for (Index x = 0; x < job_.width; ++x) {
            bins_[x] = row_[x] > T(0) ? bins_[x] : 0;  // 180° is 0°
            energy_[x] = std::sqrt(energy_[x]);
        }
    }

    void vote(Index cell_row) {
        T* cell = cells_ + cell_row * cell_columns_ * job_.orientations;
        for (Index x = 0; x < cell_columns_ * job_.cell_width; cell += job_.orientations) {
            for (const Index end = x + job_.cell_width; x < end; ++x) {
                cell[bins_[x]] += energy_[x];
            }
        }
    }

    void scale_cells() {
        const T divisor = job_.strongest ? T(1) : static_cast<T>(job_.channels);
        const T scale = T(1) / (static_cast<T>(job_.cell_height * job_.cell_width) * (job_.square_root ? std::sqrt(divisor) : divisor));
        for (Index i = 0; i < cell_rows_ * cell_columns_ * job_.orientations; ++i) {
            cells_[i] *= scale;
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
    T* row_;
    T* column_;
    T* energy_;
    Bits<T>* bins_;
    T* cells_;
};

template <class In, class T>
void hog(const HogJob<T>& job, Team& team) {
    constexpr Index at_once = 16;
    const Index turns = ceil_div(job.n, at_once);
    const int threads = static_cast<int>(std::min<Index>({turns, job.threads, Barrier::most_threads}));
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
