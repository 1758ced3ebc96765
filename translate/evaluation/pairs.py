"""How near a translation comes to the truth, where the truth is known."""

import torch
from kornia.metrics import psnr as kornia_psnr
from kornia.metrics import ssim as kornia_ssim
from torch import Tensor

from translate.errors import DataError

SSIM_WINDOW_PX = 11  # with a Gaussian of 1.5 px, as in the paper


def mean_difference(translated: Tensor, truth: Tensor) -> Tensor:
    """Measure the mean absolute difference of all samples (L1), with white - black as 1.

    Shape:
        Both (N, C, H, W) in [-1, 1] -> (N,) in [0, 1].
    """
    _expect_same_shape(translated, truth)
    return (translated - truth).abs().mean(dim=(1, 2, 3)) / 2


def psnr(translated: Tensor, truth: Tensor) -> Tensor:
    """Measure the peak signal-to-noise ratio in dB, with white - black as the peak.

    Shape:
        Both (N, C, H, W) in [-1, 1] -> (N,); inf where a photo equals its truth.
    """
    _expect_same_shape(translated, truth)
    # kornia pools the error over the batch: one photo at a time gives each its own score.
    scores = [kornia_psnr(t, r, max_val=2.0) for t, r in zip(translated, truth, strict=True)]
    return torch.stack(scores) if scores else translated.new_empty(0)


def ssim(translated: Tensor, truth: Tensor) -> Tensor:
    """Measure the structural similarity, averaged over colours and every whole window.

    Shape:
        Both (N, C, H, W) in [-1, 1], H and W at least 11 -> (N,) in [-1, 1]; 1: the same.

    Source:
        Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural
        Similarity", III.B: window 11, K1 = 0.01, K2 = 0.03.
    """
    _expect_same_shape(translated, truth)
    if min(truth.shape[-2:]) < SSIM_WINDOW_PX:
        raise DataError(
            f"SSIM looks through a window of {SSIM_WINDOW_PX} px: expected photos at least that "
            f"wide and high, got shape {tuple(truth.shape)}. Compare larger photos."
        )
    # The formula compares mean brightness, so it needs black at 0. Without `eps` it is the paper's.
    first, second = (translated + 1) / 2, (truth + 1) / 2
    scores = kornia_ssim(first, second, SSIM_WINDOW_PX, max_val=1.0, eps=0.0, padding="valid")
    return torch.as_tensor(scores).mean(dim=(1, 2, 3))


def _expect_same_shape(translated: Tensor, truth: Tensor) -> None:
    if translated.shape != truth.shape or truth.ndim != 4:
        raise DataError(
            "A photo is scored against a truth of its own size: expected two batches (N, C, H, W) "
            f"alike, got {tuple(translated.shape)} and {tuple(truth.shape)}."
        )
