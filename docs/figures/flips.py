"""Mirroring CIFAR-10 images while training: drawn afresh in each epoch, or in place, so that flips add up."""

import numpy as np
from images import save
from matplotlib.figure import Figure

from onelayer import OneLayerClassifier, load_dataset
from onelayer.figures import LIGHT
from onelayer.figures.matplotlib import style_axes

EPOCHS, SEEDS = 20, 3
train, _, test = load_dataset("cifar10", validation_fraction=0)
train = train.take(slice(0, 10_000))
ARMS = {
    "no flips": {},
    "in place, p = 0.2": {"flip_probability": 0.2, "flip_mode": "accumulating"},
    "afresh, p = 0.2": {"flip_probability": 0.2},
    "afresh, p = 0.5": {"flip_probability": 0.5},
}

figure = Figure(figsize=(8.6, 3.2), facecolor=LIGHT.paper, layout="constrained")
share_axes, accuracy_axes = figure.subplots(1, 2)
style_axes(share_axes, LIGHT, x_label="epoch", y_label="images that are mirrored")
drawn = np.random.default_rng(0).random((EPOCHS, train.n)) < 0.2
in_place = np.logical_xor.accumulate(drawn)  # an image that is flipped twice is as it was
shares = in_place.mean(axis=1)
print("mirrored in place: " + ", ".join(f"{shares[epoch]:.1%} in epoch {epoch}" for epoch in (0, 1, 2, 4, 9)))
share_axes.plot(shares, "o-", color=LIGHT.runs[1], markersize=3)
share_axes.plot(drawn.mean(axis=1), "o-", color=LIGHT.runs[2], markersize=3)
share_axes.axhline(0.5, color=LIGHT.runs[3])
share_axes.set(ylim=(0, 0.6), xticks=range(0, EPOCHS, 5))

style_axes(accuracy_axes, LIGHT, x_label="epoch", y_label="test accuracy")
for color, (name, flips) in zip(LIGHT.runs, ARMS.items(), strict=False):
    runs = []
    for seed in range(SEEDS):
        clf = OneLayerClassifier(
            learning_rate=0.005,
            batch_size=50,
            l2=0.2,
            schedule="cosine",
            max_epochs=EPOCHS,
            keep="last",
            random_state=seed,
            **flips,
        )
        clf.fit(train.X, train.y, X_val=test.X, y_val=test.y)
        runs.append(clf.history_["validation_accuracy"])
    last = np.array(runs)[:, -1]
    print(f"{name}: {last.mean():.2%} (seeds from {last.min():.2%} to {last.max():.2%})")
    accuracy_axes.plot(np.mean(runs, axis=0), color=color, label=name)
accuracy_axes.yaxis.set_major_formatter("{x:.0%}")
accuracy_axes.set_xticks(range(0, EPOCHS, 5))
accuracy_axes.legend(frameon=False, loc="lower right")
save(figure, "flips.svg")
