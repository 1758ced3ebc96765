"""Two processes that are stopped or killed together go on, and end as two that never were."""

import math
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.launching import SCRIPT, finish, launch, tiny_recipe, wait_for_step
from tests.toys import TINY_METHOD
from tests.trainer_toys import differences, journal, last_state
from translate.benchmark.running import compare_runs
from translate.training.state import list_states

pytestmark = pytest.mark.slow

TWO = ("-m", "torch.distributed.run", "--nproc_per_node", 2)
EPOCHS, STEPS = 90, 180  # 4 photos of each domain, and each process sees one a step
Process = subprocess.Popen[str]


def write_recipe(folder: Path) -> Path:
    """Whatever a run may remember: pools, dropout, the best epoch, sums of half a journal line."""
    training = {"epochs": EPOCHS, "batch_size": 1, "log_every_steps": 2, "save_every_steps": 3}
    measured = {"validate_every_epochs": 30, "measure": "kid", "sample_every_epochs": 30}
    file = tiny_recipe(folder, **training, **measured)
    recipe = yaml.safe_load(file.read_text())
    generator = TINY_METHOD["generator"] | {"dropout": True}
    recipe["method"] |= {"pool_size": 3, "generator": generator, "augment": ["colour"]}
    file.write_text(yaml.safe_dump(recipe))
    return file


def start(recipe: Path, run: Path, *more: object) -> Process:
    return launch(*TWO, SCRIPT, "--config", recipe, "--run-folder", run, *more)


def end_well(process: Process) -> None:
    code, _, errors = finish(process)
    assert code == 0, errors


def workers_of(launcher: Process) -> list[int]:
    """Find what torchrun has started: each has a session of its own, so no group has them all."""
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def stop(launcher: Process) -> None:
    """Ask the launcher to end, as a scheduler does; it passes that on to both."""
    launcher.terminate()
    finish(launcher, seconds=60)


def kill(launcher: Process) -> None:
    """Kill the launcher and both processes, so that nobody can tell the others."""
    workers = workers_of(launcher)
    assert len(workers) == 2
    for pid in (launcher.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    finish(launcher, seconds=60)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two processes that nobody disturbed."""
    folder = tmp_path_factory.mktemp("straight")
    end_well(start(write_recipe(folder), folder / "run"))
    return folder


def test_the_straight_run_has_something_to_lose(straight: Path) -> None:
    """Or the tests below would prove nothing."""
    state = last_state(straight / "run")
    assert len(state["stepper"]["method"]["pool_a"]["images"]) == 3
    assert state["best"]["epoch"] is not None
    assert any((straight / "run" / "bundle_best").glob("*.safetensors"))
    assert journal(straight / "run")[-1]["step"] == STEPS


def test_two_processes_of_one_recipe_end_alike(straight: Path, tmp_path: Path) -> None:
    end_well(start(straight / "tiny.yaml", tmp_path / "run"))

    assert_same_runs(straight / "run", tmp_path / "run")


@pytest.mark.parametrize("end", [stop, kill])
def test_two_processes_that_go_on_end_as_two_that_never_stopped(
    straight: Path, tmp_path: Path, end: Callable[[Process], None]
) -> None:
    recipe, run = straight / "tiny.yaml", tmp_path / "run"
    launcher = start(recipe, run)
    wait_for_step(run, 31)
    end(launcher)
    assert 0 < last_step(run) < STEPS, "it was not disturbed in the middle"

    end_well(start(recipe, run, "--resume", "latest"))

    assert_same_runs(straight / "run", run)


def last_step(run: Path) -> int:
    return int(list_states(run / "state")[-1].name.removeprefix("step_"))


def assert_same_runs(straight: Path, other: Path) -> None:
    """Compare all that two runs left behind bit for bit; journals but for rounding.

    A state between two lines holds the mean of both processes' sums, so the line that follows is
    rounded otherwise.
    """
    assert differences(last_state(straight), last_state(other)) == []
    compared = compare_runs(straight, other)
    assert compared["different_values_in_state"] == 0
    assert compared["different_files"] == 0
    assert compared["files"] > 4
    lines = journal(straight), journal(other)
    assert len(lines[0]) == len(lines[1])
    for one, two in zip(*lines, strict=True):
        assert one.keys() == two.keys()
        for key in one:
            assert is_near(one[key], two[key]), f"step {one['step']}: {key}"


def is_near(one: Any, two: Any) -> bool:
    if isinstance(one, float):
        return math.isclose(one, two, rel_tol=1e-6, abs_tol=1e-6)
    return bool(one == two)
