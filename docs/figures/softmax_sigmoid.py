"""CIFAR-10 by softmax and by ten sigmoids: accuracy for each class, and log loss."""

import numpy as np
from images import save

from onelayer import OneLayerClassifier, load_dataset
from onelayer.figures import LIGHT
from onelayer.figures.matplotlib import new_axes, style_axes

train, _, test = load_dataset("cifar10", validation_fraction=0)
train = train.take(slice(0, 10_000))
MODELS = {
    "softmax": {"learning_rate": 0.01, "l2": 0.2},
    "sigmoid": {"loss": "sigmoid", "learning_rate": 0.01, "l2": 0.2},
    "sigmoid, summed": {"loss": "sigmoid", "learning_rate": 0.1, "l2": 0.02},  # the same, without the 1/K of its mean
}

figure, axes = new_axes(LIGHT, 7.4, 2.8)
style_axes(axes, LIGHT, y_label="test accuracy")
for place, (name, setting) in enumerate(MODELS.items()):
    recalls, losses = [], []
    for seed in range(3):
        clf = OneLayerClassifier(**setting, batch_size=100, schedule="cosine", max_epochs=20, random_state=seed)
        clf.fit(train.X, train.y)
        right = clf.predict(test.X) == test.y
        recalls.append([right[test.y == label].mean() for label in range(10)])
        true = clf.predict_proba(test.X)[np.arange(test.n), test.y]
        losses.append(-np.log(true).mean())
    recall, accuracy = np.mean(recalls, axis=0), np.mean(recalls, axis=1)
    worst = ", ".join(test.class_names[label] for label in np.argsort(recall)[:3])
    print(
        f"{name}: {accuracy.mean():.2%} (seeds from {accuracy.min():.2%} to {accuracy.max():.2%}), "
        f"log loss {np.mean(losses):.3f}, lowest for {worst}"
    )
    axes.bar(np.arange(10) + 0.27 * (place - 1), recall, width=0.25, color=LIGHT.runs[place], label=name)
axes.set_xticks(range(10), test.class_names, rotation=30, ha="right")
axes.yaxis.set_major_formatter("{x:.0%}")
axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
save(figure, "softmax-sigmoid.svg")
