"""Photos are opened ahead, in order, and never too many of them."""

import time
from pathlib import Path

import pytest

from tests.folder_toys import PHOTO, draw
from translate.errors import DataError
from translate.images import Photo
from translate.inference.folder import reading
from translate.inference.folder.jobs import Job
from translate.inference.folder.reading import open_ahead


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    for number in range(40):
        draw(tmp_path / f"{number:02d}.png", (number, 0, 0), (20, 10))
    return [Job(f"{number:02d}.png", ()) for number in range(40)]


def test_hands_photos_out_in_order(tmp_path: Path, jobs: list[Job]) -> None:
    opened = list(open_ahead(jobs, tmp_path, PHOTO, threads=3))

    assert [each.job for each, _ in opened] == jobs
    reds = [photo.pixels[0, 0, 0] for _, photo in opened if isinstance(photo, Photo)]
    assert reds == list(range(40))
    assert opened[0][0].stamp.bytes == (tmp_path / "00.png").stat().st_size


def test_what_cannot_be_opened_keeps_its_place(tmp_path: Path, jobs: list[Job]) -> None:
    (tmp_path / "07.png").write_bytes(b"")

    opened = list(open_ahead(jobs, tmp_path, PHOTO, threads=2))

    assert isinstance(opened[7][1], DataError)
    assert sum(isinstance(photo, Photo) for _, photo in opened) == 39


# 6 of 5: who is next in line gets in, however many are inside.
@pytest.mark.parametrize(("pixels", "most"), [(5 * 200, 6), (1, 1), (10**9, 16)])
def test_few_pixels_wait_to_be_taken(
    tmp_path: Path,
    jobs: list[Job],
    monkeypatch: pytest.MonkeyPatch,
    pixels: int,
    most: int,
) -> None:
    monkeypatch.setattr(reading, "PIXELS_AHEAD", pixels)
    counted: list[str] = []
    opening = reading.open_source
    monkeypatch.setattr(
        reading, "open_source", lambda f, e: (counted.append(f.name), opening(f, e))[1]
    )

    taken = 0
    for _ in open_ahead(jobs, tmp_path, PHOTO, threads=2):
        taken += 1
        time.sleep(0.005)
        assert len(counted) - taken <= most

    assert taken == 40


def test_ends_at_once_when_nobody_wants_more(tmp_path: Path, jobs: list[Job]) -> None:
    photos = open_ahead(jobs, tmp_path, PHOTO, threads=2)
    next(photos)

    photos.close()
