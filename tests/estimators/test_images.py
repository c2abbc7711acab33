"""Images and their flattened rows are the same to the classifier."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import InputError


def grey(images):
    X, y = images
    return X[..., 0], y


@pytest.fixture(params=[lambda X: X, lambda X: X[..., 0], lambda X: X[..., :1]], ids=["colour", "grey", "one channel"])
def form(request, images):
    X, y = images
    return np.ascontiguousarray(request.param(X)), y


def test_images_equal_their_rows(make, form):
    X, y = form
    rows = X.reshape(len(X), -1)
    of_images, of_rows = make().fit(X, y, X_val=X[:9], y_val=y[:9]), make().fit(rows, y, X_val=rows[:9], y_val=y[:9])
    np.testing.assert_array_equal(of_images.coef_, of_rows.coef_)
    np.testing.assert_array_equal(of_images.predict_proba(X), of_rows.predict_proba(rows))
    np.testing.assert_array_equal(of_images.predict(rows), of_rows.predict(rows))


@pytest.mark.parametrize("flip_mode", ["independent", "accumulating"])
@pytest.mark.parametrize("scaling", ["symmetric", "standardize"])
def test_rows_with_an_image_shape_are_flipped_as_images(make, form, flip_mode, scaling):
    X, y = form
    flipping = {"flip_probability": 0.4, "flip_mode": flip_mode, "scaling": scaling}
    of_images = make(**flipping).fit(X, y)
    of_rows = make(**flipping, image_shape=X.shape[1:]).fit(X.reshape(len(X), -1), y)
    np.testing.assert_array_equal(of_images.coef_, of_rows.coef_)


def test_certain_flips_train_on_mirrored_images(make, images):
    X, y = images
    flipped = make(flip_probability=1.0, scaling="symmetric").fit(X, y)
    by_hand = make(scaling="symmetric").fit(X[:, :, ::-1], y)
    np.testing.assert_array_equal(flipped.coef_, by_hand.coef_)


def test_validation_rows_are_never_flipped(make, images):
    X, y = images
    clf = make(flip_probability=0.5, keep="last").fit(X, y, X_val=X[:20], y_val=y[:20])
    assert clf.history_["validation_accuracy"][-1] == clf.score(X[:20], y[:20])


def test_image_lists_are_images(make, images):
    X, y = grey(images)
    np.testing.assert_array_equal(make().fit(list(X), y).coef_, make().fit(X, y).coef_)


@pytest.mark.parametrize("channels", [1, 2])
def test_weights_as_pictures(make, images, channels):
    X, y = images
    clf = make().fit(X[..., :channels], y)
    pictures = clf.weight_images()
    assert (pictures.shape, clf.image_shape_) == ((3, 4, 3, channels), (4, 3, channels))
    np.testing.assert_array_equal(pictures.reshape(3, -1), clf.coef_)


@pytest.mark.parametrize("loss", ["softmax", "logistic"])
def test_two_classes_have_one_picture(make, images, loss):
    X, y = grey(images)
    two = y < 2
    assert make(loss).fit(X[two], y[two]).weight_images().shape == (1, 4, 3, 1)


def test_rows_with_an_image_shape_have_pictures(make, images):
    X, y = images
    clf = make(image_shape=(4, 3, 2)).fit(X.reshape(60, -1), y)
    assert clf.weight_images().shape == (3, 4, 3, 2)


def test_plain_rows_have_no_pictures(make, three_classes):
    with pytest.raises(InputError, match="weights can be shown as images only if X was images, or image_shape was set"):
        make().fit(*three_classes).weight_images()


@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function", "partial_fit"])
def test_images_of_another_shape_do_not_fit_the_model(make, images, method):
    X, y = images
    clf = make().fit(X, y)
    arguments = (X.transpose(0, 2, 1, 3), y) if method == "partial_fit" else (X.transpose(0, 2, 1, 3),)
    with pytest.raises(InputError, match=r"images have shape \(3, 4, 2\), but image_shape=\(4, 3, 2\)"):
        getattr(clf, method)(*arguments)


def test_grey_images_may_lack_the_channel_axis(make, images):
    X, y = grey(images)
    np.testing.assert_array_equal(make().fit(X, y).predict(X[..., None]), make().fit(X[..., None], y).predict(X))
