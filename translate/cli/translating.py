"""The door `photo-translate`: a folder of photos in, the same folder translated out."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro import cli
from tyro.conf import Positional, arg

from translate.cli.guarding import DONE, INTERRUPTED, REFUSED, SOME_FAILED, rank, size
from translate.cli.progress import FolderProgress
from translate.config import Settings
from translate.errors import ConfigError, DataError
from translate.printing import printable

if TYPE_CHECKING:
    from translate.inference.folder import FolderReport, Stop
    from translate.inference.translator import Translator

FAILURES_LISTED = 20
MOST_MEGAPIXELS = 1e9  # beyond any photo
UNITS = {"B": 1, "": 1}
UNITS |= {f"{letter}B": 1000**i for i, letter in enumerate("KMGT", start=1)}
UNITS |= {f"{letter}IB": 1024**i for i, letter in enumerate("KMGT", start=1)}


class TranslateArguments(Settings):
    """Translate a folder of photos: same tree, same names, same sizes.

    Other words first: photo-translate evaluate | report | compare | doctor (--help tells of each).
    Started again it goes on where it was stopped. Several processes share the work: accelerate
    launch scripts/translate_folder.py INPUT OUTPUT --model BUNDLE.

    Exit code: 0 all done; 1 some photos failed, each named; 2 nothing could start; 130 stopped.
    """

    input: Annotated[
        Positional[Path], arg(metavar="INPUT", help="the folder of photos, or one photo")
    ]
    output: Annotated[
        Positional[Path],
        arg(metavar="OUTPUT", help="where translations go, under the same names; never INPUT"),
    ]
    model: str  # a bundle: a folder such as runs/x/bundle, or a Hugging Face Hub id
    direction: str | None = None  # a_to_b or b_to_a; none: the bundle's first
    format: str | None = None  # jpg, png, webp, tiff or avif; none: each photo's own
    quality: int | None = None  # 1 to 100, for formats that lose something; none: 95 (AVIF: 90)
    suffix: str = ""  # _night makes x.jpg x_night.jpg
    copy_sidecars: str | None = None  # "*.txt,*.json": files beside the photos that come along
    overwrite: bool = False  # replace files in OUTPUT that no earlier run of this wrote
    dry_run: bool = False  # say what would be done, and write nothing
    watch: bool = False  # afterwards translate new photos as they arrive, until Ctrl-C
    report: Path | None = None  # a JSON file for what became of every photo
    device: str | None = None  # cpu, cuda, cuda:1, mps; none: the fastest there is
    mode: str | None = None  # deterministic, eval, paper (with dropout); none: the bundle's own
    samples: int | None = None  # translations of each photo, named x_1, x_2 ...; with --mode paper
    seed: int = 0  # which translations --mode paper gives: the same seed, the same ones
    batch_size: int | None = None  # photos that go through the network at once; none: as fits
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"  # numbers the network works with
    compile: bool = False  # compile the network first: half a minute for each size; try it on GPUs
    statistics: Literal["exact", "thumbnail"] = "exact"  # of photos too large to run whole
    max_memory: str | None = (
        None  # "3GB": what the process (a GPU: its memory) may take; none: 4 GiB at most
    )
    max_megapixels: float | None = None  # larger photos are refused, as bombs; none: 250


def run(words: Sequence[str]) -> int:
    """Translate what the command line names."""
    chosen = cli(TranslateArguments, prog="photo-translate", args=words)
    max_memory = parse_bytes(chosen.max_memory) if chosen.max_memory else None
    if chosen.report is not None:
        _expect_place(chosen.report)
    _expect_megapixels(chosen.max_megapixels)
    # Imported late: torch comes with it, and --help must not wait for torch.
    from translate.images import set_pixel_limit  # noqa: PLC0415
    from translate.inference.folder import (  # noqa: PLC0415
        SaidElsewhereError,
        Stop,
        own_device,
        take_share_of_cores,
    )
    from translate.inference.translator import Translator  # noqa: PLC0415

    if chosen.max_megapixels is not None:
        set_pixel_limit(round(chosen.max_megapixels * 1e6))
    take_share_of_cores()
    with (
        Translator.from_pretrained(
            chosen.model,
            chosen.direction,
            chosen.device or own_device(),
            mode=chosen.mode,
            precision=chosen.precision,
            is_compiled=chosen.compile,
            statistics=chosen.statistics,
            max_memory=max_memory,
        ) as translator,
        Stop() as stop,
    ):
        try:
            report = _run(chosen, translator, stop)
        except SaidElsewhereError:
            return REFUSED
        code = _exit_code(chosen, report)
        # Signals are still only wishes here: a launcher ends all processes as soon as one has ended
        # with failed photos, and the first may be writing the report.
        if rank() == 0 and not _tell(chosen, report):
            return code or SOME_FAILED
    return code


def _run(chosen: TranslateArguments, translator: "Translator", stop: "Stop") -> "FolderReport":
    from translate.inference.folder import translate_folder  # noqa: PLC0415

    is_silent = rank() != 0
    if not is_silent:
        print(translator.choices, file=sys.stderr)  # noqa: T201
    patterns = chosen.copy_sidecars.split(",") if chosen.copy_sidecars else []
    title = translator.bundle.in_words(translator.direction)
    if (processes := size()) > 1:
        title += f" (share 1 of {processes})"  # what it counts are the photos of this process
    with FolderProgress(title, is_silent) as progress:
        return translate_folder(
            chosen.input,
            chosen.output,
            translator,
            progress.show,
            overwrite=chosen.overwrite,
            format=chosen.format,
            quality=chosen.quality,
            suffix=chosen.suffix,
            copy_sidecars=[pattern.strip() for pattern in patterns],
            samples=chosen.samples,
            seed=chosen.seed,
            batch_size=chosen.batch_size,
            dry_run=chosen.dry_run,
            watch=chosen.watch,
            stop=stop,
        )


def _tell(chosen: TranslateArguments, report: "FolderReport") -> bool:
    """Write the report for machines, name what failed, and count the rest.

    Returns:
        Whether the report could be written, if one was asked for.
    """
    for file, reason in report.failed[:FAILURES_LISTED]:
        print(f"failed: {printable(file)}: {printable(reason)}", file=sys.stderr)  # noqa: T201
    if (more := len(report.failed) - FAILURES_LISTED) > 0:
        print(f"{more} more failed; --report FILE names all.", file=sys.stderr)  # noqa: T201
    print(f"{printable(str(chosen.output))}: {summary(report, chosen.dry_run)}")  # noqa: T201
    return chosen.report is None or _write_report(chosen.report, report.to_json())


def summary(report: "FolderReport", is_dry_run: bool) -> str:
    """Say in one line what became of a folder."""
    if is_dry_run:
        megabytes = report.estimated_bytes / 1e6
        begun = f"{len(report.planned)} would be translated (about {megabytes:,.1f} MB)"
    else:
        begun = f"{len(report.done)} translated"
    parts = [begun, f"{len(report.skipped)} skipped", f"{len(report.failed)} failed"]
    parts += [f"{len(report.ignored)} other files left out"]
    parts += [f"{len(report.copied)} sidecars copied"] if report.copied else []
    parts += [f"{len(report.notes)} notes (see --report)"] if report.notes else []
    if report.done:
        parts.append(
            f"{report.images_per_second:.1f} images/s, {report.megapixels_per_second:.2f} MP/s"
        )
    line = ", ".join(parts)
    if report.stopped is not None:
        line += f". Stopped: {report.stopped}; {report.not_attempted} photos were not attempted"
    return line


def parse_bytes(text: str) -> int:
    """Read an amount of memory, such as 3GB (thousands) or 3GiB (1024s).

    Raises:
        ConfigError: It is no amount.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)", text.strip())
    unit = match[2].upper() if match else None
    if match is None or unit not in UNITS or not float(match[1]):
        raise ConfigError(f"--max-memory: expected an amount such as 3GB or 2000MB, got {text!r}.")
    return round(float(match[1]) * UNITS[unit])


