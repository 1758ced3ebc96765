"""A few lines before every training: cheap, never in the way."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.doctor_toys import (
    every_byte_of,
    pair_of,
    save,
    texture,
    write_pairs,
    write_textures,
    write_unpaired,
)
from tests.toys import noise_splits
from translate.data import Splits, derived, paired, unpaired
from translate.doctor import brief
from translate.doctor import briefing as briefing_module

SMALL: dict[str, Any] = {"load_px": 24, "crop_px": 24}


def unpaired_splits(folder: Path, **more: Any) -> Splits:
    settings = unpaired.Settings.model_validate({"folder": folder, **SMALL} | more)
    return unpaired.build(settings, seed=0)


def paired_splits(**more: Any) -> Splits:
    return paired.build(paired.Settings.model_validate(SMALL | more), seed=0)


def even(folder: Path) -> Path:
    """Write a data set in which both domains are equally bright."""
    for place, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_textures(folder / name, range(100 * place, 100 * place + 6))
    return folder


def test_of_a_good_data_set_nothing_is_said(tmp_path: Path) -> None:
    assert brief(unpaired_splits(even(tmp_path))) == []


def test_leaks_shared_photos_and_copies_are_said_with_an_example(tmp_path: Path) -> None:
    even(tmp_path)
    for source, place in (
        ("trainA/0001.png", "testA/leak.png"),
        ("trainA/0002.png", "trainB/shared.png"),
        ("trainB/0103.png", "trainB/copy.png"),
    ):
        shutil.copy(tmp_path / source, tmp_path / place)

    lines = brief(unpaired_splits(tmp_path))

    assert lines == [
        f"1 photo is both looked at and learned from, such as {tmp_path}/testA/leak.png",
        f"1 photo is in both A and B, such as {tmp_path}/trainA/0002.png",
        lines[2],  # either of the two may be told
        "photo-translate doctor tells more",
    ]
    assert lines[2].startswith("1 photo is (nearly) the same as another, such as ")


def test_a_gap_in_brightness_is_said(tmp_path: Path) -> None:
    lines = brief(unpaired_splits(write_unpaired(tmp_path)))

    assert len(lines) == 2
    assert lines[0].startswith("A is brighter: mean luminance")


def test_shifted_pairs_are_said(tmp_path: Path) -> None:
    write_pairs(tmp_path / "train", 14)
    write_pairs(tmp_path / "train", 2, first=30, right=7)
    write_pairs(tmp_path / "test", 2, first=40)

    lines = brief(paired_splits(folder=tmp_path))

    assert "in 2 pairs A and B do not lie over one another" in lines


def test_single_photos_are_looked_at_too(tmp_path: Path) -> None:
    write_textures(tmp_path / "train", range(6))
    write_textures(tmp_path / "test", range(10, 13))
    shutil.copy(tmp_path / "train" / "0002.png", tmp_path / "test" / "x.png")
    settings = derived.Settings.model_validate({"folder": tmp_path, **SMALL})

    lines = brief(derived.build(settings, seed=0))

    assert lines[0].startswith("1 photo is both looked at and learned from")


def test_test_photos_that_are_pairs_may_be_alike(tmp_path: Path) -> None:
    even(tmp_path)
    for seed in range(6):
        name = f"{seed:04d}.png"
        for place in ("testA", "testB"):
            (tmp_path / place / name).unlink(missing_ok=True)
        save(tmp_path / "testA" / name, texture(900 + seed))
        darker = texture(900 + seed, bright=0.9)
        save(tmp_path / "testB" / name, darker)
        for place, first in (("testA", 200), ("testB", 300)):
            (tmp_path / place / f"{first + seed:04d}.png").unlink()

    assert brief(unpaired_splits(tmp_path, test_is_paired=True)) == []
    assert "in both A and B" in brief(unpaired_splits(tmp_path))[0]


def test_drawn_scenes_and_unknown_data_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drawn.yaml").write_text(
        "title: drawn\nlicence: none\nscenes: {train: 2, test: 1, side_px: 32}\n"
    )
    drawn = unpaired_splits(tmp_path / "drawn")
    monkeypatch.setattr(briefing_module, "look", None)  # would fail if it were called

    assert brief(drawn) == []
    assert brief(noise_splits()) == []


def test_when_time_is_up_it_says_what_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_unpaired(tmp_path, 12)
    glance = briefing_module.glance

    def slowly(file: Path, least_px: int) -> Any:
        time.sleep(0.02)
        return glance(file, least_px)

    monkeypatch.setattr(briefing_module, "glance", slowly)
    monkeypatch.setattr(briefing_module, "usable_cores", lambda: 1)

    lines = brief(unpaired_splits(tmp_path), seconds=0.3)

    assert lines[-1].startswith("only ")
    assert "of 48 were looked at; photo-translate doctor tells more" in lines[-1]


def test_of_many_photos_a_sample_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(briefing_module, "MOST", 10)

    lines = brief(unpaired_splits(write_unpaired(tmp_path)))

    assert lines[-1].startswith("only 10 of 24 were looked at")


def test_few_photos_leave_no_trace_and_many_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "cache"))
    data = unpaired_splits(write_unpaired(tmp_path / "set"))
    before = every_byte_of(tmp_path / "set")

    brief(data)
    assert not (tmp_path / "cache").exists()
    monkeypatch.setattr(briefing_module, "WORTH_KEEPING", 5)
    brief(data)
    assert every_byte_of(tmp_path / "cache") or list((tmp_path / "cache").rglob("*.sqlite"))
    assert every_byte_of(tmp_path / "set") == before


def test_a_photo_that_broke_meanwhile_does_not_stop_it(tmp_path: Path) -> None:
    data = unpaired_splits(even(tmp_path))
    (tmp_path / "trainA" / "0001.png").write_bytes(b"")
    (tmp_path / "trainA" / "0002.png").unlink()

    assert brief(data) == []


def test_halves_of_an_eighth_may_be_odd(tmp_path: Path) -> None:
    for seed in range(10):
        both = np.concatenate([np.kron(i, np.ones((5, 5, 1), np.uint8)) for i in pair_of(seed)], 1)
        save(tmp_path / "train" / f"{seed}.jpg", both[:, 2 : both.shape[1] - 2])

    assert not any("lie over one another" in line for line in brief(paired_splits(folder=tmp_path)))


@pytest.mark.real_data
def test_eight_hundred_real_photos_take_seconds(real_data: Path, tmp_path: Path) -> None:
    data = unpaired_splits(real_data / "summer2winter")
    started = time.process_time()

    lines = brief(data, tmp_path / "cache.sqlite", seconds=60)

    assert time.process_time() - started < 20  # 3 on a machine that does nothing else
    assert lines[0].startswith("1 photo is (nearly) the same as another")
    started = time.process_time()
    assert brief(data, tmp_path / "cache.sqlite", seconds=60) == lines
    assert time.process_time() - started < 5
