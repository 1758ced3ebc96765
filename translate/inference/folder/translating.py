"""A folder of images in, the same folder translated out."""

from collections.abc import Sequence
from pathlib import Path

from translate.errors import DataError
from translate.inference.folder.checks import expect_reachable
from translate.inference.folder.crew import Crew
from translate.inference.folder.launch import is_one_of_several
from translate.inference.folder.pipeline import OnProgress
from translate.inference.folder.report import FolderReport
from translate.inference.folder.running import FolderRun, main_journal
from translate.inference.folder.sharing import run_shared
from translate.inference.folder.single import translate_one
from translate.inference.folder.stopping import INTERRUPTED, Stop
from translate.inference.folder.watching import watch as keep_watching
from translate.inference.folder.wishes import Wishes
from translate.inference.translator import Translator


def translate_folder(  # noqa: PLR0913 - each is one wish of a user
    source: str | Path,
    target: str | Path,
    translator: Translator,
    on_progress: OnProgress | None = None,
    *,
    overwrite: bool = False,
    format: str | None = None,  # noqa: A002 - the word everybody uses
    quality: int | None = None,
    suffix: str = "",
    copy_sidecars: Sequence[str] = (),
    samples: int | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    threads: int | None = None,
    dry_run: bool = False,
    watch: bool = False,
    stop: Stop | None = None,
) -> FolderReport:
    """Translate every photo below a folder, keeping names, formats, sizes, alpha and 16 bits.

    A photo that fails is reported and the rest goes on. Few photos are in memory at a time, and no
    output is ever seen half written. Where a format cannot hold what the translation is made of,
    as JPEG cannot hold a label map, the output's suffix is that of one that can.

    The target keeps a manifest, `.photo-translate.jsonl`. A run that was interrupted, in whatever
    way, goes on when it is started again: photos that were translated by the same model with the
    same settings, and did not change since, are skipped. Others are translated again, and their
    outputs replaced if nobody wrote to them since. Files that are not outputs of ours are left
    alone, and so are outputs of photos that are gone. For a single photo there is no manifest.

    Started by `accelerate launch` or `torchrun`, every process takes its share, and all return one
    report.

    Args:
        source: A folder, or one photo.
        target: A folder, made if missing; for one photo also the name of a file.
        on_progress: Called after each photo, in this thread.
        overwrite: Replace files that are in the way although no run of ours wrote them, or somebody
            changed them since. Without it a single one is an error, found before anything is
            written. Inputs are never replaced.
        format: What to write: `jpg`, `png`, `webp`, `tiff` or `avif`. None: each photo's own.
        quality: From 1 to 100, for formats that lose something. None: 95, or 90 for AVIF and HEIC.
        suffix: What to put behind each photo's name: `_night` makes `x.jpg` `x_night.jpg`.
        copy_sidecars: Patterns of names, such as `*.txt`, of files that are no photos: these are
            copied. With a suffix or samples those that belong to a photo are named after its
            output; what is written in them stays as it is: see `sidecars`.
        samples: How many translations to write of each photo, `photo.png` becoming `photo_1.png`,
            `photo_2.png` and so on. None: one, of the photo's own name. More than one can be
            had only if the translator's mode is `paper`, of a generator with dropout.
        seed: In the mode `paper`, which translations: see `Translator`. The same for every photo.
        batch_size: How many photos go through the network at once. None: as suits the machine.
        threads: How many threads open photos, and as many write. None: as suits the machine.
        dry_run: Write nothing, and report what would be done.
        watch: Afterwards wait for new photos, until `stop` is requested.
        stop: Where to ask the run to stop, from another thread or by Ctrl-C.

    Raises:
        DataError: Nothing can start: source is missing or holds no photo, target lies in source, is
            in use or not writable, files are in the way, the disk is too full, two photos would
            become one file, or a wish makes no sense.
        TranslateError: The translator cannot give so many samples.
    """
    translator.check_samples(samples, seed)
    wishes = Wishes(
        overwrite, format, quality, suffix, copy_sidecars, samples, seed, batch_size, threads
    )
    stop = stop or Stop()
    source, target = Path(source), Path(target)
    expect_reachable(source, target)
    if source.is_file():
        _expect_folder(source, bool(copy_sidecars), watch)
        return translate_one(source, target, translator, wishes, on_progress, stop, dry_run)
    run = FolderRun(source, target, translator, wishes, on_progress, stop)
    if is_one_of_several():
        _expect_alone(dry_run, watch)
        with Crew() as crew:
            return run_shared(run, crew)
    if dry_run:
        return run.preview()
    with run.prepared(may_be_empty=watch) as plan:
        run.carry_out(plan, main_journal(run.target))
        if watch:
            keep_watching(run)
            if stop.reason == INTERRUPTED and not run.report.not_attempted:
                run.report.stopped = None  # for a watch that is its regular end
    return run.report


def _expect_folder(photo: Path, copies_sidecars: bool, watch: bool) -> None:
    for is_wanted, name in ((copies_sidecars, "copy_sidecars"), (watch, "watch")):
        if is_wanted:
            raise DataError(f"{photo}: is one photo, but {name} is for folders. Name a folder.")


def _expect_alone(dry_run: bool, watch: bool) -> None:
    for is_wanted, name in ((dry_run, "dry_run"), (watch, "watch")):
        if is_wanted:
            raise DataError(f"{name}: is for a single process. Start it without a launcher.")
