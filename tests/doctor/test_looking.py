import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.doctor_toys import write_pairs, write_textures, write_unpaired
from translate.doctor.cache import Cache
from translate.doctor.looking import Manner, Step, look
from translate.doctor.places import find_set
from translate.doctor.reading import Opened, open_whole


class Counting:
    """Opens photos, and remembers how often."""

    def __init__(self, pause_s: float = 0.0) -> None:
        self.opened: list[Path] = []
        self.pause_s = pause_s

    def __call__(self, file: Path) -> Opened:
        self.opened.append(file)
        time.sleep(self.pause_s)
        return open_whole(file)


def mean_colours(views: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return views.mean(axis=(1, 2)).astype(np.float32)


def test_every_photo_is_opened_once_and_then_never_again(tmp_path: Path) -> None:
    data = find_set(write_unpaired(tmp_path / "set"))
    first, again = Counting(), Counting()
    manner = Manner(2, mean_colours, sample=4, view_px=8, open_file=first)
    with Cache(tmp_path / "c.sqlite") as cache:
        one = look(data.entries, cache, manner)
    with Cache(tmp_path / "c.sqlite") as cache:
        other = look(
            data.entries, cache, Manner(2, mean_colours, sample=4, view_px=8, open_file=again)
        )

    assert sorted(first.opened) == sorted(entry.files[0] for entry in data.entries)
    assert again.opened == []
    assert (one.facts == other.facts).all()
    assert one.features.keys() == other.features.keys()


def test_what_is_seen_is_the_same_on_any_number_of_workers(tmp_path: Path) -> None:
    data = find_set(write_unpaired(tmp_path))
    (tmp_path / "trainA" / "0001.png").write_bytes(b"no photo")

    one, many = (look(data.entries, Cache(None), Manner(workers)) for workers in (1, 5))

    assert one.entries == many.entries
    assert (one.facts == many.facts).all()
    assert [fault.name for fault in one.faulty] == ["trainA/0001.png"]
    assert one.faulty == many.faulty


def test_images_know_their_entries_and_sides(tmp_path: Path) -> None:
    looks = look(find_set(write_pairs(tmp_path / "train", 4).parent).entries, Cache(None), Manner())

    assert looks.owners.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert looks.sides.tolist() == [0, 1] * 4
    assert looks.agreements.shape == (4, 5)
    assert sorted(looks.edges) == [0, 1, 2, 3]


def test_photos_have_no_agreement(tmp_path: Path) -> None:
    looks = look(find_set(write_textures(tmp_path, range(3))).entries, Cache(None), Manner())

    assert np.isnan(looks.agreements).all()
    assert not looks.edges


def test_a_sample_is_chosen_by_seed_and_stays_when_others_go(tmp_path: Path) -> None:
    data = find_set(write_unpaired(tmp_path, 8))

    def chosen(entries: int, seed: int) -> set[str]:
        manner = Manner(1, mean_colours, sample=5, view_px=8, seed=seed)
        looks = look(data.entries[:entries], Cache(None), manner)
        return {looks.entries[looks.owners[image]].name for image in looks.features}

    everywhere = chosen(32, seed=0)
    assert len([name for name in everywhere if "A/" in name]) == 5
    assert len([name for name in everywhere if "B/" in name]) == 5
    assert everywhere == chosen(32, seed=0)
    assert everywhere != chosen(32, seed=1)
    fewer = {entry.name for entry in data.entries[:24]}
    assert everywhere & fewer <= chosen(24, seed=0)


def test_progress_counts_up_to_all(tmp_path: Path) -> None:
    data = find_set(write_unpaired(tmp_path, 2))
    steps: list[Step] = []

    look(data.entries, Cache(None), Manner(2), steps.append)

    assert [step.finished for step in steps] == list(range(1, 9))
    assert {step.entries for step in steps} == {8}
    assert steps[-1].megapixels == pytest.approx(8 * 48 * 48 / 1e6)


def test_when_time_is_up_the_rest_is_left_out(tmp_path: Path) -> None:
    data = find_set(write_textures(tmp_path, range(40)))

    looks = look(
        data.entries, Cache(None), Manner(1, open_file=Counting(pause_s=0.02), seconds=0.1)
    )

    assert 0 < len(looks.entries) < 40
    assert looks.left_out == 40 - len(looks.entries)


def test_photos_under_way_are_few(tmp_path: Path) -> None:
    data = find_set(write_textures(tmp_path, range(30)))
    opener = Counting()
    ahead: list[int] = []

    look(
        data.entries,
        Cache(None),
        Manner(1, open_file=opener),
        lambda step: ahead.append(len(opener.opened) - step.finished),
    )

    assert max(ahead) <= 4
