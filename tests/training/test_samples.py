from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests.toys import noise, noise_splits, tiny_cyclegan, tiny_pix2pix
from translate.bundle import INFERENCE_MODES, Bundle
from translate.bundle.schema import InferenceMode
from translate.data import Splits
from translate.images import Encoding, Pair, open_sheet, to_tensor
from translate.inference.translator import Translator
from translate.phase import Channels, Method
from translate.training import samples
from translate.training.samples import draw_samples, find_grids

PHOTOS = Pair(noise(3, 3, 20, 24), noise(3, 3, 20, 24, seed=1))
LARGER = Pair(noise(3, 3, 64, 64), noise(3, 3, 64, 64, seed=1))
RESNET = {"name": "resnet", "base_channels": 4, "blocks": 1}
BATCH_NORM = {"generator": RESNET | {"norm": "batch", "dropout": True}}
DROPPING = {"generator": {"name": "unet", "base_channels": 4, "depth": 6}}


def drawn(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    method: Method,
    photos: Pair = PHOTOS,
    data: Splits | None = None,
    mode: InferenceMode = "deterministic",
) -> tuple[list[list[Tensor]], list[str]]:
    """Draw a grid and return the rows and titles it was drawn from."""
    seen: list[Any] = []
    draw = samples.draw_grid
    with monkeypatch.context() as patched:
        patched.setattr(samples, "draw_grid", lambda *grid: seen.extend(grid) or draw(*grid))
        file, device = folder / "grid.png", torch.device("cpu")
        draw_samples(method, photos, data or noise_splits(), file, device, mode)
    return seen[0], seen[1]


def test_a_row_shows_a_photo_its_translation_and_the_way_back_for_both_domains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, titles = drawn(monkeypatch, tmp_path, tiny_cyclegan())

    assert titles == [
        "summer",
        "translated to winter",
        "and back to summer",
        "winter",
        "translated to summer",
        "and back to winter",
    ]
    assert len(rows) == 3
    assert torch.equal(rows[1][0], PHOTOS.a[1])
    assert torch.equal(rows[1][3], PHOTOS.b[1])
    assert Image.open(tmp_path / "grid.png").width > 6 * 128


@pytest.mark.parametrize(
    ("direction", "titles"),
    [
        ("a_to_b", ["summer", "translated to winter", "winter"]),
        ("b_to_a", ["summer", "winter", "translated to summer"]),
    ],
)
def test_a_row_of_one_direction_shows_the_answer_beside_the_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direction: str, titles: list[str]
) -> None:
    method = tiny_pix2pix(direction=direction)

    rows, found = drawn(monkeypatch, tmp_path, method, LARGER)

    assert found == titles
    assert torch.equal(rows[1][titles.index("summer")], LARGER.a[1])
    assert torch.equal(rows[1][titles.index("winter")], LARGER.b[1])


@pytest.mark.parametrize(
    ("method", "photos"),
    [
        (tiny_cyclegan(), PHOTOS),
        (tiny_cyclegan(**BATCH_NORM), PHOTOS),
        (tiny_pix2pix(**DROPPING), LARGER),
    ],
    ids=["instance norm", "batch norm", "pix2pix with dropout"],
)
@pytest.mark.parametrize("mode", ["deterministic", "eval"])
def test_the_grid_shows_what_a_translator_would_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: Any, photos: Pair, mode: InferenceMode
) -> None:
    rows, _ = drawn(monkeypatch, tmp_path, method, photos, mode=mode)
    generators = {way: method.networks[name] for way, name in method.exports.items()}
    domains = noise_splits().domains
    bundle = Bundle("any", domains, generators, training_side_px=16)
    translator = Translator(bundle, "a_to_b", mode=mode)

    for row, photo in zip(rows, photos.a, strict=True):
        torch.testing.assert_close(row[1], translator(photo))


def test_dropout_does_not_make_two_grids_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = tiny_pix2pix(**DROPPING)
    grids = []
    for _ in range(2):
        drawn(monkeypatch, tmp_path, method, LARGER)
        grids.append((tmp_path / "grid.png").read_bytes())

    assert grids[0] == grids[1]
    first, again = (method.translate(LARGER)["fake_b"] for _ in range(2))
    assert not torch.equal(first, again)  # as in training


def test_in_the_papers_mode_dropout_is_on_and_the_runs_own_chance_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = tiny_pix2pix(**DROPPING)
    same_twice = Pair(*(torch.cat([images[:1], images[:1]]) for images in LARGER))
    randomness = torch.get_rng_state()

    (first, again), _ = drawn(monkeypatch, tmp_path, method, same_twice, mode="paper")

    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[1], again[1])
    assert torch.equal(torch.get_rng_state(), randomness)


