"""From folders to pairs that can be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from translate.data.files import list_photos
from translate.data.pair_files import PairFiles, PairScan, match_names, scan_pairs
from translate.data.pair_folders import Folders
from translate.data.seams import look_side_by_side
from translate.errors import DataError
from translate.images import Kind, find_photos, suffixes_of

Kinds = Mapping[str, Kind]
"""What the images of each domain are made of: `{"a": ..., "b": ...}`."""


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
            "The two images of a pair must have the same name; suffixes may differ. Rename them."
        )
    scan_pairs(scan, kinds, least_px)
    if not scan.pairs:
        raise DataError(
            f"{where}: no pair can be used:\n{scan.describe()}\n"
            "Mend them, name other folders or, if images are too small, lower data.crop_px."
        )
    if scan.faults and not skip_bad_files:
        raise DataError(
            f"{where}: {len(scan.pairs)} pairs can be used, but there are also\n{scan.describe()}\n"
            "Mend or remove these, or set data.skip_bad_files to go on without them."
        )
    return scan


def _list_images(folder: Path, domain: str, kinds: Kinds) -> list[Path]:
    try:
        return list_photos(folder, suffixes_of(kinds[domain]))
    except DataError as error:
        if not folder.is_dir() or not find_photos(folder, suffixes=suffixes_of("bands")).photos:
            raise
        advice = f"To learn from NumPy files set data.kind_{domain} to bands."
        raise DataError(f"{error} {advice}") from error


def _side_by_side(folder: Path, kinds: Kinds) -> PairScan:
    files = _list_images(folder, "a", kinds)
    looks = look_side_by_side(files, kinds["a"])
    domains = _domains_inside(folder, files, looks)
    if domains:
        raise DataError(
            f"{folder}: should hold files with two images side by side, but holds the folders "
            f"{' and '.join(domains)}, which look like one for each domain. Name them in "
            "data.folder_a and data.folder_b."
        )
    if looks is False:
        raise DataError(
            f"{folder}: its files should hold two images side by side, a on the left and b on the "
            "right, but nothing changes at their middle: they look like single images. If a and b "
            "lie in two folders, name them in data.folder_a and data.folder_b."
        )
    return PairScan({file.relative_to(folder).as_posix(): PairFiles(file, file) for file in files})


def _domains_inside(folder: Path, files: Sequence[Path], looks: bool | None) -> list[str]:
    """Name the two folders inside that seem to hold a domain each: by their or their files' names.

    Args:
        looks: Whether the files look like two images side by side.
    """
    inside: dict[str, set[Path]] = {}
    for file in files:
        first, *rest = file.relative_to(folder).with_suffix("").parts
        inside.setdefault(first if rest else "", set()).add(Path(*rest))
    if len(inside) != 2 or "" in inside:
        return []
    one, other = inside.values()
    is_same = looks is not True and 2 * len(one & other) > len(one | other)
    is_named_so = sorted(name.lower() for name in inside) == ["a", "b"]
    return sorted(inside) if is_named_so or is_same else []


def _two_folders(folders: Folders, kinds: Kinds) -> PairScan:
    listed = [_list_images(f, domain, kinds) for f, domain in zip(folders, "ab", strict=True)]
    looks = {look_side_by_side(files, kinds[d]) for files, d in zip(listed, "ab", strict=True)}
    trouble = None
    if folders[0].resolve() == folders[1].resolve():
        trouble = "are one and the same folder"
    elif True in looks and False not in looks:
        trouble = "hold files that look like two images side by side"
    if trouble:
        raise DataError(
            f"{folders[0]}, {folders[1]}: {trouble}, but each is to hold single images, a pair "
            "under the same name. For files with a on the left and b on the right leave out "
            "data.folder_a and data.folder_b, and name the folder that holds train and test in "
            "data.folder."
        )
    return match_names(folders[0], listed[0], folders[1], listed[1])
