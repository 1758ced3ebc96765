from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.band_toys import refusal
from translate.images import find_fault, open_bands, set_pixel_limit

NOISE = np.random.default_rng(0).integers(0, 65536, (6, 9, 5), dtype=np.uint16)


def saved(folder: Path, array: Any) -> Path:
    np.save(folder / "array.npy", array)
    return folder / "array.npy"


@pytest.mark.parametrize("array", [NOISE, NOISE.astype(np.uint8), np.asfortranarray(NOISE)])
def test_arrays_are_read_as_they_are(tmp_path: Path, array: Any) -> None:
    pixels = open_bands(saved(tmp_path, array))

    assert pixels.dtype == array.dtype
    assert np.array_equal(pixels, array)


def test_a_flat_array_has_one_band(tmp_path: Path) -> None:
    assert np.array_equal(open_bands(saved(tmp_path, NOISE[..., 0])), NOISE[..., :1])


def test_foreign_byte_order_becomes_this_machines(tmp_path: Path) -> None:
    pixels = open_bands(saved(tmp_path, NOISE.astype(">u2")))

    assert pixels.dtype.isnative
    assert np.array_equal(pixels, NOISE)


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        ("float32", r"round().astype('uint16')"),
        ("bool", "array.astype('uint8') * 255"),
        ("int64", "if none is below 0 or above 65535: array.astype('uint16')"),
        ("uint32", "if none is above 65535: array.astype('uint16')"),
        ("complex64", "Save an array of numbers"),
    ],
)
def test_other_types_are_refused_with_how_to_convert_them(
    tmp_path: Path, kind: str, advice: str
) -> None:
    reason = refusal(saved(tmp_path, NOISE.astype(kind)))

    assert reason.startswith(f"has {kind} samples, expected uint8 or uint16. ")
    assert reason.endswith(advice)


def test_objects_are_refused_without_being_unpickled(tmp_path: Path) -> None:
    array = np.empty((4, 4), dtype=object)

    assert refusal(saved(tmp_path, array)).startswith("has object samples")


def test_bands_that_come_first_are_refused_with_how_to_turn_them(tmp_path: Path) -> None:
    reason = refusal(saved(tmp_path, np.zeros((13, 40, 32), np.uint8)))

    assert reason == (
        "has the shape (13, 40, 32), expected (height, width, bands): its bands seem to come "
        "first. Save numpy.moveaxis(array, 0, -1) instead"
    )


@pytest.mark.parametrize("shape", [(40, 32, 13), (17, 40, 200), (13, 40, 31), (3, 3, 3)])
def test_bands_that_may_come_last_are_taken_so(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert open_bands(saved(tmp_path, np.zeros(shape, np.uint8))).shape == shape


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ((7,), r"has the shape (7,), expected (height, width) or (height, width, bands)"),
        ((1, 2, 3, 4), "has the shape (1, 2, 3, 4), expected (height, width) or"),
        ((0, 4, 3), "holds no pixels, its shape is (0, 4, 3)"),
        ((20, 4, 1025), "has 1025 bands, at most 1024 can be used"),
    ],
)
def test_shapes_that_are_no_image_are_refused(
    tmp_path: Path, shape: tuple[int, ...], reason: str
) -> None:
    assert refusal(saved(tmp_path, np.zeros(shape, np.uint8))).startswith(reason)


def test_arrays_cut_short_say_what_is_missing(tmp_path: Path) -> None:
    file = saved(tmp_path, NOISE)
    file.write_bytes(file.read_bytes()[:-7])

    assert refusal(file) == "is cut short (7 bytes are missing)"


def test_too_many_pixels_are_refused_before_they_are_read(tmp_path: Path) -> None:
    file = saved(tmp_path, NOISE)
    file.write_bytes(file.read_bytes()[:128])  # the head alone
    set_pixel_limit(53)

    assert refusal(file).startswith("has more than 53 pixels")


@pytest.mark.parametrize("content", [b"just words", b"\x93NUM", b"\x93NUMPY\x01\x00\x76\x00{'"])
def test_what_is_no_array_is_told_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "array.npy"
    file.write_bytes(content)

    assert refusal(file) == "is not an array of NumPy's, or its head is damaged"


def test_records_have_a_format_of_their_own(tmp_path: Path) -> None:
    file = saved(tmp_path, NOISE)
    content = bytearray(file.read_bytes())
    content[6] = 3
    file.write_bytes(content)

    assert refusal(file) == "is of NumPy's format 3.0, which is not for images"


@pytest.mark.filterwarnings("ignore")  # NumPy's, about the nonsense it reads
@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 127), byte=st.integers(0, 255))
def test_scrambled_heads_raise_nothing_but_data_errors(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    file = saved(tmp_path_factory.getbasetemp(), NOISE)
    content = bytearray(file.read_bytes())
    content[place] = byte
    file.write_bytes(content)

    if find_fault(file, kind="bands") is None:
        assert open_bands(file).size <= NOISE.size  # fewer bands may be what it says now
    else:
        refusal(file)
