// The digits of weights, for rows that are multiplied in digits. For each group of outputs, each vector of features and
// each output there are as many blocks of 16 digits as a number has.
#pragma once

#include "digits.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Where numbers are multiplied as they are there is nothing to keep.
template <class In, class T, bool = in_digits<In, T>>
class WeightDigits {
  public:
    WeightDigits(Arena&, const Groups<T>&, Index, Index) {}
    void write_all(const T*) {}
    void settle(const T*) {}
    template <int Outputs>
    ONELAYER_INLINE void write(OutputGroup, Index, const Vec<T>*) {}
};

#if defined(__AVX512VNNI__)

// A step writes the digits of the weights while they are in registers, in the scale of the step before, and sees
// whether they still fit.
template <class In, class T>
class WeightDigits<In, T, true> {
  public:
    WeightDigits(Arena& arena, const Groups<T>& groups, Index k, Index vectors)
        : groups_(groups), k_(k), vectors_(vectors) {
        digits_ = arena.take<std::int8_t>(k * vectors * block);
        scales_ = arena.take<DigitScale>(k);
        largest_ = arena.take<Largest>(k);
    }

    const std::int8_t* of(OutputGroup group) const { return at(group, 0); }
    const DigitScale* scales(OutputGroup group) const { return scales_ + group.first; }

    // Of weights packed as FoldedWeights packs them.
    void write_all(const T* weights) {
        for (Index g = 0; g < groups_.count; ++g) {
            write_group(groups_[g], weights);
        }
        std::fill(largest_, largest_ + k_, Largest());
    }

    template <int Outputs>
    ONELAYER_INLINE void write(OutputGroup group, Index vector, const Vec<T>* weights) {
        std::int8_t* const to = at(group, vector);
        Largest* const largest = largest_ + group.first;
        const DigitScale* const scales = scales_ + group.first;
#pragma GCC unroll 16
        for (int o = 0; o < Outputs; ++o) {
            largest[o].see(weights[o]);
            put_digits(to + o * block, weights[o], scales[o]);
        }
    }

    // To be called when all were written: writes those again that have outgrown their scale.
    void settle(const T* weights) {
        for (Index g = 0; g < groups_.count; ++g) {
            const OutputGroup group = groups_[g];
            bool suits = true;
            for (Index c = group.first; c < group.first + group.size; ++c) {
                suits = suits && scales_[c].suits(largest_[c].value());
            }
            if (!suits) {
                write_group(group, weights);
            }
        }
        std::fill(largest_, largest_ + k_, Largest());
    }

  private:
    static constexpr Index block = digits * lanes<T>;

    void write_group(OutputGroup group, const T* weights) {
        const auto weights_at = [&](Index vector, int output) {
            return load<T>(weights + (group.first * vectors_ + vector * group.size + output) * lanes<T>);
        };
        for (int o = 0; o < group.size; ++o) {
            Largest largest;
            for (Index v = 0; v < vectors_; ++v) {
                largest.see(weights_at(v, o));
            }
            constexpr T room_to_grow = 1.25;
            DigitScale& scale = scales_[group.first + o] = DigitScale::of(largest.value() * room_to_grow);
            for (Index v = 0; v < vectors_; ++v) {
                put_digits(at(group, v) + o * block, weights_at(v, o), scale);
            }
        }
    }

    ONELAYER_INLINE static void put_digits(std::int8_t* to, Vec<T> weights, DigitScale scale) {
        _mm512_mask_storeu_epi32(to, 0x0fff, transposed(digits_of(weights, scale)));
    }

    std::int8_t* at(OutputGroup group, Index vector) const {
        return digits_ + (group.first * vectors_ + vector * group.size) * block;
    }

    Groups<T> groups_;
    Index k_, vectors_;
    std::int8_t* digits_;
    DigitScale* scales_;
    Largest* largest_;
};

#endif

}  // namespace onelayer::ONELAYER_ISA
