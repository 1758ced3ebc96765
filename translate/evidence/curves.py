"""The curves of one run, or of several in one picture: which there are, and how to read them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from translate.evidence.journal_lines import AlarmLine, JournalLines
from translate.pages import Event, Html, Line, chart, figure, heading, side_by_side, text


class Kind(NamedTuple):
    """Curves that belong into one picture."""

    title: str  # may name what the pattern found: {phase}, {measure}
    pattern: str  # of names in the journal
    logarithmic: bool = False


class Group(NamedTuple):
    """Pictures under one heading, and what to look for in them."""

    title: str
    words: str
    kinds: tuple[Kind, ...]


PHASE = r"(?P<phase>(?!health/)[^/]+)/"
TRAINING = Group(
    "Training",
    "Losses are those that were minimised, weights included: in a game of two sides none of them "
    "need fall. Discriminator accuracy is the share of patches that were told rightly: 0.5 is "
    "guessing, and near 1 the generator learns nothing any more. A gradient norm that jumps or "
    "vanishes shows trouble before pictures do.",
    (
        Kind("Losses: {phase}", rf"{PHASE}(?!accuracy_|gradient_norm$|skipped$)[^/]+"),
        Kind("Discriminator accuracy: {phase}", rf"{PHASE}accuracy_[^/]+"),
        Kind("Gradient norms", rf"{PHASE}gradient_norm", logarithmic=True),
        Kind("Share of updates skipped", rf"{PHASE}skipped"),
        Kind("Learning rate", r"learning_rate"),
        Kind("Images per second", r"images_per_second"),
    ),
)
HEALTH = Group(
    "Health",
    "A few held-out photos, translated now and then. Diversity: how far translations of different "
    "photos lie apart, as a share of how far photos do; near 0 all look alike. Luminance: whether "
    "bright stays bright; below 0 they are negatives. Change: how far a translation is from its "
    "photo (2 is black against white). Returned: how far the way there and back ends from the "
    "photo. Hidden: how much farther under noise that nobody sees; much of it means that the photo "
    "is hidden in a faint pattern.",
    tuple(
        Kind(name.capitalize(), rf"health/{name}(?:_true)?_[ab]_to_[ab]")
        for name in ("diversity", "luminance", "change", "returned", "hidden")
    ),
)
OTHERS = Group("More", "", (Kind("{name}", r"(?P<name>.+)"),))
KNOWN = {"step", "epoch"}


def curves(journal: JournalLines, marks: Sequence[Event] = ()) -> Html:
    """Draw all curves of one run, under their headings."""

    def draw(title: str, names: Sequence[str], logarithmic: bool) -> list[Html]:
        lines = [
            Line(short, *journal.series(name))
            for name, short in zip(names, _short(names), strict=True)
        ]
        return [chart(title, lines, marks, logarithmic=logarithmic)]

    return _draw_groups([journal], draw)


def overlaid(runs: Mapping[str, JournalLines]) -> Html:
    """Draw the curves of several runs: one picture for each measure, one line for each run."""

    def draw(title: str, names: Sequence[str], logarithmic: bool) -> list[Html]:
        return [
            chart(
                _titled(title, short, len(names)),
                [Line(run, *found) for run, j in runs.items() if (found := j.series(name))[0]],
                logarithmic=logarithmic,
            )
            for name, short in zip(names, _short(names), strict=True)
        ]

    return _draw_groups(list(runs.values()), draw)


def measurements(runs: Mapping[str, JournalLines], marks: Sequence[Event] = ()) -> list[Html]:
    """Draw what was measured on held-out photos: a picture for each measure, the best marked."""
    found = dict.fromkeys(m.measure for journal in runs.values() for m in journal.measurements)
    pictures = []
    for measure in found:
        lines, events = [], list(marks)
        for run, journal in runs.items():
            taken = [m for m in journal.measurements if m.measure == measure]
            name, whose = (measure, "") if len(runs) == 1 else (run, f"{run}: ")
            lines.append(Line(name, [m.step for m in taken], [m.value for m in taken]))
            best = next((m for m in reversed(taken) if m.is_best), None)
            if best:
                words = f"{whose}best: {figure(best.value)} after epoch {best.epoch:g}"
                events.append(Event(best.step, words, "best"))
        pictures.append(chart(f"Held-out photos: {measure}", lines, events))
    return pictures


def alarm_marks(alarms: Sequence[AlarmLine], run: str = "") -> list[Event]:
    """Mark alarms on the time line."""
    whose = f"{run}: " if run else ""
    return [Event(alarm.step, f"{whose}alarm: {alarm.name}") for alarm in alarms]


Draw = Callable[[str, Sequence[str], bool], list[Html]]


def _draw_groups(journals: Sequence[JournalLines], draw: Draw) -> Html:
    seen = dict.fromkeys(name for journal in journals for name in journal.names())
    names = [name for name in seen if name not in KNOWN]
    parts = ""
    for group in (TRAINING, HEALTH, OTHERS):
        pictures: list[Html] = []
        for kind in group.kinds:
            found = _find(kind, names)
            for title, chosen in found.items():
                names = [name for name in names if name not in chosen]
                pictures += draw(title, chosen, kind.logarithmic)
        if pictures:
            parts += heading(group.title) + (text(group.words) if group.words else "")
            parts += side_by_side(*pictures)
    return Html(parts)


def _find(kind: Kind, names: Sequence[str]) -> dict[str, list[str]]:
    """Find what belongs into pictures of a kind: title -> names."""
    found: dict[str, list[str]] = {}
    for name in names:
        if match := re.fullmatch(kind.pattern, name):
            found.setdefault(kind.title.format(**match.groupdict()), []).append(name)
    return found


def _titled(title: str, short: str, count: int) -> str:
    """Say in a title which of a picture's curves is meant, without saying anything twice."""
    if count == 1:
        return title
    return short if short.startswith(title.lower()) else f"{title}: {short}"


def _short(names: Sequence[str]) -> list[str]:
    """Leave out of names what the title of their picture says: their phase, or else their end."""
    ends = [name.rpartition("/")[2] for name in names]
    return ends if len(set(ends)) == len(ends) else [name.partition("/")[0] for name in names]
