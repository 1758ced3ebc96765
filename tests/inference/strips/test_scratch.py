import gc
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.strip_toys import noise
from translate.errors import TranslateError
from translate.inference.strips.scratch import Piece, Scratch


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch(1000) as scratch:
        yield scratch


def read(piece: Piece, first: int, like: Tensor) -> Tensor:
    """Read as many rows as `like` has, in the order of memory that is used here."""
    target = torch.empty_like(like, memory_format=torch.channels_last)
    piece.copy_to(target, first)
    return target


@pytest.mark.parametrize("room", [0, 2**20])
@pytest.mark.parametrize(
    "numbers", [torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.bool]
)
def test_any_rows_come_back_to_the_last_bit_from_memory_and_from_the_file(
    room: int, numbers: torch.dtype
) -> None:
    rows = (noise(1, 3, 10, 7) * 2).to(numbers)

    with Scratch(room) as scratch:
        piece = scratch.keep(rows.clone())
        for first, last in ((0, 10), (0, 1), (9, 10), (3, 8)):
            expected = rows[..., first:last, :]
            assert torch.equal(read(piece, first, expected), expected)


def test_memory_is_taken_first_and_the_file_beyond(scratch: Scratch) -> None:
    first, second = noise(1, 1, 20, 10), noise(1, 1, 20, 10, seed=1)  # 800 bytes each

    pieces = [scratch.keep(first.clone()), scratch.keep(second.clone())]

    assert (scratch.free_bytes, scratch.spilled_bytes) == (200, 800)
    assert torch.equal(read(pieces[0], 0, first), first)
    assert torch.equal(read(pieces[1], 0, second), second)


def test_what_fits_into_what_is_left_still_goes_to_memory(scratch: Scratch) -> None:
    pieces = [scratch.keep(noise(1, 1, rows, 10)) for rows in (20, 20, 5)]

    assert (scratch.free_bytes, scratch.spilled_bytes) == (0, 800)
    del pieces


def test_memory_is_free_at_once_when_a_piece_is_gone(scratch: Scratch) -> None:
    gc.disable()
    try:
        piece = scratch.keep(noise(1, 1, 20, 10))
        assert scratch.free_bytes == 200
        del piece
        assert scratch.free_bytes == 1000
    finally:
        gc.enable()


def test_a_gap_in_the_file_is_used_again() -> None:
    with Scratch(0) as scratch:
        pieces = [scratch.keep(noise(1, 1, 5, 10, seed=i)) for i in range(3)]
        del pieces[1]
        pieces.append(scratch.keep(noise(1, 1, 5, 10, seed=3)))

        assert scratch.spilled_bytes == 600
        for piece, seed in zip(pieces, (0, 2, 3), strict=True):
            expected = noise(1, 1, 5, 10, seed=seed)
            assert torch.equal(read(piece, 0, expected), expected)


def test_gaps_side_by_side_are_one_and_a_part_of_a_gap_is_enough() -> None:
    with Scratch(0) as scratch:
        pieces = [scratch.keep(noise(1, 1, 5, 10)) for _ in range(4)]
        del pieces[1:3]
        larger, smaller = scratch.keep(noise(1, 1, 7, 10)), scratch.keep(noise(1, 1, 3, 10))

        assert scratch.spilled_bytes == 800
        del larger, smaller


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), max_size=40))
def test_whatever_comes_and_goes_nothing_is_overwritten(steps: list[tuple[int, int]]) -> None:
    with Scratch(300) as scratch:
        held: list[tuple[Tensor, Piece]] = []
        for seed, (rows, gone) in enumerate(steps):
            content = noise(1, 2, rows, 3, seed=seed)
            held.append((content, scratch.keep(content.clone())))
            del held[gone : gone + 1]
            for content, piece in held:
                assert torch.equal(read(piece, 0, content), content)
        held.clear()
        content = piece = None  # type: ignore[assignment]
        assert scratch.free_bytes == 300


