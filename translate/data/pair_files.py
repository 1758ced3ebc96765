"""Where the two images of a pair lie, and which pairs can be used."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from translate.data.files import SCAN_THREADS
from translate.data.jitter import Resampling
from translate.errors import DataError
from translate.images import Encoding, Kind, Pixels, find_fault, open_samples, size_of

LISTED = 5  # names in a message before "and N more"


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
    kind_a, kind_b = (encodings[domain].kind for domain in "ab")
    if not files.is_side_by_side:
        return open_samples(files.a, kind_a), open_samples(files.b, kind_b)
    left, right = halve(open_samples(files.a, kind_a))
    if kind_a != kind_b and {kind_a, kind_b} != {"photo", "grey"}:  # these two are read alike
        right = halve(open_samples(files.b, kind_b))[1]
    return left, right


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
            lines.append(f"  {fault} ({len(items)}):")
            lines += [f"    {item}" for item in items[:LISTED]]
            lines += [f"    ... and {len(items) - LISTED} more"] * (len(items) > LISTED)
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
            lonely = named_a[name].relative_to(folder_a)
            scan.add(f"only in {folder_a}, without a partner in {folder_b}", str(lonely))
        else:
            lonely = named_b[name].relative_to(folder_b)
            scan.add(f"only in {folder_b}, without a partner in {folder_a}", str(lonely))
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
    names = list(scan.pairs)

    def find(name: str) -> tuple[str, str] | None:
        return _find_fault(name, scan.pairs[name], kinds, least_px)

    with ThreadPoolExecutor(SCAN_THREADS) as pool:
        faults = list(pool.map(find, names))
    for name, fault in zip(names, faults, strict=True):
        if fault is not None:
            scan.add(*fault)
            del scan.pairs[name]


def _find_fault(
    name: str, files: PairFiles, kinds: Mapping[str, Kind], least_px: int
) -> tuple[str, str] | None:
    """Say what kind of fault a pair has, and where it is what."""
    sides = (files.a, kinds["a"]), (files.b, kinds["b"])
    for file, kind in dict.fromkeys(sides):  # of two equal sides one is enough
        reason = find_fault(file, least_px, kind)
        if reason is not None:
            return "cannot be used", f"{file}: {reason}"
    (width, height), size_b = (size_of(file, kind) for file, kind in sides)
    if files.is_side_by_side:
        return _find_fault_of_halves(files.a, width, height, least_px)
    if (width, height) != size_b:
        return "different sizes", f"{name}: {width} x {height} px and {size_b[0]} x {size_b[1]} px"
    return None


def _find_fault_of_halves(
    file: Path, width: int, height: int, least_px: int
) -> tuple[str, str] | None:
    if width % 2:
        return "an odd width, so that there are no equal halves", f"{file}: {width} x {height} px"
    if width // 2 < least_px:
        half = f"{width // 2} x {height} px"
        return "cannot be used", f"{file}: each half is {half}, at least {least_px} px are needed"
    return None