def test_images_of_any_kind_are_shown_in_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    red_blue = Encoding(kind="labels", channels=2, classes=((255, 0, 0), (0, 0, 255)))
    data = noise_splits(encodings={"a": red_blue, "b": Encoding(kind="bands", channels=5)})
    photos = Pair(noise(1, 2, 16, 16), noise(1, 5, 16, 16))
    method = tiny_pix2pix(Channels(2, 5))

    ((label_map, translated, truth),), _ = drawn(monkeypatch, tmp_path, method, photos, data)

    is_red = photos.a[0, 0] > photos.a[0, 1]
    assert torch.equal(
        label_map, torch.stack([is_red, torch.zeros_like(is_red), ~is_red]) * 2.0 - 1
    )
    assert translated.shape == (3, 16, 16)
    assert torch.equal(truth, photos.b[0, :3])


@pytest.mark.parametrize("mode", INFERENCE_MODES)
@pytest.mark.parametrize(
    "make", [lambda: tiny_cyclegan(**BATCH_NORM), lambda: tiny_pix2pix(**DROPPING)]
)
def test_drawing_changes_nothing_that_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any], mode: InferenceMode
) -> None:
    def remembered(method: Any) -> dict[str, Tensor]:
        return {
            f"{name}.{key}": value.clone()
            for name, network in method.networks.items()
            for key, value in network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }

    method = make()
    before = remembered(method)
    randomness = torch.get_rng_state()

    drawn(monkeypatch, tmp_path, method, LARGER, mode=mode)

    assert all(value.equal(before[key]) for key, value in remembered(method).items())
    assert torch.equal(torch.get_rng_state(), randomness)
    assert all(layer.training for n in method.networks.values() for layer in n.modules())


@pytest.mark.parametrize(
    ("make", "judged"),
    [
        (tiny_cyclegan, ["real_a", "fake_a", "real_b", "fake_b"]),
        (tiny_pix2pix, ["real_b", "fake_b"]),
        (lambda: tiny_pix2pix(direction="b_to_a"), ["real_a", "fake_a"]),
    ],
)
def test_beside_the_grid_the_same_photos_are_shown_as_they_are_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any], judged: list[str]
) -> None:
    drawn(monkeypatch, tmp_path, make(), LARGER)

    grid, scores = open_sheet(tmp_path / "grid.png"), open_sheet(tmp_path / "grid_scores.png")
    assert list(scores.names) == judged
    assert len(scores.rows) == len(grid.rows) == 3
    assert scores.cut(1, judged[0]).size == grid.cut(1, judged[0]).size
    assert scores.title(judged[0]) == grid.title(judged[0])


def test_a_grid_gives_back_each_photo_by_name(tmp_path: Path) -> None:
    photos = Pair(noise(2, 3, 128, 128), noise(2, 3, 128, 128, seed=1))
    file = tmp_path / "grid.png"

    draw_samples(tiny_cyclegan(), photos, noise_splits(), file, torch.device("cpu"))

    cut = to_tensor(np.asarray(open_sheet(file).cut(1, "real_b")))
    torch.testing.assert_close(cut, photos.b[1], atol=0.01, rtol=0)


def test_photos_too_small_for_the_discriminators_are_shown_and_not_judged(tmp_path: Path) -> None:
    deep = {"name": "patchgan", "base_channels": 4, "depth": 3}
    method, file = tiny_cyclegan(discriminator=deep), tmp_path / "grid.png"

    draw_samples(method, PHOTOS, noise_splits(), file, torch.device("cpu"))

    assert [f.name for f in tmp_path.iterdir()] == ["grid.png"]


def test_networks_that_learn_with_others_are_asked_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Together(nn.Module):
        """Stands for DistributedDataParallel: whoever calls it waits for the others."""

        def __init__(self, module: nn.Module) -> None:
            super().__init__()
            self.module = module

    monkeypatch.setattr(samples, "DistributedDataParallel", Together)
    method = tiny_cyclegan()
    wrapped = {name: Together(network) for name, network in method.networks.items()}
    method.networks.update(wrapped)

    draw_samples(method, PHOTOS, noise_splits(), tmp_path / "grid.png", torch.device("cpu"))

    assert method.networks == wrapped


def test_grids_are_found_by_epoch_apart_from_their_scores(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    for name in ("0010", "0002", "0002_scores", "10000", "x", "0003_scores_old"):
        (tmp_path / "samples" / f"epoch_{name}.png").touch()

    assert [(e, f.name) for e, f in find_grids(tmp_path).items()] == [
        (2, "epoch_0002.png"),
        (10, "epoch_0010.png"),
        (10000, "epoch_10000.png"),
    ]
    assert [f.name for f in find_grids(tmp_path, of_scores=True).values()] == [
        "epoch_0002_scores.png"
    ]
    assert find_grids(tmp_path / "none") == {}
