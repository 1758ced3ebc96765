"""What a translation must beat: leaving the photo alone, and shifting its colours."""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from kornia.color import lab_to_rgb, rgb_to_lab
from torch import Tensor

from translate.errors import DataError

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
