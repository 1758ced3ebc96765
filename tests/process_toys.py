"""Two processes that act as one run: real ones, and one that believes that it has company."""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.multiprocessing.spawn import spawn

PATIENCE = timedelta(seconds=60)  # one that waits for the other in vain fails, and the test with it

Results = dict[str, Tensor]


def on_two_processes(function: Callable[..., Results], *arguments: Any) -> list[Results]:
    """Call a top-level function in two CPU processes; return their results, by their numbers.

    They find each other through a file: a free port could be taken before they use it. To start
    them costs seconds, most of them for imports, so ask for much at once.
    """
    with tempfile.TemporaryDirectory() as folder:
        spawn(_take_part, (Path(folder), function, arguments), nprocs=2)
        return [torch.load(_file(Path(folder), process)) for process in range(2)]


def _take_part(
    process: int, folder: Path, function: Callable[..., Results], arguments: tuple[Any, ...]
) -> None:
    torch.set_num_threads(1)
    meeting = f"file://{folder / 'meeting'}"
    dist.init_process_group("gloo", meeting, rank=process, world_size=2, timeout=PATIENCE)
    try:
        torch.save(function(*arguments), _file(folder, process))
        dist.barrier()  # who has ended can no longer be heard
    finally:
        dist.destroy_process_group()


def _file(folder: Path, process: int) -> Path:
    return folder / f"{process}.pt"


def pretend_company(monkeypatch: pytest.MonkeyPatch, process: int, processes: int = 2) -> None:
    """Let this process think that it is one of many. There are none: to wait for them raises."""
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    monkeypatch.setattr(dist, "get_world_size", lambda: processes)
    monkeypatch.setattr(dist, "get_rank", lambda: process)


def until(is_so: Callable[[], object]) -> bool:
    """Wait for something that other threads do; False: it did not come about."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if is_so():
            return True
        time.sleep(0.01)
    return False
