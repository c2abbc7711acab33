"""How many threads a computation may use, and holding it to that."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Final, TypeVar

from onelayer.errors import ConfigError

__all__ = ["limited_threads", "map_in_threads", "threads_for", "usable_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONTROLLED: Final = ("blas", "mkl", "blis", "omp")  # in the names of all BLAS and OpenMP libraries
LEAST_SHARED_WORK: Final = 20_000_000  # multiplications: some tenths of a millisecond


def usable_threads(n_jobs: int | None) -> int:
    """Return the number of threads for ``n_jobs`` (None: all; negative as in joblib: −1 all, −2 all but one).

    Capped by the processors that affinity and cgroup leave this process (the cgroup's limit is looked up once), by
    joblib (inside its workers, and by its environment variables) and by what the numerical libraries were limited to.

    Raises
    ------
    ConfigError
        If ``n_jobs`` is 0.
    """
    import joblib

    if n_jobs == 0:
        raise ConfigError("n_jobs=0: use None or -1 for all processors, or the number of threads")
    processors = _processors(_processors_by_affinity(), os.environ.get("LOKY_MAX_CPU_COUNT"))
    wanted = -1 if n_jobs is None else n_jobs
    wanted = wanted if wanted > 0 else max(processors + 1 + wanted, 1)
    allowed: list[int] = [processors, joblib.effective_n_jobs(wanted)]
    allowed += [library["num_threads"] for library in _controller().select(user_api="blas").info()]
    return max(1, min(allowed))


def _processors_by_affinity() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@lru_cache(maxsize=1)
def _processors(by_affinity: int | None, at_most: str | None) -> int:
    """Return joblib's count of processors, again only when one of the arguments has changed.

    To count them it reads a cgroup's limits from files, which takes as long as the features of a hundred images.
    """
    import joblib

    count: int = joblib.cpu_count()
    return count


def threads_for(work: int, threads: int) -> int:
    """Return how many of ``threads`` a product of ``work`` multiplications is to be shared by: all of them, or one.

    Threads wait for each other at the end of each product. That costs more than they save where it is small, and a
    hundred times as much where another program keeps one of them waiting.
    """
    return threads if work >= LEAST_SHARED_WORK else 1


def limited_threads(count: int) -> AbstractContextManager[Any]:
    """Return a context in which the numerical libraries use at most ``count`` threads."""
    context: AbstractContextManager[Any] = _controller().limit(limits=count)
    return context


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """Return ``function`` of each item, in their order, with at most ``threads`` threads; the caller is one of them.

    Each takes the next item when it is done with one: no thread waits for another to hand it work, which with items of
    a few tenths of a millisecond costs as much as the items.
    """
    results: list[Any] = [None] * len(items)
    remaining = iter(range(len(items)))

    def work() -> None:
        try:
            for i in remaining:
                results[i] = function(items[i])
        finally:
            for _ in remaining:  # an error ends the work of all
                pass

    helpers = min(threads, len(items)) - 1
    if helpers < 1:
        work()
        return results
    with limited_threads(1), ThreadPoolExecutor(helpers) as pool:
        working = [pool.submit(work) for _ in range(helpers)]
        work()
        for helper in working:
            helper.result()
    return results


@lru_cache(maxsize=1)
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    class Controller(ThreadpoolController):
        """Looks only at libraries that can be one of BLAS or OpenMP by their name.

        Hundreds may be loaded, and to look at one takes as long as computing the features of twenty images.
        """

        def _make_controller_from_path(self, filepath: str, *rest: Any) -> None:
            name = filepath.rpartition(os.sep)[2].lower()
            if any(part in name for part in _CONTROLLED):
                super()._make_controller_from_path(filepath, *rest)

    return Controller()
