from types import SimpleNamespace

import pytest
import torch

from tests.toys import tiny_training
from translate.errors import ConfigError
from translate.training import devices


@pytest.fixture(autouse=True)
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("ACCELERATE_MIXED_PRECISION", raising=False)


def test_fp16_without_a_gpu_is_refused_with_the_reason() -> None:
    with pytest.raises(ConfigError, match=r"training\.precision: fp16 needs a GPU.*'bf16'"):
        devices.resolve_precision("fp16")


@pytest.mark.parametrize(("has_bf16", "precision"), [(True, "bf16"), (False, "no")])
def test_auto_takes_bf16_where_the_cpu_has_it(
    monkeypatch: pytest.MonkeyPatch, has_bf16: bool, precision: str
) -> None:
    monkeypatch.setattr(devices, "cpu_has_bf16", lambda: has_bf16)

    assert devices.resolve_precision("auto") == precision
    assert devices.resolve_precision("no") == "no"


def test_auto_heeds_what_accelerate_launch_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    monkeypatch.setattr(devices, "cpu_has_bf16", lambda: False)

    assert devices.resolve_precision("auto") == "bf16"


def test_fp16_of_accelerate_launch_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "fp16")

    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        devices.resolve_precision("auto")


def test_a_gpu_that_may_not_be_used_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")

    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        devices.resolve_precision("fp16")


def test_an_unknown_tracker_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no tracker 'notebook'.*tensorboard"):
        devices.make_accelerator(tiny_training(trackers=["notebook"]))


def test_a_tracker_that_is_not_installed_is_refused_rather_than_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(devices, "get_available_trackers", list)

    with pytest.raises(ConfigError, match="wandb is not installed"):
        devices.make_accelerator(tiny_training(trackers=["wandb"]))


def test_one_process_has_every_core_it_may_use() -> None:
    before = torch.get_num_threads()
    devices.make_accelerator(tiny_training(threads=None))

    assert torch.get_num_threads() == devices.usable_cores()
    torch.set_num_threads(before)


def test_processes_that_would_not_know_of_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each would train for itself, and write over the others' results."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(devices, "Accelerator", lambda **_: SimpleNamespace(num_processes=1))

    with pytest.raises(ConfigError, match=r"2 processes were started together, but .* sees 1"):
        devices.make_accelerator(tiny_training())


@pytest.mark.parametrize(
    ("world", "has_gpu", "cpu"), [(2, False, True), (2, True, None), (1, False, None)]
)
def test_several_processes_without_a_gpu_compute_together_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch, world: int, has_gpu: bool, cpu: bool | None
) -> None:
    given: dict[str, object] = {}

    def accelerator(**options: object) -> SimpleNamespace:
        given.update(options)
        return SimpleNamespace(num_processes=world, device=torch.device("meta"))

    monkeypatch.setenv("WORLD_SIZE", str(world))
    monkeypatch.setattr(devices, "_has_accelerator", lambda: has_gpu)
    monkeypatch.setattr(devices, "Accelerator", accelerator)

    devices.make_accelerator(tiny_training())

    assert given["cpu"] is cpu
