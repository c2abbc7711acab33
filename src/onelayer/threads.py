"""How many threads a computation may use, and holding it to that.

A limit is the business of the thread that asked for it, and of those that it starts; but most BLAS libraries have one
number of threads for the whole process. So the limits in force at one time are counted: the lowest holds for such
libraries, and when the last of them ends, in whatever order, they have again what they had before the first.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final, TypeVar

from onelayer.errors import ConfigError

__all__ = ["limited_threads", "map_in_threads", "pool_of_threads", "threads_for", "usable_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_CONTROLLED: Final = ("blas", "mkl", "blis", "omp")  # in the names of all BLAS and OpenMP libraries
_own_limit: ContextVar[int | None] = ContextVar("limit of threads", default=None)
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
    allowed: list[int] = [processors, joblib.effective_n_jobs(wanted), *_blas.without_limits()]
    own = _own_limit.get()
    return max(1, min(allowed if own is None else [*allowed, own]))


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


@contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """Hold this thread, those of its pools (:func:`pool_of_threads`) and the numerical libraries to ``count`` threads.

    Threads of others that are under a limit at the same time keep theirs; the libraries have the lower of them.
    """
    own = _own_limit.get()
    _own_limit.set(count if own is None else min(count, own))
    libraries = [library for library in _libraries() if not _is_process_wide(library)]
    before = [library.num_threads for library in libraries]
    try:
        for library, number in zip(libraries, before, strict=True):
            library.set_num_threads(min(count, number))
        with _blas.limit(count):
            yield
    finally:
        for library, number in zip(libraries, before, strict=True):
            library.set_num_threads(number)
        _own_limit.set(own)


def pool_of_threads(count: int) -> ThreadPoolExecutor:
    """Return a pool of at most ``count`` threads that are under the limit of the thread that calls this."""
    return ThreadPoolExecutor(count, initializer=_own_limit.set, initargs=(_own_limit.get(),))


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
    with limited_threads(1), pool_of_threads(helpers) as pool:
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


class _BlasLimits:
    """The limits that are in force in this process, and what the libraries had before the first of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_force: list[tuple[int, int]] = []  # thread and count
        self._before: list[int] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._lock.acquire, after_in_parent=self._lock.release, after_in_child=self._after_fork
            )

    @contextmanager
    def limit(self, count: int) -> Iterator[None]:
        entry = (threading.get_ident(), count)
        with self._lock:
            if not self._in_force:
                self._before = self._now()
            self._in_force.append(entry)
            self._apply()
        try:
            yield
        finally:
            with self._lock:
                self._in_force.remove(entry)
                self._apply()

    def without_limits(self) -> list[int]:
        """Return how many threads each library has when none of our limits is in force."""
        with self._lock:
            return self._before.copy() if self._in_force else self._now()

    def _apply(self) -> None:
        lowest = min((count for _, count in self._in_force), default=None)
        for library, before in zip(self._libraries(), self._before, strict=True):
            _set(library, before if lowest is None else min(before, lowest))

    def _after_fork(self) -> None:
        """Only the thread that forked lives on in the child, and with it only its limits."""
        self._lock.release()
        if self._in_force:
            self._in_force = [entry for entry in self._in_force if entry[0] == threading.get_ident()]
            self._apply()

    def _now(self) -> list[int]:
        return [library.num_threads for library in self._libraries()]

    @staticmethod
    def _libraries() -> list[Any]:
        return [library for library in _libraries() if _is_process_wide(library)]


def _libraries() -> list[Any]:
    return [library for library in _controller().lib_controllers if library.num_threads is not None]


def _is_process_wide(library: Any) -> bool:
    """Whether a library has one number of threads for all threads of the process, rather than one for each of them."""
    by_openmp = library.internal_api == "openblas" and library.threading_layer == "openmp"
    return library.user_api == "blas" and not by_openmp


def _set(library: Any, number: int) -> None:
    """Set a library's number of threads from whichever thread.

    From version 3.8 on, threadpoolctl heeds only the first thread that sets OpenBLAS's, until that one gives it up.
    """
    give_up = getattr(library, "clear_controlling_thread", lambda force: None)
    give_up(force=True)
    library.set_num_threads(number)
    give_up(force=True)


_blas = _BlasLimits()
