"""Pages for people who would rather look than read: one file each, no network, no torch."""

from translate.pages.bars import bars
from translate.pages.charts import Event, Line, chart
from translate.pages.markup import (
    Html,
    bullets,
    code,
    escaped,
    facts,
    folded,
    heading,
    joined,
    note,
    side_by_side,
    text,
)
from translate.pages.page import Page
from translate.pages.pictures import Picture, before_after, film, gallery
from translate.pages.tables import figure, number, table

__all__ = [
    "Event",
    "Html",
    "Line",
    "Page",
    "Picture",
    "bars",
    "before_after",
    "bullets",
    "chart",
    "code",
    "escaped",
    "facts",
    "figure",
    "film",
    "folded",
    "gallery",
    "heading",
    "joined",
    "note",
    "number",
    "side_by_side",
    "table",
    "text",
]
