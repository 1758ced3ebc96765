import copy
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.engine_toys import Spy, engine_of, expected, floats, run, samples
from tests.strip_toys import gap, noise, resnet, unet
from translate.errors import TranslateError
from translate.inference import engine as room
from translate.inference.engine import LAYERS_AT_ONCE
from translate.inference.pictures import Values
from translate.inference.strips import Size
from translate.networks import Generator, ResNetGenerator

NO_ROOM = 2**16  # for a whole photo


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(monkeypatch)


def test_a_photo_is_run_whole_where_it_fits_and_in_strips_where_not(spy: Spy) -> None:
    generator, photo = resnet(), floats(3, 41, 30)
    fitting = LAYERS_AT_ONCE * 4 * 4 * 44 * 32  # 4 values of 4 bytes for each padded pixel

    one = run(engine_of(copy.deepcopy(generator), room=fitting), photo)[0]
    assert (spy.whole, spy.streamed) == ([(1, 3, 44, 32)], [])
    other = run(engine_of(copy.deepcopy(generator), room=fitting - 1), photo)[0]
    assert (len(spy.whole), spy.streamed) == (1, [Size(3, 41, 30)])

    assert gap(one, expected(generator, photo.values)) < 1e-5
    assert gap(one, other) < 1e-4


@pytest.mark.parametrize("mode", ["deterministic", "eval", "paper"])
@pytest.mark.parametrize("network", [resnet(norm="batch", dropout=True), unet(depth=6)])
def test_memory_decides_how_a_photo_is_run_and_not_what_it_becomes(
    network: Generator, mode: str
) -> None:
    for shape in ((3, 71, 50), (3, 30, 131)):
        photo = floats(*shape)
        found = run(engine_of(copy.deepcopy(network), mode, NO_ROOM), photo)[0]
        assert gap(found, expected(network, photo.values, mode)) < 1e-4


@pytest.mark.parametrize(
    ("norm", "mode", "together"),
    [
        ("instance", "deterministic", True),
        ("batch", "deterministic", False),
        ("batch", "eval", True),
        ("instance", "paper", False),
        ("none", "deterministic", True),
    ],
)
def test_photos_share_calls_where_nothing_mixes_them(norm: str, mode: str, together: bool) -> None:
    generator = resnet(norm=norm, dropout=True)
    pictures = [floats(3, 16, 16, seed=i) for i in range(3)]

    engine = engine_of(copy.deepcopy(generator), mode)

    assert engine.takes_batches == together
    for found, picture in zip(run(engine, *pictures), pictures, strict=True):
        assert gap(found, expected(generator, picture.values, mode)) < 1e-5


@pytest.mark.parametrize(
    ("shape", "streamed"),
    [((3, 6, 5000), Size(3, 5000, 6)), ((3, 5000, 6), Size(3, 5000, 6))],
)
def test_oblong_photos_go_along_their_longer_side(
    spy: Spy, shape: tuple[int, ...], streamed: Size
) -> None:
    generator, photo = resnet(), floats(*shape)

    found = run(engine_of(copy.deepcopy(generator), room=NO_ROOM), photo)[0]

    assert spy.streamed == [streamed]
    assert found.is_contiguous()
    assert gap(found, expected(generator, photo.values)) < 1e-4


def test_an_oblong_photo_of_bytes_comes_back_upright() -> None:
    engine, picture = engine_of(resnet()), samples(6, 500)

    upright = engine.run([picture], 0, 0)[0].content
    engine._room = NO_ROOM
    lying = engine.run([picture], 0, 0)[0].content

    assert lying.shape == upright.shape == (6, 500, 3)
    assert np.abs(lying.astype(int) - upright).max() <= 1
    assert lying.flags.c_contiguous


def overflowing(**arguments: Any) -> Generator:
    """A generator that comes by more than 65504 on its way."""
    generator = resnet(norm="instance", **arguments)
    convolution = next(each for each in generator.modules() if isinstance(each, nn.Conv2d))
    convolution.weight.data *= 1e6
    return generator


@pytest.mark.parametrize("memory", [2**40, NO_ROOM])
@pytest.mark.parametrize("mode", ["deterministic", "paper"])
def test_what_overflows_in_fp16_is_computed_in_fp32(mode: str, memory: int) -> None:
    generator = overflowing(dropout=True)
    engine = engine_of(
        copy.deepcopy(generator), mode, memory, usual=torch.float16, fine=torch.float16
    )
    photo = floats(3, 71, 50)

    found = [run(engine, photo)[0] for _ in range(2)]

    for each in found:
        assert gap(each, expected(generator, photo.values, mode)) < 1e-4
    assert engine.remarks == ["fp16 overflowed; such photos were computed in fp32."]


def test_what_does_not_overflow_stays_in_fp16() -> None:
    generator, photo = resnet(), floats(3, 40, 40)

    engine = engine_of(copy.deepcopy(generator), fine=torch.float16)

    assert 0 < gap(run(engine, photo)[0], expected(generator, photo.values)) < 0.05
    assert engine.remarks == []


def test_eight_bits_are_computed_in_the_usual_numbers_and_more_in_fine_ones(spy: Spy) -> None:
    engine = engine_of(resnet(), usual=torch.bfloat16)

    assert engine.numbers(samples(8, 8)) == torch.bfloat16
    assert engine.numbers(samples(8, 8, np.uint16)) == torch.float32
    assert engine.numbers(floats(3, 8, 8)) == torch.float32


