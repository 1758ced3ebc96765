import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.picture_toys import open_whole
from translate.errors import TranslateError
from translate.images import Encoding

PHOTO = Encoding()
RED = (255, 0, 0)


def give_back(photo: Any) -> Any:
    """What a translator that changes nothing would return."""
    whole = open_whole(photo, PHOTO, PHOTO)
    assert whole.images.shape[1] == 3
    assert -1 <= whole.images.min() <= whole.images.max() <= 1
    return whole.restore(whole.images)


@pytest.mark.parametrize("shape", [(5, 7, 3), (1, 1, 3), (2, 5, 7, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_arrays_come_back_to_the_last_bit(shape: tuple[int, ...], dtype: type) -> None:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(0).integers(0, top, shape, dtype, endpoint=True)

    again = give_back(pixels)

    assert again.dtype == dtype
    assert np.array_equal(again, pixels)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 3, 5, 7)])
def test_tensors_come_back_in_shape_and_type(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    tensor = (torch.rand(shape) * 2 - 1).to(dtype)

    again = give_back(tensor)

    assert again.dtype == dtype
    assert torch.equal(again, tensor)


@pytest.mark.parametrize(
    ("mode", "colour", "mode_back", "colour_back"),
    [
        ("RGB", RED, "RGB", RED),
        ("RGBA", (*RED, 7), "RGBA", (*RED, 7)),
        ("L", 9, "RGB", (9, 9, 9)),
        ("LA", (9, 7), "RGBA", (9, 9, 9, 7)),
        ("1", 1, "RGB", (255, 255, 255)),
        ("CMYK", (0, 255, 255, 0), "RGB", RED),
    ],
)
def test_pil_images_come_back_as_rgb_with_their_alpha(
    mode: str, colour: Any, mode_back: str, colour_back: tuple[int, ...]
) -> None:
    again = give_back(Image.new(mode, (7, 5), colour))

    assert (again.mode, again.size) == (mode_back, (7, 5))
    assert again.getpixel((6, 4)) == colour_back


def test_paths_give_upright_images(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.new("RGB", (7, 5), RED).save(tmp_path / "photo.png", exif=exif)

    assert give_back(tmp_path / "photo.png").size == (5, 7)
    assert give_back(str(tmp_path / "photo.png")).getpixel((0, 0)) == RED


def test_sixteen_bit_files_give_eight_bit_images_with_alpha(tmp_path: Path) -> None:
    import cv2

    blue_first = np.array([[[0, 0, 65535, 32896]]], np.uint16)  # 32896 = 128 x 257
    cv2.imwrite(str(tmp_path / "deep.png"), blue_first)

    assert give_back(tmp_path / "deep.png").getpixel((0, 0)) == (*RED, 128)


@pytest.mark.parametrize(
    ("photo", "told"),
    [
        (np.zeros((5, 7, 3)), "uint8 or uint16, got float64"),
        (np.zeros((5, 7), np.uint8), r"\(H, W, 3\) or \(N, H, W, 3\), got \(5, 7\)"),
        (np.zeros((5, 7, 4), np.uint8), r"got \(5, 7, 4\).*set alpha aside"),
        (np.zeros((0, 7, 3), np.uint8), "at least one pixel"),
        (torch.zeros(3, 5, 7, dtype=torch.uint8), "float tensor in .* got torch.uint8"),
        (torch.zeros(5, 7), r"\(3, H, W\) or \(N, 3, H, W\), got \(5, 7\)"),
        (torch.zeros(5, 7, 3), r"got \(5, 7, 3\)"),
        (torch.zeros(0, 3, 5, 7), "at least one pixel"),
        (torch.full((3, 5, 7), 255.0), "got values from 255 to 255.* x / 127.5 - 1"),
        (torch.full((3, 5, 7), torch.nan), "got values from nan"),
        (Image.new("I;16", (7, 5)), "mode 'I;16' has more than 8 bits"),
        (Image.new("F", (7, 5)), "mode 'F' has more than 8 bits"),
        (Image.new("La", (7, 5)), "mode 'La' cannot be made RGB"),
        (None, "Expected a path, a PIL image.* got a NoneType"),
        (b"photo.jpg", "got a bytes"),
        ([], "got a list"),
    ],
)
def test_other_kinds_and_ranges_are_refused_with_what_was_found(photo: object, told: str) -> None:
    with pytest.raises(TranslateError, match=told):
        open_whole(photo, PHOTO, PHOTO)


@pytest.mark.parametrize("kept", [0.6, 0.95])
def test_an_image_whose_file_is_cut_short_is_told_though_it_opened(kept: float) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    content = stream.getvalue()

    image = Image.open(io.BytesIO(content[: int(len(content) * kept)]))

    with pytest.raises(TranslateError, match=r"A PIL image cannot be read \(.*truncated.*Open it"):
        open_whole(image, PHOTO, PHOTO)


def test_a_folder_is_sent_to_translate_folder(tmp_path: Path) -> None:
    with pytest.raises(TranslateError, match=r"is a folder.*translate_folder\("):
        open_whole(tmp_path, PHOTO, PHOTO)


def test_rounding_just_beyond_the_range_is_forgiven() -> None:
    assert open_whole(torch.full((3, 2, 2), 1.0005), PHOTO, PHOTO).images.shape == (1, 3, 2, 2)
