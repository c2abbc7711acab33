"""A small protocol of a reader's own, on the digits: seconds to run, and every part of the format in it."""

from __future__ import annotations

import pytest

OWN = """\
title = "My <b>report</b>"
summary = "Softmax on digits, with & without L2."
notes = ["<script>alert(1)</script>"]
derivations = ["sigmoid"]
formulas = ["tdt4265-a1-l2", "tdt4265-a1-a"]

[experiments.digits]
title = "Digits"
dataset = "digits"
scaling = "symmetric"
learning_rate = 0.1
max_epochs = 5
keep = "last"
arms = { "plain" = {}, "strong L2" = { l2 = 1 } }
seeds = [0, 1, 2]

[experiments.together]
like = "digits"
title = "The same in one pass"
together = true

[[published]]
experiment = "digits"
arm = "plain"
quantity = "test_accuracy"
value = 0.9
tolerance = 0.5
source = "page 3"

[[published]]
experiment = "digits"
arm = "*"
quantity = "weight_norm_squared"
over = "mean"

[[numbers]]
title = "y = 0 and ŷ = 0.9, in bits"
expression = "-log2(1 - 0.9)"
value = 3.3
tolerance = 0.01

[[figures]]
title = "Loss"
kind = "loss"
runs = ["digits/plain"]

[[figures]]
title = "Weights"
kind = "weights"
runs = ["digits/*"]

[[figures]]
title = "Curves"
kind = "curves"
runs = ["together/*"]

[[figures]]
title = "Norms"
kind = "by-arm"
quantity = "weight_norm_squared"
runs = ["digits/*"]

[[figures]]
title = "Classes"
kind = "classes"
runs = ["digits/*"]

[claims.norm]
title = "L2 makes weights smaller"
design = "higher"
left = "digits/plain"
right = "digits/strong L2"
quantity = "weight_norm_squared"
plan = "Three seeds."
"""


@pytest.fixture(scope="session")
def own_text():
    return OWN
