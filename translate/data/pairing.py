"""From folders to pairs that can be used, and to what their images are made of."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from translate.data.files import SCAN_THREADS, list_photos
from translate.data.pair_files import (
    PairFiles,
    PairScan,
    bare,
    by_name,
    halve,
    look_side_by_side,
    match_names,
    scan_pairs,
)
from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels, find_classes, open_samples, suffixes_of

LEAST_PX = 16  # a smaller side is that of an icon or a tracking pixel, not of a photo
Folders = tuple[Path, Path]
"""Where the images of a lie, and those of b: twice the same folder for side-by-side files."""
Kinds = Mapping[str, Kind]


def find_pairs(folders: Folders, kinds: Kinds, least_px: int, skip_bad_files: bool) -> PairScan:
    """Match the images of two folders, or cut those of one, and vouch for every pair.

    Raises:
        DataError: Pairs cannot be used and may not be skipped, none is left, or the folders look
            like the other arrangement.
    """
    is_one = folders[0] == folders[1]
    scan = _side_by_side(folders[0], kinds) if is_one else _two_folders(folders, kinds)
    where = str(folders[0]) if is_one else f"{folders[0]}, {folders[1]}"
    if not scan.pairs:
        raise DataError(
            f"{where}: no name occurs in both folders:\n{scan.describe()}\n"
            "The two images of a pair must have the same name; suffixes may differ."
        )
    scan_pairs(scan, kinds, least_px)
    if not scan.pairs:
        raise DataError(f"{where}: no pair can be used:\n{scan.describe()}\nMend them first.")
    if scan.faults and not skip_bad_files:
        raise DataError(
            f"{where}: {len(scan.pairs)} pairs can be used, but\n{scan.describe()}\n"
            "Mend or remove these, or set data.skip_bad_files to go on without them."
        )
    return scan


def _side_by_side(folder: Path, kinds: Kinds) -> PairScan:
    files = list_photos(folder, suffixes_of(kinds["a"]))
    nested = sorted({file.relative_to(folder).parts[0] for file in files if file.parent != folder})
    if sorted(name.lower() for name in nested) == ["a", "b"]:
        raise DataError(
            f"{folder}: holds the folders {' and '.join(nested)}, so its images look like those of "
            "two folders, but files with two images side by side were expected. Name them in "
            "data.folder_a and data.folder_b."
        )
    scan = PairScan({name: PairFiles(file, file) for name, file in by_name(folder, files).items()})
    if look_side_by_side(files, kinds["a"]) is False:
        raise DataError(
            f"{folder}: its files should hold two images side by side, a on the left and b on the "
            "right, but nothing changes at their middle: they look like single images. If a and b "
            "lie in two folders, name them in data.folder_a and data.folder_b."
        )
    return scan


def _two_folders(folders: Folders, kinds: Kinds) -> PairScan:
    listed = [list_photos(f, suffixes_of(k)) for f, k in zip(folders, kinds.values(), strict=True)]
    is_same = folders[0].resolve() == folders[1].resolve()
    if is_same or all(map(look_side_by_side, listed, kinds.values())):
        trouble = (
            "are one and the same folder"
            if is_same
            else "hold files that look like two images side by side"
        )
        raise DataError(
            f"{folders[0]}, {folders[1]}: {trouble}, but data.folder_a and data.folder_b are to "
            "hold single images, a pair under the same name. For files with a on the left and b on "
            "the right name the folder that holds train and test in data.folder."
        )
    return match_names(folders[0], listed[0], folders[1], listed[1])


def choose_encodings(pairs: Iterable[PairFiles], kinds: Kinds) -> dict[str, Encoding]:
    """Find out what the images of each domain are made of: classes of labels, number of bands.

    Raises:
        DataError: There are too many classes, or images of different numbers of bands.
    """
    known = list(pairs)
    return {d: _choose_encoding(known, i, kinds[d]) for i, d in enumerate("ab")}


def _choose_encoding(pairs: list[PairFiles], side: int, kind: Kind) -> Encoding:
    if kind == "labels":
        classes: set[tuple[int, int, int]] = set()
        try:
            _look_at(pairs, side, kind, lambda samples: find_classes(classes, samples))
        except DataError as error:
            raise DataError(f"{error} Or set data.kind_{'ab'[side]} to photo.") from error
        return Encoding(kind=kind, channels=len(classes), classes=tuple(sorted(classes)))
    if kind == "bands":
        counts: set[int] = set()
        _look_at(pairs, side, kind, lambda samples: _expect_bands(counts, samples))
        return Encoding(kind=kind, channels=counts.pop())
    return Encoding(kind=kind, channels=1 if kind == "grey" else 3)


def _look_at(pairs: list[PairFiles], side: int, kind: Kind, look: Callable[[Pixels], None]) -> None:
    """Open one side of every pair, some at a time; an error names its file."""

    def read(files: PairFiles) -> Pixels:
        samples = open_samples(files[side], bare(kind))
        return halve(samples)[side] if files.is_side_by_side else samples

    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        for files, samples in zip(pairs, pool.map(read, pairs), strict=True):
            try:
                look(samples)
            except DataError as error:
                raise DataError(f"{files[side]}: {error}.") from error


def _expect_bands(counts: set[int], samples: Pixels) -> None:
    counts.add(samples.shape[-1])
    if len(counts) > 1:
        others = " or ".join(str(count) for count in sorted(counts - {samples.shape[-1]}))
        raise DataError(
            f"has {samples.shape[-1]} bands, the images before it have {others}. All images of a "
            "domain need the same number"
        )
