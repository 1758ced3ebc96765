"""From a YAML file and flags to the settings of a run: the only room that knows everyone."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError, create_model

from translate.config import Problem, Settings, Values, check, merge, read_yaml
from translate.data import load_layout
from translate.errors import ConfigError
from translate.methods import load_method
from translate.training.settings import TrainingSettings


class Recipe(Settings):
    """A method, its data and its training: everything one run needs."""

    name: str = Field(pattern=r"^\w[\w.-]*$", description="names the run's folder")
    method: Any  # what learns: the Settings of a file in methods/
    data: Any  # from which photos: the Settings of a layout in data/
    training: TrainingSettings = TrainingSettings()  # how long and how fast


def recipe_kind(method: str, layout: str) -> type[Recipe]:
    """Make the recipe type of a method and a data layout: its blocks then know their keys.

    Raises:
        ConfigError: There is no such method or layout.
    """
    method_settings = load_method(method).Settings
    data_settings = load_layout(layout).Settings
    return create_model(
        "Recipe",
        __base__=Recipe,
        __doc__=Recipe.__doc__,
        method=(method_settings, method_settings()),
        data=(data_settings, data_settings()),
    )


def load_recipe(file: Path, flags: Values, method: str | None = None) -> Recipe:
    """Read a recipe, lay flags over it and check everything at once.

    Args:
        flags: Nested values from `config.parse_flags`; they win over the file.
        method: The method whose script was started; None takes any.

    Raises:
        ConfigError: With every problem of file, flags and named folders.
    """
    values = merge({"name": file.stem, **read_yaml(file)}, flags)
    chosen = _name_in(values, "method", "name", method or "cyclegan")
    if method is not None and chosen != method:
        raise ConfigError(
            f"{file} is a recipe for {chosen!r}, but this script trains {method!r}. "
            f"Run scripts/train_{chosen}.py."
        )
    layout = _name_in(values, "data", "layout", "unpaired")
    return check(recipe_kind(chosen, layout), values, str(file), _missing_folders(values, layout))


def _name_in(values: Values, block: str, key: str, default: str) -> str:
    inside = values.get(block)
    return str(inside.get(key, default)) if isinstance(inside, dict) else default


def _missing_folders(values: Values, layout: str) -> list[Problem]:
    """Look for the folders a recipe names, so that a missing one is told with all else."""
    data = values.get("data")
    module = load_layout(layout)
    named = {k: v for k, v in data.items() if "folder" in k} if isinstance(data, dict) else {}
    try:
        return module.missing_folders(module.Settings.model_validate(named))
    except ValidationError:  # a path that is no text: told as a problem of its own
        return []


def write_recipe(recipe: Recipe, file: Path) -> None:
    """Write every setting of a recipe, defaults included, as YAML that `load_recipe` reads."""
    text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    file.write_text(f"# Every setting of this run, defaults included.\n{text}", encoding="utf-8")


# What may differ between a run and its resumption: everything else would be another run.
MAY_CHANGE = (
    "training.workers",
    "training.threads",
    "training.log_every_steps",
    "training.sample_every_epochs",
    "training.save_every_epochs",
    "training.trackers",
    "training.sample_photos",
)


def refuse_changes(recipe: Recipe, file: Path) -> None:
    """Compare a recipe with the one a run was started with, before resuming it.

    Raises:
        ConfigError: With each setting that changed and may not.
    """
    before, now = _flatten(read_yaml(file)), _flatten(recipe.model_dump(mode="json"))
    changed = [
        f"\n  {key}: was {before.get(key)!r}, is now {now.get(key)!r}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key) and key not in MAY_CHANGE and key != "name"
    ]
    if changed:
        raise ConfigError(
            f"{file}: the run cannot be resumed with another recipe.{''.join(changed)}\n"
            "Give it the same settings again, or start a new run without --resume."
        )


def _flatten(values: Any, prefix: str = "") -> Values:
    if not isinstance(values, dict):
        return {prefix.removesuffix("."): values}
    flat: Values = {}
    for key, value in values.items():
        flat |= _flatten(value, f"{prefix}{key}.")
    return flat
