"""Networks held still for a while: they translate, and neither learn nor remember anything."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from translate.bundle.schema import InferenceMode


@contextmanager
def translating(
    networks: Iterable[nn.Module],
    mode: InferenceMode,
    device: torch.device,
    seed: int | None = None,
) -> Iterator[None]:
    """Let networks translate as a `Translator` lets them, and learn or remember nothing of it.

    Args:
        mode: By whose statistics, and with or without dropout.
        device: Where the networks are.
        seed: What dropout's numbers follow from; None: from what the run happens to be at. Either
            way the run's own numbers go on afterwards as if nothing had been.
    """
    live = {"deterministic": (_BatchNorm,), "eval": (), "paper": (_BatchNorm, nn.Dropout)}[mode]
    layers = [layer for network in networks for layer in network.modules()]
    was_training = [layer.training for layer in layers]
    norms = [layer for layer in layers if isinstance(layer, _BatchNorm)]
    was_tracking = [norm.track_running_stats for norm in norms]
    # Accelerate puts half precision into networks that it prepares; bundles are used without.
    prepared = {layer: vars(layer).pop("forward") for layer in layers if "forward" in vars(layer)}
    for layer in layers:
        layer.training = isinstance(layer, live)
    for norm in norms:
        # The running statistics stay; with a momentum of 0 a single NaN would still enter them.
        norm.track_running_stats = False
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            if seed is not None:
                _seed(seed, device)
            yield
    finally:
        for layer, forward in prepared.items():
            layer.forward = forward
        for layer, training in zip(layers, was_training, strict=True):
            layer.training = training
        for norm, tracking in zip(norms, was_tracking, strict=True):
            norm.track_running_stats = tracking


def _seed(seed: int, device: torch.device) -> None:
    """Seed what was set aside; `torch.manual_seed` would seed all other devices too."""
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(seed)
