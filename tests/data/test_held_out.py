from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.toys import NoisePairs
from translate.data.held_out import (
    HeldOutPhotos,
    first_shown,
    match_by_name,
    match_in_turn,
    spread,
)
from translate.data.pair_files import PairFiles
from translate.errors import DataError
from translate.images import Encoding, Pair


def write(folder: Path, names: list[str], level: int) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20, 30, 3), level, np.uint8)).save(folder / name)
    return folder


def test_an_item_is_the_middle_of_both_photos(tmp_path: Path) -> None:
    a = write(tmp_path / "a", ["x.png"], 0) / "x.png"
    b = write(tmp_path / "b", ["x.png"], 255) / "x.png"

    photos = HeldOutPhotos({"x": PairFiles(a, b)}, side_px=16)

    assert isinstance(photos[0], Pair)
    assert torch.equal(photos[0].a, torch.full((3, 16, 16), -1.0))
    assert torch.equal(photos[0].b, torch.full((3, 16, 16), 1.0))
    assert (len(photos), photos.names) == (1, ["x"])


def test_one_image_of_an_item_is_the_same_by_itself_and_needs_no_other_file(
    tmp_path: Path,
) -> None:
    a = write(tmp_path / "a", ["x.png"], 40) / "x.png"
    noise = np.random.default_rng(0).integers(0, 256, (20, 60, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "both.png")
    apart = HeldOutPhotos({"x": PairFiles(a, tmp_path / "nowhere.png")}, side_px=16)
    beside = HeldOutPhotos({"x": PairFiles(*[tmp_path / "both.png"] * 2)}, side_px=16)

    assert torch.equal(apart.image(0, "a"), torch.full((3, 16, 16), 40 / 127.5 - 1))
    assert torch.equal(beside.image(0, "b"), beside[0].b)


def test_some_of_many_are_spread_evenly_and_of_few_all_are_taken() -> None:
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread([7, 8], 5) == [7, 8]
    assert spread([], 5) == []


@pytest.mark.parametrize("side_px", [11, 37])
def test_label_maps_are_resized_without_mixing_classes(tmp_path: Path, side_px: int) -> None:
    stripes = np.array([0, 9], np.uint8)[np.indices((20, 30)).sum(axis=0) // 3 % 2]
    Image.fromarray(stripes).save(tmp_path / "map.png")
    labels = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (9, 9, 9)))
    file = write(tmp_path, ["photo.png"], 0) / "photo.png"

    photos = HeldOutPhotos(
        {"x": PairFiles(file, tmp_path / "map.png")}, side_px, {"a": Encoding(), "b": labels}
    )

    assert photos[0].b.shape == (2, side_px, side_px)
    assert torch.equal(photos[0].b.sum(dim=0), torch.zeros(side_px, side_px))


def test_photos_in_turn_show_every_photo_of_both(tmp_path: Path) -> None:
    files_a, files_b = [Path("1.jpg"), Path("2.jpg"), Path("3.jpg")], [Path("u.jpg"), Path("v.jpg")]

    pairs = match_in_turn(files_a, files_b)

    assert list(pairs) == ["0000_1_u", "0001_2_v", "0002_3_u"]
    assert list(pairs.values())[2] == (Path("3.jpg"), Path("u.jpg"))


def test_photos_of_one_name_are_matched_across_suffixes_and_subfolders(tmp_path: Path) -> None:
    a = write(tmp_path / "a", ["z.png", "city/x.png"], 0)
    b = write(tmp_path / "b", ["city/x.jpg", "z.webp"], 0)

    assert match_by_name(a, b) == {
        "city/x": (a / "city/x.png", b / "city/x.jpg"),
        "z": (a / "z.png", b / "z.webp"),
    }


def test_names_that_occur_once_are_told(tmp_path: Path) -> None:
    a = write(tmp_path / "a", ["x.png", "y.png"], 0)
    b = write(tmp_path / "b", ["x.png", "z.png"], 0)

    with pytest.raises(DataError, match=r"2 names occur in one folder only: y, z\. data\.test_is"):
        match_by_name(a, b)


def test_a_name_that_occurs_twice_is_told(tmp_path: Path) -> None:
    a = write(tmp_path / "a", ["x.png", "x.jpg"], 0)

    with pytest.raises(DataError, match=r"x\.png: has the same name as .*x\.jpg"):
        match_by_name(a, a)


def test_a_photo_shown_again_beside_another_is_shown_for_the_first_time_once() -> None:
    files_a, files_b = [Path("1.jpg"), Path("2.jpg"), Path("3.jpg")], [Path("u.jpg"), Path("v.jpg")]
    photos = HeldOutPhotos(match_in_turn(files_a, files_b), side_px=16)

    assert first_shown(photos, "a") == photos.first_shown("a") == [0, 1, 2]
    assert first_shown(photos, "b") == photos.first_shown("b") == [0, 1]


def test_every_pair_of_a_side_by_side_file_is_shown_for_the_first_time() -> None:
    files = [Path("1.jpg"), Path("2.jpg")]
    photos = HeldOutPhotos({file.stem: PairFiles(file, file) for file in files}, side_px=16)

    assert [first_shown(photos, domain) for domain in "ab"] == [[0, 1], [0, 1]]


def test_of_a_set_that_does_not_say_what_it_repeats_every_item_counts() -> None:
    assert first_shown(NoisePairs(3), "b") == [0, 1, 2]
