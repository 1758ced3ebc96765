"""EXIF as a block of bytes: it stays as the camera wrote it, but for what is no longer true.

The block is a small TIFF of its own: a head, and tables of entries of 12 bytes (tag, type, count,
value or where the values lie), each followed by the place of the next table. It is corrected in its
place, so that all else, makers' notes among it, lies where it did.

Source:
    CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif", section 4.6.
"""

import struct
from typing import Literal, NamedTuple

from translate.images.upright import ORIENTATION

MARK = b"Exif\0\0"  # before the block in JPEG and some others
ORDERS: dict[bytes, Literal["<", ">"]] = {b"II*\0": "<", b"MM\0*": ">"}
DETAILS, POSITION, EXCHANGE = 0x8769, 0x8825, 0xA005  # tables of their own: camera, GPS
SIZES = (0x0100, 0x0101)  # width and height, in the first table
PIXEL_SIZES = (0xA002, 0xA003)  # the same, in that of details
COLOUR_SPACE, SRGB = 0xA001, 1
THUMBNAILS = ((0x0201, 0x0202), (0x0111, 0x0117))  # where it begins and how long it is
SHORT, LONG = 3, 4
BYTES = {1: 1, 2: 1, SHORT: 2, LONG: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Type of an entry -> bytes for each of its values."""
ENTRY = 12


class Table(NamedTuple):
    """Where a table lies, and each of its entries."""

    start: int
    end: int  # where the place of the next table is written
    places: dict[int, int]  # tag -> where the entry begins


class Block:
    """EXIF that can be changed. Whatever is damaged raises `struct.error`."""

    def __init__(self, exif: bytes) -> None:
        self.data = bytearray(exif.removeprefix(MARK))
        order = ORDERS.get(bytes(self.data[:4]))
        if order is None:
            raise struct.error("no head")
        self.order = order
        self.main = self.table(*self._read("I", 4))

    def table(self, start: int) -> Table:
        """Find the entries of the table that begins there."""
        (count,) = self._read("H", start)
        end = start + 2 + ENTRY * count
        if end > len(self.data):
            raise struct.error("a table without its end")
        places = {self._read("H", i)[0]: i for i in range(start + 2, end, ENTRY)}
        return Table(start, end, places)

    def value(self, table: Table, tag: int) -> int | None:
        """Read a whole number; None where there is none."""
        place = table.places.get(tag)
        if place is None:
            return None
        (kind,) = self._read("H", place + 2)
        return int(self._read("H" if kind == SHORT else "I", place + 8)[0])

    def values(self, table: Table, tag: int) -> bytes | None:
        """Read the bytes of an entry as they lie; None where there are none."""
        if tag not in table.places:
            return None
        place = table.places[tag]
        kind, count = self._read("HI", place + 2)
        size = BYTES.get(kind, 1) * count
        start = place + 8 if size <= 4 else self._read("I", place + 8)[0]
        found = bytes(self.data[start : start + size])
        return found if len(found) == size else None

    def put(self, table: Table, tag: int, value: int, kind: int = LONG) -> None:
        """Change a whole number, if there is one."""
        if tag in table.places:
            inside = (value,) if kind == LONG else (value, 0)
            form = "HII" if kind == LONG else "HIHH"
            self._write(form, table.places[tag] + 2, kind, 1, *inside)

    def inner_table(self, table: Table, tag: int) -> Table | None:
        """Find a table that an entry leads to."""
        start = self.value(table, tag)
        return None if start is None else self.table(start)

    def remove(self, tag: int) -> None:
        """Take an entry out of the first table; those behind it move up."""
        start, end, places = self.main
        if tag in places:
            place = places[tag]
            tail = self.data[place + ENTRY : end + 4]
            self.data[place : place + len(tail)] = tail
            self._write("H", start, len(places) - 1)
            self.main = self.table(start)

    def remove_thumbnail(self) -> None:
        """Take out the small copy of the photo, and blank what it was."""
        if self.main.end + 4 > len(self.data):
            return  # no place for it
        (start,) = self._read("I", self.main.end)
        self._write("I", self.main.end, 0)
        if not start:
            return
        table = self.table(start)
        for first, length in THUMBNAILS:
            self._blank(self.value(table, first) or 0, self.value(table, length) or 0)

    def _blank(self, start: int, length: int) -> None:
        end = start + length
        details = self.inner_table(self.main, DETAILS)
        tables = [Table(0, 8, {}), self.main, *([details] if details else [])]
        if length and any(table.start < end and start < table.end + 4 for table in tables):
            raise struct.error("a thumbnail where other things are")
        if end >= len(self.data) > start:
            del self.data[start:]  # where cameras have it
        else:
            self.data[start:end] = bytes(len(self.data[start:end]))

    def move(self, table: Table, distance: int) -> None:
        """Have a table's entries point so much further, for the block is going to lie there."""
        for place in table.places.values():
            kind, count, start = self._read("HII", place + 2)
            if BYTES.get(kind, 1) * count > 4:
                self._write("I", place + 8, (start + distance) % 2**32)  # also where it is nonsense

    def _read(self, form: str, place: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + form, self.data, place)

    def _write(self, form: str, place: int, *values: int) -> None:
        struct.pack_into(self.order + form, self.data, place, *values)


def renew_exif(exif: bytes, width: int, height: int, is_srgb: bool) -> bytes | None:
    """Correct a photo's EXIF after it was turned upright, and before it is translated.

    Orientation and thumbnail, which shows the photo as it was, are taken out; the sizes are those
    that the photo has now.

    Args:
        is_srgb: Whether the colours were converted to sRGB, so that EXIF is to say so.

    Returns:
        The block without the mark; None if it is damaged or nothing is left.
    """
    try:
        block = Block(exif)
        details = block.inner_table(block.main, DETAILS)
        for table, tags in ((block.main, SIZES), (details, PIXEL_SIZES)):
            for tag, side in zip(tags, (width, height), strict=True):
                if table is not None:
                    block.put(table, tag, side)
        if details is not None and is_srgb:
            block.put(details, COLOUR_SPACE, SRGB, SHORT)
        block.remove_thumbnail()
        block.remove(ORIENTATION)
    except struct.error:
        return None
    return bytes(block.data) if block.main.places else None
