"""Architectures: which there are, and how one is built from its settings."""

from typing import Annotated

import torch
from pydantic import Field
from torch import nn

from translate.networks.generator import Generator
from translate.networks.layers import initialise, is_mergeable, is_per_sample
from translate.networks.passes import is_large_enough, least_side_px, pass_together
from translate.networks.patchgan import (
    PatchGAN,
    PatchGANSettings,
    PixelGAN,
    PixelGANSettings,
    add_spectral_norm,
)
from translate.networks.resnet import ResNetGenerator, ResNetSettings
from translate.networks.unet import UNetGenerator, UNetSettings

__all__ = [
    "DISCRIMINATORS",
    "GENERATORS",
    "DiscriminatorSettings",
    "Generator",
    "GeneratorSettings",
    "PatchGAN",
    "PatchGANSettings",
    "PixelGAN",
    "PixelGANSettings",
    "ResNetGenerator",
    "ResNetSettings",
    "UNetGenerator",
    "UNetSettings",
    "build_discriminator",
    "build_generator",
    "initialise",
    "is_large_enough",
    "is_mergeable",
    "is_per_sample",
    "least_side_px",
    "pass_together",
]

GeneratorSettings = Annotated[ResNetSettings | UNetSettings, Field(discriminator="name")]
DiscriminatorSettings = Annotated[PatchGANSettings | PixelGANSettings, Field(discriminator="name")]

# The generators' names are written into bundles: never rename one, only add.
GENERATORS: dict[str, type[Generator]] = {
    ResNetGenerator.name: ResNetGenerator,
    UNetGenerator.name: UNetGenerator,
}
DISCRIMINATORS: dict[str, type[nn.Module]] = {PatchGAN.name: PatchGAN, PixelGAN.name: PixelGAN}


def build_generator(
    settings: GeneratorSettings,
    randomness: torch.Generator,
    in_channels: int = 3,
    out_channels: int = 3,
) -> Generator:
    """Make an untrained generator with the papers' initial weights, drawn from `randomness`."""
    # PyTorch's own initialisation, replaced at once, would draw from the process-wide generator.
    with torch.random.fork_rng(devices=[]):
        network = GENERATORS[settings.name](
            in_channels=in_channels,
            out_channels=out_channels,
            **settings.model_dump(exclude={"name"}),
        )
    initialise(network, randomness)
    return network


def build_discriminator(
    settings: DiscriminatorSettings, randomness: torch.Generator, in_channels: int = 3
) -> nn.Module:
    """Make an untrained discriminator with the papers' initial weights, drawn from `randomness`."""
    with torch.random.fork_rng(devices=[]):
        network = DISCRIMINATORS[settings.name](
            in_channels=in_channels, **settings.model_dump(exclude={"name", "spectral_norm"})
        )
    initialise(network, randomness)
    if settings.spectral_norm:
        add_spectral_norm(network, randomness)
    return network
