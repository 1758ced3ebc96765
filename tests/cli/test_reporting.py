from pathlib import Path

import pytest

from tests.run_toys import write_run
from translate.cli import DONE, REFUSED, main


def test_a_runs_page_is_written_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(tmp_path / "snow")

    assert main(["report", str(folder)]) == DONE

    assert capsys.readouterr().out == f"report: {folder / 'report.html'}\n"
    assert "<title>snow</title>" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_folder_that_is_no_run_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == REFUSED

    told = capsys.readouterr().err
    assert told.startswith(f"error: {tmp_path}: is no run")
    assert told.count("\n") == 1


def test_help_says_what_it_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["report", "--help"])

    assert stop.value.code == 0
    assert "RUN" in capsys.readouterr().out
