"""What may change between a run and its resumption, and what would make another run of it."""

from pathlib import Path
from typing import Any

from translate.config import Values
from translate.data import load_layout
from translate.errors import ConfigError
from translate.recipe.recipe import Recipe, load_recipe

# Beside the place of the photos: the state knows which photos they were. How many photos a step
# takes is in the state too, so that batch_size may change with the number of processes.
MAY_CHANGE = {
    "name",
    *(
        f"training.{name}"
        for name in (
            *("epochs", "decay_epochs", "batch_size", "workers", "threads"),
            *("trackers", "log_every_steps", "sample_every_epochs", "sample_photos"),
            *("save_every_minutes", "save_every_steps", "inference_mode", "look_at_data"),
            *("validate_every_epochs", "validate_photos", "patience"),
            *("on_alarm", "most_rollbacks", "most_skipped_updates"),
        )
    ),
}


def compare_recipes(recipe: Recipe, file: Path) -> list[str]:
    """Compare a recipe with the one a run was started with, before resuming it.

    Returns:
        The changes, in words, all of which may be.

    Raises:
        ConfigError: With each setting that changed and may not.
    """
    started = load_recipe(file, {}, needs_photos=False)
    before, now = (_flatten(r.model_dump(mode="json")) for r in (started, recipe))
    may_change = MAY_CHANGE | {f"data.{key}" for key in load_layout(recipe.data.layout).PLACES}
    changed = {
        key: f"{key}: was {before.get(key)!r}, is now {now.get(key)!r}"
        for key in sorted(before.keys() | now.keys())
        if before.get(key) != now.get(key)
    }
    refused = [f"\n  {change}" for key, change in changed.items() if key not in may_change]
    if refused:
        raise ConfigError(
            f"{file}: the run cannot be resumed with another recipe.{''.join(refused)}\n"
            "Give it the same settings again, or start a new run without --resume."
        )
    return [change for key, change in changed.items() if key != "name"]


def _flatten(values: Any, prefix: str = "") -> Values:
    if not isinstance(values, dict):
        return {prefix.removesuffix("."): values}
    flat: Values = {}
    for key, value in values.items():
        flat |= _flatten(value, f"{prefix}{key}.")
    return flat
