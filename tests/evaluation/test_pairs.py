import math

import pytest
import torch

from translate.errors import DataError
from translate.evaluation.pairs import PairScores, psnr, score_photos, ssim


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


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


def test_each_photo_has_its_own_score() -> None:
    truth, translated = noise(3, 3, 16, 16), noise(3, 3, 16, 16).flip(0)

    alone = torch.cat(
        [score_photos(t[None], r[None]) for t, r in zip(translated, truth, strict=True)], dim=1
    )

    assert torch.allclose(score_photos(translated, truth), alone, atol=1e-5)


def test_means_count_every_photo_the_same() -> None:
    batches = [torch.tensor([[10.0, 20.0], [0.1, 0.2]]), torch.tensor([[60.0], [0.9]])]

    assert PairScores.mean_of(batches) == pytest.approx((30.0, 0.4))


def test_no_pairs_have_no_mean() -> None:
    with pytest.raises(DataError, match="no pairs to score"):
        PairScores.mean_of([])


@pytest.mark.parametrize("score", [psnr, ssim])
def test_sizes_that_differ_are_refused(score: object) -> None:
    with pytest.raises(
        DataError, match=r"truth of its own size.*\(1, 3, 16, 16\) and \(1, 3, 16, 1\)"
    ):
        score(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 1))  # type: ignore[operator]


def test_photos_smaller_than_the_window_are_refused() -> None:
    with pytest.raises(DataError, match=r"window of 11 px.*\(1, 3, 10, 16\)"):
        ssim(torch.zeros(1, 3, 10, 16), torch.zeros(1, 3, 10, 16))
