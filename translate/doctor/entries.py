"""What a data set is made of: photos and pairs, each of which is kept or left out as one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SPLIT_ORDER = ("train", "val", "test")
"""From what is learned from to what is looked at: a photo in two of them stays in the later one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A photo, or a pair of images that show the same thing.

    Attributes:
        names: Where each of its files lies in the data set, and would lie in a copy of it, such as
            `trainA/1.jpg`.
        files: Its one file, or the two of a pair.
        split: One of `SPLIT_ORDER`.
        domains: "a" or "b" for a photo, "ab" for a pair.
    """

    names: tuple[str, ...]
    files: tuple[Path, ...]
    split: str
    domains: str

    @property
    def name(self) -> str:
        """What it is called: the name of its first file."""
        return self.names[0]

    @property
    def is_pair(self) -> bool:
        """Whether it has an image of each domain."""
        return self.domains == "ab"

    @property
    def is_side_by_side(self) -> bool:
        """Whether one file holds both images: a on the left, b on the right."""
        return self.is_pair and len(self.files) == 1


@dataclass(frozen=True)
class Faulty:
    """A file, a folder or a pair that cannot be used, and why."""

    name: str
    reason: str  # reads on after the name: "is empty (0 bytes)"
    file: Path | None = None  # None: there is nothing that could be looked at again


@dataclass
class DataSet:
    """Everything that was found in the folders of a data set; nothing of it has been opened.

    Attributes:
        title: What to call it.
        folders: The folders that the user named: nothing may be written into them.
        layout: How it was understood, in words.
        entries: Split by split and domain by domain, in the order of their names.
        faulty: Folders that cannot be listed, and files without the partner they need.
        ignored: Files that are no photos, and why.
        namesakes: Pairs of folders whose photos have the same names, yet show different things.
    """

    title: str
    folders: tuple[Path, ...]
    layout: str
    entries: list[Entry] = field(default_factory=list)
    faulty: list[Faulty] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    namesakes: list[str] = field(default_factory=list)

    @property
    def domains(self) -> str:
        """Which domains there are: "ab", or "a" alone for photos of one kind."""
        found = {domain for entry in self.entries for domain in entry.domains}
        return "".join(sorted(found))

    def count(self, split: str, domains: str) -> int:
        """Count the photos, or the pairs ("ab"), of a split."""
        return sum(e.split == split and e.domains == domains for e in self.entries)


def describe_counts(entries: Sequence[Entry]) -> str:
    """Count photos and pairs by split, in words: `train 400 of A and 400 of B, test 120 of A`."""
    parts = []
    for split in SPLIT_ORDER:
        counts = {
            domains: sum(e.split == split and e.domains == domains for e in entries)
            for domains in ("a", "b", "ab")
        }
        words = [f"{counts[d]:,} of {d.upper()}" for d in "ab" if counts[d]]
        words += [f"{counts['ab']:,} pairs"] if counts["ab"] else []
        if words:
            parts.append(f"{split} {' and '.join(words)}")
    return ", ".join(parts)
