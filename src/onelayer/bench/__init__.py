"""Speed and memory beside other tools: the same work for all, ratios within one run. The jobs, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from onelayer.bench.process_jobs import HOG_FIRST, HOG_IMAGES, MEMORY, MemoryJob
from onelayer.bench.results import JobResult
from onelayer.bench.size_jobs import SCALING, SHAPES, SMALL, THREADS
from onelayer.bench.training_jobs import CIFAR10, MNIST, MODELS, OTHER_LOSSES, TDT4265, Job
from onelayer.bench.work import BenchmarkData
from onelayer.errors import ConfigError, did_you_mean, printable

__all__ = ["JOBS", "AnyJob", "BenchmarkData", "Job", "JobResult", "MemoryJob", "get_job"]

AnyJob: TypeAlias = Job | MemoryJob

_ALL: tuple[AnyJob, ...] = (
    *(CIFAR10, MNIST, TDT4265, MODELS, HOG_IMAGES, HOG_FIRST, OTHER_LOSSES, SHAPES, THREADS, SMALL, MEMORY),
    *SCALING,
)
JOBS: Mapping[str, AnyJob] = {job.name: job for job in _ALL}


def get_job(name: str) -> AnyJob:
    """Return a job by name.

    Raises
    ------
    ConfigError
        If there is none of this name; it names the nearest.

    Examples
    --------
    >>> get_job("minst")
    Traceback (most recent call last):
    onelayer.errors.ConfigError: no job 'minst'; did you mean 'mnist'? Use one of cifar10, mnist, ...
    """
    if name not in JOBS:
        raise ConfigError(f"no job '{printable(name)}'{did_you_mean(name, JOBS) or '.'} Use one of {', '.join(JOBS)}")
    return JOBS[name]
