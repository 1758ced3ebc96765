"""Engines that need no bundle, and pictures for them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.strip_toys import noise, ready, whole
from translate.images import Encoding
from translate.inference import engine as room
from translate.inference.choices import Choices
from translate.inference.engine import Engine
from translate.inference.pictures import Canvas, Picture, Samples, Values
from translate.inference.strips import Size
from translate.networks import Generator, ResNetGenerator

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


class Spy:
    """Notes the sizes of what is run whole, and of what is streamed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.whole: list[tuple[int, ...]] = []
        self.streamed: list[Size] = []
        forward, stream = ResNetGenerator.forward, room.stream

        def note_forward(generator: ResNetGenerator, photo: Tensor) -> Tensor:
            self.whole.append(tuple(photo.shape))
            return forward(generator, photo)

        def note_stream(generator: Generator, read: Any, size: Size, *more: Any) -> Any:
            self.streamed.append(size)
            return stream(generator, read, size, *more)

        monkeypatch.setattr(ResNetGenerator, "forward", note_forward)
        monkeypatch.setattr(room, "stream", note_stream)


def run(engine: Engine, *pictures: Picture, seed: int = 3, sample: int = 1) -> list[Tensor]:
    return [content(canvas) for canvas in engine.run(pictures, seed, sample)]


def expected(generator: Generator, photo: Tensor, mode: str = "deterministic") -> Tensor:
    return whole(ready(generator, mode), photo)
