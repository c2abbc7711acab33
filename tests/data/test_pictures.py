"""Pictures of whole sets: what their sizes and colours become, by which part it is settled, and what can't be read."""

from __future__ import annotations

import io

import numpy as np
import pytest
from fuzzing import encoded, pixels
from PIL import Image, ImageOps

from onelayer.data import pictures
from onelayer.data.image_options import AS_FOUND, ImageOptions
from onelayer.data.images import read_image
from onelayer.data.pictures import Pictures, UnreadableImagesError, decode_parts
from onelayer.errors import DataError


def source(*data: bytes, batch: int = 16) -> Pictures:
    named = [(f"picture {i}", one) for i, one in enumerate(data)]
    return Pictures(len(data), lambda: (named[start : start + batch] for start in range(0, len(named), batch)))


def decoded(*data: bytes, options: ImageOptions = AS_FOUND) -> np.ndarray:
    return decode_parts({"all": source(*data)}, options).arrays["all"]


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_all_grey_stays_grey_and_one_colour_picture_makes_all_rgb() -> None:
    grey, colour = encoded("PNG", "L"), encoded("PNG", "RGB")
    assert decoded(grey, grey).shape == (2, 9, 7, 1)
    mixed = decoded(grey, colour, grey)
    np.testing.assert_array_equal(mixed[0], np.repeat(read_image(grey), 3, axis=2))
    np.testing.assert_array_equal(mixed[1], read_image(colour))


@pytest.mark.parametrize(
    ("train", "test", "channels"), [("L", "RGB", 1), ("L", "L", 1), ("RGB", "L", 3), ("RGB", "RGB", 3)]
)
def test_the_training_part_decides_on_colour(train: str, test: str, channels: int) -> None:
    found = decode_parts(
        {"test": source(encoded("PNG", test)), "train": source(encoded("PNG", train), encoded("PNG", train))}, AS_FOUND
    )
    assert [images.shape for images in found.arrays.values()] == [(1, 9, 7, channels), (2, 9, 7, channels)]
    assert found.preparation == ImageOptions((9, 7), "stretch", channels)
    np.testing.assert_array_equal(found.arrays["test"][0], read_image(encoded("PNG", test), channels=channels))
    said = ("colour images become grey (1 of the test part), because all training images are grey",)
    assert found.notes == (said if (train, test) == ("L", "RGB") else ())


def test_channels_that_are_asked_for_hold_for_every_part() -> None:
    parts = {"train": source(encoded("PNG", "RGB")), "test": source(encoded("PNG", "L"))}
    found = decode_parts(parts, ImageOptions(channels=1))
    assert [images.shape[3] for images in found.arrays.values()] == [1, 1]
    assert found.notes == ()


SIZES = [(90, 120), (200, 150), (70, 70), (310, 100), (100, 180)]


def photos(*sizes: tuple[int, int]) -> list[Image.Image]:
    return [Image.fromarray(np.roll(pixels(*size, 3), i)) for i, size in enumerate(sizes)]


def test_different_sizes_become_a_square_of_64_cut_from_the_middle() -> None:
    images = photos(*SIZES)
    found = decode_parts({"all": source(*map(png, images))}, AS_FOUND)
    expected = [ImageOps.fit(image, (64, 64), Image.Resampling.BILINEAR) for image in images]
    np.testing.assert_array_equal(found.arrays["all"], np.stack([np.asarray(one) for one in expected]))
    assert found.preparation == ImageOptions((64, 64), "crop", 3)
    assert len(found.notes) == 1
    assert found.notes[0].startswith("images of 70×70 to 310×100 pixels (height×width) are brought to 64×64: scaled in")
    assert "--resize H,W" in found.notes[0]
    assert "--resize-mode" in found.notes[0]


def test_small_pictures_of_different_sizes_are_not_blown_up() -> None:
    assert decoded(*map(png, photos((20, 30), (22, 22), (28, 24)))).shape == (3, 22, 22, 3)


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
def test_the_way_to_that_size_can_be_asked_for(mode: str) -> None:
    found = decode_parts({"all": source(*map(png, photos(*SIZES)))}, ImageOptions(resize_mode=mode))
    assert found.preparation == ImageOptions((64, 64), mode, 3)
    expected = [read_image(png(image), resize=(64, 64), resize_mode=mode) for image in photos(*SIZES)]
    np.testing.assert_array_equal(found.arrays["all"], expected)


def test_the_training_part_decides_on_the_size() -> None:
    small, large = [png(image) for image in photos((20, 30), (24, 24))], png(photos((500, 400))[0])
    alone = decode_parts({"train": source(*small)}, AS_FOUND)
    found = decode_parts({"train": source(*small), "test": source(large, large)}, AS_FOUND)
    assert found.preparation == alone.preparation
    assert found.arrays["test"].shape == (2, 22, 22, 3)


def test_a_part_of_another_size_is_brought_to_that_of_the_training_part() -> None:
    train, test = photos((32, 32), (32, 32)), photos((60, 40))
    found = decode_parts({"train": source(*map(png, train)), "test": source(*map(png, test))}, AS_FOUND)
    np.testing.assert_array_equal(found.arrays["train"], np.stack([np.asarray(image) for image in train]))
    np.testing.assert_array_equal(
        found.arrays["test"][0], np.asarray(ImageOps.fit(test[0], (32, 32), Image.Resampling.BILINEAR))
    )
    assert "brought to 32×32" in found.notes[0]


