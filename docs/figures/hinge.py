"""Multiclass hinge against cross-entropy on HOG features of CIFAR-10, at a small and at a suitable learning rate."""

from images import save
from matplotlib.figure import Figure

from onelayer import HOG, OneLayerClassifier, load_dataset
from onelayer.figures import LIGHT
from onelayer.figures.matplotlib import style_axes

train, held_out, test = load_dataset("cifar10", validation_fraction=0.2)
hog = HOG(block_norm="L1").fit(train.X[:1])
X, X_val, X_test = (hog.transform(part.X) for part in (train, held_out, test))
SETTINGS = {
    "rate 0.0001, l2 = 2": {"learning_rate": 1e-4, "l2": 2.0},
    "rate 0.01, falling, l2 = 0.001": {"learning_rate": 1e-2, "l2": 1e-3, "schedule": "cosine"},
}

figure = Figure(figsize=(8.6, 3.2), facecolor=LIGHT.paper, layout="constrained")
axes = figure.subplots(1, 2, sharey=True)
for panel, (title, setting) in zip(axes, SETTINGS.items(), strict=True):
    style_axes(panel, LIGHT, x_label="epoch", y_label="validation accuracy" if panel is axes[0] else "")
    panel.set_title(title, fontsize=11, loc="left")
    for loss, color in (("hinge", LIGHT.held_out), ("softmax", LIGHT.train)):
        clf = OneLayerClassifier(
            loss, **setting, batch_size=100, max_epochs=50, monitor="validation_accuracy", random_state=0
        )
        clf.fit(X, train.y, X_val=X_val, y_val=held_out.y)
        history = clf.history_["validation_accuracy"]
        print(f"{title}: {loss} validation {history.max():.2%}, test {clf.score(X_test, test.y):.2%}")
        panel.plot(history, color=color, label=loss)
axes[0].yaxis.set_major_formatter("{x:.0%}")
axes[1].legend(frameon=False, loc="lower right")
save(figure, "hinge.svg")
