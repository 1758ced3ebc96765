"""Carry a recipe out: photos, method, training, bundle, report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from rich.console import Console
from torch.utils.data import default_collate

from translate.bundle import Bundle, save_bundle
from translate.data import Draw, Splits, load_layout
from translate.errors import ConfigError
from translate.evaluation.baselines import format_table
from translate.images import Pair
from translate.methods import load_method
from translate.networks import Generator
from translate.phase import Channels, Method
from translate.recipe.recipe import Recipe, refuse_changes, write_recipe
from translate.recipe.report import last_grid, score_held_out, write_report
from translate.training.devices import make_accelerator
from translate.training.run_folder import find_state, new_run_folder
from translate.training.trainer import Trainer


@dataclass(frozen=True)
class Result:
    """What a run left behind."""

    folder: Path
    is_finished: bool  # False: somebody stopped it, and `--resume latest` goes on


def run(recipe: Recipe, folder: Path | None = None, resume: str | None = None) -> Result:
    """Train as a recipe says, from its photos to a bundle and a report.

    Args:
        folder: Where the run lives; None: `runs/<name>`, numbered when taken.
        resume: "latest" or a state's path, to go on with a run; None starts a new one.

    Raises:
        TranslateError: Whatever of recipe, photos or folders keeps the run from starting.
    """
    accelerator = make_accelerator(recipe.training)
    state = find_state(resume, folder, recipe.name) if resume else None
    with accelerator.main_process_first():  # built-in scenes are drawn once
        data = load_layout(recipe.data.layout).build(recipe.data, recipe.training.seed)
    channels = Channels(*(data.encodings[domain].channels for domain in "ab"))
    method = load_method(recipe.method.name).build(recipe.method, channels, recipe.training.seed)
    check_sizes(method, data)
    if accelerator.is_main_process:
        Console(highlight=False, soft_wrap=True).print(data.report, markup=False)
    if state is not None:
        folder = state.parents[1]
        refuse_changes(recipe, folder / "recipe.yaml")
    else:
        folder = _start_folder(recipe, folder, accelerator)
    samples = _sample_photos(data, recipe.training.sample_photos)
    trainer = Trainer(method, data, samples, recipe.training, accelerator, folder)
    if state is not None:
        trainer.resume(state)
    is_finished = trainer.train()
    if is_finished and accelerator.is_main_process:
        save_bundle(_bundle(recipe, trainer, data), folder / "bundle")
        _report(recipe, folder, data)
    accelerator.end_training()
    return Result(folder, is_finished)


def check_sizes(method: Method, data: Splits) -> None:
    """Refuse squares that the networks cannot take, before hours are spent.

    Raises:
        ConfigError: With the nearest sizes that would do.
    """
    exported = set(method.exports.values())
    generators = [cast(Generator, method.networks[name]) for name in exported]
    others = [cast(Any, method.networks[name]) for name in method.networks.keys() - exported]
    stride = max(generator.stride for generator in generators)
    shown = max(generator.least_side_px for generator in generators)
    judged = max((network.least_side_px for network in others), default=0)
    sides = (("data.crop_px", data.crop_px, judged), ("data.test_px", data.test_px, 0))
    for key, side, asked in sides:
        least, below = max(shown, asked), side - side % stride
        if side % stride or side < least:
            fitting = [size for size in (below, below + stride) if size >= least]
            nearest = " or ".join(map(str, fitting)) or str(-(-least // stride) * stride)
            # Another generator helps only where the discriminator is content with the side.
            other = generators[0].explain_misfit(side) if side >= asked else ""
            raise ConfigError(
                f"{key}: must be at least {least} and a multiple of {stride} for these "
                f"networks, got {side}. Use {nearest}{f'; or keep {side}: {other}' * bool(other)}."
            )


def _start_folder(recipe: Recipe, wanted: Path | None, accelerator: Accelerator) -> Path:
    """Let the main process choose the folder, and tell the others."""
    chosen: list[Any] = [None]
    if accelerator.is_main_process:
        chosen = [new_run_folder(wanted, recipe.name)]
        write_recipe(recipe, chosen[0] / "recipe.yaml")
    folder: Path = broadcast_object_list(chosen)[0]
    return folder


def _sample_photos(data: Splits, count: int) -> Pair:
    """Choose photos spread over the held-out ones; where none are held out, training photos."""
    photos: Any = data.test if data.test is not None else data.train
    count = min(count, len(photos))
    places: list[Any] = [i * len(photos) // count for i in range(count)]
    if data.test is None:
        places = [Draw(0, place) for place in places]
    samples: Pair = default_collate([photos[place] for place in places])
    return samples


def _bundle(recipe: Recipe, trainer: Trainer, data: Splits) -> Bundle:
    generators = trainer.stepper.averages.networks
    exports = trainer.method.exports
    return Bundle(
        method=recipe.method.name,
        domains=data.domains,
        generators={way: cast(Generator, generators[name]) for way, name in exports.items()},
        training_side_px=data.crop_px,
        encodings=data.encodings,
        inference_mode=recipe.training.inference_mode,
        data_fingerprint=data.fingerprint,
        facts={
            "recipe": recipe.name,
            "dataset": data.card.title if data.card else "photos of the user's own",
            "licence": data.card.licence if data.card else "unknown",
            "epochs": recipe.training.epochs,
            "steps": trainer.at.step,
        },
    )


def _report(recipe: Recipe, folder: Path, data: Splits) -> None:
    """Print and write what came of the run."""
    console = Console(highlight=False, soft_wrap=True)
    rows = score_held_out(folder / "bundle", data) if data.test_is_paired else []
    if rows:
        console.print("Held-out photos, against the exact answer:", format_table(rows), sep="\n")
    report = write_report(recipe, folder, rows)
    made = {
        "bundle": folder / "bundle",
        "sample grid": last_grid(folder),
        "report of numbers": report,
    }
    for what, where in made.items():
        console.print(f"{what}: {where}", markup=False)
