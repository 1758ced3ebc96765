import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from translate.data.views import SSIM_WINDOW_PX, ViewSettings


def test_squares_to_look_at_are_as_large_as_those_to_learn_from_unless_named() -> None:
    assert ViewSettings(crop_px=64, load_px=64).looking_px == 64
    assert ViewSettings(crop_px=64, load_px=64, test_px=96).looking_px == 96


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["shorter_side", "square"]))
def test_a_square_fits_into_the_resized_photo_or_is_refused(
    load_px: int, crop_px: int, resize: str
) -> None:
    values = {"load_px": load_px, "crop_px": crop_px, "resize": resize}

    if crop_px <= load_px:
        assert ViewSettings.model_validate(values).crop_px == crop_px
    else:
        with pytest.raises(ValidationError, match=f"got crop_px {crop_px} and load_px {load_px}"):
            ViewSettings.model_validate(values)


def test_photos_that_are_not_resized_may_be_of_any_size() -> None:
    assert ViewSettings(resize="none", load_px=8, crop_px=512).crop_px == 512


def test_squares_too_small_to_be_measured_are_refused_under_their_key() -> None:
    expected = "must be at least 11 where pairs are held out: similarity is measured in windows of"

    ViewSettings(load_px=11, crop_px=SSIM_WINDOW_PX).expect_measurable("pairs are held out")
    with pytest.raises(ValueError, match=f"^crop_px {expected} that size, got 10"):
        ViewSettings(load_px=11, crop_px=10).expect_measurable("pairs are held out")
    with pytest.raises(ValueError, match=f"^test_px {expected} that size, got 9"):
        ViewSettings(load_px=32, crop_px=32, test_px=9).expect_measurable("pairs are held out")


@pytest.mark.parametrize("key", ["load_px", "crop_px", "test_px"])
def test_sizes_are_at_least_one_pixel(key: str) -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        ViewSettings.model_validate({key: 0})
