"""What a translation must beat: leaving the photo alone, and shifting its colours."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import torch
from kornia.color import lab_to_rgb, rgb_to_lab
from torch import Tensor

from translate.errors import DataError
from translate.evaluation.pairs import PairScores, score_photos
from translate.images import Encoding

SMALLEST_DEVIATION = 1e-3  # of Lab's 100 steps of lightness; below it a photo is one flat colour


class LabStatistics(NamedTuple):
    """The colours of a set of photos, in CIE Lab.

    Shape:
        Both (3,): lightness in [0, 100], then green-red and blue-yellow in [-128, 127].
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, photos: Iterable[Tensor]) -> "LabStatistics":
        """Gather the statistics of all pixels of all photos, one batch in memory at a time.

        Shape:
            Each (N, 3, H, W) in [-1, 1]; batches may differ in size.
        """
        count, total, squares = 0, torch.zeros(3).double(), torch.zeros(3).double()
        for batch in photos:
            # Doubles: in float32 the difference of two large sums would lose the deviation.
            pixels = _to_lab(batch).movedim(1, 0).flatten(1).double().cpu()
            count += pixels.shape[1]
            total += pixels.sum(dim=1)
            squares += pixels.square().sum(dim=1)
        if count == 0:
            raise DataError("There are no photos to gather colours from. Give at least one.")
        mean = total / count
        deviation = (squares / count - mean.square()).clamp(min=0).sqrt()
        return cls(mean.float(), deviation.float())


def colour_transfer(source: Tensor, target: LabStatistics) -> Tensor:
    """Give every photo the mean and deviation of the target's colours; nothing is learned.

    Shape:
        (N, 3, H, W) in [-1, 1] -> the same.

    Source:
        Reinhard et al. 2001, "Color Transfer between Images", eqs. 10 and 11, in CIE Lab in place
        of the paper's l-alpha-beta space.
    """
    lab = _to_lab(source)
    mean = lab.mean(dim=(2, 3), keepdim=True)
    deviation = lab.std(dim=(2, 3), correction=0, keepdim=True).clamp(min=SMALLEST_DEVIATION)
    wanted = (statistic.to(lab).view(1, 3, 1, 1) for statistic in target)
    wanted_mean, wanted_deviation = wanted
    moved = (lab - mean) / deviation * wanted_deviation + wanted_mean
    return torch.as_tensor(lab_to_rgb(moved)) * 2 - 1


def _to_lab(photos: Tensor) -> Tensor:
    return torch.as_tensor(rgb_to_lab(((photos + 1) / 2).clamp(0, 1)))


class PairLike(Protocol):
    """Two aligned batches, (N, C, H, W) in [-1, 1]."""

    @property
    def a(self) -> Tensor: ...  # noqa: D102

    @property
    def b(self) -> Tensor: ...  # noqa: D102


class Comparison(NamedTuple):
    """One row of the table: how near one way of translating comes to the truth."""

    direction: str
    way: str
    scores: PairScores


def compare_pairs(
    translate: Callable[[Tensor], Tensor],
    pairs: Iterable[PairLike],
    direction: Literal["a_to_b", "b_to_a"],
    encodings: Mapping[str, Encoding],
    target: LabStatistics | None,
) -> list[Comparison]:
    """Score a translation beside the two ways that learn nothing.

    What people can look at is compared as they see it, in colours. Bands are compared as they are,
    and beside nothing: there is no transfer of colours between them.

    Args:
        translate: (N, C, H, W) in [-1, 1] -> the same for the channels of the target.
        pairs: Held-out pairs, read once, a batch in memory at a time.
        encodings: What the images of a and b are made of.
        target: Colours of the target domain, from training photos: the truth must not help. None
            where the target is bands.
    """
    before, after = (encodings[domain] for domain in direction.split("_to_"))
    if target is None or "bands" in (before.kind, after.kind):
        ways: dict[str, Callable[[Tensor], Tensor]] = {"translation": translate}
        shown = _as_it_is
    else:
        colours = target
        shown = after.show
        ways = {
            "translation": lambda source: after.show(translate(source)),
            "colour transfer": lambda source: colour_transfer(before.show(source), colours),
            "input unchanged": before.show,
        }
    scored: dict[str, list[Tensor]] = {name: [] for name in ways}
    for pair in pairs:
        source, truth = (pair.a, pair.b) if direction == "a_to_b" else (pair.b, pair.a)
        for name, way in ways.items():
            scored[name].append(score_photos(way(source), shown(truth)))
    return [Comparison(direction, name, PairScores.mean_of(s)) for name, s in scored.items()]


def _as_it_is(images: Tensor) -> Tensor:
    return images


def format_table(rows: Sequence[Comparison]) -> str:
    """Write rows as a Markdown table."""
    lines = ["| direction | way | L1 | PSNR (dB) | SSIM |", "| --- | --- | ---: | ---: | ---: |"]
    lines += [f"| {d} | {way} | {s.l1:.4f} | {s.psnr:.2f} | {s.ssim:.4f} |" for d, way, s in rows]
    return "\n".join(lines)
