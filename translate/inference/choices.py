"""Where and with which numbers a translator computes, and within how much memory."""

from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch

from translate.bundle import Bundle
from translate.errors import BundleError, TranslateError
from translate.machine import available_memory, cpu_has_bf16, gpu_has_bf16

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Statistics = Literal["exact", "thumbnail"]

NUMBERS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
USUAL_MEMORY = 4 * 2**30  # bytes; more makes nothing faster on a CPU
LEAST_MEMORY = 2**30  # PyTorch alone takes almost half of it


@dataclass(frozen=True)
class Choices:
    """What is settled before the first photo.

    Attributes:
        device: Where to compute.
        precision: As it was asked for.
        usual: The numbers for photos of 8 bits.
        fine: The numbers for what has more, and for labels to be given: with "auto" float32.
        is_compiled: Whether networks are compiled.
        statistics: Whose statistics normalise a photo that is too large to run whole.
        max_memory: Bytes: on a CPU for the whole process, on a GPU of its memory.
        reason: Why these numbers, in words.
    """

    device: torch.device
    precision: Precision
    usual: torch.dtype
    fine: torch.dtype
    is_compiled: bool
    statistics: Statistics
    max_memory: int
    reason: str

    def __str__(self) -> str:
        name = next(name for name, numbers in NUMBERS.items() if numbers == self.usual)
        compiled = ", compiled" if self.is_compiled else ""
        room = f"{self.max_memory / 2**30:.1f} GiB of memory"
        return f"{self.device}, {name} ({self.reason}){compiled}, within {room}"


def choose(
    device: str | torch.device | None,
    precision: str,
    is_compiled: bool,
    statistics: str,
    max_memory: int | None,
) -> Choices:
    """Settle what was left open, and refuse what this machine has not got.

    Raises:
        TranslateError: There is no such device, precision or kind of statistics here, or the
            memory would not even hold the program.
    """
    place = choose_device(device)
    for name, word, known in (
        ("precision", precision, Precision),
        ("statistics", statistics, Statistics),
    ):
        if word not in get_args(known):
            options = ", ".join(get_args(known))
            raise TranslateError(f"There is no {name} {word!r}. Choose one of {options}.")
    if max_memory is not None and max_memory < LEAST_MEMORY:
        raise TranslateError(
            f"{max_memory / 2**20:.0f} MiB of memory are too few: the program itself takes almost "
            f"half a GiB. Allow at least {LEAST_MEMORY / 2**30:.0f} GiB."
        )
    usual, reason = _choose_numbers(place, precision)
    return Choices(
        place,
        cast("Precision", precision),
        usual,
        torch.float32 if precision == "auto" else usual,
        is_compiled,
        cast("Statistics", statistics),
        _choose_memory(place) if max_memory is None else max_memory,
        reason,
    )


def choose_direction(bundle: Bundle, direction: str | None) -> str:
    """Settle the direction: the only one there is, or `a_to_b` of two.

    Raises:
        BundleError: The bundle has no such direction.
    """
    if direction is None:
        return "a_to_b" if "a_to_b" in bundle.generators else next(iter(bundle.generators))
    if direction not in bundle.generators:
        raise BundleError(
            f"The bundle has no direction {direction!r}. There is {bundle.describe_directions()}."
        )
    return direction


def _choose_numbers(device: torch.device, precision: str) -> tuple[torch.dtype, str]:
    if precision == "fp16" and device.type == "cpu":
        raise TranslateError(
            "fp16 needs a GPU: CPUs compute it more slowly than fp32. Choose bf16, fp32 or auto."
        )
    if precision != "auto":
        return NUMBERS[precision], "as asked for"
    finer = "what has more than 8 bits, and label maps, in fp32"
    if device.type == "cuda":
        if gpu_has_bf16():
            return torch.bfloat16, f"the GPU multiplies it in hardware; {finer}"
        return torch.float16, f"the GPU has no bf16; {finer}"
    if device.type == "cpu" and cpu_has_bf16():
        return torch.bfloat16, f"the CPU multiplies it in hardware; {finer}"
    return torch.float32, "nothing shorter is faster here"


def _choose_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return int(0.8 * torch.cuda.mem_get_info(device)[0])
    return max(LEAST_MEMORY, min(USUAL_MEMORY, available_memory() // 2))


def choose_device(device: str | torch.device | None) -> torch.device:
    """Settle where to compute; None: the fastest there is.

    Raises:
        TranslateError: This machine has no such device.
    """
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    counts = {kind: count for kind, count in {**counts, "cpu": 1}.items() if count}
    if device is None:
        return torch.device(next(iter(counts)))
    names = [f"{kind}:{i}" for kind, count in counts.items() for i in range(count)]
    if str(device) not in {*names, *counts}:
        there = ", ".join(name.removesuffix(":0") for name in names)
        raise TranslateError(f"This machine has no device '{device}'. Here there is {there}.")
    return torch.device(device)
