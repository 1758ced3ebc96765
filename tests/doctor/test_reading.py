from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.doctor_toys import pair_of, save, texture
from translate.doctor.entries import Entry
from translate.doctor.reading import Seen, Wanted, read_entry


def photo_entry(file: Path) -> Entry:
    return Entry((file.name,), (file,), "train", "a")


def test_a_photo_has_facts_of_one_image_and_no_agreement(tmp_path: Path) -> None:
    file = save(tmp_path / "x.png", texture(1, 50, 40))

    seen = read_entry(photo_entry(file), Wanted())

    assert isinstance(seen, Seen)
    assert seen.facts["width"].tolist() == [50]
    assert seen.agreement is None
    assert len(seen.digests) == 1


def test_a_file_with_two_images_has_facts_of_both(tmp_path: Path) -> None:
    a, b = pair_of(1)
    file = save(tmp_path / "x.png", np.concatenate([a, b], axis=1))

    seen = read_entry(Entry(("x.png",), (file,), "train", "ab"), Wanted(edges=True, view_px=24))

    assert isinstance(seen, Seen)
    assert seen.facts["width"].tolist() == [96, 96]
    assert seen.agreement is not None
    assert seen.agreement.in_place > 0.9
    assert seen.edges is not None
    assert seen.views is not None
    assert seen.views.shape == (2, 24, 24, 3)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty (0 bytes)"),
        (b"hello", "is not an image, or its head is damaged"),
        (None, "is cut short"),
    ],
)
def test_files_of_no_use_are_told(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = save(tmp_path / "x.jpg", texture(1, 200, 200))
    file.write_bytes(file.read_bytes()[:2000] if content is None else content)

    reason = read_entry(photo_entry(file), Wanted())

    assert isinstance(reason, str)
    assert reason.startswith(told)


def test_a_jpeg_without_its_end_is_refused_as_training_refuses_it(tmp_path: Path) -> None:
    file = save(tmp_path / "x.jpg", texture(1, 200, 200))
    file.write_bytes(file.read_bytes()[:-2])

    assert "end mark" in str(read_entry(photo_entry(file), Wanted()))


def test_a_tiny_photo_is_told_whatever_its_format(tmp_path: Path) -> None:
    for name in ("x.png", "x.bmp"):
        file = save(tmp_path / name, texture(1, 12, 40))
        assert "too small: 12 x 40 px" in str(read_entry(photo_entry(file), Wanted()))


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    assert read_entry(photo_entry(tmp_path / "x.png"), Wanted()) == "there is no such file"


def test_pairs_that_do_not_fit_are_told(tmp_path: Path) -> None:
    odd = save(tmp_path / "odd.png", texture(1, 51, 40))
    a, b = (
        save(tmp_path / "a.png", texture(1, 40, 40)),
        save(tmp_path / "b.png", texture(1, 40, 48)),
    )

    assert "odd width" in str(read_entry(Entry(("odd.png",), (odd,), "train", "ab"), Wanted()))
    two = Entry(("A/x.png", "B/x.png"), (a, b), "train", "ab")
    assert read_entry(two, Wanted()) == "is a pair of different sizes: 40 x 40 and 40 x 48 px"


def test_a_broken_partner_is_named(tmp_path: Path) -> None:
    a = save(tmp_path / "a.png", texture(1))
    (tmp_path / "b.png").write_bytes(b"")

    two = Entry(("A/x.png", "B/x.png"), (a, tmp_path / "b.png"), "train", "ab")

    assert read_entry(two, Wanted()) == "B/x.png is empty (0 bytes)"


def test_a_photo_lying_on_its_side_is_looked_at_upright(tmp_path: Path) -> None:
    from PIL import Image

    upright = texture(4, 60, 40)
    lying = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))  # turned left
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "x.png", exif=exif)
    save(tmp_path / "y.png", upright)

    seen = [read_entry(photo_entry(tmp_path / name), Wanted()) for name in ("x.png", "y.png")]

    one, other = seen
    assert isinstance(one, Seen)
    assert isinstance(other, Seen)
    assert one.facts["pixels"] == other.facts["pixels"]
    assert one.digests != other.digests


def test_large_views_are_shrunk_and_small_ones_enlarged(tmp_path: Path) -> None:
    for side in (20, 300):
        flat = np.full((side, side, 3), 90, np.uint8)
        file = save(tmp_path / f"{side}.png", cv2.rectangle(flat, (0, 0), (5, 5), (0, 0, 0), -1))
        seen = read_entry(photo_entry(file), Wanted(view_px=224))
        assert isinstance(seen, Seen)
        assert seen.views is not None
        assert seen.views.shape == (1, 224, 224, 3)
