"""Engines that need no bundle, and pictures for them."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from tests.strip_toys import noise
from translate.images import Encoding
from translate.inference.choices import Choices
from translate.inference.engine import Engine
from translate.inference.pictures import Canvas, Samples, Values
from translate.networks import Generator

PHOTO = Encoding()
PLAIN = Choices(
    device=torch.device("cpu"),
    precision="fp32",
    usual=torch.float32,
    fine=torch.float32,
    is_compiled=False,
    statistics="exact",
    max_memory=2**40,
    reason="for tests",
)


def engine_of(
    generator: Generator,
    mode: str = "deterministic",
    room: int | None = None,
    **choices: object,
) -> Engine:
    """Make an engine; with a room of so many bytes for its features, whatever the process takes."""
    engine = Engine(generator, mode, replace(PLAIN, **choices))  # type: ignore[arg-type]
    if room is not None:
        engine._room = room
    return engine


def floats(*shape: int, seed: int = 0) -> Values:
    return Values(noise(*shape, seed=seed))


def samples(height: int, width: int, dtype: type = np.uint8, seed: int = 0) -> Samples:
    content = np.random.default_rng(seed).integers(
        0, np.iinfo(dtype).max, (height, width, 3), dtype, endpoint=True
    )
    return Samples(content, PHOTO, PHOTO, 8 if dtype == np.uint8 else 16, "it")


def content(canvas: Canvas) -> Tensor:
    found = canvas.content
    assert isinstance(found, Tensor)
    return found
