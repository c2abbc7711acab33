"""The rows of an experiment: which are trained on, validated on and tested on."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onelayer.arrays import Array
from onelayer.data import Dataset
from onelayer.data.classes import find_classes
from onelayer.data.load import load_splits
from onelayer.data.splits import Splits
from onelayer.errors import ConfigError, printable
from onelayer.experiment.rows import RowMaker, Rows
from onelayer.reproduce.protocol import Experiment
from onelayer.storage.cache import ArrayCache
from onelayer.storage.plain import json_text

__all__ = ["RowSplits", "SplitLoader"]


@dataclass(frozen=True)
class RowSplits:
    """Training, validation and test rows, their class names, and the shape of images, where rows are images."""

    train: Rows
    validation: Rows | None
    test: Rows | None
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int] | None
    dataset: str


class SplitLoader:
    """Loads each data set once, and computes features of it once.

    Parameters
    ----------
    data_dir : Path or None
        Where named sets are looked for; nothing is downloaded.
    cache : ArrayCache or None
        Where features are looked up and kept between programs.
    """

    def __init__(self, data_dir: Path | None, cache: ArrayCache | None = None) -> None:
        self.data_dir, self.cache = data_dir, cache
        self._splits: dict[object, Splits] = {}
        self._rows: dict[object, tuple[Rows, Rows]] = {}
        self._makers: dict[object, RowMaker] = {}

    def fingerprint(self, experiment: Experiment, seed: int) -> str:
        """Return the digest of the content that an experiment divides."""
        splits = self._load_set(experiment, seed)
        return f"{splits.train.fingerprint}-{splits.test.fingerprint}"

    def key(self, experiment: Experiment, seed: int, fold: int) -> Hashable:
        """Return what two experiments have in common if their rows are the same."""
        return (
            *_source(experiment),
            _seen(experiment),
            experiment.classes,
            experiment.train_rows,
            experiment.validate_on,
            experiment.hold_out_last,
            experiment.folds,
            fold,
            seed if self._depends_on_seed(experiment) else 0,
        )

    def load(self, experiment: Experiment, seed: int, fold: int) -> RowSplits:
        """Return the rows of an experiment, for one seed and one fold (from 0).

        Raises
        ------
        DataError, ConfigError, InputError, MissingDependencyError
            If the data is not there, or can't be divided so.
        """
        splits = self._load_set(experiment, seed)
        train, test = self._features(experiment, splits)
        validation: Rows | None = None
        tested: Rows | None = test
        if experiment.validate_on == "test":
            train, validation, tested = _first(train, experiment, splits.train), test, None
        else:
            train, validation = self._hold_out(experiment, splits, train, seed, fold)
        names, shape = splits.train.class_names, splits.train.image_shape
        classes = None if experiment.classes is None else tuple(find_classes(experiment.classes, names, "classes"))
        if classes is not None:
            names = splits.train.select_classes(classes).class_names
        return RowSplits(
            _only(train, classes),
            None if validation is None else _only(validation, classes),
            None if tested is None else _only(tested, classes),
            names,
            shape if experiment.make_features().keeps_pixels else None,
            splits.train.title,
        )

    def _depends_on_seed(self, experiment: Experiment) -> bool:
        held_out_by_seed = experiment.hold_out_last is None and experiment.validate_on == "validation"
        return held_out_by_seed or self._load_set(experiment, 0).validation is not None

    def _load_set(self, experiment: Experiment, seed: int) -> Splits:
        """Return the parts of a set: with official parts, the whole training part; else those that the seed makes."""
        own_split = experiment.folds is None and experiment.hold_out_last is None and experiment.validate_on != "test"
        fraction = experiment.validation_fraction if own_split else 0.0
        split_seed = seed if own_split else 0
        key = (*_source(experiment), fraction, split_seed)
        if key not in self._splits:
            self._splits[key] = load_splits(
                experiment.dataset,
                experiment.image_options,
                data_dir=self.data_dir,
                validation_fraction=fraction,
                random_state=split_seed,
                download=False,
            )
        return self._splits[key]

    def _hold_out(
        self, experiment: Experiment, splits: Splits, train: Rows, seed: int, fold: int
    ) -> tuple[Rows, Rows | None]:
        n = len(train.y)
        if experiment.folds is not None:
            # The report's own generator, and its way to cut: what is left over goes to the first folds.
            parts = np.array_split(np.random.RandomState(seed).permutation(n), experiment.folds)
            kept = np.concatenate(parts[:fold] + parts[fold + 1 :])
            return _first(_take(train, kept), experiment, splits.train), _take(train, parts[fold])
        if experiment.hold_out_last is not None:
            if experiment.hold_out_last >= n:
                raise ConfigError(f"hold_out_last={experiment.hold_out_last}, but {splits.train.title} has {n} rows")
            cut = n - experiment.hold_out_last
            kept_rows, held = Rows(train.X[:cut], train.y[:cut]), Rows(train.X[cut:], train.y[cut:])
            return _first(kept_rows, experiment, splits.train), held
        held_out = None if splits.validation is None else self._maker(experiment, splits).rows(splits.validation)
        return _first(train, experiment, splits.train), held_out

    def _features(self, experiment: Experiment, splits: Splits) -> tuple[Rows, Rows]:
        key = (splits.train.fingerprint, splits.test.fingerprint, _seen(experiment))
        if key not in self._rows:
            maker = self._maker(experiment, splits)
            self._rows[key] = (maker.rows(splits.train), maker.rows(splits.test))
        return self._rows[key]

    def _maker(self, experiment: Experiment, splits: Splits) -> RowMaker:
        key = (splits.train.fingerprint, _seen(experiment))
        if key not in self._makers:
            self._makers[key] = RowMaker.fit(experiment, splits.train, self.cache)
        return self._makers[key]


def _seen(experiment: Experiment) -> Hashable:
    """Return what two experiments have in common if their models see the same features."""
    keys = ("features", "feature_parameters", "lift", "lift_parameters", "feature_dtype")
    return json_text([getattr(experiment, key) for key in keys])


def _source(experiment: Experiment) -> tuple[object, ...]:
    return experiment.dataset, experiment.image_options


def _first(rows: Rows, experiment: Experiment, part: Dataset) -> Rows:
    """Return as many rows as the experiment is to train on, the first ones."""
    count = experiment.train_rows
    if count is None:
        return rows
    if count > len(rows.y):
        raise ConfigError(f"train_rows={count}, but {printable(part.title)} has {len(rows.y)} rows to train on")
    return Rows(rows.X[:count], rows.y[:count])


def _only(rows: Rows, classes: tuple[int, ...] | None) -> Rows:
    """Return the rows of these classes, labelled 0, 1, … in their order."""
    if classes is None:
        return rows
    labels: Mapping[int, int] = {label: place for place, label in enumerate(classes)}
    kept = np.isin(rows.y, classes)
    return Rows(rows.X[kept], np.array([labels[int(label)] for label in rows.y[kept]], dtype=np.int64))


def _take(rows: Rows, indices: Array) -> Rows:
    return Rows(rows.X[indices], rows.y[indices])
