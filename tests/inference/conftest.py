from collections.abc import Callable

import pytest
import torch

from translate.bundle import Bundle
from translate.images import Encoding
from translate.inference.translator import Translator
from translate.networks import ResNetGenerator, UNetGenerator

Between = Callable[[Encoding, Encoding], Translator]


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    torch.manual_seed(0)
    return Bundle(
        method="cyclegan",
        domains={"a": "summer", "b": "winter"},
        generators={
            "a_to_b": ResNetGenerator(base_channels=2, blocks=1),
            "b_to_a": ResNetGenerator(base_channels=2, blocks=1, norm="batch", dropout=True),
        },
        training_side_px=64,
    )


@pytest.fixture(scope="session")
def translator(bundle: Bundle) -> Translator:
    return Translator(bundle, device="cpu")


@pytest.fixture(scope="session")
def chancy() -> Bundle:
    """A Pix2Pix: one direction, batch norm, and one level (the fourth of six) with dropout."""
    torch.manual_seed(0)
    return Bundle(
        method="pix2pix",
        domains={"a": "label", "b": "facade"},
        generators={"a_to_b": UNetGenerator(base_channels=2, depth=6)},
        training_side_px=64,
        inference_mode="paper",
    )


@pytest.fixture
def between() -> Between:
    """Make a translator between domains of any kind."""

    def make(source: Encoding, target: Encoding) -> Translator:
        torch.manual_seed(0)
        generator = ResNetGenerator(
            in_channels=source.channels, out_channels=target.channels, base_channels=2, blocks=1
        )
        bundle = Bundle(
            method="pix2pix",
            domains={"a": "map", "b": "picture"},
            generators={"a_to_b": generator},
            training_side_px=64,
            encodings={"a": source, "b": target},
        )
        return Translator(bundle, device="cpu")

    return make
