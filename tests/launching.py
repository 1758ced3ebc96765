"""Start the real scripts, as one process or many, as launchers or by hand."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.toys import TINY_METHOD, TINY_TRAINING, write_data_set
from translate.training.journal import read_numbers

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "train_cyclegan.py"
QUIET = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def tiny_recipe(folder: Path, **training: Any) -> Path:
    """Write photos and a recipe for them: 4 of each domain, so 2 steps of 2 an epoch."""
    if not (folder / "photos").exists():
        write_data_set(folder / "photos")
    recipe = {
        "method": TINY_METHOD,
        "data": {"folder": str(folder / "photos"), "load_px": 20, "crop_px": 16, "test_px": 24},
        "training": TINY_TRAINING | {"log_every_steps": 1} | training,
    }
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump(recipe))
    return file


def launch(*words: object, **environment: str) -> "subprocess.Popen[str]":
    """Start Python with some words; what it says can be read when it has ended."""
    clean = {k: v for k, v in os.environ.items() if k != "ACCELERATE_USE_CPU"}
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=clean | QUIET | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]", seconds: float = 200) -> tuple[int, str, str]:
    """Wait for the end; return exit code, output and errors."""
    out, errors = process.communicate(timeout=seconds)
    return process.returncode, out, errors


def place_of(rank: int, port: int, size: int = 2) -> Mapping[str, str]:
    """What a launcher tells a process of its place, where each has a machine to itself."""
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "LOCAL_RANK": "0",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


def free_port() -> int:
    """Find a port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_for_step(run: Path, step: int, seconds: float = 100) -> None:
    """Wait until the journal of a run has come to a step."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        numbers = read_numbers(run / "journal.jsonl")
        if numbers and numbers[-1]["step"] >= step:
            return
        time.sleep(0.05)
    raise AssertionError(f"{run} did not come to step {step}")
