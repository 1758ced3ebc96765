from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from tests.toys import write_data_set
from translate.config import parse_flags
from translate.errors import ConfigError
from translate.methods import METHODS, load_method
from translate.recipe import load_recipe
from translate.recipe.recipe import recipe_kind, write_recipe


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A recipe whose photos exist."""
    file = tmp_path / "mine.yaml"
    file.write_text(f"data: {{folder: {write_data_set(tmp_path / 'photos')}, crop_px: 16}}\n")
    return file


def literals(kind: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every word that some setting takes, and its flag."""
    for name, field in kind.model_fields.items():
        for member in (field.annotation, *get_args(field.annotation)):
            if get_origin(member) is Literal:
                yield from ((prefix + name, word) for word in get_args(member))
            elif isinstance(member, type) and issubclass(member, BaseModel):
                yield from literals(member, f"{prefix}{name}.")


@pytest.mark.parametrize(("key", "word"), [*literals(recipe_kind("cyclegan", "unpaired"))])
def test_every_word_that_a_setting_takes_can_be_given_as_a_flag(
    file: Path, key: str, word: str
) -> None:
    value: object = load_recipe(file, parse_flags([f"--{key.replace('_', '-')}", word]))
    for part in key.split("."):
        value = getattr(value, part)

    assert value in (word, (word,))  # of a list, the only one


PAIR_WORDS = [
    (layout, key, word)
    for layout in ("paired", "derived")
    for key, word in literals(recipe_kind("pix2pix", layout))
    if key.count(".") == 1  # words of networks differ by their names
]


@pytest.mark.parametrize(("layout", "key", "word"), PAIR_WORDS)
def test_every_word_of_pairs_and_what_learns_from_them_can_be_given_as_a_flag(
    file: Path, layout: str, key: str, word: str
) -> None:
    flags = {"--data.layout": layout, f"--{key.replace('_', '-')}": word}

    words = [part for flag in flags.items() for part in flag]
    value: object = load_recipe(file, parse_flags(words), "pix2pix", needs_photos=False)

    for part in key.split("."):
        value = getattr(value, part)
    assert value in (word, (word,))  # of a list, the only one


def test_an_almost_empty_recipe_is_the_papers(file: Path) -> None:
    recipe = load_recipe(file, {}, "cyclegan")

    assert recipe.name == "mine"
    assert (recipe.method.cycle_weight, recipe.method.pool_size) == (10, 50)
    assert (recipe.method.generator.blocks, recipe.method.generator.base_channels) == (9, 64)
    training = recipe.training
    assert (training.epochs, training.batch_size) == (200, 1)
    assert [training.rate(epoch) for epoch in (0, 99)] == [2e-4, 2e-4]
    assert training.rate(199) == pytest.approx(2e-4 / 101)
    assert (training.learning_rate, training.betas) == (2e-4, (0.5, 0.999))


def test_an_almost_empty_recipe_for_pairs_is_the_papers(file: Path) -> None:
    recipe = load_recipe(file, {}, "pix2pix")

    assert recipe.data.layout == "paired"
    assert recipe.method == load_method("pix2pix").Settings()
    assert recipe.training.inference_mode == "deterministic"


def test_networks_are_of_the_methods_own_kind_until_they_are_named(file: Path) -> None:
    def generator(words: str) -> dict[str, object]:
        recipe = load_recipe(file, parse_flags(words.split()), "pix2pix")
        settings: dict[str, object] = recipe.method.generator.model_dump()
        return settings

    unet = generator("--method.generator.depth 6")
    resnet = generator("--method.generator.name resnet --method.generator.blocks 2")

    assert (unet["name"], unet["depth"]) == ("unet", 6)
    assert (resnet["name"], resnet["blocks"]) == ("resnet", 2)


