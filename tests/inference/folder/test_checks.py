"""What is refused before anything starts."""

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from filelock import FileLock

from tests.folder_toys import Inverter, draw, every_file_in, files_in
from translate.errors import DataError
from translate.inference.folder import checks, translate_folder

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b c/d.PNG"):
        draw(tmp_path / "in" / name)
    return tmp_path / "in"


@pytest.mark.parametrize("place", [".", "new", "b c", "../in/x"])
def test_refuses_to_write_into_the_source(source: Path, place: str) -> None:
    with pytest.raises(DataError, match=r"lies in .* Choose a folder outside it"):
        translate_folder(source, source / place, Inverter(), overwrite=True)


def test_a_link_to_the_source_is_the_source(source: Path) -> None:
    (source.parent / "alias").symlink_to(source)

    with pytest.raises(DataError, match="lies in"):
        translate_folder(source, source.parent / "alias", Inverter(), overwrite=True)


def test_a_source_under_a_name_that_differs_only_for_us_is_the_source(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source.parent / "IN").symlink_to(source)  # as on a disk that sees no difference
    monkeypatch.setattr(Path, "resolve", lambda self, strict=False: self.absolute())

    with pytest.raises(DataError, match="lies in"):
        translate_folder(source, source.parent / "IN" / "out", Inverter(), overwrite=True)


def test_inputs_are_never_replaced_not_even_through_links(tmp_path: Path) -> None:
    original = draw(tmp_path / "out" / "a.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").symlink_to(original)
    before = original.read_bytes()

    with pytest.raises(DataError, match="would replace the photo itself"):
        translate_folder(tmp_path / "in", tmp_path / "out", Inverter(), overwrite=True)

    assert original.read_bytes() == before


def test_a_source_inside_the_target_is_fine_while_no_output_lands_in_it(tmp_path: Path) -> None:
    draw(tmp_path / "in" / "a.jpg")
    draw(tmp_path / "in" / "in" / "b.jpg")

    with pytest.raises(DataError, match=r"in/b\.jpg: lies in .*, where the photos are"):
        translate_folder(tmp_path / "in", tmp_path, Inverter(), overwrite=True)
    shutil.rmtree(tmp_path / "in" / "in")
    translate_folder(tmp_path / "in", tmp_path, Inverter())

    assert files_in(tmp_path) == ["a.jpg", "in/a.jpg"]


