from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests.toys import write_data_set, write_photos
from translate.errors import DataError
from translate.recipe.held_out import LONGEST_PX, held_out_subjects, subjects_of_folder

DATA = {"folder": "photos", "load_px": 20, "crop_px": 16}


def write_recipe(home: Path, **data: object) -> Path:
    values = {"name": "x", "method": {"name": "cyclegan"}, "data": DATA | data}
    (home / "recipe.yaml").write_text(yaml.safe_dump(values))
    return home


def test_held_out_photos_are_found_for_both_directions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_data_set(tmp_path / "photos")

    found = held_out_subjects(write_recipe(tmp_path), 3)

    assert found is not None
    assert {way: len(photos) for way, photos in found.items()} == {"a_to_b": 3, "b_to_a": 3}
    photo = found["a_to_b"][0]
    assert photo.given.shape == (3, 16, 16)
    assert photo.shown.size == (16, 16)


def test_photos_that_are_gone_are_not_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert held_out_subjects(write_recipe(tmp_path), 3) is None
    assert held_out_subjects(tmp_path / "nowhere", 3) is None


def test_a_run_that_held_nothing_out_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("trainA", "trainB"):
        write_photos(tmp_path / "photos" / name)

    assert held_out_subjects(write_recipe(tmp_path), 3) is None


def test_no_data_set_is_drawn_to_look_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos.yaml").write_text(
        "title: Scenes\nlicence: MIT\nscenes: {side_px: 24, train: 2, test: 1}\n"
    )

    assert held_out_subjects(write_recipe(tmp_path), 3) is None
    assert not (tmp_path / "photos").exists()


def test_large_photos_of_a_folder_are_reduced_and_few_are_taken(tmp_path: Path) -> None:
    write_photos(tmp_path / "own", count=5)
    Image.new("RGB", (2 * LONGEST_PX, LONGEST_PX)).save(tmp_path / "own" / "zzz.png")

    subjects = subjects_of_folder(tmp_path / "own", 2)

    assert [subject.shown.size for subject in subjects] == [(24, 24), (LONGEST_PX, LONGEST_PX // 2)]


def test_a_photo_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no photo")

    with pytest.raises(DataError, match=r"bad\.jpg: is not an image"):
        subjects_of_folder(tmp_path, 2)
