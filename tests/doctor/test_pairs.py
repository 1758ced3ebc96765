"""Which pairs are told is judged by what is usual among them."""

from pathlib import Path

import numpy as np
import pytest

from tests.doctor_toys import look_at, outline, pair_of, save, write_pairs
from translate.doctor.pairs import Verdict, judge_pairs
from translate.doctor.places import find_set
from translate.images import open_photo


def verdict_of(folder: Path) -> tuple[Verdict, list[str]]:
    looks = look_at(find_set(folder, paired=True))
    verdict = judge_pairs(looks)
    assert verdict is not None
    return verdict, [entry.name for entry in looks.entries]


def test_pairs_that_lie_over_one_another_are_left_alone(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 20)

    verdict, _ = verdict_of(tmp_path)

    assert verdict.tells
    assert verdict.better == 1
    assert verdict.in_place == 1
    assert (verdict.shifted, verdict.strange, verdict.common_shift) == ([], [], None)


def test_shifted_pairs_are_told_the_farthest_first(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 20)
    for seed, shift in ((30, {"right": 6}), (31, {"down": -9, "right": 3}), (32, {"down": 4})):
        write_pairs(tmp_path / "train", 1, first=seed, **shift)

    verdict, names = verdict_of(tmp_path)

    assert [names[place] for place in verdict.shifted] == [
        "train/0031.png",
        "train/0030.png",
        "train/0032.png",
    ]
    assert verdict.common_shift is None


def test_a_shift_of_one_pixel_is_no_matter(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 12)
    write_pairs(tmp_path / "train", 1, first=30, right=1)

    assert verdict_of(tmp_path)[0].shifted == []


def test_partners_that_were_mixed_up_are_told(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 20)
    (a, _), (_, b) = pair_of(50), pair_of(51)
    save(tmp_path / "train" / "wrong.png", np.concatenate([a, b], axis=1))

    verdict, names = verdict_of(tmp_path)

    assert [names[place] for place in verdict.strange] == ["train/wrong.png"]
    assert verdict.shifted == []


def test_a_shift_that_all_share_is_told_once(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 20, right=-5, down=3)

    verdict, _ = verdict_of(tmp_path)

    assert verdict.common_shift == (pytest.approx(-5, abs=1), pytest.approx(3, abs=1))


def test_where_edges_say_nothing_nothing_is_told(tmp_path: Path) -> None:
    for seed in range(20):
        both = np.concatenate([outline(seed), outline(seed + 100)], axis=1)
        save(tmp_path / "train" / f"{seed}.png", both)

    verdict, _ = verdict_of(tmp_path)

    assert not verdict.tells
    assert (verdict.shifted, verdict.strange, verdict.common_shift) == ([], [], None)


def test_a_camera_that_never_moves_is_no_reason_for_doubt(tmp_path: Path) -> None:
    a, b = pair_of(1)
    for frame in range(20):
        shade = np.uint8(frame)
        save(tmp_path / "train" / f"{frame}.png", np.concatenate([a + shade, b - shade], axis=1))

    verdict, _ = verdict_of(tmp_path)

    assert verdict.tells
    assert (verdict.shifted, verdict.strange) == ([], [])


def test_a_few_pairs_are_enough_for_a_clear_shift(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 3)
    write_pairs(tmp_path / "train", 1, first=30, right=8)

    verdict, names = verdict_of(tmp_path)

    assert verdict.better is None
    assert [names[place] for place in verdict.shifted] == ["train/0030.png"]


def test_photos_alone_have_no_verdict(tmp_path: Path) -> None:
    save(tmp_path / "x.png", outline(1))

    assert judge_pairs(look_at(find_set(tmp_path))) is None


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("facades", 0),
        ("earth_summer2winter", 0),
        ("edges2shoes_100", 0),
        ("frankfurt_day2night", 0),
    ],
)
def test_real_pairs_raise_no_false_alarm(real_data: Path, name: str, most: int) -> None:
    verdict, _ = verdict_of(real_data / name)

    assert verdict.tells
    assert len(verdict.shifted) + len(verdict.strange) <= most
    assert verdict.common_shift is None


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "least"), [("earth_summer2winter", 8), ("edges2shoes_100", 8), ("facades", 2)]
)
def test_real_pairs_that_are_shifted_are_told_and_no_others(
    real_data: Path, tmp_path: Path, name: str, least: int
) -> None:
    files = sorted((real_data / name / "train").iterdir())[:60]
    for place, file in enumerate(files):
        pixels = open_photo(file).pixels
        left, right = np.split(pixels, 2, axis=1)
        if place % 6 == 0:  # ten of them, by a sixteenth of their side
            shift = len(pixels) // 16
            left, right = left[:, shift:], right[:, :-shift]
        save(tmp_path / "train" / f"{place:03d}.png", np.concatenate([left, right], axis=1))

    verdict, names = verdict_of(tmp_path)

    told = {int(Path(names[place]).stem) for place in verdict.shifted}
    assert len(told) >= least
    assert {place % 6 for place in told} == {0}


@pytest.mark.real_data
def test_the_desert_lies_five_pixels_off_by_night(real_data: Path) -> None:
    """The two composites do not meet in the Sahara; looked at by eye."""
    verdict, names = verdict_of(real_data / "earth_day2night")

    assert {"train/x2048_y0702.jpg", "train/x2112_y0702.jpg"} <= {names[p] for p in verdict.shifted}
    assert len(verdict.shifted) <= 6
    assert verdict.strange == []
