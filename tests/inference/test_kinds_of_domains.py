"""What goes into, and comes out of, domains of greys, label maps and bands."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from tests.picture_toys import open_whole
from translate.errors import TranslateError
from translate.images import Encoding, Photo

PHOTO, GREY = Encoding(), Encoding(kind="grey", channels=1)
NUMBERS = Encoding(kind="labels", channels=3, classes=((0, 0, 0), (1, 1, 1), (9, 9, 9)))
DEEP_NUMBERS = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (700, 700, 700)))
COLOURS = Encoding(kind="labels", channels=2, classes=((255, 0, 0), (0, 0, 255)))
DEEP_COLOURS = Encoding(kind="labels", channels=2, classes=((65535, 0, 0), (0, 0, 65535)))
BANDS, BAND = Encoding(kind="bands", channels=5), Encoding(kind="bands", channels=1)
EVERY = [PHOTO, GREY, NUMBERS, DEEP_NUMBERS, COLOURS, BANDS, BAND]
RANDOM = np.random.default_rng(0)


def answer(target: Encoding, *, stack: int = 1, height: int = 5, width: int = 7) -> torch.Tensor:
    """A translation as a network might give it; what is not labels is white."""
    images = torch.ones(stack, target.channels, height, width)
    if target.kind == "labels":
        images[:, :-1] = -1  # all of the last class
    return images


def translate(photo: Any, source: Encoding, target: Encoding) -> Any:
    whole = open_whole(photo, source, target)
    assert whole.images.shape[1] == source.channels
    assert -1 <= whole.images.min() <= whole.images.max() <= 1
    height, width = whole.images.shape[-2:]
    return whole.restore(answer(target, stack=len(whole.images), height=height, width=width))


def pixels_of(source: Encoding, dtype: type = np.uint8) -> Any:
    """An array (5, 7, C) that the source's files might hold."""
    if source.kind == "labels":
        classes = np.array(source.classes, np.uint16)[RANDOM.integers(0, source.channels, (5, 7))]
        return classes.astype(np.uint8) if classes.max() < 256 else classes
    top = np.iinfo(dtype).max
    return RANDOM.integers(0, top, (5, 7, source.channels), dtype, endpoint=True)


