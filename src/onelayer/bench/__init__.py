"""Speed and memory beside other tools: the same work for all, ratios within one run."""

from onelayer.bench.datasets import BenchmarkData
from onelayer.bench.jobs import JOBS, JobResult, get_job

__all__ = ["JOBS", "BenchmarkData", "JobResult", "get_job"]
