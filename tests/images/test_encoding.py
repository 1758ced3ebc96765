import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels, find_classes

ROAD, SKY, SAND = (128, 64, 128), (70, 130, 180), (70, 130, 181)
COLOURS = Encoding(kind="labels", channels=3, classes=(SKY, ROAD, SAND))  # not in order
NUMBERS = Encoding(kind="labels", channels=3, classes=((0, 0, 0), (1, 1, 1), (7, 7, 7)))
GREY = Encoding(kind="grey", channels=1)


def bands(channels: int) -> Encoding:
    return Encoding(kind="bands", channels=channels)


def test_a_photo_is_its_three_colours_from_minus_one_to_one() -> None:
    pixels = np.array([[[0, 255, 51]]], dtype=np.uint8)

    tensor = Encoding().encode(pixels)

    assert tensor.shape == (3, 1, 1)
    assert tensor.flatten().tolist() == pytest.approx([-1, 1, -0.6])
    assert np.array_equal(Encoding().decode(tensor), pixels)


def test_grey_weighs_the_colours_as_the_eye_does() -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)

    grey = GREY.decode(GREY.encode(pixels))

    assert grey.shape == (1, 3, 1)
    assert grey.flatten().tolist() == [76, 150, 29]


def test_every_grey_of_sixteen_bits_comes_back_exactly() -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)

    for samples in (levels, levels.repeat(3, axis=2)):
        assert np.array_equal(GREY.decode(GREY.encode(samples), depth=16), levels)


def test_each_class_has_its_own_channel() -> None:
    tensor = COLOURS.encode(np.array([[ROAD, SKY]], dtype=np.uint8))

    assert tensor.dtype == torch.float32
    assert tensor[:, 0].tolist() == [[-1, 1], [1, -1], [-1, -1]]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_labels_of_any_classes_come_back_exactly(data: st.DataObject) -> None:
    deepest = data.draw(st.sampled_from([255, 65535]))
    level = st.integers(0, deepest)
    numbers, colours = level.map(lambda n: (n, n, n)), st.tuples(level, level, level)
    kind = data.draw(st.sampled_from([numbers, colours]))
    classes = data.draw(st.lists(kind, min_size=1, max_size=256, unique=True))
    encoding = Encoding(kind="labels", channels=len(classes), classes=classes)
    choice = np.random.default_rng(0).integers(len(classes), size=(5, 7))
    samples = np.array(classes, dtype=np.uint16)[choice]

    tensor = encoding.encode(samples)
    back = encoding.decode(tensor * 0.1)

    assert tensor.shape == (len(classes), 5, 7)
    assert (tensor.sum(dim=0) == 2 - len(classes)).all()
    assert back.dtype == (np.uint8 if np.max(classes) < 256 else np.uint16)
    assert np.array_equal(np.broadcast_to(back, samples.shape), samples)
    assert torch.equal(encoding.encode(back), tensor)


def test_numbered_labels_become_one_channel_and_coloured_ones_three() -> None:
    assert NUMBERS.decode(torch.rand(3, 2, 5)).shape == (2, 5, 1)
    assert COLOURS.decode(torch.rand(3, 2, 5)).shape == (2, 5, 3)


def test_labels_beyond_a_byte_need_sixteen_bits() -> None:
    assert Encoding().least_depth == NUMBERS.least_depth == COLOURS.least_depth == 8
    deep = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (256, 256, 256)))
    assert deep.least_depth == 16
    assert deep.decode(torch.rand(2, 1, 1), depth=8).dtype == np.uint16


@pytest.mark.parametrize("kind", ["grey", "bands"])
def test_what_was_learned_from_sixteen_bits_is_decoded_to_them(kind: Kind) -> None:
    deep = Encoding(kind=kind, channels=1, depth=16)
    step = torch.full((1, 1, 1), 2 / 65535 - 1)

    assert [deep.decode(step, depth).item() for depth in (8, 16)] == [1, 1]
    assert Encoding(kind=kind, channels=1).decode(step, 8).dtype == np.uint8


@pytest.mark.parametrize("kind", ["photo", "labels"])
def test_photos_and_labels_have_no_depth_of_their_own(kind: Kind) -> None:
    classes = ((0, 0, 0), (1, 1, 1), (2, 2, 2)) if kind == "labels" else ()

    with pytest.raises(ValidationError, match=f"only grey and bands have a depth of 16.* {kind}"):
        Encoding(kind=kind, channels=3, classes=classes, depth=16)


