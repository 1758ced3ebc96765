from typing import Any

import pytest
import torch
from torch import Tensor

from tests.evaluation_toys import TinyEye
from tests.toys import noise
from translate.evaluation.likeness import (
    STRUCTURE_STAGE,
    luminance_correlation,
    perceptual_distance,
    structure_distance,
)
from translate.evaluation.pairs import mean_difference, psnr, ssim
from translate.evidence.judging import Found, Judge, Judgement


def as_bytes(images: Tensor) -> Tensor:
    return ((images + 1) * 127.5).round() / 127.5 - 1


def judge(eye: Any = None, extractor: Any = None) -> Judge:
    return Judge(eye, extractor)


PHOTOS, FAKES, TRUTH = (as_bytes(noise(3, 3, 24, 20, seed=seed)) for seed in range(3))


def test_findings_of_batches_are_gathered_in_order() -> None:
    gathered = Judgement()
    gathered.add(Found({"l1": torch.tensor([1.0, 2.0])}, torch.ones(2, 4)))
    gathered.add(Found({"l1": torch.tensor([3.0])}, torch.zeros(1, 4)))

    assert gathered.values()["l1"].tolist() == [1, 2, 3]
    assert gathered.values()["l1"].dtype == torch.float64
    assert gathered.features().tolist() == [[1] * 4, [1] * 4, [0] * 4]


def test_without_answer_structure_and_luminance_are_found() -> None:
    eye = TinyEye()
    found = judge(eye)(judge(eye).see(PHOTOS), FAKES, None)

    looks = [eye.look(images).stages[STRUCTURE_STAGE] for images in (PHOTOS, FAKES)]
    assert found.measures.keys() == {"structure", "luminance"}
    torch.testing.assert_close(found.measures["structure"], structure_distance(*looks))
    expected = luminance_correlation(PHOTOS, FAKES)
    torch.testing.assert_close(found.measures["luminance"], expected)
    assert found.features is None


def test_with_an_answer_so_is_how_near_it_a_translation_is() -> None:
    eye = TinyEye()
    one = judge(eye)
    found = one(one.see(PHOTOS), FAKES, one.see(TRUTH)).measures

    assert set(found) == {"structure", "luminance", "l1", "psnr", "ssim", "perceptual"}
    for name, measure in {"l1": mean_difference, "psnr": psnr, "ssim": ssim}.items():
        torch.testing.assert_close(found[name], measure(FAKES, TRUTH))
    looks = [eye.look(images).stages for images in (FAKES, TRUTH)]
    torch.testing.assert_close(found["perceptual"], perceptual_distance(*looks))


def test_without_an_eye_there_are_the_measures_of_pixels_alone() -> None:
    blind = judge()

    found = blind(blind.see(PHOTOS), FAKES, blind.see(TRUTH)).measures

    assert set(found) == {"luminance", "l1", "psnr", "ssim"}


def test_translations_are_rounded_to_bytes_and_to_their_range() -> None:
    blind = judge()
    fake = torch.full((1, 3, 12, 12), 0.5 + 0.4 / 127.5)  # 191.65 of 255
    wild = torch.full((1, 3, 12, 12), 1.7)
    answers = (torch.full((1, 3, 12, 12), 192 / 127.5 - 1), torch.ones(1, 3, 12, 12))

    for image, answer in zip((fake, wild), answers, strict=True):
        found = blind(blind.see(answer), image, blind.see(answer)).measures
        assert found["l1"].item() == pytest.approx(0, abs=1e-7)


def test_sizes_below_the_window_of_ssim_are_measured_without_it() -> None:
    blind, small = judge(), noise(1, 3, 10, 30)

    found = blind(blind.see(small), small, blind.see(small)).measures

    assert "ssim" not in found
    assert "l1" in found


def test_images_of_other_sizes_or_of_bands_have_no_places_in_common() -> None:
    one = judge(TinyEye())

    assert one.compare(one.see(PHOTOS), one.see(noise(3, 3, 20, 20))).measures == {}
    bands = one.see(noise(3, 5, 24, 20))
    assert bands.look is None
    assert one.compare(bands, bands).measures == {}
    found = one(bands, noise(3, 5, 24, 20, seed=1), bands).measures
    assert set(found) == {"l1", "psnr", "ssim"}


def test_features_are_seen_once_where_eye_and_extractor_are_one() -> None:
    eye, other = TinyEye(), TinyEye("other")
    same, apart = judge(eye, eye), judge(eye, other)
    seen = same.see(PHOTOS)

    found = same(seen, FAKES + 1e-4, None).features
    assert eye.seen == 6
    found_apart = apart(seen, FAKES + 1e-4, None).features

    assert found is not None
    assert found_apart is not None
    torch.testing.assert_close(found, TinyEye()(FAKES))
    torch.testing.assert_close(found_apart, TinyEye()(FAKES))
    assert other.seen == 3


def test_a_photo_that_was_left_as_it_is_need_not_be_looked_at_again() -> None:
    eye = TinyEye()
    one = judge(eye, eye)
    seen = one.see(PHOTOS)

    found = one(seen, PHOTOS.clone(), None)

    assert eye.seen == 3
    assert found.measures["structure"].tolist() == [0, 0, 0]
    assert found.features is not None
    assert torch.equal(found.features, TinyEye()(PHOTOS))
