"""The translator over time: streams, threads, memory, and what it tells about itself."""

import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.strip_toys import gap, lively, noise
from translate.bundle import Bundle, save_bundle
from translate.errors import DataError, TranslateError
from translate.inference import choices
from translate.inference.prefetching import MOST_AHEAD
from translate.inference.translator import Translator
from translate.networks import ResNetGenerator


@pytest.fixture
def opened(bundle: Bundle) -> Translator:
    return Translator(bundle, device="cpu", precision="fp32")


def test_as_a_context_manager_it_gives_its_memory_back_at_the_end(bundle: Bundle) -> None:
    with Translator(bundle, device="cpu") as translator:
        before = translator(noise(3, 8, 8))
        assert translator._engine is not None
        engine = weakref.ref(translator._engine)

    gc.collect()
    assert engine() is None
    assert torch.equal(Translator(bundle, device="cpu")(noise(3, 8, 8)), before)


@pytest.mark.parametrize("use", ["call", "stream", "outcomes", "remarks"])
def test_a_closed_translator_says_so(opened: Translator, use: str) -> None:
    opened.close()
    opened.close()  # once more is no harm

    uses = {
        "call": lambda: opened(noise(3, 8, 8)),
        "stream": lambda: next(opened.stream([noise(3, 8, 8)])),
        "outcomes": lambda: opened.outcomes([noise(3, 8, 8)]),
        "remarks": lambda: opened.remarks,
    }
    with pytest.raises(TranslateError) as caught:
        uses[use]()

    assert str(caught.value) == "This translator was closed. Open the bundle again."


def test_an_error_inside_closes_it_and_goes_on(bundle: Bundle) -> None:
    with pytest.raises(ZeroDivisionError), Translator(bundle, device="cpu") as translator:
        1 / 0  # noqa: B018

    with pytest.raises(TranslateError, match="was closed"):
        translator(noise(3, 8, 8))


def test_what_is_under_way_is_finished_though_the_translator_was_closed(
    opened: Translator,
) -> None:
    photos = [noise(3, 8, 8 + i) for i in range(12)]
    expected = opened(photos)
    results = opened.stream(photos)

    first = next(results)
    opened.close()

    found = [first, *results]
    assert all(torch.equal(f, e) for f, e in zip(found, expected, strict=True))


def test_a_stream_keeps_order_and_takes_in_no_more_than_a_few_photos(opened: Translator) -> None:
    photos = [noise(3, 200 + i % 3, 333, seed=i) for i in range(30)]
    pulled: list[int] = []

    def source() -> Iterator[torch.Tensor]:
        for i, photo in enumerate(photos):
            pulled.append(i)
            yield photo

    results = opened.stream(source())
    assert pulled == []
    for i, result in enumerate(results):
        assert len(pulled) <= i + 4 + MOST_AHEAD + 1  # 4 photos of this size wait for their like
        assert gap(result, opened(photos[i])) < 1e-6
    assert len(pulled) == 30


def test_a_stream_may_be_endless(opened: Translator) -> None:
    def camera() -> Iterator[Any]:
        number = 0
        while True:
            number += 1
            yield np.full((8, 8, 3), number % 256, np.uint8)

    frames = opened.stream(camera())

    assert [next(frames).shape for _ in range(300)] == [(8, 8, 3)] * 300
    frames.close()  # type: ignore[attr-defined]


def test_photos_of_all_kinds_share_a_stream_and_come_back_as_they_came(
    opened: Translator, tmp_path: Path
) -> None:
    Image.new("RGB", (9, 6), "red").save(tmp_path / "photo.png")
    photos = [
        tmp_path / "photo.png",
        np.zeros((6, 9, 3), np.uint8),
        noise(2, 3, 6, 9),
        Image.new("RGBA", (9, 6)),
        np.zeros((2, 6, 9, 3), np.uint16),
    ]

    path, array, stack, image, deep = opened.stream(photos, batch_size=3)

    assert (path.mode, path.size) == ("RGB", (9, 6))
    assert (array.shape, array.dtype) == ((6, 9, 3), np.uint8)
    assert stack.shape == (2, 3, 6, 9)
    assert (image.mode, image.size) == ("RGBA", (9, 6))
    assert (deep.shape, deep.dtype) == ((2, 6, 9, 3), np.uint16)


def test_an_error_of_a_stream_comes_when_the_photos_turn_has_come(opened: Translator) -> None:
    results = opened.stream([noise(3, 8, 8), noise(3, 8, 9), "missing.png", noise(3, 8, 8)])

    assert next(results).shape == (3, 8, 8)
    assert next(results).shape == (3, 8, 9)
    with pytest.raises(DataError, match=r"missing\.png"):
        next(results)


def test_outcomes_give_errors_in_place_of_translations(opened: Translator) -> None:
    foreign = DataError("from elsewhere")

    good, missing, bad, other, last = opened.outcomes(
        [noise(3, 8, 8), "missing.png", noise(3, 8, 8) * 255, foreign, noise(3, 8, 8)]
    )

    assert torch.equal(good, last)
    assert isinstance(missing, DataError)
    assert isinstance(bad, TranslateError)
    assert other is foreign


