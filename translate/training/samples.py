"""The sample grid: the same held-out photos, translated anew as training goes on."""

from collections.abc import Mapping
from pathlib import Path

import torch

from translate.images import Pair, draw_grid
from translate.phase import Images, Method

# What a row shows, as far as the method makes it: there, and back again.
COLUMNS = ("real_a", "fake_b", "cycled_a", "real_b", "fake_a", "cycled_b")


def draw_samples(
    method: Method, photos: Pair, domains: Mapping[str, str], file: Path, device: torch.device
) -> None:
    """Translate some held-out photos and save them as one captioned picture.

    Args:
        photos: A batch of pairs, each image `(N, 3, H, W)` in [-1, 1].
        domains: What people call the domains: `{"a": "summer", "b": "winter"}`.
    """
    networks = method.networks.values()
    was_training = [network.training for network in networks]
    for network in networks:
        network.eval()
    with torch.no_grad():
        images = _translate_one_by_one(method, photos, device)
    for network, training in zip(networks, was_training, strict=True):
        network.train(training)
    shown = [name for name in COLUMNS if name in images]
    rows = list(zip(*(images[name] for name in shown), strict=True))
    file.parent.mkdir(parents=True, exist_ok=True)
    draw_grid(rows, [_caption(name, domains) for name in shown]).save(file)


def _translate_one_by_one(method: Method, photos: Pair, device: torch.device) -> Images:
    """Translate photo by photo: held-out photos may be larger than training can hold in a batch."""
    gathered: dict[str, list[torch.Tensor]] = {}
    for a, b in zip(photos.a, photos.b, strict=True):
        pair = Pair(a[None].to(device), b[None].to(device))
        images = {"real_a": pair.a, "real_b": pair.b, **method.translate(pair)}
        for name, image in images.items():
            gathered.setdefault(name, []).append(image.float().cpu())
    return {name: torch.cat(parts) for name, parts in gathered.items()}


def _caption(name: str, domains: Mapping[str, str]) -> str:
    kind, letter = name.rsplit("_", 1)
    words = {"real": "{}", "fake": "translated to {}", "cycled": "and back to {}"}
    return words[kind].format(domains[letter])
