// One pass over rows: losses and decisions, and, if wanted, gradients or Hessian products, for m models at once.
//
// Threads take chunks of tiles from a queue. Every sum is added up in float64 from tile to tile and from chunk to
// chunk, in an order that the job alone decides, whatever the number of threads.
#pragma once

#include <new>

#include "losses.hpp"
#include "microkernels.hpp"
#include "scheduling.hpp"
#include "thread_pool.hpp"

namespace onelayer::ONELAYER_ISA {

struct RowRange {
    Index first, last;
};

// A chunk's part of the gradients: sums Σ r x, packed as the weights are, and Σ r (m, k).
struct ChunkSums {
    double* gradient;
    double* residuals;
};

// Where gradients are wanted, the outputs of all models are grouped together, since there may be many directions of one
// output each. Where only sums are wanted, each model has groups of its own: then its sums are bit by bit those that it
// has alone.
template <class T>
Groups<T> groups_of(const PassJob<T>& job) {
    return job.gradient == nullptr ? Groups<T>(job.k, job.m) : Groups<T>(job.m * job.k);
}

template <class In, class T>
class PassThread {
  public:
    PassThread(Arena& arena, const PassJob<T>& job)
        : job_(job),
          outputs_(job.m * job.k),
          slice_(slice_of<T>(job.rows.d, 0, 1)),
          tile_(arena, job.rows, job.targets, job.own_row_weights ? nullptr : job.row_weights, job.k, slice_),
          weights_(arena, groups_of(job), outputs_, job.rows.d, slice_, false),
          directions_(arena, Groups<T>(job.directions == nullptr ? 0 : outputs_),
                      job.directions == nullptr ? 0 : outputs_, job.rows.d, slice_, false) {
        scores_ = arena.take<T>(outputs_ * tile_stride);
        direction_scores_ = arena.take<T>(job.directions == nullptr ? 0 : outputs_ * tile_stride);
        intercepts_ = arena.take<T>(outputs_);
        direction_intercepts_ = arena.take<T>(outputs_);
        own_weights_ = arena.take<T>(tile_stride);
    }

    void begin() {
        pack_model(weights_, job_.weights, job_.intercepts, intercepts_);
        if (job_.directions != nullptr) {
            pack_model(directions_, job_.directions, job_.direction_intercepts, direction_intercepts_);
        }
    }

    // Writes the sums of a tile's rows to `sums` (m, 3), and adds their part of the gradients to `chunk`.
    void run(RowRange rows, RowRange next, double* sums, const ChunkSums& chunk) {
        const Index first = rows.first;
        tile_.fill(nullptr, rows.first, rows.last - rows.first);
        tile_.prefetcher().start(nullptr, next.first, next.last - next.first, weights_.groups.count);
        if (job_.directions == nullptr) {
            score<Prefetch::all>(weights_, intercepts_, scores_);
        } else {
            score<Prefetch::half>(weights_, intercepts_, scores_);
            score<Prefetch::half>(directions_, direction_intercepts_, direction_scores_);
        }
        const TileTargets<T> targets{tile_.labels, tile_.probabilities, job_.targets.smoothing};
        for (Index model = 0; model < job_.m; ++model) {
            compute_rows(model, first, targets, sums + 3 * model, chunk.residuals);
        }
        if (job_.gradient != nullptr) {
            gradient_tile<Prefetch::none>(
                tile_, slice_, weights_.groups, scores_,
                [&](auto outputs, OutputGroup group, Index vector, const Vec<T>* of_tile) {
                    double* total =
                        chunk.gradient + (group.first * (slice_.last - slice_.first) + vector * outputs) * lanes<T>;
                    for (int i = 0; i < outputs * lanes<T>; ++i) {
                        total[i] += static_cast<double>(of_tile[i / lanes<T>][i % lanes<T>]);
                    }
                });
        }
    }

  private:
    void pack_model(PackedWeights<In, T>& packed, const T* weights, const T* intercepts, T* packed_intercepts) {
        packed.pack(weights, nullptr, job_.scaling);
        packed.offsets(packed_intercepts);
        for (Index c = 0; c < outputs_; ++c) {
            packed_intercepts[c] = intercepts[c] - packed_intercepts[c];
        }
    }

