"""What was trained, on what, and how far it came: in words."""

import math
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from statistics import median
from typing import Any

from translate.evidence.run_files import RunFiles
from translate.pages import figure
from translate.pages.tables import Cell

UNKNOWN = "not known"


def describe_state(run: RunFiles) -> str:
    """Say in a sentence or two what a run is and how far it came."""
    method = str(run.setting("method.name") or "A run")
    ways = run.model.get("directions")
    ways = list(ways) if isinstance(ways, Mapping) and ways else ["a_to_b"]
    what = " and ".join(run.direction(str(way)) for way in ways)
    return f"{method}, {what}. {_progress(run)}"


def _progress(run: RunFiles) -> str:
    wanted = run.count("training.epochs", 0)
    of = f" of {wanted}" if wanted else ""
    bundle = run.models.get("bundle", {}).get("facts")
    epochs = bundle.get("epochs") if isinstance(bundle, Mapping) else None
    if isinstance(epochs, int):
        if wanted and epochs < wanted:
            return f"It ended after {epochs}{of} epochs; --resume latest goes on."
        return f"It is finished: {epochs} epochs."
    last = run.journal.last("epoch")
    if math.isnan(last):
        return "It has only begun, or its journal is gone."
    return f"It is not finished: the journal ends in epoch {int(last) + 1}{of}."


def describe_run(run: RunFiles) -> dict[str, object]:
    """List what was trained and on what: name -> value."""
    known = run.model.get("facts")
    known = known if isinstance(known, Mapping) else {}
    photos = run.environment.get("photos")
    photos = photos if isinstance(photos, Mapping) else {}
    facts: dict[str, object] = {
        "method": run.setting("method.name") or run.model.get("method") or UNKNOWN,
        "domains": f"{run.domain('a')} (a) and {run.domain('b')} (b)",
        "data set": known.get("dataset", UNKNOWN),
        "licence of the photos": known.get("licence", UNKNOWN),
        "items to learn from": photos.get("training", UNKNOWN),
        "items held out": photos.get("held out", UNKNOWN),
        "side of the squares": f"{run.setting('data.crop_px') or '?'} px",
        "photos per step": run.count("training.batch_size", 1) * _processes(run),
        "steps": figure(_steps(run)),
        "time spent learning": _duration(run),
        "images per second": figure(_speed(run)),
    }
    if best := run.journal.best():
        facts["best measurement"] = (
            f"{best.measure} {figure(best.value)} after epoch {best.epoch:g}, in bundle_best"
        )
    return facts


def tell_data(run: RunFiles) -> str:
    """Say about the photos what was said at the start; nothing where it was not noted."""
    photos = run.environment.get("photos")
    told = photos.get("in words", "") if isinstance(photos, Mapping) else ""
    return str(told)


def describe_settings(recipe: Mapping[str, Any]) -> dict[str, list[list[Cell]]]:
    """List every setting of a recipe but its name, by block: rows of its key and its value."""
    blocks: dict[str, list[list[Cell]]] = {}
    for key, value in flatten(recipe).items():
        block, dot, rest = key.partition(".")
        if dot:
            blocks.setdefault(block, []).append([rest, shown(value)])
    return blocks


def flatten(values: object, prefix: str = "") -> dict[str, object]:
    """Write nested settings as dotted keys."""
    if not isinstance(values, Mapping) or not values:
        return {prefix.removesuffix("."): values} if prefix else {}
    flat: dict[str, object] = {}
    for key, value in values.items():
        flat |= flatten(value, f"{prefix}{key}.")
    return flat


def shown(value: object) -> Cell:
    """Show a setting as YAML would; of a whole path only the end, for pages are handed on."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return ", ".join(str(shown(part)) for part in value) or "none"
    words = str(value)
    for path in (PurePosixPath(words), PureWindowsPath(words)):
        if path.is_absolute() or words.startswith("~"):
            return f".../{path.name}"
    return words


def _processes(run: RunFiles) -> int:
    starts = run.environment.get("starts") or [{}]
    count = starts[-1].get("processes") if isinstance(starts[-1], Mapping) else None
    return count if isinstance(count, int) and count > 0 else 1


def _steps(run: RunFiles) -> float:
    last = run.journal.last("step")
    return last if math.isnan(last) else int(last)


def _speed(run: RunFiles) -> float:
    """Return the median over the journal: one line may have had to share the machine."""
    speeds = [v for v in run.journal.series("images_per_second")[1] if math.isfinite(v)]
    return median(speeds) if speeds else math.nan


def _duration(run: RunFiles) -> str:
    """Add up how long the journal's steps took; drawing, measuring and saving are not in it."""
    photos = run.count("training.batch_size", 1) * _processes(run)
    seconds, before = 0.0, 0.0
    for line in run.journal.numbers:
        speed = line.get("images_per_second", math.nan)
        if speed > 0:
            seconds += (line["step"] - before) * photos / speed
        before = line["step"]
    if seconds <= 0:
        return UNKNOWN
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
