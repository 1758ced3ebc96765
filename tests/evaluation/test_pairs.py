import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.errors import DataError
from translate.evaluation.pairs import mean_difference, psnr, ssim


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_white_and_black_differ_by_one_and_grey_from_both_by_a_half() -> None:
    white, grey = torch.ones(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)

    assert mean_difference(white, -white).tolist() == [1, 1]
    assert mean_difference(grey, white).tolist() == [0.5, 0.5]


def test_mean_difference_averages_pixels_and_channels_of_each_image() -> None:
    truth = torch.zeros(2, 4, 1, 2)
    translated = truth.clone()
    translated[0, 1, 0, 1] = -0.8  # one of eight samples is wrong by 0.8 of 2

    assert mean_difference(translated, truth).tolist() == pytest.approx([0.05, 0])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), st.integers(1, 7), st.integers(0, 2**30))
def test_mean_difference_is_a_distance(count: int, channels: int, seed: int) -> None:
    randomness = torch.Generator().manual_seed(seed)
    first, second, third = torch.rand(3, count, channels, 4, 5, generator=randomness) * 2 - 1

    there = mean_difference(first, second)

    assert there.shape == (count,)
    assert bool(((there >= 0) & (there <= 1)).all())
    assert torch.equal(there, mean_difference(second, first))
    assert not mean_difference(first, first).any()
    around = mean_difference(first, third) + mean_difference(third, second)
    assert bool((there <= around + 1e-6).all())


def test_psnr_of_a_constant_difference_is_by_hand() -> None:
    truth = torch.zeros(2, 3, 16, 16)
    translated = torch.stack([truth[0] + 0.2, truth[1] + 0.02])

    # The range is 2, so 20 log10(2 / 0.2) = 20 dB, and a tenth of the error adds 20 dB.
    assert psnr(translated, truth).tolist() == pytest.approx([20, 40], abs=1e-4)


def test_psnr_of_the_truth_itself_is_infinite() -> None:
    truth = noise(1, 3, 16, 16)

    assert psnr(truth, truth).tolist() == [math.inf]


def test_ssim_of_the_truth_itself_is_one() -> None:
    for truth in (noise(2, 3, 16, 12), torch.full((2, 3, 11, 11), -1.0)):
        assert ssim(truth, truth).tolist() == pytest.approx([1, 1], abs=1e-6)


def test_ssim_of_two_flat_photos_compares_their_brightness() -> None:
    white, grey = torch.ones(1, 3, 16, 16), torch.zeros(1, 3, 16, 16)

    # Flat: the structure term is 1 and black is 0, so (2 * 1 * 0.5 + c) / (1 + 0.25 + c), c = 1e-4.
    assert ssim(white, grey).item() == pytest.approx(1.0001 / 1.2501, abs=1e-5)


def test_ssim_of_a_negative_is_below_zero() -> None:
    truth = noise(1, 3, 32, 32)

    assert ssim(-truth, truth).item() < 0


SCORES = (mean_difference, psnr, ssim)


@pytest.mark.parametrize("score", SCORES)
def test_each_photo_has_its_own_score(score: Callable[[Tensor, Tensor], Tensor]) -> None:
    truth, translated = noise(3, 3, 16, 16), noise(3, 3, 16, 16).flip(0)

    together = score(translated, truth)
    alone = [score(t[None], r[None]) for t, r in zip(translated, truth, strict=True)]

    assert together.shape == (3,)
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_images_of_any_channels_have_scores(channels: int) -> None:
    truth = noise(2, channels, 16, 16)

    for score, exact in zip(SCORES, (0, math.inf, 1), strict=True):
        assert score(truth, truth).tolist() == pytest.approx([exact, exact])


@pytest.mark.parametrize("score", [mean_difference, psnr, ssim])
def test_sizes_that_differ_are_refused(score: object) -> None:
    with pytest.raises(
        DataError, match=r"truth of its own size.*\(1, 3, 16, 16\) and \(1, 3, 16, 1\)"
    ):
        score(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 1))  # type: ignore[operator]


def test_photos_smaller_than_the_window_are_refused() -> None:
    with pytest.raises(DataError, match=r"window of 11 px.*\(1, 3, 10, 16\)"):
        ssim(torch.zeros(1, 3, 10, 16), torch.zeros(1, 3, 10, 16))
