"""The generator of CycleGAN: shrink, rework in residual blocks, enlarge."""

from itertools import pairwise
from typing import Literal, get_args

import torch
from pydantic import Field
from torch import Tensor, nn

from translate.config import Settings
from translate.errors import ConfigError
from translate.networks.blur import BlurHalving
from translate.networks.dropout import Dropout
from translate.networks.generator import Generator
from translate.networks.layers import (
    ColourConvolution,
    Norm,
    Upsample,
    has_bias,
    norm_layer,
    upsampling,
)

Downsample = Literal["strided", "blur"]

CONTRAST = 0.9  # of a photo before it is changed: the change of black and white must be finite


class ResNetSettings(Settings):
    """A generator made of residual blocks."""

    name: Literal["resnet"] = "resnet"
    base_channels: int = Field(64, ge=1)  # width of the first layer; halving it quarters the work
    blocks: int = Field(9, ge=1)  # residual blocks; the paper takes 6 at 128 px, 9 from 256 px on
    norm: Norm = "instance"  # "batch" mixes the images of a batch
    upsample: Upsample = "transposed"  # "resize" avoids the checkerboard that the paper's may leave
    downsample: Downsample = "strided"  # "blur" keeps edges smooth, for four times the work there
    dropout: bool = False  # drop half of each block's features while training
    downsamplings: int = Field(2, ge=0, le=5)  # halvings before the blocks
    residual: bool = False  # learn the change to the photo, not the photo: sharp after a few epochs


class ResNetGenerator(Generator):
    """Translate photos of any size whose sides divide by `stride`.

    Args:
        base_channels: Width of the first layer. Doubles at each halving of the sides.
        blocks: Number of residual blocks. With 9, a pixel sees 84 px far at most (without norms).
        upsample: How sides are doubled: see `upsampling`. With "blur", and `downsample` the same,
            this is the generator of Park et al. 2020.
        downsample: How sides are halved: by a "strided" convolution, or by one that computes every
            pixel and a "blur" that keeps every other one.
        downsamplings: Number of halvings before the blocks, and of doublings after them.
        residual: Add what the layers give to the photo, within the range of photos, so that a
            generator need not learn to copy it, and learns what differs between the domains
            alone. Both sides then have as many channels.

    Shape:
        (N, in_channels, H, W) in [-1, 1] -> (N, out_channels, H, W) in [-1, 1].

    Source:
        Zhu et al. 2017, section 7.2, after Johnson et al. 2016. Park et al. 2020, "Contrastive
        Learning for Unpaired Image-to-Image Translation", for the blur.

    Raises:
        ConfigError: `residual` where the two sides have not as many channels.
    """

    name = "resnet"

    def __init__(  # noqa: PLR0913 - one keyword for each setting
        self,
        *,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        blocks: int = 9,
        norm: Norm = "instance",
        upsample: Upsample = "transposed",
        downsample: Downsample = "strided",
        dropout: bool = False,
        downsamplings: int = 2,
        residual: bool = False,
    ) -> None:
        super().__init__()
        if residual and in_channels != out_channels:
            raise ConfigError(
                "generator.residual: adds to the photo what was learned, so it needs as many "
                f"channels out as in, got {in_channels} in and {out_channels} out. Set it to false."
            )
        self.arguments = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "base_channels": base_channels,
            "blocks": blocks,
            "norm": norm,
            "upsample": upsample,
            "downsample": downsample,
            "dropout": dropout,
            "downsamplings": downsamplings,
            "residual": residual,
        }
        self.stride = 2**downsamplings
        # Reflecting takes one pixel more than it adds: 3 at full size, 1 inside the blocks.
        self.least_side_px = max(4, 2 * self.stride)
        widths = [base_channels * 2**i for i in range(downsamplings + 1)]
        self.layers = nn.Sequential(
            *_enter(in_channels, widths, norm, downsample),
            *(ResidualBlock(widths[-1], norm, dropout) for _ in range(blocks)),
            *_leave(out_channels, widths, norm, upsample),
            nn.Identity() if residual else nn.Tanh(),
        )
        self.change = Change() if residual else None

    def forward(self, photo: Tensor) -> Tensor:
        """Translate."""
        translation: Tensor = self.layers(photo)
        return translation if self.change is None else self.change(photo, translation)


class Change(nn.Module):
    """Change a photo, within the range of photos.

    Before a tanh that both share, so that whatever is dark or bright can still be changed: where a
    sum were cut off at black and white, no gradient would pass, and a sky that was once black could
    never become anything else.

    Shape:
        The photo (N, C, H, W) in [-1, 1] and its change (N, C, H, W), any numbers -> (N, C, H, W)
        in (-1, 1). A change of 0 leaves 90 % of the contrast.
    """

    def forward(self, photo: Tensor, change: Tensor) -> Tensor:
        """Change."""
        return torch.tanh(torch.atanh(CONTRAST * photo) + change)


class ResidualBlock(nn.Module):
    """Add to features what two convolutions make of them.

    Shape:
        (N, channels, H, W) -> the same, H and W at least 2.
    """

    def __init__(self, channels: int, norm: Norm, dropout: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=has_bias(norm)),
            norm_layer(norm, channels),
            nn.ReLU(inplace=True),
            *([Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=has_bias(norm)),
            norm_layer(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Rework features."""
        change: Tensor = self.layers(features)
        return features + change  # no activation after the sum, unlike the first ResNets


def _enter(in_channels: int, widths: list[int], norm: Norm, kind: Downsample) -> list[nn.Module]:
    """From photo to features: c7s1, then one d per halving, in the paper's letters."""
    if kind not in get_args(Downsample):
        known = ", ".join(get_args(Downsample))
        raise ValueError(f"downsample must be one of {known}, got {kind!r}")
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(in_channels, widths[0], 7, bias=has_bias(norm)),
        norm_layer(norm, widths[0]),
        nn.ReLU(inplace=True),
    ]
    stride = 2 if kind == "strided" else 1
    for narrow, wide in pairwise(widths):
        layers += [
            nn.Conv2d(narrow, wide, 3, stride=stride, padding=1, bias=has_bias(norm)),
            norm_layer(norm, wide),
            nn.ReLU(inplace=True),
            *([BlurHalving()] if kind == "blur" else []),
        ]
    return layers


def _leave(out_channels: int, widths: list[int], norm: Norm, kind: Upsample) -> list[nn.Module]:
    """From features to photo: one u per doubling, then c7s1 to the range of photos."""
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(reversed(widths)):
        layers += [
            *upsampling(kind, wide, narrow, has_bias(norm)),
            norm_layer(norm, narrow),
            nn.ReLU(inplace=True),
        ]
    return [
        *layers,
        nn.ReflectionPad2d(3),
        ColourConvolution(widths[0], out_channels, 7),
    ]
