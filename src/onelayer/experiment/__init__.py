"""Experiments: a frozen configuration in, a run directory out.

What ``metrics.json`` holds and ``train --json`` prints, and ``evaluate --json`` with but one part:

- ``dataset``: the set's name, with a note where its content is known not to be the official one.
- ``loss``: of the model, by name.
- ``epochs``, ``steps``: how long it was trained.
- ``stopped_epoch``: the epoch (from 0) in which early stopping ended training, else null.
- ``seconds``: that training took; for ``evaluate``, that evaluating took.
- ``train``, ``validation``, ``test``: absent where there is no such part. Each has ``loss`` (mean per row, without
  penalty), ``accuracy``, ``accuracy_interval`` (Wilson, 95%) and ``n`` (rows).
- ``run_dir``: the run directory; null for a bare model file.
- ``class_names``: in the order of the labels.
- ``evaluation``: all figures of merit of one part, as :meth:`onelayer.evaluation.Evaluation.to_dict` has them. Which
  part, ``evaluated_on`` (``train``) or ``split`` (``evaluate``) says.
- ``interrupted``: whether Ctrl-C ended training, or the sweep before it (``train`` and ``sweep`` alone).
- ``data``: where the set is from, and the rows of each class in each part (``train`` alone).
"""

from onelayer.experiment.config import ExperimentConfig, load_config
from onelayer.experiment.evaluation import evaluate_model
from onelayer.experiment.run import resume_run, run_experiment

__all__ = ["ExperimentConfig", "evaluate_model", "load_config", "resume_run", "run_experiment"]
