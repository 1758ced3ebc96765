"""Pixels to tensors and back, and sizes a network can digest."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""Bytes of a photo: the depth is the type, never guessed from the values."""


class Pair(NamedTuple):
    """One image, or one batch of images, of each domain.

    Shape:
        a, b: (3, H, W) or (N, 3, H, W) in [-1, 1].
    """

    a: Tensor
    b: Tensor


def to_tensor(pixels: Pixels) -> Tensor:
    """Turn a photo's pixels into what networks take.

    Shape:
        (H, W, 3) in [0, 255] or [0, 65535] by type -> (3, H, W) float32 in [-1, 1].
    """
    half = np.iinfo(pixels.dtype).max / 2
    # One copy that is ours: Pillow's arrays are read-only, and torch cannot hold those.
    channels = np.array(pixels.transpose(2, 0, 1), dtype=np.float32, order="C")
    return torch.from_numpy(channels).div_(half).sub_(1)


def to_pixels(tensor: Tensor, depth: Literal[8, 16] = 8) -> Pixels:
    """Turn a network's answer into pixels, to the nearest step; what lies outside is clamped.

    Shape:
        (3, H, W) in [-1, 1] -> (H, W, 3) in [0, 255] or [0, 65535].
    """
    half = (2**depth - 1) / 2
    steps = tensor.detach().float().clamp(-1, 1).add(1).mul(half).round()
    channels_last = steps.permute(1, 2, 0).contiguous().cpu().numpy()
    return channels_last.astype(np.uint8) if depth == 8 else channels_last.astype(np.uint16)


def pad_to_multiple(images: Tensor, multiple: int, least: int = 1) -> Tensor:
    """Grow images at the right and the bottom by mirroring, until a network's strides fit.

    Unlike `torch.nn.functional.pad` this mirrors as often as it takes, so a photo of any size will
    do; a single row or column is repeated.

    Args:
        multiple: Height and width become multiples of this.
        least: Height and width become at least this.

    Shape:
        (..., H, W) -> (..., H', W'), H' and W' the smallest multiples not below H, W and `least`.
    """
    for dim in (-2, -1):
        size = images.shape[dim]
        target = -(-max(size, least) // multiple) * multiple
        if target > size:
            mirrored = mirror(size, target).to(images.device)
            images = images.index_select(dim, mirrored)
    return images


def crop_to(images: Tensor, height: int, width: int) -> Tensor:
    """Take back what `pad_to_multiple` added.

    Shape:
        (..., H', W') -> (..., height, width), the top left corner.
    """
    return images[..., :height, :width]


def mirror(size: int, target: int) -> Tensor:
    """Indices 0 1 2 1 0 1 2 ...: forth and back without repeating the edge, as reflection does."""
    period = max(2 * (size - 1), 1)
    phase = torch.arange(target) % period
    return torch.minimum(phase, period - phase) if size > 1 else phase
