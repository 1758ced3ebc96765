from pathlib import Path

import pytest
import torch

from translate.bundle import Bundle, save_bundle
from translate.images import Encoding
from translate.networks import ResNetGenerator, UNetGenerator


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


@pytest.fixture
def one_way() -> Bundle:
    """A Pix2Pix from label maps of three classes to images of five bands."""
    torch.manual_seed(0)
    classes = ((0, 0, 0), (1, 1, 1), (700, 0, 9))
    return Bundle(
        method="pix2pix",
        domains={"a": "land use", "b": "satellite"},
        generators={
            "a_to_b": UNetGenerator(in_channels=3, out_channels=5, base_channels=1, depth=6)
        },
        training_side_px=64,
        inference_mode="paper",
        encodings={
            "a": Encoding(kind="labels", channels=3, classes=classes),
            "b": Encoding(kind="bands", channels=5),
        },
    )
