from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from translate.images import open_photo
from translate.images.faults import DECODER_ERRORS
from translate.images.glancing import glance


def smooth(height: int, width: int) -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize(
    ("size", "seen"), [((800, 1200), (200, 300)), ((300, 300), (150, 150)), ((90, 90), (90, 90))]
)
def test_a_jpeg_is_seen_small_but_not_too_small(
    tmp_path: Path, size: tuple[int, int], seen: tuple[int, int]
) -> None:
    Image.fromarray(smooth(*size)).save(tmp_path / "x.jpg", quality=95)

    pixels = glance(tmp_path / "x.jpg", least_px=128)

    assert pixels.shape == (*seen, 3)
    whole = open_photo(tmp_path / "x.jpg").pixels
    shrunk = cv2.resize(whole, seen[::-1], interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(shrunk - pixels).mean() < 3


def test_other_formats_are_seen_whole(tmp_path: Path) -> None:
    Image.fromarray(smooth(300, 400)).save(tmp_path / "x.png")

    assert (glance(tmp_path / "x.png", 16) == open_photo(tmp_path / "x.png").pixels).all()


def test_a_photo_is_seen_upright_and_in_colour(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(smooth(300, 600)).save(tmp_path / "x.jpg", exif=exif)
    Image.fromarray(smooth(300, 600)).convert("CMYK").save(tmp_path / "inks.jpg")

    assert glance(tmp_path / "x.jpg", 300).shape == (600, 300, 3)
    assert glance(tmp_path / "inks.jpg", 300).shape == (300, 600, 3)


def test_a_broken_file_raises_what_decoders_raise(tmp_path: Path) -> None:
    Image.fromarray(smooth(300, 600)).save(tmp_path / "x.jpg")
    (tmp_path / "x.jpg").write_bytes((tmp_path / "x.jpg").read_bytes()[:900])

    for file in (tmp_path / "x.jpg", tmp_path / "gone.jpg"):
        with pytest.raises(DECODER_ERRORS):
            glance(file, 100)
