// One pass over rows: losses and decisions, and, if wanted, gradients or Hessian products, for m models at once.
//
// Threads share the tiles of rows. Every figure is added up in float64 from tile to tile, losses tile by tile in order
// whatever the number of threads.
#pragma once

#include <new>

#include "curvature.hpp"
#include "folded.hpp"
#include "gradient.hpp"
#include "scores.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

template <class In, class T>
class PassThread {
  public:
    PassThread(Arena& arena, const PassJob<T>& job)
        : job_(job),
          outputs_(job.m * job.k),
          slice_(slice_of<T>(job.rows.d, 0, 1)),
          tile_(arena, job.rows, job.targets, job.own_row_weights ? nullptr : job.row_weights, job.k, slice_),
          weights_(arena, outputs_, job.rows.d, slice_, false),
          directions_(arena, job.directions == nullptr ? 0 : outputs_, job.rows.d, slice_, false) {
        scores_ = arena.take<T>(outputs_ * tile_stride);
        along_ = arena.take<T>(job.directions == nullptr ? 0 : outputs_ * tile_stride);
        intercepts_ = arena.take<T>(outputs_);
        direction_intercepts_ = arena.take<T>(outputs_);
        own_weights_ = arena.take<T>(tile_stride);
        packed_size_ = outputs_ * (slice_.last - slice_.first) * lanes<T>;
        gradient = arena.take<double>(job.gradient == nullptr ? 0 : packed_size_);
        residual_sums = arena.take<double>(outputs_);
    }

    double* gradient = nullptr;       // packed as the weights are
    double* residual_sums = nullptr;  // (m, k)
    const Groups<T>& groups() const { return weights_.groups; }
    Index vectors() const { return slice_.last - slice_.first; }

    void begin() {
        fold(weights_, job_.weights, job_.intercepts, intercepts_);
        if (job_.directions != nullptr) {
            fold(directions_, job_.directions, job_.direction_intercepts, direction_intercepts_);
        }
        std::fill(residual_sums, residual_sums + outputs_, 0.0);
        if (job_.gradient != nullptr) {
            std::fill(gradient, gradient + packed_size_, 0.0);
        }
    }

    // Rows [first, last); their sums go to `sums` (m, 3).
    void run(Index first, Index last, double* sums) {
        tile_.fill(nullptr, first, last - first);
        tile_.announce(nullptr, last, std::min<Index>(job_.rows.n - last, most_tile_rows));
        score<2>(weights_, intercepts_, scores_);
        if (job_.directions != nullptr) {
            score<0>(directions_, direction_intercepts_, along_);
        }
        const TileTargets<T> targets{tile_.labels, tile_.probabilities, job_.targets.smoothing};
        for (Index model = 0; model < job_.m; ++model) {
            model_rows(model, first, targets, sums + 3 * model);
        }
        if (job_.gradient != nullptr) {
            gradient_tile<0>(tile_, slice_, weights_.groups, scores_,
                          [&](auto outputs, OutputGroup group, Index vector, const Vec<T>* of_tile) {
                              double* total =
                                  gradient + (group.first * vectors() + vector * outputs) * lanes<T>;
                              for (int i = 0; i < outputs * lanes<T>; ++i) {
                                  total[i] += static_cast<double>(of_tile[i / lanes<T>][i % lanes<T>]);
                              }
                          });
        }
    }

  private:
    void fold(FoldedWeights<In, T>& folded, const T* weights, const T* intercepts, T* folded_intercepts) {
        folded.fold(weights, nullptr, job_.scaling);
        folded.offsets(folded_intercepts);
        for (Index c = 0; c < outputs_; ++c) {
            folded_intercepts[c] = intercepts[c] - folded_intercepts[c];
        }
    }

    template <int Ahead>
    void score(const FoldedWeights<In, T>& weights, const T* intercepts, T* scores) {
        score_tile<Ahead>(tile_, slice_, weights, scores);
        for (Index c = 0; c < outputs_; ++c) {
            for (Index row = 0; row < tile_.count(); row += lanes<T>) {
                store(scores + c * tile_stride + row, load<T>(scores + c * tile_stride + row) + intercepts[c]);
            }
        }
    }

    const T* weights_of(Index model, Index first) {
        if (!job_.own_row_weights) {
            return tile_.weights;
        }
        std::copy(job_.row_weights + model * job_.rows.n + first,
                  job_.row_weights + model * job_.rows.n + first + tile_.count(), own_weights_);
        std::fill(own_weights_ + tile_.count(), own_weights_ + tile_stride, T(0));
        return own_weights_;
    }

