"""What an experiment trains, for those who watch."""

from __future__ import annotations

from onelayer.data import Splits
from onelayer.experiment.config import ExperimentConfig
from onelayer.features.registry import in_words
from onelayer.training.listeners import RunDescription

__all__ = ["describe_run"]


def describe_run(config: ExperimentConfig, splits: Splits) -> RunDescription:
    """Return what is shown of an experiment beside its training."""
    shape = splits.train.image_shape
    reason = ""
    if shape is None:
        reason = "The data set has features, not images: weights make no picture."
    elif not config.make_features().keeps_pixels:
        words = in_words(config.features, config.lift)
        reason = f"The model sees {words}, not pixels as they are: its weights make no picture."
    elif shape[2] not in (1, 3):
        reason = f"Images of {shape[2]} channels can't be shown."
    counts = None if splits.validation is None else splits.validation.class_counts
    return RunDescription(
        title=f"{splits.train.title}, {config.loss}",
        config=config.model_dump(),
        class_names=splits.train.class_names,
        image_shape=None if reason else shape,
        no_pictures=reason,
        majority_share=None if counts is None or not counts.sum() else float(counts.max() / counts.sum()),
    )
