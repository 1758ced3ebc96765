"""The doors: arguments in, one call, exit code out. Heavy imports wait until they are needed."""

from translate.cli.commands import main
from translate.cli.guarding import DONE, INTERRUPTED, REFUSED, SOME_FAILED, guard
from translate.cli.training import TrainArguments, train
from translate.cli.translating import TranslateArguments

__all__ = [
    "DONE",
    "INTERRUPTED",
    "REFUSED",
    "SOME_FAILED",
    "TrainArguments",
    "TranslateArguments",
    "guard",
    "main",
    "train",
]
