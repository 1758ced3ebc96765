from typing import Any

import pytest

from tests.run_toys import evaluation
from translate.evidence.compared_evaluations import compared_evaluations, differences
from translate.evidence.evaluation_tables import evaluation_section

WORDS = {"a_to_b": "summer to winter"}


def test_each_direction_has_a_table_of_ways_and_measures_with_intervals() -> None:
    made = evaluation_section(evaluation(42.0), WORDS)

    assert made.count("<table") == 2
    assert "<h3>summer to winter (a_to_b)</h3>" in made
    assert "<h3>b_to_a</h3>" in made
    assert "42.0<small>37.0 to 47.0</small>" in made
    assert "input unchanged" in made
    assert "KID x1000" in made
    assert "Lower is better: KID x1000." in made
    assert "efficientnet" in made


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rows": 3, "protocol": []},
        {"rows": [None, 3, {}, {"value": "x"}, {"value": None}, {"value": float("nan")}]},
        {"rows": []},
    ],
)
def test_what_is_missing_is_left_out(values: dict[str, Any]) -> None:
    made = evaluation_section(values)

    assert "It holds no numbers." in made
    assert "<table" not in made


def test_a_measure_of_a_later_version_is_shown_under_its_own_name() -> None:
    row = {"direction": "a_to_b", "way": "translation", "measure": "<new>", "value": 1.23456}

    made = evaluation_section({"rows": [row]})

    assert "&lt;new&gt;" in made
    assert "1.2346" in made


def test_evaluations_of_one_protocol_share_a_table() -> None:
    found = {"one": evaluation(42.0), "two": evaluation(52.0)}

    made = "".join(compared_evaluations(found, WORDS))

    assert made.count("<table") == 2  # one for each direction
    assert '<th scope="col" class="number">one</th>' in made
    assert "42.0<small>" in made
    assert "52.0<small>" in made
    assert "cannot be compared" not in made.replace("\n", " ")


def test_evaluations_of_different_protocols_do_not_and_it_is_said_why() -> None:
    found = {"one": evaluation(42.0), "two": evaluation(52.0, side_px=64), "three": evaluation(1.0)}

    made = "".join(compared_evaluations(found, WORDS))

    assert made.count("<table") == 4  # one and three share two; two has two of its own
    assert "two: measured otherwise than one, so the numbers cannot be compared" in made
    assert "side_px: 16 against 64" in made


def test_what_only_one_protocol_says_differs_too() -> None:
    assert differences(evaluation(), evaluation(resize="area")) == ["resize: not said against area"]
    assert differences({}, evaluation()) == [
        "extractor: not said against efficientnet",
        "side_px: not said against 16",
    ]
