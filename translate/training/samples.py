"""The sample grids: the same held-out photos, translated and judged anew as training goes on."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from translate.bundle.schema import InferenceMode
from translate.data import Splits
from translate.images import Pair, draw_grid, save_sheet
from translate.phase import Images, Method
from translate.training.scores import add_scale, overlay
from translate.training.still import translating

# What a row shows, as far as the method makes it: there, and back again.
COLUMNS = ("real_a", "fake_b", "cycled_a", "real_b", "fake_a", "cycled_b")
# What a row of scores shows: what each discriminator is to tell apart, side by side.
JUDGED = ("real_a", "fake_a", "real_b", "fake_b")
SCORES = "_scores"
GRID = re.compile(rf"epoch_(\d{{1,9}})({SCORES})?\.png")


def draw_samples(
    method: Method,
    photos: Pair,
    data: Splits,
    file: Path,
    device: torch.device,
    mode: InferenceMode = "deterministic",
) -> None:
    """Translate some held-out photos and save them as one captioned picture.

    Beside it a second one, `x_scores.png`, shows how real each patch looks to the discriminators.

    Args:
        photos: A batch of pairs, each image `(N, C, H, W)` in [-1, 1].
        data: What people call the domains, and how their images can be shown.
        mode: How to translate.
    """
    still = translating(method.networks.values(), mode, device)
    with torch.no_grad(), _alone(method.networks), still:
        images, scores = _translate_one_by_one(method, photos, device)
    shown = {n: data.encodings[n[-1]].show(images[n]) for n in (*COLUMNS, *JUDGED) if n in images}
    names = [name for name in COLUMNS if name in shown]
    judged = [name for name in JUDGED if name in scores]
    rows = list(zip(*(shown[name] for name in names), strict=True))
    file.parent.mkdir(exist_ok=True)  # but not the run's folder: if that is gone, it was removed
    save_sheet(draw_grid(rows, [_caption(name, data.domains) for name in names], names), file)
    if judged:
        heat = [overlay(shown[name], scores[name]) for name in judged]
        titles = [_caption(name, data.domains) for name in judged]
        sheet = draw_grid(list(zip(*heat, strict=True)), titles, judged)
        save_sheet(add_scale(sheet), file.with_name(f"{file.stem}{SCORES}.png"))


def find_grids(folder: Path, of_scores: bool = False) -> dict[int, Path]:
    """Find the sample grids in a run's folder, or those of scores: epoch -> file, in order."""
    found = ((GRID.fullmatch(file.name), file) for file in (folder / "samples").glob("epoch_*.png"))
    grids = {int(m[1]): file for m, file in found if m and bool(m[2]) == of_scores}
    return dict(sorted(grids.items()))


@contextmanager
def _alone(networks: dict[str, nn.Module]) -> Iterator[None]:
    """Use plain networks for a while: only process 0 draws, and the others must not be awaited."""
    together = {n: net for n, net in networks.items() if isinstance(net, DistributedDataParallel)}
    networks.update({name: network.module for name, network in together.items()})
    try:
        yield
    finally:
        networks.update(together)


def _translate_one_by_one(
    method: Method, photos: Pair, device: torch.device
) -> tuple[Images, Images]:
    """Translate photo by photo: held-out photos may be larger than training can hold in a batch.

    Returns:
        All images, and the scores of those that are judged.
    """
    gathered: dict[str, list[torch.Tensor]] = {}
    scored: dict[str, list[torch.Tensor]] = {}
    for a, b in zip(photos.a, photos.b, strict=True):
        pair = Pair(a[None].to(device), b[None].to(device))
        translated = method.translate(pair)
        images = {"real_a": pair.a, "real_b": pair.b, **translated}
        for into, found in ((gathered, images), (scored, method.judge(pair, translated))):
            for name, image in found.items():
                into.setdefault(name, []).append(image.float().cpu())
    return _joined(gathered), _joined(scored)


def _joined(parts: Mapping[str, list[torch.Tensor]]) -> Images:
    return {name: torch.cat(found) for name, found in parts.items()}


def _caption(name: str, domains: Mapping[str, str]) -> str:
    kind, letter = name.rsplit("_", 1)
    words = {"real": "{}", "fake": "translated to {}", "cycled": "and back to {}"}
    return words[kind].format(domains[letter])
