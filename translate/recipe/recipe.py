"""From a YAML file and flags to the settings of a run: the only room that knows everyone."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, create_model

from translate.config import Problem, Settings, Values, check, inspect, merge, read_yaml
from translate.data import layouts, load_layout
from translate.errors import ConfigError
from translate.methods import METHODS, load_method
from translate.training.settings import TrainingSettings


class Recipe(Settings):
    """A method, its data and its training: everything one run needs."""

    name: str = Field(pattern=r"^\w[\w.-]*$", max_length=100, description="names the run's folder")
    method: Any  # what learns: the Settings of a file in methods/
    data: Any  # from which photos: the Settings of a layout in data/
    training: TrainingSettings = TrainingSettings()  # how long and how fast


def recipe_kind(method: str, layout: str) -> type[Recipe]:
    """Make the recipe type of a method and a data layout: its blocks then know their keys."""
    method_settings = load_method(method).Settings
    data_settings = load_layout(layout).Settings
    return create_model(
        "Recipe",
        __base__=Recipe,
        __doc__=Recipe.__doc__,
        method=(method_settings, method_settings()),
        data=(data_settings, data_settings()),
    )


def load_recipe(
    file: Path,
    flags: Values,
    method: str | None = None,
    others: Sequence[Problem] = (),
    needs_photos: bool = True,
) -> Recipe:
    """Read a recipe, lay flags over it and check everything at once.

    Args:
        file: The YAML file.
        flags: Nested values from `config.parse_flags`; they win over the file.
        method: The method whose script was started; None takes any.
        others: Problems found elsewhere, to be told in the same message.
        needs_photos: Whether the folders that it names must be there.

    Raises:
        ConfigError: With every problem of file, flags and named folders.
    """
    name = re.sub(r"[^\w.-]", "_", file.stem)
    values = merge({"name": name, **read_yaml(file)}, flags)
    chosen, unknown = _choose(values, "method", "name", METHODS, method or METHODS[0])
    needs_pairs = load_method(chosen).NEEDS_PAIRS
    usual_layout = "paired" if needs_pairs else "unpaired"
    layout, unknown_layout = _choose(values, "data", "layout", layouts(), usual_layout)
    if method is not None and chosen != method and not unknown:
        raise ConfigError(
            f"{file} is a recipe for {chosen!r}, but this script trains {method!r}. "
            f"Run scripts/train_{chosen}.py."
        )
    found = [*unknown, *unknown_layout, *others]
    if needs_pairs and not load_layout(layout).IS_PAIRED:
        advice = " or ".join(name for name in layouts() if load_layout(name).IS_PAIRED)
        found.append(
            Problem("data.layout", f"{chosen} learns from pairs, got {layout!r}. Use {advice}")
        )
    if needs_photos and not unknown_layout:
        found += _folder_problems(values, layout)
    return check(recipe_kind(chosen, layout), values, str(file), found)


def _choose(
    values: Values, block: str, key: str, known: Sequence[str], default: str
) -> tuple[str, list[Problem]]:
    """Read which method or layout a recipe is for; an unknown one is told, and passed over."""
    inside = values.get(block)
    named = inside.get(key, default) if isinstance(inside, dict) else default
    if named in known:
        return str(named), []
    if isinstance(inside, dict):
        values[block] = {**inside, key: default}  # so that the rest can be checked
    choice = ", ".join(known)
    return default, [Problem(f"{block}.{key}", f"must be one of: {choice}, got {named!r}")]


def _folder_problems(values: Values, layout: str) -> list[Problem]:
    """Look for the folders that a recipe names, whatever else is wrong with its data block."""
    module = load_layout(layout)
    data = values.get("data", {})
    while isinstance(data, dict):
        settings, wrong = inspect(module.Settings, data)
        if settings is not None:
            return module.problems(settings)
        keys = {problem.key.partition(".")[0] for problem in wrong} & data.keys()
        keys = keys or data.keys() - set(module.PLACES)  # several keys do not go together
        if not keys:
            break
        data = {key: value for key, value in data.items() if key not in keys}
    return []


def write_recipe(recipe: Recipe, file: Path) -> None:
    """Write every setting of a recipe, defaults included, as YAML that `load_recipe` reads."""
    text = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(
        f"# Every setting of this run, defaults included.\n{text}", encoding="utf-8"
    )
    temporary.replace(file)
