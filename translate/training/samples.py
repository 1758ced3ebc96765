"""The sample grid: the same held-out photos, translated anew as training goes on."""

from collections.abc import Mapping
from pathlib import Path

import torch

from translate.bundle.schema import InferenceMode
from translate.data import Splits
from translate.images import Pair, draw_grid
from translate.phase import Images, Method
from translate.training.still import translating

# What a row shows, as far as the method makes it: there, and back again.
COLUMNS = ("real_a", "fake_b", "cycled_a", "real_b", "fake_a", "cycled_b")


def draw_samples(
    method: Method,
    photos: Pair,
    data: Splits,
    file: Path,
    device: torch.device,
    mode: InferenceMode = "deterministic",
) -> None:
    """Translate some held-out photos and save them as one captioned picture.

    Args:
        photos: A batch of pairs, each image `(N, C, H, W)` in [-1, 1].
        data: What people call the domains, and how their images can be shown.
        mode: How to translate.
    """
    with torch.no_grad(), translating(method.networks.values(), mode, device):
        images = _translate_one_by_one(method, photos, device)
    shown = [name for name in COLUMNS if name in images]
    columns = [data.encodings[name[-1]].show(images[name]) for name in shown]
    rows = list(zip(*columns, strict=True))
    file.parent.mkdir(exist_ok=True)  # but not the run's folder: if that is gone, it was removed
    draw_grid(rows, [_caption(name, data.domains) for name in shown]).save(file)


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
