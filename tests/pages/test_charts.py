import json
import math
import re
from typing import Any

import pytest

from translate.pages import Event, Html, Line, bars, chart


def data_of(made: Html) -> Any:
    found = re.search(r'<script type="application/json">(.*?)</script>', made)
    assert found
    return json.loads(found[1])


def test_a_chart_carries_its_points_and_events() -> None:
    made = chart("Losses", [Line("cycle", [1, 2], [0.5, math.nan])], [Event(2, "alarm: x")])

    assert data_of(made) == {
        "lines": [{"name": "cycle", "points": [[1, 0.5], [2, None]]}],
        "events": [{"x": 2, "label": "alarm: x", "kind": "alarm"}],
        "x": "step",
        "logarithmic": False,
    }


def test_no_name_ends_the_script_it_stands_in() -> None:
    name = "</script><script>alert(1)</script><!--"

    made = chart(name, [Line(name, [1], [1])], [Event(1, name)], x_name=name)

    assert made.count("<script") == 1
    assert made.count("</script>") == 1
    assert data_of(made)["lines"][0]["name"] == name


def test_every_line_has_a_key_that_switches_it() -> None:
    lines = [Line(f"line {i}", [1], [1]) for i in range(20)]

    made = chart("Many", lines)

    assert re.findall(r'data-line="(\d+)"', made) == [str(i) for i in range(20)]
    # Colours begin anew after eight lines, but in dashes, so that no two look alike.
    looks = re.findall(r'class="(line-\d dash-\d)"', made)
    assert len(set(looks)) == 20


def test_bars_are_as_high_as_their_values_say() -> None:
    made = bars("Sizes", ["small", "large"], {"A": [1, 4], "B": [2, 0]})

    heights = [float(h) for h in re.findall(r'<rect [^>]*height="([\d.]+)"', made)]
    assert heights == [0.25, 1.0, 0.5, 0.0]
    assert "<title>A, large: 4</title>" in made


def test_bars_of_two_series_stand_beside_one_another() -> None:
    made = bars("Sizes", ["small"], {"A": [1], "B": [1]})

    (left, width), (other, _) = (
        (float(x), float(w))
        for x, w in re.findall(r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', made)
    )
    assert other == pytest.approx(left + width, abs=1e-3)
    assert other + width <= 1


def test_of_many_labels_some_are_written() -> None:
    made = bars("Histogram", [str(i) for i in range(256)], {"A": [1] * 256})

    assert made.count("max-width") == 6


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_bars_of_nothing_are_no_trouble(values: list[float]) -> None:
    assert "<figure" in bars("None", ["x"] * len(values), {"A": values})


def test_bars_of_another_number_than_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="'A' has 1 values for 2 labels"):
        bars("Sizes", ["a", "b"], {"A": [1]})
