"""Lines of a manifest that somebody edited, or that nobody wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from translate.inference.folder.entries import Entry, Output, Stamp

WHOLE = Entry(
    "a.png",
    Stamp(5, 6),
    (Output("a.png", 7, 8, ".1.photo-translate.part"),),
    (),
    "/source",
    {"model": "x"},
    0.5,
    None,
)


def edited(**values: Any) -> bytes:
    return json.dumps({**json.loads(WHOLE.to_line()), **values}).encode()


def output(**values: Any) -> list[dict[str, Any]]:
    return [{**WHOLE.outputs[0]._asdict(), **values}]


def test_a_line_left_alone_is_the_entry_it_was() -> None:
    assert Entry.from_line(edited()) == WHOLE


@pytest.mark.parametrize(
    "line",
    [
        edited(input=["a.png"]),
        edited(bytes="5"),
        edited(facts=None),
        edited(facts=["x"]),
        edited(error=7),
        edited(outputs=output(file=5)),
        edited(earlier=output(mtime_ns="8")),
        b"[" * 100_000,
    ],
)
def test_a_line_with_a_value_of_another_kind_is_no_entry(line: bytes) -> None:
    assert Entry.from_line(line) is None


def test_an_output_whose_name_no_file_can_have_is_not_there(tmp_path: Path) -> None:
    impossible = WHOLE.outputs[0]._replace(file="a\0", temporary="b\0.photo-translate.part")

    assert not impossible.is_whole(tmp_path)
    assert not impossible.waits(tmp_path)


def test_only_what_has_a_temporary_name_waits_to_be_renamed(tmp_path: Path) -> None:
    for name in ("notes.txt", ".1.photo-translate.part"):
        (tmp_path / name).write_bytes(b"1234567")
    waiting = WHOLE.outputs[0]

    assert waiting.waits(tmp_path)
    assert not waiting._replace(temporary="notes.txt").waits(tmp_path)
