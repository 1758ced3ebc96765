import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from translate.pages import Picture, before_after, film, gallery
from translate.pages.pictures import FILM_PX, GALLERY_PX, embed


def photo(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def drawing() -> Image.Image:
    image = Image.new("RGB", (40, 30), "white")
    image.paste((200, 10, 10), (5, 5, 20, 20))
    return image


def opened(address: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(address.partition("base64,")[2])))


def test_a_photo_becomes_webp_and_stays_near() -> None:
    address = embed(photo().resize((200, 150)), 480)

    assert address.startswith("data:image/webp;base64,")
    assert opened(address).size == (200, 150)


def test_a_drawing_of_few_colours_becomes_png_and_stays_exact() -> None:
    address = embed(drawing(), 480)

    assert address.startswith("data:image/png;base64,")
    assert np.array_equal(np.asarray(opened(address)), np.asarray(drawing()))


def test_a_picture_is_reduced_to_what_a_screen_shows() -> None:
    assert opened(embed(photo(1000, 500), 480)).size == (480, 240)
    assert opened(embed(photo(1000, 1), 100)).size == (100, 1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_pictures_of_any_mode_are_embedded(mode: str) -> None:
    image = photo().convert("L").convert("LA") if mode == "LA" else photo(mode=mode)

    assert opened(embed(image, 480)).size == (40, 30)


def test_what_a_file_said_beside_its_pixels_does_not_come_along() -> None:
    secret = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "at home"  # ImageDescription
    photo().save(secret, "JPEG", exif=exif, comment=b"at home")

    address = embed(Image.open(secret), 480)

    assert b"at home" not in base64.b64decode(address.partition("base64,")[2])


def test_a_gallery_shows_titles_and_captions_and_obeys_neither() -> None:
    made = gallery([Picture(photo(), "<caption>", "<title>"), Picture(photo())])

    assert made.count("<img ") == 2
    assert "<strong>&lt;title&gt;</strong>&lt;caption&gt;" in made
    assert made.count("<figcaption>") == 1
    assert f'width="{min(40, GALLERY_PX)}" height="30"' in made


def test_before_and_after_are_named_and_the_slider_begins_in_the_middle() -> None:
    made = before_after(photo(), photo(), ("<summer>", "winter"), "caption")

    assert made.count("&lt;summer&gt;") == 3  # alt, tag, and what the slider is for
    assert 'type="range" min="0" max="100" step="any" value="50"' in made


def test_a_film_shows_its_last_frame_and_hides_the_others() -> None:
    made = film([("epoch 0", photo()), ("epoch <2>", photo())], "caption")

    assert made.count(" hidden>") == 1
    assert 'min="0" max="1" step="1" value="1"' in made
    assert "<output>epoch &lt;2&gt;</output>" in made


def test_a_film_of_one_frame_has_no_slider() -> None:
    assert "<input" not in film([("epoch 0", photo())])


def test_a_film_of_no_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        film([])


def test_a_film_is_no_wider_than_its_frames_are_shown() -> None:
    made = film([("x", photo(FILM_PX + 100, 10))])

    assert f"max-width:{FILM_PX}px" in made
