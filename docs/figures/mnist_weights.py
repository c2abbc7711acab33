"""What each digit's weights look for: one softmax layer trained on MNIST."""

from images import save

from onelayer import OneLayerClassifier, load_dataset
from onelayer.figures import weights_figure
from onelayer.figures.matplotlib import draw

train, validation, test = load_dataset("mnist")
clf = OneLayerClassifier(
    learning_rate=0.02, momentum=0.9, schedule="cosine", max_epochs=20, l2=0.01, scaling="symmetric", random_state=0
)
clf.fit(train.X, train.y, X_val=validation.X, y_val=validation.y)
print(f"test accuracy {clf.score(test.X, test.y):.2%}")
save(draw(weights_figure(clf.weight_images(), train.class_names)), "mnist-weights.png")
