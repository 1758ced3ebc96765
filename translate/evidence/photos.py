"""The photos that a model is judged by: held out from learning, with those it learned from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from translate.data import Draw, Splits
from translate.data.files import LEAST_PX, list_photos
from translate.data.held_out import HeldOutPhotos, first_shown, match_in_turn
from translate.data.pair_folders import ARRANGEMENTS
from translate.data.pairing import find_pairs
from translate.errors import DataError
from translate.images import Encoding, Pair

Encodings = Mapping[str, Encoding]
TESTS = ("test", "val")


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
    """

    test: Dataset[Pair]
    is_paired: bool
    encodings: Encodings
    side_px: int | None
    training: Callable[[str, int], Iterator[Tensor]] | None
    view: str

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


def spread(items: list[int], most: int) -> list[int]:
    """Take some of many, evenly."""
    count = min(most, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def photos_of_run(data: Splits) -> JudgedPhotos | None:
    """Take the photos that a run held out; None: it held out none."""
    if data.test is None:
        return None

    def training(domain: str, most: int) -> Iterator[Tensor]:
        for index in spread(list(range(len(data.train))), most):  # type: ignore[arg-type]
            yield getattr(data.train[Draw(0, index)], domain)[None]

    view = f"squares of {data.test_px} px from the middle, as the run looks at them"
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
    if is_paired is None:
        is_paired = arrangement.a == arrangement.b
    if arrangement.a == arrangement.b and not is_paired:
        raise DataError(f"{folder}: side-by-side files are pairs. Leave out --unpaired.")

    def open_split(name: str) -> HeldOutPhotos:
        places = arrangement.folders(folder, name)
        if arrangement.a == arrangement.b or is_paired:
            kinds: Any = {domain: encodings[domain].kind for domain in "ab"}
            pairs = find_pairs(places, kinds, LEAST_PX, skip_bad_files=False).pairs
        else:
            pairs = match_in_turn(*(list_photos(place) for place in places))
        return HeldOutPhotos(pairs, side_px, encodings)

    training = None
    if not arrangement.missing(folder, "train"):
        learned = open_split("train")

        def training(domain: str, most: int) -> Iterator[Tensor]:
            for index in spread(learned.first_shown(domain), most):
                yield getattr(learned[index], domain)[None]

    view = f"shorter side resized to {side_px} px, a square from the middle"
    return JudgedPhotos(open_split(split), is_paired, encodings, side_px, training, view)


def _arrangement(folder: Path) -> tuple[Any, str]:
    """Find how a data set's folders are called, and which of them is held out."""
    for split in TESTS:
        for arrangement in ARRANGEMENTS:
            if not arrangement.missing(folder, split):
                return arrangement, split
    raise DataError(
        f"{folder}: expected held-out photos in testA and testB, A/test and B/test, or test (two "
        "images side by side in each file), and found none of them. Name a folder that has them."
    )
