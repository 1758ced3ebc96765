"""A cleaned copy has none of what was found, and the data set stays as it was to the last byte."""

import errno
import json
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doctor_toys import (
    every_byte_of,
    examine_quickly,
    kinds_of,
    pair_of,
    save,
    texture,
    write_pairs,
    write_unpaired,
)
from translate.doctor import fixing
from translate.doctor.domains import Separation
from translate.doctor.fixing import describe_copy, expect_place, write_copy
from translate.doctor.places import Separate, find_separate
from translate.doctor.removing import Plan, plan_copy
from translate.doctor.separating import Accuracy
from translate.doctor.twins import find_sameness
from translate.errors import ConfigError, DataError
from translate.images import open_photo

REMOVED = {"unreadable", "not_photos", "copies", "near_copies", "leaks", "shared"}


def write_sick(folder: Path) -> Path:
    """Write a data set with everything that a copy leaves out."""
    write_unpaired(folder, 8)
    photo = texture(1, 96, 96)
    save(folder / "trainA" / "0001.png", photo)
    save(folder / "trainA" / "again.jpg", photo, quality=60)
    save(folder / "trainA" / "mirrored.png", photo[:, ::-1])
    shutil.copy(folder / "trainA" / "0002.png", folder / "trainA" / "copy.png")
    shutil.copy(folder / "trainA" / "0003.png", folder / "testA" / "leak.png")
    shutil.copy(folder / "trainA" / "0004.png", folder / "trainB" / "shared.png")
    shutil.copy(folder / "trainA" / "0004.png", folder / "trainA" / "shared_too.png")
    shutil.copy(folder / "testB" / "0301.png", folder / "testB" / "copy.png")
    (folder / "trainB" / "broken.png").write_bytes(b"no photo")
    (folder / "trainB" / "notes.txt").write_text("mine")
    return folder


def why(plan: Plan) -> dict[str, str]:
    return {one.name: one.kind for one in plan.left_out}


def test_what_is_left_out_is_what_was_found(tmp_path: Path) -> None:
    plan = plan_copy(examine_quickly(write_sick(tmp_path)))

    assert why(plan) == {
        "trainB/broken.png": "unreadable",
        "trainB/notes.txt": "not_photos",
        "trainA/again.jpg": "near_copies",
        "trainA/mirrored.png": "near_copies",
        "trainA/copy.png": "copies",
        "trainA/0003.png": "leaks",
        "trainA/0004.png": "shared",
        "trainA/shared_too.png": "shared",
        "trainB/shared.png": "shared",
        "testB/copy.png": "copies",
    }


def test_the_doctor_finds_nothing_of_it_in_the_copy(tmp_path: Path) -> None:
    before = examine_quickly(write_sick(tmp_path / "set"))
    assert kinds_of(before).keys() >= REMOVED

    write_copy(before, tmp_path / "copy")
    after = examine_quickly(tmp_path / "copy")

    assert kinds_of(after).keys().isdisjoint(REMOVED)
    assert not after.is_serious


def test_the_data_set_stays_as_it_was(tmp_path: Path) -> None:
    write_sick(tmp_path / "set")
    before = every_byte_of(tmp_path / "set")

    write_copy(examine_quickly(tmp_path / "set"), tmp_path / "copy")

    assert every_byte_of(tmp_path / "set") == before


def test_the_copy_has_the_same_names_bytes_and_dates(tmp_path: Path) -> None:
    write_sick(tmp_path / "set")
    plan = write_copy(examine_quickly(tmp_path / "set"), tmp_path / "deep" / "copy")

    copied, source = (every_byte_of(tmp_path / name) for name in ("deep/copy", "set"))
    left_out = {one.name for one in plan.left_out}
    note = copied.pop("doctor.json")
    assert note
    assert copied == {name: file for name, file in source.items() if name not in left_out}


