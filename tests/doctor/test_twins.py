"""The same photo in several places, and what each place makes of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.doctor_toys import look_at, pair_of, save, texture, write_pairs, write_unpaired
from translate.doctor.looking import Looks
from translate.doctor.places import find_set
from translate.doctor.twins import Sameness, Twins, find_sameness


def sameness_of(folder: Path) -> tuple[Looks, Sameness]:
    looks = look_at(find_set(folder))
    return looks, find_sameness(looks)


def names_of(looks: Looks, twins: Twins) -> set[tuple[str, str]]:
    return {
        (looks.entries[looks.owners[i]].name, looks.entries[looks.owners[j]].name)
        for i, j in zip(twins.first, twins.second, strict=True)
    }


def counts_of(sameness: Sameness) -> dict[str, int]:
    kinds = ("copies", "leaks", "shared", "unchanged", "repeated")
    return {kind: n for kind in kinds if (n := len(getattr(sameness, kind)))}


def test_photos_that_occur_once_are_no_twins(tmp_path: Path) -> None:
    assert counts_of(sameness_of(write_unpaired(tmp_path, 12))[1]) == {}


def test_a_copy_within_a_folder_is_a_copy(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    shutil.copy(tmp_path / "trainA" / "0001.png", tmp_path / "trainA" / "again.png")

    looks, found = sameness_of(tmp_path)

    assert counts_of(found) == {"copies": 1}
    assert names_of(looks, found.copies) == {("trainA/0001.png", "trainA/again.png")}
    assert found.copies.is_exact.all()


@pytest.mark.parametrize("kind", ["jpeg", "smaller", "brighter", "mirrored"])
def test_a_photo_is_known_again_when_it_was_changed_a_little(tmp_path: Path, kind: str) -> None:
    write_unpaired(tmp_path)
    photo = texture(1, 96, 96)
    save(tmp_path / "trainA" / "0001.png", photo)
    changed = {
        "jpeg": photo,
        "smaller": photo[::2, ::2],
        "brighter": np.minimum(photo.astype(np.int16) + 20, 255).astype(np.uint8),
        "mirrored": photo[:, ::-1],
    }[kind]
    save(tmp_path / "trainA" / "again.jpg", changed, quality=60)

    looks, found = sameness_of(tmp_path)

    assert names_of(looks, found.copies) == {("trainA/0001.png", "trainA/again.jpg")}
    assert not found.copies.is_exact.any()
    assert found.copies.is_mirrored.tolist() == [kind == "mirrored"]


def test_a_photo_of_test_that_is_in_train_is_a_leak(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    shutil.copy(tmp_path / "trainB" / "0102.png", tmp_path / "testB" / "new.png")

    looks, found = sameness_of(tmp_path)

    assert counts_of(found) == {"leaks": 1}
    assert names_of(looks, found.leaks) == {("trainB/0102.png", "testB/new.png")}


@pytest.mark.parametrize("place", ["trainB", "testB"])
def test_a_photo_of_a_that_is_in_b_is_shared_wherever_it_lies(tmp_path: Path, place: str) -> None:
    write_unpaired(tmp_path)
    shutil.copy(tmp_path / "trainA" / "0002.png", tmp_path / place / "new.png")

    looks, found = sameness_of(tmp_path)

    assert counts_of(found) == {"shared": 1}
    assert names_of(looks, found.shared) == {("trainA/0002.png", f"{place}/new.png")}


def test_many_copies_are_told_with_the_first_of_each_folder_only(tmp_path: Path) -> None:
    write_unpaired(tmp_path, 2)
    for number in range(20):
        for place in ("trainA", "testA"):
            shutil.copy(tmp_path / "trainA" / "0001.png", tmp_path / place / f"copy{number}.png")

    looks, found = sameness_of(tmp_path)

    assert len(found.copies) == 20 + 19  # and not 21 * 20 / 2 + 20 * 19 / 2
    tests = {names[1] for names in names_of(looks, found.leaks)}
    assert tests == {f"testA/copy{number}.png" for number in range(20)}


def test_what_is_near_one_of_many_copies_is_near_all_of_them(tmp_path: Path) -> None:
    write_unpaired(tmp_path, 2)
    photo = texture(1, 96, 96)
    for name in ("trainA/0001.png", "trainA/copy.png"):
        save(tmp_path / name, photo)
    save(tmp_path / "trainB" / "near.jpg", photo, quality=50)
    save(tmp_path / "testA" / "near.jpg", photo, quality=40)

    looks, found = sameness_of(tmp_path)

    for name in ("trainA/0001.png", "trainA/copy.png"):
        assert (name, "trainB/near.jpg") in names_of(looks, found.shared)
        assert (name, "testA/near.jpg") in names_of(looks, found.leaks)


def test_pairs_are_copies_only_if_both_images_are(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 5)
    (a, b), (_, other) = pair_of(1), pair_of(40)
    save(tmp_path / "train" / "again.jpg", np.concatenate([a, b], axis=1), quality=90)
    save(tmp_path / "train" / "half.png", np.concatenate([a, other], axis=1))

    looks, found = sameness_of(tmp_path)

    assert names_of(looks, found.copies) == {("train/0001.png", "train/again.jpg")}
    assert len(found.copies) == 2  # of both images
    assert {"train/half.png"} == {n[1] for n in names_of(looks, found.repeated)} - {
        "train/again.jpg"
    }


def test_one_image_of_a_pair_is_enough_for_a_leak(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 5)
    write_pairs(tmp_path / "test", 3, first=20)
    (a, _), (_, other) = pair_of(1), pair_of(40)
    save(tmp_path / "test" / "half.png", np.concatenate([a, other], axis=1))

    looks, found = sameness_of(tmp_path)

    assert names_of(looks, found.leaks) == {("train/0001.png", "test/half.png")}


def test_black_halves_are_no_leak(tmp_path: Path) -> None:
    for split, seeds in (("train", range(5)), ("test", range(20, 23))):
        for seed in seeds:
            a = pair_of(seed)[0]
            save(tmp_path / split / f"{seed}.png", np.concatenate([a, a * 0], axis=1))

    assert counts_of(sameness_of(tmp_path)[1]) == {}


def test_the_images_of_a_pair_may_be_alike_but_not_equal(tmp_path: Path) -> None:
    for seed in range(5):
        a = pair_of(seed)[0]
        b = a if seed == 3 else np.minimum(a.astype(np.int16) + 30, 255).astype(np.uint8)
        save(tmp_path / "trainA" / f"{seed}.png", a)
        save(tmp_path / "trainB" / f"{seed}.png", b)

    looks, found = sameness_of(tmp_path)

    assert counts_of(found) == {"unchanged": 1}
    assert names_of(looks, found.unchanged) == {("trainA/3.png", "trainA/3.png")}


def test_some_images_can_be_left_out_of_the_search(tmp_path: Path) -> None:
    write_unpaired(tmp_path)
    shutil.copy(tmp_path / "trainA" / "0001.png", tmp_path / "trainA" / "again.png")
    looks, found = sameness_of(tmp_path)
    without = np.setdiff1d(np.arange(len(looks.facts)), found.copies.second)

    assert counts_of(find_sameness(looks, without)) == {}
    assert counts_of(find_sameness(looks, without[:0])) == {}
