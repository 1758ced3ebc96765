"""Where a run computes, and with which numbers: Accelerate set up for games of two optimizers."""

import os

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from translate.errors import ConfigError
from translate.training.settings import Precision, TrainingSettings


def make_accelerator(settings: TrainingSettings) -> Accelerator:
    """Set up Accelerate for this process.

    Raises:
        ConfigError: The precision or a tracker cannot be had on this machine.
    """
    try:
        accelerator = Accelerator(
            mixed_precision=resolve_precision(settings.precision),
            gradient_accumulation_steps=settings.accumulate_steps,
            log_with=list(settings.trackers) or None,
            project_dir=".",  # trackers want one now; the trainer sets the run's folder
            # Batch norm that runs twice before one backward fails under DDP with buffers broadcast.
            kwargs_handlers=[DistributedDataParallelKwargs(broadcast_buffers=False)],
        )
    except ValueError as error:
        raise ConfigError(f"training.trackers: {error}") from error
    if accelerator.device.type == "cpu":
        # `accelerate launch` without a config file allows one thread only, on any machine.
        local = int(os.environ.get("LOCAL_WORLD_SIZE", accelerator.num_processes))
        torch.set_num_threads(settings.threads or max(1, usable_cores() // local))
    return accelerator


def resolve_precision(precision: Precision) -> str:
    """Turn "auto" into the fastest safe precision here, and refuse what cannot work.

    Raises:
        ConfigError: fp16 without a GPU.
    """
    has_gpu = torch.cuda.is_available()
    if precision == "fp16" and not has_gpu:
        raise ConfigError(
            "training.precision: fp16 needs a GPU, and none was found: its small range needs loss "
            "scaling that CPUs do not offer. Use 'bf16', 'no' or 'auto'."
        )
    if precision != "auto":
        return precision
    launched = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if launched != "no":
        return launched
    if has_gpu:
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "no"
    return "bf16" if cpu_has_bf16() else "no"


def cpu_has_bf16() -> bool:
    """Say whether this CPU multiplies bfloat16 in hardware; without knowing, say no."""
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def usable_cores() -> int:
    """Count the cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1
