import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from accelerate.state import GradientState
from torch import Tensor

from tests.toys import noise, tiny_cyclegan, tiny_training
from translate.errors import SharedError
from translate.images import Pair
from translate.training.devices import make_accelerator
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


def test_the_learning_rate_reaches_every_optimizer() -> None:
    trained = stepper()
    before = weights(trained)

    trained.set_learning_rate(0.0)
    trained.step(batch())

    assert all(v.equal(before[k]) for k, v in weights(trained).items())


def test_a_restored_stepper_goes_on_exactly() -> None:
    straight, resumed = stepper(), stepper()
    straight.step(batch(0))
    resumed.load_state_dict(copy.deepcopy(straight.state_dict()))

    straight.step(batch(9))
    resumed.step(batch(9))

    assert all(v.equal(weights(straight)[k]) for k, v in weights(resumed).items())
    averages = [s.averages.networks["generator_ab"].state_dict() for s in (straight, resumed)]
    assert all(v.equal(averages[1][k]) for k, v in averages[0].items())


def test_bf16_steps_stay_finite_and_log_float32() -> None:
    seen = stepper(Accelerator(cpu=True, mixed_precision="bf16")).step(batch())

    assert all(v.isfinite() and v.dtype == torch.float32 for v in seen.values())


def poisoned(seed: int = 0) -> Pair:
    pair = batch(seed)
    pair.a[0, 0, 0, 0] = float("nan")
    return pair


def test_a_batch_that_is_not_finite_changes_nothing_and_is_counted() -> None:
    trained = stepper()
    trained.step(batch(3))
    before = weights(trained)

    seen = trained.step(poisoned())

    assert all(v.equal(before[k]) for k, v in weights(trained).items())
    assert trained.skipped_in_a_row() == {"generators": 1, "discriminators": 1}
    assert seen["generators/skipped"] == 1
    assert seen["generators/gradient_norm"] == 0


def test_training_goes_on_after_a_skipped_update_as_if_it_had_not_been() -> None:
    skipping, straight = stepper(), stepper()
    for trained in (skipping, straight):
        trained.step(batch(0))
    skipping.step(poisoned())

    for trained in (skipping, straight):
        trained.step(batch(9))

    assert all(v.equal(weights(straight)[k]) for k, v in weights(skipping).items())
    assert skipping.skipped_in_a_row() == {"generators": 0, "discriminators": 0}
    assert float(skipping.learners["generators"].skipped) == 1


def test_many_skipped_updates_end_the_run_with_phase_loss_and_step() -> None:
    trained = stepper(most_skipped_updates=3)
    for step in (1, 2, 3):
        trained.check(step)
        trained.step(poisoned())

    with pytest.raises(
        SharedError, match=r"generators: the last 3 updates, since step 6, were"
    ) as told:
        trained.check(8)
    assert "(not finite: cycle_a, identity_a, adversarial_b)" in str(told.value)
    assert "--resume latest" in str(told.value)


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
    trained = stepper(make_accelerator(tiny_training(precision=precision)))
    on_gpu = Pair(*(images.cuda() for images in batch()))
    for _ in range(3):
        seen = trained.step(on_gpu)

    assert all(value.isfinite() for value in seen.values())
    state = copy.deepcopy(trained.state_dict())
    trained.load_state_dict(state)
    scalers = [learner.scaler for learner in trained.learners.values()]
    assert all(scaler.is_enabled() == (precision == "fp16") for scaler in scalers)
