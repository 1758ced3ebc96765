import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.exif_toys import block
from translate.errors import DataError
from translate.images import Facts, Photo, encode_photo, find_fault, open_photo
from translate.images.png_chunks import with_facts

FACTS = Facts(block(1)[6:], b"<x:xmpmeta/>", (300.0, 150.0), had_profile=True)


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        name, content = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", png, place + 8 + length)[0] == zlib.crc32(name + content)
        yield name, content
        place += 12 + length


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_chunks_lie_before_the_pixels_with_right_check_sums(tmp_path: Path, dtype: type) -> None:
    png = encode_photo(Photo(np.zeros((4, 5, 3), dtype), None, FACTS), ".png")

    names = [name for name, _ in chunks(png)]

    assert names[0] == b"IHDR"
    assert sorted(names[1:5]) == [b"eXIf", b"iCCP", b"iTXt", b"pHYs"]
    assert names.index(b"IDAT") > 4
    (tmp_path / "photo.png").write_bytes(png)
    assert find_fault(tmp_path / "photo.png") is None


def test_resolution_is_in_pixels_per_metre() -> None:
    png = encode_photo(Photo(np.zeros((4, 5, 3), np.uint8), None, FACTS), ".png")

    assert dict(chunks(png))[b"pHYs"] == struct.pack(">IIB", 11811, 5906, 1)


def test_without_facts_nothing_is_put_in() -> None:
    encoded = io.BytesIO()
    Image.new("RGB", (4, 5)).save(encoded, "PNG")

    assert with_facts(encoded.getvalue(), Facts()) == encoded.getvalue()


@pytest.mark.parametrize("name", [b"zTXt", b"iCCP"])
def test_texts_that_would_fill_the_memory_are_refused(tmp_path: Path, name: bytes) -> None:
    bomb = b"bomb\0\0" + zlib.compress(bytes(200_000_000), 9)
    check = struct.pack(">I", zlib.crc32(name + bomb))
    png = encode_photo(Photo(np.zeros((4, 5, 3), np.uint8)), ".png")
    chunk = struct.pack(">I", len(bomb)) + name + bomb + check
    (tmp_path / "bomb.png").write_bytes(png[:33] + chunk + png[33:])

    with pytest.raises(DataError, match=r"bomb\.png: holds a text or a profile that would unpack"):
        open_photo(tmp_path / "bomb.png")
