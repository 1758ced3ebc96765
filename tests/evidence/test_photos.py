import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.pair_toys import build_small, noise_image, write_image, write_noise, write_set
from tests.toys import NoisePairs, noise_splits, write_data_set, write_photos
from translate.data import load_layout
from translate.data.unpaired import UnpairedSettings
from translate.errors import DataError
from translate.evidence.photos import JudgedPhotos, photos_of_folder, photos_of_run, spread
from translate.images import Encoding, save_bands

PHOTOS = {"a": Encoding(), "b": Encoding()}


def judged(folder: Path, is_paired: bool | None = None, side_px: int = 16) -> JudgedPhotos:
    return photos_of_folder(folder, PHOTOS, side_px, is_paired)


def names(photos: JudgedPhotos, domain: str, most: int = 999) -> list[str]:
    found = [photos.file(index, domain) for index in photos.items(domain, most)]
    return [file.name for file in found if file is not None]


@given(st.lists(st.integers(), max_size=40), st.integers(1, 50))
def test_photos_are_taken_in_order_each_once_and_at_even_distances(
    items: list[int], most: int
) -> None:
    places = spread(list(range(len(items))), most)

    assert spread(items, most) == [items[place] for place in places]
    assert len(places) == min(most, len(items))
    assert places == sorted(set(places))
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize("split", ["test", "val"])
@pytest.mark.parametrize("arrangement", ["{}A {}B", "A/{} B/{}"])
@pytest.mark.parametrize("is_paired", [None, False, True])
def test_two_folders_are_found_in_every_arrangement(
    tmp_path: Path, arrangement: str, split: str, is_paired: bool | None
) -> None:
    for seed, place in enumerate(arrangement.format(split, split).split()):
        write_photos(tmp_path / place, count=3 + seed * (not is_paired), seed=seed)

    found = judged(tmp_path, is_paired)

    assert found.is_paired is bool(is_paired)
    assert names(found, "a") == ["000.png", "001.png", "002.png"]
    assert len(names(found, "b")) == (3 if is_paired else 4)
    assert found.training is None
    assert found.learned is None


@pytest.mark.parametrize("split", ["test", "val"])
@pytest.mark.parametrize("is_paired", [None, True])
def test_side_by_side_files_are_pairs(tmp_path: Path, split: str, is_paired: bool | None) -> None:
    for name in ("x.png", "y.png"):
        halves = Image.new("RGB", (40, 20), "red")
        halves.paste("blue", (20, 0, 40, 20))
        (tmp_path / split).mkdir(exist_ok=True)
        halves.save(tmp_path / split / name)

    found = judged(tmp_path, is_paired)

    assert found.is_paired
    assert names(found, "a") == names(found, "b") == ["x.png", "y.png"]
    assert found.image(0, "a").mean(dim=(1, 2)).tolist() == [1, -1, -1]
    assert found.image(0, "b").mean(dim=(1, 2)).tolist() == [-1, -1, 1]
    assert found.file(1, "b") == tmp_path / split / "y.png"


def test_side_by_side_files_cannot_be_taken_for_no_pairs(tmp_path: Path) -> None:
    write_photos(tmp_path / "test")

    with pytest.raises(DataError, match="side-by-side files, which are pairs"):
        judged(tmp_path, is_paired=False)


def test_what_is_held_out_comes_before_what_was_used_to_choose(tmp_path: Path) -> None:
    for seed, name in enumerate(("valA", "valB", "testA", "testB")):
        write_photos(tmp_path / name, count=2 + seed, seed=seed)

    assert len(names(judged(tmp_path), "a")) == 4


def test_held_out_photos_in_two_arrangements_are_refused(tmp_path: Path) -> None:
    for name in ("testA", "testB", "A/test", "B/test"):
        write_photos(tmp_path / name)

    with pytest.raises(DataError, match=r"\(testA, testB, A/test, B/test\), so it is not known"):
        judged(tmp_path)


def test_half_a_test_set_is_none(tmp_path: Path) -> None:
    for name in ("testA", "valA", "valB"):
        write_photos(tmp_path / name, count=2)

    assert judged(tmp_path).file(0, "a") == tmp_path / "valA" / "000.png"


