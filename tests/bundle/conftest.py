from pathlib import Path

import pytest
import torch

from translate.bundle import Bundle, save_bundle
from translate.networks import ResNetGenerator


def tiny_generator(norm: str = "instance") -> ResNetGenerator:
    return ResNetGenerator(base_channels=2, blocks=1, norm=norm)  # type: ignore[arg-type]


@pytest.fixture
def bundle() -> Bundle:
    torch.manual_seed(0)
    return Bundle(
        method="cyclegan",
        domains={"a": "summer", "b": "winter"},
        generators={"a_to_b": tiny_generator(), "b_to_a": tiny_generator("batch")},
        training_side_px=64,
        data_fingerprint="abc",
        facts={"dataset": "built-in scenes", "epochs": 3, "licence": "MIT", "command": "train it"},
    )


@pytest.fixture
def folder(bundle: Bundle, tmp_path: Path) -> Path:
    save_bundle(bundle, tmp_path / "bundle")
    return tmp_path / "bundle"
