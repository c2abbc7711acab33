"""The scikit-learn face."""

from onelayer.estimators.classifier import OneLayerClassifier

__all__ = ["OneLayerClassifier"]
