// Weights on a slice of the features, packed in the order in which the kernels read them, with the scaling folded in,
// so that rows are read unscaled: with U = scale · W,
//
//     scores   (x − shift) · scale · W + b  =  x · U + (b − shift · U)
//     gradient ∂J/∂W = scale · (Σ r x − shift Σ r),  so a step on W is a step on U with scale² in place of scale.
//
// In the same way the velocity v becomes scale · v. Where rows are multiplied by integers, the weights are kept as an
// int8 split, too.
#pragma once

#include "int8_split.hpp"

namespace onelayer::ONELAYER_ISA {

// One step: v ← μ v + g, w ← w − η v, where g = mean · Σ r x + λ w.
template <class T>
struct StepSize {
    T rate, mean, momentum, l2;  // η; 1 over the sum of the rows' weights; μ; λ
};

template <class In, class T>
class PackedWeights {
  public:
    PackedWeights(Arena& arena, Groups<T> outputs, Index k, Index d, Slice slice, bool with_velocity)
        : groups(outputs),
          k_(k),
          d_(d),
          vectors_(slice.last - slice.first),
          slice_(slice),
          split_(arena, groups, k, vectors_) {
        weights_ = arena.take<T>(k * vectors_ * lanes<T>);
        velocity_ = with_velocity ? arena.take<T>(k * vectors_ * lanes<T>) : nullptr;
        shift_ = arena.take<T>(vectors_ * lanes<T>);
        scale_ = arena.take<T>(vectors_ * lanes<T>);
        squared_scale_ = arena.take<T>(vectors_ * lanes<T>);
        offsets_ = arena.take<Vec<T>>(k);
    }

    const Groups<T> groups;
    const T* of(OutputGroup group) const { return at(weights_, group, 0); }
    const SplitWeights<In, T>& split() const { return split_; }

    // Reads this slice of weights and velocity, each (k, d).
    void pack(const T* weights, const T* velocity, const Scaling<T>& scaling) {
        for (Index v = 0; v < vectors_; ++v) {
            const Index feature = (slice_.first + v) * lanes<T>, at = v * lanes<T>;
            const Vec<T> scale = load_some<T>(scaling.scale + feature, filled(feature), T(1));
            store(shift_ + at, load_some<T>(scaling.shift + feature, filled(feature)));
            store(scale_ + at, scale);
            store(squared_scale_ + at, scale * scale);
        }
        each_vector([&](T* packed, T* packed_velocity, Index number, Index count, Vec<T> scale) {
            store(packed, load_some<T>(weights + number, count) * scale);
            if (packed_velocity != nullptr) {
                store(packed_velocity, load_some<T>(velocity + number, count) * scale);
            }
        });
        split_.write_all(weights_);
        clear_offsets();
        for (Index g = 0; g < groups.count; ++g) {
            const OutputGroup group = groups[g];
            for (Index v = 0; v < vectors_; ++v) {
                for (int o = 0; o < group.size; ++o) {
                    offsets_[group.first + o] +=
                        load<T>(shift_ + v * lanes<T>) * load<T>(at(weights_, group, v) + o * lanes<T>);
                }
            }
        }
    }

    // To be called when all weights have taken their step.
    void finish_step() { split_.finish_step(weights_); }

    void unpack(T* weights, T* velocity) {
        each_vector([&](const T* packed, const T* packed_velocity, Index number, Index count, Vec<T> scale) {
            store_some<T>(weights + number, load<T>(packed) / scale, count);
            if (packed_velocity != nullptr) {
                store_some<T>(velocity + number, load<T>(packed_velocity) / scale, count);
            }
        });
    }

    // Σ shift · U over this slice for every output: by this much the scores of unshifted rows are too large.
    void offsets(T* totals) const {
        for (Index c = 0; c < k_; ++c) {
            totals[c] = sum_of_lanes<T>(offsets_[c]);
        }
    }

    void clear_offsets() { std::fill(offsets_, offsets_ + k_, Vec<T>{}); }

    // Takes the step of one vector of features, for a group of outputs; sums are Σ r x, residual_sums are Σ r.
    template <int Outputs>
    ONELAYER_INLINE void step(OutputGroup group, Index vector, const Vec<T>* sums, const T* residual_sums,
                              const StepSize<T>& size) {
        const Vec<T> shift = load<T>(shift_ + vector * lanes<T>), square = load<T>(squared_scale_ + vector * lanes<T>);
        const Vec<T> factor = square * size.mean;
        T* const weights = at(weights_, group, vector);
        T* const velocity = velocity_ == nullptr ? nullptr : at(velocity_, group, vector);
        Vec<T>* const offsets = offsets_ + group.first;
        const T* const of_outputs = residual_sums + group.first;
        const Vec<T> l2 = broadcast(size.l2), momentum = broadcast(size.momentum), rate = broadcast(size.rate);
        Vec<T> moves[Outputs], stepped[Outputs];
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            stepped[o] = load<T>(weights + o * lanes<T>);
            moves[o] = (sums[o] - shift * of_outputs[o]) * factor + stepped[o] * l2;
        }
        if (velocity != nullptr) {
#pragma GCC unroll 16
            for (int o = 0; o < Outputs; ++o) {
                moves[o] += load<T>(velocity + o * lanes<T>) * momentum;
                store(velocity + o * lanes<T>, moves[o]);
            }
        }
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            stepped[o] -= moves[o] * rate;
            store(weights + o * lanes<T>, stepped[o]);
            offsets[o] += shift * stepped[o];
        }
        split_.template write<Outputs>(group, vector, stepped);
    }

  private:
    T* at(T* packed, OutputGroup group, Index vector) const {
        return packed + (group.first * vectors_ + vector * group.size) * lanes<T>;
    }

    // How many features the vector that begins at this one has.
    Index filled(Index feature) const { return std::min<Index>(lanes<T>, d_ - feature); }

    // Calls body(weights, velocity or null, number, count, scale) for every packed vector; it holds `count` weights, of
    // which the first is number `number` of (k, d).
    template <class Body>
    void each_vector(Body&& body) {
        for (Index g = 0; g < groups.count; ++g) {
            const OutputGroup group = groups[g];
            for (Index v = 0; v < vectors_; ++v) {
                const Index feature = (slice_.first + v) * lanes<T>;
                const Vec<T> scale = load<T>(scale_ + v * lanes<T>);
                for (int o = 0; o < group.size; ++o) {
                    body(at(weights_, group, v) + o * lanes<T>,
                         velocity_ == nullptr ? nullptr : at(velocity_, group, v) + o * lanes<T>,
                         (group.first + o) * d_ + feature, filled(feature), scale);
                }
            }
        }
    }

    Index k_, d_, vectors_;
    Slice slice_;
    SplitWeights<In, T> split_;
    T* weights_;
    T* velocity_;
    T* shift_;
    T* scale_;
    T* squared_scale_;
    Vec<T>* offsets_;
};

}  // namespace onelayer::ONELAYER_ISA
