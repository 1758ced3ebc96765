import numpy as np
import pytest
import torch
from PIL import Image

from tests.toys import noise
from translate.images.sheet import KEY
from translate.training.scores import REAL, TRANSLATED, UNDECIDED, add_scale, colours_of, overlay


def pixels(colour: torch.Tensor) -> tuple[int, ...]:
    return tuple(round((float(value) + 1) * 127.5) for value in colour)


@pytest.mark.parametrize(
    ("score", "colour"),
    [(0.0, TRANSLATED), (0.5, UNDECIDED), (1.0, REAL), (float("nan"), UNDECIDED), (7.0, REAL)],
)
def test_blue_is_called_translated_and_red_is_called_real(
    score: float, colour: tuple[int, int, int]
) -> None:
    assert pixels(colours_of(torch.tensor([[[score]]]))[0, :, 0, 0]) == colour


def test_scores_lie_where_their_patches_are() -> None:
    scores = torch.tensor([[[[0.0, 1.0]]]])

    shown = overlay(torch.zeros(1, 3, 8, 16), scores)

    assert shown.shape == (1, 3, 8, 16)
    red, blue = shown[0, 0], shown[0, 2]
    assert (blue[:, :4] > red[:, :4]).all()
    assert (red[:, -4:] > blue[:, -4:]).all()


def test_the_photo_shows_through_in_grey() -> None:
    images = noise(2, 3, 8, 8)

    shown = overlay(images, torch.full((2, 1, 2, 2), 0.5))

    spread = shown.max(dim=1).values - shown.min(dim=1).values
    assert spread.max() < 1e-6  # undecided is white, and what it lies over is grey
    assert shown.std() > 0.05
    assert (shown >= -1).all()
    assert (shown <= 1).all()


@pytest.mark.parametrize("width", [100, 700])
def test_the_scale_stands_below_and_moves_nothing(width: int) -> None:
    sheet = Image.new("RGB", (width, 50), "green")
    sheet.info[KEY] = "layout"

    made = add_scale(sheet)

    assert made.height > 60
    assert made.width >= width
    assert (np.asarray(made)[:50, :width] == (0, 128, 0)).all()
    assert made.info[KEY] == "layout"
    line = np.asarray(made)[60].astype(int)
    assert line[8, 2] > line[8, 0]  # blue at the left
    assert line[-9, 0] > line[-9, 2]  # red at the right
