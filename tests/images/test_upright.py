import numpy as np
import pytest

from translate.images.upright import SWAPPED, lay_down, turn_upright

UPRIGHT = np.arange(6).reshape(2, 3)
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.T,
    6: np.rot90(UPRIGHT),
    7: np.rot90(UPRIGHT[::-1]),
    8: np.rot90(UPRIGHT, -1),
}


@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_is_undone(orientation: int) -> None:
    assert np.array_equal(turn_upright(STORED[orientation], orientation), UPRIGHT)
    assert (STORED[orientation].shape != UPRIGHT.shape) == (orientation in SWAPPED)


def test_channels_stay_last_and_unknown_orientations_stay_as_they_are() -> None:
    colours = np.stack([STORED[6]] * 5, axis=-1)

    assert turn_upright(colours, 6).shape == (2, 3, 5)
    assert turn_upright(UPRIGHT, 99) is UPRIGHT


@pytest.mark.parametrize("orientation", [0, *range(1, 9), 99])
def test_what_is_written_lying_down_stands_upright(orientation: int) -> None:
    upright = np.zeros_like(UPRIGHT)

    lay_down(upright, orientation)[...] = STORED.get(orientation, UPRIGHT)

    assert np.array_equal(upright, UPRIGHT)
