import json
from pathlib import Path

import pytest

from translate.benchmark.killing import _compare, measure_killed


def write_run(scratch: Path, contents: dict[str, bytes], lines: list[dict[str, object]]) -> None:
    for folder, files in (("undisturbed", {"a.png": b"a", "b.png": b"b"}), ("out", contents)):
        (scratch / folder).mkdir()
        for name, content in files.items():
            (scratch / folder / name).write_bytes(content)
    text = "".join(json.dumps(line) + "\n" for line in ({"format": "a head"}, *lines))
    (scratch / "out/.photo-translate.jsonl").write_text(text)


def test_what_is_missing_different_left_over_or_done_twice_is_counted(tmp_path: Path) -> None:
    files = {"a.png": b"x", ".1.photo-translate.part": b""}
    done: dict[str, object] = {"input": "a.png", "error": None}
    write_run(tmp_path, files, [done, done, {"input": "b.png", "error": "vanished"}])

    assert _compare(tmp_path) == {
        "missing": 1,
        "different": 2,
        "temporaries_left": 1,
        "translated_twice": 1,
    }


@pytest.mark.slow
def test_nothing_is_lost_or_done_twice_when_the_command_is_killed() -> None:
    result = measure_killed(photos=20, kills=3)

    assert {result.pop("photos"), result.pop("killed")} <= {20, 0, 1, 2, 3}
    assert not any(result.values())
