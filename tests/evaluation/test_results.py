import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.errors import DataError
from translate.evaluation.bootstrap import Estimate
from translate.evaluation.results import (
    FORMAT,
    MEASURES,
    TRANSLATION,
    Evaluation,
    Row,
    differences,
    expect_comparable,
    in_words,
    read_evaluation,
)

NAN, INF = math.nan, math.inf
PROTOCOL = {"photos": "abc", "side_px": 64, "counts": {"a_to_b": {"real": 3}}, "seed": 0}


def row(way: str, measure: str, value: float, direction: str = "a_to_b") -> Row:
    return Row(direction, way, measure, value, value - 1, value + 1)


def evaluation(*rows: Row, **protocol: Any) -> Evaluation:
    return Evaluation(PROTOCOL | protocol, {"model": "m"}, rows)


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "x.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


ROWS = st.builds(Row, st.text(), st.text(), st.sampled_from([*MEASURES]), *[st.floats()] * 3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FACTS = st.dictionaries(st.text(), JSON, max_size=4)


def known(number: float) -> float | None:
    return number if math.isfinite(number) else None


@settings(max_examples=60, deadline=None)
@given(FACTS, FACTS, st.lists(ROWS, max_size=5))
def test_what_was_written_is_read_again_but_for_what_is_not_finite(
    tmp_path_factory: pytest.TempPathFactory,
    protocol: dict[str, Any],
    subject: dict[str, Any],
    rows: list[Row],
) -> None:
    folder = tmp_path_factory.mktemp("x")

    found = read_evaluation(written(folder, Evaluation(protocol, subject, rows).to_json()))

    assert found.protocol == protocol
    assert found.subject == subject
    assert [r[:3] for r in found.rows] == [r[:3] for r in rows]
    for read, told in zip(found.rows, rows, strict=True):
        for one, other in zip(read[3:], told[3:], strict=True):
            assert known(one) == known(other)
            assert math.isfinite(one) or math.isnan(one)


def test_what_is_not_finite_is_null_and_the_rest_plain_json() -> None:
    text = evaluation(Row("a_to_b", "translation", "psnr", INF, NAN, 30.0)).to_json()

    def refuse(name: str) -> None:
        raise AssertionError(name)

    values = json.loads(text, parse_constant=refuse)  # NaN and Infinity, which JSON has not got
    assert values["format"] == FORMAT
    assert values["subject"] == {"model": "m"}
    assert values["protocol"] == PROTOCOL
    told = {"direction": "a_to_b", "way": "translation", "measure": "psnr"}
    assert values["rows"] == [told | {"value": None, "low": None, "high": 30.0}]
    assert text.endswith("}\n")


def test_names_that_are_no_text_can_be_written_and_read_again(tmp_path: Path) -> None:
    strange = "caf\udce9 é 雪"

    text = evaluation(row(strange, "kid", 1.0)).to_json()

    file = written(tmp_path, text.encode())
    assert read_evaluation(file).rows[0].way == strange
    assert "é 雪" in text


def test_a_number_is_found_by_direction_way_and_measure() -> None:
    found = evaluation(row("translation", "kid", 5.0), row("translation", "kid", 7.0, "b_to_a"))

    assert found.get("b_to_a", "translation", "kid") == Estimate(7.0, 6.0, 8.0)
    with pytest.raises(KeyError, match="input unchanged"):
        found.get("a_to_b", "input unchanged", "kid")


def test_tables_have_ways_as_rows_and_only_the_measures_that_were_taken() -> None:
    found = evaluation(
        Row("a_to_b", "translation", "luminance", 0.5, 0.4, 0.6),
        Row("a_to_b", "translation", "kid", 72.81, 65.04, 81.2),
        Row("a_to_b", "input unchanged", "kid", 190.0, NAN, NAN),
        Row("b_to_a", "translation", "l1", 0.12345, 0.1, 0.2),
    )

    assert found.to_markdown() == (
        "| a_to_b | KID x1000 | luminance |\n"
        "| --- | ---: | ---: |\n"
        "| translation | 72.8 (65.0 to 81.2) | 0.50 (0.40 to 0.60) |\n"
        "| input unchanged | 190.0 |  |\n"
        "\n"
        "| b_to_a | L1 |\n"
        "| --- | ---: |\n"
        "| translation | 0.1235 (0.1000 to 0.2000) |"
    )


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_no_name_breaks_a_table_or_moves_the_cursor(name: str) -> None:
    lines = evaluation(row(name, "kid", 1.0, direction=name)).to_markdown().split("\n")

    assert len(lines) == 3
    assert [line.replace("\\|", "").count("|") for line in lines] == [3, 3, 3]
    assert all(line.isprintable() for line in lines)


def test_hostile_names_are_shown_harmlessly() -> None:
    found = evaluation(row("a|b\n\x1b[2J\udcff", "kid", 1.0)).to_markdown()

    assert found.splitlines()[-1].startswith("| a\\|b\\n\\x1b[2J\\udcff | 1.0")
    found.encode()


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (None, ""),
        (Estimate(NAN, NAN, NAN), ""),
        (Estimate(INF, NAN, NAN), "inf"),
        (Estimate(0.0, 0.0, 0.0), "0.00"),
        (Estimate(-0.5, -1.0, 0.25), "-0.50 (-1.00 to 0.25)"),
    ],
)
def test_numbers_are_told_with_what_is_known_of_them(estimate: Estimate | None, words: str) -> None:
    assert in_words(estimate, 2) == words


