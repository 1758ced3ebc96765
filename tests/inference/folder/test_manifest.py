"""A run goes on where the one before it stopped, at whatever moment that was."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.folder_toys import Inverter, colour_of, draw, every_file_in
from translate.errors import DataError
from translate.inference.folder import translate_folder
from translate.inference.folder.entries import Entry, Output, Stamp
from translate.inference.folder.manifest import HEADER, LOCK, NAME, Journal, read_manifest, tidy

NAMES = ["a.png", "b/c.png", "d.png"]
UNFINISHED = ".1234.photo-translate.part"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in NAMES:
        draw(tmp_path / "in" / name, "white")
    return tmp_path / "in"


def lines_in(target: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (target / NAME).read_text().splitlines()[1:]]


def make_entry(name: str = "a.png", **more: Any) -> Entry:
    values = {
        "stamp": Stamp(1, 2),
        "outputs": (Output(name, 3, 4, UNFINISHED),),
        "earlier": (),
        "source": "/in",
        "facts": {"bundle": "x"},
        "seconds": 0.5,
        "error": None,
    }
    return Entry(name, **{**values, **more})


def test_a_line_says_what_became_of_a_photo_and_by_what(source: Path, target: Path) -> None:
    draw(source / "e.jpg").write_text("no photo")

    translate_folder(source, target, Inverter(), suffix="_night", quality=90)

    lines = {line["input"]: line for line in lines_in(target)}
    status = (source / "b/c.png").stat()
    line = lines["b/c.png"]
    assert (line["bytes"], line["mtime_ns"]) == (status.st_size, status.st_mtime_ns)
    assert [output["file"] for output in line["outputs"]] == ["b/c_night.png"]
    assert line["outputs"][0]["bytes"] == (target / "b/c_night.png").stat().st_size
    assert line["facts"] == {
        "bundle": "inverter",
        "format": "None",
        "quality": "90",
        "suffix": "_night",
        "samples": "None",
        "seed": "0",
    }
    assert line["error"] is None
    assert line["seconds"] > 0
    assert "is not an image" in lines["e.jpg"]["error"]


@given(
    name=st.text(st.characters(exclude_characters="\0"), min_size=1), error=st.none() | st.text()
)
@settings(max_examples=30, deadline=None)
def test_any_entry_survives_its_line(name: str, error: str | None) -> None:
    entry = make_entry(name, error=error)

    assert Entry.from_line(entry.to_line()) == entry
    assert entry.to_line().count(b"\n") == 1


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"3", b'{"input": "a"}', b"\xff\xfe"])
def test_torn_and_foreign_lines_are_no_entries(line: bytes) -> None:
    assert Entry.from_line(line) is None


def test_what_is_done_is_skipped_and_what_changed_is_redone(source: Path, target: Path) -> None:
    translate_folder(source, target, Inverter())
    draw(source / "a.png", "red")
    (target / "d.png").unlink()
    draw(source / "new.png")

    report = translate_folder(source, target, Inverter())

    assert report.skipped == ["b/c.png"]
    assert report.done == ["a.png", "d.png", "new.png"]
    assert colour_of(target / "a.png") == (0, 255, 255)


@pytest.mark.parametrize("wishes", [{"seed": 1}, {"quality": 5}, {"model": "another"}])
def test_another_model_or_setting_redoes_all(
    source: Path, target: Path, wishes: dict[str, Any]
) -> None:
    translate_folder(source, target, Inverter())

    again = translate_folder(source, target, Inverter(wishes.pop("model", "inverter")), **wishes)

    assert (again.done, again.skipped) == (NAMES, [])


def test_what_failed_is_tried_again(source: Path, target: Path) -> None:
    whole = (source / "a.png").read_bytes()
    (source / "a.png").write_bytes(whole[:50])
    assert translate_folder(source, target, Inverter()).failed[0].file == "a.png"
    (source / "a.png").write_bytes(whole)

    assert translate_folder(source, target, Inverter()).done == ["a.png"]


def test_an_output_that_somebody_changed_is_not_replaced_unasked(
    source: Path, target: Path
) -> None:
    translate_folder(source, target, Inverter())
    draw(target / "a.png", "red", (50, 50))

    with pytest.raises(DataError, match=r"a\.png: already there, and nothing was translated"):
        translate_folder(source, target, Inverter("other"))

    assert colour_of(target / "a.png") == (255, 0, 0)
    assert len(translate_folder(source, target, Inverter("other"), overwrite=True).done) == 3


def test_outputs_of_another_source_are_not_replaced_unasked(source: Path, target: Path) -> None:
    translate_folder(source, target, Inverter())
    draw(source.parent / "other" / "a.png", "red")

    with pytest.raises(DataError, match=r"a\.png: already there"):
        translate_folder(source.parent / "other", target, Inverter())


def test_a_file_that_appears_while_a_run_goes_on_is_not_replaced(
    source: Path, target: Path
) -> None:
    translator = Inverter(ahead=1, before_each=lambda n: n == 0 and draw(target / "d.png", "red"))

    report = translate_folder(source, target, translator)

    assert [failure.file for failure in report.failed] == ["d.png"]
    assert colour_of(target / "d.png") == (255, 0, 0)


def test_an_output_of_the_same_size_made_a_moment_before_is_replaced(tmp_path: Path) -> None:
    old, new = Output("a.bmp", 3, 10**18, "gone"), Output("a.bmp", 3, 10**18, UNFINISHED)
    for name, content in (("a.bmp", b"old"), (UNFINISHED, b"new")):
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    with Journal(tmp_path / NAME) as journal:
        journal.add(make_entry("a.bmp", outputs=(new,), earlier=(old,)))

    tidy(tmp_path)

    assert (tmp_path / "a.bmp").read_bytes() == b"new"


def test_targets_of_others_inside_are_left_to_them(tmp_path: Path) -> None:
    (tmp_path / "theirs" / "deep").mkdir(parents=True)
    (tmp_path / "theirs" / LOCK).touch()
    (tmp_path / "theirs" / "deep" / UNFINISHED).touch()
    (tmp_path / UNFINISHED).touch()

    tidy(tmp_path)

    assert every_file_in(tmp_path) == [f"theirs/{LOCK}", f"theirs/deep/{UNFINISHED}"]


def test_a_torn_last_line_is_ignored_and_does_not_spoil_the_next(
    source: Path, target: Path
) -> None:
    translate_folder(source, target, Inverter())
    with (target / NAME).open("ab") as file:
        file.truncate(file.tell() - 20)
    (last,) = set(NAMES) - set(read_manifest(target))

    with pytest.raises(DataError, match=f"{last}: already there"):
        translate_folder(source, target, Inverter())
    (target / last).unlink()  # as if it had been killed before the line was whole
    assert translate_folder(source, target, Inverter()).done == [last]
    assert translate_folder(source, target, Inverter()).skipped == NAMES


@pytest.mark.parametrize("length", range(0, len(HEADER), 7))
def test_a_torn_head_is_written_anew(tmp_path: Path, length: int) -> None:
    (tmp_path / NAME).write_bytes(HEADER[:length])
    with Journal(tmp_path / NAME) as journal:
        journal.add(make_entry())

    assert read_manifest(tmp_path) == {"a.png": make_entry()}


def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(
        HEADER + b"# a comment\n" + make_entry().to_line() + b'{"x": 1}\n'
    )

    assert list(read_manifest(tmp_path)) == ["a.png"]


@pytest.mark.parametrize("content", ["[1, 2]\n", '{"photo-translate": "manifest", "version": 2}\n'])
def test_a_manifest_that_is_not_ours_is_refused(source: Path, target: Path, content: str) -> None:
    target.mkdir()
    (target / NAME).write_text(content)

    with pytest.raises(DataError, match=r"is not the manifest of this version of photo-translate"):
        translate_folder(source, target, Inverter())
    assert (target / NAME).read_text() == content


def test_a_manifest_grown_to_twice_what_is_needed_is_rewritten(tmp_path: Path) -> None:
    with Journal(tmp_path / NAME) as journal:
        for number in range(90):
            journal.add(make_entry(f"{number % 30}.png", seconds=float(number)))

    entries = tidy(tmp_path)

    lines = (tmp_path / NAME).read_bytes().splitlines(keepends=True)
    assert lines == [HEADER, *(entry.to_line() for entry in entries.values())]
    assert len(lines) == 31
    assert entries["3.png"].seconds == 63.0


def test_parts_of_several_processes_are_merged(tmp_path: Path) -> None:
    for part, entry in (
        (NAME, make_entry("a.png", error="old")),
        (".photo-translate.0.jsonl", make_entry("a.png")),
        (".photo-translate.11.jsonl", make_entry("b.png")),
    ):
        with Journal(tmp_path / part) as journal:
            journal.add(entry)

    assert tidy(tmp_path) == {"a.png": make_entry("a.png"), "b.png": make_entry("b.png")}
    assert every_file_in(tmp_path) == [NAME]
    assert len(read_manifest(tmp_path)) == 2


def test_a_manifest_cannot_move_files_from_or_to_other_folders(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (tmp_path / "secret").write_bytes(b"abc")
    with Journal(target / NAME) as journal:
        journal.add(make_entry("x", outputs=(Output("taken.png", 3, 4, "../secret"),)))
        journal.add(make_entry("y", outputs=(Output("../taken.png", 3, 4, "../secret"),)))

    tidy(target)

    assert every_file_in(tmp_path) == [f"out/{NAME}", "secret"]
