from pathlib import Path

import pytest

from tests.run_toys import write_run
from tests.toys import write_data_set, write_photos
from translate.cli import DONE, REFUSED, main


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    return [str(write_run(tmp_path / name, seed)) for seed, name in enumerate(("one", "two"))]


def page(file: str = "compare.html") -> str:
    return Path(file).read_text(encoding="utf-8")


def test_runs_are_compared_on_one_page(runs: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", *runs]) == DONE

    assert capsys.readouterr().out == "comparison: compare.html\n"
    assert "<title>2 runs compared</title>" in page()
    assert "those that the first run held out are not to be found" in page()


def test_photos_of_a_folder_go_through_every_model(runs: list[str], tmp_path: Path) -> None:
    write_photos(tmp_path / "own", count=5)

    code = main(["compare", *runs, "--photos", "own", "--count", "2", "--out", "own.html"])

    assert code == DONE
    assert page("own.html").count('<figure class="thumbnail">') == 2 * 3
    assert not Path("compare.html").exists()


def test_the_other_direction_can_be_asked_for(runs: list[str], tmp_path: Path) -> None:
    write_photos(tmp_path / "own", count=1)

    assert main(["compare", *runs, "--photos", "own", "--direction", "b_to_a"]) == DONE

    assert "<h3>winter to summer (b_to_a)</h3>" in page()


def test_without_a_folder_the_first_runs_own_held_out_photos_are_taken(
    runs: list[str], tmp_path: Path
) -> None:
    write_data_set(tmp_path / "photos")
    recipe = Path(runs[0]) / "recipe.yaml"
    recipe.write_text(
        "name: one\nmethod: {name: cyclegan}\n"
        "data: {folder: photos, load_px: 20, crop_px: 16, domain_a: summer, domain_b: winter}\n"
    )

    assert main(["compare", *runs, "--count", "3"]) == DONE

    assert page().count('<figure class="thumbnail">') == 2 * 3 * 3  # both directions
    assert "sample grids" not in page()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["one"], "A comparison takes two runs or more, got 1"),
        ([], "A comparison takes two runs or more, got 0"),
        (["one", "one"], "one: is named twice"),
        (["one", "."], ".: is no run"),
        (["one", "two", "--out", "photo.jpg"], "--out: expected the name of a page"),
        (["one", "two", "--photos", "nowhere"], "--photos: nowhere is no folder"),
        (["one", "two", "--photos", "empty"], "--photos: empty holds no photos"),
    ],
)
def test_what_cannot_be_compared_is_one_message(
    runs: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    (tmp_path / "empty").mkdir()

    assert main(["compare", *words]) == REFUSED

    said = capsys.readouterr().err
    assert said.startswith(f"error: {told}")
    assert said.count("\n") == 1
    assert not Path("compare.html").exists()
