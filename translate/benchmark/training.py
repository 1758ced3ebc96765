"""How much faster a recipe trains on this machine than a plain loop.

The plain loop takes the same networks the way the reference implementation does: one photo of each
domain per step, float32, eager, every pass a call of its own. Both run in turns in one process, on
random images, so that a busy machine disturbs both; medians and spread of the turns are printed.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor

from translate.images import Pair
from translate.machine import usable_cores
from translate.methods import load_method
from translate.phase import Channels
from translate.recipe import Recipe
from translate.training.devices import resolve_precision
from translate.training.stepper import Stepper


class PlainCycleGAN:
    """One update at a time as the reference takes it, least-squares game, without a pool."""

    def __init__(self, recipe: Recipe) -> None:
        method = load_method("cyclegan").build(recipe.method, Channels(), seed=0)
        self.settings: Any = recipe.method
        self.ab, self.ba, self.judge_a, self.judge_b = method.networks.values()
        self.adam_generators = _adam(self.ab, self.ba)
        self.adam_judges = _adam(self.judge_a, self.judge_b)

    def step(self, pair: Pair) -> None:
        """Generators, then discriminators."""
        a, b = pair
        judges = (self.judge_a, self.judge_b)
        for judge in judges:
            judge.requires_grad_(False)
        fake_b, fake_a = self.ab(a), self.ba(b)
        cycle = F.l1_loss(self.ba(fake_b), a) + F.l1_loss(self.ab(fake_a), b)
        loss = _believed(self.judge_b(fake_b)) + _believed(self.judge_a(fake_a)) + 10 * cycle
        if self.settings.identity_weight > 0:
            loss = loss + 5 * (F.l1_loss(self.ab(b), b) + F.l1_loss(self.ba(a), a))
        self.adam_generators.zero_grad()
        torch.autograd.backward(loss)
        self.adam_generators.step()
        for judge in judges:
            judge.requires_grad_(True)
        self.adam_judges.zero_grad()
        for judge, real, fake in ((self.judge_a, a, fake_a), (self.judge_b, b, fake_b)):
            doubted = judge(fake.detach()).square().mean()
            loss = (_believed(judge(real)) + doubted) / 2
            torch.autograd.backward(loss)
        self.adam_judges.step()


class PlainPix2Pix:
    """One update at a time as the reference takes it, vanilla game."""

    def __init__(self, recipe: Recipe) -> None:
        method = load_method("pix2pix").build(recipe.method, Channels(), seed=0)
        self.generator, self.judge = method.networks.values()
        self.adam_generator, self.adam_judge = _adam(self.generator), _adam(self.judge)
        self.l1_weight: float = recipe.method.l1_weight

    def step(self, pair: Pair) -> None:
        """Discriminator, then generator."""
        source, target = pair
        fake = self.generator(source)
        doubted = self.judge(torch.cat([source, fake.detach()], dim=1))
        believed = self.judge(torch.cat([source, target], dim=1))
        self.adam_judge.zero_grad()
        loss = (F.softplus(doubted).mean() + F.softplus(-believed).mean()) / 2
        torch.autograd.backward(loss)
        self.adam_judge.step()
        self.judge.requires_grad_(False)
        scores = self.judge(torch.cat([source, fake], dim=1))
        self.adam_generator.zero_grad()
        loss = F.softplus(-scores).mean() + self.l1_weight * F.l1_loss(fake, target)
        torch.autograd.backward(loss)
        self.adam_generator.step()
        self.judge.requires_grad_(True)


PLAIN: dict[str, Callable[[Recipe], Any]] = {"cyclegan": PlainCycleGAN, "pix2pix": PlainPix2Pix}


def _adam(*networks: torch.nn.Module) -> torch.optim.Adam:
    weights = [w for network in networks for w in network.parameters()]
    return torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999))


def _believed(scores: Tensor) -> Tensor:
    return (scores - 1).square().mean()


def noise(batch_size: int, side_px: int) -> Pair:
    """Two batches of random images."""
    return Pair(*(torch.rand(batch_size, 3, side_px, side_px) * 2 - 1 for _ in range(2)))


def images_per_second(step: Callable[[Pair], object], pair: Pair, seconds: float) -> float:
    """Repeat a step for a while."""
    start, images = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        step(pair)
        images += len(pair.a)
    return images / (time.perf_counter() - start)


def compare(recipe: Recipe, turns: int, seconds: float) -> dict[str, Any]:
    """Let recipe and plain loop train in turns."""
    side_px, training = recipe.data.crop_px, recipe.training
    torch.set_num_threads(training.threads or usable_cores())
    accelerator = Accelerator(cpu=True, mixed_precision=resolve_precision(training.precision))
    method = load_method(recipe.method.name).build(recipe.method, Channels(), seed=0)
    ways: dict[str, tuple[Callable[[Pair], object], Pair]] = {
        "plain": (PLAIN[recipe.method.name](recipe).step, noise(1, side_px)),
        "recipe": (
            Stepper(method, training, accelerator).step,
            noise(training.batch_size, side_px),
        ),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(turns + 1):
        for name, (step, pair) in ways.items():
            rate = images_per_second(step, pair, seconds)
            if turn:  # the first turn warms up
                rates[name].append(rate)
    ratios = [r / p for r, p in zip(rates["recipe"], rates["plain"], strict=True)]
    return {
        "recipe": recipe.name,
        "side_px": side_px,
        "batch_size": training.batch_size,
        "precision": accelerator.mixed_precision,
        "threads": torch.get_num_threads(),
        "images_per_second": {name: statistics.median(r) for name, r in rates.items()},
        "ratio": statistics.median(ratios),
        "ratio_spread": [min(ratios), max(ratios)],
    }
