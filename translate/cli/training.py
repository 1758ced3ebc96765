"""The door of the training scripts."""

import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, create_model
from tyro import cli
from tyro.conf import AvoidSubcommands

from translate.cli.guarding import DONE, INTERRUPTED, guard, rank
from translate.config import Settings, check, inspect, parse_flags
from translate.machine import end_with_parent

LAUNCHERS = {"ACCELERATE_MIXED_PRECISION", "TORCHELASTIC_RUN_ID"}  # what they set for a process


class TrainArguments(Settings):
    """How a training script is started, beside the recipe's own settings."""

    config: Path = Field(description="the recipe, a YAML file")
    run_folder: Path | None = Field(
        None, description="where the run lives; none: runs/<name>, numbered when taken"
    )
    resume: str | None = Field(
        None, description='"latest", or the folder of a saved state: go on with that run'
    )


def train(method: str, default: Path, arguments: Sequence[str] | None = None) -> int:
    """Run a training script: read the recipe, let flags override it, train.

    Args:
        method: The method this script trains.
        default: The recipe to train when no `--config` is given.
        arguments: The command line; None: that of this process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    return guard(lambda: _train(method, default, words))


def _train(method: str, default: Path, words: Sequence[str]) -> int:
    # Imported late, so that `photo-translate --help` stays free of torch.
    from translate.recipe import load_recipe  # noqa: PLC0415
    from translate.recipe.run import run  # noqa: PLC0415

    if LAUNCHERS & os.environ.keys():
        # A launcher that is told to end does not always say so to what it started.
        end_with_parent("SIGTERM")
    logging.basicConfig(
        format="%(levelname)s: %(message)s",
        level=logging.WARNING if rank() == 0 else logging.ERROR,
    )
    wants_help = bool({"--help", "-h"}.intersection(words))
    flags = parse_flags([word for word in words if word not in {"--help", "-h"}])
    given = {key: flags.pop(key) for key in TrainArguments.model_fields if key in flags}
    file = Path(given["config"]) if isinstance(given.get("config"), str) else default
    given = {"config": file, **given}
    _, problems = inspect(TrainArguments, given)
    recipe = load_recipe(file, flags, method, problems, needs_photos=not wants_help)
    if wants_help:
        _print_help(recipe, file)
    start = check(TrainArguments, given, "the command line")
    result = run(recipe, start.run_folder, start.resume)
    if result.is_finished:
        return DONE
    if rank() == 0:
        print(f"Stopped; everything is saved. {_how_to_go_on(words, result.folder)}")  # noqa: T201
    return INTERRUPTED


def _how_to_go_on(words: Sequence[str], folder: Path) -> str:
    """Write the command that goes on with a run, from the words it was started with."""
    resuming = ["--run-folder", str(folder), "--resume", "latest"]
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:  # what the launcher was told is not known here
        return f"Go on by starting it as before, with\n  {shlex.join(resuming)}"
    kept: list[str] = []
    is_left_out = False
    for word in words:
        if word.startswith("--"):
            name = word[2:].partition("=")[0].replace("-", "_")
            is_left_out = name in {"run_folder", "resume"}
        if not is_left_out:
            kept.append(word)
    command = ["accelerate", "launch", sys.argv[0], *kept, *resuming]
    return f"Go on with\n  {shlex.join(command)}"


def _print_help(recipe: Settings, file: Path) -> None:
    """List every setting with its meaning, and the values it has in this recipe; then exit."""
    blocks: dict[str, Any] = {name: (type(value), value) for name, value in recipe}
    arguments = create_model("Arguments", __base__=TrainArguments, **blocks)
    cli(
        arguments,
        args=["--help"],
        default=arguments(config=file, **dict(recipe)),
        config=(AvoidSubcommands,),
        description=f"Train as {file} says; any of its settings can be given as a flag.",
    )