def test_the_test_set_keeps_its_size(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set")
    for number in range(3):
        shutil.copy(tmp_path / f"set/trainA/000{number}.png", tmp_path / f"set/testA/{number}.png")

    plan = plan_copy(examine_quickly(tmp_path / "set"))

    assert sum(e.split == "test" and e.domains == "a" for e in plan.kept) == 9
    assert sum(e.split == "train" and e.domains == "a" for e in plan.kept) == 3


def test_what_was_left_out_is_written_beside_the_copy(tmp_path: Path) -> None:
    write_sick(tmp_path / "set")
    plan = write_copy(examine_quickly(tmp_path / "set"), tmp_path / "copy")

    told = json.loads((tmp_path / "copy" / "doctor.json").read_text())

    assert told["copied_from"] == [str(tmp_path / "set")]
    assert told["kept"] == len(plan.kept)
    assert {one["file"]: one["kind"] for one in told["left_out"]} == why(plan)
    reasons = {one["file"]: one["why"] for one in told["left_out"]}
    assert reasons["trainA/copy.png"] == "the same file: trainA/0002.png"
    assert "doctor.json there names each" in describe_copy(plan, tmp_path / "copy")


def test_pairs_stay_or_go_as_one(tmp_path: Path) -> None:
    for seed in range(6):
        for folder, image in zip(("trainA", "trainB"), pair_of(seed), strict=True):
            save(tmp_path / "set" / folder / f"{seed}.png", image)
            if seed == 2:
                save(tmp_path / "set" / folder / "copy.png", image)
    (tmp_path / "set" / "trainB" / "4.png").write_bytes(b"broken")

    write_copy(examine_quickly(tmp_path / "set"), tmp_path / "copy")

    for folder in ("trainA", "trainB"):
        names = sorted(file.name for file in (tmp_path / "copy" / folder).iterdir())
        assert names == ["0.png", "1.png", "2.png", "3.png", "5.png"]


def test_pairs_in_one_file_stay_in_one_file(tmp_path: Path) -> None:
    write_pairs(tmp_path / "set" / "train", 5)
    shutil.copy(tmp_path / "set/train/0001.png", tmp_path / "set/train/x.png")

    write_copy(examine_quickly(tmp_path / "set"), tmp_path / "copy")

    assert len(list((tmp_path / "copy" / "train").iterdir())) == 5


def test_two_folders_become_one_data_set(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set", 3)
    folders = Separate(tmp_path / "set" / "trainA", tmp_path / "set" / "trainB")
    from tests.doctor_toys import QUICKLY
    from translate.doctor.examining import examine

    write_copy(examine(find_separate(folders), QUICKLY), tmp_path / "copy")

    assert sorted(every_byte_of(tmp_path / "copy")) == [
        "doctor.json",
        *(f"trainA/000{i}.png" for i in range(3)),
        *(f"trainB/010{i}.png" for i in range(3)),
    ]


def test_suspicious_photos_stay_unless_they_are_to_go(tmp_path: Path) -> None:
    from dataclasses import replace

    sure = Accuracy(1, 1, 1)
    found = Separation(sure, sure, (12, 12), np.array([3]), np.array([0.97]))
    diagnosis = replace(examine_quickly(write_unpaired(tmp_path)), separation=found)

    assert why(plan_copy(diagnosis)) == {}
    assert why(plan_copy(diagnosis, drops_suspicious=True)) == {"trainA/0003.png": "suspicious"}


def test_twins_too_many_to_see_at_once_are_found_in_several_goes(tmp_path: Path) -> None:
    from dataclasses import replace

    write_unpaired(tmp_path, 3)
    photo = texture(1, 96, 96)
    for quality in range(40, 52):  # near copies, each near to each
        save(tmp_path / "trainA" / f"x{quality}.jpg", photo, quality=quality)
    diagnosis = examine_quickly(tmp_path)
    cut = replace(diagnosis, sameness=find_sameness(diagnosis.looks, most=5))
    assert cut.sameness.is_cut

    assert {e.name for e in plan_copy(cut).kept} == {e.name for e in plan_copy(diagnosis).kept}


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=6, deadline=None)
def test_whatever_is_copied_to_wherever_the_doctor_finds_none_of_it_in_the_copy(seed: int) -> None:
    random = np.random.default_rng(seed)
    with TemporaryDirectory() as home:
        folder = write_unpaired(Path(home) / "set", 9)
        photos = sorted(folder.rglob("*.png"))
        for number in range(8):
            source = photos[random.integers(len(photos))]
            place = folder / str(random.choice(["trainA", "trainB", "testA", "testB"]))
            pixels = np.kron(open_photo(source).pixels, np.ones((2, 2, 1), np.uint8))
            changed = [pixels, pixels[:, ::-1], pixels[::3, ::3]][random.integers(3)]
            suffix = str(random.choice([".png", ".jpg"]))
            photos.append(save(place / f"new{number}{suffix}", changed, quality=60))
        before = every_byte_of(folder)
        write_copy(examine_quickly(folder), Path(home) / "copy")

        assert kinds_of(examine_quickly(Path(home) / "copy")).keys().isdisjoint(REMOVED)
        assert every_byte_of(folder) == before


@pytest.mark.parametrize("place", ["set", "set/inside", ".", "set/../set/inside"])
def test_a_copy_never_touches_the_data_set(tmp_path: Path, place: str) -> None:
    write_unpaired(tmp_path / "set", 2)

    with pytest.raises(ConfigError, match=r"lies in .*, or holds it"):
        expect_place(tmp_path / place, [tmp_path / "set"])


def test_a_link_into_the_data_set_is_seen_through(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set", 2)
    (tmp_path / "link").symlink_to(tmp_path / "set", target_is_directory=True)

    with pytest.raises(ConfigError, match="or holds it"):
        expect_place(tmp_path / "link" / "copy", [tmp_path / "set"])


def test_a_copy_is_never_mixed_with_other_files(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set", 2)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "x").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()

    for name, told in (("taken", "is not empty"), ("file", "is a file")):
        with pytest.raises(ConfigError, match=told):
            expect_place(tmp_path / name, [tmp_path / "set"])
    write_copy(examine_quickly(tmp_path / "set"), tmp_path / "empty")
    assert (tmp_path / "empty" / "trainA").is_dir()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_copy_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    diagnosis = examine_quickly(write_unpaired(tmp_path / "set", 3))
    copy2, copied = shutil.copy2, []

    def copy_some(source: Any, target: Any) -> Any:
        copied.append(source)
        if len(copied) > 4:
            raise error
        return copy2(source, target)

    monkeypatch.setattr(fixing.shutil, "copy2", copy_some)

    with pytest.raises(DataError if isinstance(error, OSError) else KeyboardInterrupt):
        write_copy(diagnosis, tmp_path / "home" / "copy")

    assert os.listdir(tmp_path / "home") == []  # noqa: PTH208


def test_nothing_is_copied_where_nothing_would_be_left(tmp_path: Path) -> None:
    for place in ("trainA", "trainB"):
        save(tmp_path / "set" / place / "x.png", texture(1))

    with pytest.raises(DataError, match="nothing would be left of the photos of A in train"):
        write_copy(examine_quickly(tmp_path / "set"), tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_photos_behind_links_are_copied_as_photos(tmp_path: Path) -> None:
    write_unpaired(tmp_path / "set", 2)
    real = save(tmp_path / "elsewhere.png", texture(50))
    (tmp_path / "set" / "trainA" / "linked.png").symlink_to(real)

    write_copy(examine_quickly(tmp_path / "set"), tmp_path / "copy")

    linked = tmp_path / "copy" / "trainA" / "linked.png"
    assert not linked.is_symlink()
    assert linked.read_bytes() == real.read_bytes()