@pytest.mark.parametrize(
    ("encoding", "strange", "named"),
    [(NUMBERS, (2, 2, 2), "the value 2,"), (COLOURS, (70, 130, 182), r"\(70, 130, 182\),")],
)
def test_a_value_that_is_no_class_is_named(
    encoding: Encoding, strange: tuple[int, ...], named: str
) -> None:
    with pytest.raises(DataError, match=f"holds .*{named} which is none of the 3 classes"):
        encoding.encode(np.array([[encoding.classes[0], strange]], dtype=np.uint8))


@settings(max_examples=20, deadline=None)
@given(channels=st.integers(1, 7), depth=st.sampled_from([8, 16]))
def test_bands_of_any_number_and_depth_come_back_exactly(channels: int, depth: int) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    pixels: Pixels = np.random.default_rng(0).integers(2**depth, size=(5, 7, channels), dtype=kind)

    tensor = bands(channels).encode(pixels)

    assert tensor.shape == (channels, 5, 7)
    assert np.array_equal(bands(channels).decode(tensor, depth), pixels)


@pytest.mark.parametrize(
    ("encoding", "found", "message"),
    [
        (bands(4), 5, "has 5 bands, expected 4"),
        (Encoding(), 1, "has 1 channels, expected 3 for photo"),
        (GREY, 4, "has 4 channels, expected 3 for grey"),
        (NUMBERS, 2, "has 2 channels, expected 3 for labels"),
    ],
)
def test_missing_and_surplus_channels_are_counted(
    encoding: Encoding, found: int, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        encoding.encode(np.zeros((2, 2, found), np.uint8))


@pytest.mark.parametrize("encoding", [Encoding(), GREY, NUMBERS, COLOURS, *map(bands, range(1, 6))])
@pytest.mark.parametrize("several", [(), (2,), (2, 3)])
def test_everything_can_be_shown_in_three_colours(
    encoding: Encoding, several: tuple[int, ...]
) -> None:
    images = torch.rand(*several, encoding.channels, 4, 6) * 2 - 1

    shown = encoding.show(images)

    assert shown.shape == (*several, 3, 4, 6)
    assert shown.min() >= -1
    assert shown.max() <= 1


def test_two_bands_are_shown_as_the_first_and_more_as_the_first_three() -> None:
    images = torch.rand(5, 4, 6)

    assert torch.equal(bands(5).show(images), images[:3])
    assert torch.equal(bands(2).show(images[:2]), images[:1].expand(3, 4, 6))
    assert torch.equal(GREY.show(images[:1]), images[:1].expand(3, 4, 6))


def test_numbered_labels_are_spread_over_the_greys_and_coloured_ones_keep_their_colours() -> None:
    choice = torch.eye(3)[:, None]  # one pixel of each class, side by side

    assert NUMBERS.show(choice)[:, 0].T.tolist() == [[-1] * 3, [0] * 3, [1] * 3]
    shown = (COLOURS.show(choice)[:, 0].T + 1) * 127.5
    assert shown.round().int().tolist() == [list(SKY), list(ROAD), list(SAND)]


def test_classes_are_found_in_map_after_map() -> None:
    known: set[tuple[int, int, int]] = set()

    find_classes(known, np.array([[SKY, ROAD], [SKY, SKY]], dtype=np.uint8))
    find_classes(known, np.array([[[300, 300, 300], ROAD]], dtype=np.uint16))

    assert known == {SKY, ROAD, (300, 300, 300)}


def test_three_hundred_colours_are_no_label_map() -> None:
    colours = np.zeros((10, 30, 3), np.uint8)
    colours[..., 0], colours[..., 1] = np.mgrid[:10, :30]

    with pytest.raises(
        DataError,
        match=r"more than 256 classes \(this one alone holds 300 .*Save label maps as PNG",
    ):
        find_classes(set(), colours)


def test_maps_that_are_fine_alone_can_have_too_many_classes_together() -> None:
    known: set[tuple[int, int, int]] = set()
    values = np.arange(256, dtype=np.uint16).reshape(16, 16, 1)

    find_classes(known, values.repeat(3, axis=2))

    assert len(known) == 256
    with pytest.raises(DataError, match="brings the label maps to more than 256 classes"):
        find_classes(known, values[:1, :1].repeat(3, axis=2) + 256)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "grey"}, "grey must have channels: 1, got 3"),
        ({"kind": "labels", "classes": [SKY]}, "labels of 1 classes must have channels: 1, got 3"),
        ({"kind": "labels", "channels": 2, "classes": [SKY, SKY]}, "must not have the same colour"),
        ({"classes": [SKY]}, "only labels have classes, and this is photo"),
        ({"kind": "bands", "channels": 0}, "greater than or equal to 1"),
        ({"kind": "bands", "channels": 1025}, "less than or equal to 1024"),
    ],
)
def test_contradictions_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Encoding.model_validate(values)