@pytest.mark.parametrize("size", [0, -3])
def test_a_batch_of_no_photos_is_refused(opened: Translator, size: int) -> None:
    with pytest.raises(TranslateError, match=f"a batch of at least 1 photo, got {size}"):
        list(opened.stream([noise(3, 8, 8)], batch_size=size))


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_eight_threads_with_photos_of_any_size_get_what_one_gets(
    bundle: Bundle, direction: str
) -> None:
    translator = Translator(bundle, direction, "cpu")
    assert translator._engine is not None
    translator._engine._room = 2**16  # some whole, some in strips
    photos = [noise(3, 8 + 13 * (i % 7), 100 - 11 * (i % 5), seed=i) for i in range(40)]
    expected = [translator(photo) for photo in photos]
    start = threading.Barrier(8)

    def work(i: int) -> list[torch.Tensor]:
        start.wait()
        return list(translator.stream(photos[i::8]))

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, range(8)))

    for i, found in enumerate(together):
        assert all(gap(f, e) < 1e-5 for f, e in zip(found, expected[i::8], strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("room", [2**40, 2**14])
def test_tensors_come_back_in_their_dtype_and_may_take_part_in_gradients(
    opened: Translator, dtype: torch.dtype, room: int
) -> None:
    assert opened._engine is not None
    opened._engine._room = room
    photo = noise(3, 40, 30).to(dtype).requires_grad_()
    scale = torch.ones((), dtype=dtype, requires_grad=True)

    result = opened(photo)
    (result * scale).sum().backward()

    assert (result.dtype, result.device, result.requires_grad) == (dtype, photo.device, False)
    assert scale.grad is not None
    assert photo.grad is None  # it is for inference


@pytest.mark.parametrize("room", [2**40, 2**14])
def test_sixteen_bits_are_computed_finely_though_eight_are_not(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """Bits below 1/256 survive: bfloat16 has none of them."""
    monkeypatch.setattr(choices, "cpu_has_bf16", lambda: True)
    network = ResNetGenerator(base_channels=4, blocks=1)
    lively(network)
    bundle = Bundle("cyclegan", {"a": "x", "b": "y"}, {"a_to_b": network}, training_side_px=64)
    auto, exact = (Translator(bundle, device="cpu", precision=p) for p in ("auto", "fp32"))
    for translator in (auto, exact):
        assert translator._engine is not None
        translator._engine._room = room
    pixels = np.random.default_rng(0).integers(0, 65536, (70, 40, 3), np.uint16)
    shallow = (pixels >> 8).astype(np.uint8)

    fine = auto(pixels).astype(int) - exact(pixels)
    coarse = auto(shallow).astype(int) - exact(shallow)

    assert np.abs(fine).max() <= 1
    assert 0 < np.abs(coarse).max() <= 16  # in bfloat16, and still the same photo
    assert len(np.unique(auto(pixels) % 256)) == 256


LARGE = """
import sys, torch
from translate.inference.translator import Translator
folder, memory, target = sys.argv[1:]
torch.set_num_threads(2)
photo = torch.rand(3, 2048, 2048, generator=torch.Generator().manual_seed(0)) * 2 - 1
translator = Translator.from_pretrained(
    folder, device="cpu", precision="fp32", max_memory=int(float(memory) * 2**30)
)
torch.save(translator(photo)[:, ::7, ::5].clone(), target)
print(int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of memory")
def test_four_megapixels_through_the_full_resnet_stay_within_the_memory_allowed(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    network = ResNetGenerator()
    lively(network)
    bundle = Bundle("cyclegan", {"a": "x", "b": "y"}, {"a_to_b": network}, training_side_px=256)
    save_bundle(bundle, tmp_path / "bundle")

    results, peaks = [], []
    for gibibytes in ("1.5", "12"):
        file = str(tmp_path / f"{gibibytes}.pt")
        child = subprocess.run(
            [sys.executable, "-c", LARGE, str(tmp_path / "bundle"), gibibytes, file],
            check=False,
            capture_output=True,
            text=True,
        )
        assert child.returncode == 0, child.stderr
        results.append(torch.load(file))
        peaks.append(float(child.stdout))

    assert peaks[0] < 1.6
    assert peaks[1] > 2  # that one was run whole
    assert gap(*results) < 1e-3


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_tensors_come_back_to_the_gpu_they_came_from(bundle: Bundle, precision: str) -> None:
    photo = noise(3, 30, 40)
    expected = Translator(bundle, device="cpu", precision="fp32")(photo)

    for device in ("cuda", "cpu"):
        result = Translator(bundle, device=device, precision=precision)(photo.cuda())
        assert result.device.type == "cuda"
        assert gap(result.cpu(), expected) < 1e-2


def test_what_came_before_an_error_of_the_callers_is_not_lost(translator: Translator) -> None:
    def photos() -> Iterator[Any]:
        yield from (np.full((16, 16, 3), i, np.uint8) for i in range(3))
        raise ValueError("the list ends here")

    stream = translator.stream(photos())

    assert len([next(stream) for _ in range(3)]) == 3
    with pytest.raises(ValueError, match="the list ends here"):
        next(stream)
