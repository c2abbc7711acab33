// The row-wise Hessians of the losses, times a direction in score space: z holds a column of scores and becomes ∂²ℓ/∂z²
// · q.
#pragma once

#include "losses.hpp"

namespace onelayer::ONELAYER_ISA {

// p (q − Σ p q)
template <class T>
void softmax_curvature(Column<T> z, Column<T> q, Index k) {
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

// σ(z) σ(−z) q / k
template <class T>
void sigmoid_curvature(Column<T> z, Column<T> q, Index k) {
    const T share = T(1) / static_cast<T>(k);
    for (Index c = 0; c < k; ++c) {
        const Vec<T> score = z[c], e = exp_of_negative<T>(-larger(score, -score)), factor = e + T(1);
        z.set(c, e / (factor * factor) * q[c] * share);
    }
}

// 2 q where the margin is violated
template <class T>
void squared_hinge_curvature(Column<T> z, Column<T> q, Index k, Vec<T> label) {
    for (Index c = 0; c < k; ++c) {
        const Vec<T> sign = select(label == T(c), broadcast(T(1)), broadcast(T(-1)));
        z.set(c, select(T(1) - sign * z[c] > T(0), q[c] + q[c], Vec<T>{}));
    }
}

// The hinge has no curvature; nobody is let here with it.
template <class T>
void curvature_of(Loss loss, Column<T> z, Column<T> q, Index k, const TileTargets<T>& targets, Index row) {
    if (loss == Loss::softmax) {
        softmax_curvature<T>(z, q, k);
    } else if (loss == Loss::squared_hinge) {
        squared_hinge_curvature<T>(z, q, k, targets.label(row));
    } else {
        sigmoid_curvature<T>(z, q, k);
    }
}

}  // namespace onelayer::ONELAYER_ISA
