// Many models at once, on the same rows in the same order: vector lanes are models.
//
// A group of as many models as a vector has lanes goes through the whole order by itself. Its weights stay in the
// second-level cache (200 KB for ten classes of 324 features), no thread waits for another, and nothing is ever folded
// across lanes. Rows are scaled into a tile of floats: with a vector of models for every number of it, that costs next
// to nothing.
#pragma once

#include <new>

#include "losses.hpp"
#include "row_tile.hpp"
#include "team.hpp"

namespace onelayer::ONELAYER_ISA {

// Sums held in registers: rows × outputs for scores, features × outputs for gradients, with the outputs' vectors and
// one broadcast number beside them.
inline constexpr int most_lane_outputs = vector_registers == 32 ? 5 : 3;
inline constexpr int lane_rows = vector_registers == 32 ? 5 : 4;

template <class In, class T>
class ModelGroup {
  public:
    ModelGroup(Arena& arena, const ModelsJob<T>& job)
        : job_(job),
          tile_(arena, job.rows, job.targets, job.own_row_weights ? nullptr : job.row_weights, job.k,
                Slice{0, ceil_div(job.rows.d, lanes<T>), false}) {
        padded_d_ =
            ceil_div(job.rows.d, 64 / static_cast<Index>(sizeof(T))) * (64 / static_cast<Index>(sizeof(T))) + lane_rows;
        stride_ = padded_d_ | 1;  // rows that don't fall into the same sets of the cache
        parts_ = ceil_div(job.k, most_lane_outputs);
        x_ = arena.take<T>((most_tile_rows + lane_rows) * stride_);
        scores_ = arena.take<T>((most_tile_rows + lane_rows) * job.k * lanes<T>);
        weights_ = arena.take<T>(padded_d_ * job.k * lanes<T>);
        velocity_ = job.weight_velocity == nullptr ? nullptr : arena.take<T>(padded_d_ * job.k * lanes<T>);
        gradient_ = arena.take<T>(job.batch_size > most_tile_rows ? padded_d_ * job.k * lanes<T> : 0);
        intercepts_ = arena.take<T>(job.k * lanes<T>);
        intercept_velocity_ = job.weight_velocity == nullptr ? nullptr : arena.take<T>(job.k * lanes<T>);
        residual_sums_ = arena.take<T>(job.k * lanes<T>);
    }

    // Trains models [group · lanes, …) through the whole order.
    void run(Index group) {
        first_model_ = group * lanes<T>;
        models_ = std::min<Index>(job_.m - first_model_, lanes<T>);
        std::fill(x_, x_ + (most_tile_rows + lane_rows) * stride_, T(0));
        exchange(job_.weights, job_.intercepts, weights_, intercepts_, true);
        if (velocity_ != nullptr) {
            exchange(job_.weight_velocity, job_.intercept_velocity, velocity_, intercept_velocity_, true);
        }
        for (Index step = 0; step < job_.steps; ++step) {
            take_step(step);
        }
        exchange(job_.weights, job_.intercepts, weights_, intercepts_, false);
        if (velocity_ != nullptr) {
            exchange(job_.weight_velocity, job_.intercept_velocity, velocity_, intercept_velocity_, false);
        }
    }

  private:
    int part_size(Index part) const { return static_cast<int>(part_first(part + 1) - part_first(part)); }
    Index part_first(Index part) const { return job_.k * part / parts_; }
    // Packed: for each part of the outputs, each feature, one vector of models for each output of the part.
    T* packed(T* all, Index part, Index feature) const {
        return all + (part_first(part) * padded_d_ + feature * part_size(part)) * lanes<T>;
    }

