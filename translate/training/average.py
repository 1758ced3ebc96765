"""Averaged weights: the exponential moving average of a generator is calmer than itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


class Averages:
    """Keep an exponential moving average of some networks.

    Args:
        networks: The unwrapped networks to follow, by name.
        decay: Weight of the past, such as 0.999. None keeps no averages: the networks themselves
            are then what `networks` holds.
    """

    def __init__(self, networks: Mapping[str, nn.Module], decay: float | None) -> None:
        self.sources = dict(networks)
        self.models: dict[str, AveragedModel] = {}
        if decay is not None:
            ramp = _ramped(decay)
            self.models = {
                name: AveragedModel(network, multi_avg_fn=ramp)
                for name, network in networks.items()
            }

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The networks to show, validate and keep: averaged ones where averages are kept."""
        return self.sources | {name: model.module for name, model in self.models.items()}

    def update(self) -> None:
        """Take in the weights of this step."""
        for name, model in self.models.items():
            model.update_parameters(self.sources[name])

    @contextmanager
    def applied(self, networks: dict[str, nn.Module]) -> Iterator[None]:
        """Put the averaged networks in the place of the trained ones for a while."""
        trained = {name: networks[name] for name in self.sources}
        networks.update(self.networks)
        try:
            yield
        finally:
            networks.update(trained)

    def state_dict(self) -> dict[str, Any]:
        """Return the averages and how many steps they hold."""
        return {name: model.state_dict() for name, model in self.models.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        for name, model in self.models.items():
            model.load_state_dict(state[name])


def _ramped(decay: float) -> Any:
    """Average with a decay that grows from 0.1 to `decay`, so that early weights are forgotten."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], steps: Tensor | int) -> None:
        # The count lives on the CPU, so reading it waits for no device.
        ramp = (1 + float(steps)) / (10 + float(steps))
        torch._foreach_lerp_(averaged, current, 1 - min(decay, ramp))

    return update