    // Turns one model's scores into what its gradient, or Hessian product, is made of.
    void model_rows(Index model, Index first, const TileTargets<T>& targets, double* sums) {
        const T* row_weights = weights_of(model, first);
        T* scores = scores_ + model * job_.k * tile_stride;
        for (Index row = 0; row < tile_.count(); row += lanes<T>) {
            const Column<T> z{scores + row};
            const Vec<T> weight = load<T>(row_weights + row), none = {};
            Vec<T> loss = {};
            const Vec<T> hits = hits_of<T>(z, job_.k, targets, row);
            if (job_.directions == nullptr) {
                loss = residual_of<T>(job_.loss, z, job_.k, targets, row);
            } else {
                curvature_of<T>(job_.loss, z, Column<T>{along_ + model * job_.k * tile_stride + row}, job_.k, targets,
                                row);
            }
            sums[0] += static_cast<double>(sum_of_lanes<T>(select(weight > T(0), loss * weight, none)));
            sums[1] += static_cast<double>(sum_of_lanes<T>(hits * weight));
            sums[2] += static_cast<double>(sum_of_lanes<T>(weight));
            for (Index c = 0; c < (job_.gradient == nullptr ? 0 : job_.k); ++c) {
                const Vec<T> weighted = select(weight > T(0), z[c] * weight, none);
                z.set(c, weighted);
                residual_sums[model * job_.k + c] += static_cast<double>(sum_of_lanes<T>(weighted));
            }
        }
    }

    const PassJob<T>& job_;
    Index outputs_;
    Slice slice_;
    RowTile<In, T> tile_;
    FoldedWeights<In, T> weights_, directions_;
    T* scores_;
    T* along_;
    T* intercepts_;
    T* direction_intercepts_;
    T* own_weights_;
    Index packed_size_;
};

// ∂J/∂W = scale · (Σ r x − shift Σ r), added to the job's gradient from a thread's sums of raw rows.
template <class In, class T>
void add_gradient(const PassJob<T>& job, const PassThread<In, T>& part) {
    for (Index g = 0; g < part.groups().count; ++g) {
        const auto [first, size] = part.groups()[g];
        for (int o = 0; o < size; ++o) {
            const double residual_sum = part.residual_sums[first + o];
            job.intercept_gradient[first + o] += residual_sum;
            double* to = job.gradient + (first + o) * job.rows.d;
            for (Index j = 0; j < job.rows.d; ++j) {
                const Index packed = (first * part.vectors() + j / lanes<T> * size + o) * lanes<T> + j % lanes<T>;
                to[j] += static_cast<double>(job.scaling.scale[j]) *
                         (part.gradient[packed] - static_cast<double>(job.scaling.shift[j]) * residual_sum);
            }
        }
    }
}

// The sums, and the gradient if wanted, have to be 0 beforehand.
template <class In, class T>
void pass(const PassJob<T>& job, Team& team) {
    const Index tile_rows = tile_rows_for<In>(job.rows.d), tiles = ceil_div(job.rows.n, tile_rows);
    constexpr Index least_rows_work = 200'000;  // multiply-adds that pay for waking a thread
    const int threads =
        static_cast<int>(std::clamp<Index>(std::min(tiles, job.rows.n * job.m * job.k * job.rows.d / least_rows_work),
                                           1, std::min(job.threads, most_threads)));
    Arena measure(nullptr);
    PassThread<In, T>(measure, job);
    const std::size_t each = measure.used();
    char* memory = static_cast<char*>(team.workspace(each * threads + sizeof(double) * 3 * tiles * job.m));
    double* tile_sums = reinterpret_cast<double*>(memory + each * threads);
    std::fill(tile_sums, tile_sums + 3 * tiles * job.m, 0.0);
    const auto part = [&](int thread) {
        Arena arena(memory + each * thread);
        return PassThread<In, T>(arena, job);
    };
    team.run(threads, [&](int t) {
        auto mine = part(t);
        mine.begin();
        for (Index tile = tiles * t / threads; tile < tiles * (t + 1) / threads; ++tile) {
            mine.run(tile * tile_rows, std::min(job.rows.n, (tile + 1) * tile_rows), tile_sums + 3 * tile * job.m);
        }
    });
    for (Index i = 0; i < 3 * tiles * job.m; ++i) {
        job.sums[i % (3 * job.m)] += tile_sums[i];
    }
    for (int t = 0; t < (job.gradient == nullptr ? 0 : threads); ++t) {
        add_gradient(job, part(t));
    }
}

}  // namespace onelayer::ONELAYER_ISA
