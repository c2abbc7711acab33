// A group of as many models as a vector has lanes, one model in each lane, and their training on a batch. Lanes are
// never added up.
#pragma once

#include <cstring>

#include "losses.hpp"
#include "model_rows.hpp"
#include "scheduling.hpp"

namespace onelayer::ONELAYER_ISA {

// A thread's membership in a team: threads that train one group together, each with its own outputs. All of them need
// the scores of all outputs.
template <class T>
struct TeamMember {
    int rank = 0, size = 1;
    Barrier* barrier = nullptr;
    T* shared[2] = {nullptr, nullptr};  // scores, double-buffered: one thread may be a tile ahead of another
    std::uint64_t round = 0;

    // Where this thread writes its scores: its own buffer if it is alone, else the shared one.
    T* scores(T* own) const { return size == 1 ? own : shared[round % 2]; }

    // Waits for the scores of the other threads, and copies all scores to `own`.
    void gather(T* own, Index count) {
        if (size > 1) {
            const T* all = shared[round % 2];
            barrier->arrive_and_wait(rank, size, ++round);
            std::memcpy(own, all, static_cast<std::size_t>(count) * sizeof(T));
        }
    }
};

template <class T>
class ModelGroup {
  public:
    // Models [number · lanes, …).
    ModelGroup(Arena& arena, const ModelsJob<T>& job, Index number, int team_threads)
        : job_(job),
          first_model_(number * lanes<T>),
          models_(std::min<Index>(job.m - first_model_, lanes<T>)),
          padded_d_(padded_features<T>(job.rows.d)),
          parts_(std::min(job.k, ceil_div(ceil_div(job.k, max_block_outputs), team_threads) * team_threads)) {
        const bool with_velocity = job.weight_velocity != nullptr;
        weights_ = arena.take<T>(padded_d_ * job.k * lanes<T>);
        velocity_ = with_velocity ? arena.take<T>(padded_d_ * job.k * lanes<T>) : nullptr;
        gradient_ = arena.take<T>(job.batch_size > max_tile_rows ? padded_d_ * job.k * lanes<T> : 0);
        intercepts_ = arena.take<T>(job.k * lanes<T>);
        intercept_velocity_ = with_velocity ? arena.take<T>(job.k * lanes<T>) : nullptr;
        residual_sums_ = arena.take<T>(job.k * lanes<T>);
    }

    // The size of what a step reads and writes.
    Index bytes() const {
        return padded_d_ * job_.k * lanes<T> * static_cast<Index>(sizeof(T)) * (velocity_ == nullptr ? 1 : 2);
    }

    // How many scores a tile has; by default that of the largest tile, with room for what kernels write after the last.
    static Index score_count(const ModelsJob<T>& job, Index rows = max_tile_rows + block_rows) {
        return rows * job.k * lanes<T>;
    }

    // Copies weights and velocity from the caller's arrays, or back to them.
    ONELAYER_NOINLINE void transfer(bool in) {
        transfer(job_.weights, job_.intercepts, weights_, intercepts_, in);
        if (velocity_ != nullptr) {
            transfer(job_.weight_velocity, job_.intercept_velocity, velocity_, intercept_velocity_, in);
        }
    }

    void begin_step() { weight_ = loss_ = Vec<T>{}; }

    // Adds a tile's gradient to that of the step; the last tile takes the step.
    void train_tile(const ModelTile<T>& tile, Index step, bool first, bool last, T* scores, TeamMember<T>& team) {
        for (Index part = team.rank; part < parts_; part += team.size) {
            with_constant<max_block_outputs>(part_size(part), [&](auto outputs) {
                score<outputs>(tile, part, part == team.rank, team.scores(scores));
            });
        }
        team.gather(scores, score_count(job_, tile.count));
        for (Index row = 0; row < tile.count; ++row) {
            weight_ += residual(tile, row, scores + row * job_.k * lanes<T>);
        }
        for (Index part = team.rank; part < parts_; part += team.size) {
            with_constant<max_block_outputs>(
                part_size(part), [&](auto outputs) { update<outputs>(tile, scores, part, step, first, last); });
            sum_residuals(tile, scores, part, first);
        }
    }

    ONELAYER_NOINLINE void end_step(Index step, const TeamMember<T>& team) {
        for (Index part = team.rank; job_.fit_intercept && part < parts_; part += team.size) {
            step_intercepts(part, step);
        }
        const Vec<T> mean = loss_ * inverse_weight();
        for (Index lane = 0; team.rank == 0 && lane < models_; ++lane) {
            job_.batch_losses[step * job_.m + first_model_ + lane] = static_cast<double>(mean[lane]);
        }
    }

  private:
    int part_size(Index part) const { return static_cast<int>(part_first(part + 1) - part_first(part)); }
    Index part_first(Index part) const { return job_.k * part / parts_; }
    // Packed: for each part of the outputs, each feature, one vector of models for each output of the part.
    T* packed(T* all, Index part, Index feature) const {
        return all + (part_first(part) * padded_d_ + feature * part_size(part)) * lanes<T>;
    }

