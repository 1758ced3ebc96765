"""Large photos are converted strip by strip: nobody must be able to tell."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.images import open_photo, opening

NOISE = np.random.default_rng(0).integers(0, 256, (11, 7, 4), dtype=np.uint8)
IMAGES = {
    "RGB": Image.fromarray(NOISE[..., :3]),
    "RGBA": Image.fromarray(NOISE),
    "L": Image.fromarray(NOISE[..., 0]),
    "LA": Image.fromarray(NOISE).convert("LA"),
    "P": Image.fromarray(NOISE[..., :3]).quantize(5),
    "1": Image.fromarray(NOISE[..., 0]).convert("1"),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("mode", IMAGES)
@pytest.mark.parametrize("strip_pixels", [1, 14, 30])
def test_strips_make_the_same_photo_as_one_piece(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    orientation: int,
    strip_pixels: int,
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"transparency": bytes([0, 90])} if mode == "P" else {}
    IMAGES[mode].save(tmp_path / "photo.png", exif=exif, **options)
    whole = open_photo(tmp_path / "photo.png")
    monkeypatch.setattr(opening, "STRIP_PIXELS", strip_pixels)

    strips = open_photo(tmp_path / "photo.png")

    assert np.array_equal(strips.pixels, whole.pixels)
    assert (strips.alpha is None) == (whole.alpha is None) == (mode in ("RGB", "L", "1"))
    if strips.alpha is not None:
        assert np.array_equal(strips.alpha, whole.alpha)  # type: ignore[arg-type]
