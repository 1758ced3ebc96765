"""What does it cost to let a run be killed, watched and spread over processes?"""

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch

from translate.benchmark.training import noise
from translate.methods import load_method
from translate.phase import Channels
from translate.recipe import Recipe
from translate.recipe.run import run
from translate.training.devices import make_accelerator
from translate.training.journal import read_journal, read_numbers
from translate.training.keeper import Keeper
from translate.training.state import Position, list_states
from translate.training.stepper import Stepper
from translate.training.trainer import Trainer
from translate.training.watch import Watch

LINES = 8  # of a journal: the first quarter warms up
SCRIPTS = Path(__file__).parents[2] / "scripts"


def start(words: Sequence[object], processes: int = 1, threads: int = 1) -> "subprocess.Popen[str]":
    """Start a training script as a user would, on the CPU, in processes of so many threads."""
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
    told = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": str(threads)}
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, *(launcher if processes > 1 else []), *map(str, words)],
        env=os.environ | told,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: "subprocess.Popen[str]") -> None:
    """Wait for a script, which must succeed."""
    said = process.communicate()[1]
    if process.returncode:
        raise RuntimeError(f"training ended with {process.returncode}: {said[-2000:]}")


def measure_processes(
    recipe: Path, words: Sequence[object], turns: int, steps: int
) -> dict[str, Any]:
    """Compare two processes of one thread with one process of one thread, in turns.

    Each turn is a run of the real script; the first quarter of its journal warms up.
    """
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(turns):
        for processes, found in rates.items():
            with tempfile.TemporaryDirectory() as folder:
                script = [_script(recipe), "--config", recipe, "--run-folder", f"{folder}/run"]
                pace = ["--training.log-every-steps", max(1, steps // LINES)]
                process = start([*script, *words, "--training.threads", 1, *pace], processes)
                found.append(_rate_after(process, Path(folder) / "run"))
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    return {
        "recipe": recipe.stem,
        "images_per_second": {n: round(statistics.median(r), 2) for n, r in rates.items()},
        "ratio": round(statistics.median(ratios), 3),
        "ratio_spread": [round(min(ratios), 3), round(max(ratios), 3)],
    }


def _rate_after(process: "subprocess.Popen[str]", run_folder: Path) -> float:
    """Wait for some lines of the journal, stop the run, and return its speed once warm."""
    journal = run_folder / "journal.jsonl"
    while len(read_numbers(journal)) < LINES:
        if process.poll() is not None:
            finish(process)
            raise RuntimeError(f"{run_folder}: the run ended before its journal had {LINES} lines")
        time.sleep(0.5)
    numbers = read_numbers(journal)[LINES // 4 : LINES]
    process.terminate()
    process.wait()
    return statistics.median(line["images_per_second"] for line in numbers)


def measure_saving(recipe: Recipe, saves: int) -> dict[str, Any]:
    """Time the saving of a state with all that Adam and averages remember, pools full."""
    accelerator = make_accelerator(recipe.training)
    method = load_method(recipe.method.name).build(recipe.method, Channels(), seed=0)
    stepper = Stepper(method, recipe.training, accelerator)
    side_px = recipe.data.crop_px
    stepper.step(noise(recipe.training.batch_size, side_px))
    pools = getattr(method, "pools", {}).values()
    for pool in pools:
        pool.images = [torch.rand(3, side_px, side_px) for _ in range(pool.size)]
    seconds = []
    with tempfile.TemporaryDirectory(dir=".") as folder:
        keeper = Keeper(Path(folder) / "state", {"stepper": stepper}, {})
        for step in range(saves):
            begun = time.perf_counter()
            keeper.save(Position(step=step), is_sick=False)
            seconds.append(time.perf_counter() - begun)
        newest = list_states(Path(folder) / "state")[-1]
        size = sum(file.stat().st_size for file in newest.iterdir())
    minutes = recipe.training.save_every_minutes or 10.0
    return {
        "recipe": recipe.name,
        "megabytes": round(size / 1e6),
        "seconds": round(statistics.median(seconds), 2),
        "percent_of_training": round(statistics.median(seconds) / minutes / 60 * 100, 3),
    }


def measure_watching(recipe: Recipe) -> dict[str, Any]:
    """Train, and add up what is spent on health and on saving."""
    spent = {"health": 0.0, "saving": 0.0, "all": 0.0}
    looks = 0

    def timed(kind: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*given: Any) -> Any:
            nonlocal looks
            begun = time.perf_counter()
            try:
                result = work(*given)
            finally:
                spent[kind] += time.perf_counter() - begun
            looks += kind == "health" and bool(result)
            return result

        return measured

    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(Watch, "probe", timed("health", Watch.probe)),
        patch.object(Watch, "look", timed("health", Watch.look)),
        patch.object(Keeper, "save", timed("saving", Keeper.save)),
        patch.object(Trainer, "train", timed("all", Trainer.train)),
    ):
        run(recipe, Path(folder) / "run")
    return {
        "recipe": recipe.name,
        "seconds": round(spent["all"], 1),
        "looks_at_photos": looks,
        "health_percent": round(spent["health"] / spent["all"] * 100, 3),
        "saving_percent": round(spent["saving"] / spent["all"] * 100, 3),
    }


def measure_killed(
    recipe: Path, words: Sequence[object], kills: int, seed: int = 0, processes: int = 1
) -> dict[str, Any]:
    """Kill a run with SIGKILL at random moments, go on each time, and compare its end.

    Args:
        words: Further flags of the recipe: `--training.epochs 2`.
        kills: Moments are spread over start-up, training and the writing of results.
    """
    with tempfile.TemporaryDirectory() as folder:
        straight, killed = Path(folder) / "straight", Path(folder) / "killed"
        script = [_script(recipe), "--config", recipe, *words]
        resume = ("--resume", "latest")
        took = []
        for more in ((), resume):  # the second time all is done: what it takes is only to start
            begun = time.perf_counter()
            finish(start([*script, "--run-folder", straight, *more], processes))
            took.append(time.perf_counter() - begun)
        work, start_up = took[0] - took[1], took[1]
        chance = random.Random(seed)  # noqa: S311 - no secret
        hit = anew = 0
        for left in range(kills, 0, -1):
            if not (is_saved := bool(list_states(killed / "state"))):
                anew += killed.exists()
                shutil.rmtree(killed, ignore_errors=True)
            process = start(
                [*script, "--run-folder", killed, *(resume if is_saved else ())], processes
            )
            ahead = work * (1 - _share_done(killed, straight))
            time.sleep(start_up * 0.8 + ahead * chance.uniform(0, 1.5) / (left + 1))
            hit += process.poll() is None
            process.kill()
            process.wait()
        finish(start([*script, "--run-folder", killed, *resume], processes))
        result = {"kills": kills, "while_it_ran": hit, "begun_anew": anew}
        return result | compare_runs(straight, killed)


def _share_done(run_folder: Path, straight: Path) -> float:
    """Tell how far a run has come, by the steps of its newest state."""
    steps = [
        max((int(state.name[5:13]) for state in list_states(folder / "state")), default=0)
        for folder in (run_folder, straight)
    ]
    return steps[0] / steps[1]


def compare_runs(straight: Path, other: Path) -> dict[str, Any]:
    """Count what differs between two runs that should be one: weights, state, journal, pictures."""
    states = [
        torch.load(list_states(run / "state")[-1] / "state.pt", weights_only=True)
        for run in (straight, other)
    ]
    kept = [
        {
            file.relative_to(run).as_posix(): file.read_bytes()
            for pattern in ("bundle*/*.safetensors", "samples/*.png")
            for file in run.glob(pattern)
        }
        for run in (straight, other)
    ]
    lines = [
        [{k: v for k, v in line.items() if k != "images_per_second"} for line in read_journal(file)]
        for file in (straight / "journal.jsonl", other / "journal.jsonl")
    ]
    return {
        "different_values_in_state": _count_differences(*states),
        "different_files": sum(kept[0].get(n) != kept[1].get(n) for n in kept[0] | kept[1]),
        "files": len(kept[0]),
        "journal_lines": len(lines[0]),
        "journals_are_equal": json.dumps(lines[0]) == json.dumps(lines[1]),
    }


def _count_differences(one: Any, other: Any) -> int:
    """Compare two trees of plain types and tensors, bit by bit."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        return sum(_count_differences(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        pairs = zip(one, other, strict=False)
        return abs(len(one) - len(other)) + sum(_count_differences(a, b) for a, b in pairs)
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return int(not torch.equal(one, other))
    return int(one != other)


def _script(recipe: Path) -> Path:
    """Find the script of a recipe by the method that its name begins with."""
    return SCRIPTS / f"train_{recipe.stem.split('_')[0]}.py"
