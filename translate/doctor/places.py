"""Which photos and pairs does a folder hold? Told from names, and from how a few files look."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from translate.data.files import describe_absence
from translate.data.pair_folders import ARRANGEMENTS, SPLITS, Arrangement, find_disorder
from translate.data.seams import look_side_by_side
from translate.doctor.agreeing import look_paired
from translate.doctor.entries import SPLIT_ORDER, DataSet, Entry, Faulty
from translate.errors import ConfigError, DataError
from translate.images import find_photos, size_of
from translate.images.finding import HIDDEN

OWN_FILE = "doctor.json"  # what a cleaned copy says of itself
SHAPES = 16  # files whose shape is looked at where their middles do not tell


@dataclass(frozen=True)
class Part:
    """One folder of a data set.

    Attributes:
        domains: "a", "b", or "ab" where a file may show both.
        place: What the folder is called in the data set and in copies of it; "" for all of it.
    """

    split: str
    domains: str
    folder: Path
    place: str


@dataclass(frozen=True)
class Separate:
    """Folders that are named one by one."""

    a: Path | None = None
    b: Path | None = None
    test_a: Path | None = None
    test_b: Path | None = None


def find_set(folder: Path, paired: bool | None = None) -> DataSet:
    """Find what a folder holds, in one of the layouts that training knows, or photos alone.

    Args:
        paired: Whether the images of two domains are pairs; None: found out.

    Raises:
        DataError: There is no such folder, no photo in it, or no telling which are meant.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: {describe_absence(folder)}")
    if trouble := find_disorder(folder, has_own_test=False):
        raise DataError(trouble)
    used = next((one for one in ARRANGEMENTS if one.present(folder, *SPLITS)), None)
    parts = _parts(folder, used)
    title = folder.resolve().name or "photos"
    return _filled(DataSet(title, (folder,), ""), parts, paired)


def find_separate(folders: Separate, paired: bool | None = None) -> DataSet:
    """Find what two folders of photos hold, and two more of photos to look at.

    Raises:
        ConfigError: One of two is not named.
        DataError: A folder is not there, or holds no photos.
    """
    if not folders.a or not folders.b or bool(folders.test_a) != bool(folders.test_b):
        raise ConfigError(
            "--folder-a and --folder-b go together, and so do --test-folder-a and "
            "--test-folder-b: name both. For a folder that holds them all, name it alone."
        )
    parts = [Part("train", "a", folders.a, "trainA"), Part("train", "b", folders.b, "trainB")]
    if folders.test_a and folders.test_b:
        parts += [Part("test", "a", folders.test_a, "testA")]
        parts += [Part("test", "b", folders.test_b, "testB")]
    for part in parts:
        if not part.folder.is_dir():
            raise DataError(f"{part.folder}: {describe_absence(part.folder)}")
    title = f"{folders.a.resolve().name} and {folders.b.resolve().name}"
    return _filled(DataSet(title, tuple(part.folder for part in parts), ""), parts, paired)


def _parts(folder: Path, used: Arrangement | None) -> list[Part]:
    if used is None:
        inside = {entry.name: entry for entry in folder.iterdir() if entry.is_dir()}
        two = [name for name in ("A", "B", "a", "b") if name in inside]
        if len(two) == 2 and two[0].lower() != two[1].lower():
            return [Part("train", name.lower(), inside[name], name) for name in two]
        return [Part("train", "ab", folder, "")]
    parts = []
    for split in sorted(SPLITS, key=SPLIT_ORDER.index):
        folders = used.folders(folder, split)
        domains = ("ab",) if folders[0] == folders[1] else ("a", "b")
        for domain, one in zip(domains, folders, strict=False):
            if one.is_dir():
                parts.append(Part(split, domain, one, one.relative_to(folder).as_posix()))
    return parts


def _filled(found: DataSet, parts: Sequence[Part], paired: bool | None) -> DataSet:
    listed = [_list(part, found) for part in parts]
    if not any(listed):
        where = ", ".join(str(folder) for folder in found.folders)
        raise DataError(f"{where}: holds no photos. Put photos there, or name another folder.")
    if parts[0].domains == "ab":
        _fill_with_files(found, parts, listed, paired)
    else:
        _fill_with_folders(found, parts, listed, paired)
    return found


def _list(part: Part, found: DataSet) -> list[Path]:
    photos, ignored, closed = find_photos(part.folder)
    found.faulty += [Faulty(_name(part, folder), reason) for folder, reason in closed]
    found.ignored += [
        (_name(part, file), reason)
        for file, reason in ignored
        if reason != HIDDEN and file.name != OWN_FILE
    ]
    return sorted(photos, key=lambda file: file.relative_to(part.folder).as_posix())


