import io
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.toys import noise
from translate.errors import ConfigError
from translate.penalty import GradientPenalty, mean_squared_slope


def penalty(weight: float = 1.0, at: Any = "between", seed: int = 0) -> GradientPenalty:
    return GradientPenalty(weight, at, torch.Generator().manual_seed(seed))


class Linear(nn.Module):
    """D(x) = w . x, as steep everywhere as w is long; several such scores are patches."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images)
        return images.flatten(1) @ self.weights


def test_a_linear_critic_is_as_steep_as_a_hand_computes() -> None:
    critic = Linear(torch.tensor([[3.0, 1.0], [0.0, 2.0], [0.0, -1.0], [2.0, 0.0]]))
    images = noise(5, 1, 2, 2).requires_grad_()

    slope = mean_squared_slope(critic(images), images)

    # The mean of both scores is x . (2, 1, -0.5, 1).
    assert slope.item() == pytest.approx(4 + 1 + 0.25 + 1)


def test_a_curved_critic_is_penalised_where_its_images_lie() -> None:
    images = torch.tensor([[1.0, 2.0], [0.0, 4.0]]).view(2, 1, 1, 2).requires_grad_()
    scores = images.square().sum(dim=(1, 2, 3)) / 2  # its gradient is the image itself

    assert mean_squared_slope(scores, images).item() == (1 + 4 + 0 + 16) / 2


@settings(max_examples=30, deadline=None)
@given(
    at=st.sampled_from(["real", "between"]),
    weight=st.floats(0.01, 100),
    batch=st.integers(1, 4),
    side=st.integers(1, 5),
    patches=st.integers(1, 6),
)
def test_a_linear_critic_pays_half_the_weight_times_its_squared_length(
    at: str, weight: float, batch: int, side: int, patches: int
) -> None:
    critic, pay = Linear(noise(side * side, patches)), penalty(weight, at)
    real, fake = (noise(batch, 1, side, side, seed=seed) for seed in (1, 2))
    real = pay.watch(real)

    paid = pay(critic, real, fake, critic(real))

    expected = weight / 2 * critic.weights.mean(dim=1).square().sum()
    torch.testing.assert_close(paid, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("at", ["real", "between"])
def test_the_critic_learns_from_its_penalty(at: str) -> None:
    critic, pay = Linear(torch.tensor([[3.0], [4.0]])), penalty(10, at)
    real, fake = pay.watch(noise(3, 1, 1, 2)), noise(3, 1, 1, 2, seed=1)

    pay(critic, real, fake, critic(real)).backward()

    assert critic.weights.grad is not None
    torch.testing.assert_close(critic.weights.grad.flatten(), 10 * torch.tensor([3.0, 4.0]))


def test_at_photos_the_pass_that_is_made_anyway_is_enough() -> None:
    critic, pay, photos = Linear(noise(4, 1)), penalty(at="real"), noise(2, 1, 2, 2)
    real = pay.watch(photos)
    pay(critic, real, noise(2, 1, 2, 2), critic(real))

    assert len(critic.seen) == 1
    assert torch.equal(real, photos)
    assert real.requires_grad
    assert not photos.requires_grad


def test_photos_are_left_alone_where_nothing_is_measured_at_them() -> None:
    photos = noise(2, 3, 4, 4)

    assert penalty(at="between").watch(photos) is photos
    assert penalty(weight=0, at="real").watch(photos) is photos
    with torch.no_grad():
        assert penalty(at="real").watch(photos) is photos


def test_nothing_is_due_without_a_weight_or_while_gradients_are_off() -> None:
    assert penalty(1).is_due()
    assert not penalty(0).is_due()
    with torch.no_grad():
        assert not penalty(1).is_due()


@settings(max_examples=20, deadline=None)
@given(batch=st.integers(1, 6), seed=st.integers(0, 99))
def test_every_mixture_lies_between_its_own_two_images(batch: int, seed: int) -> None:
    real, fake = noise(batch, 3, 4, 4, seed=1), noise(batch, 3, 4, 4, seed=2)

    mixture = penalty(seed=seed).mix(real, fake).detach()

    shares = (mixture - fake) / (real - fake)
    for share in shares:
        assert 0 <= share.median() <= 1
        torch.testing.assert_close(share, share.median().expand_as(share), atol=1e-2, rtol=0)
    assert len({round(share.median().item(), 4) for share in shares}) == batch


def test_mixtures_teach_neither_generator_nor_pool() -> None:
    fake = noise(2, 3, 4, 4).requires_grad_()

    mixture = penalty().mix(noise(2, 3, 4, 4), fake * 1)

    assert mixture.is_leaf
    assert mixture.requires_grad


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16])
def test_many_patches_do_not_vanish_in_half_precision(precision: torch.dtype) -> None:
    images = noise(1, 1, 2, 2).requires_grad_()
    weight, patches = 2.0**-14, 2**15  # their quotient is no number of float16 any more

    scores = (images.to(precision) * weight).flatten(1).repeat(1, patches // 4)
    slope = mean_squared_slope(scores, images)

    assert slope.dtype == torch.float32
    assert slope.item() == pytest.approx(4 * (weight / 4) ** 2, rel=1e-3)


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_together_mix_as_a_single_one_would(
    monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    real, fake = noise(2 * processes, 3, 4, 4), noise(2 * processes, 3, 4, 4, seed=1)
    expected = penalty().mix(real, fake)

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: processes)
    parts = []
    for process, part in enumerate(zip(real.chunk(processes), fake.chunk(processes), strict=True)):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda process=process: process)
        parts.append(penalty().mix(*part))

    assert torch.equal(torch.cat(parts), expected)


def test_a_restored_penalty_mixes_on_as_if_nothing_had_happened() -> None:
    pay, images = penalty(), (noise(2, 3, 4, 4), noise(2, 3, 4, 4, seed=1))
    pay.mix(*images)
    file = io.BytesIO()
    torch.save(pay.state_dict(), file)
    file.seek(0)
    restored = penalty(seed=9)

    restored.load_state_dict(torch.load(file, weights_only=True))

    assert torch.equal(pay.mix(*images), restored.mix(*images))


@pytest.mark.parametrize(("weight", "at"), [(0.0, "between"), (1.0, "real")])
def test_what_never_draws_remembers_nothing(weight: float, at: str) -> None:
    pay = penalty(weight, at)

    assert pay.state_dict() == {}
    pay.load_state_dict({})


def test_images_of_different_sides_cannot_be_mixed() -> None:
    with pytest.raises(
        ConfigError, match=r"penalty_at: .*got 8 x 4 and 6 x 4 pixels\. Set it to 'real'"
    ):
        penalty().mix(noise(1, 3, 4, 8), noise(1, 3, 4, 6))
