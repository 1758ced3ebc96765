"""What an engine does when memory runs out, and how much it believes to need."""

import copy
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.engine_toys import Spy, engine_of, floats, run
from tests.strip_toys import gap, in_strips, ready, resnet
from translate.errors import TranslateError
from translate.inference import engine as room
from translate.inference.engine import LAYERS_AT_ONCE, LEAST_ROOM
from translate.inference.modes import drawing
from translate.inference.strips import UnstreamableError
from translate.networks import ResNetGenerator


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    return Spy(monkeypatch)


def test_as_many_photos_share_a_call_as_fit_into_memory(spy: Spy) -> None:
    fitting = LAYERS_AT_ONCE * 4 * 4 * 32 * 32

    engine = engine_of(resnet(), room=fitting * 5 // 2)
    run(engine, *(floats(3, 32, 32, seed=i) for i in range(5)))

    assert [shape[0] for shape in spy.whole] == [2, 2, 1]


LINUX = "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried"
RAN_OUT = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError(LINUX),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 2 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB)"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    MemoryError("Unable to allocate 2.00 GiB for an array"),
]


def run_out_above(monkeypatch: pytest.MonkeyPatch, pixels: int, error: BaseException) -> None:
    monkeypatch.setattr(room, "LEAST_ROOM", 2**14)  # these networks are small
    forward = ResNetGenerator.forward

    def limited(generator: ResNetGenerator, photo: Tensor) -> Tensor:
        if photo[:, 0].numel() > pixels:
            raise error
        return forward(generator, photo)

    monkeypatch.setattr(ResNetGenerator, "forward", limited)


@pytest.mark.parametrize("error", RAN_OUT, ids=lambda error: str(error)[:12])
def test_out_of_memory_steps_down_to_strips_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    generator = resnet()
    run_out_above(monkeypatch, 32 * 32, error)
    engine = engine_of(copy.deepcopy(generator), room=2**30)

    with caplog.at_level(logging.WARNING):
        for seed, shape in enumerate([(3, 60, 44), (3, 64, 64), (3, 60, 44)]):
            photo = floats(*shape, seed=seed)
            by_strips = in_strips(ready(generator), photo.values)
            assert gap(run(engine, photo)[0], by_strips) < 1e-4

    told = (
        "Memory ran out at 44 x 60 px; from then on less was used, in smaller pieces. "
        "max_memory sets a limit beforehand."
    )
    assert engine.remarks == [told]
    assert [record.getMessage() for record in caplog.records] == [told]


def test_out_of_memory_makes_batches_smaller_before_photos_go_in_strips(
    monkeypatch: pytest.MonkeyPatch, spy: Spy
) -> None:
    run_out_above(monkeypatch, 2 * 32 * 32, RAN_OUT[0])
    fitting = LAYERS_AT_ONCE * 4 * 4 * 32 * 32

    run(engine_of(resnet(), room=8 * fitting), *(floats(3, 32, 32, seed=i) for i in range(4)))

    assert [shape[0] for shape in spy.whole] == [2, 2]
    assert spy.streamed == []


def test_memory_that_suffices_for_nothing_is_told_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: Any) -> Any:
        raise RAN_OUT[1]

    monkeypatch.setattr(ResNetGenerator, "forward", never)
    monkeypatch.setattr(room, "stream", never)
    engine = engine_of(resnet(), room=2**40)

    with pytest.raises(TranslateError) as caught:
        run(engine, floats(3, 20, 30))

    assert str(caught.value) == (
        f"Memory does not suffice for a photo of 30 x 20 px ({LINUX}). Close other programs, or "
        "choose another device."
    )
    assert caught.value.__cause__ is RAN_OUT[1]
    assert engine._room == engine._usual_room > LEAST_ROOM  # the next one may be smaller


@pytest.mark.parametrize("error", [RuntimeError("size mismatch"), ValueError("a bug")])
def test_other_errors_are_nobodys_lack_of_memory(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    run_out_above(monkeypatch, 0, error)
    engine = engine_of(resnet())

    with pytest.raises(type(error), match=str(error)):
        run(engine, floats(3, 20, 30))
    assert engine.remarks == []


MEASURE = """
import json, sys, torch
from translate.inference.engine import LAYERS_AT_ONCE
from translate.inference.modes import apply_mode
from translate.inference.strips import values_per_pixel
from translate.networks import GENERATORS
name, arguments, numbers = json.loads(sys.argv[1])
numbers = getattr(torch, numbers)
generator = GENERATORS[name](**arguments).to(numbers)
apply_mode(generator, "deterministic")
# Not `ru_maxrss`, which begins with that of the process that started this one.
peak = lambda: int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) * 1024
with torch.inference_mode():
    generator(torch.zeros(1, 3, 256, 256, dtype=numbers))
    before, photo = peak(), torch.rand(1, 3, 1024, 1024).to(numbers)
    generator(photo)
estimate = LAYERS_AT_ONCE * values_per_pixel(generator) * numbers.itemsize * 1024 * 1024
print((peak() - before) / estimate)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of memory")
@pytest.mark.parametrize("numbers", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("resnet", {}),
        ("resnet", {"norm": "batch"}),
        ("resnet", {"upsample": "resize"}),
        ("resnet", {"upsample": "blur", "downsample": "blur"}),
        ("unet", {}),
        ("unet", {"depth": 5, "norm": "instance", "upsample": "resize"}),
    ],
)
def test_a_whole_photo_takes_less_memory_than_estimated(
    name: str, arguments: dict[str, Any], numbers: str
) -> None:
    small = {"base_channels": 32} | ({"blocks": 2} if name == "resnet" else {})
    job = json.dumps([name, small | arguments, numbers])

    child = subprocess.run(
        [sys.executable, "-c", MEASURE, job], check=False, capture_output=True, text=True
    )

    assert child.returncode == 0, child.stderr
    assert 0.3 < float(child.stdout) < 1  # nor is a photo sent in strips that would fit twice


@pytest.mark.gpu
def test_out_of_memory_of_a_gpu_steps_down_by_itself() -> None:
    generator, photo = resnet(base_channels=64, blocks=3), floats(3, 2000, 1500)
    with torch.inference_mode(), drawing(3, 1):
        exact = ready(generator).cuda()(photo.values[None].cuda())[0].cpu()
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(2**30 / total)
    try:
        engine = engine_of(generator, device=torch.device("cuda"), max_memory=2**36)
        found = run(engine, photo)[0]
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)

    assert len(engine.remarks) == 1
    assert gap(found, exact) < 1e-2


def test_a_generator_that_cannot_be_run_in_strips_can_still_be_run_whole() -> None:
    generator = resnet()
    generator.layers.append(torch.nn.Softmax2d())  # of which nobody said how far it sees

    translated = run(engine_of(generator, room=2**30), floats(3, 24, 20))

    assert len(translated) == 1
    with pytest.raises(UnstreamableError, match="Softmax2d"):
        run(engine_of(generator, room=1000), floats(3, 24, 20))