    // Copies between the caller's (m, k, d) and (m, k) and the lanes; lanes without a model are 0.
    void transfer(T* weights, T* intercepts, T* packed_weights, T* packed_intercepts, bool in) {
        if (in) {
            std::fill(packed_weights, packed_weights + padded_d_ * job_.k * lanes<T>, T(0));
            std::fill(packed_intercepts, packed_intercepts + job_.k * lanes<T>, T(0));
        }
        const auto move = [&](T& outside, T& inside) { in ? inside = outside : outside = inside; };
        for (Index lane = 0; lane < models_; ++lane) {
            const Index model = first_model_ + lane;
            for (Index part = 0; part < parts_; ++part) {
                for (int o = 0; o < part_size(part); ++o) {
                    const Index output = model * job_.k + part_first(part) + o;
                    for (Index j = 0; j < job_.rows.d; ++j) {
                        move(weights[output * job_.rows.d + j], packed(packed_weights, part, j)[o * lanes<T> + lane]);
                    }
                    move(intercepts[output], packed_intercepts[(part_first(part) + o) * lanes<T> + lane]);
                }
            }
        }
    }

    // One number of each model of the group; 0 for lanes without a model.
    template <class Number>
    Vec<T> of_models(const Number* numbers) const {
        alignas(vector_bytes) T values[lanes<T>] = {};
        for (Index lane = 0; lane < models_; ++lane) {
            values[lane] = static_cast<T>(numbers[first_model_ + lane]);
        }
        return load<T>(values);
    }

    Vec<T> row_weight(const ModelTile<T>& tile, Index row) const {
        return job_.own_row_weights ? of_models(job_.row_weights + tile.order[row] * job_.m)
                                    : broadcast(tile.weights[row]);
    }

    // 1/Σw, and 0 for a batch that weighs nothing.
    Vec<T> inverse_weight() const { return select(weight_ > T(0), T(1) / weight_, Vec<T>{}); }

    // Scores of all rows for one part of the outputs, a few rows at a time; meanwhile as many of the coming rows are
    // prefetched.
    template <int Outputs>
    void score(const ModelTile<T>& tile, Index part, bool prefetching, T* scores) {
        for (Index i = 0; i < tile.count; i += block_rows) {
            const Index bytes = prefetching && tile.prefetcher != nullptr ? block_rows * tile.row_bytes : 0;
            for (Index byte = 0; byte < bytes; byte += 64) {
                tile.prefetcher->prefetch_line();
            }
            score_rows<Outputs>(tile, part, i, scores + (i * job_.k + part_first(part)) * lanes<T>);
        }
    }

    template <int Outputs>
    void score_rows(const ModelTile<T>& tile, Index part, Index row, T* scores) {
        Vec<T> sums[block_rows * Outputs];
#pragma GCC unroll 32
        for (int i = 0; i < block_rows * Outputs; ++i) {
            sums[i] = load<T>(intercepts_ + (part_first(part) + i % Outputs) * lanes<T>);
        }
        const T* weights = packed(weights_, part, 0);
        const T* x = tile.x + row * tile.stride;
        for (Index j = 0; j < job_.rows.d; ++j, ++x, weights += Outputs * lanes<T>) {
            Vec<T> w[Outputs];
#pragma GCC unroll 8
            for (int o = 0; o < Outputs; ++o) {
                w[o] = load<T>(weights + o * lanes<T>);
            }
#pragma GCC unroll 8
            for (int r = 0; r < block_rows; ++r) {
                Vec<T> feature = broadcast(x[r * tile.stride]);
                keep_in_register(feature);
#pragma GCC unroll 8
                for (int o = 0; o < Outputs; ++o) {
                    sums[r * Outputs + o] += w[o] * feature;
                }
            }
        }
#pragma GCC unroll 32
        for (int i = 0; i < block_rows * Outputs; ++i) {
            store(scores + (i / Outputs * job_.k + i % Outputs) * lanes<T>, sums[i]);
        }
    }

    // Turns the scores of a row into weighted residuals; returns the row's weight for each model.
    Vec<T> residual(const ModelTile<T>& tile, Index row, T* scores) {
        MemoryScores<T, lanes<T>> z{scores};
        const Vec<T> weight = row_weight(tile, row), loss = loss_of(tile, row, z);
        loss_ += select(weight > T(0), loss * weight, Vec<T>{});
        for (Index c = 0; c < job_.k; ++c) {
            z.set(c, select(weight > T(0), z[c] * weight, Vec<T>{}));
        }
        return weight;
    }

