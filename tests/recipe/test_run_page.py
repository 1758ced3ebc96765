"""The page that every run leaves behind, and what it knows of where it was trained."""

import json
from pathlib import Path

import pytest

from tests.recipe_toys import go_on, start
from tests.trainer_toys import press_ctrl_c_during
from translate.evidence.run_files import open_run


def test_a_run_ends_with_its_page_made_from_its_folder_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = start(tmp_path, "run").folder

    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"report: {folder / 'report.html'}\n" in capsys.readouterr().out
    assert "It is finished: 4 epochs." in page
    assert page.count('<figure class="film"') == 2
    assert page.count('<figure class="before-after"') == 2
    assert "4 photos of a and 4 of b to learn from, 4 held out" in page
    assert str(tmp_path) not in page


def test_a_run_that_was_stopped_leaves_a_page_too_and_goes_on_to_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        press_ctrl_c_during(patched, 3)
        stopped = start(tmp_path, "run")
    assert not stopped.is_finished
    assert "It ended after 1 of 4 epochs; --resume latest goes on." in _page(stopped.folder)

    assert "It is finished: 4 epochs." in _page(go_on(tmp_path, "run").folder)

    starts = json.loads((stopped.folder / "environment.json").read_text())["starts"]
    assert [start["after_step"] for start in starts] == [0, 3]
    assert "The run was started 2 times" in _page(stopped.folder)


def test_a_runs_grids_say_where_their_photos_lie_and_how_they_are_judged(tmp_path: Path) -> None:
    run = open_run(start(tmp_path, "run").folder)

    assert list(run.grids) == list(run.scores) == [0, 2, 4]
    assert run.faults == []
    assert run.evaluations


def _page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")
