import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import GradientState
from torch import Tensor

from tests.toys import noise, tiny_cyclegan, tiny_training
from translate.images import Pair
from translate.training.journal import Journal
from translate.training.stepper import Stepper


def stepper(accelerator: Accelerator | None = None, **settings: object) -> Stepper:
    accelerator = accelerator or Accelerator(cpu=True, mixed_precision="no")
    return Stepper(tiny_cyclegan(pool_size=0), tiny_training(**settings), accelerator)


def batch(seed: int = 0, count: int = 2) -> Pair:
    return Pair(noise(count, 3, 16, 16, seed=seed), noise(count, 3, 16, 16, seed=seed + 1))


def weights(stepper: Stepper) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name, network in stepper.trained.items()
        for key, value in network.state_dict().items()
    }


def test_one_step_trains_every_network_and_names_every_number() -> None:
    trained = stepper()
    before = weights(trained)

    seen = trained.step(batch())

    changed = {k.split(".")[0] for k, v in weights(trained).items() if not v.equal(before[k])}
    assert changed == {"generator_ab", "generator_ba", "discriminator_a", "discriminator_b"}
    assert {"generators/cycle_a", "discriminators/accuracy_fake_b"} <= seen.keys()
    assert all(value.shape == () and not value.requires_grad for value in seen.values())


def test_what_a_phase_freezes_can_learn_again_afterwards() -> None:
    trained = stepper()

    trained.step(batch())

    assert all(w.requires_grad for n in trained.trained.values() for w in n.parameters())


def test_gradients_of_one_phase_never_reach_another_update() -> None:
    trained = stepper()

    trained.step(batch())

    assert all(w.grad is None for n in trained.trained.values() for w in n.parameters())


def test_two_accumulated_steps_update_like_one_step_of_both_batches() -> None:
    first, second = batch(0), batch(5)
    together = stepper()
    together.step(Pair(torch.cat([first.a, second.a]), torch.cat([first.b, second.b])))
    GradientState._reset_state()  # Accelerate keeps one for the whole process

    apart = stepper(Accelerator(cpu=True, gradient_accumulation_steps=2), accumulate_steps=2)
    before = weights(apart)
    apart.step(first)
    assert all(v.equal(before[k]) for k, v in weights(apart).items())
    apart.step(second)

    # A bias before a norm has no gradient but rounding, which Adam blows up: it is left out.
    for key, value in ((k, v) for k, v in weights(together).items() if v.ndim > 1):
        torch.testing.assert_close(weights(apart)[key], value, atol=1e-5, rtol=1e-4)


def test_clipping_bounds_the_gradient_of_each_phase_on_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lengths: list[float] = []
    clip = torch.nn.utils.clip_grad_norm_

    def spy(parameters: list[Tensor], limit: float) -> Tensor:
        clip(parameters, limit)
        grads = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
        lengths.append(float(grads.norm()))
        return grads.norm()

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", spy)

    stepper(clip_norm=0.01).step(batch())

    assert lengths == pytest.approx([0.01, 0.01], rel=1e-3)


def test_the_learning_rate_reaches_every_optimizer() -> None:
    trained = stepper()
    before = weights(trained)

    trained.set_learning_rate(0.0)
    trained.step(batch())

    assert all(v.equal(before[k]) for k, v in weights(trained).items())


def test_a_restored_stepper_goes_on_exactly() -> None:
    straight, resumed = stepper(), stepper()
    straight.step(batch(0))
    shared, own = copy.deepcopy((straight.state_dict(), straight.own_state_dict()))
    resumed.load_state_dict(shared)
    resumed.load_own_state_dict(own)

    straight.step(batch(9))
    resumed.step(batch(9))

    assert all(v.equal(weights(straight)[k]) for k, v in weights(resumed).items())
    averages = [s.averages.networks["generator_ab"].state_dict() for s in (straight, resumed)]
    assert all(v.equal(averages[1][k]) for k, v in averages[0].items())


def test_bf16_steps_stay_finite_and_log_float32() -> None:
    seen = stepper(Accelerator(cpu=True, mixed_precision="bf16")).step(batch())

    assert all(v.isfinite() and v.dtype == torch.float32 for v in seen.values())


def test_a_step_and_its_note_never_wait_for_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reads a number back from the device waits for it: nothing of a step may.

    Averages are left out: they count their steps on the CPU, and may read that.
    """
    trained = stepper(average_decay=None)
    journal = Journal(tmp_path / "journal.jsonl", trained.accelerator)
    journal.note(trained.step(batch()))  # Adam sets itself up
    reads: list[str] = []
    for name in ("item", "tolist", "numpy", "__float__", "__bool__", "__int__"):
        read = getattr(Tensor, name)

        def spy(self: Tensor, name: str = name, read: Any = read) -> Any:
            reads.append(name)
            return read(self)

        monkeypatch.setattr(Tensor, name, spy)

    journal.note(trained.step(batch()))

    assert reads == []


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_on_a_gpu_learns_and_is_restored(precision: str) -> None:
    trained = stepper(Accelerator(mixed_precision=precision))
    on_gpu = Pair(*(images.cuda() for images in batch()))
    for _ in range(3):
        seen = trained.step(on_gpu)

    assert all(value.isfinite() for value in seen.values())
    state = copy.deepcopy(trained.state_dict())
    trained.load_state_dict(state)
    assert (trained.accelerator.scaler is not None) == (precision == "fp16")
