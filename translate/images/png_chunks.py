"""What a PNG says beside its pixels, put in after they were encoded.

Source:
    W3C, "Portable Network Graphics (PNG) Specification (Third Edition)", section 11.3.
"""

import struct
import zlib

from translate.images.colour import srgb_profile
from translate.images.facts import Facts

HEAD = 33  # bytes: the signature, and the chunk that says how large the image is
INCH = 0.0254  # metres
XMP_KEYWORD = b"XML:com.adobe.xmp\0\0\0\0\0"  # and: not compressed, in no language


def with_facts(png: bytes, facts: Facts) -> bytes:
    """Put facts into a PNG, before its pixels."""
    return b"".join([memoryview(png)[:HEAD], *_chunks(facts), memoryview(png)[HEAD:]])


def _chunks(facts: Facts) -> list[bytes]:
    chunks = []
    if facts.had_profile:
        chunks.append(_chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(srgb_profile())))
    if facts.dpi is not None:
        per_metre = [round(value / INCH) for value in facts.dpi]
        chunks.append(_chunk(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if facts.exif is not None:
        chunks.append(_chunk(b"eXIf", facts.exif))
    if facts.xmp is not None:
        chunks.append(_chunk(b"iTXt", XMP_KEYWORD + facts.xmp))
    return chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(name))
    return b"".join([struct.pack(">I", len(content)), name, content, struct.pack(">I", check)])
