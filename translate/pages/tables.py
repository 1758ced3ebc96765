"""Tables that a phone can show: numbers stand under numbers, and what is too wide scrolls."""

import math
from collections.abc import Sequence

from translate.pages.markup import Html, escaped

FEW_COLUMNS = 6  # more stand closer to each other

Cell = Html | str | int | float


def table(heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Html:
    """Make a table; the first cell of each row names it.

    Args:
        heads: One for each column.
        rows: As many cells as heads. Numbers are aligned right; what is none (NaN) is a dash.
    """
    if wrong := [row for row in rows if len(row) != len(heads)]:
        raise ValueError(f"{len(heads)} heads, but a row of {len(wrong[0])} cells: {wrong[0]!r}")
    numeric = [
        bool(rows) and all(_is_number(row[column]) for row in rows) for column in range(len(heads))
    ]
    head = "".join(
        f'<th scope="col"{_class(is_number)}>{escaped(name)}</th>'
        for name, is_number in zip(heads, numeric, strict=True)
    )
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    # Reachable by keyboard, so that it can be scrolled without a mouse.
    many = ' class="many"' if len(heads) > FEW_COLUMNS else ""
    return Html(
        f'<div class="wide" tabindex="0"><table{many}>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure(value: float) -> str:
    """Write a number for people: whole ones whole, others to four digits, none as a dash."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    if not math.isfinite(value):
        return "\u2013" if math.isnan(value) else f"{'-' if value < 0 else ''}∞"
    return f"{value:.4g}"


def number(words: str, below: str = "") -> Html:
    """Make a cell of digits and more that is aligned like a number.

    Args:
        below: Stands under it and is smaller, such as an interval.
    """
    small = f"<small>{escaped(below)}</small>" if below else ""
    return Html(f'<span class="number">{escaped(words)}{small}</span>')


def _cells(row: Sequence[Cell]) -> str:
    first, *others = row
    cells = [f'<th scope="row"{_class(_is_number(first))}>{_shown(first)}</th>']
    cells += [f"<td{_class(_is_number(cell))}>{_shown(cell)}</td>" for cell in others]
    return "".join(cells)


def _shown(cell: Cell) -> Html:
    if isinstance(cell, bool):
        return Html("yes" if cell else "no")
    return escaped(figure(cell) if isinstance(cell, int | float) else cell)


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, Html):
        return cell.startswith('<span class="number">')
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _class(is_number: bool) -> str:
    return ' class="number"' if is_number else ""
