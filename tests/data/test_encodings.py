from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pair_toys import noise_image, write_image
from translate.data.encodings import AT_ONCE, choose_encodings
from translate.data.pair_files import PairFiles
from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels

RED, GREEN = (255, 0, 0), (0, 255, 0)


def pairs_of(folder: Path, images_a: list[Pixels], suffix: str = ".png") -> list[PairFiles]:
    """Pairs whose b is never looked at: it is not there."""
    return [
        PairFiles(write_image(folder / f"{i}{suffix}", image), folder / "gone.png")
        for i, image in enumerate(images_a)
    ]


def label_map(colours: list[tuple[int, ...]]) -> Pixels:
    image: Pixels = np.array([colours, colours], np.uint8)
    return image


def choose_a(pairs: list[PairFiles], kind: Kind) -> Encoding:
    return choose_encodings(pairs, {"a": kind, "b": "photo"})["a"]


def test_photos_need_not_be_opened() -> None:
    nowhere = [PairFiles(Path("gone.png"), Path("gone.png"))]

    encodings = choose_encodings(nowhere, {"a": "photo", "b": "photo"})

    assert encodings == {"a": Encoding(), "b": Encoding()}


@pytest.mark.parametrize(("depths", "deepest"), [([8, 8], 8), ([8, 16], 16), ([16, 8], 16)])
@pytest.mark.parametrize(
    ("kind", "suffix"), [("grey", ".png"), ("grey", ".tif"), ("bands", ".npy")]
)
def test_greys_and_bands_are_as_deep_as_the_deepest(
    tmp_path: Path, kind: Kind, suffix: str, depths: list[int], deepest: int
) -> None:
    images = [noise_image(4, 4, 1, depth) for depth in depths]

    encoding = choose_a(pairs_of(tmp_path, images, suffix), kind)

    assert (encoding.kind, encoding.channels, encoding.depth) == (kind, 1, deepest)


def test_classes_are_the_colours_of_all_maps_in_order(tmp_path: Path) -> None:
    maps = [label_map([RED, RED, GREEN]), label_map([GREEN, (0, 0, 7)])]

    encoding = choose_a(pairs_of(tmp_path, maps), "labels")

    assert encoding.classes == ((0, 0, 7), GREEN, RED)
    assert encoding.channels == 3


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=40), st.integers(1, 7))
def test_no_class_is_lost_wherever_it_lies(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], width: int
) -> None:
    padded = np.resize(np.array(numbers, np.uint8), (-(-len(numbers) // width) * width,))
    image = padded.reshape(-1, width, 1)

    encoding = choose_a(pairs_of(tmp_path_factory.mktemp("maps"), [image]), "labels")

    assert encoding.classes == tuple((n, n, n) for n in sorted(set(numbers)))


def test_sixteen_bit_labels_keep_their_numbers(tmp_path: Path) -> None:
    image = np.array([[[3], [40000]]], np.uint16)

    assert choose_a(pairs_of(tmp_path, [image]), "labels").classes == (
        (3, 3, 3),
        (40000, 40000, 40000),
    )


def test_classes_of_one_half_are_not_those_of_the_other(tmp_path: Path) -> None:
    file = write_image(tmp_path / "x.png", label_map([RED, GREEN]))

    encodings = choose_encodings([PairFiles(file, file)], {"a": "labels", "b": "labels"})

    assert (encodings["a"].classes, encodings["b"].classes) == ((RED,), (GREEN,))


def test_three_hundred_colours_are_no_label_map(tmp_path: Path) -> None:
    colours = [(i % 256, i // 256, 0) for i in range(300)]

    with pytest.raises(DataError) as caught:
        choose_a(pairs_of(tmp_path, [label_map([RED]), label_map(colours)]), "labels")

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/1.png: brings the label maps to more than 256 classes")
    assert "this one alone holds 300 different values" in message
    assert message.endswith("without smoothing, or set data.kind_a to photo.")


def test_label_maps_in_jpeg_are_refused_before_their_colours_become_classes(tmp_path: Path) -> None:
    edge = np.repeat(np.array([[[0], [0], [0], [200], [200]]], np.uint8), 5, axis=0)
    pairs = pairs_of(tmp_path, [edge, edge], ".JPG") + pairs_of(tmp_path, [edge], ".png")

    with pytest.raises(DataError) as caught:
        choose_a(pairs, "labels")

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/0.JPG: is a JPEG file, as 2 of 3 label maps are. Where")
    assert message.endswith("or set data.kind_a to photo.")
    assert choose_a(pairs, "grey").channels == 1


def test_too_many_classes_in_all_are_told_at_the_map_that_brings_them(tmp_path: Path) -> None:
    maps = [label_map([(i, j, 0) for j in range(100)]) for i in range(3)]

    with pytest.raises(DataError, match=r"2\.png: brings .* \(this one alone holds 100 "):
        choose_a(pairs_of(tmp_path, maps), "labels")


def test_bands_are_counted(tmp_path: Path) -> None:
    images = [noise_image(4, 4, 5, depth) for depth in (8, 16)]

    encoding = choose_a(pairs_of(tmp_path, images, ".npy"), "bands")

    assert encoding == Encoding(kind="bands", channels=5, depth=16)


def test_other_numbers_of_bands_are_told_with_both_files(tmp_path: Path) -> None:
    counts = [4] * (AT_ONCE + 2) + [5]
    pairs = pairs_of(tmp_path, [noise_image(2, 2, count) for count in counts], ".npy")

    with pytest.raises(DataError) as caught:
        choose_a(pairs, "bands")

    last, first = pairs[-1].a, pairs[0].a
    assert str(caught.value).startswith(f"{last}: has 5 bands, but {first} has 4. All images of a")


def test_a_map_that_cannot_be_opened_is_no_matter_of_classes(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    file.write_bytes(b"no image")

    with pytest.raises(DataError, match=r"is not an image.* Mend the file or remove it\.$"):
        choose_a([PairFiles(file, file)], "labels")
