"""How many threads are used."""

from __future__ import annotations

import itertools
import os
import threading
import time

import joblib
import numpy as np
import pytest
import threadpoolctl
from threadpoolctl import threadpool_info, threadpool_limits

from onelayer import OneLayerClassifier
from onelayer.errors import ConfigError
from onelayer.estimators.fitting import fit_classifier
from onelayer.threads import (
    _CONTROLLED,
    _controller,
    _processors,
    limited_threads,
    map_in_threads,
    pool_of_threads,
    threads_for,
    usable_threads,
)
from onelayer.training.listeners import Listener


def blas_threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture
def four_processors(monkeypatch):
    monkeypatch.setattr(joblib, "cpu_count", lambda: 4)
    _processors.cache_clear()
    with threadpool_limits(4):
        yield
    _processors.cache_clear()


@pytest.mark.parametrize(("n_jobs", "threads"), [(None, 4), (-1, 4), (-2, 3), (1, 1), (3, 3), (1000, 4)])
def test_jobs_as_in_joblib_but_no_more_than_processors(four_processors, n_jobs, threads):
    assert usable_threads(n_jobs) == threads


def test_limit_of_the_libraries_is_kept(four_processors):
    with threadpool_limits(2):
        assert usable_threads(None) == 2


def test_processors_are_counted_once(four_processors, monkeypatch):
    usable_threads(None)
    monkeypatch.setattr(joblib, "cpu_count", lambda: pytest.fail("they were counted again"))
    assert usable_threads(None) == 4


def test_a_changed_limit_is_seen(monkeypatch):
    usable_threads(None)
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert usable_threads(None) == 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity of processes")
def test_a_changed_affinity_is_seen():
    usable_threads(None)
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_threads(None) == 1
    finally:
        os.sched_setaffinity(0, before)


def test_no_threads_at_all_is_an_error():
    with pytest.raises(ConfigError, match="n_jobs=0: use None or -1 for all processors, or the number of threads"):
        usable_threads(0)


def test_inside_a_worker_of_joblib_there_is_one():
    with joblib.parallel_config(backend="threading"):
        nested = joblib.Parallel(n_jobs=2)(joblib.delayed(usable_threads)(None) for _ in range(2))
    assert all(1 <= threads <= joblib.cpu_count() for threads in nested)


def controlled(libraries):
    return {library["filepath"] for library in libraries if library["user_api"] in ("blas", "openmp")}


def test_all_libraries_are_found_that_can_be_controlled():
    assert controlled(_controller.__wrapped__().info()) == controlled(threadpool_info())


def test_names_of_all_kinds_of_libraries_are_known():
    kinds = [kind for kind in threadpoolctl._ALL_CONTROLLERS if kind.user_api in ("blas", "openmp")]
    assert len(kinds) >= 5
    for kind in kinds:
        assert all(any(part in prefix for part in _CONTROLLED) for prefix in kind.filename_prefixes)


def test_libraries_are_held_to_the_limit_and_let_go_again():
    before = blas_threads()
    with limited_threads(1):
        assert blas_threads() == {1}
    assert blas_threads() == before


class Limited:
    """A thread that is under a limit until it is told to end."""

    def __init__(self, count):
        self.told, self.ready, self.usable = threading.Event(), threading.Event(), None
        self.thread = threading.Thread(target=self.work, args=(count,), daemon=True)
        self.thread.start()
        assert self.ready.wait(60)

    def work(self, count):
        with limited_threads(count):
            self.usable = usable_threads(None)
            self.ready.set()
            self.told.wait(60)

    def end(self):
        self.told.set()
        self.thread.join(60)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))], ids=str)
def test_limits_that_overlap_leave_nothing_behind_in_whatever_order_they_end(four_processors, order):
    limits = [1, 3, 2]
    threads = [Limited(count) for count in limits]
    assert [thread.usable for thread in threads] == limits
    in_force = dict(enumerate(limits))
    for place in order:
        assert blas_threads() == {min(in_force.values())}
        threads[place].end()
        del in_force[place]
    assert blas_threads() == {4}


def test_another_thread_may_use_what_it_could_without_a_limit(four_processors):
    other = Limited(1)
    assert usable_threads(None) == 4
    other.end()


def test_limits_within_one_another_never_rise(four_processors):
    with limited_threads(2), limited_threads(3):
        assert (usable_threads(None), blas_threads()) == (2, {2})
    assert (usable_threads(None), blas_threads()) == (4, {4})


def test_helpers_are_under_the_limit_of_who_called_them(four_processors):
    assert set(map_in_threads(lambda item: usable_threads(None), range(8), 3)) == {1}
    with limited_threads(2), pool_of_threads(3) as pool:
        assert [*pool.map(usable_threads, [None] * 3)] == [2, 2, 2]


class Waits(Listener):
    """Says that training has begun, and lets it go on when it is told to."""

    def __init__(self):
        self.begun, self.told = threading.Event(), threading.Event()

    def on_train_begin(self, state):
        self.begun.set()
        assert self.told.wait(60)


def test_two_fits_that_overlap_give_the_libraries_back(four_processors):
    X, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    fits = []
    for waits in (Waits(), Waits()):
        clf = OneLayerClassifier(n_jobs=1, max_epochs=1, random_state=0)
        fits.append((waits, threading.Thread(target=fit_classifier, args=(clf, X, y), kwargs={"listeners": [waits]})))
    for waits, thread in fits:
        thread.start()
        assert waits.begun.wait(60)
    for waits, thread in fits:  # the first to begin is the first to end
        waits.told.set()
        thread.join(60)
    assert blas_threads() == {4}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_has_only_the_limits_of_the_thread_that_forked(four_processors):
    def of_child():
        read, write = os.pipe()
        if not (child := os.fork()):
            os.write(write, bytes([usable_threads(None), *blas_threads()]))
            os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        return [*os.read(read, 100)]

    other = Limited(1)
    assert of_child() == [4, 4]
    with limited_threads(3):
        assert of_child() == [3, 3]
    other.end()


@pytest.mark.parametrize(("work", "threads"), [(128 * 784 * 10, 1), (1000 * 3072 * 100, 4)])
def test_only_large_products_are_shared(work, threads):
    assert threads_for(work, 4) == threads


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_items_are_mapped_in_their_order(count, threads):
    assert map_in_threads(lambda i: i * i, range(count), threads) == [i * i for i in range(count)]


def test_the_caller_takes_items_too():
    both_at_work = threading.Barrier(2, timeout=60)

    def meet(item):
        both_at_work.wait()
        return threading.current_thread()

    used = set(map_in_threads(meet, range(2), 2))
    assert len(used) == 2
    assert threading.current_thread() in used


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_ends_the_work_and_comes_out(threads):
    done = []

    def fail(item):
        done.append(item)
        raise MemoryError

    with pytest.raises(MemoryError):
        map_in_threads(fail, range(1000), threads)
    assert len(done) <= threads


def test_an_error_of_a_helper_ends_the_work_of_the_caller():
    done = []

    def fail_in_helper(item):
        if threading.current_thread() is not threading.main_thread():
            raise MemoryError
        done.append(item)
        time.sleep(0.01)

    with pytest.raises(MemoryError):
        map_in_threads(fail_in_helper, range(1000), 2)
    assert len(done) < 500
