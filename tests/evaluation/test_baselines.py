import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.color import rgb_to_lab

from translate.errors import DataError
from translate.evaluation.baselines import (
    LabStatistics,
    colour_transfer,
)
from translate.images import Encoding

GREY = Encoding(kind="grey", channels=1)
PHOTOS = {"a": Encoding(), "b": Encoding()}


def soft_noise(*shape: int, seed: int = 0) -> torch.Tensor:
    """Photos of middling colours, which a transfer does not push out of range."""
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 0.5) * 0.6


def statistics_of(photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    lab = rgb_to_lab((photo + 1) / 2)
    return lab.mean(dim=(0, 2, 3)), lab.std(dim=(0, 2, 3), correction=0)


def test_white_and_black_have_the_statistics_of_lightness_by_hand() -> None:
    black_and_white = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 4, 4)

    mean, deviation = LabStatistics.of([black_and_white])

    assert mean.tolist() == pytest.approx([50, 0, 0], abs=0.02)
    assert deviation.tolist() == pytest.approx([50, 0, 0], abs=0.02)


def test_statistics_do_not_depend_on_how_photos_are_batched() -> None:
    photos = soft_noise(6, 3, 8, 8)

    together, apart = LabStatistics.of([photos]), LabStatistics.of(photos.split(1))

    assert torch.allclose(together.mean, apart.mean)
    assert torch.allclose(together.mean, statistics_of(photos)[0], atol=1e-4)
    assert torch.allclose(together.deviation, statistics_of(photos)[1], atol=1e-4)


def test_transfer_gives_each_photo_the_mean_and_deviation_asked_for() -> None:
    source = soft_noise(2, 3, 32, 32)
    target = LabStatistics(torch.tensor([40.0, 5.0, -8.0]), torch.tensor([6.0, 3.0, 4.0]))

    for photo in colour_transfer(source, target).split(1):
        mean, deviation = statistics_of(photo)
        assert mean.tolist() == pytest.approx([40, 5, -8], abs=0.05)
        assert deviation.tolist() == pytest.approx([6, 3, 4], abs=0.05)


def test_transfer_to_its_own_colours_changes_nothing() -> None:
    source = soft_noise(1, 3, 16, 16)

    same = colour_transfer(source, LabStatistics.of([source]))

    assert torch.allclose(same, source, atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.floats(-1, 1), st.floats(0, 100), st.floats(-128, 127), st.floats(0, 100))
def test_transfer_stays_in_range_for_any_colours(
    grey: float, lightness: float, tint: float, deviation: float
) -> None:
    target = LabStatistics(torch.tensor([lightness, tint, -tint]), torch.full((3,), deviation))
    photos = torch.cat([torch.full((1, 3, 8, 8), grey), soft_noise(1, 3, 8, 8)])

    result = colour_transfer(photos, target)

    assert result.shape == photos.shape
    assert bool(((result >= -1) & (result <= 1)).all())  # false for nan, too


def test_no_photos_have_no_colours() -> None:
    with pytest.raises(DataError, match="no photos to gather colours from"):
        LabStatistics.of([])
