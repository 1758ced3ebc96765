import numpy as np
import pytest
import torch
from PIL import Image

from translate.images import draw_grid
from translate.images.grid import GUTTER_PX

RED = torch.tensor([1.0, -1.0, -1.0]).reshape(3, 1, 1)


def reddish(sheet: Image.Image) -> np.ndarray:
    return (np.asarray(sheet) == (255, 0, 0)).all(axis=2)


def test_large_images_are_shown_pixel_for_pixel() -> None:
    image = RED.expand(3, 130, 150)

    sheet = draw_grid([[image, image], [image, image]], ["a", "b"])

    assert reddish(sheet).sum() == 4 * 130 * 150
    assert sheet.width == 2 * 150 + 3 * GUTTER_PX


def test_small_images_are_enlarged_by_a_whole_factor() -> None:
    sheet = draw_grid([[RED.expand(3, 20, 60)]], ["a"])

    assert reddish(sheet).sum() == (20 * 3) * (60 * 3)  # 3 is the least to reach 128 px


def test_gutters_and_margins_are_white() -> None:
    pixels = np.asarray(draw_grid([[RED.expand(3, 128, 128)] * 2], ["", ""]))

    assert (pixels[:, GUTTER_PX + 128 : 2 * GUTTER_PX + 128] == 255).all()
    assert (pixels[:, :GUTTER_PX] == 255).all()
    assert (pixels[-GUTTER_PX:] == 255).all()


def test_titles_are_written_above_their_columns() -> None:
    blank = torch.ones(3, 128, 128)

    pixels = np.asarray(draw_grid([[blank, blank]], ["", "winter"]))

    columns = (pixels < 128).any(axis=(0, 2)).nonzero()[0]
    rows = (pixels < 128).any(axis=(1, 2)).nonzero()[0]
    assert columns.min() > GUTTER_PX + 128
    assert rows.max() < len(pixels) - 128 - GUTTER_PX


def test_a_long_title_widens_its_column() -> None:
    image = RED.expand(3, 128, 128)

    assert draw_grid([[image]], ["a title longer than its picture is wide"]).width > 200


def test_a_column_without_title_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        draw_grid([[RED, RED]], ["only one"])


def test_what_is_not_rgb_is_refused_with_the_way_to_make_it_so() -> None:
    with pytest.raises(ValueError, match=r"shows RGB .* got \{\(5, 4, 6\)\}: use Encoding\.show"):
        draw_grid([[RED, torch.zeros(5, 4, 6)]], ["a", "b"])