def test_a_part_of_something_larger_is_kept_without_the_rest() -> None:
    large = noise(1, 1, 1000, 10)  # of one channel, rows are contiguous as they are

    with Scratch(2**20) as scratch:
        piece = scratch.keep(large[..., :5, :])
        large[:] = 0  # who owns the whole may go on with it

        assert torch.equal(read(piece, 0, noise(1, 1, 5, 10)), noise(1, 1, 1000, 10)[..., :5, :])


class Halting:
    """A file that takes and gives half of what it is asked to, as one on a full disk does."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def seek(self, place: int) -> None:
        self.file.seek(place)

    def write(self, content: memoryview) -> int:
        return int(self.file.write(content[: max(1, len(content) // 2)]))

    def readinto(self, target: memoryview) -> int:
        return int(self.file.readinto(target[: max(1, len(target) // 2)]))

    def close(self) -> None:
        self.file.close()


def test_a_system_that_writes_and_reads_in_parts_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **how: Halting(whole(**how)))
    rows = noise(1, 3, 10, 7)

    with Scratch(0) as scratch:
        assert torch.equal(read(scratch.keep(rows.clone()), 0, rows), rows)


def test_a_file_that_was_cut_short_is_no_endless_wait() -> None:
    rows = noise(1, 3, 10, 7)

    with Scratch(0) as scratch:
        piece = scratch.keep(rows.clone())
        scratch._file.truncate(100)
        with pytest.raises(RuntimeError, match="shorter than what was written"):
            read(piece, 0, rows)


def test_a_file_is_made_when_it_is_needed_and_told_if_it_cannot_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**how: Any) -> Any:
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)

    with Scratch(2**20) as roomy:
        roomy.keep(noise(1, 1, 5, 10))
    with Scratch(0) as scratch, pytest.raises(TranslateError) as caught:
        scratch.keep(noise(1, 1, 5, 10))

    assert str(caught.value) == (
        "A large photo needs temporary space, and no file can be made there (No usable temporary "
        "directory found). Set TMPDIR to a folder that can be written, or allow more memory."
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a full disk at hand")
def test_a_full_disk_is_told_with_its_place_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        tempfile,
        "TemporaryFile",
        lambda **how: Path("/dev/full").open("r+b", **how),  # noqa: SIM115
    )

    with Scratch(0) as scratch, pytest.raises(TranslateError) as caught:
        scratch.keep(noise(1, 1, 5, 10))

    assert re.fullmatch(
        rf"A large photo needs 0\.0 GiB of temporary space in {tempfile.gettempdir()}, which it "
        r"does not have \(.*No space left on device\)\. Free some, set TMPDIR to a larger disk, "
        r"or allow more memory\.",
        str(caught.value),
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
def test_a_file_that_may_grow_no_further_is_told_rather_than_cut_short() -> None:
    program = (
        "import resource, torch\n"
        "from translate.errors import TranslateError\n"
        "from translate.inference.strips.scratch import Scratch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with Scratch(0) as scratch:\n"
        "    try:\n"
        "        print(scratch.keep(torch.zeros(1, 1, 40, 10)))\n"
        "    except TranslateError as error:\n"
        "        print(error)\n"
    )

    child = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert "temporary space" in child.stdout, child.stdout + child.stderr


def test_the_file_has_no_name_and_is_closed_at_the_end(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with Scratch(0) as scratch:
        scratch.keep(noise(1, 1, 5, 10))
        names = list(tmp_path.iterdir())
        file = scratch._file

    assert names == []
    assert file.closed


def test_a_piece_may_outlive_its_scratch() -> None:
    with Scratch(10) as scratch:
        pieces = [scratch.keep(noise(1, 1, 1, 2)), scratch.keep(noise(1, 1, 5, 10))]

    pieces.clear()

    assert scratch.free_bytes == 10
