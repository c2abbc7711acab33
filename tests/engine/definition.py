"""The definition in plain NumPy that every kernel must equal: scores, losses, residual × input, momentum, penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def sigmoid(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softplus(z: Array) -> Array:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def target_probabilities(targets: Array, k: int, smoothing: float = 0.0) -> Array:
    """(n, k) probabilities of the k outputs; with one output that of class 1."""
    if targets.ndim == 2:
        return targets.astype(np.float64)
    classes = max(k, 2)
    one_hot = (targets[:, None] == np.arange(classes)) * (1 - smoothing) + smoothing / classes
    return one_hot if k > 1 else one_hot[:, 1:]


def loss_and_residual(loss: str, z: Array, targets: Array, smoothing: float = 0.0) -> tuple[Array, Array]:
    """Values (n,) and residuals (n, k) of scores (n, k)."""
    k = z.shape[1]
    t = target_probabilities(targets, k, smoothing)
    if loss == "softmax":
        shifted = z - z.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=1, keepdims=True)
        return (t * (np.log(total) - shifted)).sum(axis=1), e / total - t
    if loss in ("sigmoid", "logistic"):
        return (softplus(z) - t * z).mean(axis=1), (sigmoid(z) - t) / k
    if loss == "hinge":
        margins = z - z[np.arange(len(z)), targets][:, None] + 1
        margins[np.arange(len(z)), targets] = 0
        residual = (margins > 0).astype(z.dtype)
        residual[np.arange(len(z)), targets] = -residual.sum(axis=1)
        return np.maximum(margins, 0).sum(axis=1), residual
    if loss == "squared_hinge":
        sign = np.where(t > 0.5, 1, -1)
        violation = np.maximum(0, 1 - sign * z)
        return (violation**2).sum(axis=1), -2 * sign * violation
    raise ValueError(loss)


def curvature(loss: str, z: Array, targets: Array, q: Array) -> Array:
    """The row-wise Hessian of the loss times q, both in score space (n, k)."""
    k = z.shape[1]
    if loss == "softmax":
        p = np.exp(z - z.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return p * (q - (p * q).sum(axis=1, keepdims=True))
    if loss in ("sigmoid", "logistic"):
        return sigmoid(z) * sigmoid(-z) * q / k
    if loss == "squared_hinge":
        sign = np.where(target_probabilities(targets, k) > 0.5, 1, -1)
        return 2 * (1 - sign * z > 0) * q
    raise ValueError(loss)


def decision(loss: str, z: Array) -> Array:
    return (z[:, 0] >= 0).astype(np.intp) if z.shape[1] == 1 else z.argmax(axis=1)


def model_rows(
    X: Array, indices: Array, shift: Any, scale: Any, mirrored: Array | None = None, image_shape: Any = None
) -> Array:
    """Rows as the model sees them, (b, d) float64: mirrored, then scaled."""
    x = X[indices].astype(np.float64)
    if mirrored is not None:
        images = x.reshape(-1, *image_shape)
        images[mirrored[indices]] = images[mirrored[indices], :, ::-1]
    return (x - shift) * scale


@dataclass
class Model:
    weights: Array
    intercepts: Array
    weight_velocity: Array | None = None
    intercept_velocity: Array | None = None


def train(
    X: Array,
    targets: Array,
    order: Array,
    model: Model,
    *,
    loss: str,
    batch_size: int,
    rates: Array,
    shift: Any = 0.0,
    scale: Any = 1.0,
    momentum: float = 0.0,
    l2: float = 0.0,
    penalize_bias: bool = False,
    fit_intercept: bool = True,
    row_weights: Array | None = None,
    smoothing: float = 0.0,
    mirrored: Array | None = None,
    image_shape: Any = None,
) -> Array:
    """Train ``model`` (float64) in place; return the mean loss of each batch before its step."""
    losses = np.empty(len(rates))
    for step, rate in enumerate(rates):
        batch = order[step * batch_size : (step + 1) * batch_size]
        x = model_rows(X, batch, shift, scale, mirrored, image_shape)
        w = np.ones(len(batch)) if row_weights is None else row_weights[batch].astype(np.float64)
        values, residual = loss_and_residual(loss, x @ model.weights.T + model.intercepts, targets[batch], smoothing)
        total = w.sum()
        share = w / total if total > 0 else np.zeros_like(w)
        losses[step] = (values * share).sum()
        residual = residual * share[:, None]
        gradient = [
            residual.T @ x + l2 * model.weights,
            residual.sum(axis=0) + (l2 * model.intercepts if penalize_bias else 0),
        ]
        if model.weight_velocity is not None:
            for velocity, part in zip((model.weight_velocity, model.intercept_velocity), gradient, strict=True):
                velocity *= momentum
                velocity += part
            gradient = [model.weight_velocity, model.intercept_velocity]
        model.weights -= rate * gradient[0]
        if fit_intercept:
            model.intercepts -= rate * gradient[1]
    return losses
