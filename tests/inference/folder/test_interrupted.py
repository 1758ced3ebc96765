"""Killed between any two steps, or refused at one of them: the next run puts it right."""

import shutil
from pathlib import Path

import pytest

from tests.folder_toys import Inverter, colour_of, draw, every_file_in, files_in
from translate.errors import DataError
from translate.inference.folder import translate_folder
from translate.inference.folder.manifest import NAME, read_manifest

NAMES = ["a.png", "b/c.png", "d.png"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in NAMES:
        draw(tmp_path / "in" / name, "white")
    return tmp_path / "in"


def killed_after(target: Path, has_line: bool, has_file: bool, name: str = "a.png") -> None:
    """Set a target back to how a kill leaves it: the output still has its temporary name."""
    entry = read_manifest(target)[name]
    output = target / name
    waiting = target / entry.outputs[0].temporary
    output.rename(waiting)
    if not has_file:
        waiting.unlink()
    lines = (target / NAME).read_text().splitlines()
    kept = [line for line in lines if has_line or f'"{name}"' not in line]
    (target / NAME).write_text("\n".join(kept) + "\n")


def test_a_run_killed_before_the_line_does_the_photo_again(source: Path, target: Path) -> None:
    translate_folder(source, target, Inverter())
    killed_after(target, has_line=False, has_file=True)

    report = translate_folder(source, target, Inverter())

    assert (report.done, report.skipped) == (["a.png"], NAMES[1:])
    assert not [name for name in every_file_in(target) if name.endswith(".part")]


def test_a_run_killed_between_line_and_rename_only_renames(source: Path, target: Path) -> None:
    translate_folder(source, target, Inverter())
    killed_after(target, has_line=True, has_file=True)

    report = translate_folder(source, target, Inverter())

    assert (report.done, report.skipped) == ([], NAMES)
    assert files_in(target) == NAMES
    assert colour_of(target / "a.png") == (0, 0, 0)
    assert not [name for name in every_file_in(target) if name.endswith(".part")]


def test_what_somebody_put_in_its_place_meanwhile_is_not_replaced(
    source: Path, target: Path
) -> None:
    translate_folder(source, target, Inverter())
    killed_after(target, has_line=True, has_file=True)
    draw(target / "a.png", "red")

    for _ in range(2):
        with pytest.raises(DataError, match=r"a\.png: already there"):
            translate_folder(source, target, Inverter())

    assert colour_of(target / "a.png") == (255, 0, 0)
    assert not [name for name in every_file_in(target) if name.endswith(".part")]


def test_samples_that_got_their_names_before_one_could_not_are_still_ours(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def refuse_the_first(file: Path, goal: Path) -> Path:
        if goal.name == "a_1.png":
            raise PermissionError(13, "in use by another program")
        return rename(file, goal)

    monkeypatch.setattr(Path, "replace", refuse_the_first)
    failed = translate_folder(source, target, Inverter(), samples=2).failed
    monkeypatch.undo()

    assert [failure.file for failure in failed] == ["a.png"]
    assert translate_folder(source, target, Inverter(), samples=2).done == ["a.png"]


def test_a_photo_of_many_samples_is_finished_whichever_were_renamed(
    source: Path, target: Path
) -> None:
    translate_folder(source, target, Inverter(), samples=3)
    outputs = read_manifest(target)["a.png"].outputs
    for output in outputs[:2]:
        (target / output.file).rename(target / output.temporary)

    report = translate_folder(source, target, Inverter(), samples=3)

    assert (report.done, report.skipped) == ([], NAMES)
    assert all(output.is_whole(target) for output in outputs)


def test_a_redo_killed_before_its_rename_is_finished_over_the_old_output(
    source: Path, target: Path
) -> None:
    translate_folder(source, target, Inverter())
    old = Path(shutil.copy2(target / "a.png", source.parent / "old"))
    draw(source / "a.png", "red")
    translate_folder(source, target, Inverter())
    killed_after(target, has_line=True, has_file=True)
    old.rename(target / "a.png")

    report = translate_folder(source, target, Inverter())

    assert (report.done, report.skipped) == ([], NAMES)
    assert colour_of(target / "a.png") == (0, 255, 255)


def test_the_old_output_of_a_redo_that_came_to_nothing_is_still_ours(
    source: Path, target: Path
) -> None:
    translate_folder(source, target, Inverter())
    whole = (source / "a.png").read_bytes()
    (source / "a.png").write_bytes(whole[:50])
    translate_folder(source, target, Inverter("other"))
    (source / "a.png").write_bytes(whole)

    assert translate_folder(source, target, Inverter("third")).done == NAMES
