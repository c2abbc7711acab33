"""The gradient of one image: its residual for each class, times the image."""

import numpy as np
from images import save
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from onelayer import OneLayerClassifier, load_dataset
from onelayer.figures import LIGHT
from onelayer.losses import get_loss

train, _, test = load_dataset("digits")
image, label = test.X[8] / 16, test.y[8]

figure = Figure(figsize=(8.6, 2.7), facecolor=LIGHT.paper, layout="constrained")
axes = figure.subplots(3, 11)
for row, name in zip(axes, ("softmax", "sigmoid", "hinge"), strict=True):
    clf = OneLayerClassifier(name, scaling="unit", learning_rate=0.1, max_epochs=3, random_state=0)
    clf.fit(train.X / 16, train.y)
    scores = clf.decision_function(image[None])
    _, residual = get_loss(name).values_and_residual(scores, np.array([label]))
    gradients = residual[0, :, None, None] * image[:, :, 0]  # residual × input, a picture for each class
    print(f"{name}: " + " ".join(f"{one:+.3f}" for one in residual[0]) + f", sum {abs(residual.sum()):.3f}")

    row[0].imshow(image[:, :, 0], cmap="gray_r")
    row[0].set_ylabel(name, fontsize=11)
    limit = abs(gradients).max()
    for digit, (panel, gradient) in enumerate(zip(row[1:], gradients, strict=True)):
        panel.imshow(gradient, cmap=ListedColormap(LIGHT.diverging), vmin=-limit, vmax=limit)
        panel.set_title(f"{residual[0, digit]:+.2f}", fontsize=9)
        panel.set_xlabel(f"class {digit}" if name == "hinge" else "", fontsize=9)
axes[0, 0].set_title("input", fontsize=9)
for panel in axes.flat:
    panel.set(xticks=[], yticks=[])
save(figure, "residual.png")
