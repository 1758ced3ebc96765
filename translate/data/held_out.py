"""Photos to look at: held out from learning, shown always in the same way."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch.utils.data import Dataset

from translate.data.files import list_photos
from translate.data.jitter import center_view
from translate.errors import DataError
from translate.images import Pair, open_photo, to_tensor

Files = tuple[Path, Path]
"""A photo of a, and the one of b that is shown beside it."""

SHOWN = 5  # names in a message


class HeldOutPhotos(Dataset[Pair]):
    """The middle of each photo, in an order that never changes.

    Args:
        pairs: Name of each item -> its two photos.
        side_px: Side of the square that is shown.

    Shape:
        An item: two images (3, side_px, side_px) in [-1, 1].
    """

    def __init__(self, pairs: Mapping[str, Files], side_px: int) -> None:
        self.names = list(pairs)
        self.files = list(pairs.values())
        self.side_px = side_px

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Pair:
        a, b = (center_view(open_photo(file).pixels, self.side_px) for file in self.files[index])
        return Pair(to_tensor(a), to_tensor(b))


def match_in_turn(files_a: Sequence[Path], files_b: Sequence[Path]) -> dict[str, Files]:
    """Put the n-th of a beside the n-th of b; the shorter list begins again until all were shown.

    The number keeps names apart that occur twice, in two folders or with two suffixes.
    """
    count = max(len(files_a), len(files_b))
    pairs = [(files_a[i % len(files_a)], files_b[i % len(files_b)]) for i in range(count)]
    return {f"{i:04d}_{a.stem}_{b.stem}": (a, b) for i, (a, b) in enumerate(pairs)}


def match_by_name(folder_a: Path, folder_b: Path) -> dict[str, Files]:
    """Put photos of the same name together, whatever their suffixes.

    Raises:
        DataError: A name occurs in one folder only, or twice in one.
    """
    named_a, named_b = _by_name(folder_a), _by_name(folder_b)
    lonely = sorted(named_a.keys() ^ named_b.keys())
    if lonely:
        more = ", ..." * (len(lonely) > SHOWN)
        raise DataError(
            f"{folder_a}, {folder_b}: {len(lonely)} names occur in one folder only: "
            f"{', '.join(lonely[:SHOWN])}{more}. data.test_is_paired wants two photos of every "
            "name: add what is missing, or set it to false."
        )
    return {name: (file, named_b[name]) for name, file in named_a.items()}


def _by_name(folder: Path) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for file in list_photos(folder):
        name = file.relative_to(folder).with_suffix("").as_posix()
        if name in named:
            raise DataError(
                f"{file}: has the same name as {named[name]}, so it is not known which of them "
                "data.test_is_paired means. Rename or remove one."
            )
        named[name] = file
    return named
