"""Digits 2 against 3 of MNIST: the same order of images in every epoch, and a new one."""

import numpy as np
from images import save
from matplotlib.figure import Figure

from onelayer import OneLayerClassifier, load_dataset
from onelayer.figures import LIGHT
from onelayer.figures.matplotlib import style_axes

EPOCHS, STEPS = 34, 31
train, _, test = load_dataset("mnist", validation_fraction=0)
train = train.take(slice(0, 20_000)).select_classes([3, 2])
held_out = test.select_classes([3, 2])

figure = Figure(figsize=(8.6, 4.8), facecolor=LIGHT.paper, layout="constrained")
axes = figure.subplots(2, 2, sharey=True)
for row, (name, shuffle) in zip(
    axes, {"the same order in every epoch": False, "shuffled": "pcg64"}.items(), strict=True
):
    clf = OneLayerClassifier(
        "logistic",
        learning_rate=0.05,
        drop_last=True,
        shuffle=shuffle,
        max_epochs=EPOCHS,
        l2=0.0,
        scaling="symmetric",
        validations_per_epoch=STEPS,  # after each step
        keep="last",
        random_state=0,
    )
    clf.fit(train.X, train.y, X_val=held_out.X, y_val=held_out.y)
    by_epoch = clf.history_["validation_accuracy"].reshape(EPOCHS, STEPS)

    late = by_epoch[10:]
    around = late - late.mean(axis=1, keepdims=True)
    explained = around.mean(axis=0).var() / around.var()
    worst = late.mean(axis=0).argmin()
    print(f"{name}: from epoch 10 on, {late.min():.2%} to {late.max():.2%}, median {np.median(late):.2%}")
    print(f"    the step's place in the epoch explains {explained:.0%} of the variance within epochs")
    if shuffle is False:
        batch = train.take(slice(worst * 128, (worst + 1) * 128))
        losses = -np.log(clf.predict_proba(batch.X)[np.arange(128), batch.y])
        threes = (batch.y[losses.argsort()[-12:]] == 0).sum()
        there, next_step = late[:, worst].mean(), late[:, worst + 1].mean()
        print(f"    after step {worst} of an epoch {there:.2%}, a step later {next_step:.2%}")
        print(f"    of the 12 images with the largest loss in that batch, {threes} are threes")

    color = LIGHT.held_out if shuffle is False else LIGHT.train
    style_axes(row[0], LIGHT, x_label="step", y_label="validation accuracy")
    row[0].plot(by_epoch.ravel(), color=color, linewidth=0.8)
    row[0].set_title(name, fontsize=11, loc="left")
    style_axes(row[1], LIGHT, x_label="step within the epoch")
    row[1].plot(late.T, color=color, linewidth=0.8, alpha=0.4)
    row[1].set_title("epochs 10 to 33, one over the other", fontsize=11, loc="left")
axes[0, 0].set_ylim(0.92, 0.985)
axes[0, 0].yaxis.set_major_formatter("{x:.0%}")
save(figure, "shuffling.svg")
