"""What the other losses cost beside softmax."""

from __future__ import annotations

from dataclasses import replace

from onelayer.bench.competitors.onelayer_training import onelayer_training
from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.entry import Entry
from onelayer.bench.jobs.job import Job
from onelayer.bench.jobs.softmax import cifar10_work
from onelayer.bench.ratios import Target

__all__ = ["OTHER_LOSSES"]

OTHERS = ("hinge", "sigmoid", "squared_hinge")


def _entries(data: BenchmarkData, threads: int) -> list[Entry]:
    work = cifar10_work(data)
    works = {loss: replace(work, loss=loss) for loss in ("softmax", *OTHERS)}
    return [replace(onelayer_training(works[loss], threads, name=loss), group=loss) for loss in works]


OTHER_LOSSES = Job(
    "losses",
    "The other losses on the CIFAR-10 job, from uint8",
    _entries,
    [Target(loss, 0.85, ("softmax",), f"{loss}, rate against softmax") for loss in OTHERS],
    subject="softmax",
)