def test_pictures_of_one_size_are_left_as_they_are_without_a_word() -> None:
    found = decode_parts({"all": source(*map(png, photos((9, 7), (9, 7))))}, AS_FOUND)
    assert (found.preparation, found.notes) == (ImageOptions((9, 7), "stretch", 3), ())


def test_large_pictures_of_one_size_are_made_smaller_where_memory_would_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_ARRAY_BYTES", 3 * 100 * 80 * 3 - 1)
    found = decode_parts({"all": source(*map(png, photos((100, 80), (100, 80), (100, 80))))}, AS_FOUND)
    assert found.preparation == ImageOptions((64, 64), "crop", 3)
    assert found.notes[0].startswith("images of 100×80 pixels (height×width) are brought to 64×64")


def test_a_size_that_is_asked_for_says_how_much_it_stretches() -> None:
    found = decode_parts({"all": source(*map(png, photos(*SIZES)))}, ImageOptions(resize=(32, 32)))
    assert found.preparation == ImageOptions((32, 32), "stretch", 3)
    assert found.notes == (
        "images are stretched to 32×32, some by a factor of 3.1; --resize-mode crop or pad keeps their proportions",
    )
    for options in (ImageOptions(resize=(32, 32), resize_mode="stretch"), ImageOptions(resize=(90, 120))):
        assert decode_parts({"all": source(*map(png, photos((90, 120))))}, options).notes == ()


def test_jpegs_are_decoded_whole_and_then_made_smaller() -> None:
    smooth = Image.fromarray(pixels(12, 16, 3)).resize((640, 480), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    smooth.save(out, "JPEG")
    with Image.open(io.BytesIO(out.getvalue())) as image:
        expected = np.asarray(ImageOps.fit(image, (24, 24), Image.Resampling.BILINEAR))
    options = ImageOptions(resize=(24, 24), resize_mode="crop")
    np.testing.assert_array_equal(decoded(out.getvalue(), options=options)[0], expected)


def test_what_pictures_were_is_counted() -> None:
    grey = photos((10, 10))[0].convert("L")
    gif = io.BytesIO()
    photos((50, 60))[0].save(gif, "GIF")
    data = [*map(png, photos((30, 20), (40, 40))), png(grey), gif.getvalue()]
    found = decode_parts({"all": source(*data)}, AS_FOUND).pictures["all"]
    assert (found.n, found.n_grey, found.formats, found.examples) == (
        4,
        1,
        {"PNG": 3, "GIF": 1},
        {"PNG": "picture 0", "GIF": "picture 3"},
    )
    assert (found.smallest, found.median, found.largest) == (("picture 2", (10, 10)), (30, 20), ("picture 3", (50, 60)))
    assert found.proportions == (20 / 30, 1.2)


@pytest.mark.parametrize("odd", [1, 2, 4])
def test_a_format_that_hardly_occurs_is_pointed_out(odd: int) -> None:
    gif = io.BytesIO()
    Image.fromarray(pixels(9, 7, 3)).save(gif, "GIF")
    notes = decode_parts({"all": source(*[encoded("PNG")] * 120, *[gif.getvalue()] * odd)}, AS_FOUND).notes
    count = {1: "the only GIF among 121", 2: "one of 2 GIF among 122"}.get(odd)
    expected = f"picture 120 is {count} images: it is used like the others; look whether it belongs there"
    assert notes == ((expected,) if count else ())


@pytest.mark.parametrize("announced", [1, 3])
def test_another_number_than_announced_is_refused(announced: int) -> None:
    two = source(encoded("PNG"), encoded("PNG"))
    with pytest.raises(DataError, match="announced"):
        decode_parts({"all": two._replace(n=announced)}, AS_FOUND)


def test_large_pictures_are_decoded_in_threads_to_the_same_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    data = [png(Image.fromarray(np.roll(pixels(90, 90, 3), i))) for i in range(40)]
    assert min(map(len, data)) > pictures._WORTH_A_THREAD
    monkeypatch.setattr(pictures, "_threads", lambda: 4)
    np.testing.assert_array_equal(decoded(*data), np.stack([read_image(one) for one in data]))


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("broken", [(0,), (20,), (0, 1, 16, 40)])
def test_all_pictures_that_cannot_be_read_are_named(
    monkeypatch: pytest.MonkeyPatch, threads: bool, broken: tuple[int, ...]
) -> None:
    monkeypatch.setattr(pictures, "_WORTH_A_THREAD", 0 if threads else 1 << 30)
    with pytest.raises(UnreadableImagesError) as caught:
        decoded(*[b"broken" if i in broken else encoded("PNG") for i in range(41)])
    assert [reason.split(" can't")[0] for reason in caught.value.reasons] == [f"picture {i}" for i in broken]
    assert caught.value.pictures["all"].n == 41 - len(broken)
    count = f"{len(broken)} of 41 images can't be read (data show lists them). The first: " if len(broken) > 1 else ""
    assert str(caught.value).startswith(
        f"{count}picture {broken[0]} can't be read as an image: it has none of the formats"
    )


def test_pictures_that_cannot_be_read_are_named_over_all_parts_and_sizes() -> None:
    good = [png(image) for image in photos((20, 30), (24, 24))]
    with pytest.raises(UnreadableImagesError, match="2 of 6 images"):
        decode_parts({"train": source(*good, b"x"), "test": source(*good, b"y")}, AS_FOUND)


def test_nothing_that_can_be_read_is_refused() -> None:
    with pytest.raises(UnreadableImagesError, match="2 of 2 images"):
        decoded(b"x", b"y")
