"""The photos that a model is judged by: held out from learning, with those it learned from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from translate.data import Draw, Splits
from translate.data.files import LEAST_PX, list_photos
from translate.data.held_out import HeldOutPhotos, first_shown, match_in_turn, spread
from translate.data.pair_files import PairFiles
from translate.data.pair_folders import ARRANGEMENTS, LOOKED_AT, Arrangement, Folders
from translate.data.pairing import find_pairs
from translate.errors import DataError
from translate.images import Encoding, Pair, suffixes_of

Encodings = Mapping[str, Encoding]
Pairs = dict[str, PairFiles]


@dataclass(frozen=True)
class JudgedPhotos:
    """Photos to judge by.

    Attributes:
        test: Held-out pairs; where they are not exact answers, a and b have nothing in common.
        is_paired: Whether b of each pair is the exact answer to its a.
        encodings: What the images of each domain are made of.
        side_px: Side of the squares; None: photos as they are.
        training: Domain and most photos -> photos of the training set, (1, C, H, W); None: none.
        view: How photos are looked at, in words.
        learned: The training set, where it can be looked at as the held-out photos are; else None.
    """

    test: Dataset[Pair]
    is_paired: bool
    encodings: Encodings
    side_px: int | None
    training: Callable[[str, int], Iterator[Tensor]] | None
    view: str
    learned: "JudgedPhotos | None" = None

    def items(self, domain: str, most: int) -> list[int]:
        """Choose the items that show the photos of a domain, each once, spread evenly."""
        shown = first_shown(self.test, domain)
        if self.is_paired:
            shown = list(range(len(self.test)))  # type: ignore[arg-type]
        return spread(shown, most)

    def file(self, index: int, domain: str) -> Path | None:
        """Name the file that an item's image comes from; None: not known, or one of many."""
        files = getattr(self.test, "files", None)
        if files is None or not isinstance(self.test, HeldOutPhotos):
            return None
        return Path(getattr(files[index], domain))

    def image(self, index: int, domain: str) -> Tensor:
        """Open one image of an item, and where it can be the file of this one alone.

        Shape:
            (C, H, W) in [-1, 1].
        """
        if isinstance(self.test, HeldOutPhotos):
            return self.test.image(index, domain)
        return torch.as_tensor(getattr(self.test[index], domain))

    def each(self, domain: str, most: int) -> Iterator[Tensor]:
        """Open the images of a domain one by one, (1, C, H, W) each."""
        return (self.image(index, domain)[None] for index in self.items(domain, most))


def photos_of_run(data: Splits) -> JudgedPhotos | None:
    """Take the photos that a run held out; None: it held out none."""
    if data.test is None:
        return None

    def training(domain: str, most: int) -> Iterator[Tensor]:
        for index in spread(range(len(data.train)), most):  # type: ignore[arg-type]
            yield getattr(data.train[Draw(0, index)], domain)[None]

    is_resized = getattr(data.test, "is_resized", True)
    view = _in_words(data.test_px) if is_resized else f"{data.test_px} px from the middle, unscaled"
    return JudgedPhotos(
        data.test, data.test_is_paired, data.encodings, data.test_px, training, view
    )


def photos_of_folder(
    folder: Path, encodings: Encodings, side_px: int, is_paired: bool | None
) -> JudgedPhotos:
    """Find held-out photos, and those beside them that were learned from, in a data set's folder.

    Args:
        folder: Holds testA and testB (perhaps trainA and trainB), or pairs in one of the
            `ARRANGEMENTS`; val serves where test is not.
        encodings: What the model's images are made of.
        side_px: The shorter side becomes this, and a square is taken from the middle.
        is_paired: Whether images of one name belong together; None: only side-by-side files do.

    Raises:
        DataError: There are no such folders, or photos cannot be used.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder. Name the folder of a data set.")
    arrangement, split = _arrangement(folder)
    is_side_by_side = arrangement.a == arrangement.b
    if is_paired is None:
        is_paired = is_side_by_side
    if is_side_by_side and not is_paired:
        raise DataError(
            f"{folder}: holds side-by-side files, which are pairs. Leave is_paired out."
        )

    def open_split(name: str) -> HeldOutPhotos:
        find = _find_pairs if is_paired else _find_photos
        pairs = find(arrangement.folders(folder, name), encodings, name != "train")
        return HeldOutPhotos(pairs, side_px, encodings)

    ways = is_paired, encodings, side_px
    view, learned = _in_words(side_px), None
    if not arrangement.missing(folder, "train"):
        learned = JudgedPhotos(open_split("train"), *ways, None, view)
    training = learned.each if learned else None
    return JudgedPhotos(open_split(split), *ways, training, view, learned)


def _find_pairs(places: Folders, encodings: Encodings, must_be_whole: bool) -> Pairs:
    kinds = {domain: encoding.kind for domain, encoding in encodings.items()}
    scan = find_pairs(places, kinds, LEAST_PX, skip_bad_files=True)
    if scan.faults and must_be_whole:
        where = ", ".join(str(place) for place in dict.fromkeys(places))
        raise DataError(
            f"{where}: {len(scan.pairs)} pairs can be used, but there are also\n{scan.describe()}\n"
            "Mend or remove these: whoever measures again should measure by the same pairs."
        )
    return scan.pairs


def _find_photos(places: Folders, encodings: Encodings, must_be_whole: bool) -> Pairs:
    """Find photos that are no pairs; they are not opened yet."""
    suffixes = (suffixes_of(encodings[domain].kind) for domain in "ab")
    return match_in_turn(*(list_photos(*each) for each in zip(places, suffixes, strict=True)))


def _in_words(side_px: int) -> str:
    how = "averaging pixels where it shrinks, else bicubic"
    return f"shorter side resized to {side_px} px ({how}), a square from the middle"


def _arrangement(folder: Path) -> tuple[Arrangement, str]:
    """Find how a data set's folders are called, and which of them is held out."""
    for split in LOOKED_AT:
        found = [one for one in ARRANGEMENTS if not one.missing(folder, split)]
        if len(found) > 1:
            places = [place for one in found for place in dict.fromkeys(one.folders(folder, split))]
            raise DataError(
                f"{folder}: holds held-out photos in several arrangements "
                f"({', '.join(place.relative_to(folder).as_posix() for place in places)}), so it "
                "is not known which are meant. Move some elsewhere."
            )
        if found:
            return found[0], split
    raise DataError(
        f"{folder}: expected held-out photos in testA and testB, A/test and B/test, or test (two "
        "images side by side in each file), and found none of them. Name a folder that has them."
    )
