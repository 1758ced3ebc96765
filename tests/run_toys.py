"""Folders that look as runs leave them behind, without any training."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from tests.toys import noise, tiny_cyclegan
from translate.bundle import Bundle, save_bundle
from translate.images import draw_grid, save_sheet
from translate.training.scores import add_scale, overlay

CAPTIONS = {
    "real_a": "summer",
    "fake_b": "translated to winter",
    "real_b": "winter",
    "fake_a": "translated to summer",
}
RECIPE: dict[str, Any] = {
    "method": {"name": "cyclegan", "cycle_weight": 10.0},
    "data": {"domain_a": "summer", "domain_b": "winter", "crop_px": 16, "folder": "/home/me/snow"},
    "training": {"epochs": 4, "batch_size": 2, "seed": 0},
}
ALARM = {
    "step": 60,
    "epoch": 2,
    "alarm": "collapse/a_to_b",
    "says": "translations of different photos are nearly the same image.",
}
PROTOCOL = {"extractor": "efficientnet", "side_px": 16}


def journal_lines(count: int = 20, speed: float = 8.0) -> list[dict[str, Any]]:
    """Lines of training every 10 steps; two measurements, the first of them the best."""
    lines: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        line: dict[str, Any] = {"step": 10 * number, "epoch": number // 6, "learning_rate": 2e-4}
        line |= {"images_per_second": speed, "generators/cycle_a": 5 / number}
        line |= {"generators/adversarial_a": 0.5 + math.sin(number) / 4}
        line |= {"generators/gradient_norm": 3.0, "generators/skipped": 0.0}
        line |= {"discriminators/accuracy_real_a": 0.6, "discriminators/gradient_norm": 9.0}
        line |= {"discriminators/discriminator_a": 0.4, "discriminators/skipped": 0.0}
        line |= {"health/diversity_a_to_b": 0.9} if number % 2 else {}
        lines.append(line)
    for step, value in ((60, 0.018), (120, 0.021)):
        told = {"validation": "kid", "value": value, "is_best": step == 60}
        lines.append({"step": step, "epoch": step // 60, **told})
    return lines


def evaluation(value: float = 42.0, **protocol: Any) -> dict[str, Any]:
    """What `photo-translate evaluate --json` writes."""
    rows = [
        ("a_to_b", "translation", "kid", value),
        ("a_to_b", "input unchanged", "kid", 190.0),
        ("b_to_a", "translation", "kid", value + 1),
    ]
    keys = ("direction", "way", "measure", "value")
    return {
        "format": 1,
        "subject": {"model": "x"},
        "protocol": PROTOCOL | protocol,
        "rows": [
            dict(zip(keys, row, strict=True)) | {"low": row[3] - 5, "high": row[3] + 5}
            for row in rows
        ],
    }


def write_grids(folder: Path, epochs: tuple[int, ...] = (0, 2, 4), side_px: int = 16) -> None:
    """Write sample grids and grids of scores, of noise that differs from epoch to epoch."""
    (folder / "samples").mkdir(exist_ok=True)
    names = list(CAPTIONS)
    for epoch in epochs:
        images = {
            name: noise(2, 3, side_px, side_px, seed=7 * epoch + i) for i, name in enumerate(names)
        }
        file = folder / "samples" / f"epoch_{epoch:04d}.png"
        save_sheet(_sheet(images), file)
        scores = {n: overlay(i, torch.full((2, 1, 2, 2), 0.2)) for n, i in images.items()}
        save_sheet(add_scale(_sheet(scores)), file.with_name(f"{file.stem}_scores.png"))


def _sheet(images: Mapping[str, Tensor]) -> Any:
    rows = list(zip(*images.values(), strict=True))
    return draw_grid(rows, [CAPTIONS[name] for name in images], list(images))


def tiny_bundle(seed: int = 0, **facts: Any) -> Bundle:
    """An untrained model of both directions."""
    method = tiny_cyclegan(seed=seed)
    told = {"dataset": "Seasons", "licence": "CC0", "epochs": 4, "steps": 200} | facts
    generators: Any = {way: method.networks[name] for way, name in method.exports.items()}
    return Bundle("cyclegan", {"a": "summer", "b": "winter"}, generators, 16, facts=told)


def write_run(folder: Path, seed: int = 0, lines: list[dict[str, Any]] | None = None) -> Path:
    """Write all that a finished run of four epochs leaves behind, but for its state."""
    folder.mkdir(parents=True)
    recipe = {"name": folder.name, **RECIPE}
    recipe["training"] = RECIPE["training"] | {"seed": seed}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    noted = journal_lines() if lines is None else lines
    (folder / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in noted))
    write_grids(folder)
    save_bundle(tiny_bundle(seed), folder / "bundle")
    start = {"after_step": 0, "python": "3.11.7", "torch": "2.14.1", "cpu": "a quick one"}
    photos = {"training": 40, "held out": 4, "in words": "40 photos of summer and of winter"}
    (folder / "environment.json").write_text(
        json.dumps({"photos": photos, "starts": [start | {"processes": 1, "gpus": []}]})
    )
    return folder
