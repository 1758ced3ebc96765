"""Where the two images of a pair lie, and which pairs can be used."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import Tensor

from translate.data.files import SCAN_THREADS
from translate.data.jitter import Resampling
from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels, find_fault, open_samples, size_of

LISTED = 5  # names in a message before "and N more"
SEAM_FILES = 16  # files looked into, spread over a folder
NEIGHBOURS = 8  # columns beside the middle that say how much columns differ anyway
SMOOTHEST = 2.0  # levels of 255; where neighbouring columns differ less, a seam tells nothing
FEWEST_TELLING = 4  # of fewer files nothing is concluded
# How much more than its neighbours a seam differs, or does not. Medians are above 5 in the public
# side-by-side sets, and below 1.6 in folders of single photos and label maps.
ROUGH, SMOOTH = 3.0, 2.0
PLAIN = 0.5  # a middle so much smoother than its neighbours is the border of two drawings


class PairFiles(NamedTuple):
    """A pair: two files, or twice the same one, which then holds both side by side."""

    a: Path
    b: Path

    @property
    def is_side_by_side(self) -> bool:
        """Whether one file holds both images: a on the left, b on the right."""
        return self.a == self.b


Encodings = Mapping[str, Encoding]
"""What the images of each domain are made of: `{"a": ..., "b": ...}`."""


def open_pair(files: PairFiles, encodings: Encodings) -> tuple[Pixels, Pixels]:
    """Read both images of a pair.

    Shape:
        (H, W, C) each, C as `open_samples` gives.

    Raises:
        DataError: A file cannot be read.
    """
    if not files.is_side_by_side:
        return open_samples(files.a, encodings["a"]), open_samples(files.b, encodings["b"])
    left, right = (halve(open_samples(files.a, encodings[domain])) for domain in "ab")
    return left[0], right[1]


def resampling(encoding: Encoding) -> Resampling:
    """Choose how images may be resized: between two classes there is nothing."""
    return "nearest" if encoding.kind == "labels" else "smooth"


def encode(samples: Pixels, domain: str, files: PairFiles, encodings: Encodings) -> Tensor:
    """Turn a view of one of a pair's images into a tensor.

    Raises:
        DataError: Its values are not what the domain is made of; with the file's name.
    """
    try:
        return encodings[domain].encode(samples)
    except DataError as error:
        raise DataError(f"{getattr(files, domain)}: {error}.") from error


def halve(samples: Pixels) -> tuple[Pixels, Pixels]:
    """Cut an image into its left and its right half."""
    middle = samples.shape[1] // 2
    return samples[:, :middle], samples[:, middle:]


@dataclass
class PairScan:
    """What a scan of all pairs found.

    Attributes:
        pairs: Name -> files of the pairs that can be used, in the order of their names.
        faults: Kind of fault -> the pairs and files that have it, each in words.
    """

    pairs: dict[str, PairFiles] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def add(self, fault: str, item: str) -> None:
        """Note a pair or file that cannot be used."""
        self.faults.setdefault(fault, []).append(item)

    def describe(self) -> str:
        """Tell all faults, kind by kind, a few names each."""
        lines = []
        for fault, items in self.faults.items():
            more = f"\n    ... and {len(items) - LISTED} more" * (len(items) > LISTED)
            lines.append(f"  {len(items)} {fault}:\n    " + "\n    ".join(items[:LISTED]) + more)
        return "\n".join(lines)


def match_names(
    folder_a: Path, files_a: Sequence[Path], folder_b: Path, files_b: Sequence[Path]
) -> PairScan:
    """Put files of the same name together, whatever their suffixes; note those without partner.

    Raises:
        DataError: A name occurs twice in one folder, so that its partner is not known.
    """
    named_a, named_b = by_name(folder_a, files_a), by_name(folder_b, files_b)
    scan = PairScan()
    for name in sorted(named_a.keys() | named_b.keys()):
        if name in named_a and name in named_b:
            scan.pairs[name] = PairFiles(named_a[name], named_b[name])
        elif name in named_a:
            scan.add(f"in {folder_a} have no partner in {folder_b}", named_a[name].name)
        else:
            scan.add(f"in {folder_b} have no partner in {folder_a}", named_b[name].name)
    return scan


def by_name(folder: Path, files: Sequence[Path]) -> dict[str, Path]:
    """Name files by their path in the folder, without suffix.

    Raises:
        DataError: Two files have the same name.
    """
    named: dict[str, Path] = {}
    for file in files:
        name = file.relative_to(folder).with_suffix("").as_posix()
        if name in named:
            raise DataError(
                f"{file}: has the same name as {named[name]}, so it is not known which of them is "
                "meant as the partner of that name. Rename or remove one."
            )
        named[name] = file
    return named


def scan_pairs(scan: PairScan, kinds: Mapping[str, Kind], least_px: int) -> None:
    """Look at every pair of a scan, and move those that cannot be used to its faults.

    Args:
        kinds: What the images of each domain are made of.
        least_px: The smallest side an image may have.
    """
    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        faults = list(pool.map(lambda f: _find_pair_fault(f, kinds, least_px), scan.pairs.values()))
    for (name, files), fault in zip(list(scan.pairs.items()), faults, strict=True):
        if fault is not None:
            scan.add(fault[0], f"{files.a if files.is_side_by_side else name}: {fault[1]}")
            del scan.pairs[name]


def _find_pair_fault(
    files: PairFiles, kinds: Mapping[str, Kind], least_px: int
) -> tuple[str, str] | None:
    for domain, file in zip("ab", files, strict=True):
        reason = find_fault(file, least_px, kinds[domain])
        if reason is not None:
            return "cannot be used", reason if files.is_side_by_side else f"{file} {reason}"
    (width, height), size_b = (size_of(f, kinds[d]) for d, f in zip("ab", files, strict=True))
    if files.is_side_by_side:
        if width % 2:
            return "have an odd width and cannot be cut in half", f"{width} x {height} px"
        if width // 2 < least_px:
            return "cannot be used", f"each half is {width // 2} px wide, {least_px} are needed"
    elif (width, height) != size_b:
        return "differ in size", f"{width} x {height} px and {size_b[0]} x {size_b[1]} px"
    return None


def bare(kind: Kind) -> Encoding:
    """Make an encoding that is good enough to open files with, before classes are known."""
    return Encoding(kind="bands" if kind == "bands" else "photo")


def look_side_by_side(files: Sequence[Path], kind: Kind) -> bool | None:
    """Say whether images look like two, side by side; None if their middles do not tell.

    In one image the two columns in the middle differ as much as columns beside them; where two
    images meet they differ much more. Plain middles, such as white borders, tell nothing.
    """
    step = max(1, len(files) // SEAM_FILES)
    looked_at = [f for f in files[::step][:SEAM_FILES] if find_fault(f, 1, kind) is None]
    ratios = [_seam(open_samples(file, bare(kind))) for file in looked_at]
    telling = [ratio for ratio in ratios if ratio is not None]
    if len(telling) < FEWEST_TELLING:
        return None
    if np.median(telling) < SMOOTH:
        return False
    return True if np.quantile(telling, 0.2) > ROUGH else None


def _seam(samples: Pixels) -> float | None:
    """How much more the middle columns differ than their neighbours do."""
    middle = samples.shape[1] // 2
    if middle <= NEIGHBOURS:
        return None
    beside = samples[:, middle - NEIGHBOURS : middle + NEIGHBOURS].astype(np.float64)
    differences = np.abs(np.diff(beside / (np.iinfo(samples.dtype).max / 255), axis=1))
    each = differences.mean(axis=(0, 2))
    seam, others = each[NEIGHBOURS - 1], np.median(np.delete(each, NEIGHBOURS - 1))
    ratio = seam / max(others, SMOOTHEST / 4)
    return None if max(seam, others) < SMOOTHEST or ratio < PLAIN else float(ratio)
