"""What may happen to a run in a bad world: each is told clearly, and its last state stays good."""

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.recipe_toys import fails, go_on, start, whole_states
from tests.toys import write_data_set
from tests.trainer_toys import run_differences
from translate.bundle import load_bundle
from translate.errors import BundleError, DataError, TrainingError
from translate.training.validating import Validator


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the same recipe in a good world."""
    return start(tmp_path_factory.mktemp("good"), "run").folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_data_set(tmp_path / "photos")
    return tmp_path


@pytest.mark.parametrize(("workers", "is_gone"), [(0, False), (1, True)])
def test_a_photo_that_becomes_unreadable_in_epoch_3_is_named_and_nothing_is_lost(
    home: Path, straight: Path, workers: int, is_gone: bool
) -> None:
    photo = home / "photos" / "trainA" / "001.png"
    content = photo.read_bytes()
    act = photo.unlink if is_gone else partial(photo.write_bytes, content[:100])

    error = fails(home, 4, act, workers=workers)

    newest = whole_states(home)[-1].name
    assert newest in ("step_00000004", "step_00000005")
    assert isinstance(error, DataError)
    assert str(error).startswith(str(photo))
    assert str(error).endswith(
        f"\nThe run has stopped after step {newest[-1]}, which is saved: put the photo right, then "
        "go on with --resume latest."
    )
    photo.write_bytes(content)
    assert go_on(home, "bad").is_finished
    assert run_differences(straight, home / "bad") == []


@pytest.mark.slow
def test_a_held_out_photo_that_becomes_unreadable_is_named_and_the_last_state_is_good(
    home: Path, straight: Path
) -> None:
    photo = home / "photos" / "testB" / "002.png"
    content = photo.read_bytes()

    error = fails(home, 7, photo.unlink)

    assert isinstance(error, DataError)
    assert str(photo) in str(error)
    assert whole_states(home)[-1].name == "step_00000006"
    photo.write_bytes(content)
    assert go_on(home, "bad").is_finished
    assert run_differences(straight, home / "bad") == []


@pytest.mark.parametrize(
    "rare", [{}, {"log_every_steps": 99, "save_every_steps": None}], ids=["journal", "sample grid"]
)
def test_a_folder_that_is_removed_meanwhile_ends_the_run_and_is_not_made_again(
    home: Path, rare: dict[str, Any]
) -> None:
    error = fails(home, 3, lambda: shutil.rmtree(home / "bad"), **rare)

    assert isinstance(error, TrainingError)
    assert str(error).startswith(f"{home / 'bad'}/")
    assert "cannot be written (No such file or directory), so the run has stopped" in str(error)
    assert not (home / "bad").exists()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Refuse to write there, as a disk does that the system has put out of harm's way.

    Permissions would not do: tests may run as root.
    """
    with pytest.MonkeyPatch.context() as patch:

        def guard(owner: Any, name: str, writes: Callable[..., bool] = lambda *_: True) -> None:
            act = getattr(owner, name)

            def guarded(place: Any, *given: Any, **more: Any) -> Any:
                if folder in Path(place).absolute().parents and writes(*given):
                    raise OSError(30, "Read-only file system")
                return act(place, *given, **more)

            patch.setattr(owner, name, guarded)

        guard(Path, "open", lambda mode="r", *_: "r" not in mode)
        guard(os, "open", lambda flags, *_: bool(flags & (os.O_WRONLY | os.O_RDWR)))
        for name in ("mkdir", "rename", "replace"):
            guard(Path, name)
        yield


def test_a_folder_that_cannot_be_written_is_told_at_once(home: Path) -> None:
    (home / "bad").mkdir()

    with read_only(home / "bad"), pytest.raises(TrainingError) as told:
        start(home, "bad")

    assert str(told.value).startswith(f"{home / 'bad'}: cannot be written (Read-only file system).")
    assert "permissions, or choose another with --run-folder" in str(told.value)


def test_a_disk_that_becomes_read_only_ends_the_run_and_its_state_is_good(
    home: Path, straight: Path
) -> None:
    disk = read_only(home / "bad")

    error = fails(home, 5, disk.__enter__)

    assert "bad/journal.jsonl: cannot be written (Read-only file system)" in str(error)
    with pytest.raises(TrainingError, match=r"bad: cannot be written \(Read-only file system\)"):
        go_on(home, "bad")
    disk.__exit__(None, None, None)
    assert whole_states(home)[-1].name == "step_00000004"
    assert go_on(home, "bad").is_finished
    assert run_differences(straight, home / "bad") == []


@contextmanager
def full_disk(room: Callable[[], int]) -> Iterator[None]:
    """A limit on the size of files stands for the disk: writing beyond it fails in the same way."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room(), limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


# During which step there is how much room, beside which journal; and what then cannot be written.
FULL: dict[str, tuple[int, Callable[[int], int], str]] = {
    "state": (5, lambda _: 50_000, "bad/state"),
    "half a line": (5, lambda size: size + 100, "bad/journal.jsonl"),
    "sample grid": (4, lambda size: size + 2000, "bad/samples/epoch_0002.png"),
}


@pytest.mark.parametrize(("step", "room", "what"), FULL.values(), ids=FULL)
def test_a_disk_that_is_full_ends_the_run_and_its_state_is_good(
    home: Path, straight: Path, step: int, room: Callable[[int], int], what: str
) -> None:
    disk = full_disk(lambda: room((home / "bad" / "journal.jsonl").stat().st_size))

    error = fails(home, step, disk.__enter__)
    disk.__exit__(None, None, None)

    assert isinstance(error, TrainingError)
    assert f"{what}: cannot be written (File too large), so the run has stopped." in str(error)
    assert "free space and to the folder; then go on with --resume latest." in str(error)
    assert whole_states(home)
    assert go_on(home, "bad").is_finished
    assert run_differences(straight, home / "bad") == []


@pytest.mark.slow
def test_a_disk_that_is_full_leaves_the_best_bundle_of_before(
    home: Path, straight: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = full_disk(lambda: (home / "bad" / "journal.jsonl").stat().st_size + 1000)
    measure, best = Validator.__call__, home / "bad" / "bundle_best"

    def measure_and_fill(self: Validator, generators: Any) -> float:
        if best.exists():
            disk.__enter__()
        return measure(self, generators)

    monkeypatch.setattr(Validator, "__call__", measure_and_fill)
    with pytest.raises(BundleError, match=r"bundle_best: the bundle cannot be written.*too large"):
        start(home, "bad")
    disk.__exit__(None, None, None)
    monkeypatch.setattr(Validator, "__call__", measure)

    assert load_bundle(best).facts["epochs"] == 2
    assert go_on(home, "bad").is_finished
    assert load_bundle(best).facts["epochs"] == 4
    assert run_differences(straight, home / "bad") == []
