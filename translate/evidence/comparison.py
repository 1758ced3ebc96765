"""Several runs on one page: curves overlaid, tables side by side, the same photos through all."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.errors import ConfigError
from translate.evidence.compared_evaluations import compared_evaluations
from translate.evidence.curves import measurements, overlaid
from translate.evidence.model_pictures import Subjects, Which, same_photos
from translate.evidence.run_facts import describe_run, flatten, shown
from translate.evidence.run_files import RunFiles, open_run
from translate.evidence.sample_figures import grid_film
from translate.pages import Html, Page, heading, side_by_side, table, text

EVALUATE = (
    "None of the runs holds an evaluation. photo-translate evaluate --model RUN/bundle --data "
    "FOLDER --json RUN/evaluation.json makes one; evaluate all of them alike."
)
NO_PHOTOS = (
    "No photos were given to translate (--photos FOLDER), and those that the first run held out "
    "are not to be found; these are the runs' own sample grids, which may show other photos."
)


def write_comparison(
    folders: Sequence[Path], file: Path, subjects: Subjects | None = None, which: Which = "last"
) -> Path:
    """Write one page about several runs.

    Args:
        folders: Of the runs, two at least.
        subjects: Photos to translate with the model of each; None: their sample grids are shown.
        which: With the model of the last step, or with that of the best measurement.

    Raises:
        ConfigError: There are fewer than two runs, or one is named twice.
        TrainingError: A folder is no run.
        DataError: The page cannot be written.
    """
    runs = open_runs(folders)
    names = list(runs)
    page = Page(f"{len(names)} runs compared", ", ".join(names))
    page.section("The runs", *_facts(runs))
    page.section("Settings that differ", _differing(runs))
    page.section("The same photos", *_pictures(runs, subjects, which))
    page.section("Evaluations", *_evaluations(runs))
    page.section("Curves", *_curves(runs))
    page.write(file)
    return file


def open_runs(folders: Sequence[Path]) -> dict[str, RunFiles]:
    """Open runs, each under a name of its own: its folder's, and as much before it as it takes.

    Raises:
        ConfigError: There are fewer than two, or one is named twice.
        TrainingError: A folder is no run.
    """
    places = [folder.resolve() for folder in folders]
    if len(places) < 2:
        raise ConfigError(
            f"A comparison takes two runs or more, got {len(places)}. Name their folders, such as "
            "runs/cyclegan_sample runs/cyclegan_sample-2; about one run there is report.html."
        )
    if twice := [str(f) for f, p in zip(folders, places, strict=True) if places.count(p) > 1]:
        raise ConfigError(f"{twice[0]}: is named twice. Name each run once.")
    runs = [open_run(folder) for folder in folders]
    parts = 1
    while len({_name(place, parts) for place in places}) < len(places):
        parts += 1
    return {_name(place, parts): run for place, run in zip(places, runs, strict=True)}


def _name(place: Path, parts: int) -> str:
    return "/".join(place.parts[-parts:])


def _facts(runs: Mapping[str, RunFiles]) -> Iterator[Html]:
    described = {name: describe_run(run) for name, run in runs.items()}
    keys = dict.fromkeys(key for values in described.values() for key in values)
    rows = [[key, *(str(v.get(key, "")) for v in described.values())] for key in keys]
    alarms = ["alarms", *(str(len(run.journal.alarms)) for run in runs.values())]
    yield table(["", *described], [*rows, alarms])
    for name, run in runs.items():
        for fault in run.faults:
            yield text(f"{name}: {fault}")


def _differing(runs: Mapping[str, RunFiles]) -> Html:
    settings = [flatten(run.recipe) for run in runs.values()]
    keys = dict.fromkeys(key for values in settings for key in values if key != "name")
    missing = object()
    rows = [
        [key, *(shown(values[key]) if key in values else "not set" for values in settings)]
        for key in keys
        if any(values.get(key, missing) != settings[0].get(key, missing) for values in settings)
    ]
    if not rows:
        return text("Their recipes say the same, but for the names.")
    return table(["setting", *runs], rows)


def _pictures(
    runs: Mapping[str, RunFiles], subjects: Subjects | None, which: Which
) -> Iterator[Html]:
    if subjects is not None:
        yield from same_photos(runs, subjects, which)
        return
    yield text(NO_PHOTOS)
    yield side_by_side(*(Html(heading(name) + grid_film(run.grids)) for name, run in runs.items()))


def _evaluations(runs: Mapping[str, RunFiles]) -> Iterator[Html]:
    found: dict[str, Mapping[str, Any]] = {
        name if len(run.evaluations) == 1 else f"{name}: {file}": values
        for name, run in runs.items()
        for file, values in run.evaluations.items()
    }
    if not found:
        yield text(EVALUATE)
        return
    if without := [name for name, run in runs.items() if not run.evaluations]:
        yield text(f"Not evaluated: {', '.join(without)}.")
    words = {way: next(iter(runs.values())).direction(way) for way in ("a_to_b", "b_to_a")}
    yield from compared_evaluations(found, words)


def _curves(runs: Mapping[str, RunFiles]) -> Iterator[Html]:
    journals = {name: run.journal for name, run in runs.items()}
    pictures = measurements(journals)
    if pictures:
        yield side_by_side(*pictures)
    if any(journal.numbers for journal in journals.values()):
        yield overlaid(journals)
    else:
        yield text("None of the runs has reached the first line of its journal.")
