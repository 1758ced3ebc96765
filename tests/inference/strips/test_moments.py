import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strip_toys import noise
from translate.inference.strips import Moments


def test_moments_of_four_pixels_are_those_worked_out_by_hand() -> None:
    moments = Moments.of(torch.tensor([[[[1.0, 3.0]], [[5.0, 5.0]]]]))

    assert moments.pixels == 2
    assert moments.mean.tolist() == pytest.approx([2.0, 5.0])
    assert moments.variance.tolist() == pytest.approx([1.0, 0.0], abs=1e-6)  # divided by 2, not 1
    assert moments.mean.dtype == moments.variance.dtype == torch.float64


def test_joined_halves_are_the_whole_worked_out_by_hand() -> None:
    one, other = (torch.tensor([value]).double() for value in (1.0, 4.0))
    nothing = torch.zeros(1).double()

    joined = Moments(1, one, nothing).joined(Moments(2, other, nothing))  # pixels 1, 4, 4

    assert (joined.pixels, joined.mean.item(), joined.variance.item()) == (3, 3.0, 2.0)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.floats(-3, 3),
    st.floats(0.3, 3),
    st.sampled_from([torch.float32, torch.bfloat16]),
)
def test_however_a_feature_map_is_parted_its_moments_are_those_of_the_whole(
    heights: list[int], mean: float, deviation: float, numbers: torch.dtype
) -> None:
    features = (noise(1, 3, sum(heights), 9) * deviation + mean).to(numbers)

    first, *parts = (Moments.of(part) for part in features.split(heights, dim=2))
    for part in parts:
        first = first.joined(part)

    exact = features.double()
    assert first.pixels == sum(heights) * 9
    assert torch.allclose(first.mean, exact.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(first.variance, exact.var((0, 2, 3), correction=0), rtol=1e-3, atol=1e-5)


def test_a_mean_that_is_large_beside_the_spread_does_no_harm() -> None:
    features = noise(1, 2, 64, 64) * 0.5 + 100  # squares and their differences would lose this

    halves = [Moments.of(half) for half in features.split(32, dim=2)]

    found = halves[0].joined(halves[1])
    exact = features.double().var((0, 2, 3), correction=0)
    assert torch.allclose(found.variance, exact, rtol=1e-3)


def test_a_channel_without_spread_has_none() -> None:
    moments = Moments.of(torch.full((1, 2, 33, 77), 0.3))

    assert (moments.variance >= 0).all()
    assert (moments.variance < 1e-6).all()


def test_moments_are_the_same_in_whatever_order_of_memory_features_lie() -> None:
    features = noise(1, 5, 20, 30)

    plain = Moments.of(features)
    lying = Moments.of(features.contiguous(memory_format=torch.channels_last))

    assert torch.allclose(plain.mean, lying.mean, atol=1e-6)
    assert torch.allclose(plain.variance, lying.variance, atol=1e-6)
