from pathlib import Path

import torch

from translate.benchmark import PlainCycleGAN, compare, noise
from translate.recipe import load_recipe

NARROW = {
    "method": {"generator": {"base_channels": 4, "blocks": 1}, "discriminator": {"depth": 1}},
    "data": {"load_px": 16, "crop_px": 16, "test_is_paired": False},
    "training": {"threads": 1, "precision": "no"},
}
SAMPLE = Path(__file__).parents[1] / "configs" / "cyclegan_sample.yaml"


def test_both_ways_are_raced_and_reported() -> None:
    report = compare(load_recipe(SAMPLE, NARROW, needs_photos=False), turns=2, seconds=0.05)

    assert report["recipe"] == "cyclegan_sample"
    assert set(report["images_per_second"]) == {"plain", "recipe"}
    low, high = report["ratio_spread"]
    assert 0 < low <= report["ratio"] <= high


def test_the_plain_loop_trains_all_four_networks() -> None:
    plain = PlainCycleGAN(load_recipe(SAMPLE, NARROW, needs_photos=False))
    networks = (plain.ab, plain.ba, plain.judge_a, plain.judge_b)
    before = [torch.cat([w.flatten() for w in n.parameters()]).clone() for n in networks]

    plain.step(noise(1, 16))

    for network, weights in zip(networks, before, strict=True):
        after = torch.cat([w.flatten() for w in network.parameters()])
        assert not torch.equal(after, weights)
