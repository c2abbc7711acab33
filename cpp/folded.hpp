// Weights with the scaling folded in, so that rows are read as they are: with U = scale · W,
//
//     scores   (x − shift) · scale · W + b  =  x · U + (b − shift · U)
//     gradient ∂J/∂W = scale · (Σ r x − shift Σ r),  so a step on W is one on U with scale² in place of scale.
//
// The definition's velocity v becomes scale · v in the same way. Weights on a slice of the features lie packed as the
// kernels read them; where rows are multiplied in digits, the weights' digits lie beside them.
#pragma once

#include "tiling.hpp"
#include "weight_digits.hpp"

namespace onelayer::ONELAYER_ISA {

// One step: v ← μ v + g, w ← w − η v, where g = (Σ r x)/Σw + λ w.
template <class T>
struct StepSize {
    T rate, mean, momentum, l2;
};

template <class In, class T>
class FoldedWeights {
  public:
    FoldedWeights(Arena& arena, Groups<T> outputs, Index k, Index d, Slice slice, bool with_velocity)
        : groups(outputs),
          k_(k),
          d_(d),
          vectors_(slice.last - slice.first),
          slice_(slice),
          digits_(arena, groups, k, vectors_) {
        weights_ = arena.take<T>(k * vectors_ * lanes<T>);
        velocity_ = with_velocity ? arena.take<T>(k * vectors_ * lanes<T>) : nullptr;
        shift_ = arena.take<T>(vectors_ * lanes<T>);
        scale_ = arena.take<T>(vectors_ * lanes<T>);
        squared_scale_ = arena.take<T>(vectors_ * lanes<T>);
        offsets_ = arena.take<Vec<T>>(k);
    }

    const Groups<T> groups;
    const T* packed(OutputGroup group) const { return at(weights_, group, 0); }
    const WeightDigits<In, T>& digits() const { return digits_; }

    // Takes over this slice of weights and velocity, each (k, d).
    void fold(const T* weights, const T* velocity, const Scaling<T>& scaling) {
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
        digits_.write_all(weights_);
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

    // To be called when all weights have taken a step.
    void settle() { digits_.settle(weights_); }

    void unfold(T* weights, T* velocity) {
        each_vector([&](const T* packed, const T* packed_velocity, Index number, Index count, Vec<T> scale) {
            store_some<T>(weights + number, load<T>(packed) / scale, count);
            if (packed_velocity != nullptr) {
                store_some<T>(velocity + number, load<T>(packed_velocity) / scale, count);
            }
        });
    }

    // Σ shift · U over this slice for every output: what the scores of unshifted rows are too large by.
    void offsets(T* totals) const {
        for (Index c = 0; c < k_; ++c) {
            totals[c] = sum_of_lanes<T>(offsets_[c]);
        }
    }

    void clear_offsets() { std::fill(offsets_, offsets_ + k_, Vec<T>{}); }

    // Moves one vector of features of a group by the sums Σ r x of its outputs; residual_sums are Σ r.
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
        digits_.template write<Outputs>(group, vector, stepped);
    }

  private:
    T* at(T* packed, OutputGroup group, Index vector) const {
        return packed + (group.first * vectors_ + vector * group.size) * lanes<T>;
    }

    // How many of a vector of features there are.
    Index filled(Index feature) const { return std::min<Index>(lanes<T>, d_ - feature); }

    // Calls body(weights, velocity or null, the number of the first in (k, d), how many there are, their scale) for
    // every packed vector.
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
    WeightDigits<In, T> digits_;
    T* weights_;
    T* velocity_;
    T* shift_;
    T* scale_;
    T* squared_scale_;
    Vec<T>* offsets_;
};

}  // namespace onelayer::ONELAYER_ISA