@pytest.mark.parametrize(("one", "other"), [("a.jpg", "A.JPG"), ("é.jpg", "e\u0301.jpg")])
def test_names_that_differ_in_case_or_accents_are_one_only_on_disks_that_fold_them(
    tmp_path: Path, target: Path, one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(tmp_path / "in" / one)
    draw(tmp_path / "in" / other)
    monkeypatch.setattr(checks, "folds_names", lambda folder: False)
    translate_folder(tmp_path / "in", tmp_path / "apart", Inverter())
    assert files_in(tmp_path / "apart") == sorted([one, other])
    monkeypatch.setattr(checks, "folds_names", lambda folder: True)

    with pytest.raises(DataError, match=r"would be the translation of both .* Rename one of them"):
        translate_folder(tmp_path / "in", target, Inverter())

    assert not target.exists()


def test_a_disk_is_asked_whether_it_folds_names_without_writing_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Photos").mkdir()
    assert not checks.folds_names(tmp_path / "Photos" / "new" / "out")
    (tmp_path / "pHOTOS").symlink_to(tmp_path / "Photos")  # what such a disk would answer
    assert checks.folds_names(tmp_path / "Photos" / "new" / "out")
    assert not (tmp_path / "Photos" / "new").exists()


def test_two_photos_of_one_name_in_one_format_are_refused(source: Path, target: Path) -> None:
    draw(source / "a.png")

    with pytest.raises(DataError) as caught:
        translate_folder(source, target, Inverter(), format="jpg")

    assert str(caught.value) == (
        f"{target / 'a.jpg'}: would be the translation of both a.jpg and a.png, and nothing was "
        "translated. Rename one of them."
    )


def test_files_in_the_way_are_named_up_to_three_and_stay(source: Path, target: Path) -> None:
    for name in "efgh":
        draw(source / f"{name}.png")
        draw(target / f"{name}.png", "black")
    before = (target / "e.png").read_bytes()

    with pytest.raises(DataError, match=r"e\.png, .*f\.png, .*g\.png and 1 more: already there"):
        translate_folder(source, target, Inverter())

    assert (target / "e.png").read_bytes() == before
    assert files_in(target) == ["e.png", "f.png", "g.png", "h.png"]
    assert len(translate_folder(source, target, Inverter(), overwrite=True).done) == 6
    assert (target / "e.png").read_bytes() != before


@pytest.mark.parametrize(("name", "told"), [("nowhere", "no such folder"), ("text", "no photos")])
def test_nothing_to_translate_is_an_error(
    tmp_path: Path, target: Path, name: str, told: str
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").touch()

    with pytest.raises(DataError, match=told):
        translate_folder(tmp_path / name, target, Inverter())

    assert not target.exists()


def test_a_file_cannot_be_the_target_of_a_folder_nor_lie_above_it(
    source: Path, target: Path
) -> None:
    draw(target / "a.jpg")

    with pytest.raises(DataError, match="is a file, expected a folder"):
        translate_folder(source, target / "a.jpg", Inverter())
    with pytest.raises(DataError, match=r"is a file, so .* cannot be made"):
        translate_folder(source, target / "a.jpg" / "deeper", Inverter())


def test_a_read_only_target_is_refused(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda folder, mode: False)

    with pytest.raises(DataError, match="cannot be written to"):
        translate_folder(source, target / "deep", Inverter())


def test_paths_that_cannot_be_followed_are_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")

    with pytest.raises(DataError, match=r"circle: cannot be looked at \(Too many levels"):
        translate_folder(source, tmp_path / "circle", Inverter())
    with pytest.raises(DataError, match=r"x: cannot be looked at \(File name too long"):
        translate_folder(tmp_path / ("x" * 300), tmp_path / "out", Inverter())


@pytest.mark.parametrize("name", [".photo-translate.jsonl", ".photo-translate.lock"])
def test_a_folder_in_the_place_of_a_runs_notes_is_refused(
    source: Path, target: Path, name: str
) -> None:
    (target / name).mkdir(parents=True)

    with pytest.raises(
        DataError, match=rf"{name}: (is not the manifest|cannot be read or written)"
    ):
        translate_folder(source, target, Inverter())


def test_a_pipe_in_the_place_of_the_manifest_is_not_waited_for(source: Path, target: Path) -> None:
    target.mkdir()
    os.mkfifo(target / ".photo-translate.jsonl")

    with pytest.raises(DataError, match="is not the manifest of this version"):
        translate_folder(source, target, Inverter(), dry_run=True)


def test_a_disk_too_small_for_the_estimate_is_refused_with_both_numbers(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "a.jpg").write_bytes(bytes(6_000_000))
    (source / "b c" / "d.PNG").write_bytes(bytes(1_000_000))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(0, 0, 20_500_000))

    # JPEG 0.6, PNG 2.0 bytes a pixel: 6 MB x 2.0 / 0.6 + 1 MB.
    with pytest.raises(DataError, match=r"21\.0 MB would be needed .* and 20\.5 MB are free"):
        translate_folder(source, target, Inverter(), format="png")
    assert not target.exists()
    assert translate_folder(source, target, Inverter()).not_attempted == 0  # 7 MB


def test_a_target_in_use_by_another_run_is_refused(source: Path, target: Path) -> None:
    target.mkdir()
    with (
        FileLock(target / ".photo-translate.lock"),
        pytest.raises(DataError, match="another run is writing there"),
    ):
        translate_folder(source, target, Inverter())

    assert files_in(target) == []
    assert len(translate_folder(source, target, Inverter()).done) == 2


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"format": "bmp"}, "there is no format 'bmp'"),
        ({"quality": 0}, "expected 1 to 100, got 0"),
        ({"quality": 80, "format": "png"}, "png keeps every bit and knows no quality"),
        ({"batch_size": 0}, "batch_size: expected at least 1"),
        ({"samples": 0}, "Expected at least 1 sample"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(
    source: Path, target: Path, wishes: dict[str, object], told: str
) -> None:
    with pytest.raises(Exception, match=told) as caught:
        translate_folder(source, target, Inverter(), **wishes)  # type: ignore[arg-type]

    assert type(caught.value).__name__ in ("DataError", "TranslateError")
    assert not target.exists()


def test_a_refused_run_leaves_nothing_behind(source: Path, target: Path) -> None:
    draw(source / "a.png")

    with pytest.raises(DataError):
        translate_folder(source, target, Inverter(), format="png")

    assert every_file_in(source.parent) == ["in/a.jpg", "in/a.png", "in/b c/d.PNG"]


def test_folders_on_two_drives_have_no_way_between_them(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")  # Windows says so

    monkeypatch.setattr("os.path.relpath", refuse)

    assert translate_folder(source, target, Inverter()).is_complete
