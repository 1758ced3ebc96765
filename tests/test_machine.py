import mmap
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import torch

from tests.process_toys import until
from translate import machine

GIB = 2**30


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as Linux shows it to who is in a container; the machine has 64 GiB free."""
    monkeypatch.setattr(machine, "CGROUP", tmp_path)

    class Free:
        available = 64 * GIB

    monkeypatch.setattr(psutil, "virtual_memory", Free)
    return tmp_path


def write(container: Path, **files: object) -> None:
    for name, content in files.items():
        (container / f"memory.{name}").write_text(f"{content}\n")


def test_without_a_container_all_that_is_free_is_available(container: Path) -> None:
    assert machine.available_memory() == 64 * GIB


def test_a_container_without_limit_allows_all_that_is_free(container: Path) -> None:
    write(container, max="max", current=GIB)

    assert machine.available_memory() == 64 * GIB


def test_a_containers_limit_less_what_is_taken_is_available(container: Path) -> None:
    write(container, max=8 * GIB, current=3 * GIB)

    assert machine.available_memory() == 5 * GIB


def test_files_that_were_read_are_given_up_for_whoever_asks(container: Path) -> None:
    stat = f"anon {GIB}\nfile {6 * GIB}\ninactive_file {4 * GIB}\nactive_file {GIB}\nshmem {GIB}"
    write(container, max=8 * GIB, current=7 * GIB, stat=stat)

    assert machine.available_memory() == 6 * GIB


def test_a_container_that_took_more_than_its_limit_has_nothing_left(container: Path) -> None:
    write(container, max=GIB, current=2 * GIB)

    assert machine.available_memory() == 0


def test_a_container_cannot_have_more_than_the_machine(container: Path) -> None:
    write(container, max=900 * GIB, current=0)

    assert machine.available_memory() == 64 * GIB


def test_an_unreadable_folder_is_no_limit(container: Path) -> None:
    write(container, max="much", current=0)

    assert machine.available_memory() == 64 * GIB


def test_this_process_is_in_memory_and_grows_with_what_it_takes() -> None:
    before = machine.resident_memory()

    # Pages that nobody had before: what an earlier test gave up may lie ready in the heap.
    with mmap.mmap(-1, 2**26) as taken:
        taken.write(b"x" * 2**26)
        assert 2**20 < before < machine.resident_memory() - 2**25


def test_cores_that_may_not_be_used_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    assert machine.usable_cores() == 3

    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert machine.usable_cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.usable_cores() == 1


@pytest.mark.parametrize(
    ("capabilities", "has_bf16"),
    [
        ({"avx2": True}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True, "avx512_bf16": False}, True),
        ({"bf16": True}, True),
        ({"avx512_bf16": False}, False),
        ({"avx512_bf16": True, "avx512_fp16": True, "amx_bf16": False}, False),
        ({"avx512_bf16": True, "avx512_fp16": True, "amx_bf16": True}, True),
    ],
)
def test_a_cpu_has_bf16_where_it_is_faster_than_float32(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], has_bf16: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)

    assert machine.cpu_has_bf16() == has_bf16


def test_a_torch_that_cannot_tell_is_taken_for_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)

    assert not machine.cpu_has_bf16()


@pytest.mark.gpu
def test_a_gpu_from_ampere_on_has_bf16() -> None:
    assert machine.gpu_has_bf16() == (torch.cuda.get_device_capability()[0] >= 8)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do so by themselves")
def test_freed_memory_goes_back_to_the_system() -> None:
    pieces = [bytearray(b"x" * 100_000) for _ in range(2000)]  # 200 MB that the heap holds
    held = machine.resident_memory()

    del pieces
    machine.give_back_memory()

    assert machine.resident_memory() < held - 150e6


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_a_thread_steps_back_alone() -> None:
    with ThreadPoolExecutor(1, initializer=machine.step_back) as threads:
        there = threads.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    assert there.result() == machine.BEHIND
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < machine.BEHIND


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux offers it")
def test_a_process_can_end_with_the_one_that_started_it() -> None:
    child = "import os, time; from translate.machine import end_with_parent; "
    child += "end_with_parent('SIGKILL'); print(os.getpid(), flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    number = int(process.stdout.readline())

    process.kill()
    process.wait()

    assert process.stdout.read() == ""  # the pipe is closed when the child is gone, too

    def is_gone() -> bool:
        return not psutil.pid_exists(number) or psutil.Process(number).status() == "zombie"

    assert until(is_gone)  # a process closes its files a little before it ends


def test_what_can_be_computed_again_lies_where_the_system_keeps_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    places = {"linux": ".cache", "darwin": "Library/Caches", "win32": "Local"}
    for system, folder in places.items():
        monkeypatch.setattr(sys, "platform", system)
        assert machine.cache_file("x") == tmp_path / folder / "photo-translate" / "x"
    monkeypatch.delenv("LOCALAPPDATA")
    assert machine.cache_file("x") is None

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert machine.cache_file("x") == tmp_path / "own" / "photo-translate" / "x"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert machine.cache_file("x") == tmp_path / ".cache" / "photo-translate" / "x"
