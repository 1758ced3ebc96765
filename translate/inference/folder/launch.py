"""What a launcher, `accelerate launch` or `torchrun`, told this process of its place."""

import os

import torch

from translate.machine import usable_cores

MOST_THREADS = 8  # beyond it one Python cannot hand photos on any faster
ON_CPU = 2  # the network takes the rest


def is_one_of_several() -> bool:
    """Say whether this process was started beside others."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def own_device() -> str | None:
    """Name this process's GPU where one process was started for each; else None."""
    if "LOCAL_RANK" in os.environ and torch.cuda.is_available():
        return f"cuda:{int(os.environ['LOCAL_RANK']) % torch.cuda.device_count()}"
    return None


def take_share_of_cores() -> None:
    """Let PyTorch use this process's part of the cores: launchers leave it a single one."""
    if {"LOCAL_WORLD_SIZE", "ACCELERATE_MIXED_PRECISION"} & os.environ.keys():
        torch.set_num_threads(_own_cores())


def fitting_threads(device: torch.device) -> int:
    """Choose how many threads open photos, and how many write, beside a device that translates."""
    return ON_CPU if device.type == "cpu" else max(ON_CPU, min(MOST_THREADS, _own_cores() // 2))


def _own_cores() -> int:
    return max(1, usable_cores() // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))
