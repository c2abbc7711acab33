"""What classifiers and features have in common as estimators of scikit-learn: its rules, with errors of ours."""

from __future__ import annotations

from typing import Any, Self

from sklearn import exceptions
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from onelayer.errors import ConfigError, OnelayerError, did_you_mean, printable

__all__ = ["Estimator", "NotFittedError", "check_fitted"]


class NotFittedError(OnelayerError, exceptions.NotFittedError):
    """A classifier or a feature was asked for what it has only after ``fit``."""


class Estimator(BaseEstimator):
    """An estimator whose parameters are those of its constructor."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters, as scikit-learn's estimators do.

        Raises
        ------
        ConfigError
            If there is no parameter of a name.
        """
        known = self.get_params()
        for name in params:
            if name not in known:
                raise ConfigError(
                    f"{type(self).__name__} has no parameter {printable(repr(name))}{did_you_mean(name, known)}"
                )
        super().set_params(**params)
        return self


def check_fitted(estimator: Any, attribute: str | None = None) -> None:
    """Raise NotFittedError unless an estimator is fitted: has the attribute, or says so itself.

    Examples
    --------
    >>> from onelayer import OneLayerClassifier
    >>> check_fitted(OneLayerClassifier())
    Traceback (most recent call last):
    onelayer.base_estimator.NotFittedError: this OneLayerClassifier is not fitted yet: call fit first
    """
    try:
        check_is_fitted(estimator, attribute)
    except exceptions.NotFittedError:
        raise NotFittedError(f"this {type(estimator).__name__} is not fitted yet: call fit first") from None
