"""What a finished run says for itself: numbers on held-out photos, in words a person can check."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import Tensor

from translate.bundle import DIRECTIONS, load_bundle
from translate.data import Draw, Splits
from translate.evaluation.baselines import (
    Comparison,
    LabStatistics,
    compare_pairs,
    format_table,
)
from translate.images import Pair
from translate.inference.translator import Translator
from translate.recipe.recipe import Recipe
from translate.training.journal import read_numbers

COLOUR_PHOTOS = 200  # training photos whose colours stand for their domain in the colour transfer


def score_held_out(bundle_folder: Path, data: Splits) -> list[Comparison]:
    """Score a bundle's translations of held-out photos whose exact answer is known.

    The bundle is read back from disk and used through `Translator`: what is measured is what
    people will get, but for rounding: of tensors it is computed in float32.
    """
    bundle = load_bundle(bundle_folder)
    rows: list[Comparison] = []
    for direction in DIRECTIONS:
        if direction in bundle.generators:
            target = None
            if data.encodings[direction[-1]].kind != "bands":
                target = LabStatistics.of(_training_photos(data, direction[-1]))
            pairs = (Pair(pair.a[None], pair.b[None]) for pair in _items(data.test))
            translator = Translator(bundle, direction)
            rows += compare_pairs(translator, pairs, direction, data.encodings, target)
    return rows


def _training_photos(data: Splits, domain: str) -> Iterator[Tensor]:
    for index in range(min(COLOUR_PHOTOS, len(data.train))):  # type: ignore[arg-type]
        yield data.encodings[domain].show(getattr(data.train[Draw(0, index)], domain)[None])


def _items(photos: Any) -> Iterator[Pair]:
    return (photos[index] for index in range(len(photos)))


def write_report(recipe: Recipe, folder: Path, rows: list[Comparison]) -> Path:
    """Write `report.md` into a run's folder: what was trained, what came of it, how to use it."""
    lines = [
        f"# {recipe.name}",
        f"{recipe.method.name} trained for {recipe.training.epochs} epochs. "
        "Every setting: [recipe.yaml](recipe.yaml). Every number: [journal.jsonl](journal.jsonl).",
    ]
    if rows:
        lines += [
            "## Held-out photos, against the exact answer",
            format_table(rows),
            "L1: lower is nearer to the truth; PSNR and SSIM: higher. Colour transfer gives each "
            "photo the target domain's mean and deviation in CIE Lab; it learns nothing else.",
        ]
    lines += ["## Last lines of the journal", _journal_table(folder / "journal.jsonl")]
    lines += ["## Samples", f"![held-out photos](samples/{last_grid(folder).name})"]
    lines += ["## Use", f"    photo-translate PHOTOS OUTPUT --model {folder / 'bundle'}"]
    file = folder / "report.md"
    file.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return file


def last_grid(folder: Path) -> Path:
    """Find the newest sample grid of a run; every run draws one before its first step."""
    return max((folder / "samples").glob("epoch_*.png"))


def _journal_table(file: Path) -> str:
    """Show the first line of the journal beside the last."""
    journal = read_numbers(file)
    if not journal:
        return "The run was shorter than `training.log_every_steps`, so it noted nothing."
    first, last = journal[0], journal[-1]
    lines = ["| | first line | last line |", "| --- | ---: | ---: |"]
    lines += [f"| {key} | {first[key]:.4g} | {last[key]:.4g} |" for key in last if key in first]
    return "\n".join(lines)
