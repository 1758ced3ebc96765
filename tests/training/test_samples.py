from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.toys import noise, tiny_cyclegan
from translate.bundle import Bundle
from translate.images import Pair
from translate.inference.translator import Translator
from translate.training import samples
from translate.training.samples import draw_samples

DOMAINS = {"a": "summer", "b": "winter"}
PHOTOS = Pair(noise(3, 3, 20, 24), noise(3, 3, 20, 24, seed=1))
BATCH_NORM = {"generator": {"base_channels": 4, "blocks": 1, "norm": "batch", "dropout": True}}


def drawn(monkeypatch: pytest.MonkeyPatch, folder: Path, **method: Any) -> tuple[Any, Any, Any]:
    """Draw a grid and return the method, and the rows and titles it was drawn from."""
    seen: list[Any] = []
    draw = samples.draw_grid
    monkeypatch.setattr(samples, "draw_grid", lambda *grid: seen.extend(grid) or draw(*grid))
    made = tiny_cyclegan(**method)
    draw_samples(made, PHOTOS, DOMAINS, folder / "grid.png", torch.device("cpu"))
    return made, seen[0], seen[1]


def test_a_row_shows_a_photo_its_translation_and_the_way_back_for_both_domains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, rows, titles = drawn(monkeypatch, tmp_path)

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


@pytest.mark.parametrize("method", [{}, BATCH_NORM], ids=["instance norm", "batch norm"])
def test_the_grid_shows_what_a_translator_would_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: dict[str, Any]
) -> None:
    made, rows, _ = drawn(monkeypatch, tmp_path, **method)
    generators = {way: made.networks[name] for way, name in made.exports.items()}
    translator = Translator(Bundle("cyclegan", DOMAINS, generators, training_side_px=16), "a_to_b")

    for row, photo in zip(rows, PHOTOS.a, strict=True):
        torch.testing.assert_close(row[1], translator(photo))


def test_drawing_changes_nothing_that_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remembered(method: Any) -> dict[str, Tensor]:
        return {
            f"{name}.{key}": value.clone()
            for name, network in method.networks.items()
            for key, value in network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }

    before = remembered(tiny_cyclegan(**BATCH_NORM))
    randomness = torch.get_rng_state()

    made, _, _ = drawn(monkeypatch, tmp_path, **BATCH_NORM)

    assert all(value.equal(before[key]) for key, value in remembered(made).items())
    assert torch.equal(torch.get_rng_state(), randomness)
    assert all(layer.training for n in made.networks.values() for layer in n.modules())
