import json
import resource
import shutil
from pathlib import Path

import pytest
import torch

from translate.errors import TrainingError
from translate.training import state as module
from translate.training.state import (
    DamagedStateError,
    Facts,
    Position,
    choose_whole,
    expect_fitting,
    find_damage,
    last_healthy_state,
    list_states,
    load_state,
    save_state,
    set_aside_after,
)

FACTS: Facts = {"photos per step": 1, "training photos": "abc"}


def save(folder: Path, step: int, is_sick: bool = False) -> Path:
    content = {"stepper": {"weight": torch.arange(3.0), "random": torch.get_rng_state()}}
    return save_state(folder, Position(2, 5, step), FACTS, content, is_sick)


def names(folder: Path) -> list[str]:
    return [state.name for state in list_states(folder)]


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    position, content = load_state(save(tmp_path, 40))

    assert position == Position(epoch=2, batch=5, step=40)
    assert torch.equal(content["stepper"]["weight"], torch.arange(3.0))
    assert torch.equal(content["stepper"]["random"], torch.get_rng_state())


def test_the_newest_two_states_are_kept(tmp_path: Path) -> None:
    for step in (5, 100, 20_000):
        save(tmp_path, step)

    assert names(tmp_path) == ["step_00000100", "step_00020000"]
    assert not list(tmp_path.glob(".*"))


def test_the_newest_healthy_state_is_kept_beside_sick_ones(tmp_path: Path) -> None:
    for step, is_sick in ((1, False), (2, False), (3, True), (4, True), (5, True)):
        save(tmp_path, step, is_sick)

    assert names(tmp_path) == ["step_00000002", "step_00000004", "step_00000005"]
    assert last_healthy_state(tmp_path) == tmp_path / "step_00000002"


def test_a_state_of_the_same_step_replaces_no_other_while_it_is_written(tmp_path: Path) -> None:
    first, second = save(tmp_path, 7), save(tmp_path, 7)

    assert (first.name, second.name) == ("step_00000007", "step_00000007-1")
    assert list_states(tmp_path) == [first, second]


def test_a_state_becomes_the_last_of_its_step_however_many_there_were(tmp_path: Path) -> None:
    """A run may be sent back to one step again and again."""
    for _ in range(12):
        newest = save(tmp_path, 7)

    assert newest.name == "step_00000007-11"
    assert names(tmp_path) == ["step_00000007-10", "step_00000007-11"]


def test_other_folders_are_no_states(tmp_path: Path) -> None:
    (tmp_path / "step_00000009 (copy)").mkdir()
    state = save(tmp_path, 7)

    assert list_states(tmp_path) == [state]


def test_states_of_later_steps_are_set_aside(tmp_path: Path) -> None:
    save(tmp_path, 8)
    save(tmp_path, 30)

    for _ in range(2):  # the second time something of that name lies there already
        set_aside_after(tmp_path / "step_00000008")
        assert names(tmp_path) == ["step_00000008"]
        assert find_damage(tmp_path / "aside" / "step_00000030") is None
        save(tmp_path, 30)


def test_a_state_that_was_not_finished_is_no_state_and_is_cleared_away(tmp_path: Path) -> None:
    unfinished = tmp_path / ".step_00000007.tmp"
    unfinished.mkdir()
    (unfinished / "state.pt").write_bytes(b"half")

    assert list_states(tmp_path) == []
    save(tmp_path, 9)
    assert not unfinished.exists()


