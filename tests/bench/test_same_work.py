"""A benchmark that times different work is a defect: all competitors of a job reach the same."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from onelayer import engine
from onelayer.bench import JOBS, Job
from onelayer.bench.with_numpy import sgemm
from onelayer.bench.with_torch import LOADER_SETTINGS
from onelayer.bench.work import TrainingWork

TIMED = [job for job in JOBS.values() if isinstance(job, Job)]
COMPARED = [job for job in TIMED if not job.axis and job.name not in ("losses", "shapes")]
OTHER_ALGORITHM = "scikit-learn SGDClassifier"  # one row a step, in an order of its own
FORKS = [name for name, options in LOADER_SETTINGS.items() if options["workers"]]


def outcomes(entry):
    """The results of an entry's settings; loaders that start processes are left to the slow tests."""
    if entry.missing is None:
        for setting, prepare in entry.settings.items():
            if not setting.endswith(tuple(FORKS)):
                yield f"{entry.name}, {setting}", prepare()()


def assert_equal(found, expected, name):
    if isinstance(expected, np.ndarray | float):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max(), err_msg=name)
        return
    for part in ("weights", "intercepts"):
        mine, its = getattr(found, part), getattr(expected, part)
        np.testing.assert_allclose(mine, its, rtol=0, atol=2e-4 * np.abs(expected.weights).max(), err_msg=name)
    assert len(found.validations) == len(expected.validations), name
    for mine, its in zip(found.validations, expected.validations, strict=True):
        np.testing.assert_allclose(list(vars(mine).values()), list(vars(its).values()), atol=2e-3, err_msg=name)


@pytest.mark.parametrize("job", [job for job in COMPARED if not job.name.startswith("hog")], ids=lambda job: job.name)
def test_competitors_reach_the_same_weights(job, tiny, monkeypatch):
    monkeypatch.setattr("onelayer.bench.size_jobs.SMALL_EPOCHS", 2)
    groups = defaultdict(list)
    for entry in job.entries(tiny, 2):
        if entry.name != OTHER_ALGORITHM and entry.missing is None:
            groups[entry.group].extend(outcomes(entry))
    if not groups and not engine.available():
        pytest.skip("there is no native engine here, and nobody else takes part")
    for found in groups.values():
        (_, expected), *others = found
        for name, outcome in others:
            assert_equal(outcome, expected, name)
    assert any(len(found) > 1 for found in groups.values())


@pytest.mark.parametrize("job", [job for job in TIMED if job.axis], ids=lambda job: job.name)
def test_competitors_reach_the_same_weights_at_every_size(job, tiny, monkeypatch):
    monkeypatch.setattr("onelayer.bench.size_jobs.MOST_EPOCHS", 1)
    groups = defaultdict(list)
    for entry in job.entries(tiny, 1):
        groups[entry.group].extend(outcomes(entry))
    for found in groups.values():
        (_, expected), *others = found
        for name, outcome in others:
            assert_equal(outcome, expected, name)
    assert len(groups) >= 4


def test_sklearn_reaches_the_same_accuracy(tiny):
    entries = {entry.name: entry for entry in JOBS["cifar10"].entries(tiny, 2)}
    accuracies = [
        entry.figures(next(outcomes(entry))[1])["accuracy"]
        for entry in (entries[OTHER_ALGORITHM], entries["NumPy loop, float32"])
    ]
    assert min(accuracies) > 0.9


def test_hog_competitors_compute_the_same_features(tiny):
    warm = [entry for entry in JOBS["hog"].entries(tiny, 1) if entry.missing is None]
    found = [next(outcomes(entry))[1] for entry in warm]
    for features in found[1:]:
        # scikit-image votes by sums in another order: a pixel on the edge between two bins can fall on either side
        assert np.mean(np.abs(features - found[0]) > 1e-4) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("setting", FORKS)
def test_loader_with_workers_reaches_the_same_weights(setting, tiny):
    pytest.importorskip("torch")
    entries = {entry.name: entry for entry in JOBS["cifar10"].entries(tiny, 2)}
    found = entries["PyTorch, DataLoader"].settings[f"threads: 1, {setting}"]()()
    assert_equal(found, next(outcomes(entries["PyTorch"]))[1], setting)


@pytest.mark.parametrize("entry", sgemm(1, 64), ids=lambda entry: entry.name)
def test_both_libraries_multiply_the_same_matrices(entry):
    A, B = np.random.default_rng(0).standard_normal((2, 64, 64), np.float32)
    for _, total in outcomes(entry):
        assert total == pytest.approx(float((A.astype(float) @ B).sum()), abs=1e-2)


@pytest.mark.parametrize("job", TIMED, ids=lambda job: job.name)
def test_targets_name_entries_of_their_job(job, tiny):
    names = [entry.name for entry in [*job.entries(tiny, 2), *sgemm(1, 8)]]
    assert len(set(names)) == len(names)
    assert {name for target in job.targets for name in (target.subject, *target.against)} <= set(names)
    assert not job.subject or job.subject in names


@pytest.mark.parametrize(("v", "validated"), [(0, []), (1, [3]), (2, [0, 2])])
def test_work_counts_its_multiply_adds(v, validated):
    X, y = np.zeros((41, 5), np.uint8), np.zeros(41, int)
    work = TrainingWork(X, y, X[:7], y[:7], k=3, batch_size=10, validations_per_epoch=v)
    assert sorted(work.validated(0)) == validated
    assert work.multiply_adds == 5 * 3 * (2 * 40 + len(validated) * (41 + 7))
    marks = [mark for epoch in work.epochs_of_batches() for _, mark in epoch]
    assert [step for step, mark in enumerate(marks) if mark] == validated
