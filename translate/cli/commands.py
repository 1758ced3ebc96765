"""The console command `photo-translate`: a folder of photos, or one of the words that do more."""

import sys
from collections.abc import Sequence
from importlib import import_module

from translate.cli import translating
from translate.cli.guarding import DONE, guard
from translate.version import __version__

# Word -> the module of this room whose `run(words) -> int` carries it out.
COMMANDS = {
    "evaluate": "evaluating",
    "report": "reporting",
    "compare": "comparing",
    "doctor": "doctoring",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `photo-translate`: a command if the first word is one, else translate photos.

    A folder of photos that has the name of a command is written `./evaluate`.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print(f"photo-translate {__version__}")  # noqa: T201
        return DONE
    if words and words[0] in COMMANDS:
        command = import_module(f"translate.cli.{COMMANDS[words[0]]}")
        return guard(lambda: command.run(words[1:]))
    return guard(lambda: translating.run(words))
