import pytest

from translate.training.progress import ProgressDisplay

LINE = {
    "step": 40,
    "epoch": 1,
    "learning_rate": 1e-4,
    "images_per_second": 12.34,
    "generators/cycle_a": 1.5,
    "discriminators/accuracy_real_a": 0.9,
}


def test_without_a_terminal_each_line_tells_how_far_how_fast_and_how_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ProgressDisplay(steps=100, epochs=5) as progress:
        progress.show(LINE, seconds_per_step=2.0)

    said = capsys.readouterr().out
    assert said == "epoch 2/5 step 40/100 12.3 images/s, 0:02:00 left, cycle_a 1.500\n"


def test_on_a_terminal_there_is_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")

    with ProgressDisplay(steps=100, epochs=5) as progress:
        progress.advance(40, 1)
        progress.show(LINE, seconds_per_step=2.0)

    said = capsys.readouterr().out
    assert "epoch 2/5" in said
    assert "40/100" in said
    assert "12.3 images/s" in said


def test_other_processes_are_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay(steps=100, epochs=5, silent=True) as progress:
        progress.show(LINE, seconds_per_step=2.0)

    assert capsys.readouterr().out == ""
