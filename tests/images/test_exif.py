import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.exif_toys import NOTES, block
from translate.images.exif import renew_exif


def read(exif: bytes | None) -> Image.Exif:
    assert exif is not None
    result = Image.Exif()
    result.load(b"Exif\0\0" + exif)
    return result


@pytest.mark.parametrize("endian", ["<", ">"])
def test_camera_date_and_place_stay_and_orientation_goes(endian: str) -> None:
    exif = read(renew_exif(block(endian=endian), 40, 30, is_srgb=False))

    assert exif[0x010F] == "Maker"
    assert 0x0112 not in exif
    assert exif.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert exif.get_ifd(0x8825)[2] == (10.0, 20.0, 30.0)


def test_sizes_become_those_of_the_upright_photo() -> None:
    details = read(renew_exif(block(), 70_000, 30, is_srgb=False)).get_ifd(0x8769)

    assert (details[0xA002], details[0xA003]) == (70_000, 30)


@pytest.mark.parametrize(("is_srgb", "space"), [(True, 1), (False, 65535)])
def test_the_colour_space_is_srgb_once_colours_were_converted(is_srgb: bool, space: int) -> None:
    assert read(renew_exif(block(), 4, 3, is_srgb)).get_ifd(0x8769)[0xA001] == space


def test_makers_notes_stay_where_they_were() -> None:
    before = block()
    after = renew_exif(before, 4, 3, is_srgb=False)

    assert after is not None
    assert after.index(NOTES) == before.removeprefix(b"Exif\0\0").index(NOTES)


@pytest.mark.parametrize("behind", [b"", b"more"])
def test_the_thumbnail_of_the_old_picture_is_gone(behind: bytes) -> None:
    before = block(thumbnail=b"\xff\xd8 the old picture \xff\xd9", behind=behind)

    after = renew_exif(before, 4, 3, is_srgb=False)

    assert after is not None
    assert b"old picture" in before
    assert b"old picture" not in after
    assert after.endswith(behind)
    assert 0x0201 not in read(after).get_ifd(1)


def test_a_thumbnail_that_lies_on_a_table_is_damage() -> None:
    exif = bytearray(block(thumbnail=b"x" * 10))
    place = exif.index(struct.pack("<HHI", 0x0201, 4, 1)) + 8
    exif[place : place + 4] = struct.pack("<I", 8)

    assert renew_exif(bytes(exif), 4, 3, is_srgb=False) is None


def test_exif_of_nothing_but_an_orientation_is_none() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    assert renew_exif(exif.tobytes(), 4, 3, is_srgb=False) is None


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_is_dropped_or_kept_but_never_raises(data: st.DataObject) -> None:
    exif = bytearray(block(thumbnail=b"x" * 10))
    for _ in range(data.draw(st.integers(0, 4))):
        exif[data.draw(st.integers(0, len(exif) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(exif[: data.draw(st.integers(0, len(exif)))])

    after = renew_exif(cut, 4, 3, is_srgb=True)

    assert after is None or len(after) <= len(exif)


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"words", b"II*\0", b"II*\0\xff\0\0\0"])
def test_what_is_no_exif_is_none(exif: bytes) -> None:
    assert renew_exif(exif, 4, 3, is_srgb=False) is None
