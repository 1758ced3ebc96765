"""The door `photo-translate compare`: the folders of several runs in, one page out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from tyro import cli
from tyro.conf import Positional, arg

from translate.cli.guarding import DONE
from translate.config import Settings
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.evidence.model_pictures import Subjects

PAGES = (".html", ".htm")


class CompareArguments(Settings):
    """Write one page about several runs: settings that differ, curves, evaluations, photos.

    Evaluations are those in the runs' folders (photo-translate evaluate --json
    RUN/evaluation.json); those that were not measured alike are not put into one table.

    Exit code: 0 done; 2 refused.
    """

    runs: Annotated[
        Positional[tuple[Path, ...]], arg(metavar="RUN RUN [RUN ...]", help="the runs' folders")
    ]
    out: Path = Path("compare.html")  # the page; one that is there is replaced
    photos: Path | None = None  # a folder of photos for every model; none: those held out
    count: int = Field(6, gt=0)  # photos to translate, spread evenly over those there are
    direction: Literal["a_to_b", "b_to_a"] = "a_to_b"  # in which the photos of --photos go
    bundle: Literal["last", "best"] = "last"  # the model of the last step, or of the best measure


def run(words: Sequence[str]) -> int:
    """Compare what the command line names."""
    chosen = cli(CompareArguments, prog="photo-translate compare", args=words)
    if chosen.out.suffix.lower() not in PAGES:
        raise ConfigError(f"--out: expected the name of a page, such as x.html, got {chosen.out}.")
    # Imported late: torch comes with it, and --help must not wait for torch.
    from translate.evidence.comparison import open_runs, write_comparison  # noqa: PLC0415

    open_runs(chosen.runs)  # before anything is translated
    subjects = _subjects(chosen)
    page = write_comparison(chosen.runs, chosen.out, subjects, chosen.bundle)
    print(f"comparison: {page}")  # noqa: T201
    return DONE


def _subjects(chosen: CompareArguments) -> "Subjects | None":
    from translate.recipe.held_out import held_out_subjects, subjects_of_folder  # noqa: PLC0415

    if chosen.photos is not None:
        return {chosen.direction: subjects_of_folder(chosen.photos, chosen.count)}
    return held_out_subjects(chosen.runs[0], chosen.count)
