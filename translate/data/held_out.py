"""Photos to look at: held out from learning, shown always in the same way."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import Dataset

from translate.data.files import list_photos
from translate.data.jitter import center_view
from translate.data.pair_files import Encodings, PairFiles, by_name, encode, open_pair, resampling
from translate.errors import DataError
from translate.images import Encoding, Pair, Pixels, open_samples

SHOWN = 5  # names in a message
PHOTOS: Encodings = {"a": Encoding(), "b": Encoding()}


class HeldOutPhotos(Dataset[Pair]):
    """The middle of each photo, in an order that never changes.

    Args:
        pairs: Name of each item -> its two photos.
        side_px: Side of the square that is shown.
        encodings: What the images of each domain are made of.
        is_resized: As for `center_view`.

    Shape:
        An item: two images (C, side_px, side_px) in [-1, 1].
    """

    def __init__(
        self,
        pairs: Mapping[str, PairFiles],
        side_px: int,
        encodings: Encodings = PHOTOS,
        is_resized: bool = True,
    ) -> None:
        self.names = list(pairs)
        self.files = list(pairs.values())
        self.side_px = side_px
        self.encodings = encodings
        self.is_resized = is_resized

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Pair:
        files = self.files[index]
        opened = zip("ab", open_pair(files, self.encodings), strict=True)
        views = [(domain, self._view(samples, domain)) for domain, samples in opened]
        return Pair(*(encode(view, domain, files, self.encodings) for domain, view in views))

    def image(self, index: int, domain: str) -> Tensor:
        """Show one image of an item, and where it has a file of its own open no other.

        Shape:
            (C, side_px, side_px) in [-1, 1].
        """
        files = self.files[index]
        if files.is_side_by_side:
            return torch.as_tensor(getattr(self[index], domain))
        samples = open_samples(getattr(files, domain), self.encodings[domain].kind)
        return encode(self._view(samples, domain), domain, files, self.encodings)

    def _view(self, samples: Pixels, domain: str) -> Pixels:
        how = resampling(self.encodings[domain])
        return center_view(samples, self.side_px, how, self.is_resized)

    def first_shown(self, domain: str) -> list[int]:
        """List the items that show a photo of a domain for the first time."""
        shown: dict[Path, int] = {}
        for index, files in enumerate(self.files):
            shown.setdefault(getattr(files, domain), index)
        return list(shown.values())


def first_shown(photos: Dataset[Pair], domain: str) -> list[int]:
    """List the items of any test set that show a photo of a domain for the first time.

    A set that may show a photo again says so by a method of this name; of another one every item
    counts.
    """
    if isinstance(photos, _Repeating):
        return photos.first_shown(domain)
    return list(range(len(photos)))  # type: ignore[arg-type]


@runtime_checkable
class _Repeating(Protocol):
    def first_shown(self, domain: str) -> list[int]: ...


def spread(items: Sequence[int], most: int) -> list[int]:
    """Take some of many, evenly."""
    count = min(most, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def match_in_turn(files_a: Sequence[Path], files_b: Sequence[Path]) -> dict[str, PairFiles]:
    """Put the n-th of a beside the n-th of b; the shorter list begins again until all were shown.

    The number keeps names apart that occur twice, in two folders or with two suffixes.
    """
    count = max(len(files_a), len(files_b))
    pairs = [PairFiles(files_a[i % len(files_a)], files_b[i % len(files_b)]) for i in range(count)]
    return {f"{i:04d}_{pair.a.stem}_{pair.b.stem}": pair for i, pair in enumerate(pairs)}


def match_by_name(folder_a: Path, folder_b: Path) -> dict[str, PairFiles]:
    """Put photos of the same name together, whatever their suffixes.

    Raises:
        DataError: A name occurs in one folder only, or twice in one.
    """
    named_a, named_b = (by_name(folder, list_photos(folder)) for folder in (folder_a, folder_b))
    lonely = sorted(named_a.keys() ^ named_b.keys())
    if lonely:
        more = ", ..." * (len(lonely) > SHOWN)
        raise DataError(
            f"{folder_a}, {folder_b}: {len(lonely)} names occur in one folder only: "
            f"{', '.join(lonely[:SHOWN])}{more}. data.test_is_paired wants two photos of every "
            "name: add what is missing, or set it to false."
        )
    return {name: PairFiles(file, named_b[name]) for name, file in named_a.items()}
