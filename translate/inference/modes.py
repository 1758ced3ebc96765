"""The ways to run a trained generator: by whose statistics, and with or without chance."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from translate.bundle import INFERENCE_MODES
from translate.errors import TranslateError

DRAWN_AT_ONCE = 2**22

# Which numbers the translation under way draws from. Threads that share a generator have each
# their own, for every thread has a context of its own.
_chance: ContextVar[torch.Generator] = ContextVar("_chance")


def check_mode(mode: str) -> None:
    """Refuse a mode that there is not.

    Raises:
        TranslateError: The mode is none of `INFERENCE_MODES`.
    """
    if mode not in INFERENCE_MODES:
        raise TranslateError(
            f"There is no inference mode {mode!r}. Choose one of {', '.join(INFERENCE_MODES)}."
        )


def check_samples(samples: int | None, seed: int, mode: str, can_vary: bool) -> None:
    """Refuse a number of translations that one photo has not got.

    Args:
        samples: How many are wanted; None: one.
        can_vary: Whether the generator was trained with dropout.

    Raises:
        TranslateError: There is no such number of different ones; or the seed is negative.
    """
    if samples is not None and samples < 1:
        raise TranslateError(f"Expected at least 1 sample of each photo, got {samples}.")
    if seed < 0:
        raise TranslateError(f"Expected a seed of 0 or more, got {seed}.")
    if samples is None or samples == 1:
        return
    if not can_vary:
        raise TranslateError(
            f"{samples} samples were asked for, but this bundle's generator has no dropout: "
            "every photo has exactly one translation. Ask for one sample, or use a bundle "
            "that was trained with dropout."
        )
    if mode != "paper":
        raise TranslateError(
            f"{samples} samples were asked for, but in the mode '{mode}' dropout is off: "
            "every photo has exactly one translation. Choose the mode 'paper', or ask for one."
        )


def apply_mode(network: nn.Module, mode: str) -> None:
    """Let a network translate the way a mode says; it is changed in place, for good.

    - `deterministic`: every norm takes the statistics of its own input, and dropout is off;
    - `eval`: batch norms take the running statistics of training, and dropout is off;
    - `paper`: every norm takes the statistics of its own input, and dropout is live, within
      `drawing`.

    Norms that remember nothing of training, such as instance norm, act alike in all three.

    Source:
        Isola et al. 2017, section 3.3, for `paper`; without its dropout for `deterministic`.
    """
    network.eval().requires_grad_(False)
    if mode != "eval":
        _forget_running_statistics(network)
    if mode == "paper":
        _revive_dropout(network)


@contextmanager
def drawing(seed: int, sample: int) -> Iterator[None]:
    """Inside, and in this thread alone, live dropout draws numbers that these two decide."""
    mixed = np.random.SeedSequence(seed, spawn_key=(sample,)).generate_state(1, np.uint64)
    token = _chance.set(torch.Generator().manual_seed(int(mixed[0])))
    try:
        yield
    finally:
        _chance.reset(token)


class LiveDropout(nn.Module):
    """Drop features as `nn.Dropout` does in training, by the numbers of `drawing`.

    Unlike there, the process-wide generator is left alone, and numbers are drawn on the CPU, so
    that a seed means the same on every device.

    Attributes:
        is_sideways: Whether features come lying on their side: they are dropped as if upright.

    Shape:
        Any -> the same; each value is 0 or 1 / (1 - probability) times what it was.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability
        self.is_sideways = False

    def forward(self, features: Tensor) -> Tensor:
        """Drop."""
        return self.drop(features, self.draw(tuple(features.shape)))

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """Choose what is kept, in parts: random numbers take four times the room of the choice.

        Shape:
            bool, on the CPU, as `shape` says.
        """
        if self.is_sideways:
            shape = (*shape[:-2], *shape[:-3:-1])
        is_kept = torch.empty(shape, dtype=torch.bool)
        for part in torch.split(is_kept.view(-1), DRAWN_AT_ONCE):
            part.copy_(torch.rand(part.shape, generator=_chance.get()) >= self.probability)
        return is_kept.transpose(-1, -2) if self.is_sideways else is_kept

    def drop(self, features: Tensor, is_kept: Tensor) -> Tensor:
        """Set to 0 what is not kept, and make up for it with the rest."""
        return features * is_kept.to(features) / (1 - self.probability)


def _forget_running_statistics(network: nn.Module) -> None:
    """Make every norm use the statistics of its own input, though the network is evaluated."""
    for layer in network.modules():
        if isinstance(layer, _NormBase):
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = None


def _revive_dropout(network: nn.Module) -> None:
    for parent in list(network.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.Dropout):
                setattr(parent, name, LiveDropout(layer.p))
