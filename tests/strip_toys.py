"""Small generators, and two ways to run them: whole, restated here, and in strips."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from translate.inference.modes import apply_mode, drawing
from translate.inference.strips import Budget, Moments, Size, stream
from translate.networks import Generator, ResNetGenerator, UNetGenerator

AMPLE = Budget(strip=2**26, kept=2**30)  # everything stays in memory
TIGHT = Budget(strip=1, kept=0)  # strips of the fewest rows, and everything goes to the file
MIXED = Budget(strip=2**15, kept=2**14)  # some of both
BUDGETS = {"ample": AMPLE, "tight": TIGHT, "mixed": MIXED}
SEED, SAMPLE = 3, 1

Read = Callable[[int, int], Tensor]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def lively(network: nn.Module, seed: int = 0) -> nn.Module:
    """Give a network weights under which every layer counts and nothing is saturated."""
    random = torch.Generator().manual_seed(seed)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            taps = layer.weight[0].numel() if isinstance(layer, nn.Conv2d) else layer.in_channels
            layer.weight.data.normal_(0, taps**-0.5, generator=random)
            if layer.bias is not None:
                layer.bias.data.normal_(0, 0.1, generator=random)
        elif isinstance(layer, _BatchNorm):
            layer.weight.data.uniform_(0.5, 1.5, generator=random)
            layer.bias.data.normal_(0, 0.2, generator=random)
            if layer.running_mean is not None and layer.running_var is not None:
                layer.running_mean.normal_(0, 0.3, generator=random)
                layer.running_var.uniform_(0.3, 2, generator=random)
    return network


def resnet(**arguments: Any) -> Generator:
    generator = ResNetGenerator(**{"base_channels": 4, "blocks": 2, **arguments})
    lively(generator)
    return generator


def unet(**arguments: Any) -> Generator:
    generator = UNetGenerator(**{"base_channels": 2, "depth": 4, **arguments})
    lively(generator)
    return generator


def ready(
    generator: Generator, mode: str = "deterministic", numbers: torch.dtype = torch.float32
) -> Generator:
    """Copy a generator and put it into a mode."""
    copied = copy.deepcopy(generator)
    apply_mode(copied, mode)
    return copied.to(numbers)


def pad(photo: Tensor, generator: Generator) -> Tensor:
    """Mirror a photo at its lower and right edges as far as the generator wants."""
    stride, least = generator.stride, generator.least_side_px
    missing = [-max(side, least) % stride + max(0, least - side) for side in photo.shape[1:]]
    return torch.from_numpy(np.pad(photo.numpy(), [(0, 0), *((0, m) for m in missing)], "reflect"))


@torch.inference_mode()
def whole(generator: Generator, photo: Tensor) -> Tensor:
    """Run a generator that is ready over a photo (channels, H, W), all at once."""
    height, width = photo.shape[1:]
    with drawing(SEED, SAMPLE):
        padded = pad(photo, generator)[None].to(next(generator.parameters()).dtype)
        return generator(padded)[0, :, :height, :width].float()


def reading(photo: Tensor) -> Read:
    return lambda top, bottom: photo[:, top:bottom].clone()


def in_strips(
    generator: Generator,
    photo: Tensor,
    budget: Budget = TIGHT,
    statistics: list[Moments] | None = None,
) -> Tensor:
    """Run a generator that is ready over a photo in strips, and put them together."""
    result = torch.full((generator.arguments["out_channels"], *photo.shape[1:]), torch.nan)
    with drawing(SEED, SAMPLE):
        for strip in stream(generator, reading(photo), Size(*photo.shape), budget, statistics):
            result[:, strip.top : strip.top + strip.rows.shape[1]] = strip.rows
    return result


def gap(one: Tensor, other: Tensor) -> float:
    return (one - other).abs().max().item()
