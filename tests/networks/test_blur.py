import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.networks.blur import BlurDoubling, BlurHalving


@pytest.mark.parametrize(("side", "halved"), [(2, 1), (5, 3), (8, 4)])
def test_sides_are_halved_rounding_up_and_doubled(side: int, halved: int) -> None:
    features = torch.zeros(2, 3, side, 6)

    assert BlurHalving()(features).shape == (2, 3, halved, 3)
    assert BlurDoubling()(features).shape == (2, 3, 2 * side, 12)


def test_halving_weighs_a_pixel_and_its_neighbours_one_two_one() -> None:
    rows = torch.tensor([0.0, 4, 8, 0]).view(1, 1, 4, 1).expand(1, 1, 4, 4)

    # The border is reflected: the row above the first is the second.
    assert BlurHalving()(rows)[0, 0, :, 0].tolist() == [(4 + 2 * 0 + 4) / 4, (4 + 2 * 8 + 0) / 4]


def test_doubling_mixes_neighbours_three_to_one() -> None:
    rows = torch.tensor([0.0, 4, 8]).view(1, 1, 3, 1).expand(1, 1, 3, 3)

    assert BlurDoubling()(rows)[0, 0, :, 0].tolist() == [0, 1, 3, 5, 7, 8]


@settings(max_examples=10, deadline=None)
@given(height=st.integers(1, 7), width=st.integers(1, 7), channels=st.integers(1, 4))
def test_doubling_is_the_transposed_convolution_of_the_paper(
    height: int, width: int, channels: int
) -> None:
    features = torch.rand(2, channels, height, width, dtype=torch.float64)
    weights = torch.tensor([1.0, 3, 3, 1], dtype=torch.float64) / 4
    kernel = (weights[:, None] * weights).expand(channels, 1, 4, 4)

    padded = F.pad(features, (1, 1, 1, 1), mode="replicate")
    filtered = F.conv_transpose2d(padded, kernel, stride=2, padding=3, groups=channels)

    torch.testing.assert_close(BlurDoubling()(features), filtered)


@pytest.mark.parametrize("layer", [BlurHalving(), BlurDoubling()])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_plain_area_stays_as_it_is_and_nothing_is_saved(
    layer: torch.nn.Module, dtype: torch.dtype
) -> None:
    result = layer(torch.full((1, 2, 4, 4), 0.5, dtype=dtype))

    assert result.dtype == dtype
    assert result.unique().tolist() == [0.5]
    assert not layer.state_dict()
