import pytest

from tests.strip_toys import resnet, unet
from translate.inference.strips import values_per_pixel


def test_the_largest_map_of_a_resnet_is_its_widest_at_full_size() -> None:
    assert values_per_pixel(resnet(base_channels=5)) == pytest.approx(5, rel=0.1)


def test_a_unet_shrinks_before_it_widens() -> None:
    generator = unet(base_channels=16)

    assert values_per_pixel(generator) == 2 * 16 / 4  # two joined, of half the sides


def test_a_photo_of_many_classes_may_be_larger_than_all_that_is_made_of_it() -> None:
    assert values_per_pixel(unet(in_channels=100)) == 100
