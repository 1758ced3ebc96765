"""The door `photo-translate report`: a run's folder in, its page out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from tyro import cli
from tyro.conf import Positional, arg

from translate.cli.guarding import DONE
from translate.config import Settings


class ReportArguments(Settings):
    """Write a run's page, report.html, anew: from what lies in its folder, whatever is missing.

    Every training writes it at its end. Write it anew while a run is at work, after an evaluation
    (photo-translate evaluate --json RUN/evaluation.json), or with a newer version.

    Exit code: 0 done; 2 refused.
    """

    run: Annotated[
        Positional[Path], arg(metavar="RUN", help="the run's folder, such as runs/cyclegan_sample")
    ]


def run(words: Sequence[str]) -> int:
    """Write the page that the command line names."""
    chosen = cli(ReportArguments, prog="photo-translate report", args=words)
    # Imported late: torch comes with it, and --help must not wait for torch.
    from translate.evidence.run_report import write_run_report  # noqa: PLC0415

    print(f"report: {write_run_report(chosen.run)}")  # noqa: T201
    return DONE
