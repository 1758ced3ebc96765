from pathlib import Path
from typing import Any

import pytest
import torch

from translate.benchmark.training import PLAIN, compare, noise
from translate.recipe import Recipe, load_recipe

TINY: dict[str, Any] = {
    "data": {"load_px": 16, "crop_px": 16},
    "training": {"threads": 1, "precision": "no"},
}
NARROW: dict[str, dict[str, Any]] = {
    "cyclegan": {
        "method": {"generator": {"base_channels": 4, "blocks": 1}, "discriminator": {"depth": 1}},
        "data": {**TINY["data"], "test_is_paired": False},
    },
    "pix2pix": {
        "method": {
            "generator": {"name": "unet", "base_channels": 4, "depth": 2},
            "discriminator": {"depth": 1},
        },
    },
}
CONFIGS = Path(__file__).parents[2] / "configs"


def narrow(method: str) -> Recipe:
    return load_recipe(CONFIGS / f"{method}_sample.yaml", TINY | NARROW[method], needs_photos=False)


@pytest.mark.parametrize("method", NARROW)
def test_both_ways_are_raced_and_reported(method: str) -> None:
    report = compare(narrow(method), turns=2, seconds=0.05)

    assert report["recipe"] == f"{method}_sample"
    assert set(report["images_per_second"]) == {"plain", "recipe"}
    low, high = report["ratio_spread"]
    assert 0 < low <= report["ratio"] <= high


@pytest.mark.parametrize("method", NARROW)
def test_the_plain_loop_trains_every_network(method: str) -> None:
    plain = PLAIN[method](narrow(method))
    networks = [value for value in vars(plain).values() if isinstance(value, torch.nn.Module)]
    before = [torch.cat([w.flatten() for w in n.parameters()]).clone() for n in networks]

    plain.step(noise(1, 16))

    assert len(networks) == {"cyclegan": 4, "pix2pix": 2}[method]
    for network, weights in zip(networks, before, strict=True):
        after = torch.cat([w.flatten() for w in network.parameters()])
        assert not torch.equal(after, weights)
