from pathlib import Path

import numpy as np
import pytest

from tests.doctor_toys import pair_of, save
from translate.doctor.agreeing import look_paired, meet_strangers, share_better, share_in_place
from translate.doctor.alignment import find_edges


def files_of(folder: Path, seeds: list[tuple[int, int]], **shift: int) -> list[tuple[Path, Path]]:
    return [
        (
            save(folder / "a" / f"{place}.png", pair_of(one)[0]),
            save(folder / "b" / f"{place}.png", pair_of(other, **shift)[1]),
        )
        for place, (one, other) in enumerate(seeds)
    ]


def test_partners_are_known_whatever_shift_they_share(tmp_path: Path) -> None:
    pairs = files_of(tmp_path, [(i, i) for i in range(6)], right=9)

    assert look_paired(pairs) is True


def test_strangers_are_no_partners(tmp_path: Path) -> None:
    assert look_paired(files_of(tmp_path, [(i, i + 50) for i in range(12)])) is False


def test_of_two_pairs_nothing_is_concluded(tmp_path: Path) -> None:
    pairs = files_of(tmp_path, [(i, i) for i in range(3)])
    pairs[1][0].write_bytes(b"broken")

    assert look_paired(pairs) is None
    assert look_paired([]) is None


@pytest.mark.parametrize(
    ("partners", "strangers", "share"),
    [([3, 4], [1, 2], 1), ([1, 2], [3, 4], 0), ([2], [1, 2, 3], 0.5), ([], [1], 0.5)],
)
def test_how_often_partners_are_better_is_counted_as_by_hand(
    partners: list[float], strangers: list[float], share: float
) -> None:
    assert share_better(np.array(partners), np.array(strangers)) == pytest.approx(share)


def test_a_shift_of_less_than_two_pixels_is_in_place() -> None:
    assert share_in_place(np.array([[0, 1.5], [-1, 0], [0, 2], [-7, 0]])) == 0.5


def test_strangers_are_others() -> None:
    edges = [tuple(find_edges(image) for image in pair_of(seed)) for seed in range(4)]

    found = meet_strangers([(a, b) for a, b in edges])

    assert len(found) == 4
    assert found.max() < 0.6  # partners here agree by 1
    assert not len(meet_strangers([(edges[0][0], edges[0][1])]))
