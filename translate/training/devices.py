"""Where a run computes, and with which numbers: Accelerate set up for games of two optimizers."""

import os
from datetime import timedelta
from typing import get_args

import torch
from accelerate import Accelerator
from accelerate.tracking import get_available_trackers
from accelerate.utils import (
    DistributedDataParallelKwargs,
    GradScalerKwargs,
    InitProcessGroupKwargs,
    LoggerType,
    parse_flag_from_env,
)

from translate.errors import ConfigError
from translate.machine import cpu_has_bf16, gpu_has_bf16, usable_cores
from translate.training.settings import Precision, TrainingSettings

# While process 0 measures and draws, the others wait in a collective operation. That one of them is
# gone is noticed by `Companions`, long before.
PATIENCE = timedelta(hours=12)


def make_accelerator(settings: TrainingSettings) -> Accelerator:
    """Set up Accelerate for this process.

    Raises:
        ConfigError: The precision or a tracker cannot be had on this machine, or processes that
            were started together would not know of each other.
    """
    _check_trackers(settings.trackers)
    companions = int(os.environ.get("WORLD_SIZE", "1"))
    accelerator = Accelerator(
        # Without a word of it, Accelerate would let each of several processes train for itself.
        cpu=(companions > 1 and not _has_accelerator()) or None,
        mixed_precision=resolve_precision(settings.precision),
        gradient_accumulation_steps=settings.accumulate_steps,
        log_with=list(settings.trackers) or None,
        project_dir=".",  # trackers want one now; the trainer sets the run's folder
        kwargs_handlers=[
            # Batch norm that runs twice before one backward fails under DDP with buffers broadcast.
            DistributedDataParallelKwargs(broadcast_buffers=False, gradient_as_bucket_view=True),
            GradScalerKwargs(enabled=False),  # every phase has one of its own
            InitProcessGroupKwargs(timeout=PATIENCE),
        ],
    )
    if accelerator.num_processes != companions:
        raise ConfigError(
            f"{companions} processes were started together, but Accelerate sees "
            f"{accelerator.num_processes}: each would train for itself. Start one process for "
            "each GPU; on CPUs set ACCELERATE_USE_CPU=true."
        )
    if accelerator.device.type == "cpu":
        # `accelerate launch` without a config file allows one thread only, on any machine.
        local = int(os.environ.get("LOCAL_WORLD_SIZE", accelerator.num_processes))
        torch.set_num_threads(settings.threads or max(1, usable_cores() // local))
    return accelerator


def _has_accelerator() -> bool:
    """Say whether there is anything but CPUs to compute on."""
    return torch.accelerator.is_available()


def _check_trackers(trackers: tuple[str, ...]) -> None:
    """Refuse what Accelerate would drop with a warning: a night's log is lost that way."""
    known = {str(tracker) for tracker in LoggerType if tracker != LoggerType.ALL}
    installed = {str(tracker) for tracker in get_available_trackers()}
    for tracker in trackers:
        if tracker not in known:
            raise ConfigError(
                f"training.trackers: there is no tracker {tracker!r}. "
                f"Choose among: {', '.join(sorted(known))}."
            )
        if tracker not in installed:
            raise ConfigError(
                f"training.trackers: {tracker} is not installed. "
                f"Install it (pip install {tracker}) or leave it out."
            )


def resolve_precision(precision: Precision) -> str:
    """Turn "auto" into the fastest safe precision here, and refuse what cannot work.

    Raises:
        ConfigError: fp16 without a GPU, asked for here or by `accelerate launch`.
    """
    # `accelerate launch --cpu` leaves the machine's GPU alone.
    has_gpu = torch.cuda.is_available() and not parse_flag_from_env("ACCELERATE_USE_CPU")
    chosen: str = precision
    if precision == "auto":
        chosen = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
        if chosen == "no":
            chosen = "bf16" if (gpu_has_bf16() if has_gpu else cpu_has_bf16()) else "no"
    if chosen not in get_args(Precision):
        raise ConfigError(
            f"training.precision: accelerate launch asks for {chosen!r}, which is not supported. "
            "Use 'bf16', 'fp16' (on a GPU) or 'no'."
        )
    if chosen == "fp16" and not has_gpu:
        raise ConfigError(
            "training.precision: fp16 needs a GPU, and none was found: its small range needs loss "
            "scaling that CPUs do not offer. Use 'bf16' or 'no'."
        )
    return chosen
