import copy
import math

import pytest
import torch
from torch import Tensor, nn

from tests.toys import tiny_training
from translate.phase import Scalars
from translate.training.learner import Learner

CPU = torch.device("cpu")


def network() -> nn.Linear:
    made = nn.Linear(2, 1, bias=False)
    nn.init.constant_(made.weight, 1.0)
    return made


def learner(weights: nn.Module, is_scaled: bool = False, **settings: object) -> Learner:
    chosen = tiny_training(learning_rate=0.1, **settings)
    return Learner(list(weights.parameters()), chosen, CPU, is_scaled)


def learn(learner: Learner, **losses: Tensor) -> Scalars:
    learner.total(losses).backward()
    return learner.update()


def ones(count: int = 2) -> Tensor:
    return torch.ones(1, count)


def test_an_update_is_that_of_plain_adam_bit_for_bit() -> None:
    ours, plain = network(), network()
    trained = learner(ours)
    adam = torch.optim.Adam(plain.parameters(), lr=0.1, betas=(0.5, 0.999), fused=True)

    for step in range(4):
        learn(trained, first=ours(ones() * step).square().sum(), second=ours(ones()).sum())
        torch.stack([plain(ones() * step).square().sum(), plain(ones()).sum()]).sum().backward()
        adam.step()
        adam.zero_grad()

    assert torch.equal(ours.weight, plain.weight)


def test_the_length_of_the_gradient_is_told_by_hand() -> None:
    told = learn(learner(made := network()), loss=made(torch.tensor([[3.0, 4.0]])).sum())

    assert told["gradient_norm"] == 5
    assert told["skipped"] == 0


@pytest.mark.parametrize("is_scaled", [False, True])
def test_clipping_bounds_the_gradient(monkeypatch: pytest.MonkeyPatch, is_scaled: bool) -> None:
    made = network()
    trained = learner(made, is_scaled, clip_norm=0.01)
    seen: list[Tensor] = []
    step = trained.adam.step
    monkeypatch.setattr(
        trained.adam, "step", lambda: seen.append(made.weight.grad.clone()) or step()
    )

    told = learn(trained, loss=made(torch.tensor([[3.0, 4.0]])).sum())

    assert seen[0].norm() == pytest.approx(0.01, rel=1e-3)
    assert told["gradient_norm"] == pytest.approx(5)  # as it was before


def test_a_loss_that_is_not_finite_skips_the_update_though_its_gradient_is() -> None:
    made = network()
    loss = made(ones()).sum()
    infinite = loss.detach() * 0 + math.inf

    told = learn(learner(made), fine=loss, broken=infinite)

    assert torch.equal(made.weight, torch.ones(1, 2))
    assert told["skipped"] == 1


def test_a_gradient_that_is_not_finite_skips_the_update_though_the_loss_is() -> None:
    made = network()
    trained = learner(made)

    told = learn(trained, root=(made(ones()).sum() - 2).abs().sqrt())  # steep without end at 0

    assert told["skipped"] == 1
    assert told["gradient_norm"] == 0
    assert trained.explain() == "all losses (root) are finite, but their gradients are not"


def test_only_updates_in_a_row_count() -> None:
    made = network()
    trained = learner(made)
    for value in (math.nan, 1.0, math.nan, math.nan):
        learn(trained, loss=made(ones() * value).sum())

    assert int(trained.streak) == 2
    assert int(trained.skipped) == 3
    assert trained.explain() == "not finite: loss"


def test_a_bad_part_of_an_accumulated_update_is_named() -> None:
    made = network()
    trained = learner(made)
    trained.total({"a": made(ones()).sum() * math.nan, "b": made(ones()).sum()}).backward()

    learn(trained, a=made(ones()).sum(), b=made(ones()).sum())

    assert trained.explain() == "not finite: a"


def test_fp16_scales_the_loss_and_learns_what_float32_learns() -> None:
    ours, plain = network(), network()
    scaled, unscaled = learner(ours, is_scaled=True), learner(plain)

    for made, trained in ((ours, scaled), (plain, unscaled)):
        loss = made(ones()).square().sum()
        assert trained.total({"l": loss}).item() == 4 * (2**16 if trained is scaled else 1)
        loss = made(ones()).square().sum()
        learn(trained, l=loss)

    torch.testing.assert_close(ours.weight, plain.weight)


def test_an_overflow_halves_the_scale_of_its_own_phase_alone() -> None:
    first, second = network(), network()
    one, other = learner(first, is_scaled=True), learner(second, is_scaled=True)

    learn(one, loss=first(ones()).sum() * math.inf)
    learn(other, loss=second(ones()).sum())

    assert (one.scaler.get_scale(), other.scaler.get_scale()) == (2**15, 2**16)
    assert torch.equal(first.weight, torch.ones(1, 2))


@pytest.mark.parametrize("is_scaled", [False, True])
def test_a_restored_learner_goes_on_exactly(is_scaled: bool) -> None:
    made = network()
    trained = learner(made, is_scaled)
    for value in (1.0, 2.0, math.inf):
        learn(trained, loss=made(ones() * value).square().sum())
    copied = copy.deepcopy(made)
    again = learner(copied, is_scaled)
    again.load_state_dict(copy.deepcopy(trained.state_dict()))

    for network_, learner_ in ((made, trained), (copied, again)):
        learn(learner_, loss=network_(ones() * 3).square().sum())

    assert torch.equal(made.weight, copied.weight)
    assert again.scaler.state_dict() == trained.scaler.state_dict()
    assert int(again.skipped) == 1


def test_a_restored_learner_still_knows_what_was_not_finite() -> None:
    made = network()
    trained, again = learner(made), learner(copy.deepcopy(made))
    learn(trained, fine=made(ones()).sum(), broken=made(ones()).sum() * math.nan)

    again.load_state_dict(copy.deepcopy(trained.state_dict()))

    assert again.explain() == "not finite: broken"
