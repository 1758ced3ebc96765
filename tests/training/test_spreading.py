"""Runs spread over processes and machines, by every launcher, and what happens when one dies."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from safetensors.torch import load_file

from tests.launching import (
    ROOT,
    SCRIPT,
    finish,
    free_port,
    launch,
    place_of,
    tiny_recipe,
    wait_for_step,
)
from translate.training.journal import read_numbers
from translate.training.state import list_states

pytestmark = pytest.mark.slow

TORCHRUN = ("-m", "torch.distributed.run")
Running = tuple[Path, "list[subprocess.Popen[str]]"]
ACCELERATE = ("-m", "accelerate.commands.launch")
CPUS = ("--config_file", ROOT / "configs" / "accelerate" / "multi_cpu.yaml")


def photos_per_step(run: Path) -> int:
    position = json.loads((list_states(run / "state")[-1] / "position.json").read_text())
    return int(position["facts"]["photos per step"])


def expect_same_weights(one: Path, other: Path) -> None:
    """Compare bundles; a bias before a norm learns from rounding alone, and is left out."""
    for direction in ("a_to_b", "b_to_a"):
        weights = [load_file(run / "bundle" / f"{direction}.safetensors") for run in (one, other)]
        for name, value in weights[0].items():
            if value.ndim > 1:
                assert (value - weights[1][name]).abs().max() < 1e-5, name


def test_accelerate_launch_and_two_machines_learn_what_one_process_learns(tmp_path: Path) -> None:
    """One process of 2; two of 1 by `accelerate launch`; two machines by it, and by torchrun."""
    recipe = tiny_recipe(tmp_path)
    words = (SCRIPT, "--config", recipe, "--run-folder")
    small = ("--training.batch-size", 1)

    assert finish(launch(*words, tmp_path / "one"))[0] == 0
    two = launch(*ACCELERATE, *CPUS, *words, tmp_path / "two", *small)
    code, _, errors = finish(two)
    assert code == 0, errors
    address = ("--main_process_ip", "127.0.0.1", "--main_process_port", free_port())
    together = ("--num_machines", 2, "--num_processes", 2, *address, "--machine_rank")
    machines = [
        launch(*ACCELERATE, *CPUS, *together, n, *words, tmp_path / "machines", *small)
        for n in (0, 1)
    ]
    assert [finish(machine)[0] for machine in machines] == [0, 0]
    place = ("--nnodes", 2, "--nproc_per_node", 1, "--master_addr", "127.0.0.1")
    place = (*place, "--master_port", free_port(), "--node_rank")
    nodes = [launch(*TORCHRUN, *place, n, *words, tmp_path / "nodes", *small) for n in (0, 1)]
    assert [finish(node)[0] for node in nodes] == [0, 0]

    for name in ("two", "machines", "nodes"):
        assert photos_per_step(tmp_path / name) == 2
        expect_same_weights(tmp_path / "one", tmp_path / name)


def test_a_run_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    """Epochs 1 and 2 on one process, then 3 and 4 on two: as if it had been one throughout."""
    recipe = tiny_recipe(tmp_path, decay_epochs=0)
    words = (SCRIPT, "--config", recipe, "--run-folder")
    longer = ("--training.epochs", 4)
    assert finish(launch(*words, tmp_path / "straight", *longer))[0] == 0
    assert finish(launch(*words, tmp_path / "moved"))[0] == 0

    resumed = (*words, tmp_path / "moved", *longer, "--resume", "latest")
    two = launch(*TORCHRUN, "--nproc_per_node", 2, *resumed, "--training.batch-size", 1)
    code, _, errors = finish(two)

    assert code == 0, errors
    assert "training.batch_size: was 2, is now 1" in errors
    steps = [line["step"] for line in read_numbers(tmp_path / "moved" / "journal.jsonl")]
    assert steps == list(range(1, 9))
    expect_same_weights(tmp_path / "straight", tmp_path / "moved")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Running]:
    """Two processes at work, each as if on a machine of its own, without any launcher."""
    recipe = tiny_recipe(tmp_path, epochs=100_000, batch_size=1, save_every_steps=3)
    port = free_port()
    words = (SCRIPT, "--config", recipe, "--run-folder", tmp_path / "run")
    processes = [launch(*words, **place_of(rank, port)) for rank in (0, 1)]
    wait_for_step(tmp_path / "run", 5)
    yield tmp_path / "run", processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.mark.parametrize("victim", [0, 1])
def test_when_one_is_killed_the_other_ends_with_a_message(pair: Running, victim: int) -> None:
    run, processes = pair
    begun = time.monotonic()
    processes[victim].kill()

    code, _, errors = finish(processes[1 - victim], seconds=60)

    assert code == 2
    assert time.monotonic() - begun < 60
    assert f"error in process {1 - victim}" in errors or victim == 1
    assert "has ended" in errors or "has given no sign" in errors
    assert "--resume latest" in errors
    assert "Traceback" not in errors
    assert list_states(run / "state")


@pytest.mark.parametrize(
    ("victim", "said"),
    [
        (1, "process 1 has given no sign of life for"),
        (0, "process 0 has not answered for"),  # it also keeps what they talk through
    ],
)
def test_when_one_falls_silent_the_other_does_not_wait_for_ever(
    pair: Running, victim: int, said: str
) -> None:
    """Stopped like this, a process keeps its connections open: no operation ever fails."""
    _, processes = pair
    begun = time.monotonic()
    processes[victim].send_signal(signal.SIGSTOP)

    code, _, errors = finish(processes[1 - victim], seconds=90)

    assert code == 2
    assert said in errors
    assert time.monotonic() - begun < 60


def test_when_one_fails_the_other_repeats_why(pair: Running) -> None:
    run, processes = pair
    next((run.parent / "photos" / "trainB").iterdir()).write_bytes(b"no photo any more")

    ended = [finish(process, seconds=60) for process in processes]

    assert [code for code, _, _ in ended] == [2, 2]
    for _, _, errors in ended:  # its own, or that of the other
        assert "photos/trainB/" in errors
        assert "is not an image" in errors
        assert "Traceback" not in errors


def test_one_wish_to_stop_stops_both_at_one_step_and_both_go_on(pair: Running) -> None:
    run, processes = pair
    processes[1].send_signal(signal.SIGTERM)

    ended = [finish(process, seconds=60) for process in processes]

    assert [code for code, _, _ in ended] == [130, 130]
    position = json.loads((list_states(run / "state")[-1] / "position.json").read_text())
    assert position["position"]["step"] == read_numbers(run / "journal.jsonl")[-1]["step"]


def test_a_launcher_that_is_told_to_end_does_not_leave_the_run_behind(tmp_path: Path) -> None:
    """`accelerate launch` itself ends without a word to what it started."""
    recipe = tiny_recipe(tmp_path, epochs=100_000)
    run = tmp_path / "run"
    launcher = launch(*ACCELERATE, SCRIPT, "--config", recipe, "--run-folder", run)
    wait_for_step(run, 5)

    launcher.send_signal(signal.SIGTERM)
    out = launcher.communicate(timeout=60)[0]  # until what it started has ended too

    assert "Stopped; everything is saved." in out
    position = json.loads((list_states(run / "state")[-1] / "position.json").read_text())
    assert position["position"]["step"] == read_numbers(run / "journal.jsonl")[-1]["step"]
