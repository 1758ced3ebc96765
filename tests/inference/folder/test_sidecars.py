"""A labelled data set stays labelled."""

import os
from pathlib import Path

import pytest

from tests.folder_toys import Inverter, draw, files_in
from translate.errors import DataError
from translate.inference.folder import translate_folder

YOLO = ["images/train/x.jpg", "images/train/y.png"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in YOLO:
        draw(tmp_path / "in" / name)
    for name in ("labels/train/x.txt", "labels/train/y.txt", "classes.txt"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(f"0 0.5 0.5 0.1 0.1 {name}")
    (tmp_path / "in" / "images" / "train" / "x.jpg.json").write_text("{}")
    return tmp_path / "in"


def test_matching_files_come_along_with_their_times(source: Path, target: Path) -> None:
    os.utime(source / "classes.txt", ns=(10**18, 10**18))

    report = translate_folder(source, target, Inverter(), copy_sidecars=["*.txt"])

    copied = ["classes.txt", "labels/train/x.txt", "labels/train/y.txt"]
    assert report.copied == copied
    assert files_in(target) == sorted([*YOLO, *copied])
    assert (target / "classes.txt").stat().st_mtime_ns == 10**18
    assert [ignored.file for ignored in report.ignored] == ["images/train/x.jpg.json"]


def test_with_a_suffix_sidecars_are_named_after_the_photo_they_belong_to(
    source: Path, target: Path
) -> None:
    patterns = ["*.txt", "*.json"]

    translate_folder(
        source, target, Inverter(), suffix="_night", format="png", copy_sidecars=patterns
    )

    assert files_in(target) == [
        "classes.txt",
        "images/train/x_night.png",
        "images/train/x_night.png.json",
        "images/train/y_night.png",
        "labels/train/x_night.txt",
        "labels/train/y_night.txt",
    ]


def test_every_sample_has_its_own_copy(source: Path, target: Path) -> None:
    translate_folder(source, target, Inverter(), samples=2, copy_sidecars=["*.txt"])

    assert [name for name in files_in(target) if name.endswith("txt")] == [
        "classes.txt",
        *(f"labels/train/{stem}_{i}.txt" for stem in "xy" for i in (1, 2)),
    ]


def test_only_what_changed_is_copied_again(source: Path, target: Path) -> None:
    translate_folder(source, target, Inverter(), copy_sidecars=["*.txt"])
    (source / "classes.txt").write_text("new")

    report = translate_folder(source, target, Inverter("other"), copy_sidecars=["*.txt"])

    assert (report.copied, report.done) == (["classes.txt"], YOLO)
    assert (target / "classes.txt").read_text() == "new"


def test_a_sidecar_of_somebody_else_is_not_replaced(source: Path, target: Path) -> None:
    target.mkdir()
    (target / "classes.txt").write_text("mine")

    with pytest.raises(DataError, match=r"classes\.txt: already there, and nothing was translated"):
        translate_folder(source, target, Inverter(), copy_sidecars=["*.txt"])

    assert (target / "classes.txt").read_text() == "mine"


def test_hidden_files_are_copied_only_when_asked_for(source: Path, target: Path) -> None:
    (source / ".secret.txt").touch()

    translate_folder(source, target, Inverter(), copy_sidecars=["*"])
    assert not (target / ".secret.txt").exists()
    translate_folder(source, target, Inverter(), copy_sidecars=[".secret*"])
    assert (target / ".secret.txt").exists()


@pytest.mark.parametrize("pattern", ["../*.txt", "labels/*.txt", "/etc/*", "..", "", "a\\*.txt"])
def test_patterns_that_would_leave_their_folder_are_refused(
    source: Path, target: Path, pattern: str
) -> None:
    with pytest.raises(DataError, match=r"is not a pattern of names, as \*.txt is"):
        translate_folder(source, target, Inverter(), copy_sidecars=[pattern])
