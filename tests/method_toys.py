"""Tiny methods by name, a trainer as short as it can be, and a way to see what judges see."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

from tests.toys import noise, tiny_cyclegan, tiny_pix2pix
from translate.images import Pair
from translate.phase import Method, Scalars

METHODS: dict[str, Callable[..., Any]] = {"cyclegan": tiny_cyclegan, "pix2pix": tiny_pix2pix}
NORMS = ["instance", "batch"]
POLICIES = ["colour", "translation", "cutout"]
GENERATORS: dict[str, dict[str, Any]] = {
    "cyclegan": {"name": "resnet", "base_channels": 4, "blocks": 1},
    "pix2pix": {"name": "unet", "base_channels": 4, "depth": 3},
}


def make(name: str, norm: str = "instance", spectral_norm: bool = False, **more: Any) -> Any:
    judge = {"name": "patchgan", "base_channels": 4, "depth": 1, "norm": norm}
    return METHODS[name](
        generator=GENERATORS[name] | {"norm": norm},
        discriminator=judge | {"spectral_norm": spectral_norm},
        **more,
    )


def pair(seed: int = 0) -> Pair:
    return Pair(noise(2, 3, 16, 16, seed=2 * seed), noise(2, 3, 16, 16, seed=2 * seed + 1))


def judges(method: Method) -> Iterator[tuple[str, nn.Module]]:
    return ((n, net) for n, net in method.networks.items() if n.startswith("discriminator"))


class Watched(nn.Module):
    """Remembers what a network is shown."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.shown: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.shown.append(images)
        scores: Tensor = self.network(images)
        return scores


def watch(method: Method) -> dict[str, Watched]:
    watched = {name: Watched(network) for name, network in judges(method)}
    method.networks.update(watched)
    return watched


def play_judges(method: Method, batch: Pair) -> Scalars:
    phase = next(phase for phase in method.phases if phase.name.startswith("discriminator"))
    return phase.play(batch, method.translate(batch)).losses


def adam(*networks: nn.Module) -> Adam:
    return Adam([w for n in networks for w in n.parameters()], lr=1e-3, betas=(0.5, 0.999))


class Player:
    """Plays a method's phases as the contract says: freeze, play, learn, thaw."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.adams = {
            phase.name: adam(*(method.networks[name] for name in phase.trains))
            for phase in method.phases
        }

    def step(self, pair: Pair) -> Scalars:
        """Take one training step; return all losses."""
        images = self.method.translate(pair)
        seen: Scalars = {}
        for phase in self.method.phases:
            for name in phase.freezes:
                self.method.networks[name].requires_grad_(False)
            losses = phase.play(pair, images).losses
            torch.stack(list(losses.values())).sum().backward()
            self.adams[phase.name].step()
            self.adams[phase.name].zero_grad()
            for name in phase.freezes:
                self.method.networks[name].requires_grad_(True)
            seen |= {name: loss.detach() for name, loss in losses.items()}
        return seen
