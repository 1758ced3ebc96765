"""Runs that are killed, as the system kills: at once, with no word and no cleaning up."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple

import pytest

from translate.bundle import saving
from translate.training import journal, state
from translate.training.journal import Journal
from translate.training.stepper import Stepper
from translate.training.trainer import Trainer
from translate.training.validating import Validator

# What a run does that leaves traces, on the disk or in its memory.
DOINGS: list[tuple[Any, str]] = [
    (Stepper, "step"),
    (Journal, "_add"),
    (journal, "_keep_lines"),
    (Trainer, "draw_samples"),
    (Validator, "__call__"),
    (saving, "_write_whole"),
    (saving, "_put_in_place"),
    (saving, "_keep_others"),
    (state, "_write"),
    (state, "_drop_old"),
    (state, "set_aside_after"),
]


class Moment(NamedTuple):
    """Just before or after something is done: to be killed there differs from everywhere else."""

    when: str
    doing: str
    step: int  # that the run is at
    rollbacks: int  # that it has behind it
    nth: int  # time that it is done there

    def __str__(self) -> str:
        return f"{self.when} {self.doing} at step {self.step}, after {self.rollbacks} rollbacks"


@contextmanager
def noticing(notice: Callable[[Moment], object]) -> Iterator[Callable[[Trainer], None]]:
    """Call `notice` at every moment of the run that is handed to what is yielded."""
    runs: list[Trainer] = []
    counts: dict[tuple[str, str, int, int], int] = {}

    def tell(when: str, doing: str) -> None:
        if runs:
            place = when, doing, runs[0].at.step, runs[0].at.rollbacks
            counts[place] = counts.get(place, 0) + 1
            notice(Moment(*place, counts[place]))

    def noticed(function: Callable[..., Any], doing: str) -> Callable[..., Any]:
        @wraps(function)
        def call(*given: Any, **more: Any) -> Any:
            tell("before", doing)
            result = function(*given, **more)
            tell("after", doing)
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in DOINGS:
            doing = name.strip("_")
            patch.setattr(owner, name, noticed(getattr(owner, name), doing))
        yield runs.append


def moments_of(make: Callable[[], Trainer]) -> list[Moment]:
    """Run to the end; list the moments at which the run might have been killed.

    Each can be reached again after the run was killed at the one before, but for what only follows
    upon a state that is there already.
    """
    found: list[Moment] = []
    with noticing(found.append) as follow:
        run = make()
        follow(run)
        assert run.train()
    return [moment for moment in found if (moment.when, moment.doing) != ("after", "drop_old")]


def killed_at(moment: Moment, make: Callable[[], Trainer]) -> bool:
    """Run in another process until it is killed at some moment; False: that never came."""

    def run_and_die() -> None:
        with noticing(lambda now: now == moment and die()) as follow:
            run = make()
            follow(run)
            run.train()

    return is_killed(run_and_die)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_killed(act: Callable[[], object]) -> bool:
    """Do something in a process of its own; say whether it was killed over it."""
    child = multiprocessing.get_context("fork").Process(target=act)
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL
