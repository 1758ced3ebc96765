"""Pix2Pix in the trainer's hands: steps, accumulated gradients, memory."""

import copy
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import GradientState

from tests.toys import changed, noise, tiny_pix2pix, tiny_training, weights
from translate.images import Pair
from translate.training.stepper import Stepper

INSTANCE_NORM = {
    "generator": {"name": "unet", "base_channels": 4, "depth": 3, "norm": "instance"},
    "discriminator": {"name": "patchgan", "base_channels": 4, "depth": 1, "norm": "instance"},
}


def pair(batch: int = 2, seed: int = 0) -> Pair:
    return Pair(noise(batch, 3, 16, 16, seed=seed), noise(batch, 3, 16, 16, seed=seed + 1))


def stepper(accumulate_steps: int = 1, **settings: Any) -> Stepper:
    GradientState._reset_state()  # Accelerate keeps one for the whole process
    accelerator = Accelerator(
        cpu=True, mixed_precision="no", gradient_accumulation_steps=accumulate_steps
    )
    chosen = tiny_training(accumulate_steps=accumulate_steps)
    return Stepper(tiny_pix2pix(**settings), chosen, accelerator)


def test_nothing_but_weights_is_remembered_between_steps() -> None:
    used, fresh = stepper(), stepper()
    used.step(pair(seed=7))
    fresh.method.load_state_dict(used.method.state_dict())
    shared = copy.deepcopy(used.state_dict())
    fresh.load_state_dict(shared)

    seen = [one.step(pair(seed=9)) for one in (used, fresh)]

    assert used.method.state_dict() == {}
    assert seen[0] == seen[1]
    assert not changed(weights(used.trained), weights(fresh.trained))


def test_two_accumulated_steps_update_like_one_step_of_both_batches() -> None:
    first, second = pair(seed=0), pair(seed=5)
    together = stepper(**INSTANCE_NORM)
    together.step(Pair(*(torch.cat(images) for images in zip(first, second, strict=True))))

    apart = stepper(accumulate_steps=2, **INSTANCE_NORM)
    before = weights(apart.trained)
    apart.step(first)
    assert not changed(before, weights(apart.trained))
    apart.step(second)

    # The generator learns otherwise: the discriminator that judges its first batch has not learned
    # yet. A bias before a norm has no gradient but rounding, which Adam blows up: it is left out.
    after = weights(apart.trained)
    for key, value in weights(together.trained).items():
        if key.startswith("discriminator") and value.ndim > 1:
            torch.testing.assert_close(after[key], value, atol=1e-5, rtol=1e-4)
    assert changed(before, after) == {"generator", "discriminator"}


def test_batch_norm_learns_under_accumulation_too() -> None:
    trained = stepper(accumulate_steps=2)
    before = weights(trained.trained)

    trained.step(pair(seed=0))
    assert not changed(before, weights(trained.trained))
    trained.step(pair(seed=5))
    assert changed(before, weights(trained.trained)) == {"generator", "discriminator"}


@pytest.mark.parametrize("game", ["vanilla", "least_squares", "hinge"])
def test_training_brings_the_translation_closer_to_the_answer(game: str) -> None:
    trained, images = stepper(game=game), pair(batch=1)
    trained.set_learning_rate(1e-3)

    distances = [trained.step(images)["generator/l1"].item() for _ in range(12)]

    assert distances[-1] < distances[0]
