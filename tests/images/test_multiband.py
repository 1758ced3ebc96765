import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from tifffile import _imagecodecs

from tests.band_toys import refusal
from translate.images import Pixels, find_fault, open_bands, set_pixel_limit, size_of

NOISE: Pixels = np.random.default_rng(0).integers(0, 65536, (33, 21, 5), dtype=np.uint16)
TOGETHER: dict[str, Any] = {"photometric": "minisblack", "planarconfig": "contig"}
APART: dict[str, Any] = {"photometric": "minisblack", "planarconfig": "separate"}
ORIENTATION, SUBFILE = 274, 254  # tags


def written(folder: Path, array: Any, **options: Any) -> Path:
    tifffile.imwrite(folder / "bands.tif", array, **options)
    return folder / "bands.tif"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"compression": "zlib", "predictor": True, "rowsperstrip": 5},
        {"compression": "zlib", "tile": (16, 16)},
        {"tile": (16, 16)},
        {"byteorder": ">", "rowsperstrip": 7},
        {"bigtiff": True, "byteorder": ">"},
    ],
    ids=str,
)
@pytest.mark.parametrize("depth", [8, 16])
def test_every_layout_is_read_alike(tmp_path: Path, options: dict[str, Any], depth: int) -> None:
    pixels = NOISE if depth == 16 else (NOISE >> 8).astype(np.uint8)
    first = np.ascontiguousarray(np.moveaxis(pixels, -1, 0))

    for array, layout in ((pixels, TOGETHER), (first, APART), (first, {})):  # the last: in pages
        file = written(tmp_path, array, **(layout | options))
        read = open_bands(file)
        assert read.dtype == pixels.dtype
        assert np.array_equal(read, pixels)
        assert find_fault(file, kind="bands") is None
        assert size_of(file, "bands") == (21, 33)


def test_bands_of_several_pages_follow_one_another(tmp_path: Path) -> None:
    file = tmp_path / "bands.tif"
    with tifffile.TiffWriter(file) as tiff:
        for pixels in (NOISE, NOISE[::-1]):
            tiff.write(pixels, **TOGETHER)

    assert np.array_equal(open_bands(file), np.dstack([NOISE, NOISE[::-1]]))


def test_smaller_copies_and_masks_are_no_bands(tmp_path: Path) -> None:
    file = tmp_path / "bands.tif"
    with tifffile.TiffWriter(file) as tiff:
        tiff.write(NOISE, **TOGETHER)
        tiff.write(NOISE[::2, ::2], subfiletype=1, **TOGETHER)
        tiff.write(NOISE[..., 0] > 9, subfiletype=4)

    assert np.array_equal(open_bands(file), NOISE)


def test_grey_and_colours_are_taken_as_they_are_stored(tmp_path: Path) -> None:
    for stored in (NOISE[..., 0], NOISE[..., :3], NOISE[..., :4]):
        photometric = "minisblack" if stored.ndim == 2 else "rgb"
        file = written(tmp_path, stored, photometric=photometric)
        assert np.array_equal(open_bands(file), stored.reshape(33, 21, -1))


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, NOISE),
        (3, NOISE[::-1, ::-1]),
        (6, np.rot90(NOISE, -1)),
        (8, np.rot90(NOISE)),
    ],
)
def test_bands_are_turned_upright(tmp_path: Path, orientation: int, upright: Pixels) -> None:
    tag = (ORIENTATION, "H", 1, orientation, True)
    file = written(tmp_path, NOISE, extratags=[tag], **TOGETHER)

    assert np.array_equal(open_bands(file), upright)
    assert size_of(file, "bands") == upright.shape[1::-1]


@pytest.mark.parametrize("kind", ["float32", "int16", "uint32"])
def test_other_depths_are_refused_with_how_to_convert_them(tmp_path: Path, kind: str) -> None:
    reason = refusal(written(tmp_path, NOISE.astype(kind), **TOGETHER))

    assert reason.startswith(f"has {kind} samples, expected uint8 or uint16. Convert it")
    assert reason.endswith(".astype('uint16')")


def test_single_bits_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, NOISE[..., 0] > 9)

    assert refusal(file) == "has 1-bit samples, expected 8 or 16 bits a band"


def test_a_file_of_smaller_copies_alone_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, NOISE, subfiletype=1, **TOGETHER)

    assert refusal(file) == "holds only smaller copies or masks of an image"


def test_pages_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "bands.tif"
    with tifffile.TiffWriter(file) as tiff:
        tiff.write(NOISE, **TOGETHER)
        tiff.write(NOISE[::2], **TOGETHER)

    assert refusal(file).startswith("has pages of different sizes or depths")


