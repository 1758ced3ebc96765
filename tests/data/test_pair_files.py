from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from tests.pair_toys import chart, noise_image, write_image, write_noise
from translate.data import pair_files
from translate.data.pair_files import (
    PairFiles,
    PairScan,
    by_name,
    encode,
    halve,
    match_names,
    open_pair,
    resampling,
    scan_pairs,
)
from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels, open_samples

PHOTO, GREY = Encoding(), Encoding(kind="grey", channels=1)
FIVE_BANDS = Encoding(kind="bands", channels=5)
BLACK_WHITE = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (255, 255, 255)))
PHOTOS: dict[str, Kind] = {"a": "photo", "b": "photo"}
ROTATED_LEFT = 6  # EXIF's orientation of a photo that must be turned clockwise


def write_pair(folder: Path, image_a: Pixels, image_b: Pixels) -> PairFiles:
    return PairFiles(
        write_image(folder / "a" / "x.png", image_a), write_image(folder / "b" / "x.png", image_b)
    )


def scan_of(files: PairFiles, kinds: dict[str, Kind] = PHOTOS, least_px: int = 8) -> PairScan:
    scan = PairScan({"x": files})
    scan_pairs(scan, kinds, least_px)
    return scan


def the_fault(scan: PairScan) -> tuple[str, str]:
    assert not scan.pairs
    [(kind, [item])] = scan.faults.items()
    return kind, item


def test_a_is_the_left_half_and_b_the_right(tmp_path: Path) -> None:
    left, right = noise_image(6, 5, seed=1), noise_image(6, 5, seed=2)
    file = write_image(tmp_path / "x.png", np.concatenate([left, right], axis=1))

    a, b = open_pair(PairFiles(file, file), {"a": PHOTO, "b": GREY})

    assert np.array_equal(a, left)
    assert np.array_equal(b, right)


def test_halves_that_are_read_alike_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_image(tmp_path / "x.png", noise_image(4, 8))
    opened: list[Path] = []

    def open_and_note(file: Path, kind: Kind) -> Pixels:
        opened.append(file)
        return open_samples(file, kind)

    monkeypatch.setattr(pair_files, "open_samples", open_and_note)
    open_pair(PairFiles(file, file), {"a": GREY, "b": PHOTO})

    assert opened == [file]


def test_one_half_may_be_bands_and_the_other_a_photo(tmp_path: Path) -> None:
    image = noise_image(4, 8, channels=1)
    file = write_image(tmp_path / "x.png", image)  # grey: one band, but three colours
    one_band = Encoding(kind="bands", channels=1)

    a, b = open_pair(PairFiles(file, file), {"a": one_band, "b": PHOTO})
    c, d = open_pair(PairFiles(file, file), {"a": PHOTO, "b": one_band})

    assert a.shape == d.shape == (4, 4, 1)
    assert b.shape == c.shape == (4, 4, 3)
    assert np.array_equal(a, image[:, :4])
    assert np.array_equal(b, np.repeat(image[:, 4:], 3, axis=2))


@pytest.mark.parametrize("depth", [8, 16])
def test_two_files_keep_their_depths_and_bands(tmp_path: Path, depth: int) -> None:
    bands, photo = noise_image(6, 5, 5, depth), noise_image(6, 5, 3, depth)
    a = write_image(tmp_path / "a" / "x.npy", bands)
    b = write_image(tmp_path / "b" / "x.tif", photo)

    opened = open_pair(PairFiles(a, b), {"a": FIVE_BANDS, "b": PHOTO})

    assert np.array_equal(opened[0], bands)
    assert np.array_equal(opened[1], photo)
    assert opened[0].dtype == opened[1].dtype == (np.uint8 if depth == 8 else np.uint16)


@hypothesis_settings(deadline=None, max_examples=20)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 6))
def test_halves_side_by_side_are_the_image(height: int, half: int, channels: int) -> None:
    image = noise_image(height, 2 * half, channels)

    left, right = halve(image)

    assert left.shape == right.shape == (height, half, channels)
    assert np.array_equal(np.concatenate([left, right], axis=1), image)


def test_only_labels_are_resized_without_mixing() -> None:
    assert resampling(BLACK_WHITE) == "nearest"
    assert {resampling(encoding) for encoding in (PHOTO, GREY, FIVE_BANDS)} == {"smooth"}


def test_what_cannot_be_encoded_is_named_by_its_file() -> None:
    grey = np.full((2, 2, 3), 7, np.uint8)
    files = PairFiles(Path("maps/x.png"), Path("photos/x.jpg"))

    with pytest.raises(DataError, match=r"^maps/x\.png: holds the value 7, which is none of the 2"):
        encode(grey, "a", files, {"a": BLACK_WHITE, "b": PHOTO})


def test_names_are_matched_across_suffixes_and_folders(tmp_path: Path) -> None:
    a, b = Path("a"), Path("b")

    scan = match_names(a, [a / "z.npy", a / "city/x.png"], b, [b / "city/x.JPG", b / "z.png"])

    assert scan.pairs == {
        "city/x": PairFiles(a / "city/x.png", b / "city/x.JPG"),
        "z": PairFiles(a / "z.npy", b / "z.png"),
    }
    assert not scan.faults


