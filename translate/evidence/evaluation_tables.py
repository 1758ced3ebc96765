"""Evaluations as tables: ways to translate as rows, measures as columns, numbers with intervals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from translate.evaluation.bootstrap import Estimate
from translate.evaluation.results import MEASURES, Scale, in_words
from translate.pages import Html, facts, folded, heading, number, table, text
from translate.pages.tables import Cell

UNKNOWN = Scale("", None, 4)  # a measure of a later version
NONE = "It holds no numbers."
READING = {True: "higher is better", False: "lower is better", None: "nearer to 1 is better"}

Key = tuple[str, str, str]  # direction, way, measure


def evaluation_section(values: Mapping[str, Any], words: Mapping[str, str] | None = None) -> Html:
    """Show an evaluation: a table for each direction, and by which protocol it was measured.

    Args:
        values: What `photo-translate evaluate --json` wrote; whatever is missing is left out.
        words: Direction -> what it does, such as `summer to winter`.
    """
    found = numbers_of(values)
    parts = [Html("")]
    for direction in dict.fromkeys(key[0] for key in found):
        title = (words or {}).get(direction)
        parts.append(heading(f"{title} ({direction})" if title else direction))
        parts.append(_table({key[1:]: e for key, e in found.items() if key[0] == direction}))
    if not found:
        parts.append(text(NONE))
    else:
        parts.append(text(how_to_read(list(dict.fromkeys(key[2] for key in found)))))
    protocol = values.get("protocol")
    if isinstance(protocol, Mapping) and protocol:
        parts.append(folded("How it was measured", facts(protocol)))
    return Html("".join(parts))


def numbers_of(values: Mapping[str, Any]) -> dict[Key, Estimate]:
    """Read the rows of an evaluation; those that are none are left out."""
    rows = values.get("rows")
    found: dict[Key, Estimate] = {}
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, Mapping):
            continue
        direction, way, measure = (str(row.get(k, "")) for k in ("direction", "way", "measure"))
        numbers = [_number(row.get(name)) for name in ("value", "low", "high")]
        if not math.isnan(numbers[0]):
            found[direction, way, measure] = Estimate(*numbers)
    return found


def measure_title(measure: str) -> str:
    """Say what people call a measure."""
    return MEASURES[measure].title if measure in MEASURES else measure


def cell(measure: str, estimate: Estimate | None) -> Cell:
    """Write a number with its interval below."""
    words = in_words(estimate, MEASURES.get(measure, UNKNOWN).digits)
    value, _, interval = words.partition(" (")
    return number(value, interval.removesuffix(")"))


def how_to_read(measures: Sequence[str]) -> str:
    """Say of each measure what is good, and what stands in brackets."""
    known = [m for m in measures if m in MEASURES]
    directions = (
        f"{READING[reading]}: "
        + ", ".join(MEASURES[m].title for m in known if MEASURES[m].is_higher_better is reading)
        for reading in (False, True, None)
        if any(MEASURES[m].is_higher_better is reading for m in known)
    )
    told = "; ".join(directions)
    sentence = f"{told[:1].upper()}{told[1:]}. " if told else ""
    return (
        f"{sentence}Below each number the interval in which 95 of 100 such measurements would fall."
    )


def _table(found: Mapping[tuple[str, str], Estimate]) -> Html:
    ways = list(dict.fromkeys(way for way, _ in found))
    there = {measure for _, measure in found}
    measures = [m for m in MEASURES if m in there] + sorted(there - MEASURES.keys())
    return table(
        ["way", *map(measure_title, measures)],
        [[way, *(cell(m, found.get((way, m))) for m in measures)] for way in ways],
    )


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else math.nan  # type: ignore[arg-type]
