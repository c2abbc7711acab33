// The five losses on the scores of a vector of rows (or models): each turns scores into residuals ∂ℓ/∂z in place and
// returns the rows' losses. The definitions, with their derivations, are the package's losses in array code.
#pragma once

#include "elementary.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Scores in memory, classes `Stride` apart.
template <class T, int Stride = tile_stride>
struct Column {
    T* at;
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return load<T>(at + c * Stride); }
    ONELAYER_INLINE void set(Index c, Vec<T> value) const { store(at + c * Stride, value); }
};

// Scores of a known number of classes, so few that registers hold them.
template <class T, int K>
struct Registers {
    Vec<T> at[K];
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return at[c]; }
    ONELAYER_INLINE void set(Index c, Vec<T> value) { at[c] = value; }
};

// body(c) for each of k classes: an Index, or a std::integral_constant where they are in registers.
template <class Count, class Body>
ONELAYER_INLINE void each_class(Count k, Body&& body) {
    if constexpr (std::is_same_v<Count, Index>) {
        for (Index c = 0; c < k; ++c) {
            body(c);
        }
    } else {
#pragma GCC unroll 16
        for (Index c = 0; c < Count::value; ++c) {
            body(c);
        }
    }
}

// Target probability of class c from a label: smoothing ε gives the label 1 − ε + ε/K and the others ε/K.
template <class T>
struct LabelTarget {
    Vec<T> label;
    T on, off;
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return select(label == T(c), broadcast(on), broadcast(off)); }
};

// Two classes with one output: the target is the probability of class 1.
template <class T>
struct BinaryTarget {
    Vec<T> label;
    T on, off;
    ONELAYER_INLINE Vec<T> operator[](Index) const { return select(label == T(1), broadcast(on), broadcast(off)); }
};

template <class T>
struct ProbabilityTarget {
    Column<T> probabilities;
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return probabilities[c]; }
};

template <class T, class Scores, class Count>
ONELAYER_INLINE Vec<T> highest_of(const Scores& z, Count k) {
    Vec<T> highest = z[0];
    each_class(k, [&](Index c) { highest = larger(z[c], highest); });
    return highest;
}

// ℓ = ln Σ eᶻ − Σ t z; ∂ℓ/∂z = p − t.
template <class T, class Scores, class Count, class Target>
Vec<T> softmax_loss(Scores& z, Count k, const Target& target) {
    const Vec<T> highest = highest_of<T>(z, k);
    Vec<T> sum = {}, hit = {}, mass = {};
    each_class(k, [&](Index c) {
        const Vec<T> shifted = z[c] - highest, t = target[c], e = exp_of_negative<T>(shifted);
        hit += t * shifted;
        mass += t;
        sum += e;
        z.set(c, e);
    });
    const Vec<T> share = mass / sum;
    each_class(k, [&](Index c) { z.set(c, z[c] * share - target[c]); });
    return mass * log_from_one<T>(sum) - hit;
}

// The same with labels, whose targets add up to 1.
template <class T, class Scores, class Count>
Vec<T> softmax_loss(Scores& z, Count k, const LabelTarget<T>& target) {
    const Vec<T> highest = highest_of<T>(z, k);
    Vec<T> sum = {}, all = {}, own = {};
    each_class(k, [&](Index c) {
        const Vec<T> shifted = z[c] - highest, e = exp_of_negative<T>(shifted);
        own = select(target.label == T(c), shifted, own);
        all += shifted;
        sum += e;
        z.set(c, e);
    });
    const Vec<T> share = T(1) / sum;
    each_class(k, [&](Index c) { z.set(c, z[c] * share - target[c]); });
    return log_from_one<T>(sum) - (all * target.off + own * (target.on - target.off));
}

// The same where all lanes have one label, as models have on a row: no target needs to be told apart from lane to lane.
template <class T, class Scores>
Vec<T> softmax_loss_of_label(Scores& z, Index k, Index label, T on, T off) {
    const Vec<T> highest = highest_of<T>(z, k), own = z[label] - highest;
    Vec<T> sum = {}, all = {};
    each_class(k, [&](Index c) {
        const Vec<T> shifted = z[c] - highest, e = exp_of_negative<T>(shifted);
        all += shifted;
        sum += e;
        z.set(c, e);
    });
    const Vec<T> share = T(1) / sum;
    each_class(k, [&](Index c) { z.set(c, z[c] * share - off); });
    z.set(label, z[label] - (on - off));
    return log_from_one<T>(sum) - (all * off + own * (on - off));
}

// ℓ = (1/k) Σ [ln(1 + eᶻ) − t z]; ∂ℓ/∂z = (σ(z) − t)/k. With k = 1 it is the logistic loss.
//
// ln(1 + e) of all classes is the logarithm of one product of factors in (1, 2], taken before it can overflow; what
// rounding 1 + e loses is put back to first order, so that tiny losses keep their digits.
template <class T, class Scores, class Count, class Target>
Vec<T> sigmoid_loss(Scores& z, Count k, const Target& target) {
    constexpr Index factors = 64;
    const T share = T(1) / static_cast<T>(k);
    Vec<T> loss = {}, product = broadcast(T(1)), lost = {};
    each_class(k, [&](Index c) {
        const Vec<T> score = z[c], t = target[c], e = exp_of_negative<T>(-larger(score, -score));
        const Vec<T> factor = e + T(1), inverse = T(1) / factor;
        lost += (e - (factor - T(1))) * inverse;
        product *= factor;
        loss += larger(score, Vec<T>{}) - t * score;
        z.set(c, (select(score >= T(0), broadcast(T(1)), e) * inverse - t) * share);
        if (c % factors == factors - 1) {
            loss += log_from_one<T>(product);
            product = broadcast(T(1));
        }
    });
    return (loss + (log_from_one<T>(product) + lost)) * share;
}

