import hashlib
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from translate.data import scenes as scenes_module
from translate.data.scene_drawing import Canvas, Material
from translate.data.scene_land import draw_land
from translate.data.scenes import Look, SceneSet, draw_scene, scene_seeds, write_scenes
from translate.errors import DataError

SUMMER, WINTER, NIGHT = Look(), Look(season="winter"), Look(time="night")
LOOKS = [SUMMER, WINTER, NIGHT, Look(season="winter", time="night")]
SMALL = SceneSet(side_px=16, train=2, test=2)


def material_mask(seed: int, material: Material, side_px: int = 128) -> np.ndarray:
    """Where a picture of this side shows the material, and nothing but it."""
    land, _ = np.random.SeedSequence(seed).spawn(2)
    canvas = Canvas(384)
    draw_land(canvas, np.random.default_rng(land))
    is_material = (canvas.layers[..., 0] == material) & (canvas.layers[..., 3] == 0)
    is_material &= canvas.shadow == 0
    share = cv2.resize(is_material.astype(np.float32), (side_px, side_px), interpolation=3)
    return share > 0.99


def test_canvas_fills_exactly_the_pixels_inside_a_polygon() -> None:
    canvas = Canvas(8)

    # 2.1 to 5.9 px across, 4.1 to 7.9 px down: pixels 2 to 5 and 4 to 7.
    inside = canvas.inside([(0.26, 0.51), (0.74, 0.51), (0.74, 0.99), (0.26, 0.99)])

    assert inside[4:8, 2:6].all()
    assert inside.sum() == 16


def test_water_mirrors_what_stands_above_the_shore() -> None:
    canvas = Canvas(100)
    canvas.fill([(0, 0.4), (1, 0.4), (1, 0.5), (0, 0.5)], Material.FOREST)

    canvas.reflect([(0, 0.5), (1, 0.5), (1, 1), (0, 1)], 0.5, np.zeros((100, 100), np.float32))

    assert canvas.layers[55, 50, 0] == Material.FOREST
    assert canvas.layers[65, 50, 0] == Material.SKY
    assert canvas.layers[65, 50, 3] == 255


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.season}_{look.time}")
@pytest.mark.parametrize("side", [16, 64, 100])
def test_a_scene_is_a_square_of_srgb_bytes(look: Look, side: int) -> None:
    scene = draw_scene(3, look, side)

    assert scene.shape == (side, side, 3)
    assert scene.dtype == np.uint8
    assert scene.std() > 10


@given(seed=st.integers(0, 2**40), look=st.sampled_from(LOOKS))
@settings(max_examples=8, deadline=None)
def test_every_seed_draws_the_same_scene_again(seed: int, look: Look) -> None:
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the process-wide generator must not matter

    first, again = draw_scene(seed, look, 32), draw_scene(seed, look, 32)

    assert np.array_equal(first, again)


def test_another_process_draws_the_same_bytes() -> None:
    code = (
        "import hashlib; from translate.data.scenes import Look, draw_scene;"
        "print(hashlib.sha256(draw_scene(5, Look(time='night'), 64).tobytes()).hexdigest())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    here = hashlib.sha256(draw_scene(5, NIGHT, 64).tobytes()).hexdigest()
    assert said.stdout.strip() == here


def test_drawing_needs_no_torch() -> None:
    files = sorted(Path(scenes_module.__file__).parent.glob("scene*.py"))

    assert len(files) > 1
    assert not [file.name for file in files if "import torch" in file.read_text("utf-8")]


def test_other_seeds_are_other_scenes() -> None:
    pictures = {draw_scene(seed, SUMMER, 16).tobytes() for seed in range(6)}

    assert len(pictures) == 6


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_a_smaller_scene_is_the_larger_one_scaled_down(seed: int) -> None:
    small, large = draw_scene(seed, SUMMER, 64), draw_scene(seed, SUMMER, 256)

    scaled = cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA)

    # Edges round to other pixels of the canvas, so a few levels of 255 on average are right.
    assert np.abs(scaled.astype(int) - small).mean() < 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_meadow_is_green_in_summer_and_nearly_white_in_winter(seed: int) -> None:
    meadow = material_mask(seed, Material.MEADOW)

    red, green, blue = draw_scene(seed, SUMMER)[meadow].mean(axis=0)
    snow = draw_scene(seed, WINTER)[meadow].mean(axis=0)

    assert green > red + 20 > blue + 40
    assert snow.min() > 215


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_sky_and_trunks_keep_their_colour_through_the_seasons(seed: int) -> None:
    for material, most in ((Material.SKY, 30), (Material.TRUNK, 30)):
        mask = material_mask(seed, material)
        change = draw_scene(seed, WINTER)[mask].astype(int) - draw_scene(seed, SUMMER)[mask]
        assert mask.any()
        assert abs(change.mean()) < most


def test_no_one_colour_transform_makes_winter_of_summer() -> None:
    """Mean and spread in Lab, taken from the answer itself, still leave half the way to go."""
    errors = []
    for seed in range(5):
        summer, winter = (
            cv2.cvtColor(draw_scene(seed, look), cv2.COLOR_RGB2LAB).astype(float)
            for look in (SUMMER, WINTER)
        )
        axes = (0, 1)
        moved = (summer - summer.mean(axes)) / summer.std(axes) * winter.std(axes)
        moved = np.clip(moved + winter.mean(axes), 0, 255).astype(np.uint8)
        guess = cv2.cvtColor(moved, cv2.COLOR_LAB2RGB).astype(float)
        errors.append(np.mean((guess - draw_scene(seed, WINTER)) ** 2))

    assert 10 * np.log10(255**2 / np.mean(errors)) < 18


