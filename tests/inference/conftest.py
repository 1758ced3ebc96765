import pytest
import torch

from translate.bundle import Bundle
from translate.inference.translator import Translator
from translate.networks import ResNetGenerator


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
