"""Carry a recipe out: photos, method, training, bundle, report."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from accelerate import Accelerator
from rich.console import Console
from torch.utils.data import default_collate

from translate.bundle import Bundle, mend_bundle, save_bundle
from translate.data import Draw, Splits, load_layout
from translate.data.held_out import spread
from translate.doctor import brief
from translate.errors import ConfigError
from translate.evidence.run_report import write_run_report
from translate.images import Pair
from translate.methods import load_method
from translate.networks import Generator
from translate.phase import Channels, Method
from translate.recipe.changes import compare_recipes
from translate.recipe.measuring import EVALUATION, measure_run
from translate.recipe.recipe import Recipe, write_recipe
from translate.training.agreement import decide
from translate.training.companions import accompanied
from translate.training.devices import make_accelerator
from translate.training.environment import note_environment
from translate.training.run_folder import (
    RECIPE,
    find_begun,
    find_states,
    locked,
    new_run_folder,
    refuse_taken,
    writing,
)
from translate.training.samples import find_grids
from translate.training.trainer import Trainer

logger = logging.getLogger(__name__)

BUNDLE, BEST_BUNDLE = "bundle", "bundle_best"  # of the last step, and of the best measurement


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
    with accompanied(), ExitStack() as locks:
        return _run(recipe, folder, resume, accelerator, locks)


def _run(
    recipe: Recipe,
    wanted: Path | None,
    resume: str | None,
    accelerator: Accelerator,
    locks: ExitStack,
) -> Result:
    """Do what `run` promises, beside the other processes and alone in the run's folder."""
    states = decide(lambda: find_states(resume, wanted, recipe.name)) if resume else []
    with accelerator.main_process_first():  # built-in scenes are drawn once
        data = load_layout(recipe.data.layout).build(recipe.data, recipe.training.seed)
    channels = Channels(*(data.encodings[domain].channels for domain in "ab"))
    method = load_method(recipe.method.name).build(recipe.method, channels, recipe.training.seed)
    check_sizes(method, data)
    _say(accelerator, data.report)
    if recipe.training.look_at_data and not states and accelerator.is_main_process:
        _say_if_any(accelerator, brief(data))
    if states:
        folder = decide(lambda: _open_folder(recipe, states[-1].parents[1], locks))
        # Once more: the run that was in it until now may have saved another.
        states = decide(lambda: find_states(str(resume), folder, recipe.name))
    else:
        folder = decide(lambda: _start_folder(recipe, wanted, bool(resume), locks))
    samples = _sample_photos(data, recipe.training.sample_photos)

    def publish(trainer: Trainer, name: str = BEST_BUNDLE) -> None:
        save_bundle(_bundle(recipe, trainer, data), folder / name)

    trainer = Trainer(method, data, samples, recipe.training, accelerator, folder, publish)
    if states:
        trainer.resume(states)
        decide(lambda: _note_recipe(recipe, folder))  # now it is known to be the same run
        _say(accelerator, f"going on in {folder} after step {trainer.at.step}")
    decide(lambda: note_environment(folder, accelerator, trainer.at.step, _counts(data)))
    is_finished = trainer.train()
    if accelerator.is_main_process:
        publish(trainer, BUNDLE)
        if is_finished:
            _report(recipe, folder, data)
        _say(accelerator, f"report: {write_run_report(folder)}")
    accelerator.end_training()
    return Result(folder, is_finished)


def _say_if_any(accelerator: Accelerator, lines: Sequence[str]) -> None:
    if lines:
        _say(accelerator, f"About the photos: {'; '.join(lines)}.")


def _say(accelerator: Accelerator, text: str) -> None:
    if accelerator.is_main_process:
        Console(highlight=False, soft_wrap=True).print(text, markup=False)


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


def _start_folder(recipe: Recipe, wanted: Path | None, is_begun: bool, locks: ExitStack) -> Path:
    """Make the folder of a new run, or find one that was only begun; keep it to this run."""
    wanted = find_begun(wanted, recipe.name) if is_begun else wanted
    folder = new_run_folder(wanted, recipe.name)
    locks.enter_context(locked(folder))
    refuse_taken(folder)  # by a run that was quicker
    _note_recipe(recipe, folder)
    return folder


def _note_recipe(recipe: Recipe, folder: Path) -> None:
    with writing(folder):
        write_recipe(recipe, folder / RECIPE)


def _open_folder(recipe: Recipe, folder: Path, locks: ExitStack) -> Path:
    """Go back into a run's folder, unless another run is in it or the recipe is another."""
    locks.enter_context(locked(folder))
    for change in compare_recipes(recipe, folder / RECIPE):
        logger.warning("Going on with another %s", change)
    for name in (BUNDLE, BEST_BUNDLE):
        mend_bundle(folder / name)
    return folder


def _sample_photos(data: Splits, count: int) -> Pair:
    """Choose photos spread over the held-out ones; where none are held out, training photos."""
    photos: Any = data.test if data.test is not None else data.train
    places: list[Any] = spread(range(len(photos)), count)
    if data.test is None:
        places = [Draw(0, place) for place in places]
    samples: Pair = default_collate([photos[place] for place in places])
    return samples


def _counts(data: Splits) -> dict[str, int | str]:
    """Say from how much a run learns; the report of a run is made from its folder alone."""
    train, test = cast(Any, data.train), cast(Any, data.test)
    counts = {"training": len(train), "held out": 0 if test is None else len(test)}
    return counts | {"in words": data.report}


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
            "epochs": trainer.at.epoch,
            "steps": trainer.at.step,
        },
    )


def _report(recipe: Recipe, folder: Path, data: Splits) -> None:
    """Measure what came of the run, and say where everything is."""
    console = Console(highlight=False, soft_wrap=True)
    found = measure_run(recipe, folder, folder / BUNDLE, data)
    if found is not None:
        console.print("Held-out photos, with 95 % intervals:", found.to_markdown(), sep="\n")
    made = {
        "bundle": folder / BUNDLE,
        "bundle of the best epoch": folder / BEST_BUNDLE,
        "evaluation": folder / EVALUATION,
        "sample grid": list(find_grids(folder).values())[-1],
    }
    for what, where in made.items():
        if where.exists():
            console.print(f"{what}: {where}", markup=False)
