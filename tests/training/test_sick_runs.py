"""Real runs that are made sick on purpose: the default limits find every sickness, and no other."""

import math
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from accelerate import Accelerator

from tests.toys import noise, tiny_pix2pix, tiny_training
from translate.images import Pair
from translate.training.health import Health
from translate.training.journal import Journal
from translate.training.stepper import Stepper

HEALTHY_STEPS = 260  # 200 of grace, and enough lines to know which gradients are usual
EVERY_STEPS = 4  # between two lines
RATES = {"generator": 1e-3, "discriminator": 2e-4}  # so that both stay a match for each other


def negatives(step: int) -> Pair:
    """Photos of smooth colours, and as answers their negatives; no two steps have the same."""
    coarse = F.interpolate(noise(2, 3, 2, 2, seed=step), size=16, mode="bilinear")
    photos = (coarse + 0.1 * noise(2, 3, 16, 16, seed=step)).clamp(-1, 1)
    return Pair(photos, -photos)


def with_bright_answers(step: int) -> Pair:
    return Pair(negatives(step).a, torch.full((2, 3, 16, 16), 0.9))


def with_every_third_broken(step: int) -> Pair:
    pair = negatives(step)
    if step % 3 == 0:
        pair.a[0, 0, 0, 0] = math.nan
    return pair


class Run:
    """A run as `Trainer` makes it, of which every part can be spoilt between two steps."""

    def __init__(self, folder: Path) -> None:
        accelerator = Accelerator(cpu=True, mixed_precision="no")
        self.stepper = Stepper(tiny_pix2pix(), tiny_training(average_decay=None), accelerator)
        self.journal = Journal(folder / "journal.jsonl", accelerator)
        self.health = Health()
        self.pair: Callable[[int], Pair] = negatives
        self.step = 0
        self.set_rates(**RATES)

    def set_rates(self, **rates: float) -> None:
        for name, rate in rates.items():
            self.stepper.learners[name].set_rate(rate)

    def train(self, steps: int) -> list[str]:
        """Take some steps; return the names of the alarms that begin meanwhile."""
        alarms: list[str] = []
        for _ in range(steps):
            self.step += 1
            self.journal.note(self.stepper.step(self.pair(self.step)))
            if self.step % EVERY_STEPS == 0:
                facts = {"learning_rate": RATES["generator"], "images_per_second": 9.0}
                line = self.journal.write(self.step, 0, **facts)
                alarms += [alarm.name for alarm in self.health.look(line)]
        return alarms

    def state_dict(self) -> dict[str, Any]:
        parts = {"stepper": self.stepper.state_dict(), "health": self.health.state_dict()}
        return deepcopy(parts | {"step": self.step})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        state = deepcopy(state)
        self.stepper.load_state_dict(state["stepper"])
        self.health.load_state_dict(state["health"])
        self.step = state["step"]


def let_the_discriminator_win(run: Run) -> None:
    """The generator learns no more, and what it makes is nothing like the answers."""
    run.set_rates(generator=0.0, discriminator=2e-3)
    run.pair = with_bright_answers


def let_the_discriminator_believe_everything(run: Run) -> None:
    run.set_rates(discriminator=0.0)
    last_weights(run, "discriminator", shape=(1,)).fill_(100.0)


def learn_a_thousand_times_too_fast(run: Run) -> None:
    run.set_rates(generator=1000 * RATES["generator"])


def make_the_discriminator_steep(run: Run) -> None:
    last_weights(run, "discriminator", shape=(1, 8, 4, 4)).mul_(1000)


def saturate_the_generator(run: Run) -> None:
    """Everything comes out white, where tanh has no slope."""
    last_weights(run, "generator", shape=(3,)).fill_(20.0)


def break_every_third_batch(run: Run) -> None:
    run.pair = with_every_third_broken


def last_weights(run: Run, network: str, shape: tuple[int, ...]) -> torch.Tensor:
    """Find those of the layer that makes the output, the last ones of their shape."""
    weights = run.stepper.trained[network].parameters()
    return [w.detach() for w in weights if w.shape == shape][-1]


SICKNESSES: dict[str, tuple[Callable[[Run], None], int, set[str]]] = {
    "discriminator_wins": (let_the_discriminator_win, 160, {"discriminator"}),
    "discriminator_gives_up": (let_the_discriminator_believe_everything, 120, {"discriminator"}),
    "loss_grows": (learn_a_thousand_times_too_fast, 210, {"generator/l1"}),
    "gradient_explodes": (make_the_discriminator_steep, 120, {"discriminator"}),
    "gradient_vanishes": (saturate_the_generator, 120, {"generator"}),
    "updates_skipped": (break_every_third_batch, 120, {"discriminator", "generator"}),
}


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Where a run has come to of which nothing was raised, and nothing is about to be."""
    run = Run(tmp_path_factory.mktemp("healthy"))
    assert run.train(HEALTHY_STEPS) == []
    assert not run.health.is_sick
    return run.state_dict()


@pytest.fixture
def run(healthy: dict[str, Any], tmp_path: Path) -> Run:
    run = Run(tmp_path)
    run.load_state_dict(healthy)
    return run


@pytest.mark.slow
def test_a_run_that_nobody_spoils_raises_nothing(run: Run) -> None:
    assert run.train(210) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", SICKNESSES)
def test_a_run_made_sick_raises_the_alarm_of_its_sickness_once_and_no_other(
    run: Run, name: str
) -> None:
    spoil, steps, places = SICKNESSES[name]
    spoil(run)

    alarms = run.train(steps)

    assert sorted(alarms) == sorted(f"{name}/{place}" for place in places)
