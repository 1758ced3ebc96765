import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.run_toys import ALARM, evaluation, journal_lines, write_run
from translate.errors import DataError, TrainingError
from translate.evidence.run_facts import describe_settings, shown
from translate.evidence.run_report import write_run_report

HOSTILE = '"><script>alert(1)</script>'


def report(folder: Path) -> str:
    return write_run_report(folder).read_text(encoding="utf-8")


def test_the_page_tells_what_was_trained_and_on_what(tmp_path: Path) -> None:
    told = report(write_run(tmp_path / "snow"))

    assert "<title>snow</title>" in told
    assert "cyclegan, summer to winter and winter to summer. It is finished: 4 epochs." in told
    for fact in ("Seasons", "CC0", "16 px", "200", "kid 0.018 after epoch 1", "a quick one"):
        assert f"<dd>{fact}" in told
    assert "40 photos of summer and of winter" in told
    assert '<th scope="row">cycle_weight</th>' in told


def test_the_page_shows_curves_samples_scores_and_health(tmp_path: Path) -> None:
    told = report(write_run(tmp_path / "snow"))

    assert told.count('<figure class="chart">') == 9
    assert told.count('<figure class="film"') == 2
    assert told.count('<figure class="before-after"') == 4
    assert "No alarm was raised." in told


def test_alarms_are_listed_with_their_sentences(tmp_path: Path) -> None:
    lines = [*journal_lines(), ALARM, ALARM | {"step": 90, "rolled_back_from_step": 120}]

    told = report(write_run(tmp_path / "snow", lines=lines))

    assert "2 alarms were raised." in told
    assert "Step 60, epoch 2: collapse/a_to_b: translations of different photos are" in told
    assert "Step 90" in told
    assert "The run went back from step 120." in told


def test_an_evaluation_in_the_folder_is_shown(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    assert "holds no evaluation" in report(folder)

    (folder / "evaluation.json").write_text(json.dumps(evaluation(42.0)))

    told = report(folder)
    assert "summer to winter (a_to_b)" in told
    assert "42.0<small>37.0 to 47.0</small>" in told


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (["recipe.yaml"], "It has only begun, or its journal is gone."),
        (["journal.jsonl"], "recipe.yaml is missing or cannot be read"),
        (["journal.jsonl", "recipe.yaml"], "It is not finished: the journal ends in epoch 4 of 4."),
        (["recipe.yaml"], "has not reached the first line of its journal"),
        (["recipe.yaml"], "holds no sample grids"),
        (["recipe.yaml"], "holds no scores of the discriminators"),
        (["recipe.yaml"], "It was not noted on which machine"),
        (["recipe.yaml"], "measures nothing on held-out photos"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(tmp_path: Path, keep: list[str], told: str) -> None:
    whole, part = write_run(tmp_path / "snow"), tmp_path / "part"
    part.mkdir()
    for name in keep:
        (part / name).write_bytes((whole / name).read_bytes())

    assert told in report(part)


def test_a_run_that_ended_early_says_how_to_go_on(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    recipe = folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("epochs: 4", "epochs: 9"))

    assert "It ended after 4 of 9 epochs; --resume latest goes on." in report(folder)


def test_nothing_in_a_folder_can_become_markup(tmp_path: Path) -> None:
    lines: list[Any] = [{"step": 1, "epoch": 0, "learning_rate": 1, HOSTILE: 1}]
    lines += [{"step": 1, "epoch": 0, "alarm": HOSTILE, "says": HOSTILE}]
    lines += [{"step": 1, "epoch": 0, "validation": HOSTILE, "value": 1, "is_best": True}]
    folder = write_run(tmp_path / "<snow>", lines=lines)
    row = {"direction": HOSTILE, "way": HOSTILE, "measure": HOSTILE, "value": 1}
    hostile = {"rows": [row], "protocol": {HOSTILE: HOSTILE}}
    (folder / "evaluation.json").write_text(json.dumps(hostile))
    (folder / "environment.json").write_text(
        json.dumps({"photos": {"in words": HOSTILE}, "starts": [{HOSTILE: [HOSTILE]}]})
    )
    (folder / "recipe.yaml").write_text(json.dumps({"name": HOSTILE, "method": {HOSTILE: HOSTILE}}))
    (folder / "bundle" / "model.json").write_text(json.dumps({"facts": {"licence": HOSTILE}}))

    told = report(folder)

    assert "alert(1)" in told
    assert HOSTILE not in told
    kinds = re.findall(r"<script(.*?)>", told)
    assert set(kinds) == {"", ' type="application/json"'}
    assert kinds.count("") == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"facts": 3, "directions": 3},
        {"facts": {"epochs": "x"}, "directions": ["<"]},
        {"facts": {"epochs": None}},
    ],
)
@pytest.mark.parametrize("starts", [[], [3], [{"processes": "many"}], [{}, {"a": {}}]])
def test_facts_of_another_shape_are_no_trouble(
    tmp_path: Path, facts: dict[str, Any], starts: list[Any]
) -> None:
    folder = write_run(tmp_path / "snow")
    (folder / "bundle" / "model.json").write_text(json.dumps(facts))
    (folder / "environment.json").write_text(json.dumps({"photos": 3, "starts": starts}))

    assert "What was trained" in report(folder)


def test_starts_on_different_machines_are_told_apart(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    starts = [{"after_step": s, "cpu": c, "python": "3"} for s, c in ((0, "slow"), (50, "quick"))]
    (folder / "environment.json").write_text(json.dumps({"starts": starts}))

    told = report(folder)

    assert "The run was started 2 times; what differed" in told
    assert '<th scope="col">cpu</th>' in told


def test_starts_that_were_alike_are_counted(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    (folder / "environment.json").write_text(json.dumps({"starts": [{"cpu": "slow"}] * 3}))

    assert "The run was started 3 times, alike." in report(folder)


def test_a_folder_that_is_no_run_is_refused_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is no run"):
        write_run_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_page_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    (folder / "report.html").mkdir()

    with pytest.raises(DataError, match=r"report\.html: could not be written"):
        write_run_report(folder)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "true"),
        (None, "none"),
        (0.0004, "0.0004"),
        ([0.5, 0.999], "0.5, 0.999"),
        ([], "none"),
        ("/home/me/photos", ".../photos"),
        ("C:\\Users\\me\\photos", ".../photos"),
        ("~/photos", ".../photos"),
        ("datasets/scenes", "datasets/scenes"),
    ],
)
def test_settings_are_shown_as_in_yaml_but_no_whole_path(value: object, told: str) -> None:
    assert shown(value) == told


def test_settings_are_listed_by_block() -> None:
    recipe = {"name": "x", "method": {"game": {"name": "y"}, "augment": {}}, "data": {"a": 1}}

    assert describe_settings(recipe) == {
        "method": [["game.name", "y"], ["augment", "{}"]],
        "data": [["a", "1"]],
    }