def _name(part: Part, file: Path) -> str:
    inside = file.relative_to(part.folder).as_posix()
    return f"{part.place}/{inside}" if part.place else inside


def _fill_with_files(
    found: DataSet, parts: Sequence[Part], listed: Sequence[list[Path]], paired: bool | None
) -> None:
    """Take files that show one image or two side by side."""
    files = [file for part in listed for file in part]
    is_pair = _shows_two(files) if paired is None else paired
    domains = "ab" if is_pair else "a"
    for part, photos in zip(parts, listed, strict=True):
        found.entries += [Entry((_name(part, f),), (f,), part.split, domains) for f in photos]
    places = ", ".join(part.place for part in parts if part.place)
    what = (
        "pairs in one file, A on the left and B on the right" if is_pair else "photos of one kind"
    )
    found.layout = f"{places}: {what}" if places else what


def _shows_two(files: Sequence[Path]) -> bool:
    looks = look_side_by_side(files, "photo")
    if looks is not None:
        return looks
    shapes = []
    for file in files[:: max(1, len(files) // SHAPES)][:SHAPES]:
        try:
            shapes.append(size_of(file))
        except DataError:
            continue
    twice = [width == 2 * height for width, height in shapes]
    return bool(twice) and sum(twice) > len(twice) / 2


def _fill_with_folders(
    found: DataSet, parts: Sequence[Part], listed: Sequence[list[Path]], paired: bool | None
) -> None:
    """Take folders of one domain each, whose photos may be partners by name."""
    said = []
    for split in SPLIT_ORDER:
        sides = {
            p.domains: (p, files)
            for p, files in zip(parts, listed, strict=True)
            if p.split == split
        }
        if not sides:
            continue
        where = " and ".join(part.place for part, _ in sides.values())
        words = _fill_split(found, sides, paired)
        said.append(f"{where}: {words}")
    found.layout = "; ".join(said)


def _fill_split(
    found: DataSet, sides: dict[str, tuple[Part, list[Path]]], paired: bool | None
) -> str:
    named = {d: _by_name(part, files) for d, (part, files) in sides.items()}
    is_possible = len(sides) == 2 and None not in named.values()
    named_a, named_b = (named.get(domain) or {} for domain in "ab")
    common = sorted(named_a.keys() & named_b.keys())
    if paired and (not is_possible or not common):
        where = ", ".join(str(part.folder) for part, _ in sides.values())
        raise DataError(
            f"{where}: no pairs can be made of these: --pairs yes wants two folders, and every "
            "name once in each (suffixes may differ). Rename files, or leave it out."
        )
    is_pair = bool(paired)
    if paired is None and is_possible and 2 * len(common) > max(len(named_a), len(named_b)):
        is_pair = bool(look_paired([(named_a[name], named_b[name]) for name in common]))
        if not is_pair:
            where = " and ".join(part.place for part, _ in sides.values())
            found.namesakes.append(where)
    if is_pair:
        _fill_with_pairs(found, sides, named_a, named_b)
        return "pairs by name"
    for domain, (part, files) in sides.items():
        found.entries += [Entry((_name(part, f),), (f,), part.split, domain) for f in files]
    return "unpaired"


def _by_name(part: Part, files: Sequence[Path]) -> dict[str, Path] | None:
    """Name files by their path without suffix; None: a name occurs twice."""
    named = {file.relative_to(part.folder).with_suffix("").as_posix(): file for file in files}
    return named if len(named) == len(files) else None


def _fill_with_pairs(
    found: DataSet,
    sides: dict[str, tuple[Part, list[Path]]],
    named_a: dict[str, Path],
    named_b: dict[str, Path],
) -> None:
    (part_a, _), (part_b, _) = sides["a"], sides["b"]
    for name in sorted(named_a.keys() | named_b.keys()):
        a, b = named_a.get(name), named_b.get(name)
        if a is not None and b is not None:
            names = _name(part_a, a), _name(part_b, b)
            found.entries.append(Entry(names, (a, b), part_a.split, "ab"))
            continue
        part, file, other = (part_a, a, part_b) if a is not None else (part_b, b, part_a)
        assert file is not None  # noqa: S101
        found.faulty.append(
            Faulty(_name(part, file), f"has no partner of its name in {other.place}", file)
        )
