"""`report.html`: what a run's folder tells, as one page that opens from disk."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from translate.evidence.curves import alarm_marks, curves, measurements
from translate.evidence.evaluation_tables import evaluation_section
from translate.evidence.journal_lines import AlarmLine
from translate.evidence.run_facts import describe_run, describe_settings, describe_state, tell_data
from translate.evidence.run_files import JOURNAL, RunFiles, open_run
from translate.evidence.sample_figures import grid_film, sliders
from translate.pages import (
    Html,
    Page,
    bullets,
    facts,
    folded,
    heading,
    note,
    side_by_side,
    table,
    text,
)

REPORT = "report.html"
MOST_ALARMS = 50
NO_CURVES = (
    "There are no curves yet: the run has not reached the first line of its journal, which it "
    "writes every training.log_every_steps."
)
NO_MEASURES = (
    "The run measures nothing on held-out photos: training.validate_every_epochs is not set, or no "
    "such epoch has ended yet."
)
NO_EVALUATION = (
    "The run's folder holds no evaluation. photo-translate evaluate --model RUN/bundle --data "
    "FOLDER --json RUN/evaluation.json makes one; photo-translate report RUN then shows it here."
)
NO_SCORES = (
    "The folder holds no scores of the discriminators: they are drawn beside sample grids since "
    "photo-translate writes report.html, and only for photos that the discriminators can take."
)
NO_ENVIRONMENT = "It was not noted on which machine the run was trained, as by earlier versions."


def write_run_report(folder: Path) -> Path:
    """Write a run's page into its folder, from what lies there alone.

    Raises:
        TrainingError: The folder is no run.
        DataError: The page cannot be written.
    """
    run = open_run(folder)
    title = str(run.setting("name") or run.name)
    page = Page(title, describe_state(run))
    page.section("What was trained", *_trained(run))
    page.section("Health", *_health(run))
    page.section(
        "Samples",
        text("The same held-out photos, translated anew as training went on. Epoch 0 is before."),
        grid_film(run.grids),
        sliders(run.grids),
    )
    page.section("Curves", *_curves(run))
    page.section("What the discriminators see", *_scores(run))
    page.section("Evaluation", *_evaluations(run))
    page.section("Environment", *_environment(run.environment))
    file = folder / REPORT
    page.write(file)
    return file


def _trained(run: RunFiles) -> Iterator[Html]:
    yield facts(describe_run(run))
    if told := tell_data(run):
        yield text(told)
    if run.faults:
        yield bullets(run.faults)
    blocks = describe_settings(run.recipe)
    if blocks:
        tables = (
            Html(heading(block) + table(["setting", "value"], settings))
            for block, settings in blocks.items()
        )
        yield folded("Every setting", side_by_side(*tables, least_px=300))
    else:
        yield text("The run's settings are not known: recipe.yaml is missing or cannot be read.")


def _health(run: RunFiles) -> Iterator[Html]:
    alarms = run.journal.alarms
    if not alarms:
        yield note("No alarm was raised.", "good" if run.journal.numbers else "hint")
        return
    yield note(f"{len(alarms)} alarm{'s were' if len(alarms) > 1 else ' was'} raised.", "warning")
    yield bullets([_in_words(alarm) for alarm in alarms[:MOST_ALARMS]])
    if (more := len(alarms) - MOST_ALARMS) > 0:
        yield text(f"{more} more are in {JOURNAL}.")


def _in_words(alarm: AlarmLine) -> str:
    went = "" if alarm.came_from is None else f" The run went back from step {alarm.came_from:g}."
    return f"Step {alarm.step:g}, epoch {alarm.epoch:g}: {alarm.name}: {alarm.says}{went}"


def _curves(run: RunFiles) -> Iterator[Html]:
    marks = alarm_marks(run.journal.alarms)
    pictures = measurements({run.name: run.journal}, marks)
    yield side_by_side(*pictures) if pictures else text(NO_MEASURES)
    yield curves(run.journal, marks) if run.journal.numbers else text(NO_CURVES)


def _scores(run: RunFiles) -> Iterator[Html]:
    if run.scores:
        yield text(
            "How real each patch looks to the discriminator of its domain: red it calls real, blue "
            "translated. In a fair game photos and translations both show some of each. Where blue "
            "gathers, a translation gives itself away; where all of it is blue, the generator "
            "learns little any more."
        )
    yield grid_film(run.scores, NO_SCORES)


def _evaluations(run: RunFiles) -> Iterator[Html]:
    words = {way: run.direction(way) for way in ("a_to_b", "b_to_a")}
    for name, values in run.evaluations.items():
        if len(run.evaluations) > 1:
            yield heading(f"{name}.json")
        yield evaluation_section(values, words)
    if not run.evaluations:
        yield text(NO_EVALUATION)


def _environment(environment: Mapping[str, Any]) -> Iterator[Html]:
    starts = [start for start in environment.get("starts", []) if isinstance(start, dict)]
    if not starts:
        yield text(NO_ENVIRONMENT)
        return
    yield facts({_title(name): _plain(value) for name, value in starts[-1].items()})
    if len(starts) > 1:
        yield _started_again(starts)


def _started_again(starts: list[dict[str, Any]]) -> Html:
    names = dict.fromkeys(name for start in starts for name in start)
    differing = [n for n in names if len({str(start.get(n)) for start in starts}) > 1]
    told = f"The run was started {len(starts)} times"
    if not differing:
        return text(f"{told}, alike.")
    rows = [[_plain(start.get(name, "")) for name in differing] for start in starts]
    return folded(f"{told}; what differed", table([_title(n) for n in differing], rows))


def _title(name: str) -> str:
    return {"at": "started (UTC)", "after_step": "started after step"}.get(name, name)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
