// The five losses on the scores of a vector of rows (or of models): each turns scores into residuals ∂ℓ/∂z in place,
// and returns the rows' losses. Below them are their Hessians. The definitions in array code, with derivations, are in
// src/onelayer/losses.
#pragma once

#include "elementary.hpp"
#include "tiling.hpp"

namespace onelayer::ONELAYER_ISA {

// Scores in memory, classes `Stride` apart.
template <class T, int Stride = tile_stride>
struct MemoryScores {
    T* at;
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return load<T>(at + c * Stride); }
    ONELAYER_INLINE void set(Index c, Vec<T> value) const { store(at + c * Stride, value); }
};

// Scores of a known number of classes, so few that registers hold them.
template <class T, int K>
struct RegisterScores {
    Vec<T> at[K];
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return at[c]; }
    ONELAYER_INLINE void set(Index c, Vec<T> value) { at[c] = value; }
};

// body(c) for each of k classes. k is an Index, or a std::integral_constant where the scores are in registers.
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

// Target probabilities from labels: with smoothing ε, the label's is 1 − ε + ε/K (on) and the others' are ε/K (off).
template <class T>
struct LabelTarget {
    Vec<T> label;
    T on, off;
    ONELAYER_INLINE Vec<T> operator[](Index c) const { return select(label == T(c), broadcast(on), broadcast(off)); }
};

// The same for two classes with one output: the target is the probability of class 1.
template <class T>
struct BinaryTarget {
    Vec<T> label;
    T on, off;
    ONELAYER_INLINE Vec<T> operator[](Index) const { return select(label == T(1), broadcast(on), broadcast(off)); }
};

template <class T>
struct ProbabilityTarget {
    MemoryScores<T> probabilities;
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
    Vec<T> sum = {}, target_score = {}, target_sum = {};
    each_class(k, [&](Index c) {
        const Vec<T> shifted = z[c] - highest, t = target[c], e = exp_of_negative<T>(shifted);
        target_score += t * shifted;
        target_sum += t;
        sum += e;
        z.set(c, e);
    });
    const Vec<T> factor = target_sum / sum;
    each_class(k, [&](Index c) { z.set(c, z[c] * factor - target[c]); });
    return target_sum * log_from_one<T>(sum) - target_score;
}

// The same with labels, whose targets add up to 1.
template <class T, class Scores, class Count>
Vec<T> softmax_loss(Scores& z, Count k, const LabelTarget<T>& target) {
    const Vec<T> highest = highest_of<T>(z, k);
    Vec<T> sum = {}, score_sum = {}, label_score = {};
    each_class(k, [&](Index c) {
        const Vec<T> shifted = z[c] - highest, e = exp_of_negative<T>(shifted);
        label_score = select(target.label == T(c), shifted, label_score);
        score_sum += shifted;
        sum += e;
        z.set(c, e);
    });
    const Vec<T> inverse = T(1) / sum;
    each_class(k, [&](Index c) { z.set(c, z[c] * inverse - target[c]); });
    return log_from_one<T>(sum) - (score_sum * target.off + label_score * (target.on - target.off));
}

// The same where all lanes have one label, as many models on one row: then lanes need not be compared with it.
template <class T, class Scores>
Vec<T> softmax_loss_of_label(Scores& z, Index k, Index label, T on, T off) {
    const Vec<T> highest = highest_of<T>(z, k), label_score = z[label] - highest;
    Vec<T> sum = {}, score_sum = {};
    each_class(k, [&](Index c) {
        const Vec<T> shifted = z[c] - highest, e = exp_of_negative<T>(shifted);
        score_sum += shifted;
        sum += e;
        z.set(c, e);
    });
    const Vec<T> inverse = T(1) / sum;
    each_class(k, [&](Index c) { z.set(c, z[c] * inverse - off); });
    z.set(label, z[label] - (on - off));
    return log_from_one<T>(sum) - (score_sum * off + label_score * (on - off));
}

// ℓ = (1/k) Σ [ln(1 + eᶻ) − t z]; ∂ℓ/∂z = (σ(z) − t)/k. With k = 1 it is the logistic loss.
//
// Σ ln(1 + e) over classes is the logarithm of one product of factors in (1, 2], taken every 64 factors, before the
// product can overflow. Rounding 1 + e loses digits of a small e; they are added back to first order, so that tiny
// losses keep theirs.
template <class T, class Scores, class Count, class Target>
Vec<T> sigmoid_loss(Scores& z, Count k, const Target& target) {
    constexpr Index factors = 64;
    const T mean = T(1) / static_cast<T>(k);
    Vec<T> loss = {}, product = broadcast(T(1)), lost = {};
    each_class(k, [&](Index c) {
        const Vec<T> score = z[c], t = target[c], e = exp_of_negative<T>(-larger(score, -score));
        const Vec<T> factor = e + T(1), inverse = T(1) / factor;
        lost += (e - (factor - T(1))) * inverse;
        product *= factor;
        loss += larger(score, Vec<T>{}) - t * score;
        z.set(c, (select(score >= T(0), broadcast(T(1)), e) * inverse - t) * mean);
        if (c % factors == factors - 1) {
            loss += log_from_one<T>(product);
            product = broadcast(T(1));
        }
    });
    return (loss + (log_from_one<T>(product) + lost)) * mean;
}

