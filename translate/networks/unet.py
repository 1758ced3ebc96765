"""The generator of Pix2Pix: shrink to a point, enlarge again, and hand every level across."""

from itertools import pairwise
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from translate.config import Settings
from translate.networks.dropout import Dropout
from translate.networks.generator import Generator
from translate.networks.layers import Norm, ResizeConvolution, has_bias, norm_layer

Doubling = Literal["transposed", "resize"]

DEEPEST = 12  # 4096 px to a point
FIRST_DROPOUT = 4  # the outermost level that drops features, counted from the photo


class UNetSettings(Settings):
    """A generator that hands its input's details across, level by level."""

    name: Literal["unet"] = "unet"
    base_channels: int = Field(64, ge=1)  # width of the first level; halving it quarters the work
    depth: int = Field(8, ge=2, le=DEEPEST)  # halvings: sides must divide by 2**depth; 8 is 256 px
    norm: Norm = "batch"  # "instance" lets each photo be normalised alone in training too
    dropout: bool = True  # drop half of the inner levels' features: the paper's source of chance
    upsample: Doubling = "transposed"  # "resize" avoids the grid of dots that the paper's may leave


class UNetGenerator(Generator):
    """Translate photos whose sides divide by `stride`, keeping what is where it is.

    Args:
        base_channels: Width of the first level. Doubles at each level, up to 8 times this.
        depth: Number of halvings. With sides of 2**depth the innermost level is a single pixel.
        dropout: As in the authors' code, levels 4 and deeper drop features on their way out, the
            innermost excepted: three levels of a depth of 8, none of 5.
        upsample: "transposed" is the paper's convolution. Few photos or few steps leave the pattern
            of its taps visible in plain areas; "resize" repeats each pixel, then convolves 3 x 3.

    Shape:
        (N, in_channels, H, W) in [-1, 1] -> (N, out_channels, H, W) in [-1, 1].

    Source:
        Isola et al. 2017, section 3.2.1 and appendix 6.1.1.
    """

    name = "unet"

    def __init__(
        self,
        *,
        in_channels: int = 3,
        out_channels: int = 3,
        base_channels: int = 64,
        depth: int = 8,
        norm: Norm = "batch",
        dropout: bool = True,
        upsample: Doubling = "transposed",
    ) -> None:
        super().__init__()
        if not 2 <= depth <= DEEPEST:
            raise ValueError(f"depth must be 2 to {DEEPEST}, got {depth}")
        self.arguments: dict[str, Any] = {
            "in_channels": in_channels,
            "out_channels": out_channels,
            "base_channels": base_channels,
            "depth": depth,
            "norm": norm,
            "dropout": dropout,
            "upsample": upsample,
        }
        self.stride = self.least_side_px = 2**depth
        widths = [base_channels * min(2**level, 8) for level in range(depth)]
        self.encoder = nn.ModuleList(_encoder(in_channels, widths, norm))
        self.decoder = nn.ModuleList(_decoder(out_channels, widths, norm, dropout, upsample))

    def forward(self, photo: Tensor) -> Tensor:
        """Translate."""
        levels = [photo]
        for shrink in self.encoder:
            levels.append(shrink(levels[-1]))
        features = levels.pop()
        for enlarge in list(self.decoder)[:0:-1]:
            features = torch.cat([levels.pop(), enlarge(features)], dim=1)
        translation: Tensor = self.decoder[0](features)
        return translation

    @classmethod
    def explain_misfit(cls, side_px: int) -> str:
        """Say which depths fit a side."""
        fitting = [depth for depth in range(2, DEEPEST + 1) if side_px % 2**depth == 0]
        if not fitting:
            return "no method.generator.depth fits it, for 4 does not divide it"
        listed = ", ".join(map(str, fitting))
        return f"method.generator.depth could be {listed}"


def _encoder(in_channels: int, widths: list[int], norm: Norm) -> list[nn.Module]:
    """Make a halving for each level. No norm at the first, nor at the last, which may be a pixel.

    Activations come first and work in place. What they do to features that were handed across is
    harmless: a ReLU follows there, and it does not tell a leaky negative from a negative.
    """
    bias = has_bias(norm)
    levels: list[nn.Module] = [
        nn.Sequential(nn.Conv2d(in_channels, widths[0], 4, stride=2, padding=1, bias=bias))
    ]
    for outer, inner in pairwise(widths):
        layers = [
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(outer, inner, 4, stride=2, padding=1, bias=bias),
        ]
        if len(levels) < len(widths) - 1:
            layers.append(norm_layer(norm, inner))
        levels.append(nn.Sequential(*layers))
    return levels


def _decoder(
    out_channels: int, widths: list[int], norm: Norm, dropout: bool, upsample: Doubling
) -> list[nn.Module]:
    """Make a doubling for each level, outermost first, so that both halves count alike.

    Every level but the innermost takes twice its width: what came up, and what was handed across.
    """
    levels: list[nn.Module] = [
        nn.Sequential(
            nn.ReLU(inplace=True),
            _doubling(upsample, 2 * widths[0], out_channels, bias=True),
            nn.Tanh(),
        )
    ]
    innermost = len(widths) - 1
    for level, (outer, inner) in enumerate(pairwise(widths), start=1):
        width = inner if level == innermost else 2 * inner
        drops = dropout and FIRST_DROPOUT <= level < innermost
        layers = [
            nn.ReLU(inplace=True),
            _doubling(upsample, width, outer, has_bias(norm)),
            norm_layer(norm, outer),
            *([Dropout(0.5)] if drops else []),
        ]
        levels.append(nn.Sequential(*layers))
    return levels


def _doubling(kind: Doubling, in_channels: int, out_channels: int, bias: bool) -> nn.Module:
    """Make the layer that doubles both sides; the paper's has even taps, unlike CycleGAN's."""
    if kind == "resize":
        return ResizeConvolution(in_channels, out_channels, bias)
    if kind != "transposed":
        raise ValueError(f"upsample must be transposed or resize, got {kind!r}")
    return nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1, bias=bias)
