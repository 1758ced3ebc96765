"""Photos of any size through a generator, strip by strip, with the result of the whole photo.

A norm that takes its statistics from the photo itself must have seen all of the photo before it
gives out its first row. So nothing here is pushed forward: rows are asked for from the end, and
whoever is asked reads from below what it needs. `features` holds what can be asked, `flow` lays it
out for a generator, `kept` decides what is remembered rather than computed again, `scratch` where.
"""

from translate.inference.strips.features import Size
from translate.inference.strips.flow import UnstreamableError
from translate.inference.strips.moments import Moments
from translate.inference.strips.streaming import (
    Budget,
    Read,
    Strip,
    gather_statistics,
    stream,
    turn_sideways,
)
from translate.inference.strips.survey import values_per_pixel

__all__ = [
    "Budget",
    "Moments",
    "Read",
    "Size",
    "Strip",
    "UnstreamableError",
    "gather_statistics",
    "stream",
    "turn_sideways",
    "values_per_pixel",
]
