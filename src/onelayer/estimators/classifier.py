"""OneLayerClassifier: a linear classifier trained by mini-batch gradient descent, as scikit-learn expects one."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import Tags

from onelayer.arrays import Array
from onelayer.base_estimator import Estimator, check_fitted
from onelayer.conversion import as_labels, input_errors
from onelayer.errors import InputError, OnelayerError, UnavailableError
from onelayer.estimators.available import available_if
from onelayer.estimators.fitting import fit_classifier, fit_once_more
from onelayer.estimators.inputs import check_labelled, check_rows
from onelayer.estimators.model_file import save_classifier
from onelayer.losses import LOSSES
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.rows import ArrayRows
from onelayer.training.labels import encode_labels

if TYPE_CHECKING:
    from onelayer.reporting.page import Report

__all__ = ["OneLayerClassifier"]


def _has_probabilities(clf: OneLayerClassifier) -> None:
    if isinstance(clf.loss, str) and clf.loss in LOSSES and not LOSSES[clf.loss].has_probabilities:
        raise UnavailableError(
            f"loss={clf.loss!r} gives scores, not probabilities: use decision_function, or a loss such as 'softmax'"
        )


class OneLayerClassifier(CallbackSupportMixin, ClassifierMixin, Estimator):
    """Linear image classifier: scores Z = X Wᵀ + b, trained by mini-batch SGD on Σᵢ wᵢ ℓᵢ / Σᵢ wᵢ + ½·l2·‖W‖².

    Parameters
    ----------
    loss : {"softmax", "logistic", "sigmoid", "hinge", "squared_hinge"}, default="softmax"
        ``logistic`` is for two classes. ``sigmoid`` is multiple binary cross-entropy, the mean over classes. ``hinge``
        is the multiclass hinge
        of Weston and Watkins; ``squared_hinge`` one against the rest.
    solver : {"sgd"}, default="sgd"
    learning_rate : float, default=0.01
    schedule : {"constant", "step", "exponential", "cosine"}, default="constant"
        ``step`` multiplies the rate by ``decay_rate`` at every epoch e with e mod ``decay_epochs`` = 0 (at e = 0 only
        with ``decay_at_start``).
    decay_rate : float, default=0.5
    decay_epochs : int, default=10
    decay_at_start : bool, default=False
    warmup_epochs : int, default=0
        Epochs over which the rate rises linearly to its value.
    momentum : float, default=0.0
    batch_size : int, default=128
    drop_last : bool, default=False
        Leave out the last batch of an epoch when it is incomplete.
    shuffle : {"pcg64", "numpy-legacy", False}, default="pcg64"
        Generator of each epoch's order; ``numpy-legacy`` is ``RandomState(seed).permutation(n)`` once an epoch.
    max_epochs : int, default=50
    l2 : float, default=1e-4
        Weight of ½‖W‖², acting on the weights of scaled features. A text that updates with 2λw has l2 = 2λ.
    fit_intercept : bool, default=True
        Whether b is learned; else it is 0 in the scaled space, and ``intercept_`` is what the scaling's shift makes.
    penalize_bias : bool, default=False
    init : {"zeros", "normal", "uniform"}, default="zeros"
        Weights and intercepts to start from; N(0, init_scale²) or U(−init_scale, init_scale).
    init_scale : float, default=0.01
    scaling : {"none", "unit", "symmetric", "standardize"}, default="standardize"
        ``unit`` divides by the largest absolute value of the training rows, ``symmetric`` maps their range to [−1, 1],
        ``standardize`` uses each feature's training mean and deviation, and gives features that are constant up to
        rounding the weight 0. Means the same for every type of X; ``coef_`` applies to X as it is.
    flip_probability : float, default=0.0
        With which an image is mirrored left to right in an epoch.
    flip_mode : {"independent", "accumulating"}, default="independent"
        Drawn afresh each epoch, or flipping the data set itself, epoch on epoch.
    image_shape : (h, w) or (h, w, c) or None, default=None
        Shape of the images in rows of X; known by itself where X has images.
    label_smoothing : float, default=0.0
        ε: targets are 1 − ε on the true class plus ε spread over all. Losses in the history are against the labels
        themselves.
    class_weight : dict, "balanced" or None, default=None
    early_stopping : bool, default=False
        Stop when ``patience`` validations in a row were not strictly better than the best.
    patience : int, default=10
    monitor : {"validation_loss", "validation_accuracy"}, default="validation_loss"
    keep : {"best", "last"}, default="best"
        Weights to end with; the last where nothing was validated.
    validation_fraction : float, default=0.1
        Share of rows held out (stratified) when early stopping is asked for and no ``X_val`` is given.
    validations_per_epoch : int, default=1
        v: with v > 1 the model is validated after each step s (from 0, over all epochs) with s mod max(1,
        steps_per_epoch // v) = 0.
    dtype : {"auto", "float32", "float64"}, default="auto"
        Of the arithmetic; ``auto`` is float32, but float64 for float64 rows and where float32 has not the range or
        the digits that scaled features need.
    n_jobs : int or None, default=None
        Threads; None or −1 for all that this process may use.
    random_state : int, RandomState or None, default=None
        One seed for all random streams (init, split, shuffle, flip).
    warm_start : bool, default=False
        Start from the weights of the earlier fit.
    verbose : int, default=0
        1 shows progress on stderr.

    Attributes
    ----------
    classes_ : (k,) array
    coef_ : (k, d) array, (1, d) for two classes
        Weights on X as given: scores = X @ coef_.T + intercept_.
    intercept_ : (k,) array, (1,) for two classes
    image_shape_ : (h, w, c) or None
    n_features_in_, feature_names_in_ : as in scikit-learn
    n_iter_ : int
        Epochs, counting one that was stopped early.
    n_steps_ : int
    stopped_epoch_ : int or None
        The epoch, from 0, in which early stopping ended training.
    history_ : dict of 1-D arrays
        Per step ``step``, ``epoch``, ``batch_loss``, ``learning_rate``; per validation ``validation_step``,
        ``validation_epoch``, then ``train_loss``, ``train_accuracy``, ``train_objective``, the same three of
        ``validation_``, and ``weight_norm_squared`` (‖W‖² of the scaled features; with ``penalize_bias`` b counts too).

    Notes
    -----
    Weighting a row by 2 equals repeating it exactly when ``batch_size`` is at least n; smaller batches are drawn
    differently, as in SGDClassifier.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = OneLayerClassifier(scaling="unit", learning_rate=0.5, max_epochs=20, random_state=0).fit(X, y)
    >>> bool(clf.score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        loss: str = "softmax",
        *,
        solver: str = "sgd",
        learning_rate: float = 0.01,
        schedule: str = "constant",
        decay_rate: float = 0.5,
        decay_epochs: int = 10,
        decay_at_start: bool = False,
        warmup_epochs: int = 0,
        momentum: float = 0.0,
        batch_size: int = 128,
        drop_last: bool = False,
        shuffle: str | bool = "pcg64",
        max_epochs: int = 50,
        l2: float = 1e-4,
        fit_intercept: bool = True,
        penalize_bias: bool = False,
        init: str = "zeros",
        init_scale: float = 0.01,
        scaling: str = "standardize",
        flip_probability: float = 0.0,
        flip_mode: str = "independent",
        image_shape: tuple[int, ...] | None = None,
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        early_stopping: bool = False,
        patience: int = 10,
        monitor: str = "validation_loss",
        keep: str = "best",
        validation_fraction: float = 0.1,
        validations_per_epoch: int = 1,
        dtype: str = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        verbose: int = 0,
    ) -> None:
        self.loss = loss
        self.solver = solver
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.decay_rate = decay_rate
        self.decay_epochs = decay_epochs
        self.decay_at_start = decay_at_start
        self.warmup_epochs = warmup_epochs
        self.momentum = momentum
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.shuffle = shuffle
        self.max_epochs = max_epochs
        self.l2 = l2
        self.fit_intercept = fit_intercept
        self.penalize_bias = penalize_bias
        self.init = init
        self.init_scale = init_scale
        self.scaling = scaling
        self.flip_probability = flip_probability
        self.flip_mode = flip_mode
        self.image_shape = image_shape
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.patience = patience
        self.monitor = monitor
        self.keep = keep
        self.validation_fraction = validation_fraction
        self.validations_per_epoch = validations_per_epoch
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> OneLayerClassifier:
        """Train on rows or images X with labels y.

        Parameters
        ----------
        X : (n, d), (n, h, w) or (n, h, w, c) array
            Or a table of pandas, polars or pyarrow. uint8, float32 and float64 are used as they are, without a copy;
            truth values, half floats and whole numbers of up to 65,536 become float32, all others float64.
        y : (n,) array
            Integers or strings.
        sample_weight : (n,) array or None
        X_val, y_val, sample_weight_val : as X, y, sample_weight
            Validated on, never trained on.

        Returns
        -------
        self

        Raises
        ------
        ConfigError
            For a parameter that is out of its range.
        InputError
            For rows, labels or weights that do not fit; one class; three classes with ``loss="logistic"``.
        DivergenceError
            If the loss becomes infinite or undefined.
        """
        fitted: OneLayerClassifier = fit_classifier(
            self, X, y, sample_weight, X_val=X_val, y_val=y_val, sample_weight_val=sample_weight_val
        )
        return fitted

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> OneLayerClassifier:
        """Train for one epoch over X, from the weights that an earlier call, or ``fit``, ended with.

        Classes, loss, scaling, type of arithmetic and seed stay those of the first call; other parameters may change.
        A feature that was constant so far is scaled by the first rows in which it varies.

        Parameters
        ----------
        X, y, sample_weight : as for ``fit``
        classes : (k,) array or None
            All classes that will ever come; needed in the first call.

        Returns
        -------
        self

        Raises
        ------
        ConfigError, InputError, DivergenceError
            As for ``fit``; the model then stays as it was. Also for ``class_weight="balanced"``, another loss or other
            classes than in the first call, and a model from a file.
        """
        fitted: OneLayerClassifier = fit_once_more(self, X, y, classes, sample_weight)
        return fitted

    def decision_function(self, X: Any) -> Array:
        """Return the scores of X: ``(n, k)``, or ``(n,)`` for two classes, positive for the second."""
        scores = self._scores(X)
        if len(self.classes_) > 2:
            return scores
        return scores[:, 0] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]

    def predict(self, X: Any) -> Array:
        """Return the class decided on for each row of X, ``(n,)``."""
        scores = self._scores(X)
        predicted: Array = self.classes_[self._fitted.loss.decision(scores)]
        return predicted

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, ``(n, k)``; rows sum to 1.

        Not available for the hinge losses, whose scores are no probabilities.
        """
        scores = self._scores(X)
        probabilities: Array = self._fitted.loss.probabilities(scores)
        return probabilities

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of :meth:`predict_proba`; a probability of 0 gives −inf."""
        with np.errstate(divide="ignore"):
            logarithms: Array = np.log(self.predict_proba(X))
        return logarithms

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the (weighted) share of rows of X whose class is decided rightly.

        Parameters
        ----------
        X, y, sample_weight : as for ``fit``

        Raises
        ------
        InputError, InputTypeError
            If rows, labels or weights do not fit.
        """
        predicted = self.predict(X)
        labels = as_labels(y)
        with input_errors():
            return float(accuracy_score(labels, predicted, sample_weight=sample_weight))

    def mean_loss(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the (weighted) mean of the loss over rows, without penalty: what ``train_loss`` in the history is.

        Parameters
        ----------
        X, y, sample_weight : as for ``fit``
        """
        scores = self._scores(X)
        data = check_labelled(self, X, y, sample_weight, reset=False, image_shape=self.image_shape_)
        values = self._fitted.loss.values(scores, encode_labels(data.labels, self.classes_, "y"))
        return float(np.average(values.astype(np.float64), weights=data.weights))

    def weight_images(self) -> Array:
        """Return the weights as pictures, ``(k, h, w, c)``; one for two classes, where it speaks for the second.

        Raises
        ------
        InputError
            If the model was not trained on images and ``image_shape`` was not set.
        """
        check_fitted(self)
        if self.image_shape_ is None:
            raise InputError("weights can be shown as images only if X was images, or image_shape was set")
        images: Array = self.coef_.reshape(-1, *self.image_shape_)
        return images

    @property
    def parameters_(self) -> LinearParameters:
        """Weights ``(k, d)`` and intercepts ``(k,)`` of all k scores on X as given; ``coef_`` may hold differences."""
        check_fitted(self)
        folded: LinearParameters = self._fitted.folded
        return folded

    @property
    def objective_(self) -> Objective:
        """J as it was minimised, as a function of ``parameters_``: what ``check_gradients`` takes.

        The penalty is on the weights of scaled features, as it was in training; later ``set_params`` do not change it.
        """
        check_fitted(self)
        objective: Objective = self._fitted.objective
        return objective

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted model to a safetensors file; ``onelayer.load_model`` reads it.

        Raises
        ------
        StorageError, RunDirectoryError
            If the file can't be written; one that was there is intact.
        """
        check_fitted(self)
        save_classifier(self, path)

    def report(
        self, X: Any = None, y: Any = None, *, class_names: Sequence[str] | None = None, title: str | None = None
    ) -> Report:
        """Return a report to look at in a notebook, or to ``save`` as one HTML file.

        Parameters
        ----------
        X, y : as for ``fit``, or None
            Rows to evaluate on, which should be none that were trained on. Without them the report has the curves and
            the weights alone.
        class_names : sequence of str or None
            In the order of ``classes_``; by default the classes themselves.
        title : str or None

        Raises
        ------
        InputError
            For X without y, or names that are not as many as classes.
        """
        from onelayer.estimators.report import classifier_report  # drawing takes long to load

        check_fitted(self)
        return classifier_report(self, X, y, class_names, title)

    def history_frame(self) -> Any:
        """Return the history as a pandas DataFrame: a row for each step, NaN where it was not validated.

        Raises
        ------
        MissingDependencyError
            Without pandas.
        """
        from onelayer.estimators.report import history_frame

        check_fitted(self)
        return history_frame(self)

    def _scores(self, X: Any) -> Array:
        check_fitted(self)
        fitted = self._fitted
        rows = ArrayRows(check_rows(self, X, reset=False, image_shape=self.image_shape_), dtype=self.coef_.dtype)
        scores = np.empty((rows.n, len(fitted.folded.intercepts)), self.coef_.dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            for part, block in rows.blocks():
                scores[part] = fitted.model.scores(fitted.folded, block)
        finite = np.isfinite(scores).all(axis=1)
        if not finite.all():
            raise InputError(
                f"the values of row {int(finite.argmin())} are too large: its scores are not finite in {scores.dtype}"
            )
        return scores

    def _html_repr(self) -> str:
        """Return what notebooks show: the report of a fitted classifier, scikit-learn's diagram of another one."""
        if not self.__sklearn_is_fitted__():
            return str(super()._html_repr())
        try:
            return self.report()._repr_html_()
        except OnelayerError:  # a parameter set after fitting; who looks at the classifier has to see it
            return str(super()._html_repr())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.loss != "logistic"
        tags.input_tags.three_d_array = True
        return tags