def _expect_place(report: Path) -> None:
    """Refuse now what would be found out only when all is done."""
    from translate.images import IMAGE_SUFFIXES  # noqa: PLC0415

    try:
        is_writable = not report.is_dir() and os.access(
            report if _takes_as_it_comes(report) else report.absolute().parent, os.W_OK
        )
    except OSError:  # a name too long, or behind a closed folder
        is_writable = False
    if not is_writable:
        raise ConfigError(
            f"--report: {report} cannot be written. Name a file in a folder that is there."
        )
    if report.suffix.lower() in IMAGE_SUFFIXES:
        raise ConfigError(
            f"--report: {report} has the name of a photo, which it would replace. Name it .json."
        )


def _takes_as_it_comes(file: Path) -> bool:
    """Say whether it is a pipe, a device or a link, which no file may take the place of."""
    return file.is_symlink() or (file.exists() and not file.is_file())


def _write_report(file: Path, text: str) -> bool:
    """Write the report whole; where that cannot be, such as to /dev/stdout, as it comes."""
    from translate.images.writing import write_whole  # noqa: PLC0415

    try:
        if _takes_as_it_comes(file):
            file.write_text(text, encoding="ascii")
        else:
            write_whole(text.encode("ascii"), file)
    except (OSError, DataError) as error:
        print(f"error: --report: {printable(str(error))}", file=sys.stderr)  # noqa: T201
        return False
    return True


def _expect_megapixels(limit: float | None) -> None:
    if limit is not None and not 1e-6 <= limit <= MOST_MEGAPIXELS:
        raise ConfigError(
            f"--max-megapixels: expected a number above 0, such as 500, got {limit:g}."
        )


def _exit_code(chosen: TranslateArguments, report: "FolderReport") -> int:
    from translate.inference.folder import INTERRUPTED as BY_WISH  # noqa: PLC0415

    if report.stopped == BY_WISH and not chosen.watch:
        return INTERRUPTED
    return DONE if report.is_complete else SOME_FAILED
