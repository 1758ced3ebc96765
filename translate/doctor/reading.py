"""Open a photo or a pair once, and keep what the doctor wants to know of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from translate.data.files import LEAST_PX
from translate.data.pair_files import halve
from translate.doctor.alignment import Agreement, Edges, compare, find_edges
from translate.doctor.entries import Entry
from translate.doctor.facts import FACTS, Facts, measure, to_bytes
from translate.images import Pixels, find_fault
from translate.images.faults import DECODER_ERRORS, FOREIGN_ERRORS, UnfitError, explain
from translate.images.opening import decode

CHECKED_BY_BYTES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""Heads of JPEG and PNG, of which training asks more than that they can be decoded."""

Opened = tuple[Pixels, bytes]
"""A photo's pixels, and the SHA-256 of its file."""


@dataclass(frozen=True)
class Wanted:
    """What is to be kept of an entry beside its facts.

    Attributes:
        edges: Keep the edges of a pair, to compare it with strangers.
        view_px: Keep a square view of each image, of this side; None: keep none.
    """

    edges: bool = False
    view_px: int | None = None


@dataclass
class Seen:
    """What is kept of an entry that was opened.

    Attributes:
        facts: Of its one or two images: (1,) or (2,), of `FACTS`.
        digests: The SHA-256 of each of its files.
        agreement: Of the two images of a pair; None for a photo.
        edges: Of both, if they were wanted.
        views: (images, side, side, 3), if they were wanted.
        features: (images, features), once somebody has made them of the views.
    """

    facts: Facts
    digests: tuple[bytes, ...]
    agreement: Agreement | None = None
    edges: tuple[Edges, Edges] | None = None
    views: npt.NDArray[np.uint8] | None = field(default=None, repr=False)
    features: npt.NDArray[np.float32] | None = field(default=None, repr=False)


def open_whole(file: Path) -> Opened:
    """Open a photo as training would, and refuse what training refuses.

    Raises:
        DECODER_ERRORS: The file is of no use.
    """
    with file.open("rb") as stream:
        head = stream.read(max(map(len, CHECKED_BY_BYTES)))
        stream.seek(0)
        digest = hashlib.file_digest(stream, "sha256").digest()
    if head.startswith(CHECKED_BY_BYTES) and (fault := find_fault(file, LEAST_PX)):
        raise UnfitError(fault)
    pixels = decode(file).pixels
    height, width = pixels.shape[:2]
    if min(width, height) < LEAST_PX:
        raise UnfitError(f"is too small: {width} x {height} px, at least {LEAST_PX} are needed")
    return pixels, digest


def read_entry(
    entry: Entry, wanted: Wanted, open_file: Callable[[Path], Opened] = open_whole
) -> Seen | str:
    """Open an entry and look at it.

    Returns:
        What is kept of it; or why it cannot be used, reading on after its name.
    """
    opened = []
    for name, file in zip(entry.names, entry.files, strict=True):
        try:
            opened.append(open_file(file))
        except (*DECODER_ERRORS, *FOREIGN_ERRORS) as error:
            return explain(error) if name == entry.name else f"{name} {explain(error)}"
    images = [pixels for pixels, _ in opened]
    if entry.is_side_by_side:
        height, width = images[0].shape[:2]
        if width % 2:
            return f"has an odd width, so that there are no equal halves: {width} x {height} px"
        images = list(halve(images[0]))
    if entry.is_pair and images[0].shape[:2] != images[1].shape[:2]:
        return f"is a pair of different sizes: {_size(images[0])} and {_size(images[1])} px"
    return _look(images, tuple(digest for _, digest in opened), entry.is_pair, wanted)


def _look(images: list[Pixels], digests: tuple[bytes, ...], is_pair: bool, wanted: Wanted) -> Seen:
    facts = np.array([measure(image) for image in images], FACTS)
    seen = Seen(facts, digests)
    if is_pair:
        edges = find_edges(images[0]), find_edges(images[1])
        seen.agreement = compare(*edges, longest_px=max(images[0].shape[:2]))
        seen.edges = edges if wanted.edges else None
    if wanted.view_px:
        seen.views = np.stack([_view(image, wanted.view_px) for image in images])
    return seen


def _view(image: Pixels, side_px: int) -> npt.NDArray[np.uint8]:
    pixels = to_bytes(image)
    is_larger = min(pixels.shape[:2]) > side_px
    how = cv2.INTER_AREA if is_larger else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (side_px, side_px), interpolation=how), np.uint8)


def _size(image: Pixels) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"
