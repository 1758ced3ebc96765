import numpy as np
import pytest

from tests.doctor_toys import texture
from translate.doctor.facts import FACTS, measure


def test_light_is_measured_as_by_hand() -> None:
    photo = np.zeros((4, 10, 3), np.uint8)
    photo[:, :5] = 255

    facts = measure(photo)

    assert facts["brightness"] == pytest.approx(0.5)
    assert facts["contrast"] == pytest.approx(0.5)
    assert facts["black"] == facts["white"] == pytest.approx(0.5)
    assert facts["colour"] == 0
    assert (facts["width"], facts["height"]) == (10, 4)
    assert facts["levels"][:, [0, 15]] == pytest.approx(0.5)


def test_colour_is_the_distance_of_the_strongest_from_the_weakest() -> None:
    photo = np.tile(np.array([200, 90, 149], np.uint8), (8, 8, 1))

    facts = measure(photo)

    assert facts["colour"] == pytest.approx(110 / 255)
    assert facts["levels"][1, 200 // 16] == facts["levels"][2, 90 // 16] == 1


def test_histograms_are_shares() -> None:
    facts = measure(texture(3))

    assert facts["levels"].shape == (4, 16)
    assert facts["levels"].sum(axis=1) == pytest.approx(1)


def test_a_photo_of_16_bits_has_the_light_of_the_same_photo_of_8() -> None:
    photo = texture(5)

    deep, shallow = measure(photo.astype(np.uint16) * 257), measure(photo)

    for name in ("hash", "mirrored", "brightness", "contrast", "levels"):
        assert np.allclose(deep[name], shallow[name])
    assert deep["pixels"] != shallow["pixels"]  # it is not the same photo to the last bit


def test_pixels_are_told_by_values_and_by_shape() -> None:
    photo = texture(1, width=24, height=24)
    other = photo.copy()
    other[3, 3, 0] ^= 1

    assert measure(photo)["pixels"] == measure(photo.copy())["pixels"]
    assert measure(photo)["pixels"] != measure(other)["pixels"]
    assert measure(photo)["pixels"] != measure(photo.reshape(12, 48, 3))["pixels"]


def test_the_mirrored_hash_is_the_hash_of_the_mirrored_photo() -> None:
    photo = texture(2)

    own, mirrored = measure(photo), measure(photo[:, ::-1])

    assert (own["mirrored"] == mirrored["hash"]).all()
    assert (own["hash"] == mirrored["mirrored"]).all()


def test_facts_are_small() -> None:
    assert FACTS.itemsize < 1000
