"""The doors: arguments in, one call, exit code out. Heavy imports wait until they are needed."""

import logging
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, create_model
from rich.console import Console
from rich.progress import Progress
from tyro import cli
from tyro.conf import AvoidSubcommands, Positional, arg

from translate.config import Settings, check, inspect, parse_flags
from translate.errors import ConfigError, TranslateError
from translate.version import __version__

DONE, SOME_FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


class TranslateArguments(Settings):
    """Translate a folder of photos: same tree, same names, same sizes.

    Exit code: 0 all done; 1 some photos failed, each named; 2 nothing could start.
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
    overwrite: bool = False  # replace translations that are already there
    device: str | None = None  # cpu, cuda, cuda:1, mps; none: the fastest there is
    mode: str | None = None  # deterministic, eval, paper (with dropout); none: the bundle's own
    samples: int | None = None  # translations of each photo, named x_1, x_2 ...; with --mode paper
    seed: int = 0  # which translations --mode paper gives: the same seed, the same ones


class TrainArguments(Settings):
    """How a training script is started, beside the recipe's own settings."""

    config: Path = Field(description="the recipe, a YAML file")
    run_folder: Path | None = Field(
        None, description="where the run lives; none: runs/<name>, numbered when taken"
    )
    resume: str | None = Field(
        None, description='"latest", or the folder of a saved state: go on with that run'
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console command `photo-translate`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        print(f"photo-translate {__version__}")  # noqa: T201
        return DONE
    return guard(lambda: _translate(words))


def _translate(words: Sequence[str]) -> int:
    chosen = cli(TranslateArguments, prog="photo-translate", args=words)
    # Imported late: torch comes with it, and --help must not wait for torch.
    from translate.inference.folder import translate_folder  # noqa: PLC0415
    from translate.inference.translator import Translator  # noqa: PLC0415

    translator = Translator.from_pretrained(
        chosen.model, chosen.direction, chosen.device, mode=chosen.mode
    )
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(translator.bundle.in_words(translator.direction), total=None)
        report = translate_folder(
            chosen.input,
            chosen.output,
            translator,
            lambda finished, photos, _: progress.update(bar, completed=finished, total=photos),
            chosen.overwrite,
            samples=chosen.samples,
            seed=chosen.seed,
        )
    for file, reason in report.failed:
        print(f"failed: {file}: {reason}", file=sys.stderr)  # noqa: T201
    counts = f"{len(report.done)} translated, {len(report.failed)} failed"
    print(f"{chosen.output}: {counts}, {len(report.ignored)} other files left out")  # noqa: T201
    return SOME_FAILED if report.failed else DONE


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

    logging.basicConfig(
        format="%(levelname)s: %(message)s",
        level=logging.WARNING if _rank() == 0 else logging.ERROR,
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
    if _rank() == 0:
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


def guard(door: Callable[[], int]) -> int:
    """Turn what a user can put right into one message and exit code 2."""
    try:
        return door()
    except TranslateError as error:
        # Of many processes one speaks for all, unless the trouble may be that process's alone.
        if _rank() == 0:
            print(f"error: {error}", file=sys.stderr)  # noqa: T201
        elif not isinstance(error, ConfigError):
            print(f"error in process {_rank()}: {error}", file=sys.stderr)  # noqa: T201
        return REFUSED
    except KeyboardInterrupt:
        print("Stopped at once; what was saved before stays.", file=sys.stderr)  # noqa: T201
        return INTERRUPTED


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))
