"""Evaluations of several runs: in one table only if all of it was measured alike."""

from collections.abc import Iterator, Mapping
from typing import Any

from translate.evaluation.bootstrap import Estimate
from translate.evaluation.results import differing
from translate.evidence.evaluation_tables import (
    Key,
    cell,
    evaluation_section,
    how_to_read,
    measure_title,
    numbers_of,
)
from translate.pages import Html, bullets, heading, note, table, text

Evaluations = Mapping[str, Mapping[str, Any]]


def compared_evaluations(found: Evaluations, words: Mapping[str, str]) -> Iterator[Html]:
    """Show evaluations side by side, but those of another protocol by themselves, and say why.

    Args:
        found: What people call each -> what it holds.
        words: Direction -> what it does.
    """
    groups = _by_protocol(found)
    first, *others = groups
    yield from _side_by_side({name: found[name] for name in first}, words)
    for group in others:
        yield note(
            f"{', '.join(group)}: measured otherwise than {first[0]}, so the numbers cannot be "
            "compared and stand in tables of their own. Evaluate one of them again as the other "
            "was. What differs:",
            "warning",
        )
        yield bullets(differences(found[first[0]], found[group[0]]))
        yield from _side_by_side({name: found[name] for name in group}, words)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """List by what two evaluations were measured differently."""
    return differing(_protocol(one), _protocol(other), absent="not said")


def _by_protocol(found: Evaluations) -> list[list[str]]:
    groups: list[list[str]] = []
    for name, values in found.items():
        for group in groups:
            if _protocol(found[group[0]]) == _protocol(values):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def _protocol(values: Mapping[str, Any]) -> Mapping[str, Any]:
    protocol = values.get("protocol")
    return protocol if isinstance(protocol, Mapping) else {}


def _side_by_side(found: Evaluations, words: Mapping[str, str]) -> Iterator[Html]:
    if len(found) == 1:
        ((name, values),) = found.items()
        yield heading(name)
        yield evaluation_section(values, words)
        return
    numbers = {name: numbers_of(values) for name, values in found.items()}
    keys = dict.fromkeys(key for rows in numbers.values() for key in rows)
    for direction in dict.fromkeys(key[0] for key in keys):
        title = words.get(direction)
        yield heading(f"{title} ({direction})" if title else direction)
        yield _table([key for key in keys if key[0] == direction], numbers)
    yield text(how_to_read(list(dict.fromkeys(key[2] for key in keys))))


def _table(keys: list[Key], numbers: Mapping[str, Mapping[Key, Estimate]]) -> Html:
    """One row for each measure of each way to translate, one column for each evaluation."""
    order = list(dict.fromkeys(measure for _, _, measure in keys))
    rows = [
        [
            measure_title(key[2]),
            key[1],
            *(cell(key[2], rows.get(key)) for rows in numbers.values()),
        ]
        for key in sorted(keys, key=lambda key: order.index(key[2]))
    ]
    return table(["measure", "way", *numbers], rows)
