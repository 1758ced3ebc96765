"""What this machine offers: cores, memory, number formats."""

import ctypes
import os
import signal
import sys
import threading
from pathlib import Path

import psutil

BEHIND = 15  # on a scale that goes from -20, first, to 19, last
PR_SET_PDEATHSIG = 1  # in <sys/prctl.h>
CGROUP = Path("/sys/fs/cgroup")  # what a container may use, where Linux tells


def usable_cores() -> int:
    """Count the cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def available_memory() -> int:
    """Tell how many bytes could be taken now without others having to give any up."""
    free: int = psutil.virtual_memory().available
    return min(free, _left_in_container())


def resident_memory() -> int:
    """Tell how many bytes this process has in memory."""
    resident: int = psutil.Process().memory_info().rss
    return resident


def cache_file(name: str) -> Path | None:
    """Name a file for what can be computed again, where this system keeps such; None: nowhere."""
    local, xdg = os.environ.get("LOCALAPPDATA"), os.environ.get("XDG_CACHE_HOME")
    place: Path | None
    if sys.platform == "win32":
        place = Path(local) if local else None
    elif xdg and Path(xdg).is_absolute():  # the standard says to pass over others
        place = Path(xdg)
    else:
        home = Path("~").expanduser()
        usual = home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"
        place = usual if home.is_dir() else None
    return place / "photo-translate" / name if place else None


def step_back() -> None:
    """Let the threads that compute go before this one, which fills the gaps they leave.

    A network's threads wait for each other: to interrupt one of them stops them all. Only Linux
    knows threads of different priority.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BEHIND)


def end_with_parent(name: str) -> None:
    """Send this process a signal, by its name, when the one that started it ends: on Linux.

    The thread that started it counts as its parent, so that thread must last.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.Signals[name])


def give_back_memory() -> None:
    """Return to the system what was freed: Linux's C library keeps it, in case it is needed again.

    After a large photo that is gigabytes, which the next thing would come on top of.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def _left_in_container() -> int:
    try:
        limit = int((CGROUP / "memory.max").read_text())
        taken = int((CGROUP / "memory.current").read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return 2**63
    return max(0, limit - taken + _cached_in_container())


def _cached_in_container() -> int:
    """Files that were read count as taken, but the system gives them up for whoever asks."""
    try:
        lines = (CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    counts = dict(line.split() for line in lines)
    return sum(int(counts.get(kind, 0)) for kind in ("active_file", "inactive_file"))


def gpu_has_bf16() -> bool:
    """Say whether the GPU multiplies bfloat16 in hardware."""
    import torch  # noqa: PLC0415 - who asks for cores alone need not wait for it

    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def cpu_has_bf16() -> bool:
    """Say whether this CPU multiplies bfloat16 faster than float32; without knowing, say no.

    Intel's processors since 2023, which are told by their float16, do so in their matrix units
    (AMX) alone. Virtual machines often hide these, and what is left takes 1.3 times as long as
    float32 through a whole ResNet, and as long again in a convolution by itself.
    """
    import torch  # noqa: PLC0415

    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    if capabilities.get("avx512_fp16", False):
        return capabilities.get("amx_bf16", False)
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))
