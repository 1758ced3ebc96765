"""Before a run learns from photos it takes a short look at them, unless it is told not to."""

import shutil
from pathlib import Path

import pytest

from tests.recipe_toys import eight_steps, go_on, start


def prepare(home: Path) -> None:
    eight_steps(home)  # writes its photos
    shutil.copy(home / "photos" / "trainA" / "000.png", home / "photos" / "testA" / "leak.png")
    shutil.copy(home / "photos" / "testB" / "000.png", home / "photos" / "testB" / "leak.png")


def test_a_leak_is_told_before_the_run_and_not_again_when_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path)
    start(tmp_path, "run", epochs=1, decay_epochs=0)

    told = capsys.readouterr().out
    assert "About the photos: 1 photo is both looked at and learned from, such as" in told
    assert "photo-translate doctor tells more." in told
    go_on(tmp_path, "run", epochs=2, decay_epochs=0)
    assert "About the photos" not in capsys.readouterr().out


def test_it_can_be_switched_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare(tmp_path)
    start(tmp_path, "run", epochs=1, decay_epochs=0, look_at_data=False)

    assert "About the photos" not in capsys.readouterr().out


def test_it_may_be_switched_off_when_a_run_goes_on(tmp_path: Path) -> None:
    start(tmp_path, "run", epochs=1, decay_epochs=0)

    assert go_on(tmp_path, "run", epochs=2, decay_epochs=0, look_at_data=False).is_finished
