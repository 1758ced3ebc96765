from pathlib import Path

import pytest
import torch

from translate.benchmark.folders import (
    _with_stock_layers,
    compare_rates,
    draw_photo,
    measure_exactness,
    measure_large,
    measure_many,
    paper_bundle,
)
from translate.bundle import load_bundle


def test_drawn_photos_are_neither_flat_nor_alike() -> None:
    one, other = draw_photo(40, 60, 0), draw_photo(40, 60, 1)

    assert one.shape == (40, 60, 3)
    assert one.std() > 20
    assert (one != other).mean() > 0.9


def test_the_plain_network_computes_the_same_with_other_layers(tmp_path: Path) -> None:
    generator = load_bundle(paper_bundle(tmp_path / "bundle", 4, 1)).generators["a_to_b"].eval()
    photo = torch.rand(1, 3, 32, 32) * 2 - 1

    with torch.no_grad():
        plain = _with_stock_layers(generator)
        assert {type(layer).__name__ for layer in plain.modules()}.isdisjoint(
            {"InstanceNorm", "ColourConvolution"}
        )
        torch.testing.assert_close(plain(photo), generator(photo), atol=1e-5, rtol=0)


def test_three_ways_take_turns() -> None:
    result = compare_rates(photos=8, turns=2, base_channels=2, blocks=1)

    assert set(result["images_per_second"]) == {"network", "plain", "folder"}
    low, high = result["folder_to_plain_spread"]
    assert 0 < low <= result["folder_to_plain"] <= high


def test_strips_are_compared_with_the_whole_photo() -> None:
    result = measure_exactness(200, 150, base_channels=2, blocks=1)

    assert result["exact"]["max"] < 1e-4 < result["std"]


@pytest.mark.slow
def test_the_peak_memory_of_a_photo_is_that_of_the_command(tmp_path: Path) -> None:
    result = measure_large(300, 400, ["--precision", "fp32"], tmp_path, base_channels=2, blocks=1)

    assert result["exit_code"] == 0
    assert result["is_whole"]
    assert 0.2 < result["peak_gib"] < 2


@pytest.mark.slow
def test_many_files_are_counted_while_they_are_translated() -> None:
    result = measure_many(1500, 8, lambda line: None)

    assert result["exit_code"] == 0
    assert result["first_output_after_s"] < result["seconds"]
