"""The door `photo-translate doctor`: is a data set any good?"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro import cli
from tyro.conf import Positional, arg

from translate.cli.guarding import DONE, SOME_FAILED
from translate.cli.progress import FolderProgress
from translate.config import Settings
from translate.errors import ConfigError
from translate.printing import printable

if TYPE_CHECKING:
    from translate.doctor.entries import DataSet
    from translate.doctor.examining import Diagnosis
    from translate.doctor.looking import Step

PAIRED = {"auto": None, "yes": True, "no": False}


class DoctorArguments(Settings):
    """Look at every photo of a data set, and say what training would suffer from.

    FOLDER holds trainA and trainB (perhaps testA and testB), or train (and val, test) with two
    images side by side in each file, or photos of one kind. It is never written to.

    Exit code: 0 nothing serious; 1 something serious was found: files that cannot be used, photos
    in both train and test or in both A and B, pairs out of alignment; 2 refused; 130 stopped.
    """

    folder: Annotated[
        Positional[Path | None], arg(metavar="FOLDER", help="the data set; none: --folder-a and -b")
    ] = None
    folder_a: Path | None = None  # photos of A; with --folder-b, instead of FOLDER
    folder_b: Path | None = None  # photos of B; with --folder-a, instead of FOLDER
    test_folder_a: Path | None = None  # photos of A to look at; with --test-folder-b
    test_folder_b: Path | None = None  # photos of B to look at; with --test-folder-a
    pairs: Literal["auto", "yes", "no"] = "auto"  # whether A and B show the same, file by file
    out: Path | None = None  # the page; none: doctor_<name of the folder>.html, here
    as_json: Annotated[Path | None, arg(name="json", help="a file for all findings, in JSON")] = (
        None
    )
    fix: Path | None = None  # a new folder for a copy without what was found; FOLDER stays as it is
    drop_suspicious: bool = False  # with --fix: also without photos that look like the other domain
    crop_px: int = 256  # side of the squares to learn from; smaller photos are named
    sample: int = 500  # photos of each domain that a network looks at, to tell the domains apart
    seed: int = 0  # which these are
    workers: int | None = None  # photos opened at the same time; none: as many as there are cores
    cache: Path | None = None  # a file where facts are remembered; none: among the user's caches
    remember: bool = True  # keep facts of photos, so that next time only new ones are opened


def run(words: Sequence[str]) -> int:
    """Examine what the command line names."""
    chosen = cli(DoctorArguments, prog="photo-translate doctor", args=words)
    _expect_sense(chosen)
    # Imported late: torch comes with it, and --help must not wait for torch.
    from translate.doctor.fixing import expect_place  # noqa: PLC0415

    data = _find(chosen)
    page = _place_of_page(chosen, data)
    if chosen.fix is not None:
        expect_place(chosen.fix, data.folders)
    diagnosis = _examine_aloud(chosen, data)
    _leave_behind(chosen, diagnosis, page)
    return SOME_FAILED if diagnosis.is_serious else DONE


def _expect_sense(chosen: DoctorArguments) -> None:
    """Refuse what cannot be meant, before anything is opened."""
    separate = (chosen.folder_a, chosen.folder_b, chosen.test_folder_a, chosen.test_folder_b)
    if (chosen.folder is None) == (not any(separate)):
        raise ConfigError(
            "name either FOLDER, which holds the whole data set, or --folder-a and --folder-b. "
            "photo-translate doctor --help tells of each."
        )
    least = {"--crop-px": (chosen.crop_px, 1), "--sample": (chosen.sample, 0)}
    least |= {"--workers": (1 if chosen.workers is None else chosen.workers, 1)}
    for flag, (value, smallest) in least.items():
        if value < smallest:
            raise ConfigError(f"{flag}: must be at least {smallest}, got {value}.")
    if chosen.seed < 0:
        raise ConfigError(f"--seed: must be at least 0, got {chosen.seed}.")
    if chosen.drop_suspicious and chosen.fix is None:
        raise ConfigError("--drop-suspicious: says what a copy leaves out; name one with --fix.")
    if not chosen.remember and chosen.cache is not None:
        raise ConfigError("--no-remember and --cache exclude each other: keep one of them.")


def _find(chosen: DoctorArguments) -> "DataSet":
    from translate.doctor.places import Separate, find_separate, find_set  # noqa: PLC0415

    paired = PAIRED[chosen.pairs]
    if chosen.folder is not None:
        return find_set(chosen.folder, paired)
    folders = Separate(chosen.folder_a, chosen.folder_b, chosen.test_folder_a, chosen.test_folder_b)
    return find_separate(folders, paired)


def _place_of_page(chosen: DoctorArguments, data: "DataSet") -> Path:
    """Choose where the page goes, and refuse files that would touch photos."""
    page = chosen.out
    if page is None:
        page = Path(f"doctor_{data.title}.html")
        inside = [f for f in data.folders if page.resolve().is_relative_to(f.resolve())]
        if inside:  # started in the data set itself
            page = inside[0].resolve().parent / page.name
    named = {"--out": page, "--json": chosen.as_json, "--cache": chosen.cache}
    for flag, file in named.items():
        if file is not None:
            _expect_apart(flag, file, [*data.folders, *([chosen.fix] if chosen.fix else [])])
    if chosen.as_json is not None and chosen.as_json.resolve() == page.resolve():
        raise ConfigError(f"--json: {chosen.as_json} is the page too. Name another file.")
    return page


def _expect_apart(flag: str, file: Path, folders: Sequence[Path]) -> None:
    """Refuse a file that lies among photos, has the name of one, or cannot be written."""
    from translate.images import IMAGE_SUFFIXES  # noqa: PLC0415

    for folder in folders:
        if file.resolve().is_relative_to(folder.resolve()):
            raise ConfigError(
                f"{flag}: {file} lies in {folder}, where nothing is written. Name another place."
            )
    if file.suffix.lower() in IMAGE_SUFFIXES:
        raise ConfigError(f"{flag}: {file} has the name of a photo, which it would replace.")
    folder = file.absolute().parent
    is_made = flag == "--cache"  # its folders are made
    if file.is_dir() or not (is_made or (folder.is_dir() and os.access(folder, os.W_OK))):
        raise ConfigError(
            f"{flag}: {file} cannot be written. Name a file in a folder that is there."
        )


def _examine_aloud(chosen: DoctorArguments, data: "DataSet") -> "Diagnosis":
    """Examine, and show on a terminal how far it is."""
    from translate.doctor.examining import Wishes, examine  # noqa: PLC0415
    from translate.inference.folder import Progress  # noqa: PLC0415

    wishes = Wishes(
        crop_px=chosen.crop_px,
        sample=chosen.sample,
        seed=chosen.seed,
        workers=chosen.workers,
        cache=chosen.cache,
        is_cached=chosen.remember,
    )
    with FolderProgress(f"looking at {printable(data.title)}") as progress:

        def show(step: "Step") -> None:
            progress.show(Progress(step.finished, step.entries, "", step.megapixels))

        return examine(data, wishes, show)


def _leave_behind(chosen: DoctorArguments, diagnosis: "Diagnosis", page: Path) -> None:
    """Tell what was found, and write the page and whatever else is wanted."""
    from translate.doctor.fixing import describe_copy, write_copy  # noqa: PLC0415
    from translate.doctor.page import write_page  # noqa: PLC0415
    from translate.doctor.telling import tell, to_json  # noqa: PLC0415
    from translate.images import write_whole  # noqa: PLC0415

    for line in tell(diagnosis):
        _say(line)
    write_page(diagnosis, page)
    _say(f"page: {page}")
    if chosen.as_json is not None:
        write_whole(to_json(diagnosis).encode("ascii"), chosen.as_json)
        _say(f"all findings: {chosen.as_json}")
    if chosen.fix is not None:
        _say(describe_copy(write_copy(diagnosis, chosen.fix, chosen.drop_suspicious), chosen.fix))


def _say(line: str) -> None:
    print(printable(line))  # noqa: T201