@pytest.mark.parametrize("there", [[], ["trainA", "trainB"], ["testA"], ["A/test"], ["images"]])
def test_a_folder_without_held_out_photos_is_told_what_was_wanted(
    tmp_path: Path, there: Sequence[str]
) -> None:
    for name in there:
        write_photos(tmp_path / name)

    with pytest.raises(DataError, match=r"expected held-out photos in testA and testB, A/test and"):
        judged(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: there is no such folder"):
        judged(tmp_path / "nowhere")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    write_photos(tmp_path / "testA")
    (tmp_path / "testB").mkdir()

    with pytest.raises(DataError, match=r"testB: holds no photos"):
        judged(tmp_path)


@pytest.mark.parametrize(("count_a", "count_b"), [(5, 2), (2, 5), (3, 3)])
def test_every_photo_is_an_item_once_although_the_shorter_list_begins_again(
    tmp_path: Path, count_a: int, count_b: int
) -> None:
    write_photos(tmp_path / "testA", count_a)
    write_photos(tmp_path / "testB", count_b, seed=1)

    found = judged(tmp_path)

    assert names(found, "a") == [f"{i:03d}.png" for i in range(count_a)]
    assert names(found, "b") == [f"{i:03d}.png" for i in range(count_b)]
    assert len(found.items("a", 2)) == 2


def test_pairs_are_those_of_one_name(tmp_path: Path) -> None:
    write_noise(tmp_path / "testA", ["x.png", "deep/y.png"])
    write_noise(tmp_path / "testB", ["deep/y.jpg", "x.webp"], seed=5)

    found = judged(tmp_path, is_paired=True)

    assert names(found, "a") == ["y.png", "x.png"]
    assert names(found, "b") == ["y.jpg", "x.webp"]


def test_pairs_that_cannot_be_used_are_named_and_nothing_is_left_out_in_silence(
    tmp_path: Path,
) -> None:
    write_noise(tmp_path / "testA", ["x.png", "lonely.png"])
    write_noise(tmp_path / "testB", ["x.png"], seed=5)

    with pytest.raises(DataError, match=r"lonely\.png") as told:
        judged(tmp_path, is_paired=True)
    assert "data.skip_bad_files" not in str(told.value)  # no setting of an evaluation
    assert "Mend or remove these" in str(told.value)


def test_pairs_to_learn_from_that_cannot_be_used_do_not_stop_an_evaluation(
    tmp_path: Path,
) -> None:
    for name in ("testA", "testB", "trainA", "trainB"):
        write_noise(tmp_path / name, ["x.png", "y.png"])
    (tmp_path / "trainA" / "lonely.png").write_bytes(b"no photo")

    found = judged(tmp_path, is_paired=True)

    assert found.learned is not None
    assert names(found.learned, "a") == ["x.png", "y.png"]


@pytest.mark.parametrize("is_paired", [False, True])
@pytest.mark.parametrize("domain", ["a", "b"])
def test_an_image_is_that_of_its_item(tmp_path: Path, is_paired: bool, domain: str) -> None:
    for seed, name in enumerate(("testA", "testB")):
        write_noise(tmp_path / name, ["x.png", "y.png"], seed=9 * seed, height=30, width=41)

    found = judged(tmp_path, is_paired)

    for index in range(2):
        image = found.image(index, domain)
        assert image.shape == (3, 16, 16)
        assert torch.equal(image, getattr(found.test[index], domain))
    assert [tuple(image.shape) for image in found.each(domain, 1)] == [(1, 3, 16, 16)]


def test_an_image_is_opened_without_that_of_the_other_domain(tmp_path: Path) -> None:
    write_photos(tmp_path / "testA")
    write_photos(tmp_path / "testB", seed=1)
    (tmp_path / "testB" / "002.png").write_bytes(b"no photo")

    found = judged(tmp_path)

    found.image(2, "a")
    with pytest.raises(DataError, match=r"testB/002\.png"):
        found.image(2, "b")


def test_the_view_tells_size_and_how_photos_are_resized(tmp_path: Path) -> None:
    write_data_set(tmp_path / "x")

    views = {judged(tmp_path / "x", side_px=side).view for side in (16, 17)}

    assert len(views) == 2
    assert all("averaging" in view for view in views)
    assert "shorter side resized to 16 px" in min(views)


def test_photos_that_were_learned_from_are_looked_at_as_held_out_ones_are(tmp_path: Path) -> None:
    write_data_set(tmp_path / "x")

    found = judged(tmp_path / "x")

    assert found.learned is not None
    assert found.training is not None
    assert (found.learned.view, found.learned.side_px) == (found.view, found.side_px)
    images = list(found.training("b", 3))
    assert [image.shape for image in images] == [(1, 3, 16, 16)] * 3
    expected = [found.learned.test[i].b for i in spread(list(range(4)), 3)]
    assert torch.equal(torch.cat(images), torch.stack(expected))


@pytest.mark.parametrize("there", [["trainA"], ["trainB"]])
def test_half_a_training_set_is_none(tmp_path: Path, there: Sequence[str]) -> None:
    write_data_set(tmp_path / "x")
    for name in {"trainA", "trainB"} - set(there):
        (tmp_path / "x" / name).rename(tmp_path / name)

    assert judged(tmp_path / "x").training is None


def test_files_of_many_bands_are_found_without_being_pairs(tmp_path: Path) -> None:
    bands = Encoding(kind="bands", channels=5)
    for name in ("testA", "testB"):
        (tmp_path / name).mkdir()
        for i in range(2):
            save_bands(noise_image(channels=5, seed=i), tmp_path / name / f"{i}.npy")

    found = photos_of_folder(tmp_path, {"a": bands, "b": bands}, 16, None)

    assert found.image(1, "b").shape == (5, 16, 16)


def test_label_maps_stay_label_maps(tmp_path: Path) -> None:
    labels = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (9, 9, 9)))
    chequered: Any = noise_image(31, 31, 1, seed=3) // 128 * 9
    for name in ("x.png", "y.png"):
        write_image(tmp_path / "testA" / name, chequered.repeat(3, axis=2))
    write_noise(tmp_path / "testB", ["x.png", "y.png"], height=31, width=31)

    found = photos_of_folder(tmp_path, {"a": labels, "b": Encoding()}, 16, True)

    assert set(found.image(0, "a").unique().tolist()) == {-1.0, 1.0}