@pytest.mark.parametrize("encoding", EVERY)
def test_arrays_and_tensors_of_every_kind_come_back_to_the_last_bit(encoding: Encoding) -> None:
    for dtype in (np.uint8, np.uint16):
        pixels = pixels_of(encoding, dtype)

        whole = open_whole(pixels, encoding, encoding)

        again = whole.restore(whole.images)
        assert again.dtype == pixels.dtype
        assert np.array_equal(np.broadcast_to(again, pixels.shape), pixels)
        single = open_whole(whole.images[0], encoding, encoding)
        assert torch.equal(single.restore(single.images), whole.images[0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("source", "target", "shape", "shape_back"),
    [
        (PHOTO, GREY, (5, 7, 3), (5, 7, 1)),
        (PHOTO, BANDS, (2, 5, 7, 3), (2, 5, 7, 5)),
        (PHOTO, COLOURS, (5, 7, 3), (5, 7, 3)),
        (PHOTO, NUMBERS, (2, 5, 7, 3), (2, 5, 7, 1)),
        (GREY, PHOTO, (5, 7), (5, 7, 3)),
        (GREY, BAND, (5, 7), (5, 7)),
        (GREY, NUMBERS, (5, 7), (5, 7)),
        (GREY, GREY, (5, 7, 1), (5, 7, 1)),
        (GREY, GREY, (2, 5, 7, 3), (2, 5, 7, 1)),
        (BANDS, GREY, (5, 7, 5), (5, 7, 1)),
        (BAND, BANDS, (5, 7), (5, 7, 5)),
        (NUMBERS, PHOTO, (5, 7), (5, 7, 3)),
        (NUMBERS, GREY, (5, 7), (5, 7)),
        (NUMBERS, BANDS, (2, 5, 7, 1), (2, 5, 7, 5)),
        (NUMBERS, PHOTO, (5, 7, 3), (5, 7, 3)),
    ],
)
def test_arrays_take_the_targets_channels_and_keep_their_depth(
    source: Encoding, target: Encoding, shape: Any, shape_back: Any, dtype: type
) -> None:
    translated = translate(np.zeros(shape, dtype), source, target)

    assert translated.shape == shape_back
    assert translated.dtype == (np.uint8 if target.kind == "labels" else dtype)
    assert (translated == (9 if target is NUMBERS else np.iinfo(dtype).max)).all() or (
        target is COLOURS and (translated == (0, 0, 255)).all()
    )


def test_numbers_and_the_greys_that_spell_them_are_the_same_label_map() -> None:
    numbers = np.array([[0, 1, 9]], np.uint8)

    flat, repeated = (
        open_whole(pixels, NUMBERS, PHOTO).images
        for pixels in (numbers, np.repeat(numbers[..., None], 3, axis=2))
    )

    assert torch.equal(flat, repeated)
    assert torch.equal(flat[0, :, 0], 2 * torch.eye(3) - 1)


def test_tensors_take_the_targets_channels() -> None:
    assert translate(torch.zeros(5, 4, 6), BANDS, GREY).shape == (1, 4, 6)
    assert translate(torch.zeros(2, 1, 4, 6), GREY, NUMBERS).shape == (2, 3, 4, 6)


@pytest.mark.parametrize(
    ("mode", "source", "target", "mode_back"),
    [
        ("RGB", PHOTO, GREY, "L"),
        ("RGBA", PHOTO, GREY, "LA"),
        ("RGB", GREY, GREY, "L"),
        ("LA", GREY, PHOTO, "RGBA"),
        ("L", GREY, NUMBERS, "L"),
        ("L", GREY, DEEP_NUMBERS, "I;16"),
        ("I;16", GREY, GREY, "I;16"),
        ("RGBA", PHOTO, COLOURS, "RGB"),
        ("L", NUMBERS, PHOTO, "RGB"),
        ("1", NUMBERS, GREY, "L"),
        ("I;16", DEEP_NUMBERS, DEEP_NUMBERS, "I;16"),
        ("L", BAND, PHOTO, "RGB"),
    ],
)
def test_pil_images_come_back_as_the_target_is_made(
    mode: str, source: Encoding, target: Encoding, mode_back: str
) -> None:
    again = translate(Image.new(mode, (7, 5)), source, target)

    assert (again.mode, again.size) == (mode_back, (7, 5))


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B"])
def test_deep_grey_means_the_same_in_either_byte_order(mode: str) -> None:
    image = Image.frombytes(mode, (1, 1), (258).to_bytes(2, "big" if mode[-1] == "B" else "little"))

    grey = open_whole(image, GREY, GREY).images

    assert grey.item() == pytest.approx(258 / 32767.5 - 1)


def test_a_colour_image_for_a_grey_domain_becomes_grey() -> None:
    image = Image.new("RGB", (1, 1), (255, 0, 0))

    grey = open_whole(image, GREY, GREY).images

    assert grey.item() == pytest.approx(2 * 0.299 - 1)


def test_palette_images_are_label_maps_of_their_colours() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([0, 0, 255, 255, 0, 0])
    image.putpixel((1, 0), 1)

    assert open_whole(image, COLOURS, PHOTO).images[0, 0, 0].tolist() == [-1, 1]


def test_bands_come_as_arrays_from_images_and_files_as_deep_as_they_were(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), np.zeros((5, 7, 3), np.uint16))
    cv2.imwrite(str(tmp_path / "flat.png"), np.zeros((5, 7, 3), np.uint8))

    for photo, dtype in (
        (tmp_path / "deep.png", np.uint16),
        (str(tmp_path / "flat.png"), np.uint8),
        (Image.new("RGB", (7, 5)), np.uint8),
    ):
        translated = translate(photo, PHOTO, BANDS)
        assert (translated.dtype, translated.shape) == (dtype, (5, 7, 5))


