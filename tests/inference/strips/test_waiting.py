"""How much is read twice, and how much waits to be read again."""

import gc

import pytest
import torch
from torch import Tensor

from tests.strip_toys import (
    AMPLE,
    TIGHT,
    in_strips,
    noise,
    reading,
    ready,
    resnet,
    unet,
)
from translate.inference.strips import (
    Budget,
    Moments,
    Size,
    flow,
    gather_statistics,
    stream,
    streaming,
)
from translate.inference.strips.scratch import Piece, Scratch
from translate.networks import Generator

NETWORKS = {"resnet": resnet, "unet": lambda: unet(norm="instance")}


def count_rows(generator: Generator, photo: Tensor, statistics: list[Moments] | None) -> Tensor:
    """Tell how often each row of a photo is read."""
    counts = torch.zeros(photo.shape[1], dtype=torch.int)

    def read(top: int, bottom: int) -> Tensor:
        counts[top:bottom] += 1
        return photo[:, top:bottom].clone()

    for _ in stream(generator, read, Size(*photo.shape), Budget(2**18, 2**30), statistics):
        pass
    return counts


def test_with_statistics_given_a_single_pass_is_enough() -> None:
    generator, photo = ready(resnet()), noise(3, 512, 64)
    own = gather_statistics(generator, reading(photo), Size(*photo.shape), AMPLE)

    counts = count_rows(generator, photo, own)

    assert counts.min() == 1
    assert counts.max() == 2  # at the edges of strips
    assert counts.float().mean() < 1.3


def test_without_norms_a_single_pass_is_enough_too() -> None:
    counts = count_rows(ready(resnet(norm="batch"), "eval"), noise(3, 512, 64), None)

    assert counts.float().mean() < 1.5


def test_a_wide_layer_is_computed_again_rather_than_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for each of the norms that come before anything is kept, and once to keep it."""
    monkeypatch.setattr(flow, "CHEAP", 1)  # base 4 has 4, 2 and 1 values for each pixel

    counts = count_rows(ready(resnet()), noise(3, 512, 64), None)

    assert counts.min() == 3
    assert counts.float().mean() < 4


class Watched(Scratch):
    """Notes how much waits."""

    seen: "Watched"

    def __init__(self, memory_bytes: int) -> None:
        super().__init__(memory_bytes)
        self.total_bytes = self.least_free_bytes = memory_bytes
        Watched.seen = self

    def keep(self, rows: Tensor) -> Piece:
        piece = super().keep(rows)
        self.least_free_bytes = min(self.least_free_bytes, self.free_bytes)
        return piece


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    monkeypatch.setattr(streaming, "Scratch", Watched)
    return Watched


LARGE = noise(3, 1024, 64)
SMALL_STRIPS = 2**17  # of 1024 rows of 64 px


@pytest.mark.parametrize("up", ["transposed", "resize", "blur"])
@pytest.mark.parametrize("down", ["strided", "blur"])
def test_what_waits_is_little_more_than_two_of_the_small_feature_maps(
    watched: type[Watched], monkeypatch: pytest.MonkeyPatch, up: str, down: str
) -> None:
    """A width of 8 has an eighth of what 64 has: 2 values a pixel where that has 16."""
    monkeypatch.setattr(flow, "CHEAP", 2)
    generator = ready(resnet(base_channels=8, blocks=3, upsample=up, downsample=down))
    expected = 4 * 2 * 2 * LARGE[0].numel()  # bytes

    in_strips(generator, LARGE, Budget(SMALL_STRIPS, 2**30))
    assert watched.seen.total_bytes - watched.seen.least_free_bytes < 1.35 * expected
    in_strips(generator, LARGE, Budget(SMALL_STRIPS, 0))
    assert watched.seen.spilled_bytes < 1.5 * expected  # gaps in the file are used again


def test_of_a_unet_the_levels_wait_and_little_else(watched: type[Watched]) -> None:
    generator = ready(unet(base_channels=8, depth=6, norm="instance"))
    levels = sum(8 * min(2**i, 8) / 4 ** (i + 1) for i in range(6))  # 4, a half of it is the first

    in_strips(generator, LARGE, Budget(SMALL_STRIPS, 2**30))

    waiting = (watched.seen.total_bytes - watched.seen.least_free_bytes) / 4 / LARGE[0].numel()
    assert waiting < 1.5 * levels


def test_with_statistics_given_rows_hardly_wait(watched: type[Watched]) -> None:
    generator = ready(resnet(base_channels=8, blocks=3))
    own = gather_statistics(generator, reading(LARGE), Size(*LARGE.shape), AMPLE)

    in_strips(generator, LARGE, Budget(SMALL_STRIPS, 2**30), own)

    waiting = (watched.seen.total_bytes - watched.seen.least_free_bytes) / 4 / LARGE[0].numel()
    assert waiting < 8  # all layers together have 8 + 4 + 2 x (2 x 3 + 1) + 4 + 8 = 38


@pytest.mark.parametrize("statistics", ["own", "given"])
@pytest.mark.parametrize("kind", NETWORKS)
def test_all_memory_is_given_back_without_the_garbage_collector(
    watched: type[Watched], kind: str, statistics: str
) -> None:
    generator, photo = ready(NETWORKS[kind]()), noise(3, 90, 50)
    own = gather_statistics(generator, reading(photo), Size(*photo.shape), AMPLE)
    gc.collect()
    gc.disable()
    try:
        in_strips(generator, photo, AMPLE, own if statistics == "given" else None)
        assert watched.seen.free_bytes == watched.seen.total_bytes
    finally:
        gc.enable()


def test_a_stream_that_is_left_early_closes_its_file(watched: type[Watched]) -> None:
    photo = noise(3, 101, 30)
    strips = stream(ready(resnet()), reading(photo), Size(*photo.shape), TIGHT)

    next(strips)
    is_closed = watched.seen._file.closed
    strips.close()  # type: ignore[attr-defined]

    assert not is_closed
    assert watched.seen._file.closed
