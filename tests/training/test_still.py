import math

import pytest
import torch
from accelerate import Accelerator
from torch import nn

from tests.toys import noise, tiny_cyclegan, tiny_training
from translate.bundle import INFERENCE_MODES
from translate.bundle.schema import InferenceMode
from translate.training.stepper import Stepper
from translate.training.still import translating

CPU = torch.device("cpu")
BROKEN = torch.full((1, 2, 4, 4), math.nan)


def network() -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(2), nn.Dropout(0.5))


@pytest.mark.parametrize("mode", INFERENCE_MODES)
def test_not_even_numbers_that_are_not_finite_enter_the_running_statistics(
    mode: InferenceMode,
) -> None:
    still = network()
    before = {key: value.clone() for key, value in still.state_dict().items()}

    with torch.no_grad(), translating([still], mode, CPU):
        still(BROKEN)

    assert all(value.equal(before[key]) for key, value in still.state_dict().items())


def test_afterwards_networks_learn_as_before_even_if_translating_failed() -> None:
    still = network()
    still[1].eval()

    def fail() -> None:
        with translating([still], "paper", CPU):
            assert still[1].training
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (still.training, still[0].training, still[1].training) == (True, True, False)
    still(torch.ones(1, 2, 4, 4))
    assert torch.allclose(still[0].running_mean, torch.tensor([0.1, 0.1]))


def test_with_a_seed_dropout_is_the_same_and_the_runs_own_chance_goes_on() -> None:
    still, ones = network(), torch.ones(1, 2, 4, 4)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)

    def dropped(seed: int | None) -> torch.Tensor:
        with torch.no_grad(), translating([still], "paper", CPU, seed):
            return still[1](ones)

    first, again, other = dropped(0), dropped(0), dropped(3)

    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.rand(3), expected)


def test_what_accelerate_prepared_translates_in_float32_while_it_is_still() -> None:
    """Bundles are used without its half precision, so that is what is shown and measured."""
    method = tiny_cyclegan()
    stepper = Stepper(
        method,
        tiny_training(average_decay=None),
        Accelerator(cpu=True, mixed_precision="bf16"),
    )
    generator = stepper.averages.networks["generator_ab"]
    kinds: list[torch.dtype] = []
    convolution = next(m for m in generator.modules() if isinstance(m, torch.nn.Conv2d))
    convolution.register_forward_hook(lambda *seen: kinds.append(seen[-1].dtype))

    with translating([generator], "deterministic", torch.device("cpu")):
        generator(noise(1, 3, 16, 16))
    generator(noise(1, 3, 16, 16))

    assert kinds == [torch.float32, torch.bfloat16]
