// Weights with the scaling folded in, so that rows are read as they are: with U = scale · W,
//
//     scores   (x − shift) · scale · W + b  =  x · U + (b − shift · U)
//     gradient ∂J/∂W = scale · (Σ r x − shift Σ r),  so a step on W is one on U with scale² in place of scale.
//
// The definition's velocity v becomes scale · v in the same way. Weights on a slice of the features lie packed as the
// kernels read them; where rows are multiplied in digits, the weights' digits lie beside them.
#pragma once

#include "digits.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// One step: v ← μ v + g, w ← w − η v, where g = (Σ r x)/Σw + λ w.
template <class T>
struct StepSize {
    T rate, mean, momentum, l2;
};

template <class In, class T>
class FoldedWeights {
  public:
    FoldedWeights(Arena& arena, Index k, Index d, Slice slice, bool with_velocity)
        : groups(k), k_(k), d_(d), slice_(slice) {
        vectors_ = slice.last - slice.first;
        weights_ = arena.take<T>(k * vectors_ * lanes<T>);
        velocity_ = with_velocity ? arena.take<T>(k * vectors_ * lanes<T>) : nullptr;
        shift_ = arena.take<T>(vectors_ * lanes<T>);
        scale_ = arena.take<T>(vectors_ * lanes<T>);
        squared_scale_ = arena.take<T>(vectors_ * lanes<T>);
        offsets_ = arena.take<Vec<T>>(k);
        digits_ = arena.take<std::int8_t>(in_digits<In, T> ? k * vectors_ * digits * lanes<T> + vector_bytes : 0);
        units_ = arena.take<T>(in_digits<In, T> ? k : 0);
    }

    const Groups<T> groups;
    const T* group(Index g) const { return at(weights_, g, 0); }

    // For each vector, each output and each digit, the digits of 16 features; and what a unit of each output is worth.
    const std::int8_t* digits_of_group(Index g) const { return digits_ + groups.first(g) * vectors_ * digits * lanes<T>; }
    const T* units_of_group(Index g) const { return units_ + groups.first(g); }

    // Takes over this thread's part of weights and velocity, each (k, d).
    void fold(const T* weights, const T* velocity, const Scaling<T>& scaling) {
        for (Index j = 0; j < vectors_ * lanes<T>; ++j) {
            const Index feature = slice_.first * lanes<T> + j;
            shift_[j] = feature < d_ ? scaling.shift[feature] : T(0);
            scale_[j] = feature < d_ ? scaling.scale[feature] : T(1);
            squared_scale_[j] = scale_[j] * scale_[j];
        }
        each_number([&](T* packed, T* packed_velocity, Index number, T scale) {
            *packed = number < 0 ? T(0) : weights[number] * scale;
            if (packed_velocity != nullptr) {
                *packed_velocity = number < 0 ? T(0) : velocity[number] * scale;
            }
        });
        clear_offsets();
        for (Index g = 0; g < groups.count; ++g) {
            for (Index v = 0; v < vectors_; ++v) {
                for (int o = 0; o < groups.size(g); ++o) {
                    offsets_[groups.first(g) + o] +=
                        load<T>(shift_ + v * lanes<T>) * load<T>(at(weights_, g, v) + o * lanes<T>);
                }
            }
        }
    }

    // To be called when the weights have changed, before scores are wanted.
    void settle() {
        if constexpr (in_digits<In, T>) {
            for (Index g = 0; g < groups.count; ++g) {
                with_constant<most_group<T>>(groups.size(g), [&](auto outputs) { this->template settle_group<outputs>(g); });
            }
        }
    }

    void unfold(T* weights, T* velocity) {
        each_number([&](T* packed, T* packed_velocity, Index number, T scale) {
            if (number >= 0) {
                weights[number] = *packed / scale;
                if (packed_velocity != nullptr) {
                    velocity[number] = *packed_velocity / scale;
                }
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
    ONELAYER_INLINE void step(Index group, Index vector, const Vec<T>* sums, const T* residual_sums,
                              const StepSize<T>& size) {
        const Vec<T> shift = load<T>(shift_ + vector * lanes<T>), square = load<T>(squared_scale_ + vector * lanes<T>);
        T* weights = at(weights_, group, vector);
        T* velocity = velocity_ == nullptr ? nullptr : at(velocity_, group, vector);
        Vec<T>* offsets = offsets_ + groups.first(group);
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            Vec<T> w = load<T>(weights + o * lanes<T>);
            Vec<T> move =
                (sums[o] - shift * residual_sums[groups.first(group) + o]) * (square * size.mean) + w * size.l2;
            if (velocity != nullptr) {
                move += load<T>(velocity + o * lanes<T>) * size.momentum;
                store(velocity + o * lanes<T>, move);
            }
            w -= move * size.rate;
            store(weights + o * lanes<T>, w);
            offsets[o] += shift * w;
        }
    }

  private:
#if defined(__AVX512VNNI__)
    template <int Outputs>
    void settle_group(Index g) {
        T to_digits[Outputs];
        for (int o = 0; o < Outputs; ++o) {
            Largest largest;
            for (Index v = 0; v < vectors_; ++v) {
                largest.see(load<T>(at(weights_, g, v) + o * lanes<T>));
            }
            const auto scale = DigitScale::of(largest.value());
            to_digits[o] = scale.to_digits;
            units_[groups.first(g) + o] = scale.unit;
        }
        std::int8_t* to = digits_ + groups.first(g) * vectors_ * digits * lanes<T>;
        for (Index v = 0; v < vectors_; ++v) {
#pragma GCC unroll 16
            for (int o = 0; o < Outputs; ++o, to += digits * lanes<T>) {
                // The last quarter means nothing; what comes next is written over it.
                const Vec<T> w = load<T>(at(weights_, g, v) + o * lanes<T>);
                store(to, (Vec<std::int8_t>)transposed(digits_of(w, to_digits[o])));
            }
        }
    }
#endif

    T* at(T* packed, Index group, Index vector) const {
        return packed + (groups.first(group) * vectors_ + vector * groups.size(group)) * lanes<T>;
    }

    // Calls body(weight, velocity or null, its number in (k, d) or −1 beyond the last feature, scale) for every packed
    // number.
    template <class Body>
    void each_number(Body&& body) {
        for (Index g = 0; g < groups.count; ++g) {
            for (Index v = 0; v < vectors_; ++v) {
                for (int o = 0; o < groups.size(g); ++o) {
                    for (int lane = 0; lane < lanes<T>; ++lane) {
                        const Index feature = (slice_.first + v) * lanes<T> + lane, packed = o * lanes<T> + lane;
                        const Index number = feature < d_ ? (groups.first(g) + o) * d_ + feature : -1;
                        body(at(weights_, g, v) + packed, velocity_ == nullptr ? nullptr : at(velocity_, g, v) + packed,
                             number, scale_[v * lanes<T> + lane]);
                    }
                }
            }
        }
    }

    Index k_, d_, vectors_;
    Slice slice_;
    T* weights_;
    T* velocity_;
    T* shift_;
    T* scale_;
    T* squared_scale_;
    Vec<T>* offsets_;
    std::int8_t* digits_;
    T* units_;
};

}  // namespace onelayer::ONELAYER_ISA
