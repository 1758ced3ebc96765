"""Images stored lying on their side, and how they stand up."""

from typing import Any

import numpy.typing as npt

ORIENTATION = 0x0112  # EXIF and TIFF tag: where the first row and column of the file belong
SWAPPED = (5, 6, 7, 8)  # orientations 1 to 4 with rows and columns exchanged
UNDOING = {6: 8, 8: 6}  # quarter turns undo each other, every other orientation itself


def turn_upright(samples: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Undo one of EXIF's eight orientations; nothing is copied.

    Shape:
        (H, W) or (H, W, C), H and W as the file has them.
    """
    if orientation in SWAPPED:
        samples = samples.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        samples = samples[:, ::-1]
    if orientation in (3, 4, 7, 8):
        samples = samples[::-1]
    return samples


def lay_down(samples: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Undo `turn_upright`: what is written into the result stands upright in `samples`."""
    return turn_upright(samples, UNDOING.get(orientation, orientation))
