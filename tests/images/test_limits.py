from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import cv2
import numpy as np
import pytest
from PIL import Image

from translate.errors import DataError
from translate.images import (
    DEFAULT_PIXEL_LIMIT,
    find_fault,
    open_photo,
    pixel_limit,
    set_pixel_limit,
    size_of,
)
from translate.images.limits import WITHOUT_PILLOWS_CHECK


def drawn(file: Path, size: tuple[int, int] = (20, 16)) -> Path:
    Image.new("RGB", size).save(file)
    return file


def test_the_limit_is_what_was_set_and_a_quarter_of_a_billion_before() -> None:
    assert pixel_limit() == DEFAULT_PIXEL_LIMIT == 250_000_000

    set_pixel_limit(7)

    assert pixel_limit() == 7


def test_a_limit_that_refuses_everything_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="a limit of 0 pixels would refuse every image"):
        set_pixel_limit(0)


def test_the_message_names_the_limit_and_how_to_raise_it(tmp_path: Path) -> None:
    file = drawn(tmp_path / "photo.jpg")
    set_pixel_limit(319)

    reason = (
        "has more than 319 pixels, the limit that keeps a small file from filling the memory "
        "(raise it with --max-megapixels, or in Python with translate.images.set_pixel_limit)"
    )
    assert find_fault(file) == reason
    with pytest.raises(DataError) as caught:
        open_photo(file)
    assert str(caught.value) == f"{file}: {reason}. Mend the file or remove it."


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_deep_photos_have_the_same_limit(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"deep{suffix}"
    cv2.imwrite(str(file), np.zeros((16, 20, 3), np.uint16))
    set_pixel_limit(319)

    with pytest.raises(DataError, match="has more than 319 pixels"):
        open_photo(file)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("suffix", [".png", ".tif", ".gif"])
def test_pillows_own_limit_neither_warns_nor_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    file = drawn(tmp_path / f"photo{suffix}")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)

    assert open_photo(file).pixels.shape == (16, 20, 3)
    assert find_fault(file) is None
    assert size_of(file) == (20, 16)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_pillows_limit_is_back_after_a_photo_that_fails(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS
    (tmp_path / "photo.png").write_text("words")

    with pytest.raises(DataError):
        open_photo(tmp_path / "photo.png")

    assert before is not None
    assert before == Image.MAX_IMAGE_PIXELS


def test_pillows_limit_is_away_as_long_as_any_thread_needs_it_to_be() -> None:
    before, meeting = Image.MAX_IMAGE_PIXELS, Barrier(4)

    def look(_: int) -> int | None:
        with WITHOUT_PILLOWS_CHECK:
            meeting.wait()
            seen = Image.MAX_IMAGE_PIXELS
            meeting.wait()
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(look, range(4))) == [None] * 4

    assert before == Image.MAX_IMAGE_PIXELS
