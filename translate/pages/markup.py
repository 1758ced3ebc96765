"""Markup that is safe to put into a page: everything else is escaped on its way in."""

from collections.abc import Mapping
from html import escape
from typing import Literal

from translate.printing import printable

# Wide characters of ours that `str.isprintable` takes for invisible.
KEPT = "\n\u00a0\u202f"

Kind = Literal["hint", "warning", "good"]


class Html(str):
    """Markup that was made here; a plain `str` is text, whatever it looks like."""

    __slots__ = ()


def escaped(value: object) -> Html:
    """Make a text harmless: markup is shown, not obeyed; what cannot be seen is spelled out.

    Names of files may hold anything: quotes, tags, half characters, marks that turn the line round.
    """
    if isinstance(value, Html):
        return value
    return Html(escape(printable(str(value), KEPT)))


def joined(*parts: Html) -> Html:
    """Put pieces of markup one after another."""
    return Html("".join(parts))


def text(paragraph: str) -> Html:
    """Make a paragraph."""
    return Html(f"<p>{escaped(paragraph)}</p>")


def note(message: str, kind: Kind = "hint") -> Html:
    """Make a paragraph that stands out: a hint, a warning, or good news."""
    return Html(f'<p class="note {kind}" role="note">{escaped(message)}</p>')


def code(words: str) -> Html:
    """Show words as they would be typed, such as a command; the line may be scrolled."""
    return Html(f'<pre tabindex="0"><code>{escaped(words)}</code></pre>')


def facts(values: Mapping[str, object]) -> Html:
    """List what is known of a thing: name and value, line by line."""
    rows = (
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>"
        for name, value in values.items()
    )
    return Html(f'<dl class="facts">{"".join(rows)}</dl>')


def bullets(sentences: list[str]) -> Html:
    """List sentences."""
    return Html(f"<ul>{''.join(f'<li>{escaped(sentence)}</li>' for sentence in sentences)}</ul>")


def folded(summary: str, *parts: Html) -> Html:
    """Fold parts away under a line that opens them."""
    inside = joined(*parts)
    return Html(f"<details><summary>{escaped(summary)}</summary>{inside}</details>")


def heading(words: str) -> Html:
    """Make a heading inside a section."""
    return Html(f"<h3>{escaped(words)}</h3>")


def side_by_side(*parts: Html, least_px: int = 440) -> Html:
    """Put parts beside one another where each has so much room, else below one another."""
    cells = "".join(f"<div>{part}</div>" for part in parts)
    return Html(f'<div class="beside" style="--least:{least_px}px">{cells}</div>')
