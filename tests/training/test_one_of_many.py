"""Two processes with batches of n end with the weights of one process with batches of 2n.

In float64, where rounding stays far below what a mistake would change: in float32 a single sum in
another order may, steps later, put a feature on the other side of a kink of ReLU.
"""

import os
from typing import Any

import pytest
import torch
import torch.distributed as dist
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from torch import Tensor

from tests.process_toys import Results, on_two_processes
from tests.toys import noise, tiny_cyclegan, tiny_pix2pix, tiny_training
from translate.images import Pair
from translate.processes import count_processes, own_part
from translate.training.stepper import Stepper

STEPS = 4
RESNET = {"name": "resnet", "base_channels": 4, "blocks": 1}
PATCHGAN = {"name": "patchgan", "base_channels": 4, "depth": 1}
UNET = {"name": "unet", "base_channels": 2, "depth": 6}  # the shallowest with dropout
SWITCHES = {
    "augment": ("colour", "translation", "cutout"),
    "penalty_weight": 1.0,
    "penalty_at": "between",
}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "cyclegan": ({}, {}),
    "dropout": ({"generator": RESNET | {"dropout": True}}, {"clip_norm": 0.5}),
    "batch norm": (
        {"generator": RESNET | {"norm": "batch"}, "discriminator": PATCHGAN | {"norm": "batch"}},
        {"accumulate_steps": 2},
    ),
    "switches": (SWITCHES | {"discriminator": PATCHGAN | {"spectral_norm": True}}, {}),
    "pix2pix": ({"name": "pix2pix", "generator": UNET}, {}),
    "pix2pix switches": (
        SWITCHES | {"name": "pix2pix", "generator": UNET, "penalty_at": "real"},
        {},
    ),
}


def learn_all() -> Results:
    """Train every case for some steps, from photos that all processes share out."""
    if count_processes() > 1:
        rank = str(dist.get_rank())
        os.environ.update(RANK=rank, LOCAL_RANK=rank, WORLD_SIZE="2", MASTER_ADDR="none")
    return {
        f"{name}: {key}": value
        for name, (method, training) in CASES.items()
        for key, value in learn(method, training).items()
    }


def learn(settings: dict[str, Any], training: dict[str, Any]) -> Results:
    AcceleratorState._reset_state()
    GradientState._reset_state()
    torch.manual_seed(0)
    method = (tiny_pix2pix if settings.get("name") == "pix2pix" else tiny_cyclegan)(**settings)
    for network in method.networks.values():
        network.double()
    chosen = tiny_training(**training)
    accumulate = chosen.accumulate_steps
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    assert accelerator.num_processes == count_processes()
    stepper = Stepper(method, chosen, accelerator)
    side_px = 64 if settings.get("name") == "pix2pix" else 16
    for step in range(STEPS):
        whole = [noise(2, 3, side_px, side_px, seed=2 * step + i).double() for i in (0, 1)]
        stepper.step(Pair(*(own_part(images).clone() for images in whole)))
    learned = {f"{n}.{k}": v for n, net in stepper.trained.items() for k, v in weights(net).items()}
    return learned | {"random": torch.get_rng_state()}


def weights(network: torch.nn.Module) -> dict[str, Tensor]:
    return {key: value.detach().clone() for key, value in network.state_dict().items()}


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_with_pools_dropout_norms_and_switches() -> None:
    alone = learn_all()
    first, second = on_two_processes(learn_all)

    for key, value in alone.items():
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(
            first[key], value, atol=1e-9, rtol=0, msg=lambda text, key=key: f"{key}: {text}"
        )
