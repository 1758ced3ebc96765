"""Where pairs lie: the arrangements of folders that people have."""

from pathlib import Path
from typing import NamedTuple

Folders = tuple[Path, Path]
"""Where the images of a lie, and those of b: twice the same folder for side-by-side files."""

LEARNED = "train"
LOOKED_AT = ("test", "val")  # the published sets' names; val serves where test is not
SPLITS = (LEARNED, *LOOKED_AT)


class Places(NamedTuple):
    """Where pairs to learn from lie, and those to look at if there are any."""

    train: Folders
    test: Folders | None


class Arrangement(NamedTuple):
    """How the folders of each split are called, in one folder that holds all of them."""

    a: str
    b: str

    def folders(self, folder: Path, split: str) -> Folders:
        """Name the folders of one split, whether or not they are there."""
        return folder / self.a.format(split), folder / self.b.format(split)

    def missing(self, folder: Path, split: str) -> list[Path]:
        """List those of a split's folders that are not there."""
        return [one for one in dict.fromkeys(self.folders(folder, split)) if not one.is_dir()]

    def present(self, folder: Path, *splits: str) -> list[Path]:
        """List those folders of splits that are there."""
        wanted = dict.fromkeys(one for split in splits for one in self.folders(folder, split))
        return [one for one in wanted if one.is_dir()]

    def looked_at(self, folder: Path) -> str | None:
        """Choose the split to look at; None: there is none."""
        return next((split for split in LOOKED_AT if self.present(folder, split)), None)


ARRANGEMENTS = (
    Arrangement("{}", "{}"),  # train: files with two images side by side
    Arrangement("{}A", "{}B"),  # trainA and trainB
    Arrangement("A/{}", "B/{}"),  # A/train and B/train, which other programs first glue together
)


def find_places(folder: Path) -> Places:
    """Find the pairs in a folder that has one of the `ARRANGEMENTS`, or holds the files itself."""
    for arrangement in ARRANGEMENTS:
        if arrangement.present(folder, LEARNED):
            split = arrangement.looked_at(folder)
            test = arrangement.folders(folder, split) if split else None
            return Places(arrangement.folders(folder, LEARNED), test)
    return Places((folder, folder), None)


def find_disorder(folder: Path, has_own_test: bool) -> str | None:
    """Say what keeps `find_places` from knowing where the pairs lie; None: nothing does.

    Args:
        has_own_test: Whether pairs to look at are named apart, so that none are needed here.
    """
    used = [one for one in ARRANGEMENTS if one.present(folder, *SPLITS)]
    if not used:
        return _find_misspelt(folder)
    if len(used) > 1:
        ways = " as well as ".join(_list(folder, one.present(folder, *SPLITS)) for one in used)
        return (
            f"{folder}: holds pairs in several arrangements ({ways}), so it is not known which are "
            "meant. Move some elsewhere, or name data.folder_a and data.folder_b."
        )
    arrangement = used[0]
    looked_at = None if has_own_test else arrangement.looked_at(folder)
    for split in (LEARNED, *([looked_at] if looked_at else [])):
        missing = arrangement.missing(folder, split)
        if missing:
            there = _list(folder, arrangement.present(folder, *SPLITS))
            absent = " and no ".join(one.relative_to(folder).as_posix() for one in missing)
            return f"{folder}: holds {there}, but no {absent}. Put the missing images there."
    return None


def _find_misspelt(folder: Path) -> str | None:
    """Notice splits in capitals: passed over, what is to be looked at would be learned from."""
    known = {name.format(split) for one in ARRANGEMENTS for name in one for split in SPLITS}
    spellings = {name.lower(): name for name in known}
    there = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    misspelt = {name: spellings[name.lower()] for name in there if name.lower() in spellings}
    if not misspelt:
        return None
    return f"{folder}: holds {', '.join(misspelt)}. Rename to {', '.join(misspelt.values())}."


def _list(folder: Path, inside: list[Path]) -> str:
    return ", ".join(one.relative_to(folder).as_posix() for one in inside)
