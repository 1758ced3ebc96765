from pathlib import Path

import pytest

from tests.run_toys import evaluation, write_run
from translate.errors import TrainingError
from translate.evidence.run_files import open_run

# Nine lists, each of which holds the one before it nine times.
LAUGHS = "l0: &l0 [x]\n" + "".join(
    f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, 9)
)


def test_all_that_a_finished_run_left_is_found(tmp_path: Path) -> None:
    run = open_run(write_run(tmp_path / "snow"))

    assert run.name == "snow"
    assert (run.domain("a"), run.direction("b_to_a")) == ("summer", "winter to summer")
    assert run.setting("method.cycle_weight") == 10
    assert run.setting("method.nothing.at.all") is None
    assert (list(run.grids), list(run.scores)) == ([0, 2, 4], [0, 2, 4])
    assert run.model["facts"]["licence"] == "CC0"
    assert run.environment["photos"]["training"] == 40
    assert run.faults == []


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"is no run: it holds neither recipe\.yaml nor"):
        open_run(tmp_path)
    with pytest.raises(TrainingError, match=r"nowhere: is no run: it is no folder\. Name the"):
        open_run(tmp_path / "nowhere")


@pytest.mark.parametrize("only", ["recipe.yaml", "journal.jsonl"])
def test_either_a_recipe_or_a_journal_makes_a_run(tmp_path: Path, only: str) -> None:
    (tmp_path / only).write_text("{}\n")

    run = open_run(tmp_path)

    assert (run.models, run.grids, run.evaluations) == ({}, {}, {})
    assert run.model == {}


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("recipe.yaml", "a: [", "is not valid YAML"),
        ("recipe.yaml", LAUGHS, "holds far more than a recipe does"),
        ("journal.jsonl", "nonsense\n", "journal.jsonl: 1 of its lines cannot be read"),
        ("bundle/model.json", "{", "model.json: cannot be read"),
        ("bundle/model.json", "[1]", "it holds no object"),
        ("evaluation.json", "[" * 100_000, "evaluation.json: cannot be read"),
        ("evaluation.json", "\xff", "evaluation.json: cannot be read"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_there(
    tmp_path: Path, file: str, content: str, told: str
) -> None:
    folder = write_run(tmp_path / "snow")
    (folder / file).write_text(content, encoding="latin-1")

    run = open_run(folder)

    assert any(told in fault for fault in run.faults)
    assert list(run.grids) == [0, 2, 4]


def test_evaluations_are_found_by_name(tmp_path: Path) -> None:
    import json

    folder = write_run(tmp_path / "snow")
    for name in ("evaluation", "evaluation_best"):
        (folder / f"{name}.json").write_text(json.dumps(evaluation()))

    assert list(open_run(folder).evaluations) == ["evaluation", "evaluation_best"]


def test_settings_that_are_no_counts_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("training: {batch_size: -1, epochs: many, seed: 3}")

    run = open_run(tmp_path)

    assert run.count("training.batch_size", 1) == 1
    assert run.count("training.epochs", 0) == 0
    assert run.count("training.seed", 1) == 3
