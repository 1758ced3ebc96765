"""Every recipe in configs/ can be read, and what it describes takes one tiny step."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accelerate import Accelerator
from accelerate.commands.config.config_args import load_config_from_file
from PIL import Image

from tests.toys import write_data_set, write_photos
from translate.data import Draw, layouts, load_layout
from translate.images import Pair
from translate.methods import load_method
from translate.phase import Channels
from translate.recipe import Recipe, load_recipe
from translate.recipe.run import check_sizes
from translate.training.stepper import Stepper

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
LAUNCH_FILES = sorted((ROOT / "configs" / "accelerate").glob("*.yaml"))
NARROW: dict[str, dict[str, int]] = {
    "resnet": {"base_channels": 4, "blocks": 1},
    "unet": {"base_channels": 4},
}
PHOTO_PX = 300  # more than any recipe's crop, so that nothing is enlarged


def narrow(file: Path, **data: Any) -> Recipe:
    """Load a recipe with its own shape of networks, but thin ones, and data of one's own."""
    generator = load_recipe(file, {}, needs_photos=False).method.generator.name
    flags = {
        "method": {"generator": NARROW[generator], "discriminator": {"base_channels": 4}},
        "training": {"precision": "no", "threads": 1, "batch_size": 1},
        "data": data,
    }
    return load_recipe(file, flags, needs_photos=bool(data))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder of photos for each layout."""
    root = tmp_path_factory.mktemp("photos")
    write_data_set(root / "unpaired", PHOTO_PX)
    for seed, name in enumerate(("train", "test")):
        write_photos(root / "derived" / name, 2, PHOTO_PX, seed)
        sides = [
            sorted(write_photos(root / "sides" / f"{name}{side}", 2, PHOTO_PX, seed).iterdir())
            for side in "AB"
        ]
        (root / "paired" / name).mkdir(parents=True)
        for left, right in zip(*sides, strict=True):
            glued = np.hstack([np.asarray(Image.open(file)) for file in (left, right)])
            Image.fromarray(glued).save(root / "paired" / name / left.name)
    return {layout: root / layout for layout in layouts()}


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_recipe_takes_a_step_with_thin_networks(file: Path, photos: dict[str, Path]) -> None:
    layout = load_recipe(file, {}, needs_photos=False).data.layout
    recipe = narrow(file, folder=str(photos[layout]))
    data = load_layout(layout).build(recipe.data, recipe.training.seed)
    channels = Channels(*(data.encodings[domain].channels for domain in "ab"))
    method = load_method(recipe.method.name).build(recipe.method, channels, recipe.training.seed)
    accelerator = Accelerator(cpu=True, mixed_precision="no")

    check_sizes(method, data)
    pair = data.train[Draw(0, 0)]
    seen = Stepper(method, recipe.training, accelerator).step(Pair(pair.a[None], pair.b[None]))

    assert all(value.isfinite() for value in seen.values())
    assert data.test is not None
    assert pair.a.shape[-1] == recipe.data.crop_px


@pytest.mark.parametrize("file", LAUNCH_FILES, ids=lambda file: file.stem)
def test_a_launch_file_is_one_that_accelerate_takes(file: Path) -> None:
    config = load_config_from_file(str(file))

    assert str(config.mixed_precision) in {"no", "bf16"}
    assert config.use_cpu == (file.stem in {"cpu", "multi_cpu"})
    assert f"--config_file configs/accelerate/{file.name}" in file.read_text()


def test_there_is_a_launch_file_for_every_kind_of_machine() -> None:
    assert {file.stem for file in LAUNCH_FILES} == {
        "cpu",
        "multi_cpu",
        "one_gpu_bf16",
        "multi_gpu",
        "multi_node",
    }


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_recipe_says_at_its_head_how_to_run_it(file: Path) -> None:
    method = file.stem.partition("_")[0]
    head = [line for line in file.read_text().splitlines() if line.startswith("#")]

    assert any(f"accelerate launch scripts/train_{method}.py" in line for line in head)
    for part in ("# Data: ", "# Time: ", "# Expect: "):
        assert any(line.startswith(part) for line in head), f"{file.name} does not say {part}"
    assert all(len(line) <= 100 for line in file.read_text().splitlines())


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_a_recipe_is_named_after_its_method(file: Path) -> None:
    assert load_recipe(file, {}, needs_photos=False).method.name == file.stem.partition("_")[0]


@pytest.mark.parametrize("name", ["summer2winter", "day2night", "horse2zebra", "monet2photo"])
def test_the_recipes_for_a_gpu_have_the_papers_settings(name: str) -> None:
    paper = load_method("cyclegan").Settings()
    recipe = load_recipe(ROOT / "configs" / f"cyclegan_{name}.yaml", {}, needs_photos=False)

    assert recipe.method == paper
    assert (recipe.data.load_px, recipe.data.crop_px) == (286, 256)
    training = recipe.training
    assert (training.epochs, training.decay_epochs) == (200, None)
    assert (training.batch_size, training.learning_rate) == (1, 2e-4)


@pytest.mark.parametrize("name", ["facades", "maps", "edges2photo", "day2night"])
def test_the_pix2pix_recipes_for_a_gpu_have_the_papers_settings(name: str) -> None:
    recipe = load_recipe(ROOT / "configs" / f"pix2pix_{name}.yaml", {}, needs_photos=False)
    paper = load_method("pix2pix").Settings(direction=recipe.method.direction)

    assert recipe.method == paper
    assert (recipe.data.load_px, recipe.data.crop_px) == (286, 256)
    assert recipe.training.learning_rate == 2e-4


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["summer2winter", "day2night"])
def test_the_cpu_recipes_read_real_photos(real_data: Path, name: str) -> None:
    file = ROOT / "configs" / f"cyclegan_{name}_cpu.yaml"
    recipe = narrow(file, folder=str(real_data / name))

    data = load_layout("unpaired").build(recipe.data, seed=0)

    assert data.test is not None
    pair = data.train[Draw(0, 0)]
    assert pair.a.shape == pair.b.shape == (3, 64, 64)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "pairs"),
    [("facades", 400), ("earth_day2night", 187), ("frankfurt_day2night", 84)],
)
def test_the_recipe_for_pairs_reads_real_pairs(real_data: Path, name: str, pairs: int) -> None:
    recipe = narrow(ROOT / "configs" / "pix2pix_cpu.yaml", folder=str(real_data / name))

    data = load_layout("paired").build(recipe.data, seed=0)

    assert len(data.train) == pairs  # type: ignore[arg-type]
    assert data.train[Draw(0, 0)].a.shape == (3, 128, 128)