def test_a_run_without_held_out_photos_has_none_to_be_judged_by() -> None:
    assert photos_of_run(noise_splits()) is None


def test_a_run_is_judged_by_the_photos_that_it_held_out(tmp_path: Path) -> None:
    settings = UnpairedSettings(
        folder=write_data_set(tmp_path / "x"), load_px=20, crop_px=16, domain_a="x", domain_b="y"
    )
    data = load_layout("unpaired").build(settings, 0)

    found = photos_of_run(data)

    assert found is not None
    assert not found.is_paired
    assert found.side_px == data.test_px
    assert names(found, "a") == [f"{i:03d}.png" for i in range(4)]
    assert found.training is not None
    assert [image.shape for image in found.training("a", 3)] == [(1, 3, 16, 16)] * 3
    assert torch.equal(next(found.training("b", 1)), next(found.training("b", 1)))


def test_a_paired_run_is_judged_by_its_pairs(tmp_path: Path) -> None:
    found = photos_of_run(build_small(folder=write_set(tmp_path / "x")))

    assert found is not None
    assert found.is_paired
    assert names(found, "b") == ["8.png", "9.png"]


def test_images_of_a_set_without_files_are_its_items() -> None:
    class Items(NoisePairs):
        def __getitem__(self, index: Any) -> Any:
            from translate.data import Draw

            return super().__getitem__(Draw(0, index))

    found = JudgedPhotos(Items(3), False, PHOTOS, 16, None, "noise")

    assert found.items("b", 9) == [0, 1, 2]
    assert found.file(0, "a") is None
    assert torch.equal(found.image(1, "b"), Items(3)[1].b)
