"""With all switches for small data sets off, a step is this one, to the last bit."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.method_toys import Player, adam
from tests.toys import noise, tiny_cyclegan, tiny_pix2pix
from translate.images import Pair
from translate.phase import Method

STEPS = 3
NORMS = ["instance", "batch"]
JUDGE = {"name": "patchgan", "base_channels": 4, "depth": 1}
OFF = {"augment": [], "penalty_weight": 0.0}


def pair(seed: int) -> Pair:
    return Pair(noise(2, 3, 16, 16, seed=2 * seed), noise(2, 3, 16, 16, seed=2 * seed + 1))


class PlainCycleGAN:
    """Generators, then discriminators; least squares, a pool that is never full."""

    def __init__(self, networks: dict[str, nn.Module], merges: bool) -> None:
        self.networks, self.merges = networks, merges
        self.ab, self.ba, self.judge_a, self.judge_b = networks.values()
        self.generators, self.judges = adam(self.ab, self.ba), adam(self.judge_a, self.judge_b)

    def step(self, pair: Pair) -> None:
        a, b = pair
        fake_b, same_b = self.run(self.ab, a, b)
        fake_a, same_a = self.run(self.ba, b, a)
        cycled_a, cycled_b = self.ba(fake_b), self.ab(fake_a)
        self.judge_a.requires_grad_(False)
        self.judge_b.requires_grad_(False)
        losses = [
            (self.judge_a(fake_a) - 1).square().mean(),
            10 * F.l1_loss(cycled_a, a),
            5 * F.l1_loss(same_a, a),
            (self.judge_b(fake_b) - 1).square().mean(),
            10 * F.l1_loss(cycled_b, b),
            5 * F.l1_loss(same_b, b),
        ]
        learn(self.generators, losses)
        self.judge_a.requires_grad_(True)
        self.judge_b.requires_grad_(True)
        losses = []
        for judge, photos, translations in (self.judge_a, a, fake_a), (self.judge_b, b, fake_b):
            real, fake = self.run(judge, photos, translations.detach())
            losses.append(((real - 1).square().mean() + fake.square().mean()) / 2)
        learn(self.judges, losses)

    def run(self, network: nn.Module, first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
        return run(network, first, second, self.merges)


class PlainPix2Pix:
    """Discriminator, then generator; cross-entropy."""

    def __init__(self, networks: dict[str, nn.Module], merges: bool) -> None:
        self.networks, self.merges = networks, merges
        self.generator, self.judge = networks.values()
        self.adam_generator, self.adam_judge = adam(self.generator), adam(self.judge)

    def step(self, pair: Pair) -> None:
        source, target = pair
        fake = self.generator(source)
        real_scores, fake_scores = run(
            self.judge,
            torch.cat([source, target], dim=1),
            torch.cat([source, fake.detach()], dim=1),
            self.merges,
        )
        entropy = F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()
        learn(self.adam_judge, [entropy / 2])
        self.judge.requires_grad_(False)
        scores = self.judge(torch.cat([source, fake], dim=1))
        learn(self.adam_generator, [F.softplus(-scores).mean(), 100 * F.l1_loss(fake, target)])
        self.judge.requires_grad_(True)


def run(network: nn.Module, first: Tensor, second: Tensor, merges: bool) -> tuple[Tensor, ...]:
    """A merged pass rounds as a larger batch does, so it is merged here too."""
    if merges:
        return torch.split(network(torch.cat([first, second])), len(first))
    return network(first), network(second)


def learn(optimizer: torch.optim.Adam, losses: list[Tensor]) -> None:
    torch.stack(losses).sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def assert_equal_after_steps(method: Method, plain: PlainCycleGAN | PlainPix2Pix) -> None:
    player = Player(method)
    for seed in range(STEPS):
        player.step(pair(seed))
        plain.step(pair(seed))
    for name, network in method.networks.items():
        theirs = plain.networks[name].state_dict()
        assert network.state_dict().keys() == theirs.keys()
        for key, value in network.state_dict().items():
            assert torch.equal(value, theirs[key]), f"{name}.{key}"


@pytest.mark.parametrize("norm", NORMS)
def test_cyclegan_with_all_switches_off_takes_plain_steps_bit_for_bit(norm: str) -> None:
    resnet = {"name": "resnet", "base_channels": 4, "blocks": 1, "norm": norm}
    judge = JUDGE | {"norm": norm, "spectral_norm": False}
    method = tiny_cyclegan(generator=resnet, discriminator=judge, pool_size=50, **OFF)
    plain = PlainCycleGAN(copy.deepcopy(method.networks), merges=norm == "instance")

    assert_equal_after_steps(method, plain)


@pytest.mark.parametrize("norm", NORMS)
def test_pix2pix_with_all_switches_off_takes_plain_steps_bit_for_bit(norm: str) -> None:
    method = tiny_pix2pix(discriminator=JUDGE | {"norm": norm, "spectral_norm": False}, **OFF)
    plain = PlainPix2Pix(copy.deepcopy(method.networks), merges=norm == "instance")

    assert_equal_after_steps(method, plain)


@pytest.mark.parametrize(
    ("make", "remembered"), [(tiny_cyclegan, {"pool_a", "pool_b"}), (tiny_pix2pix, set())]
)
def test_a_recipe_that_names_no_switch_gets_none(make: Any, remembered: set[str]) -> None:
    unnamed, named = make(), make(**OFF)

    assert unnamed.settings == named.settings
    assert unnamed.state_dict().keys() == remembered