    template <Prefetch Amount>
    void score(const PackedWeights<In, T>& weights, const T* intercepts, T* scores) {
        score_tile<Amount>(tile_, slice_, weights, scores);
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

    // Turns one model's scores into residuals, or into Hessian times direction in score space; adds up its sums.
    void compute_rows(Index model, Index first, const TileTargets<T>& targets, double* sums, double* residual_sums) {
        const T* row_weights = weights_of(model, first);
        T* scores = scores_ + model * job_.k * tile_stride;
        for (Index row = 0; row < tile_.count(); row += lanes<T>) {
            MemoryScores<T> z{scores + row};
            const Vec<T> weight = load<T>(row_weights + row), none = {};
            Vec<T> loss = {};
            const Vec<T> correct = correct_of<T>(z, job_.k, targets, row);
            if (job_.directions == nullptr) {
                loss = residual_of<T>(job_.loss, z, job_.k, targets, row);
            } else {
                curvature_of<T>(job_.loss, z, MemoryScores<T>{direction_scores_ + model * job_.k * tile_stride + row},
                                job_.k, targets, row);
            }
            sums[0] += static_cast<double>(sum_of_lanes<T>(select(weight > T(0), loss * weight, none)));
            sums[1] += static_cast<double>(sum_of_lanes<T>(correct * weight));
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
    PackedWeights<In, T> weights_, directions_;
    T* scores_;
    T* direction_scores_;
    T* intercepts_;
    T* direction_intercepts_;
    T* own_weights_;
};

// ∂J/∂W = scale · (Σ r x − shift Σ r), added to the job's gradient from a chunk's sums of raw rows.
template <class T>
void add_gradient(const PassJob<T>& job, const ChunkSums& chunk) {
    const Groups<T> groups = groups_of(job);
    const Index vectors = ceil_div(job.rows.d, lanes<T>);
    for (Index g = 0; g < groups.count; ++g) {
        const auto [first, size] = groups[g];
        for (int o = 0; o < size; ++o) {
            const double residual_sum = chunk.residuals[first + o];
            job.intercept_gradient[first + o] += residual_sum;
            double* to = job.gradient + (first + o) * job.rows.d;
            for (Index j = 0; j < job.rows.d; ++j) {
                const Index packed = (first * vectors + j / lanes<T> * size + o) * lanes<T> + j % lanes<T>;
                to[j] += static_cast<double>(job.scaling.scale[j]) *
                         (chunk.gradient[packed] - static_cast<double>(job.scaling.shift[j]) * residual_sum);
            }
        }
    }
}

// The tiles of a pass, and the chunks of tiles, each of which has sums of its own.
template <class In, class T>
struct PassPlan {
    explicit PassPlan(const PassJob<T>& job) {
        constexpr Index min_work = 200'000, max_bytes = Index{64} << 20;
        tile_rows = tile_rows_for<In>(job.rows.d);
        tiles = ceil_div(job.rows.n, tile_rows);
        const Index outputs = job.m * job.k;
        gradient_size = job.gradient == nullptr ? 0 : outputs * ceil_div(job.rows.d, lanes<T>) * lanes<T>;
        const Index sizes = static_cast<Index>(sizeof(double)) * std::max<Index>(1, gradient_size);
        chunks = job.gradient == nullptr ? tiles : std::min(tiles, std::clamp<Index>(max_bytes / sizes, 1, 8));
        const Index useful = job.rows.n * outputs * job.rows.d / min_work;  // multiply-adds that pay for a thread
        threads = static_cast<int>(std::clamp<Index>(std::min(chunks, useful), 1, std::min(job.threads, max_threads)));
        n = job.rows.n;
    }

    // No rows for a tile after the last.
    RowRange rows_of(Index tile) const { return {std::min(n, tile * tile_rows), std::min(n, (tile + 1) * tile_rows)}; }
    Index first_tile(Index chunk) const { return tiles * chunk / chunks; }

    Index n, tile_rows, tiles, chunks, gradient_size;
    int threads;
};

// The job's sums, and its gradient if wanted, must be 0 at the start.
template <class In, class T>
void pass(const PassJob<T>& job, ThreadPool& pool) {
    const PassPlan<In, T> plan(job);
    Arena measure(nullptr);
    PassThread<In, T>(measure, job);
    const std::size_t each = measure.used();
    const Index outputs = job.gradient == nullptr ? 0 : job.m * job.k, chunk_size = plan.gradient_size + outputs;
    const Index numbers = 3 * plan.tiles * job.m + (job.gradient == nullptr ? 0 : plan.chunks * chunk_size);
    char* memory = static_cast<char*>(pool.workspace(each * static_cast<std::size_t>(plan.threads) +
                                                     sizeof(double) * static_cast<std::size_t>(numbers)));
    double* tile_sums = reinterpret_cast<double*>(memory + each * static_cast<std::size_t>(plan.threads));
    double* chunk_sums = tile_sums + 3 * plan.tiles * job.m;
    std::fill(tile_sums, tile_sums + numbers, 0.0);
    const auto chunk_of = [&](Index chunk) {
        double* sums = chunk_sums + (job.gradient == nullptr ? 0 : chunk * chunk_size);
        return ChunkSums{sums, sums + plan.gradient_size};
    };
    ChunkQueue queue(plan.chunks, plan.threads);
    pool.run(plan.threads, [&](int t) {
        Arena arena(memory + each * static_cast<std::size_t>(t));
        PassThread<In, T> mine(arena, job);
        mine.begin();
        queue.consume([&](Index chunk, Index next) {
            const Index last = plan.first_tile(chunk + 1) - 1;
            for (Index tile = plan.first_tile(chunk); tile <= last; ++tile) {
                const Index next_tile = tile == last ? plan.first_tile(next) : tile + 1;
                mine.run(plan.rows_of(tile), plan.rows_of(next_tile), tile_sums + 3 * tile * job.m, chunk_of(chunk));
            }
        });
    });
    for (Index i = 0; i < 3 * plan.tiles * job.m; ++i) {
        job.sums[i % (3 * job.m)] += tile_sums[i];
    }
    for (Index chunk = 0; chunk < (job.gradient == nullptr ? 0 : plan.chunks); ++chunk) {
        add_gradient(job, chunk_of(chunk));
    }
}

}  // namespace onelayer::ONELAYER_ISA
