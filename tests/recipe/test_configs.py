"""Every recipe in configs/ can be read, and what it describes takes one tiny step."""

from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator

from tests.toys import noise
from translate.config import merge
from translate.data import Draw, load_layout
from translate.images import Pair
from translate.methods import load_method
from translate.recipe import Recipe, load_recipe
from translate.training.stepper import Stepper

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
NARROW: dict[str, Any] = {
    "method": {
        "generator": {"base_channels": 4, "blocks": 1},
        "discriminator": {"base_channels": 4},
    },
    "training": {"precision": "no", "threads": 1},
}


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_recipe_takes_a_step_with_narrow_networks(file: Path) -> None:
    recipe: Recipe = load_recipe(file, NARROW, needs_photos=False)
    method = load_method(recipe.method.name).build(recipe.method, recipe.training.seed)
    accelerator = Accelerator(cpu=True, mixed_precision="no")
    side_px = recipe.data.crop_px
    pair = Pair(noise(1, 3, side_px, side_px), noise(1, 3, side_px, side_px, seed=1))

    seen = Stepper(method, recipe.training, accelerator).step(pair)

    assert all(value.isfinite() for value in seen.values())


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_recipe_says_at_its_head_how_to_run_it(file: Path) -> None:
    method = file.stem.partition("_")[0]
    head = [line for line in file.read_text().splitlines() if line.startswith("#")]

    assert any(f"accelerate launch scripts/train_{method}.py" in line for line in head)


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_recipe_is_named_after_its_method(file: Path) -> None:
    assert load_recipe(file, {}, needs_photos=False).method.name == file.stem.partition("_")[0]


@pytest.mark.parametrize("name", ["cyclegan_summer2winter", "cyclegan_day2night"])
def test_the_recipes_for_a_gpu_have_the_papers_settings(name: str) -> None:
    paper = load_method("cyclegan").Settings()
    recipe = load_recipe(ROOT / "configs" / f"{name}.yaml", {}, needs_photos=False)

    assert recipe.method == paper
    assert (recipe.data.load_px, recipe.data.crop_px) == (286, 256)
    training = recipe.training
    assert (training.epochs, training.decay_epochs) == (200, None)
    assert (training.batch_size, training.learning_rate) == (1, 2e-4)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["summer2winter", "day2night"])
def test_the_cpu_recipes_read_real_photos(real_data: Path, name: str) -> None:
    flags = merge(NARROW, {"data": {"folder": str(real_data / name)}})
    recipe = load_recipe(ROOT / "configs" / f"cyclegan_{name}_cpu.yaml", flags)

    data = load_layout("unpaired").build(recipe.data, seed=0)

    assert data.test is not None
    pair = data.train[Draw(0, 0)]
    assert pair.a.shape == pair.b.shape == (3, 64, 64)
    method = load_method("cyclegan").build(recipe.method, seed=0)
    accelerator = Accelerator(cpu=True, mixed_precision="no")
    seen = Stepper(method, recipe.training, accelerator).step(Pair(pair.a[None], pair.b[None]))
    assert all(value.isfinite() for value in seen.values())
