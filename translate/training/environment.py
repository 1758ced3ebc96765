"""On what a run was trained: versions and machine, noted at each start.

Nothing in it tells who trained, or where files lie: it is read by whoever is given the run.
"""

import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import torch
from accelerate import Accelerator

from translate.machine import usable_cores
from translate.training.run_folder import writing
from translate.version import __version__

ENVIRONMENT = "environment.json"
PACKAGES = ("torch", "accelerate", "torchvision", "numpy", "pillow", "albumentations", "kornia")
CPU_FACTS = Path("/proc/cpuinfo")  # where Linux tells what the processor is called


def note_environment(
    folder: Path, accelerator: Accelerator, step: int, photos: Mapping[str, int | str]
) -> None:
    """Add this start of a run to what its folder remembers of earlier ones.

    Args:
        step: After which the run goes on; 0: it begins.
        photos: What it learns from, in numbers and words.

    Raises:
        TrainingError: The file cannot be written.
    """
    file = folder / ENVIRONMENT
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    start = {"after_step": step, "at": begun, **describe_environment(accelerator)}
    starts = [*read_environment(file).get("starts", []), start]
    temporary = file.with_suffix(".tmp")
    with writing(file):
        temporary.write_text(
            json.dumps({"photos": dict(photos), "starts": starts}, indent=2) + "\n",
            encoding="utf-8",
        )
        temporary.replace(file)


def describe_environment(accelerator: Accelerator) -> dict[str, Any]:
    """Say with which versions, on which machine and in which numbers a run computes."""
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "photo-translate": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "cpu": _processor(),
        "cores": usable_cores(),
        "threads": torch.get_num_threads(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpus": gpus,
        "device": str(accelerator.device.type),
        "processes": accelerator.num_processes,
        "precision": str(accelerator.mixed_precision),
    }


def read_environment(file: Path) -> dict[str, Any]:
    """Read what was noted; nothing of a file that is missing or is none of ours."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict) or not isinstance(values.get("starts"), list):
        return {}
    return values


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _processor() -> str:
    """Name the processor as its maker does, where the system tells."""
    try:
        lines = CPU_FACTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
