"""Photos as TIFF, with all that is known of them.

A TIFF's own tables take the place of an EXIF block. So the block is put at the end of the file, its
inner tables are made to fit there, and the file's main table leads to them.
"""

import io
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from translate.images.colour import srgb_profile
from translate.images.exif import DETAILS, EXCHANGE, POSITION, Block
from translate.images.facts import IMAGE_TAGS, TIFF_PRESS, Facts

TEXT, BYTE, LONG, UNDEFINED, XMP = 2, 1, 4, 7, 700
STAND_IN = -1  # tifffile refuses tags that lead to tables; the tag before each holds its place


def encode_tiff(samples: npt.NDArray[Any], facts: Facts) -> bytes:
    """Encode with deflate, in strips; the facts' EXIF keeps its byte order.

    Of EXIF's first table the `IMAGE_TAGS` are kept, the tables of camera and place as a whole.

    Shape:
        samples: (H, W, C), uint8 or uint16: grey, RGB, and either with alpha.
    """
    if samples.shape[2] == 2 and samples.dtype == np.uint16:
        samples = samples[..., [0, 0, 0, 1]]  # few programs know 16-bit grey with alpha
    block = _usable_block(facts.exif)
    tables = {} if block is None else _inner_tables(block)
    encoded = io.BytesIO()
    channels = samples.shape[2]
    tifffile.imwrite(
        encoded,
        samples[..., 0] if channels == 1 else samples,
        byteorder=block.order if block else "<",
        photometric="rgb" if channels >= 3 else "minisblack",
        planarconfig=None if channels == 1 else "contig",
        extrasamples=None if channels in (1, 3) else ["unassalpha"],
        compression="zlib",
        iccprofile=srgb_profile() if facts.had_profile else None,
        resolution=facts.dpi,
        resolutionunit="INCH" if facts.dpi else None,
        software=False,
        metadata=None,
        extratags=[
            *_texts(block),
            *_captions(facts),
            *((tag + STAND_IN, LONG, 1, 0, True) for tag in tables),
        ],
    )
    if block is None or not tables:
        return encoded.getvalue()
    return _append(encoded, block, tables)


def _usable_block(exif: bytes | None) -> Block | None:
    try:
        return None if exif is None else Block(exif)
    except struct.error:
        return None


def _inner_tables(block: Block) -> dict[int, int]:
    """Tell where the tables begin that the main one leads to, if all are whole."""
    try:
        found = {tag: block.inner_table(block.main, tag) for tag in (DETAILS, POSITION)}
        if details := found[DETAILS]:
            block.inner_table(details, EXCHANGE)
    except struct.error:
        return {}
    return {tag: table.start for tag, table in found.items() if table is not None}


def _texts(block: Block | None) -> list[tuple[int, int, int, bytes, bool]]:
    texts = []
    for tag in IMAGE_TAGS:
        text = block.values(block.main, tag) if block else None
        if text:
            ended = text.rstrip(b"\0") + b"\0"
            texts.append((tag, TEXT, len(ended), ended, True))
    return texts


def _captions(facts: Facts) -> list[tuple[int, int, int, bytes, bool]]:
    kinds = ((XMP, BYTE, facts.xmp), (TIFF_PRESS, UNDEFINED, facts.iptc))
    return [(tag, kind, len(text), text, True) for tag, kind, text in kinds if text]


def _append(encoded: io.BytesIO, block: Block, tables: dict[int, int]) -> bytes:
    """Put the block behind the image and have the image's main table lead into it."""
    encoded.seek(0)
    with tifffile.TiffFile(encoded) as tiff:
        tags = tiff.pages[0].tags  # type: ignore[union-attr]
        entries = {tag: tags[tag + STAND_IN].offset for tag in tables}
    place = encoded.seek(0, io.SEEK_END)
    place += encoded.write(b"\0" * (place % 2))  # tables begin at even places
    _relocate(block, tables, place)
    encoded.write(block.data)
    for tag, start in tables.items():
        encoded.seek(entries[tag])
        encoded.write(struct.pack(block.order + "HHII", tag, LONG, 1, place + start))
    return encoded.getvalue()


def _relocate(block: Block, tables: dict[int, int], distance: int) -> None:
    starts = set(tables.values())
    if DETAILS in tables:
        details = block.table(tables[DETAILS])
        if exchange := block.inner_table(details, EXCHANGE):
            starts.add(exchange.start)
            block.put(details, EXCHANGE, exchange.start + distance)
    for start in starts:
        block.move(block.table(start), distance)
