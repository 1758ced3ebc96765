import os
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.doctor_toys import pair_of, save, texture
from translate.doctor import cache as cache_module
from translate.doctor.cache import Cache
from translate.doctor.entries import Entry
from translate.doctor.reading import Seen, Wanted, read_entry
from translate.errors import ConfigError

ALL = Wanted(edges=True, view_px=32)


def pair_entry(folder: Path) -> Entry:
    file = save(folder / "x.png", np.concatenate(pair_of(1), axis=1))
    return Entry(("x.png",), (file,), "train", "ab")


def seen_with_features(entry: Entry) -> Seen:
    seen = read_entry(entry, ALL)
    assert isinstance(seen, Seen)
    seen.features = np.arange(10, dtype=np.float32).reshape(2, 5)
    return seen


def test_what_was_seen_comes_back(tmp_path: Path) -> None:
    entry = pair_entry(tmp_path)
    seen = seen_with_features(entry)
    with Cache(tmp_path / "cache" / "c.sqlite") as cache:
        cache.keep(entry, seen)
    with Cache(tmp_path / "cache" / "c.sqlite") as cache:
        known = cache.find(entry, ALL)

    assert known is not None
    assert (known.facts == seen.facts).all()
    assert (known.digests, known.agreement) == (seen.digests, seen.agreement)
    assert known.features is not None
    assert (known.features == seen.features).all()
    assert known.edges is not None
    assert seen.edges is not None
    for one, other in zip(known.edges, seen.edges, strict=True):
        assert np.allclose(one, other, atol=np.abs(seen.edges).max() / 200)


def test_what_is_wanted_and_was_not_kept_is_looked_at_again(tmp_path: Path) -> None:
    entry = pair_entry(tmp_path)
    seen = read_entry(entry, Wanted())
    assert isinstance(seen, Seen)
    with Cache(tmp_path / "c.sqlite") as cache:
        cache.keep(entry, seen)
    with Cache(tmp_path / "c.sqlite") as cache:
        assert cache.find(entry, Wanted()) is not None
        assert cache.find(entry, Wanted(edges=True)) is None
        assert cache.find(entry, Wanted(view_px=32)) is None


def test_a_changed_file_is_looked_at_again(tmp_path: Path) -> None:
    file = save(tmp_path / "x.png", texture(1))
    entry = Entry(("x.png",), (file,), "train", "a")
    with Cache(tmp_path / "c.sqlite") as cache:
        seen = read_entry(entry, Wanted())
        assert isinstance(seen, Seen)
        cache.keep(entry, seen)
    with Cache(tmp_path / "c.sqlite") as cache:
        assert cache.find(entry, Wanted()) is not None
        os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
        assert cache.find(entry, Wanted()) is None
        file.unlink()
        assert cache.find(entry, Wanted()) is None


def test_facts_of_a_quick_look_are_not_taken_for_those_of_a_whole_one(tmp_path: Path) -> None:
    entry = pair_entry(tmp_path)
    with Cache(tmp_path / "c.sqlite", opening="glance") as cache:
        cache.keep(entry, seen_with_features(entry))
    with Cache(tmp_path / "c.sqlite") as cache:
        assert cache.find(entry, Wanted()) is None


def test_names_of_any_bytes_can_be_kept(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("names are text here")
    file = tmp_path / os.fsdecode(b"\xff'; DROP TABLE seen; --\n.png")
    save(tmp_path / "x.png", texture(1)).rename(file)
    entry = Entry((file.name,), (file,), "train", "a")
    seen = read_entry(entry, Wanted())
    assert isinstance(seen, Seen)
    with Cache(tmp_path / "c.sqlite") as cache:
        cache.keep(entry, seen)
    with Cache(tmp_path / "c.sqlite") as cache:
        assert cache.find(entry, Wanted()) is not None


def test_a_cache_that_is_none_is_done_without(tmp_path: Path) -> None:
    entry = pair_entry(tmp_path)
    (tmp_path / "c.sqlite").write_text("a diary, and no cache\n" * 100)
    before = (tmp_path / "c.sqlite").read_bytes()

    with Cache(tmp_path / "c.sqlite") as cache:
        cache.keep(entry, seen_with_features(entry))
        assert cache.find(entry, Wanted()) is None

    assert (tmp_path / "c.sqlite").read_bytes() == before


def test_a_cache_that_was_named_and_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").write_text("a diary, and no cache\n" * 100)

    with pytest.raises(ConfigError, match="cannot be used as a cache"):
        Cache(tmp_path / "c.sqlite", is_named=True)


@pytest.mark.parametrize("column", ["facts", "digests", "agreement", "edges", "features"])
def test_rows_that_somebody_spoilt_are_passed_over(tmp_path: Path, column: str) -> None:
    entry = pair_entry(tmp_path)
    with Cache(tmp_path / "c.sqlite") as cache:
        cache.keep(entry, seen_with_features(entry))
    with sqlite3.connect(tmp_path / "c.sqlite") as database:
        database.execute(f"UPDATE seen SET {column} = X'00010203050607'")  # noqa: S608
    database.close()

    with Cache(tmp_path / "c.sqlite") as cache:
        cache.find(entry, ALL)  # whatever comes back, nothing is raised


def test_two_may_use_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "AT_ONCE", 1)
    entry = pair_entry(tmp_path)
    seen = seen_with_features(entry)
    with Cache(tmp_path / "c.sqlite") as one, Cache(tmp_path / "c.sqlite") as other:
        for cache in (one, other, one):
            cache.keep(entry, seen)
        assert one.find(entry, Wanted()) is not None
        assert other.find(entry, Wanted()) is not None


def test_the_oldest_go_when_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "MOST_ROWS", 3)
    files = [save(tmp_path / f"{i}.png", texture(i)) for i in range(5)]
    entries = [Entry((file.name,), (file,), "train", "a") for file in files]
    with Cache(tmp_path / "c.sqlite") as cache:
        for entry in entries:
            seen = read_entry(entry, Wanted())
            assert isinstance(seen, Seen)
            cache.keep(entry, seen)
    with Cache(tmp_path / "c.sqlite") as cache:
        known = [cache.find(entry, Wanted()) is not None for entry in entries]
        assert known == [False, False, True, True, True]


def test_what_was_seen_before_a_stop_is_kept(tmp_path: Path) -> None:
    entry = pair_entry(tmp_path)
    with suppress(KeyboardInterrupt), Cache(tmp_path / "c.sqlite") as cache:
        cache.keep(entry, seen_with_features(entry))
        raise KeyboardInterrupt
    with Cache(tmp_path / "c.sqlite") as cache:
        assert cache.find(entry, Wanted()) is not None
