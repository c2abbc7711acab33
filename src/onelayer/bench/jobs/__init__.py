"""The jobs, by name; each is the same work for all its competitors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from onelayer.bench.jobs.hog import HOG_FIRST, HOG_IMAGES
from onelayer.bench.jobs.job import Job, JobResult
from onelayer.bench.jobs.losses import OTHER_LOSSES
from onelayer.bench.jobs.memory import MEMORY, MemoryJob
from onelayer.bench.jobs.models import MODELS
from onelayer.bench.jobs.scaling import SCALING
from onelayer.bench.jobs.shapes import SHAPES
from onelayer.bench.jobs.softmax import CIFAR10, MNIST, TDT4265
from onelayer.bench.jobs.threads import SMALL, THREADS
from onelayer.errors import ConfigError, did_you_mean, printable

__all__ = ["JOBS", "AnyJob", "Job", "JobResult", "MemoryJob", "get_job"]

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
