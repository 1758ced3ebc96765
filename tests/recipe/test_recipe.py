from pathlib import Path

import pytest
import yaml

from tests.toys import write_data_set
from translate.config import parse_flags
from translate.errors import ConfigError
from translate.recipe import load_recipe
from translate.recipe.recipe import refuse_changes, write_recipe


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recipe whose photos exist."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"data: {{folder: {write_data_set(tmp_path / 'photos')}, crop_px: 16}}\n")
    return file


def test_an_almost_empty_recipe_is_the_papers(file: Path) -> None:
    recipe = load_recipe(file, {}, "cyclegan")

    assert recipe.name == "mine"
    assert (recipe.method.cycle_weight, recipe.method.pool_size) == (10, 50)
    assert (recipe.method.generator.blocks, recipe.method.generator.base_channels) == (9, 64)
    training = recipe.training
    assert (training.epochs, training.decay_epochs, training.batch_size) == (200, 100, 1)
    assert (training.learning_rate, training.betas) == (2e-4, (0.5, 0.999))


def test_flags_win_over_the_file(file: Path) -> None:
    words = "--training.epochs 7 --training.decay-epochs 0 --method.discriminator.name pixelgan"

    recipe = load_recipe(file, parse_flags([*words.split(), "--training.precision", "no"]))

    assert recipe.training.epochs == 7
    assert recipe.training.precision == "no"
    assert recipe.method.discriminator.name == "pixelgan"


def test_a_bare_no_in_yaml_is_a_precision(file: Path) -> None:
    file.write_text(file.read_text() + "training: {precision: no}\n")

    assert load_recipe(file, {}).training.precision == "no"


def test_every_problem_of_file_flags_and_folders_is_in_one_message(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "method: {cycle_wieght: 5}\ndata: {folder: nowhere}\ntraining: {epochs: many}\n"
    )

    with pytest.raises(ConfigError) as caught:
        load_recipe(file, parse_flags(["--training.learning-rate", "-1"]))

    first, *rest = str(caught.value).splitlines()
    assert first == f"{file} has 4 problems:"
    assert rest[0] == "  method.cycle_wieght: unknown key. Did you mean 'cycle_weight'?"
    assert rest[1] == "  training.epochs: must be a whole number, got 'many'"
    assert rest[2] == "  training.learning_rate: must be greater than 0, got '-1'"
    assert rest[3].startswith("  data.folder: nowhere: there is no such folder")


def test_a_data_set_that_can_be_drawn_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "scenes.yaml").write_text("title: x\nlicence: MIT\nlayout: unpaired\n")
    file = tmp_path / "mine.yaml"
    file.write_text(f"data: {{folder: {tmp_path / 'scenes'}}}\n")

    assert load_recipe(file, {}).data.folder == tmp_path / "scenes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method: {name: cut}", "there is no method 'cut'. Choose one of: cyclegan"),
        ("data: {layout: triples}", "there is no layout 'triples'. Choose one of: unpaired"),
        ("training: {epochs: 5}", r"decay_epochs \(100\) must not exceed epochs \(5\)"),
        ("data: {crop_px: 300}", "crop_px must not be greater than load_px"),
    ],
)
def test_what_cannot_be_is_refused(file: Path, text: str, message: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError, match=message):
        load_recipe(file, {})


def test_a_recipe_for_another_method_is_sent_to_its_script(file: Path) -> None:
    file.write_text("method: {name: cyclegan}\n" + file.read_text())

    with pytest.raises(ConfigError, match=r"recipe for 'cyclegan'.*scripts/train_cyclegan\.py"):
        load_recipe(file, {}, "pix2pix")


def test_a_written_recipe_reads_back_the_same(file: Path, tmp_path: Path) -> None:
    recipe = load_recipe(file, {})
    written = tmp_path / "recipe.yaml"

    write_recipe(recipe, written)

    assert load_recipe(written, {}).model_dump() == recipe.model_dump()
    assert yaml.safe_load(written.read_text())["training"]["batch_size"] == 1


def test_a_resumed_run_keeps_its_recipe_but_for_what_may_change(file: Path, tmp_path: Path) -> None:
    written = tmp_path / "recipe.yaml"
    write_recipe(load_recipe(file, {}), written)

    refuse_changes(load_recipe(file, parse_flags(["--training.workers", "0"])), written)
    with pytest.raises(ConfigError, match=r"training\.batch_size: was 1, is now 4"):
        refuse_changes(load_recipe(file, parse_flags(["--training.batch-size", "4"])), written)
