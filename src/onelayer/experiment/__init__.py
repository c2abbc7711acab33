"""Experiments: a frozen configuration in, a run directory out."""

from onelayer.experiment.config import ExperimentConfig, load_config
from onelayer.experiment.evaluation import evaluate_model
from onelayer.experiment.run import resume_run, run_experiment

__all__ = ["ExperimentConfig", "evaluate_model", "load_config", "resume_run", "run_experiment"]