@pytest.mark.parametrize("season", ["summer", "winter"])
def test_night_is_dark_but_not_black(season: str) -> None:
    for seed in (1, 2, 3):
        day = draw_scene(seed, Look(season=season, time="day"), 64)
        night = draw_scene(seed, Look(season=season, time="night"), 64)

        assert night.mean() < 0.6 * day.mean()
        assert night[32:].std() > 10  # contours in the land remain


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_lit_windows_outshine_their_surroundings_at_night_only(seed: int) -> None:
    windows = material_mask(seed, Material.LIT_WINDOW)
    around = cv2.dilate(windows.astype(np.uint8), np.ones((15, 15))) > 0
    around &= cv2.dilate(windows.astype(np.uint8), np.ones((7, 7))) == 0

    night, day = draw_scene(seed, NIGHT), draw_scene(seed, SUMMER)

    assert windows.any()
    assert night[windows].mean() > 1.8 * night[around].mean()
    assert day[windows].mean() < day[around].mean()


def test_training_scenes_are_shared_with_nobody() -> None:
    seeds = scene_seeds(SceneSet(train=30, test=10))

    assert {name: len(numbers) for name, numbers in seeds.items()} == {
        "trainA": 30, "trainB": 30, "testA": 10, "testB": 10,
    }  # fmt: skip
    assert seeds["testA"] == seeds["testB"]
    assert len({*seeds["trainA"], *seeds["trainB"], *seeds["testA"]}) == 70


def test_paired_training_scenes_are_the_same_on_both_sides() -> None:
    seeds = scene_seeds(SceneSet(train=30, test=10, paired=True))

    assert seeds["trainA"] == seeds["trainB"]
    assert seeds["testA"] == seeds["testB"]
    assert len({*seeds["trainA"], *seeds["testA"]}) == 40


def test_pairing_changes_no_scene_of_the_first_domain() -> None:
    apart, paired = (scene_seeds(SceneSet(train=30, test=10, paired=p)) for p in (False, True))

    assert all(paired[name] == apart[name] for name in ("trainA", "testA", "testB"))


@pytest.mark.parametrize("paired", [False, True])
def test_sets_of_other_seeds_hold_other_scenes(paired: bool) -> None:
    largest = {"train": 100_000, "test": 100_000, "paired": paired}
    last_of_one = max(scene_seeds(SceneSet(seed=1, **largest))["trainB"])

    assert last_of_one < min(scene_seeds(SceneSet(seed=2, **largest))["testA"])


def test_files_lie_in_four_folders_and_test_pairs_show_one_scene(tmp_path: Path) -> None:
    write_scenes(tmp_path / "new" / "scenes", SMALL)

    found = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.png"))
    names = ("testA", "testB", "trainA", "trainB")
    assert found == [f"new/scenes/{name}/000{i}.png" for name in names for i in (1, 2)]
    for name, look in (("testA", SUMMER), ("testB", WINTER)):
        written = np.asarray(Image.open(tmp_path / f"new/scenes/{name}/0001.png"))
        assert np.array_equal(written, draw_scene(1_000_000, look, 16))


def test_written_pairs_show_one_scene_in_two_looks(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", SMALL.model_copy(update={"paired": True}))

    for name, look in (("trainA", SUMMER), ("trainB", WINTER)):
        written = np.asarray(Image.open(tmp_path / f"scenes/{name}/0002.png"))
        assert np.array_equal(written, draw_scene(1_000_003, look, 16))


def test_nothing_but_the_finished_folder_is_left(tmp_path: Path) -> None:
    write_scenes(tmp_path / "scenes", SMALL)

    assert [file.name for file in tmp_path.iterdir()] == ["scenes"]


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()

    write_scenes(tmp_path, SMALL)

    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failure_in_the_middle_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def fill_the_disk(*asked: object) -> np.ndarray:
        drawn.append(asked)
        if len(drawn) == 4:
            raise OSError(28, "No space left on device")
        return np.zeros((16, 16, 3), np.uint8)

    monkeypatch.setattr(scenes_module, "draw_scene", fill_the_disk)

    with pytest.raises(DataError, match="No space left on device"):
        write_scenes(tmp_path / "scenes", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_the_slower_of_two_processes_is_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "scenes"

    def be_overtaken(*_: object) -> np.ndarray:
        folder.mkdir(exist_ok=True)
        (folder / "theirs.png").touch()
        return np.zeros((16, 16, 3), np.uint8)

    monkeypatch.setattr(scenes_module, "draw_scene", be_overtaken)

    write_scenes(folder, SMALL)

    assert [file.name for file in folder.iterdir()] == ["theirs.png"]
    assert list(tmp_path.iterdir()) == [folder]


def test_an_unwritable_place_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DataError, match=r"file/scenes: .* could not be written .* data\.folder"):
        write_scenes(tmp_path / "file" / "scenes", SMALL)


@pytest.mark.parametrize(
    "wrong",
    [{"train": 0}, {"side_px": 8}, {"a": {"season": "autumn"}}, {"valid": 3}, {"paired": 2}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SceneSet.model_validate(wrong)
