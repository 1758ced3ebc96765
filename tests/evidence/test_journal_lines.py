import json
import math
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.run_toys import ALARM, journal_lines
from translate.evidence.journal_lines import JournalLines, read_lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def read(folder: Path, *lines: object, end: str = "") -> JournalLines:
    file = folder / "journal.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines) + end)
    return read_lines(file)


def test_lines_are_sorted_by_what_they_are_about(tmp_path: Path) -> None:
    found = read(tmp_path, *journal_lines(20), ALARM)

    assert len(found.numbers) == 20
    assert [(m.step, m.value, m.is_best) for m in found.measurements] == [
        (60, 0.018, True),
        (120, 0.021, False),
    ]
    assert [(a.step, a.name, a.came_from) for a in found.alarms] == [(60, "collapse/a_to_b", None)]
    assert found.best() == found.measurements[0]
    assert found.last("step") == 200
    assert found.series("health/diversity_a_to_b")[0] == [10 * i for i in range(1, 21, 2)]


def test_a_number_that_was_not_finite_is_nan(tmp_path: Path) -> None:
    found = read(tmp_path, {"step": 1, "epoch": 0, "learning_rate": 1, "loss": None})

    assert math.isnan(found.series("loss")[1][0])


def test_a_last_line_that_was_cut_short_is_no_fault(tmp_path: Path) -> None:
    found = read(tmp_path, {"step": 1, "epoch": 0, "loss": 1}, end='{"step": 2, "ep')

    assert (len(found.numbers), found.unreadable) == (1, 0)


def test_lines_that_make_no_sense_are_counted_and_left_out(tmp_path: Path) -> None:
    strange = (3, [], {}, {"step": "x"}, {"step": None}, {"step": True}, {"step": 10**400})

    found = read(tmp_path, *strange, {"step": 1, "epoch": 0, "loss": 1}, end="{broken\n\xff\n")

    assert (len(found.numbers), found.unreadable) == (1, len(strange) + 2)


@given(st.dictionaries(st.sampled_from(["step", "epoch", "alarm", "validation", "x"]), JSON))
def test_no_line_of_json_keeps_a_journal_from_being_read(values: dict[str, object]) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        found = read(Path(folder), values)

    kept = [*found.numbers, *found.measurements, *found.alarms]
    assert len(kept) + found.unreadable == 1


def test_a_run_without_a_journal_has_no_lines(tmp_path: Path) -> None:
    found = read_lines(tmp_path / "none")

    assert found == JournalLines()
    assert found.best() is None
    assert math.isnan(found.last("step"))