// Weston and Watkins: ℓ = Σ_{j≠y} max(0, z_j − z_y + 1); ∂ℓ/∂z_j = 1 for each violated margin, and minus their number
// for y.
template <class T, class Scores, class Count>
Vec<T> hinge_loss(Scores& z, Count k, Vec<T> label) {
    Vec<T> own = {};
    each_class(k, [&](Index c) { own = select(label == T(c), z[c], own); });
    Vec<T> loss = {}, violated = {};
    each_class(k, [&](Index c) {
        const Vec<T> margin = select(label == T(c), Vec<T>{}, z[c] - own + T(1));
        const Vec<T> one = select(margin > T(0), broadcast(T(1)), Vec<T>{});
        loss += larger(Vec<T>{}, margin);  // in this order NaN stays NaN
        violated += one;
        z.set(c, one);
    });
    each_class(k, [&](Index c) { z.set(c, select(label == T(c), -violated, z[c])); });
    return loss;
}

// One against the rest: ℓ = Σ_j max(0, 1 − t_j z_j)² with t_j = ±1; ∂ℓ/∂z_j = −2 t_j max(0, 1 − t_j z_j). NaN scores
// stay NaN.
template <class T, class Scores, class Count>
Vec<T> squared_hinge_loss(Scores& z, Count k, Vec<T> label) {
    Vec<T> loss = {};
    each_class(k, [&](Index c) {
        const Vec<T> sign = select(label == T(c), broadcast(T(1)), broadcast(T(-1)));
        const Vec<T> margin = T(1) - sign * z[c];
        const Vec<T> violation = select(margin <= T(0), Vec<T>{}, margin);
        loss += violation * violation;
        z.set(c, T(-2) * sign * violation);
    });
    return loss;
}

// How a tile's targets look to one vector of rows.
template <class T>
struct TileTargets {
    const T* labels;
    T* probabilities;  // or null
    double smoothing;

    ONELAYER_INLINE ProbabilityTarget<T> probability(Index row) const { return {{probabilities + row}}; }
    ONELAYER_INLINE Vec<T> label(Index row) const { return load<T>(labels + row); }
    T off(Index k) const { return static_cast<T>(smoothing / static_cast<double>(k == 1 ? 2 : k)); }
    T on(Index k) const { return static_cast<T>(1 - smoothing) + off(k); }
};

// Any loss, whose targets are labels or, with `probability`, probabilities.
template <class T, class Scores, class Count, class Probability>
Vec<T> residual_of(Loss loss, Scores& z, Count k, const LabelTarget<T>& label, const Probability* probability) {
    switch (loss) {
        case Loss::softmax:
            return probability != nullptr ? softmax_loss<T>(z, k, *probability) : softmax_loss<T>(z, k, label);
        case Loss::logistic:
            return probability != nullptr ? sigmoid_loss<T>(z, k, *probability)
                                          : sigmoid_loss<T>(z, k, BinaryTarget<T>{label.label, label.on, label.off});
        case Loss::sigmoid:
            return probability != nullptr ? sigmoid_loss<T>(z, k, *probability) : sigmoid_loss<T>(z, k, label);
        case Loss::hinge:
            return hinge_loss<T>(z, k, label.label);
        case Loss::squared_hinge:
            return squared_hinge_loss<T>(z, k, label.label);
    }
    return Vec<T>{};
}

template <class T, class Scores, class Count>
Vec<T> residual_of(Loss loss, Scores& z, Count k, const TileTargets<T>& targets, Index row) {
    const ProbabilityTarget<T> probability = targets.probability(row);
    return residual_of<T>(loss, z, k, LabelTarget<T>{targets.label(row), targets.on(k), targets.off(k)},
                          targets.probabilities == nullptr ? nullptr : &probability);
}

// The likeliest class of each row, the first of equals; with one output, 1 where it is at least `threshold`.
template <class T>
Vec<T> decision_of(Column<T> z, Index k, T threshold) {
    if (k == 1) {
        return select(z[0] >= threshold, broadcast(T(1)), Vec<T>{});
    }
    Vec<T> highest = z[0], which = {};
    for (Index c = 1; c < k; ++c) {
        const Vec<T> score = z[c];
        which = select(score > highest, broadcast(T(c)), which);
        highest = larger(score, highest);
    }
    return which;
}

// 1 for each row that is decided rightly; against probabilities the likeliest class is the right one.
template <class T>
Vec<T> hits_of(Column<T> z, Index k, const TileTargets<T>& targets, Index row) {
    const Vec<T> right = targets.probabilities == nullptr
                             ? targets.label(row)
                             : decision_of<T>(targets.probability(row).probabilities, k, T(0.5));
    return select(decision_of<T>(z, k, T(0)) == right, broadcast(T(1)), Vec<T>{});
}

}  // namespace onelayer::ONELAYER_ISA
