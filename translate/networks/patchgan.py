"""Discriminators that judge patches, from a single pixel to most of the photo."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import nn
from torch.nn.utils import parametrizations

from translate.config import Settings
from translate.networks.layers import Norm, has_bias, norm_layer


class PatchGANSettings(Settings):
    """A discriminator that judges overlapping patches."""

    name: Literal["patchgan"] = "patchgan"
    base_channels: int = Field(64, ge=1)  # width of the first layer
    depth: int = Field(3, ge=1, le=8)  # patch side: 1 is 16 px, 2 is 34, 3 is 70, 4 is 142
    norm: Norm = "instance"  # "batch" mixes the images of a batch
    spectral_norm: bool = False  # bounds how steep each convolution is; a norm after it undoes that


class PixelGANSettings(Settings):
    """A discriminator that judges each pixel by its colour alone."""

    name: Literal["pixelgan"] = "pixelgan"
    base_channels: int = Field(64, ge=1)  # width of the first layer
    norm: Norm = "instance"  # "batch" mixes the images of a batch
    spectral_norm: bool = False  # bounds how steep each convolution is; a norm after it undoes that


class PatchGAN(nn.Sequential):
    """Score every patch of an image, not the image: high for real, low for translated.

    Args:
        in_channels: 3 for a photo alone, 6 for a source photo stacked on its translation.
        base_channels: Width of the first layer. Doubles at each layer, up to 8 times this.
        depth: Number of stride-2 layers. 3 gives the paper's patch, 70 px wide.

    Attributes:
        least_side_px: The shortest side that yields a score.

    Shape:
        (N, in_channels, H, W) in [-1, 1] -> (N, 1, H / 2**depth - 2, W / 2**depth - 2), raw logits.

    Source:
        Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks",
        section 3.2.2 and appendix 6.1.2.
    """

    name: ClassVar[str] = "patchgan"

    def __init__(
        self,
        *,
        in_channels: int = 3,
        base_channels: int = 64,
        depth: int = 3,
        norm: Norm = "instance",
    ) -> None:
        widths = [base_channels * min(2**i, 8) for i in range(depth + 1)]
        # No norm after the first layer, as in the paper: it would hide how bright the photo is.
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, widths[0], 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        for i in range(1, depth + 1):
            stride = 2 if i < depth else 1  # the last hidden layer keeps its size, as in the paper
            layers += [
                nn.Conv2d(widths[i - 1], widths[i], 4, stride, padding=1, bias=has_bias(norm)),
                norm_layer(norm, widths[i]),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        super().__init__(*layers, nn.Conv2d(widths[-1], 1, 4, padding=1))
        self.least_side_px = 3 * 2**depth  # each of the two stride-1 layers takes one pixel away


class PixelGAN(nn.Sequential):
    """Score every pixel by itself: high for real, low for translated.

    Args:
        in_channels: 3 for a photo alone, 6 for a source photo stacked on its translation.
        base_channels: Width of the first layer; the second is twice as wide.

    Attributes:
        least_side_px: The shortest side that its norm can learn from.

    Shape:
        (N, in_channels, H, W) in [-1, 1] -> (N, 1, H, W), raw logits.

    Source:
        Isola et al. 2017, section 4.4 and appendix 6.1.2.
    """

    name: ClassVar[str] = "pixelgan"

    def __init__(
        self, *, in_channels: int = 3, base_channels: int = 64, norm: Norm = "instance"
    ) -> None:
        super().__init__(
            nn.Conv2d(in_channels, base_channels, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(base_channels, 2 * base_channels, 1, bias=has_bias(norm)),
            norm_layer(norm, 2 * base_channels),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * base_channels, 1, 1),
        )
        self.least_side_px = 2


def add_spectral_norm(discriminator: nn.Module, randomness: torch.Generator) -> None:
    """Divide the weights of every convolution by the most they can stretch, from now on.

    That is estimated while training, one step of power iteration in each pass.

    Args:
        discriminator: Changed in place; on the CPU, where it was built.
        randomness: A generator on the CPU, from which the iterations' beginnings are drawn.

    Source:
        Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", sec. 2.1.
    """
    convolutions = [m for m in discriminator.modules() if isinstance(m, nn.Conv2d)]
    with torch.random.fork_rng(devices=[]):
        # PyTorch draws from the process-wide generator alone: lend it our state for a while.
        torch.set_rng_state(randomness.get_state())
        for convolution in convolutions:
            parametrizations.spectral_norm(convolution)
        randomness.set_state(torch.get_rng_state())
