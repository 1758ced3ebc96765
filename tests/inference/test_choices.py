from typing import Any

import pytest
import torch

from translate.errors import TranslateError
from translate.inference import choices as room
from translate.inference.choices import LEAST_MEMORY, USUAL_MEMORY, Choices, choose

GIB = 2**30


def choosing(**wishes: Any) -> Choices:
    usual: dict[str, Any] = {
        "device": "cpu",
        "precision": "auto",
        "is_compiled": False,
        "statistics": "exact",
        "max_memory": None,
    }
    return choose(**(usual | wishes))


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without bf16 and with 6 GiB to spare."""
    monkeypatch.setattr(room, "cpu_has_bf16", lambda: False)
    monkeypatch.setattr(room, "available_memory", lambda: 6 * GIB)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10 * GIB, 16 * GIB))
    monkeypatch.setattr(room, "gpu_has_bf16", lambda: True)


def test_auto_takes_bf16_where_the_cpu_multiplies_it_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "cpu_has_bf16", lambda: True)

    chosen = choosing()

    assert (chosen.usual, chosen.fine) == (torch.bfloat16, torch.float32)
    assert str(chosen) == (
        "cpu, bf16 (the CPU multiplies it in hardware; what has more than 8 bits, and label maps, "
        "in fp32), within "
        "3.0 GiB of memory"
    )


def test_auto_takes_fp32_where_nothing_shorter_is_faster() -> None:
    chosen = choosing()

    assert (chosen.usual, chosen.fine) == (torch.float32, torch.float32)
    assert str(chosen) == "cpu, fp32 (nothing shorter is faster here), within 3.0 GiB of memory"


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(("has_bf16", "name"), [(True, "bf16"), (False, "fp16")])
def test_auto_takes_bf16_on_a_gpu_and_fp16_on_an_old_one(
    monkeypatch: pytest.MonkeyPatch, has_bf16: bool, name: str
) -> None:
    monkeypatch.setattr(room, "gpu_has_bf16", lambda: has_bf16)

    chosen = choosing(device=None)

    assert chosen.device == torch.device("cuda")
    assert str(chosen).startswith(f"cuda, {name} (the GPU ")
    assert chosen.fine == torch.float32


@pytest.mark.parametrize(("name", "numbers"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_what_was_asked_for_holds_for_photos_of_any_depth(name: str, numbers: torch.dtype) -> None:
    chosen = choosing(precision=name, is_compiled=True)

    assert (chosen.precision, chosen.usual, chosen.fine) == (name, numbers, numbers)
    assert str(chosen) == f"cpu, {name} (as asked for), compiled, within 3.0 GiB of memory"


@pytest.mark.usefixtures("gpu")
def test_fp16_may_be_asked_for_on_a_gpu() -> None:
    assert choosing(device="cuda", precision="fp16").usual == torch.float16


def test_fp16_on_a_cpu_is_refused_with_the_reason() -> None:
    with pytest.raises(TranslateError) as caught:
        choosing(precision="fp16")

    assert str(caught.value) == (
        "fp16 needs a GPU: CPUs compute it more slowly than fp32. Choose bf16, fp32 or auto."
    )


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (
            {"precision": "fp8"},
            "There is no precision 'fp8'. Choose one of auto, fp32, bf16, fp16.",
        ),
        (
            {"statistics": "guess"},
            "There is no statistics 'guess'. Choose one of exact, thumbnail.",
        ),
        (
            {"max_memory": 200 * 2**20},
            "200 MiB of memory are too few: the program itself takes almost half a GiB. Allow at "
            "least 1 GiB.",
        ),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(wish: dict[str, Any], told: str) -> None:
    with pytest.raises(TranslateError) as caught:
        choosing(**wish)

    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("free", "taken"),
    [(6 * GIB, 3 * GIB), (64 * GIB, USUAL_MEMORY), (GIB, LEAST_MEMORY), (0, LEAST_MEMORY)],
)
def test_of_a_cpus_memory_half_of_what_is_free_is_taken_within_bounds(
    monkeypatch: pytest.MonkeyPatch, free: int, taken: int
) -> None:
    monkeypatch.setattr(room, "available_memory", lambda: free)

    assert choosing().max_memory == taken


@pytest.mark.usefixtures("gpu")
def test_of_a_gpus_memory_four_fifths_of_what_is_free_are_taken() -> None:
    assert choosing(device="cuda").max_memory == 8 * GIB


def test_memory_that_is_allowed_is_not_second_guessed() -> None:
    assert choosing(max_memory=LEAST_MEMORY).max_memory == LEAST_MEMORY
    assert choosing(max_memory=100 * GIB).max_memory == 100 * GIB


@pytest.mark.gpu
def test_on_a_gpu_auto_picks_what_it_multiplies_in_hardware() -> None:
    chosen = choosing(device="cuda")

    major = torch.cuda.get_device_capability()[0]
    assert chosen.usual == (torch.bfloat16 if major >= 8 else torch.float16)
