import pytest
import torch

from translate.inference.folder import launch


@pytest.fixture(autouse=True)
def _sixteen_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "usable_cores", lambda: 16)


@pytest.mark.parametrize(
    ("device", "processes", "threads"), [("cpu", 1, 2), ("cuda", 1, 8), ("cuda", 4, 2)]
)
def test_threads_beside_a_device_are_a_part_of_the_cores(
    monkeypatch: pytest.MonkeyPatch, device: str, processes: int, threads: int
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))

    assert launch.fitting_threads(torch.device(device)) == threads


def test_launched_processes_part_the_cores_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)

    launch.take_share_of_cores()
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    launch.take_share_of_cores()

    assert chosen == [4]


def test_each_process_of_a_machine_takes_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    assert launch.own_device() is None
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert launch.own_device() == "cuda:1"