def test_rows_saved_as_pages_are_noticed_and_the_right_call_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, np.zeros((40, 36, 5), np.uint8))  # as many a script does

    reason = refusal(file)

    assert reason.startswith("holds pages of only 5 px in width: its rows seem")
    assert reason.endswith(
        "tifffile.imwrite(file, array, photometric='minisblack', planarconfig='contig')"
    )


def test_too_many_bands_and_pixels_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, np.zeros((2, 2, 1025), np.uint8), compression="zlib", **TOGETHER)
    assert refusal(file) == "has 1025 bands, at most 1024 can be used"

    file = written(tmp_path, NOISE, compression="zlib", **TOGETHER)
    set_pixel_limit(33 * 21 - 1)
    assert refusal(file).startswith("has more than 692 pixels")


def test_a_volume_is_refused(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        np.zeros((16, 32, 32), np.uint8),
        volumetric=True,
        tile=(16, 16, 16),
        metadata=None,
    )

    assert refusal(file) == "holds a volume, expected an image"


@pytest.mark.parametrize("options", [TOGETHER, TOGETHER | {"compression": "zlib"}, {}], ids=str)
@pytest.mark.parametrize("share", [0.97, 0.5, 0.02])
def test_shortened_files_are_called_so(
    tmp_path: Path, options: dict[str, Any], share: float
) -> None:
    array = NOISE if options else np.ascontiguousarray(np.moveaxis(NOISE, -1, 0))
    file = written(tmp_path, array, **options)
    content = file.read_bytes()

    file.write_bytes(content[: int(share * len(content))])

    assert refusal(file).startswith(("is cut short (a TIFF without", "is damaged"))


def test_missing_pages_are_noticed(tmp_path: Path) -> None:
    file = tmp_path / "bands.tif"
    with tifffile.TiffWriter(file) as tiff:
        for band in range(3):
            tiff.write(NOISE[..., band])
    whole = file.read_bytes()
    with tifffile.TiffFile(file) as tiff:
        last = tiff.pages[-1].offset

    file.write_bytes(whole[:last])

    assert refusal(file) == "is cut short (a TIFF without its last pages)"


def test_a_compression_that_needs_another_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, NOISE, compression="zlib", **TOGETHER)
    content = file.read_bytes()
    # Tag 259 is the compression: short, one value, 8 for deflate. 5 is LZW.
    deflate, lzw = (b"\x03\x01\x03\x00\x01\x00\x00\x00" + bytes([n]) for n in (8, 5))
    assert content.count(deflate) == 1
    file.write_bytes(content.replace(deflate, lzw))
    monkeypatch.setattr(tifffile.tifffile, "imagecodecs", _imagecodecs)  # what there is without
    monkeypatch.setattr(tifffile.TIFF.DECOMPRESSORS, "_codecs", {})

    assert refusal(file) == (
        "is compressed by LZW, which needs another package. Save it again with deflate or no "
        "compression, or run 'pip install imagecodecs'"
    )
    assert size_of(file, "bands") == (21, 33)
    file.write_bytes(content)
    assert np.array_equal(open_bands(file), NOISE)


def test_odd_tags_are_not_remarked_upon_at_every_reading(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nodata = (42113, "s", 6, "-9999", True)  # GDAL's, which no unsigned number can be
    file = written(tmp_path, NOISE, extratags=[nodata], **TOGETHER)

    with caplog.at_level(logging.DEBUG, logger=""):
        open_bands(file)

    assert caplog.records == []


@pytest.fixture(scope="module", params=["zlib", "none", "tiles"])
def small_tiff(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = {
        "zlib": {"compression": "zlib", "predictor": True, "rowsperstrip": 5},
        "none": {"rowsperstrip": 8},
        "tiles": {"compression": "zlib", "tile": (16, 16)},
    }
    return written(tmp_path_factory.mktemp("tiff"), NOISE, **(TOGETHER | options[request.param]))


@settings(max_examples=60, deadline=None)
@given(places=st.lists(st.integers(0, 400), min_size=1, max_size=3), byte=st.integers(0, 255))
def test_scrambled_files_raise_nothing_but_data_errors(
    small_tiff: Path, places: list[int], byte: int
) -> None:
    content = bytearray(small_tiff.read_bytes())
    for place in places:
        content[place] = byte
    scrambled = small_tiff.with_name("scrambled.tif")
    scrambled.write_bytes(content)

    if find_fault(scrambled, kind="bands") is None:
        assert open_bands(scrambled).ndim == 3
    else:
        refusal(scrambled)
