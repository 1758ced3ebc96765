"""What are the images of each domain made of? Classes and bands are found in the files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from translate.data.files import SCAN_THREADS
from translate.data.pair_files import PairFiles, halve
from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels, depth_of, find_classes, open_samples

T = TypeVar("T")
LOSSY = (".jpg", ".jpeg")  # in which colours bleed into each other
AT_ONCE = 4 * SCAN_THREADS  # images opened before the next are begun: memory is bounded


def choose_encodings(pairs: Iterable[PairFiles], kinds: Mapping[str, Kind]) -> dict[str, Encoding]:
    """Find out what the images of each domain are made of: classes, number of bands, depth.

    Raises:
        DataError: There are too many classes, label maps are JPEG files, or images have different
            numbers of bands.
    """
    known = list(pairs)
    return {domain: _choose(known, domain, kinds[domain]) for domain in "ab"}


def _choose(pairs: list[PairFiles], domain: str, kind: Kind) -> Encoding:
    if kind == "labels":
        classes = sorted(_find_classes(pairs, domain))
        return Encoding(kind=kind, channels=len(classes), classes=tuple(classes))
    if kind == "bands":
        return _find_bands(pairs, domain)
    if kind == "grey":
        return Encoding(kind=kind, channels=1, depth=_find_depth(pairs, domain))
    return Encoding(kind=kind)


def _find_classes(pairs: list[PairFiles], domain: str) -> set[tuple[int, int, int]]:
    known: set[tuple[int, int, int]] = set()
    sides = [files["ab".index(domain)] for files in pairs]
    if lossy := [file for file in sides if file.suffix.lower() in LOSSY]:
        raise DataError(
            f"{lossy[0]}: is a JPEG file, as {len(lossy)} of {len(sides)} label maps are. Where "
            "classes meet JPEG mixes their colours into some that mean nothing. Save label maps "
            f"as PNG, with the classes' own colours alone, or set data.kind_{domain} to photo."
        )
    for file, pixels in _look_at(pairs, domain, "labels", _changes):
        try:
            find_classes(known, pixels)
        except DataError as error:
            raise DataError(f"{file}: {error}, or set data.kind_{domain} to photo.") from error
    return known


def _changes(samples: Pixels) -> Pixels:
    """Keep the pixels that differ from the one before: all classes, and far less to look through.

    Shape:
        (H, W, C) -> (1, at most H * W, C).
    """
    pixels = samples.reshape(-1, samples.shape[-1])
    is_new = np.ones(len(pixels), bool)
    is_new[1:] = (pixels[1:] != pixels[:-1]).any(axis=1)
    kept: Pixels = pixels[None, is_new]
    return kept


def _find_bands(pairs: list[PairFiles], domain: str) -> Encoding:
    looks = _look_at(pairs, domain, "bands", lambda samples: (samples.shape[-1], samples.itemsize))
    first_file, (first, deepest) = next(looks)
    for file, (count, sample_bytes) in looks:
        if count != first:
            raise DataError(
                f"{file}: has {count} bands, but {first_file} has {first}. All images of a domain "
                "need the same number: mend or remove those that differ."
            )
        deepest = max(deepest, sample_bytes)
    return Encoding(kind="bands", channels=first, depth=16 if deepest > 1 else 8)


def _find_depth(pairs: list[PairFiles], domain: str) -> Literal[8, 16]:
    """Look at the heads of all files, which is enough for images that are not bands."""
    side = "ab".index(domain)
    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        return max(pool.map(lambda files: depth_of(files[side]), pairs))


def _look_at(
    pairs: list[PairFiles], domain: str, kind: Kind, look: Callable[[Pixels], T]
) -> Iterator[tuple[Path, T]]:
    """Open one image of every pair, and give what was seen in it."""
    side = "ab".index(domain)

    def read(files: PairFiles) -> tuple[Path, T]:
        samples = open_samples(files[side], kind)
        return files[side], look(halve(samples)[side] if files.is_side_by_side else samples)

    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        for start in range(0, len(pairs), AT_ONCE):
            yield from pool.map(read, pairs[start : start + AT_ONCE])