@pytest.mark.parametrize("values", [25_000, 10_000_000])
def test_a_full_disk_leaves_the_states_before_whole(tmp_path: Path, values: int) -> None:
    """A limit on the size of files stands for the disk: writing beyond it fails in the same way."""
    before = save(tmp_path, 1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))

    try:
        with pytest.raises(OSError, match="File too large"):
            save_state(tmp_path, Position(step=2), FACTS, {"weight": torch.zeros(values)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list_states(tmp_path) == [before]
    assert find_damage(before) is None
    assert not list(tmp_path.glob(".*"))


def test_other_photos_are_refused(tmp_path: Path) -> None:
    state = save(tmp_path, 1)

    with pytest.raises(TrainingError, match="photos per step: was 1, is now 2"):
        expect_fitting(state, {**FACTS, "photos per step": 2})
    with pytest.raises(TrainingError, match="training photos: was abc, is now xyz"):
        expect_fitting(state, {**FACTS, "training photos": "xyz"})


def test_a_state_of_an_older_version_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    state = save(tmp_path, 1)
    about = json.loads((state / "position.json").read_text())
    (state / "position.json").write_text(json.dumps(about | {"format": 1, "written_by": "0.0.1"}))
    before = {file.name: file.read_bytes() for file in state.iterdir()}

    with pytest.raises(TrainingError, match=r"photo-translate 0\.0\.1 in format 1.*format 2 only"):
        expect_fitting(choose_whole([state]), FACTS)
    assert {file.name: file.read_bytes() for file in state.iterdir()} == before


def test_the_first_format_which_had_no_number_is_an_older_version_too(tmp_path: Path) -> None:
    state = tmp_path / "step_00000001"
    state.mkdir()
    (state / "position.json").write_text('{"epoch": 0, "batch": 1, "step": 1, "facts": {}}')

    with pytest.raises(TrainingError, match="an earlier version in format 1"):
        expect_fitting(choose_whole([state]), FACTS)


@pytest.mark.parametrize("damage", ["missing", "flipped", "cut", "no position"])
def test_a_damaged_newest_state_falls_back_to_the_one_before_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    before, newest = save(tmp_path, 1), save(tmp_path, 2)
    file = newest / ("position.json" if damage == "no position" else "state.pt")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    new = {"flipped": bytes(content), "cut": bytes(content[:100]), "no position": b"{"}
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(new[damage])

    assert choose_whole([before, newest]) == before
    assert f"{newest}: damaged" in caplog.text
    assert f"Going on from the one before: {before}" in caplog.text


def test_a_whole_newest_state_is_taken_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    states = [save(tmp_path, step) for step in (1, 2)]

    assert choose_whole(states) == states[1]
    assert not caplog.text


def test_a_flipped_digit_in_the_position_is_damage(tmp_path: Path) -> None:
    state = save(tmp_path, 40)
    file = state / "position.json"
    file.write_text(file.read_text().replace('"batch": 5', '"batch": 4'))

    assert find_damage(state) == "position.json does not match its own SHA-256"


def test_a_second_state_of_a_step_is_newer_than_the_first(tmp_path: Path) -> None:
    first = save(tmp_path, 8)
    save(tmp_path, 8)

    set_aside_after(first)

    assert names(tmp_path) == ["step_00000008"]
    assert (tmp_path / "aside" / "step_00000008-1").is_dir()


def test_where_all_are_damaged_each_is_named(tmp_path: Path) -> None:
    states = [save(tmp_path, step) for step in (1, 2)]
    for state in states:
        (state / "state.pt").write_bytes(b"")

    with pytest.raises(DamagedStateError, match=r"step_00000002: damaged.*\n.*step_00000001"):
        choose_whole(states)


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    state = save(tmp_path, 1)
    torch.save({"run": print}, state / "state.pt")

    with pytest.raises(DamagedStateError, match="damaged"):
        load_state(state)


def test_all_is_on_the_disk_before_the_state_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    rename, bring = Path.rename, module._bring_to_disk
    monkeypatch.setattr(Path, "rename", lambda self, to: order.append("rename") or rename(self, to))
    monkeypatch.setattr(
        module, "_bring_to_disk", lambda place: order.append(place.name) or bring(place)
    )

    save(tmp_path, 1)

    assert order == ["state.pt", "position.json", ".step_00000001.tmp", "rename", tmp_path.name]


def test_a_folder_that_is_gone_is_an_error_and_not_made_again(tmp_path: Path) -> None:
    """`state/` is made with the first state; the run's folder never is."""
    run = tmp_path / "run"
    run.mkdir()
    save(run / "state", 1)
    shutil.rmtree(run)

    with pytest.raises(FileNotFoundError):
        save(run / "state", 2)