    // Between the caller's (m, k, d) and (m, k), and the lanes; lanes without a model are 0.
    void exchange(T* weights, T* intercepts, T* packed_weights, T* packed_intercepts, bool in) {
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

    Vec<T> row_weight(Index which, Index row) const {
        return job_.own_row_weights ? of_models(job_.row_weights + which * job_.m) : broadcast(tile_.weights[row]);
    }

    void take_step(Index step) {
        const Index begin = step * job_.batch_size, count = std::min(job_.batch_size, job_.ordered - begin);
        const Index tiles = ceil_div(count, most_tile_rows);
        Vec<T> weight = {};
        loss_ = Vec<T>{};
        std::fill(residual_sums_, residual_sums_ + job_.k * lanes<T>, T(0));
        for (Index t = 0; t < tiles; ++t) {
            const Index first = begin + count * t / tiles, last = begin + count * (t + 1) / tiles;
            tile_.fill(job_.order, first, last - first);
            tile_.announce(job_.order, last, std::min<Index>(job_.ordered - last, most_tile_rows));
            scale_rows();
            for (Index part = 0; part < parts_; ++part) {
                with_constant<most_lane_outputs>(part_size(part), [&](auto outputs) { score<outputs>(part); });
            }
            for (Index row = 0; row < tile_.count(); ++row) {
                weight += residual(job_.order[first + row], row);
            }
            weight_ = weight;
            for (Index part = 0; part < parts_; ++part) {
                with_constant<most_lane_outputs>(
                    part_size(part), [&](auto outputs) { descend<outputs>(part, step, t == 0, t == tiles - 1); });
            }
        }
        if (job_.fit_intercept) {
            step_intercepts(step);
        }
        const Vec<T> mean = loss_ * inverse_weight();
        for (Index lane = 0; lane < models_; ++lane) {
            job_.batch_losses[step * job_.m + first_model_ + lane] = static_cast<double>(mean[lane]);
        }
    }

    // 1/Σw, and 0 for a batch that weighs nothing.
    Vec<T> inverse_weight() const { return select(weight_ > T(0), T(1) / weight_, Vec<T>{}); }

    void scale_rows() {
        const Index whole = job_.rows.d / lanes<T>;
        for (Index i = 0; i < tile_.count(); ++i) {
            T* to = x_ + i * stride_;
            for (Index v = 0; v < whole; ++v) {
                const Index j = v * lanes<T>;
                store(to + j, (load<T>(tile_.rows()[i] + j) - load<T>(job_.scaling.shift + j)) *
                                  load<T>(job_.scaling.scale + j));
            }
            for (Index j = whole * lanes<T>; j < job_.rows.d; ++j) {
                to[j] = (static_cast<T>(tile_.rows()[i][j]) - job_.scaling.shift[j]) * job_.scaling.scale[j];
            }
        }
    }

    // Scores of all rows for one part of the outputs: a few rows at a time, and meanwhile as many of the coming rows
    // brought near.
    template <int Outputs>
    void score(Index part) {
        for (Index i = 0; i < tile_.count(); i += lane_rows) {
            const Index bytes = part == 0 ? lane_rows * job_.rows.d * static_cast<Index>(sizeof(In)) : 0;
            for (Index byte = 0; byte < bytes; byte += 64) {
                tile_.template look_ahead<64>(0);
            }
            score_rows<Outputs>(part, x_ + i * stride_, scores_ + (i * job_.k + part_first(part)) * lanes<T>);
        }
    }

    template <int Outputs>
    void score_rows(Index part, const T* x, T* scores) {
        Vec<T> sums[lane_rows * Outputs];
#pragma GCC unroll 32
        for (int i = 0; i < lane_rows * Outputs; ++i) {
            sums[i] = load<T>(intercepts_ + (part_first(part) + i % Outputs) * lanes<T>);
        }
        const T* weights = packed(weights_, part, 0);
        for (Index j = 0; j < job_.rows.d; ++j, ++x, weights += Outputs * lanes<T>) {
            Vec<T> w[Outputs];
#pragma GCC unroll 8
            for (int o = 0; o < Outputs; ++o) {
                w[o] = load<T>(weights + o * lanes<T>);
            }
#pragma GCC unroll 8
            for (int r = 0; r < lane_rows; ++r) {
                Vec<T> feature = broadcast(x[r * stride_]);
                keep_in_register(feature);
#pragma GCC unroll 8
                for (int o = 0; o < Outputs; ++o) {
                    sums[r * Outputs + o] += w[o] * feature;
                }
            }
        }
#pragma GCC unroll 32
        for (int i = 0; i < lane_rows * Outputs; ++i) {
            store(scores + (i / Outputs * job_.k + i % Outputs) * lanes<T>, sums[i]);
        }
    }

    // Turns the scores of a row into weighted residuals; returns the row's weight for each model.
    Vec<T> residual(Index which, Index row) {
        const Column<T, lanes<T>> z{scores_ + row * job_.k * lanes<T>};
        const TileTargets<T> targets{tile_.labels, tile_.probabilities, job_.targets.smoothing};
        const RowProbability probability{tile_.probabilities + row};
        const Vec<T> weight = row_weight(which, row);
        const Vec<T> loss = residual_of<T>(
            job_.loss, z, job_.k, LabelTarget<T>{broadcast(tile_.labels[row]), targets.on(job_.k), targets.off(job_.k)},
            tile_.probabilities == nullptr ? nullptr : &probability);
        loss_ += select(weight > T(0), loss * weight, Vec<T>{});
        for (Index c = 0; c < job_.k; ++c) {
            const Vec<T> weighted = select(weight > T(0), z[c] * weight, Vec<T>{});
            z.set(c, weighted);
            T* sum = residual_sums_ + c * lanes<T>;
            store(sum, load<T>(sum) + weighted);
        }
        return weight;
    }

    struct RowProbability {
        const T* at;
        Vec<T> operator[](Index c) const { return broadcast(at[c * tile_stride]); }
    };

    template <int Outputs>
    void descend(Index part, Index step, bool first_tile, bool last_tile) {
        const Vec<T> rate = of_models(job_.learning_rates + step * job_.m), momentum = of_models(job_.momentum),
                     l2 = of_models(job_.l2);
        const Vec<T> inverse = inverse_weight();
        for (Index j = 0; j < job_.rows.d; j += lane_rows) {
            Vec<T> sums[lane_rows * Outputs] = {};
            sum_gradient<Outputs>(part, j, sums);
            T* kept = packed(gradient_, part, j);
            T* weights = packed(weights_, part, j);
            T* velocity = velocity_ == nullptr ? nullptr : packed(velocity_, part, j);
#pragma GCC unroll 32
            for (int i = 0; i < lane_rows * Outputs; ++i) {
                Vec<T> sum = first_tile ? sums[i] : sums[i] + load<T>(kept + i * lanes<T>);
                if (!last_tile) {
                    store(kept + i * lanes<T>, sum);
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
    ONELAYER_INLINE void sum_gradient(Index part, Index feature, Vec<T> (&sums)[lane_rows * Outputs]) {
        const T* x = x_ + feature;
        const T* residual = scores_ + part_first(part) * lanes<T>;
        for (Index i = 0; i < tile_.count(); ++i, x += stride_, residual += job_.k * lanes<T>) {
            Vec<T> r[Outputs];
#pragma GCC unroll 8
            for (int o = 0; o < Outputs; ++o) {
                r[o] = load<T>(residual + o * lanes<T>);
            }
#pragma GCC unroll 8
            for (int f = 0; f < lane_rows; ++f) {
                Vec<T> number = broadcast(x[f]);
                keep_in_register(number);
#pragma GCC unroll 8
                for (int o = 0; o < Outputs; ++o) {
                    sums[f * Outputs + o] += r[o] * number;
                }
            }
        }
    }

    void step_intercepts(Index step) {
        const Vec<T> rate = of_models(job_.learning_rates + step * job_.m), momentum = of_models(job_.momentum),
                     l2 = of_models(job_.l2);
        for (Index c = 0; c < job_.k * lanes<T>; c += lanes<T>) {
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
    RowTile<In, T> tile_;
    Index padded_d_, stride_, parts_, first_model_ = 0, models_ = 0;
    T* x_;
    T* scores_;
    T* weights_;
    T* velocity_;
    T* gradient_;
    T* intercepts_;
    T* intercept_velocity_;
    T* residual_sums_;
    Vec<T> weight_ = {}, loss_ = {};
};

template <class In, class T>
void train_models(const ModelsJob<T>& job, Team& team) {
    const Index groups = ceil_div(job.m, lanes<T>);
    const int threads = static_cast<int>(std::min<Index>({groups, job.threads, most_threads}));
    Arena measure(nullptr);
    ModelGroup<In, T>(measure, job);
    const std::size_t each = measure.used();
    char* memory = static_cast<char*>(team.workspace(each * threads));
    Index next = 0;  // whoever is free takes the next group
    team.run(threads, [&](int t) {
        Arena arena(memory + each * t);
        ModelGroup<In, T> mine(arena, job);
        for (Index group; (group = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < groups;) {
            mine.run(group);
        }
    });
}

}  // namespace onelayer::ONELAYER_ISA