def test_the_numbers_are_those_the_network_computes_with(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[torch.dtype] = []
    forward = ResNetGenerator.forward

    def note(generator: ResNetGenerator, photo: Tensor) -> Tensor:
        found.append(photo.dtype)
        return forward(generator, photo)

    monkeypatch.setattr(ResNetGenerator, "forward", note)
    engine = engine_of(resnet(), usual=torch.bfloat16)

    for picture in (samples(8, 8), samples(8, 8, np.uint16), floats(3, 8, 8), samples(8, 8)):
        engine.run([picture], 0, 0)

    assert found == [torch.bfloat16, torch.float32, torch.float32, torch.bfloat16]


def test_a_picture_is_run_with_sides_that_the_generator_takes() -> None:
    assert engine_of(unet(depth=4)).sides(floats(3, 1, 17)) == (16, 32)
    assert engine_of(resnet(downsamplings=3)).sides(floats(3, 5, 24)) == (16, 24)


class Counting(Values):
    """Counts the rows that are read."""

    count = 0

    def read(self, top: int, bottom: int) -> Tensor:
        self.count += bottom - top
        return super().read(top, bottom)


@pytest.mark.parametrize("mode", ["deterministic", "paper"])
def test_a_thumbnail_of_the_photo_itself_gives_the_result_of_the_whole_photo(mode: str) -> None:
    generator, photo = resnet(dropout=True), floats(3, 130, 50)

    engine = engine_of(copy.deepcopy(generator), mode, NO_ROOM, statistics="thumbnail")

    assert gap(run(engine, photo)[0], expected(generator, photo.values, mode)) < 1e-4


@pytest.mark.parametrize("shape", [(3, 260, 100), (3, 60, 400)])
def test_with_the_statistics_of_a_thumbnail_the_result_is_similar(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr(room, "THUMBNAIL_PX", 96 * 96)
    smooth = nn.functional.interpolate(noise(1, 3, 9, 9), shape[1:], mode="bicubic")[0]
    photo, generator = Values(smooth.clamp(-1, 1)), resnet()

    engine = engine_of(copy.deepcopy(generator), room=2**18, statistics="thumbnail")
    found = run(engine, photo)[0]

    exact = expected(generator, photo.values)
    assert gap(found, exact) > 1e-3  # it was not run whole
    assert torch.corrcoef(torch.stack([found.flatten(), exact.flatten()]))[0, 1] > 0.8


def test_with_a_thumbnail_each_row_is_read_about_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "THUMBNAIL_PX", 32 * 32)
    photo = Counting(noise(3, 600, 200))

    run(engine_of(resnet(), room=2**20, statistics="thumbnail"), photo)

    assert 2 * 600 <= photo.count < 2.5 * 600  # for the thumbnail, and once for the strips


def test_a_thumbnail_is_the_mean_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "THUMBNAIL_PX", 50 * 50)
    photo = Counting(noise(3, 300, 133))  # 4 x 4 px become one

    thumbnail = room._shrink(photo)

    assert thumbnail.shape == (3, 75, 34)
    assert photo.count == 300
    assert torch.allclose(thumbnail[:, 0, 0], photo.values[:, :4, :4].mean((1, 2)))
    assert torch.allclose(thumbnail[:, 74, 33], photo.values[:, 296:, 132:].mean((1, 2)))


def test_a_thumbnail_is_read_a_row_of_blocks_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "THUMBNAIL_PX", 50 * 50)
    asked: list[int] = []

    class Asked(Values):
        def read(self, top: int, bottom: int) -> Tensor:
            asked.append(bottom - top)
            return super().read(top, bottom)

    room._shrink(Asked(noise(3, 302, 133)))

    assert set(asked) == {5, 2}


def test_threads_take_turns_for_the_memory_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, 0
    forward = ResNetGenerator.forward

    def count(generator: ResNetGenerator, photo: Tensor) -> Tensor:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        inside -= 1
        return forward(generator, photo)

    monkeypatch.setattr(ResNetGenerator, "forward", count)
    engine = engine_of(resnet())

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda seed: run(engine, floats(3, 8, 8, seed=seed)), range(8)))

    assert most == 1


def test_a_photo_as_small_as_a_thumbnail_is_its_own() -> None:
    photo = floats(3, 40, 30)

    assert torch.equal(room._shrink(photo), photo.values)


def test_the_generator_is_not_changed_by_what_is_run() -> None:
    engine = engine_of(resnet(), room=NO_ROOM, usual=torch.bfloat16)
    before = copy.deepcopy(engine._generator.state_dict())

    for picture in (samples(20, 90), floats(3, 20, 90), floats(3, 90, 20)):
        engine.run([picture], 0, 0)

    assert all(torch.equal(value, before[n]) for n, value in engine._generator.state_dict().items())


@pytest.mark.slow
def test_compiled_the_result_is_the_same() -> None:
    generator, photo = resnet(), floats(3, 40, 32)

    engine = engine_of(copy.deepcopy(generator), is_compiled=True)

    assert gap(run(engine, photo)[0], expected(generator, photo.values)) < 1e-4


@pytest.mark.slow
def test_without_a_compiler_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config.cpp, "cxx", (str(tmp_path / "no-compiler"),))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch.compiler.reset()
    engine = engine_of(resnet(blocks=1), is_compiled=True)

    with pytest.raises(TranslateError, match=r"could not be compiled here \(.*Install a C\+\+"):
        run(engine, floats(3, 48, 48))
