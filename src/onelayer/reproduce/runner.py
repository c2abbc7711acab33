"""Runs what has not been run yet: one job after another, as many at once as there are processors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from pathlib import Path

from onelayer import engine
from onelayer.reproduce.divisions import Library
from onelayer.reproduce.protocol import Protocol
from onelayer.reproduce.runs import Result, Run, naming, read_result, runs_of
from onelayer.reproduce.training import Desk, Trained
from onelayer.storage.environment import describe_environment
from onelayer.storage.run_directory import RunDirectory
from onelayer.threads import limited_threads, pool_of_threads, usable_threads

__all__ = ["Results", "run_protocol"]

Results = dict[str, list[tuple[Run, Result]]]
"""What the runs of each experiment gave, by its name."""

Progress = Callable[[str], None]


def run_protocol(protocol: Protocol, library: Library, out: Path, tell: Progress = lambda line: None) -> Results:
    """Return the results of all runs of a protocol; those that ``out`` has are read, the others trained and written.

    Parameters
    ----------
    protocol : Protocol
    library : Library
    out : Path
        Each run has a directory there, called by its digest.
    tell : callable
        Told of each job that ends, in a line.

    Raises
    ------
    DataError, MissingDependencyError
        If data is not there.
    OnelayerError
        Whatever goes wrong in training and writing.
    """
    found: dict[str, Result] = {}
    names: dict[tuple[str, str, int, int], str] = {}
    waiting: dict[Hashable, dict[str, Run]] = {}
    for name, experiment in protocol.experiments.items():
        for run in runs_of(experiment, name):
            digest = run.digest(library.fingerprint(run.config, run.seed))
            names[_key(run)] = digest
            kept = read_result(out / digest)
            if kept is not None:
                found[digest] = kept
            else:
                waiting.setdefault(library.key(run.config, run.seed, run.fold), {})[digest] = run
    todo = sum(map(len, waiting.values()))
    if found:
        tell(f"{protocol.name}: {len(found)} models were there already, {todo} to train")
    done = 0
    for runs in waiting.values():
        first = next(iter(runs.values()))
        with naming(first):
            desk = Desk(library.division(first.config, first.seed, first.fold))
        digests = {_key(run): digest for digest, run in runs.items()}
        with closing(_train_all(desk, _jobs(list(runs.values())))) as batches:
            for trained in batches:
                for one in trained:
                    digest = digests[_key(one.run)]
                    fingerprint = library.fingerprint(one.run.config, one.run.seed)
                    found[digest] = _write(one, desk, out / digest, fingerprint)
                done += len(trained)
                tell(f"{protocol.name}: {done} of {todo} models, {_described(trained)}")
    return {
        name: [(run, found[names[_key(run)]]) for run in runs_of(experiment, name)]
        for name, experiment in protocol.experiments.items()
    }


def _key(run: Run) -> tuple[str, str, int, int]:
    return run.reference.experiment, run.reference.arm, run.seed, run.fold


def _jobs(runs: Sequence[Run]) -> list[list[Run]]:
    """Return which runs are trained at once: those of an experiment and a seed, where it says so; the largest first."""
    jobs: dict[Hashable, list[Run]] = {}
    for run in runs:
        key = _key(run)
        jobs.setdefault((key[0], run.seed) if run.config.together else key, []).append(run)
    return sorted(jobs.values(), key=lambda job: -len(job) * job[0].config.max_epochs)


def _train_all(desk: Desk, jobs: list[list[Run]]) -> Generator[list[Trained], None, None]:
    """Yield what jobs give, as they end; one thread trains each, so that its bits don't depend on their number."""
    at_once = min(len(jobs), usable_threads(None))
    with limited_threads(1), pool_of_threads(at_once) as pool:
        pending: set[Future[list[Trained]]] = {pool.submit(desk.train, job) for job in jobs}
        try:
            while pending:
                ended, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        except BaseException:  # Ctrl-C, say: what is running ends with its epoch
            desk.abandoned.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _described(trained: Sequence[Trained]) -> str:
    first = trained[0].run
    several = f" and {len(trained) - 1} more at once" if len(trained) > 1 else ""
    seconds = sum(one.seconds for one in trained)
    return f"{first.reference}, seed {first.seed}, fold {first.fold}{several}: {seconds:.1f} s"


def _write(trained: Trained, desk: Desk, folder: Path, fingerprint: str) -> Result:
    """Write a run directory and return what it says; metrics.json comes last, and makes it complete."""
    # Another process that runs the same protocol writes the same.
    with RunDirectory.reserved(folder, overwrite=True, wait=60.0) as directory:
        directory.clear()
        _write_files(trained, desk, directory, fingerprint)
        result = read_result(folder)
    assert result is not None  # noqa: S101 (it was just written)
    return result


def _write_files(trained: Trained, desk: Desk, directory: RunDirectory, fingerprint: str) -> None:
    run, division = trained.run, desk.division
    config = run.config.model_dump() | {"random_state": run.seed, "seeds": [run.seed], "arms": {}, "fold": run.fold}
    directory.write_config(config)
    directory.write_environment(
        describe_environment(engine=engine.name(), threads=1, dataset_fingerprint=fingerprint, seed=run.seed)
    )
    if run.keeps_model:
        trained.classifier.save(directory.model_path)
        directory.write_history(trained.history)
    parts = {"train": division.train, "validation": division.validation, "test": division.test}
    directory.write_metrics(
        {
            "dataset": division.dataset,
            "loss": run.config.loss,
            "seconds": trained.seconds,
            "quantities": trained.quantities,
            "recalls": trained.recalls,
            "class_names": list(division.class_names),
            "sizes": {name: len(rows.y) for name, rows in parts.items() if rows is not None},
        }
    )