    Vec<T> loss_of(const ModelTile<T>& tile, Index row, MemoryScores<T, lanes<T>>& z) const {
        const TileTargets<T> targets{tile.labels, nullptr, job_.targets.smoothing};
        const T on = targets.on(job_.k), off = targets.off(job_.k);
        if (tile.probabilities != nullptr) {
            const RowProbability probability{tile.probabilities + row};
            return residual_of<T>(job_.loss, z, job_.k, LabelTarget<T>{}, &probability);
        }
        if (job_.loss == Loss::softmax) {
            return softmax_loss_of_label<T>(z, job_.k, static_cast<Index>(tile.labels[row]), on, off);
        }
        const RowProbability* none = nullptr;
        return residual_of<T>(job_.loss, z, job_.k, LabelTarget<T>{broadcast(tile.labels[row]), on, off}, none);
    }

    struct RowProbability {
        const T* at;
        Vec<T> operator[](Index c) const { return broadcast(at[c * tile_stride]); }
    };

    void sum_residuals(const ModelTile<T>& tile, const T* residual, Index part, bool first) {
        for (Index c = part_first(part); c < part_first(part + 1); ++c) {
            Vec<T> sum = first ? Vec<T>{} : load<T>(residual_sums_ + c * lanes<T>);
            for (Index row = 0; row < tile.count; ++row) {
                sum += load<T>(residual + (row * job_.k + c) * lanes<T>);
            }
            store(residual_sums_ + c * lanes<T>, sum);
        }
    }

    template <int Outputs>
    void update(const ModelTile<T>& tile, const T* residual, Index part, Index step, bool first_tile, bool last_tile) {
        const Vec<T> rate = of_models(job_.learning_rates + step * job_.m), momentum = of_models(job_.momentum),
                     l2 = of_models(job_.l2);
        const Vec<T> inverse = inverse_weight();
        for (Index j = 0; j < job_.rows.d; j += block_rows) {
            Vec<T> sums[block_rows * Outputs] = {};
            sum_gradient<Outputs>(tile, residual + part_first(part) * lanes<T>, j, sums);
            T* stored = packed(gradient_, part, j);
            T* weights = packed(weights_, part, j);
            T* velocity = velocity_ == nullptr ? nullptr : packed(velocity_, part, j);
#pragma GCC unroll 32
            for (int i = 0; i < block_rows * Outputs; ++i) {
                Vec<T> sum = first_tile ? sums[i] : sums[i] + load<T>(stored + i * lanes<T>);
                if (!last_tile) {
                    store(stored + i * lanes<T>, sum);
                    continue;
                }
                const Vec<T> w = load<T>(weights + i * lanes<T>);
                Vec<T> move = sum * inverse + w * l2;
                if (velocity != nullptr) {
                    move += load<T>(velocity + i * lanes<T>) * momentum;
                    store(velocity + i * lanes<T>, move);
                }
                store(weights + i * lanes<T>, w - move * rate);
            }
        }
    }

    template <int Outputs>
    ONELAYER_INLINE void sum_gradient(const ModelTile<T>& tile, const T* residual, Index feature,
                                      Vec<T> (&sums)[block_rows * Outputs]) {
        const T* x = tile.x + feature;
        for (Index i = 0; i < tile.count; ++i, x += tile.stride, residual += job_.k * lanes<T>) {
            Vec<T> r[Outputs];
#pragma GCC unroll 8
            for (int o = 0; o < Outputs; ++o) {
                r[o] = load<T>(residual + o * lanes<T>);
            }
#pragma GCC unroll 8
            for (int f = 0; f < block_rows; ++f) {
                Vec<T> number = broadcast(x[f]);
                keep_in_register(number);
#pragma GCC unroll 8
                for (int o = 0; o < Outputs; ++o) {
                    sums[f * Outputs + o] += r[o] * number;
                }
            }
        }
    }

    void step_intercepts(Index part, Index step) {
        const Vec<T> rate = of_models(job_.learning_rates + step * job_.m), momentum = of_models(job_.momentum),
                     l2 = of_models(job_.l2);
        for (Index c = part_first(part) * lanes<T>; c < part_first(part + 1) * lanes<T>; c += lanes<T>) {
            const Vec<T> b = load<T>(intercepts_ + c);
            Vec<T> move = load<T>(residual_sums_ + c) * inverse_weight();
            if (job_.penalize_bias) {
                move += b * l2;
            }
            if (intercept_velocity_ != nullptr) {
                move += load<T>(intercept_velocity_ + c) * momentum;
                store(intercept_velocity_ + c, move);
            }
            store(intercepts_ + c, b - move * rate);
        }
    }

    const ModelsJob<T>& job_;
    Index first_model_, models_, padded_d_, parts_;
    T* weights_;
    T* velocity_;
    T* gradient_;
    T* intercepts_;
    T* intercept_velocity_;
    T* residual_sums_;
    Vec<T> weight_ = {}, loss_ = {};
};

}  // namespace onelayer::ONELAYER_ISA
