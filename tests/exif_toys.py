"""EXIF as cameras write it."""

import struct
from typing import Any

from PIL import Image

NOTES = b"notes of the maker" * 3


def camera_exif(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model X", orientation
    exif[0x0132] = "2020:01:02 03:04:05"
    details: dict[int, Any] = {0x9003: "2020:01:02 03:04:05", 0xA002: 9, 0xA003: 6}
    exif[0x8769] = details | {0x927C: NOTES, 0xA001: 65535, 0x829A: 0.01, 0xA005: {1: "R98"}}
    exif[0x8825] = {1: "N", 2: (10.0, 20.0, 30.0)}
    return exif


def block(
    orientation: int = 6, endian: str = "<", thumbnail: bytes = b"", behind: bytes = b""
) -> bytes:
    """The same as bytes, with the mark; a thumbnail takes a second table."""
    exif = camera_exif(orientation)
    exif.endian = endian
    data = bytearray(exif.tobytes()[6:])
    if thumbnail:
        (start,) = struct.unpack_from(endian + "I", data, 4)
        (count,) = struct.unpack_from(endian + "H", data, start)
        struct.pack_into(endian + "I", data, start + 2 + 12 * count, len(data))
        place = len(data) + 2 + 24 + 4
        data += struct.pack(
            endian + "H" + 2 * "HHII" + "I",
            *(2, 0x0201, 4, 1, place, 0x0202, 4, 1, len(thumbnail), 0),
        )
        data += thumbnail + behind
    return b"Exif\0\0" + bytes(data)
