from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.health_toys import BOTH_WAYS, CPU, Hiding, Revealing, Translating, noted, pictures
from tests.toys import noise, tiny_cyclegan, tiny_pix2pix
from translate.bundle import INFERENCE_MODES
from translate.bundle.schema import InferenceMode
from translate.images import Pair
from translate.training.probe import (
    MOST_PHOTOS,
    Probe,
    brightness_correlation,
    shows_brightness,
    spread,
)
from translate.training.symptoms import LOOK_LIMITS, photo_symptoms

PHOTOS = Pair(pictures(), pictures(seed=1))
SAME = Translating(lambda image: image)
NEGATIVE = Translating(lambda image: -image)
GREY = Translating(torch.zeros_like)


def look(
    there: nn.Module,
    back: nn.Module | None = None,
    photos: Pair = PHOTOS,
    is_paired: bool = False,
    mode: InferenceMode = "deterministic",
) -> dict[str, float]:
    exports = {"a_to_b": "there"} if back is None else BOTH_WAYS
    networks = {"there": there, "back": back or nn.Identity()}
    return Probe(photos, exports, is_paired, CPU, mode).look(networks)


def symptoms(line: dict[str, float]) -> dict[str, bool]:
    return {s.name: s.is_seen for s in photo_symptoms(line, LOOK_LIMITS)}


def messages(line: dict[str, float]) -> dict[str, str]:
    return {s.name: s.message for s in photo_symptoms(line, LOOK_LIMITS) if s.is_seen}


def test_a_generator_that_ignores_its_photo_has_no_diversity() -> None:
    seen = look(GREY)

    assert seen["health/diversity_a_to_b"] == 0
    assert messages(seen)["collapse/a_to_b"] == (
        "health/diversity_a_to_b 0.00: translations of different photos are nearly the same image, "
        "so the generator looks at its photo no more. Go back to an earlier state and lower "
        "training.learning_rate; with few photos, set method.augment."
    )


def test_diversity_is_measured_by_the_narrower_of_the_two_domains() -> None:
    narrow = Pair(PHOTOS.a, PHOTOS.a / 10)  # as photos by night are

    seen = look(Translating(lambda image: image / 10), photos=narrow)

    assert seen["health/diversity_a_to_b"] == pytest.approx(1)
    assert look(SAME, photos=narrow)["health/diversity_a_to_b"] == pytest.approx(10)


def test_one_photo_alone_says_nothing_about_diversity() -> None:
    alone = Pair(PHOTOS.a[:1], PHOTOS.b[:1])

    assert "health/diversity_a_to_b" not in look(SAME, photos=alone)


def test_spread_is_the_mean_distance_of_all_pairs() -> None:
    images = torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 3, 4, 4)

    assert spread(images) == pytest.approx((0.5 + 0.5 + 1) / 3)


def test_a_negative_has_inverted_colours() -> None:
    seen = look(NEGATIVE)

    assert seen["health/luminance_a_to_b"] == pytest.approx(-1)
    assert messages(seen)["colour_inversion/a_to_b"].startswith(
        "health/luminance_a_to_b -1.00: translations are bright where photos are dark"
    )


def test_a_negative_is_right_where_the_exact_answers_are_negatives() -> None:
    inverted = Pair(PHOTOS.a, -PHOTOS.a)

    seen = look(NEGATIVE, photos=inverted, is_paired=True)

    assert seen["health/luminance_true_a_to_b"] == pytest.approx(-1)
    assert not symptoms(seen)["colour_inversion/a_to_b"]
    assert symptoms(look(NEGATIVE, photos=inverted))["colour_inversion/a_to_b"]


def test_brightness_of_a_flat_image_correlates_with_nothing() -> None:
    nearly_flat = 0.3 - PHOTOS.a * 0.01

    assert brightness_correlation(PHOTOS.a, torch.zeros_like(PHOTOS.a)) == 0
    assert brightness_correlation(PHOTOS.a, nearly_flat) == 0


@given(gain=st.floats(0.2, 5), offset=st.floats(-1, 1))
def test_correlation_of_brightness_asks_neither_for_contrast_nor_for_exposure(
    gain: float, offset: float
) -> None:
    other = PHOTOS.b

    expected = brightness_correlation(PHOTOS.a, other)

    assert -1 <= expected <= 1
    assert brightness_correlation(PHOTOS.a, other * gain + offset) == pytest.approx(
        expected, abs=1e-4
    )


def test_a_generator_that_hands_its_photo_on_changes_nothing() -> None:
    seen = look(Translating(lambda image: image + 0.02))

    assert seen["health/change_a_to_b"] == pytest.approx(0.02)
    assert messages(seen)["identity/a_to_b"].startswith(
        "health/change_a_to_b 0.020 (2 lies between black and white): translations are their photos"
    )


def test_little_change_is_right_where_the_exact_answers_change_little() -> None:
    gentle = Pair(PHOTOS.a, PHOTOS.a + 0.02)

    seen = look(Translating(lambda image: image + 0.015), photos=gentle, is_paired=True)

    assert seen["health/change_true_a_to_b"] == pytest.approx(0.02)
    assert not symptoms(seen)["identity/a_to_b"]
    assert symptoms(look(SAME, photos=gentle, is_paired=True))["identity/a_to_b"]


