import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.toys import noise
from translate.evaluation.features import FeatureExtractor
from translate.evaluation.likeness import (
    STRUCTURE_STAGE,
    luminance_correlation,
    perceptual_distance,
    structure_distance,
)


def places(*vectors: tuple[float, ...]) -> Tensor:
    """One image of a row of places, each with its features."""
    return torch.tensor(vectors).T[None, :, None, :]


def test_structure_of_two_places_is_by_hand() -> None:
    same, across = places((1.0, 0.0), (1.0, 0.0)), places((1.0, 0.0), (0.0, 1.0))
    opposite = places((1.0, 0.0), (-1.0, 0.0))

    # Cosines of the four pairs of places: 1 1 1 1, against 1 0 0 1, against 1 -1 -1 1.
    assert structure_distance(same, across).tolist() == [0.5]
    assert structure_distance(across, opposite).tolist() == [0.5]
    assert structure_distance(same, opposite).tolist() == [1.0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**30), st.floats(0.01, 100), st.integers(1, 5), st.integers(1, 4))
def test_how_strong_features_are_is_no_structure(
    seed: int, strength: float, channels: int, side: int
) -> None:
    maps, others = (noise(2, channels, side, side, seed=seed + i) for i in range(2))
    scales = strength ** noise(2, 1, side, side, seed=seed + 2)

    found = structure_distance(maps, others)

    torch.testing.assert_close(
        structure_distance(scales * maps, others), found, atol=1e-5, rtol=1e-4
    )
    torch.testing.assert_close(
        structure_distance(maps, scales * maps), torch.zeros(2), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(structure_distance(others, maps), found)
    assert (found >= 0).all()
    assert (found <= 2).all()


def test_turning_all_features_alike_keeps_the_structure() -> None:
    """It is what places have to do with each other, not what they show."""
    maps = noise(1, 3, 4, 4)
    turned = torch.stack([maps[:, 1], -maps[:, 0], maps[:, 2]], dim=1)

    torch.testing.assert_close(structure_distance(maps, turned), torch.zeros(1), atol=1e-6, rtol=0)


def test_each_image_of_a_batch_has_its_own_structure() -> None:
    maps, others = noise(3, 4, 2, 2), noise(3, 4, 2, 2, seed=1)

    together = structure_distance(maps, others)

    alone = [structure_distance(maps[i : i + 1], others[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone))


def test_places_without_features_are_like_nothing() -> None:
    nothing = torch.zeros(1, 2, 1, 2)

    assert structure_distance(nothing, nothing).tolist() == [0]
    assert structure_distance(nothing, places((1.0, 0.0), (1.0, 0.0))).tolist() == [1]


def test_perceptual_distance_is_by_hand() -> None:
    fine = places((3.0, 0.0), (0.0, 2.0)), places((0.0, 5.0), (0.0, 1.0))
    coarse = places((1.0, 0.0)), places((-4.0, 0.0))

    # Fine: of two places one is orthogonal, |(1, 0) - (0, 1)|^2 = 2, and one the same. Coarse: 4.
    found = perceptual_distance((fine[0], coarse[0]), (fine[1], coarse[1]))

    assert found.tolist() == pytest.approx([2 / 2 + 4])
    assert perceptual_distance(fine[:1], fine[:1]).tolist() == [0]


def test_perceptual_distance_wants_the_same_stages_of_both() -> None:
    with pytest.raises(ValueError, match="shorter"):
        perceptual_distance([noise(1, 2, 2, 2)] * 2, [noise(1, 2, 2, 2)])


def test_red_green_and_blue_are_as_bright_as_televisions_say() -> None:
    ramp = torch.linspace(-1, 1, 8).expand(8, 8)
    other = ramp.T
    grey = (ramp + other) * torch.ones(3, 1, 1)
    coloured = torch.stack([ramp, other, torch.zeros(8, 8)])

    # Var(ramp) = Var(other), uncorrelated: cos of (1, 1) with (0.299, 0.587).
    expected = (0.299 + 0.587) / math.sqrt(2 * (0.299**2 + 0.587**2))
    found = luminance_correlation(grey[None] / 2, coloured[None])
    assert found.item() == pytest.approx(expected, abs=1e-5)


def test_a_photo_follows_itself_and_a_negative_is_its_opposite() -> None:
    photos = noise(4, 3, 9, 7)

    torch.testing.assert_close(luminance_correlation(photos, photos), torch.ones(4))
    torch.testing.assert_close(luminance_correlation(photos, -photos), -torch.ones(4))
    torch.testing.assert_close(luminance_correlation(photos, 0.1 * photos + 0.5), torch.ones(4))


def test_a_flat_photo_follows_nothing() -> None:
    flat, photos = torch.full((2, 3, 6, 6), 0.3), noise(2, 3, 6, 6)
    # Colours that differ, and are all equally bright.
    equally_bright = torch.zeros(2, 3, 6, 6)
    equally_bright[:, 0, ::2], equally_bright[:, 1, ::2] = 0.587, -0.299

    for dull in (flat, equally_bright, flat + 1e-5 * photos):
        assert luminance_correlation(dull, photos).tolist() == [0, 0]
        assert luminance_correlation(photos, dull).tolist() == [0, 0]
        assert luminance_correlation(dull, dull).tolist() == [0, 0]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**30), st.integers(1, 12), st.integers(1, 12), st.floats(-1, 1))
def test_correlations_lie_between_minus_one_and_one(
    seed: int, height: int, width: int, mixed: float
) -> None:
    first, other = (noise(3, 3, height, width, seed=seed + i) for i in range(2))
    second = mixed * first + (1 - abs(mixed)) * other

    found = luminance_correlation(first, second)

    assert found.shape == (3,)
    assert (found.abs() <= 1).all()
    assert torch.equal(luminance_correlation(second, first), found)


def test_seen_by_the_packaged_network_blurring_costs_less_structure_than_another_photo() -> None:
    eye = FeatureExtractor(torch.device("cpu"))
    photo = torch.nn.functional.interpolate(noise(1, 3, 6, 6), (96, 96), mode="bicubic").clamp(
        -1, 1
    )
    blurred = torch.nn.functional.avg_pool2d(photo, 5, stride=1, padding=2)
    looks = [eye.look(images) for images in (photo, photo, blurred, photo.flip(2, 3))]

    structure = [
        structure_distance(looks[0].stages[STRUCTURE_STAGE], look.stages[STRUCTURE_STAGE]).item()
        for look in looks
    ]
    perceptual = [perceptual_distance(looks[0].stages, look.stages).item() for look in looks]

    assert structure[1] == perceptual[1] == 0
    assert 0 < structure[2] < structure[3] < 2
    assert 0 < perceptual[2] < perceptual[3]
