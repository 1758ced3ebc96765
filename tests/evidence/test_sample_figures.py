from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.run_toys import write_run
from translate.evidence import sample_figures
from translate.evidence.run_files import open_run
from translate.evidence.sample_figures import grid_film, sliders, spread


def test_grids_become_a_film_through_the_epochs(tmp_path: Path) -> None:
    made = grid_film(open_run(write_run(tmp_path / "snow")).grids)

    assert [f"epoch {epoch}" in made for epoch in (0, 1, 2, 4)] == [True, False, True, True]
    assert made.count("<img ") == 3


def test_of_many_grids_some_are_shown_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_figures, "MOST_FRAMES", 2)

    made = grid_film(open_run(write_run(tmp_path / "snow")).grids)

    assert made.count("<img ") == 2
    assert "2 of 3 are shown." in made


def test_every_photo_of_the_newest_grid_lies_over_its_translation(tmp_path: Path) -> None:
    made = sliders(open_run(write_run(tmp_path / "snow")).grids)

    assert made.count('class="before-after"') == 4  # two photos in two directions
    assert "after epoch 4" in made
    assert made.count('aria-label="from summer to translated to winter"') == 2


def test_a_damaged_grid_is_told_and_the_one_before_it_serves(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    (folder / "samples" / "epoch_0004.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    grids = open_run(folder).grids

    assert "epoch_0004.png" in grid_film(grids)
    assert "after epoch 2" in sliders(grids)


def test_grids_of_earlier_versions_are_shown_whole_and_it_is_said_why(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "snow")
    for file in (folder / "samples").iterdir():
        Image.open(file).convert("RGB").save(file)  # without what it says of itself
    grids = open_run(folder).grids

    assert grid_film(grids).count("<img ") == 3
    assert "before-after" not in sliders(grids)
    assert "epoch 4 is of an earlier version" in sliders(grids)


def test_a_run_without_grids_says_so() -> None:
    assert "holds no sample grids" in grid_film({})
    assert sliders({}) == ""


@given(st.integers(0, 300), st.integers(1, 30))
def test_what_is_chosen_is_spread_evenly_from_first_to_last(count: int, most: int) -> None:
    chosen = spread(list(range(count)), most)

    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    if count and most > 1:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
