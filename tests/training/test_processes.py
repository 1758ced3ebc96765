"""Pix2Pix on two processes: its batch norm judges twice before one update."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from safetensors.torch import load_file

from tests.toys import TINY_PIX2PIX, TINY_TRAINING, write_data_set
from translate.training.journal import read_journal

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "train_pix2pix.py"
INSTANCE_NORM = {
    "generator": TINY_PIX2PIX["generator"] | {"norm": "instance"},
    "discriminator": TINY_PIX2PIX["discriminator"] | {"norm": "instance"},
}


def train(folder: Path, name: str, processes: int, method: dict[str, Any], **more: Any) -> Path:
    """Train in processes of their own, and return the run's folder."""
    if not (folder / "photos").exists():
        write_data_set(folder / "photos")
    data = {"layout": "paired", "folder": str(folder / "photos"), "test_px": 24}
    recipe = {
        "method": TINY_PIX2PIX | method,
        "data": data | {"load_px": 20, "crop_px": 16},
        "training": TINY_TRAINING | {"log_every_steps": 1} | more,
    }
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(recipe))
    launch = ("-m", "torch.distributed.run", "--nproc_per_node", str(processes))
    words = map(str, (*launch, SCRIPT, "--config", file, "--run-folder", folder / name))
    told = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *words], env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / name


@pytest.mark.slow
def test_two_processes_of_one_pair_learn_like_one_process_of_two(tmp_path: Path) -> None:
    one = train(tmp_path, "one", 1, INSTANCE_NORM, batch_size=2)
    two = train(tmp_path, "two", 2, INSTANCE_NORM, batch_size=1)

    weights = [load_file(run / "bundle" / "a_to_b.safetensors") for run in (one, two)]
    for name, value in weights[0].items():
        if value.ndim > 1:  # a bias before a norm learns from rounding alone
            assert (value - weights[1][name]).abs().max() < 1e-5, name


@pytest.mark.slow
@pytest.mark.parametrize("accumulate_steps", [1, 2])
def test_batch_norm_trains_on_two_processes(tmp_path: Path, accumulate_steps: int) -> None:
    run = train(tmp_path, "run", 2, {}, batch_size=1, accumulate_steps=accumulate_steps)

    lines = read_journal(run / "journal.jsonl")
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    assert all(line["generator/l1"] > 0 for line in lines)
    model = json.loads((run / "bundle" / "model.json").read_text())
    assert list(model["directions"]) == ["a_to_b"]