def test_greys_learned_from_sixteen_bits_have_them_whatever_comes_in(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    Image.new("RGBA", (7, 5)).save(file)
    deep = Encoding(kind="grey", channels=1, depth=16)

    for photo in (file, Image.open(file), Image.new("RGB", (7, 5))):
        again = translate(photo, PHOTO, deep)
        assert (again.mode, again.size) == ("I;16", (7, 5))
    assert translate(np.zeros((5, 7, 3), np.uint8), PHOTO, deep).dtype == np.uint16


def test_files_of_bands_and_labels_are_opened_as_what_they_are(tmp_path: Path) -> None:
    pixels = pixels_of(BANDS, np.uint16)
    np.save(tmp_path / "bands.npy", pixels)
    Image.fromarray(np.array([[0, 9]], np.uint8)).save(tmp_path / "map.png")

    bands = open_whole(tmp_path / "bands.npy", BANDS, GREY)
    labels = open_whole(tmp_path / "map.png", NUMBERS, GREY)

    assert torch.equal(bands.images[0], BANDS.encode(pixels))
    assert labels.images[0, :, 0, 1].tolist() == [-1, -1, 1]
    assert bands.restore(answer(GREY)).mode == "L"


def test_label_colours_beyond_pil_come_as_an_array() -> None:
    translated = translate(Image.new("L", (7, 5)), GREY, DEEP_COLOURS)

    assert (translated.dtype, translated[0, 0].tolist()) == (np.uint16, [0, 0, 65535])


def test_photos_of_the_house_keep_depth_and_alpha_where_it_means_something() -> None:
    photo = Photo(np.zeros((5, 7, 3), np.uint16), np.full((5, 7), 9, np.uint16))

    grey, labels, bands = (translate(photo, PHOTO, t) for t in (GREY, NUMBERS, BANDS))

    assert (grey.pixels.shape, grey.pixels.dtype, grey.alpha is photo.alpha) == (
        (5, 7, 1),
        np.uint16,
        True,
    )
    assert (labels.pixels.dtype, labels.alpha, bands.alpha) == (np.uint8, None, None)
    assert (bands.pixels.shape, bands.pixels.dtype) == ((5, 7, 5), np.uint16)


@pytest.mark.parametrize(
    ("photo", "source", "told"),
    [
        (np.zeros((5, 7, 3), np.uint8), BANDS, r"\(H, W, 5\) or \(N, H, W, 5\), got \(5, 7, 3\)"),
        (np.zeros((5, 7), np.uint8), BANDS, r"got \(5, 7\)\. Give the bands"),
        (np.zeros((5, 7, 2), np.uint8), GREY, r"\(H, W\), \(H, W, 1 or 3\) or \(N.*set|Set alpha"),
        (np.zeros((5, 7, 4), np.uint8), NUMBERS, r"got \(5, 7, 4\)\. A label map is made of"),
        (
            np.full((5, 7), 3, np.uint8),
            NUMBERS,
            "The array holds the value 3, which is none of the 3 classes",
        ),
        (Image.new("L", (7, 5), 3), NUMBERS, "The PIL image holds the value 3, which"),
        (Image.new("RGB", (7, 5)), BANDS, "PIL image of 5 channels, got mode 'RGB' with 3"),
        (Image.new("F", (7, 5)), GREY, r"mode 'F' has more .* \(H, W\), .* of uint16"),
        (torch.zeros(3, 5, 7), BANDS, r"\(5, H, W\) or \(N, 5, H, W\), got \(3, 5, 7\)"),
        (np.zeros((5, 7)), GREY, r"got float64.*tensor \(1, H, W\)"),
        (None, BANDS, r"array \(H, W, 5\) or .* tensor \(5, H, W\) .* got a NoneType"),
    ],
)
def test_what_the_domain_is_not_made_of_is_told_with_what_was_expected(
    photo: object, source: Encoding, told: str
) -> None:
    with pytest.raises(TranslateError, match=told):
        open_whole(photo, source, PHOTO)


def test_sixteen_bits_of_grey_are_not_lost_unsaid_in_a_photo() -> None:
    with pytest.raises(TranslateError, match="mode 'I;16' has more than 8 bits"):
        open_whole(Image.new("I;16", (7, 5)), GREY, PHOTO)


def test_a_file_that_is_not_of_the_domain_is_named(tmp_path: Path) -> None:
    Image.new("L", (7, 5), 3).save(tmp_path / "map.png")

    with pytest.raises(
        TranslateError, match=r"map\.png: holds the value 3, which is none of the 3"
    ):
        open_whole(tmp_path / "map.png", NUMBERS, PHOTO)
