"""Curves that can be zoomed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from translate.pages.markup import Html, escaped
from translate.pages.thinning import thin

EventKind = Literal["alarm", "best"]

COLOURS = 8  # of page.css; more lines than these are dashed, then dotted


@dataclass(frozen=True)
class Line:
    """A curve: points need not be in order, and NaN leaves a gap."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Event:
    """Something that happened at one place of the x axis."""

    x: float
    label: str
    kind: EventKind = "alarm"


def chart(
    title: str,
    lines: Sequence[Line],
    events: Sequence[Event] = (),
    x_name: str = "step",
    logarithmic: bool = False,
) -> Html:
    """Draw curves over one axis, to be zoomed, pointed at, and switched off one by one.

    Args:
        events: Marks on the axis: alarms, and what was best.
        logarithmic: Draw y by its logarithm; what is not above 0 is left out.
    """
    data = {
        "lines": [{"name": str(line.name), "points": thin(line.x, line.y)} for line in lines],
        "events": [{"x": float(e.x), "label": str(e.label), "kind": e.kind} for e in events],
        "x": x_name,
        "logarithmic": logarithmic,
    }
    shown = [line.name for line in lines]
    label = escaped(f"{title}: {', '.join(shown)} over {x_name}")
    return Html(
        f'<figure class="chart"><figcaption>{escaped(title)}</figcaption>'
        f'<div class="plot" tabindex="0" role="application" aria-label="{label}" '
        f'aria-roledescription="chart"></div><div class="below">{legend(shown)}'
        '<span class="zoom"><button type="button" data-zoom="in" aria-label="zoom in">+</button>'
        '<button type="button" data-zoom="out" aria-label="zoom out">&minus;</button>'
        '<button type="button" data-zoom="all" disabled>Show all</button></span></div>'
        '<p class="hint">Drag over a stretch to zoom in, double click to see all again; with the '
        "chart clicked, the wheel and the keys + &minus; ← → do the same.</p>"
        f'<script type="application/json">{_json(data)}</script>'
        "<noscript>This curve is drawn by JavaScript, which is off.</noscript></figure>"
    )


def legend(names: Sequence[str], can_toggle: bool = True) -> str:
    """Say which colour is whose; each name may be a button that switches its line off."""
    tag, more = ("button", 'type="button" aria-pressed="true"') if can_toggle else ("span", "")
    keys = (
        f'<{tag} class="key" data-line="{index}" {more}>{_swatch(index)}{escaped(name)}</{tag}>'
        for index, name in enumerate(names)
    )
    return f'<span class="legend">{"".join(keys)}</span>'


def _swatch(index: int) -> str:
    dash = index // COLOURS % 3
    return (
        '<svg class="swatch" viewBox="0 0 20 10" aria-hidden="true">'
        f'<path class="line-{index % COLOURS} dash-{dash}" d="M1 5H19"/></svg>'
    )


def _json(data: object) -> str:
    """Write data into a script element, which no text in it can end."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