def test_only_the_last_suffix_is_left_out_of_a_name() -> None:
    folder = Path("a")

    named = by_name(folder, [folder / "1.left.png", folder / "1.right.png"])

    assert list(named) == ["1.left", "1.right"]


def test_files_without_partner_are_told_with_the_folder_they_lie_in() -> None:
    a, b = Path("a"), Path("b")

    scan = match_names(a, [a / "x.png", a / "city/y.png"], b, [b / "x.png", b / "w.png"])

    assert list(scan.pairs) == ["x"]
    assert scan.faults == {
        "only in a, without a partner in b": ["city/y.png"],
        "only in b, without a partner in a": ["w.png"],
    }


def test_a_name_that_occurs_twice_in_a_folder_is_refused() -> None:
    folder = Path("a")

    with pytest.raises(DataError, match=r"^a/x\.png: has the same name as a/x\.jpg, so .* Rename"):
        match_names(folder, [folder / "x.jpg", folder / "x.png"], Path("b"), [])


def test_images_of_one_size_are_a_pair(tmp_path: Path) -> None:
    scan = scan_of(write_pair(tmp_path, noise_image(8, 9), noise_image(8, 9, depth=16)))

    assert list(scan.pairs) == ["x"]
    assert not scan.faults


def test_images_of_different_sizes_are_told_with_both(tmp_path: Path) -> None:
    scan = scan_of(write_pair(tmp_path, noise_image(20, 30), noise_image(30, 20)))

    assert the_fault(scan) == ("different sizes", "x: 30 x 20 px and 20 x 30 px")


def test_a_photo_lying_on_its_side_is_as_large_as_its_upright_partner(tmp_path: Path) -> None:
    upright = chart(30, 20)
    files = write_pair(tmp_path, upright, upright)
    exif = Image.Exif()
    exif[0x0112] = ROTATED_LEFT
    Image.fromarray(np.rot90(upright)).save(files.a, exif=exif)

    a, b = open_pair(files, {"a": PHOTO, "b": PHOTO})

    assert list(scan_of(files).pairs) == ["x"]
    assert np.array_equal(a, b)


@pytest.mark.parametrize("side", ["a", "b"])
def test_an_unreadable_partner_is_named(tmp_path: Path, side: str) -> None:
    files = write_pair(tmp_path, noise_image(), noise_image())
    broken: Path = getattr(files, side)
    broken.write_bytes(b"")

    assert the_fault(scan_of(files)) == ("cannot be used", f"{broken}: is empty (0 bytes)")


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    files = write_pair(tmp_path, noise_image(), noise_image())
    files.b.unlink()
    files.b.symlink_to(tmp_path / "gone.png")

    assert the_fault(scan_of(files))[1] == f"{files.b}: there is no such file"


def test_a_file_of_odd_width_has_no_halves(tmp_path: Path) -> None:
    file = write_image(tmp_path / "x.png", noise_image(20, 33))

    kind, item = the_fault(scan_of(PairFiles(file, file)))

    assert kind == "an odd width, so that there are no equal halves"
    assert item == f"{file}: 33 x 20 px"


def test_halves_must_be_large_enough_themselves(tmp_path: Path) -> None:
    file = write_image(tmp_path / "x.png", noise_image(20, 30))

    assert list(scan_of(PairFiles(file, file), least_px=15).pairs) == ["x"]
    assert the_fault(scan_of(PairFiles(file, file), least_px=16))[1] == (
        f"{file}: each half is 15 x 20 px, at least 16 px are needed"
    )


def test_bands_are_measured_as_bands(tmp_path: Path) -> None:
    a = write_image(tmp_path / "a" / "x.npy", noise_image(20, 30, 5))
    b = write_image(tmp_path / "b" / "x.png", noise_image(20, 31))

    scan = scan_of(PairFiles(a, b), {"a": "bands", "b": "photo"})

    assert the_fault(scan) == ("different sizes", "x: 30 x 20 px and 31 x 20 px")


def test_a_scan_keeps_the_order_of_names(tmp_path: Path) -> None:
    names = [f"{i}.png" for i in range(20)]
    a, b = (write_noise(tmp_path / side, names, height=8, width=8) for side in "ab")
    (b / "7.png").write_bytes(b"no image")
    scan = match_names(a, [a / name for name in names], b, [b / name for name in names])

    scan_pairs(scan, PHOTOS, least_px=8)

    assert list(scan.pairs) == sorted(str(i) for i in range(20) if i != 7)


def test_faults_are_described_kind_by_kind_a_few_names_each() -> None:
    scan = PairScan()
    for i in range(7):
        scan.add("different sizes", f"{i}: 1 x 2 px and 2 x 1 px")
    scan.add("cannot be used", "b/9.png: is empty (0 bytes)")

    assert scan.describe().splitlines() == [
        "  different sizes (7):",
        *(f"    {i}: 1 x 2 px and 2 x 1 px" for i in range(5)),
        "    ... and 2 more",
        "  cannot be used (1):",
        "    b/9.png: is empty (0 bytes)",
    ]
