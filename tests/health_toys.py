"""Sick generators, and lines of a journal as healthy runs write them."""

from collections.abc import Callable, Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.toys import noise

CPU = torch.device("cpu")
BOTH_WAYS = {"a_to_b": "there", "b_to_a": "back"}


class Translating(nn.Module):
    """A generator that learns nothing: a function of an image."""

    def __init__(self, translate: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.translate = translate

    def forward(self, image: Tensor) -> Tensor:
        return self.translate(image)


class Hiding(nn.Module):
    """Show the photo's blocks of colour, and its details a hundred times too faint to be seen."""

    def forward(self, photo: Tensor) -> Tensor:
        return blocks(photo) + (photo - blocks(photo)) / 100


class Revealing(nn.Module):
    """Find the details that `Hiding` hid."""

    def forward(self, translation: Tensor) -> Tensor:
        coarse = blocks(translation)
        return (coarse + (translation - coarse) * 100).clamp(-1, 1)


def blocks(images: Tensor, side_px: int = 8) -> Tensor:
    """Return images whose squares have one colour each."""
    return F.interpolate(F.avg_pool2d(images, side_px), scale_factor=side_px)


def pictures(count: int = 4, side_px: int = 32, seed: int = 0) -> Tensor:
    """Draw shapes and details."""
    shapes = F.interpolate(noise(count, 3, 4, 4, seed=seed), size=side_px, mode="bilinear")
    return (shapes + 0.3 * noise(count, 3, side_px, side_px, seed=seed + 100)).clamp(-1, 1)


def noted(networks: Mapping[str, nn.Module]) -> list[object]:
    """Note all that a look must leave alone, as plain values."""
    return [
        [network.state_dict()[key].tolist() for key in network.state_dict()]
        + [[layer.training, getattr(layer, "momentum", 0)] for layer in network.modules()]
        for network in networks.values()
    ]


HEALTHY = {
    "learning_rate": 2e-4,
    "images_per_second": 9.0,
    "generators/adversarial_a": 0.4,
    "generators/cycle_a": 2.0,
    "generators/gradient_norm": 100.0,
    "generators/skipped": 0.0,
    "discriminators/discriminator_a": 0.15,
    "discriminators/accuracy_real_a": 0.8,
    "discriminators/accuracy_fake_a": 0.75,
    "discriminators/gradient_norm": 8.0,
    "discriminators/skipped": 0.0,
    "health/diversity_a_to_b": 1.0,
    "health/luminance_a_to_b": 0.6,
    "health/change_a_to_b": 0.4,
    "health/returned_a_to_b": 0.09,
    "health/hidden_a_to_b": 0.001,
}


def lines(
    parts: Iterable[tuple[int, Mapping[str, float]]], first_step: int = 250, every: int = 50
) -> list[dict[str, float]]:
    """Write a journal: so many lines with these numbers, the others healthy, then so many ..."""
    changes = [change for count, change in parts for _ in range(count)]
    return [
        {"step": first_step + every * i, "epoch": 0} | HEALTHY | change
        for i, change in enumerate(changes)
    ]
