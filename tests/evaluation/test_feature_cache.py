import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.errors import DataError
from translate.evaluation.feature_cache import FeatureCache, expect_file

VECTOR = torch.arange(1280) / 7


def remember(file: Path | None, **vectors: Tensor) -> None:
    with FeatureCache(file) as cache:
        for key, vector in vectors.items():
            cache.put(key, vector)


def recall(file: Path | None, key: str) -> Tensor | None:
    with FeatureCache(file) as cache:
        return cache.get(key)


def test_what_was_put_is_got_bit_by_bit_by_a_later_cache(tmp_path: Path) -> None:
    file = tmp_path / "new" / "deeper" / "features.sqlite"

    remember(file, a=VECTOR, b=-VECTOR)

    found = recall(file, "a")
    assert found is not None
    assert found.dtype == torch.float32
    assert torch.equal(found, VECTOR)
    assert recall(file, "c") is None


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(width=32), max_size=5), st.text())
def test_all_numbers_and_all_keys_are_kept(numbers: list[float], key: str) -> None:
    with FeatureCache(Path(":memory:")) as cache:
        cache.put(key, torch.tensor(numbers, dtype=torch.float64))
        found = cache.get(key)

    assert found is not None
    assert torch.equal(found.view(torch.int32), torch.tensor(numbers).view(torch.int32))


def test_a_vector_that_is_put_again_takes_the_place_of_the_first(tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    remember(file, a=VECTOR)
    remember(file, a=-VECTOR)

    assert torch.equal(recall(file, "a"), -VECTOR)  # type: ignore[arg-type]


def test_what_is_got_can_be_changed_and_put_vectors_may_learn(tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    remember(file, a=VECTOR.clone().requires_grad_(), b=VECTOR[::2])

    with FeatureCache(file) as cache:
        found = cache.get("a")
        assert found is not None
        found += 1
        assert torch.equal(cache.get("a"), VECTOR)  # type: ignore[arg-type]
        assert torch.equal(cache.get("b"), VECTOR[::2])  # type: ignore[arg-type]


def test_without_a_file_nothing_is_remembered() -> None:
    with FeatureCache(None) as cache:
        cache.put("a", VECTOR)
        assert cache.get("a") is None


@pytest.mark.parametrize("content", [b"", b"no database at all " * 500, b"SQLite format 3\0" * 9])
def test_a_foreign_file_costs_time_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "f.sqlite"
    file.write_bytes(content)

    remember(file, a=VECTOR)

    found = recall(file, "a")
    if content:
        assert found is None
        assert file.read_bytes() == content  # whatever it is, it is not ours to change
    else:
        assert torch.equal(found, VECTOR)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_file_gives_a_vector_as_it_was_or_none(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "f.sqlite"
    remember(file, **{f"k{i}": VECTOR + i for i in range(20)})
    whole = bytearray(file.read_bytes())
    places = torch.randint(len(whole), (300,), generator=torch.Generator().manual_seed(seed))
    for place in places.tolist():
        whole[place] ^= 0x55
    file.write_bytes(whole)

    with FeatureCache(file) as cache:
        found = [cache.get(f"k{i}") for i in range(20)]
        cache.put("new", VECTOR)

    right = [v is None or torch.equal(v, VECTOR + i) for i, v in enumerate(found)]
    assert all(right)


def test_a_single_flipped_bit_of_a_vector_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    remember(file, a=VECTOR)
    whole = file.read_bytes()
    content = VECTOR.numpy().tobytes()
    # The vector is longer than a page: what lies in the first piece is enough.
    place = whole.index(content[400:500])
    file.write_bytes(whole[: place + 3] + bytes([whole[place + 3] ^ 1]) + whole[place + 4 :])

    assert recall(file, "a") is None
    remember(file, a=VECTOR)
    assert torch.equal(recall(file, "a"), VECTOR)  # type: ignore[arg-type]


def test_a_truncated_file_costs_time_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    remember(file, **{f"k{i}": VECTOR for i in range(9)})
    file.write_bytes(file.read_bytes()[:-5000])

    with FeatureCache(file) as cache:
        found = [cache.get(f"k{i}") for i in range(9)]

    assert all(vector is None or torch.equal(vector, VECTOR) for vector in found)


@pytest.mark.parametrize("value", [None, "text", 3.5, b"", b"abc"])
def test_rows_that_hold_no_vector_are_passed_over(tmp_path: Path, value: object) -> None:
    file = tmp_path / "f.sqlite"
    remember(file)
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO features VALUES ('a', ?)", (value,))

    assert recall(file, "a") is None


def test_a_table_of_the_same_name_and_another_shape_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE features (name TEXT)")
        connection.execute("INSERT INTO features VALUES ('mine')")

    remember(file, a=VECTOR)

    assert recall(file, "a") is None
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT * FROM features").fetchall() == [("mine",)]


def test_a_place_that_cannot_be_written_costs_time_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    for place in (tmp_path / "file" / "f.sqlite", Path("/proc/nowhere/f.sqlite"), tmp_path):
        remember(place, a=VECTOR)
        assert recall(place, "a") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_closed_folder_costs_time_and_nothing_else(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)

    remember(closed / "f.sqlite", a=VECTOR)

    assert recall(closed / "f.sqlite", "a") is None


def test_a_lock_that_is_never_released_costs_time_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "f.sqlite"
    remember(file, a=VECTOR)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda f, **_: connect(f, timeout=0.05))
    holder = connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    remember(file, b=VECTOR)

    holder.execute("ROLLBACK")
    holder.close()
    assert recall(file, "b") is None
    assert torch.equal(recall(file, "a"), VECTOR)  # type: ignore[arg-type]


def test_after_trouble_a_cache_goes_on_without_and_can_be_closed(tmp_path: Path) -> None:
    file = tmp_path / "f.sqlite"
    with FeatureCache(file) as cache:
        cache.put("a", VECTOR)
        with sqlite3.connect(file) as other:
            other.execute("DROP TABLE features")
        assert cache.get("a") is None
        cache.put("a", VECTOR)
        assert cache.get("a") is None

    assert cache.get("a") is None  # closed


def test_an_error_inside_the_block_is_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), FeatureCache(tmp_path / "f.sqlite"):
        raise ZeroDivisionError


def put_many(file: Path, name: str) -> None:
    with FeatureCache(file) as cache:
        for i in range(200):
            cache.put(f"{name} {i}", torch.full((1280,), float(i)))
            found = cache.get(f"{name} {i}")
            assert found is not None
            assert found[0] == i


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot split processes")
def test_two_processes_at_once_keep_all_that_both_put(tmp_path: Path) -> None:
    file, context = tmp_path / "f.sqlite", multiprocessing.get_context("fork")

    processes = [context.Process(target=put_many, args=(file, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0, 0]
    with FeatureCache(file) as cache:
        for name in "ab":
            for i in range(200):
                found = cache.get(f"{name} {i}")
                assert found is not None
                assert found[0] == i


def test_a_folder_is_no_file_to_remember_in(tmp_path: Path) -> None:
    expect_file(tmp_path / "new.sqlite")
    with pytest.raises(DataError, match=r"is a folder, expected a file to remember features in"):
        expect_file(tmp_path)
