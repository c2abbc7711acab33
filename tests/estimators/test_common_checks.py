"""scikit-learn's own checks of estimators, all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from onelayer.losses import LOSSES

# Some checks are skipped unless this variable is set before SciPy is imported: hence another process.
SCRIPT = """
import json, sys
from sklearn.utils.estimator_checks import check_estimator
from onelayer import OneLayerClassifier

checks = check_estimator(OneLayerClassifier(sys.argv[1]), on_skip=None, on_fail=None)
print(json.dumps([(check["check_name"], check["status"], str(check["exception"])) for check in checks]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_every_check_passes(loss):
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, loss],
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    checks = json.loads(finished.stdout)
    assert [check for check in checks if check[1] != "passed"] == []
    assert len(checks) > 60


@pytest.mark.parametrize("loss", LOSSES)
def test_only_logistic_is_for_two_classes_alone(loss, make):
    assert make(loss).__sklearn_tags__().classifier_tags.multi_class is (loss != "logistic")