def test_what_learns_from_pairs_is_sent_to_layouts_that_have_them(file: Path) -> None:
    words = "--data.layout unpaired --training.epochs 0"

    with pytest.raises(ConfigError) as caught:
        load_recipe(file, parse_flags(words.split()), "pix2pix")

    message = str(caught.value)
    assert (
        "data.layout: pix2pix learns from pairs, got 'unpaired'. Use derived or paired" in message
    )
    assert "training.epochs: must be greater than 0" in message


def test_what_needs_no_pairs_may_have_them(file: Path) -> None:
    recipe = load_recipe(file, parse_flags(["--data.layout", "paired"]), "cyclegan")

    assert recipe.data.layout == "paired"


def test_flags_win_over_the_file(file: Path) -> None:
    words = "--training.epochs 7 --method.discriminator.name pixelgan"

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
    (tmp_path / "scenes.yaml").write_text("title: x\nlicence: MIT\nscenes: {train: 1}\n")
    file = tmp_path / "mine.yaml"
    file.write_text(f"data: {{folder: {tmp_path / 'scenes'}}}\n")

    assert load_recipe(file, {}).data.folder == tmp_path / "scenes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method: {name: cut}", "method.name: must be one of: cyclegan.*, got 'cut'"),
        ("data: {layout: triples}", "data.layout: must be one of: .*unpaired, got 'triples'"),
        ("method: {name: pix2pix, direction: a_to_a}", "method.direction: must be 'a_to_b' or"),
        ("method: {name: pix2pix, generator: {blocks: 3}}", "generator.blocks: unknown key"),
        ("method: {name: pix2pix, generator: {depth: 1}}", "depth: must be greater than or equal"),
        ("training: {inference_mode: fast}", "mode: must be 'deterministic', 'eval' or 'paper'"),
        ("training: {epochs: 5, decay_epochs: 6}", r"\(6\) must not exceed epochs \(5\)"),
        ("training: {betas: [5, 7]}", "training.betas.0: must be less than 1, got 5"),
        (f"training: {{seed: {10**25}}}", "training.seed: must be less than 9223372036854775808"),
        ("data: {test_is_paired: true, test_px: 8}", "test_px must be at least 11"),
        ("data: {crop_px: 300}", "crop_px must not be greater than load_px"),
    ],
)
def test_what_cannot_be_is_refused(file: Path, text: str, message: str) -> None:
    file.write_text(text)

    with pytest.raises(ConfigError, match=message):
        load_recipe(file, {})


@pytest.mark.parametrize(("named", "started"), list(permutations(METHODS, 2)))
def test_a_recipe_for_another_method_is_sent_to_its_script(
    file: Path, named: str, started: str
) -> None:
    file.write_text(f"method: {{name: {named}}}\n" + file.read_text())

    with pytest.raises(ConfigError, match=rf"recipe for '{named}'.*scripts/train_{named}\.py"):
        load_recipe(file, {}, started)


@pytest.mark.parametrize("method", METHODS)
def test_a_written_recipe_reads_back_the_same(file: Path, tmp_path: Path, method: str) -> None:
    recipe = load_recipe(file, {}, method)
    written = tmp_path / "recipe.yaml"

    write_recipe(recipe, written)

    assert load_recipe(written, {}).model_dump() == recipe.model_dump()
    assert yaml.safe_load(written.read_text())["training"]["batch_size"] == 1


def test_an_unknown_method_hides_no_other_problem(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(file, {"method": {"name": "cyclegn"}, "training": {"epochs": 0}}, "cyclegan")

    assert "method.name: must be one of: cyclegan" in str(caught.value)
    assert "training.epochs: must be greater than 0" in str(caught.value)


def test_own_folders_over_a_recipe_with_known_answers_need_test_folders(file: Path) -> None:
    photos = yaml.safe_load(file.read_text())["data"]["folder"]
    own = {"folder_a": f"{photos}/trainA", "folder_b": f"{photos}/trainB", "test_is_paired": True}

    with pytest.raises(ConfigError, match=r"data\.test_is_paired: true, but there are no test"):
        load_recipe(file, {"data": own})
    assert load_recipe(file, {"data": {**own, "test_is_paired": "false"}})
