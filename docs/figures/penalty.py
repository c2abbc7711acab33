"""One softmax layer on MNIST for five values of λ: its weights as pictures, their size, and its accuracy."""

from images import save
from matplotlib.figure import Figure

from onelayer import OneLayerClassifier, load_dataset
from onelayer.figures import LIGHT
from onelayer.figures.images import weight_limit, weight_pixels

train, _, test = load_dataset("mnist", validation_fraction=0)
train = train.take(slice(0, 20_000))

figure = Figure(figsize=(8.6, 4.5), facecolor=LIGHT.paper, layout="constrained")
axes = figure.subplots(5, 10)
for row, l2 in zip(axes, (0.0, 0.004, 0.04, 0.4, 4.0), strict=True):
    clf = OneLayerClassifier(
        learning_rate=0.01, l2=l2, max_epochs=50, schedule="cosine", scaling="symmetric", keep="last", random_state=0
    )
    clf.fit(train.X, train.y, X_val=test.X, y_val=test.y)
    last = {key: column[-1] for key, column in clf.history_.items()}
    print(
        f"l2 = {l2:g}: ‖W‖² {last['weight_norm_squared']:.3g}, training accuracy {last['train_accuracy']:.2%}, "
        f"validation accuracy {last['validation_accuracy']:.2%}"
    )
    images = clf.weight_images()
    for panel, image in zip(row, images, strict=True):
        panel.imshow(weight_pixels(image, weight_limit(images)))  # a scale for each λ
        panel.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"l2 = {l2:g}", fontsize=11)
save(figure, "penalty.png")