// Weston and Watkins: ℓ = Σ_{j≠y} max(0, z_j − z_y + 1); ∂ℓ/∂z_j = 1 for each violated margin, and minus their number
// for y.
template <class T, class Scores, class Count>
Vec<T> hinge_loss(Scores& z, Count k, Vec<T> label) {
    Vec<T> label_score = {};
    each_class(k, [&](Index c) { label_score = select(label == T(c), z[c], label_score); });
    Vec<T> loss = {}, violated = {};
    each_class(k, [&](Index c) {
        const Vec<T> margin = select(label == T(c), Vec<T>{}, z[c] - label_score + T(1));
        const Vec<T> one = select(margin > T(0), broadcast(T(1)), Vec<T>{});
        loss += larger(Vec<T>{}, margin);  // in this order of arguments NaN stays NaN
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

// The targets of a tile, for one vector of its rows at a time.
template <class T>
struct TileTargets {
    const T* labels;
    T* probabilities;  // or null where the targets are labels
    double smoothing;

    ONELAYER_INLINE ProbabilityTarget<T> probability(Index row) const { return {{probabilities + row}}; }
    ONELAYER_INLINE Vec<T> label(Index row) const { return load<T>(labels + row); }
    T off(Index k) const { return static_cast<T>(smoothing / static_cast<double>(k == 1 ? 2 : k)); }
    T on(Index k) const { return static_cast<T>(1 - smoothing) + off(k); }
};

// Any loss. Targets are probabilities where `probability` is given, and labels otherwise.
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

// The row-wise Hessians of the losses times a direction q in score space: z holds scores and becomes ∂²ℓ/∂z² · q.
//
// softmax: p (q − Σ p q)
template <class T>
void softmax_curvature(MemoryScores<T> z, MemoryScores<T> q, Index k) {
    Vec<T> highest = z[0];
    for (Index c = 1; c < k; ++c) {
        highest = larger(z[c], highest);
    }
    Vec<T> sum = {}, along = {};
    for (Index c = 0; c < k; ++c) {
        const Vec<T> e = exp_of_negative<T>(z[c] - highest);
        sum += e;
        along += e * q[c];
        z.set(c, e);
    }
    const Vec<T> inverse = T(1) / sum, mean = along * inverse;
    for (Index c = 0; c < k; ++c) {
        z.set(c, z[c] * inverse * (q[c] - mean));
    }
}

// sigmoid and logistic: σ(z) σ(−z) q / k
template <class T>
void sigmoid_curvature(MemoryScores<T> z, MemoryScores<T> q, Index k) {
    const T mean = T(1) / static_cast<T>(k);
    for (Index c = 0; c < k; ++c) {
        const Vec<T> score = z[c], e = exp_of_negative<T>(-larger(score, -score)), factor = e + T(1);
        z.set(c, e / (factor * factor) * q[c] * mean);
    }
}

// squared hinge: 2 q where the margin is violated
template <class T>
void squared_hinge_curvature(MemoryScores<T> z, MemoryScores<T> q, Index k, Vec<T> label) {
    for (Index c = 0; c < k; ++c) {
        const Vec<T> sign = select(label == T(c), broadcast(T(1)), broadcast(T(-1)));
        z.set(c, select(T(1) - sign * z[c] > T(0), q[c] + q[c], Vec<T>{}));
    }
}

// Any loss but the hinge, which has no curvature and is refused before.
template <class T>
void curvature_of(Loss loss, MemoryScores<T> z, MemoryScores<T> q, Index k, const TileTargets<T>& targets, Index row) {
    if (loss == Loss::softmax) {
        softmax_curvature<T>(z, q, k);
    } else if (loss == Loss::squared_hinge) {
        squared_hinge_curvature<T>(z, q, k, targets.label(row));
    } else {
        sigmoid_curvature<T>(z, q, k);
    }
}

// The most likely class of each row, the first of equals; with one output, 1 where the score is at least `threshold`.
template <class T>
Vec<T> decision_of(MemoryScores<T> z, Index k, T threshold) {
    if (k == 1) {
        return select(z[0] >= threshold, broadcast(T(1)), Vec<T>{});
    }
    Vec<T> highest = z[0], decision = {};
    for (Index c = 1; c < k; ++c) {
        const Vec<T> score = z[c];
        decision = select(score > highest, broadcast(T(c)), decision);
        highest = larger(score, highest);
    }
    return decision;
}

// 1 for each row that is decided correctly; where targets are probabilities, the most likely class is the correct one.
template <class T>
Vec<T> correct_of(MemoryScores<T> z, Index k, const TileTargets<T>& targets, Index row) {
    const Vec<T> correct = targets.probabilities == nullptr
                               ? targets.label(row)
                               : decision_of<T>(targets.probability(row).probabilities, k, T(0.5));
    return select(decision_of<T>(z, k, T(0)) == correct, broadcast(T(1)), Vec<T>{});
}

}  // namespace onelayer::ONELAYER_ISA
