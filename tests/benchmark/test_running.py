import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.launching import tiny_recipe
from translate.benchmark.running import (
    _count_differences,
    compare_runs,
    measure_killed,
    measure_processes,
    measure_saving,
    measure_watching,
)
from translate.recipe import load_recipe


def test_trees_are_compared_bit_by_bit() -> None:
    one = {"a": torch.ones(2), "b": [1, (2, None)], "c": "x"}

    assert _count_differences(one, {"a": torch.ones(2), "b": [1, (2, None)], "c": "x"}) == 0
    assert _count_differences(one, {"a": torch.ones(2) * 2, "b": [1, (3, None)], "d": "x"}) == 4


def test_saving_is_timed_with_all_that_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = measure_saving(load_recipe(recipe(tmp_path), {}), saves=2)

    assert result["seconds"] >= 0
    assert result["percent_of_training"] == pytest.approx(result["seconds"] / 6, abs=2e-3)
    assert not [file for file in tmp_path.iterdir() if file.name not in {"photos", NAME}]


NAME = "cyclegan_tiny.yaml"


def recipe(folder: Path, **training: object) -> Path:
    """A recipe whose name begins with its method, as those in configs do."""
    return tiny_recipe(folder, **training).rename(folder / NAME)


def test_the_shares_of_health_and_saving_are_those_of_a_whole_run(tmp_path: Path) -> None:
    result = measure_watching(load_recipe(recipe(tmp_path, log_every_steps=100), {}))

    assert 0 < result["saving_percent"] < 100
    assert 0 <= result["health_percent"] < 100


@pytest.mark.slow
def test_two_processes_are_raced_against_one(tmp_path: Path) -> None:
    result = measure_processes(recipe(tmp_path, epochs=1000), [], turns=1, steps=8)

    assert result["images_per_second"].keys() == {1, 2}
    assert result["ratio"] > 0


@pytest.mark.slow
def test_a_run_killed_five_times_ends_bit_equal_to_one_that_never_was(tmp_path: Path) -> None:
    """SIGKILL at random moments, saving, validating and writing bundles among them."""
    file = recipe(
        tmp_path,
        epochs=60,
        save_every_steps=3,
        validate_every_epochs=5,
        validate_photos=4,
        sample_every_epochs=20,
        workers=1,
        measure="l1",
    )
    text = file.read_text().replace("test_px: 24", "test_px: 24\n  test_is_paired: true")
    file.write_text(text.replace("pool_size: 2", "pool_size: 3"))

    result = measure_killed(file, [], kills=5, seed=1)

    assert result["while_it_ran"] >= 3, result
    assert result["different_values_in_state"] == 0, result
    assert result["different_files"] == 0, result
    assert result["files"] >= 6  # bundle, bundle_best and sample grids
    assert result["journals_are_equal"], result


def test_what_differs_between_two_runs_is_counted(tmp_path: Path) -> None:
    for name in ("one", "two"):
        state = tmp_path / name / "state" / "step_00000001"
        state.mkdir(parents=True)
        torch.save({"weight": torch.zeros(2)}, state / "state.pt")
        line = {"step": 1, "loss": 1.0, "images_per_second": 3.0 if name == "one" else 4.0}
        (tmp_path / name / "journal.jsonl").write_text(json.dumps(line) + "\n")
    assert not any(compare_runs(tmp_path / "one", tmp_path / "two")[k] for k in DIFFERENCES)

    shutil.rmtree(tmp_path / "two" / "state")
    (tmp_path / "two" / "samples").mkdir()
    (tmp_path / "two" / "samples" / "x.png").write_bytes(b"")
    state = tmp_path / "two" / "state" / "step_00000001"
    state.mkdir(parents=True)
    torch.save({"weight": torch.ones(2)}, state / "state.pt")
    (tmp_path / "two" / "journal.jsonl").write_text('{"step": 1, "loss": 2.0}\n')

    result = compare_runs(tmp_path / "one", tmp_path / "two")
    assert [result[k] for k in DIFFERENCES] == [1, 1]
    assert not result["journals_are_equal"]


DIFFERENCES = ("different_values_in_state", "different_files")
