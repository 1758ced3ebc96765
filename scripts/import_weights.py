"""Make a bundle of the reference's weights: scripts/import_weights.py latest_net_G.pth OUT."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field
from tyro import cli
from tyro.conf import Positional, arg

from translate.bundle import save_bundle
from translate.bundle.schema import InferenceMode
from translate.cli import DONE, guard
from translate.config import Settings
from translate.errors import BundleError
from translate.interop import describe, import_bundle


class Arguments(Settings):
    """Make a bundle of generators that the reference, or CUT, trained; run nothing in the files.

    Exit code: 0 done; 2 refused, and nothing was written.
    """

    file: Annotated[Positional[Path], arg(metavar="FILE", help="such as latest_net_G.pth")]
    out: Annotated[Positional[Path], arg(metavar="OUT", help="the bundle, a new folder")]
    other: Path | None = None  # the opposite direction, such as latest_net_G_B.pth
    domain_a: str = "a"  # what FILE translates from, such as summer
    domain_b: str = "b"  # what FILE translates to, such as winter
    side_px: int = Field(256, gt=0)  # side of the crops it was trained on
    mode: InferenceMode = "deterministic"  # how photos are normalised: see the model card
    licence: str = "unknown"  # the terms under which the weights were published
    overwrite: bool = False  # replace the bundle at OUT


def main(arguments: Sequence[str] | None = None) -> int:
    """Import, and say what was understood."""
    return guard(lambda: _import(cli(Arguments, prog="import_weights.py", args=arguments)))


def _import(chosen: Arguments) -> int:
    if chosen.out.is_dir() and any(chosen.out.iterdir()) and not chosen.overwrite:
        raise BundleError(f"{chosen.out}: is not empty. Choose a new folder, or --overwrite.")
    bundle = import_bundle(
        chosen.file,
        chosen.other,
        domains={"a": chosen.domain_a, "b": chosen.domain_b},
        training_side_px=chosen.side_px,
        inference_mode=chosen.mode,
        licence=chosen.licence,
    )
    save_bundle(bundle, chosen.out)
    for way, network in bundle.generators.items():
        print(f"{chosen.out}: {way} is a {describe(network)}")
    return DONE


if __name__ == "__main__":
    sys.exit(main())