@pytest.mark.parametrize("newer", [2, "2.0", None])
def test_an_evaluation_of_another_format_is_refused(tmp_path: Path, newer: object) -> None:
    values = json.loads(evaluation(row("translation", "kid", 1.0)).to_json()) | {"format": newer}
    file = written(tmp_path, json.dumps(values))

    with pytest.raises(DataError, match=f"of format {newer}, expected 1. Update photo-translate"):
        read_evaluation(file)


def changed(**values: Any) -> str:
    whole = json.loads(evaluation(row("translation", "kid", 1.0)).to_json())
    return json.dumps(whole | values)


TOLD = {"direction": "a_to_b", "way": "x", "measure": "kid", "value": 1, "low": 0, "high": 2}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "3",
        '"text"',
        "not JSON",
        '{"format_version": 1, "method": "cyclegan"}',
        '{"format": 1}',
        "[" * 100_000,
        b"\xff\xfe\xff",
        b"\x89PNG\r\n\x1a\n\x00",
        changed(rows=3),
        changed(rows=["text"]),
        changed(rows=[{}]),
        changed(rows=[TOLD | {"value": "much"}]),
        changed(rows=[TOLD | {"value": [1]}]),
        changed(rows=[TOLD | {"high": 10**400}]),
        changed(protocol=None),
        changed(protocol=[1, 2]),
        changed(subject="text"),
    ],
)
def test_what_is_no_evaluation_is_refused_by_name(tmp_path: Path, text: str | bytes) -> None:
    file = written(tmp_path, text)

    with pytest.raises(DataError, match=r"x\.json: is no evaluation of photo-translate") as told:
        read_evaluation(file)
    assert "Name a file that photo-translate evaluate wrote with --json." in str(told.value)


def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    for file in (tmp_path / "no.json", tmp_path):
        with pytest.raises(DataError, match=f"{file}: cannot be read"):
            read_evaluation(file)


def test_equal_protocols_may_be_compared_whatever_was_measured_and_found() -> None:
    one, other = evaluation(row("translation", "kid", 1.0)), evaluation()

    assert differences(one, dataclasses.replace(other, subject={"model": "n"})) == []
    expect_comparable({"one": one, "other": other, "same": one})
    expect_comparable({})


def test_differing_protocols_are_refused_by_name_and_by_what_differs() -> None:
    one = evaluation()
    other = evaluation(side_px=256, device="cpu")

    assert differences(one, other) == ["side_px: 64 against 256", "device: None against cpu"]
    with pytest.raises(DataError) as told:
        expect_comparable({"new.json": one, "same.json": one, "old.json": other})
    assert str(told.value) == (
        "new.json and old.json were measured by different protocols, so their numbers do not "
        "compare:\n  side_px: 64 against 256\n  device: None against cpu\n"
        "Evaluate one of them again as the other was."
    )


def test_a_protocol_is_the_same_after_it_was_written_and_read(tmp_path: Path) -> None:
    one = evaluation(row("translation", "kid", 1.0))

    again = read_evaluation(written(tmp_path, one.to_json()))

    assert differences(one, again) == []


def test_beside_a_model_stand_the_translations_of_others_under_their_names() -> None:
    one = evaluation(row(TRANSLATION, "kid", 1.0), row("input unchanged", "kid", 9.0))
    other = evaluation(row(TRANSLATION, "kid", 2.0), row("input unchanged", "kid", 9.0))
    third = evaluation(row(TRANSLATION, "kid", 3.0)).beside({"x": other})

    both = one.beside({"old.json": other, "older.json": third})

    assert [(r.way, r.value) for r in both.rows] == [
        ("translation", 1.0),
        ("input unchanged", 9.0),
        ("translation (old.json)", 2.0),
        ("translation (older.json)", 3.0),
    ]
    assert both.protocol == one.protocol
    assert both.subject == one.subject
    assert one.beside({}) == dataclasses.replace(one, rows=list(one.rows))


def test_beside_a_model_stands_nothing_that_was_measured_otherwise() -> None:
    with pytest.raises(DataError, match=r"this evaluation and old\.json .*\n.*seed: 0 against 1"):
        evaluation().beside({"old.json": evaluation(seed=1)})
