from pathlib import Path
from typing import Any

import pytest

from tests.toys import write_data_set
from translate.config import parse_flags
from translate.errors import ConfigError
from translate.recipe import Recipe, load_recipe
from translate.recipe.changes import MAY_CHANGE, compare_recipes
from translate.recipe.recipe import write_recipe
from translate.training.settings import TrainingSettings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recipe whose photos exist."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"data: {{folder: {write_data_set(tmp_path / 'photos')}, crop_px: 16}}\n")
    return file


@pytest.fixture
def written(file: Path, tmp_path: Path) -> Path:
    """What a run has noted of the recipe it was started with."""
    written = tmp_path / "run" / "recipe.yaml"
    written.parent.mkdir()
    write_recipe(load_recipe(file, {}), written)
    return written


def changed(file: Path, words: str) -> Recipe:
    return load_recipe(file, parse_flags(words.split()))


def test_the_same_recipe_has_not_changed(file: Path, written: Path) -> None:
    assert compare_recipes(load_recipe(file, {}), written) == []


def test_what_may_change_is_reported_in_words(file: Path, written: Path) -> None:
    """How many photos a step takes is in the state; batch_size may follow the processes."""
    words = "--training.workers 0 --training.batch-size 4 --training.epochs 300"

    assert compare_recipes(changed(file, words), written) == [
        "training.batch_size: was 1, is now 4",
        "training.epochs: was 200, is now 300",
        "training.workers: was 2, is now 0",
    ]


def test_what_may_not_is_refused_with_each_difference_and_nothing_else(
    file: Path, written: Path
) -> None:
    words = "--training.seed 5 --method.pool-size 7 --training.epochs 300 --data.crop-px 12"

    with pytest.raises(ConfigError) as told:
        compare_recipes(changed(file, words), written)

    assert str(told.value) == (
        f"{written}: the run cannot be resumed with another recipe.\n"
        "  data.crop_px: was 16, is now 12\n"
        "  method.pool_size: was 50, is now 7\n"
        "  training.seed: was 0, is now 5\n"
        "Give it the same settings again, or start a new run without --resume."
    )


def test_another_generator_is_told_setting_by_setting(file: Path, written: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"method\.generator\.name: was 'resnet', is now 'unet'"
    ) as told:
        compare_recipes(changed(file, "--method.generator.name unet"), written)

    assert "method.generator.depth: was None, is now 8" in str(told.value)


def test_another_name_is_no_change_worth_a_word(file: Path, written: Path) -> None:
    assert compare_recipes(changed(file, "--name other"), written) == []


def test_moved_photos_do_not_keep_a_run_from_going_on(
    file: Path, written: Path, tmp_path: Path
) -> None:
    recipe = load_recipe(file, {})
    moved = recipe.model_copy(update={"data": recipe.data.model_copy(update={"folder": tmp_path})})

    assert compare_recipes(moved, written) == [
        f"data.folder: was '{tmp_path / 'photos'}', is now '{tmp_path}'"
    ]


def test_photos_that_are_gone_do_not_keep_recipes_from_being_compared(
    file: Path, written: Path, tmp_path: Path
) -> None:
    recipe = load_recipe(file, {})
    (tmp_path / "photos").rename(tmp_path / "elsewhere")

    assert compare_recipes(recipe, written) == []


# What the state of a run depends on: with another value it would be another run.
DECIDES_THE_RUN = {
    *("learning_rate", "betas", "accumulate_steps", "clip_norm", "average_decay"),
    *("precision", "seed", "measure"),
}


def test_every_setting_of_training_either_may_change_or_decides_the_run() -> None:
    """A new setting must be put on one side."""
    may_change = {key.removeprefix("training.") for key in MAY_CHANGE if "training." in key}

    assert may_change | DECIDES_THE_RUN == set(TrainingSettings.model_fields)
    assert not may_change & DECIDES_THE_RUN


@pytest.mark.parametrize("key", sorted(DECIDES_THE_RUN))
def test_what_decides_the_run_is_refused(file: Path, written: Path, key: str) -> None:
    values: dict[str, Any] = {
        "learning_rate": 1e-3,
        "betas": (0.9, 0.99),
        "accumulate_steps": 2,
        "clip_norm": 1.0,
        "average_decay": 0.9,
        "precision": "bf16",
        "seed": 1,
        "measure": "l1",
    }
    recipe = load_recipe(file, {})
    training = recipe.training.model_copy(update={key: values[key]})

    with pytest.raises(ConfigError, match=rf"\n  training\.{key}: was .*, is now "):
        compare_recipes(recipe.model_copy(update={"training": training}), written)


def test_a_recipe_that_is_gone_is_told_by_its_place(file: Path, written: Path) -> None:
    written.unlink()

    with pytest.raises(ConfigError, match=r"run/recipe\.yaml"):
        compare_recipes(load_recipe(file, {}), written)
