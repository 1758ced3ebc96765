"""Write a bundle's weights as the reference saves them: scripts/export_weights.py BUNDLE OUT."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from tyro import cli
from tyro.conf import Positional, arg

from translate.cli import DONE, guard
from translate.config import Settings
from translate.interop import export_weights


class Arguments(Settings):
    """Write latest_net_G.pth, or of two directions latest_net_G_A.pth and latest_net_G_B.pth.

    Exit code: 0 done; 2 refused, and nothing was written.
    """

    bundle: Annotated[
        Positional[Path], arg(metavar="BUNDLE", help="a folder such as runs/x/bundle")
    ]
    out: Annotated[Positional[Path], arg(metavar="OUT", help="the folder for the files")]
    overwrite: bool = False  # replace files that are already there


def main(arguments: Sequence[str] | None = None) -> int:
    """Export, and name the files."""
    return guard(lambda: _export(cli(Arguments, prog="export_weights.py", args=arguments)))


def _export(chosen: Arguments) -> int:
    for file in export_weights(chosen.bundle, chosen.out, chosen.overwrite):
        print(file)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