def test_a_photo_hidden_in_a_faint_pattern_is_lost_to_noise() -> None:
    seen = look(Hiding(), Revealing())

    assert seen["health/returned_a_to_b"] < 1e-4
    assert seen["health/hidden_a_to_b"] > 2 * LOOK_LIMITS.most_hidden
    assert symptoms(seen) == {
        "collapse/a_to_b": False,
        "colour_inversion/a_to_b": False,
        "identity/a_to_b": False,
        "steganography/a_to_b": True,
        "collapse/b_to_a": False,
        "colour_inversion/b_to_a": False,
        "identity/b_to_a": False,
        "steganography/b_to_a": False,
    }
    assert (
        "the way back fails under noise that nobody sees" in messages(seen)["steganography/a_to_b"]
    )


@pytest.mark.parametrize("gain", [1.0, 3.0])
def test_a_way_back_that_only_strengthens_contrast_hides_nothing(gain: float) -> None:
    seen = look(Translating(lambda image: image / gain), Translating(lambda image: image * gain))

    assert not symptoms(seen)["steganography/a_to_b"]


def test_a_way_back_that_was_bad_without_noise_hides_nothing() -> None:
    returned, hidden = "health/returned_a_to_b", "health/hidden_a_to_b"

    assert symptoms({returned: 0.05, hidden: 0.15})["steganography/a_to_b"]
    assert not symptoms({returned: 0.1, hidden: 0.15})["steganography/a_to_b"]
    assert not symptoms({returned: 0.01, hidden: 0.08})["steganography/a_to_b"]


def test_noise_leaves_a_translation_an_image() -> None:
    brightest: list[float] = []

    def note(image: Tensor) -> Tensor:
        brightest.append(float(image.max()))
        return image

    look(Translating(torch.ones_like), Translating(note))

    assert max(brightest) == 1


def test_a_method_of_one_direction_has_no_way_back_to_be_looked_at() -> None:
    assert set(look(SAME)) == {
        "health/diversity_a_to_b",
        "health/luminance_a_to_b",
        "health/change_a_to_b",
    }


def test_exact_answers_are_measured_only_where_they_are_known() -> None:
    more = set(look(SAME, is_paired=True)) - set(look(SAME))

    assert more == {"health/luminance_true_a_to_b", "health/change_true_a_to_b"}


def first_channels(count: int) -> Translating:
    return Translating(lambda image: image.repeat(1, count, 1, 1)[:, :count])


@pytest.mark.parametrize(
    ("channels", "measures"),
    [
        ((1, 3), {"diversity", "luminance"}),
        ((3, 1), {"diversity", "luminance"}),
        ((3, 5), {"diversity"}),
        ((5, 5), {"diversity", "change"}),
    ],
)
def test_what_cannot_be_compared_is_left_out(channels: tuple[int, int], measures: set[str]) -> None:
    photos = Pair(*(noise(2, n, 16, 16, seed=n) for n in channels))

    seen = look(first_channels(channels[1]), photos=photos)

    assert set(seen) == {f"health/{measure}_a_to_b" for measure in measures}


def test_answers_of_other_sides_are_not_compared() -> None:
    photos = Pair(PHOTOS.a, pictures(side_px=40))

    assert set(look(SAME, photos=photos, is_paired=True)) == set(look(SAME))


def test_a_map_of_three_classes_shows_no_brightness() -> None:
    classes = noise(2, 3, 8, 8).argmax(dim=1)
    label_map = nn.functional.one_hot(classes, 3).permute(0, 3, 1, 2) * 2.0 - 1

    assert not shows_brightness(label_map)
    assert shows_brightness(PHOTOS.a)
    assert shows_brightness(torch.ones(1, 3, 8, 8))
    assert "health/luminance_a_to_b" not in look(SAME, photos=Pair(label_map, PHOTOS.b[:2]))


def test_a_look_takes_six_passes_for_a_pair_of_photos_one_by_one_and_learns_nothing() -> None:
    passes: list[tuple[int, bool]] = []

    def note(image: Tensor) -> Tensor:
        passes.append((len(image), torch.is_grad_enabled()))
        return image

    look(Translating(note), Translating(note), photos=Pair(*(noise(9, 3, 8, 8) for _ in "ab")))

    assert passes == [(1, False)] * 6 * MOST_PHOTOS


RESNET = {"name": "resnet", "base_channels": 4, "blocks": 1, "norm": "batch", "dropout": True}


@pytest.mark.parametrize("mode", INFERENCE_MODES)
@pytest.mark.parametrize("make", [lambda: tiny_cyclegan(generator=RESNET), tiny_pix2pix])
def test_looking_changes_nothing_and_sees_the_same_twice(
    make: Callable[[], Any], mode: InferenceMode
) -> None:
    method = make()
    before, randomness = noted(method.networks), torch.get_rng_state()
    probe = Probe(PHOTOS, method.exports, False, CPU, mode)

    first = probe.look(method.networks)
    torch.rand(1)
    again = probe.look(method.networks)

    assert first == again
    assert noted(method.networks) == before
    torch.set_rng_state(randomness)
    probe.look(method.networks)
    assert torch.equal(torch.get_rng_state(), randomness)
