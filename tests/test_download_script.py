import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web_server import Page, Site, serve

ROOT = Path(__file__).parents[1]
SCENES = "{title: Hills, licence: MIT, scenes: {side_px: 16, train: 1, test: 1}}"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


def run(datasets: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/download_dataset.py", *words, "--datasets", str(datasets)],
        cwd=ROOT,
        env=os.environ | {"no_proxy": "*", "COLUMNS": "200", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_licence_and_source_are_shown_first_and_the_data_sets_are_brought(
    site: Site, tmp_path: Path
) -> None:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("trainA/1.jpg", b"a")
    address = site.put("x.zip", Page(memory.getvalue()))
    (tmp_path / "x.yaml").write_text(
        f"title: Toys\nlicence: research only\nauthors: Ada 1843\npage: https://example.org\n"
        f"layout: unpaired\ndownload: {{address: '{address}', about_mb: 1}}"
    )
    (tmp_path / "hills.yaml").write_text(SCENES)

    first, again = run(tmp_path, "x", "hills"), run(tmp_path, "x")

    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [
        "x: Toys",
        "  authors: Ada 1843",
        "  licence: research only",
        "  page: https://example.org",
        f"  address: {address} (about 1 MB)",
        f"{tmp_path / 'x'}: is there",
        "hills: Hills",
        "  licence: MIT",
        f"{tmp_path / 'hills'}: is there",
    ]
    assert (tmp_path / "x" / "trainA" / "1.jpg").is_file()
    assert (tmp_path / "hills" / "trainA" / "0001.png").is_file()
    assert again.stdout.endswith("x: was there already, and is left as it is\n")


def test_every_card_is_listed_with_its_licence_and_size() -> None:
    done = run(ROOT / "datasets", "--list")

    assert done.returncode == 0, done.stderr
    for words in ("facades", "horse2zebra", "not stated by the authors", "30 MB", "drawn here"):
        assert words in done.stdout


def test_a_refusal_is_one_message_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("{title: Toys, licence: MIT, page: https://example.org}")

    unknown, by_hand = run(tmp_path, "x", "y"), run(tmp_path, "x")

    assert (unknown.returncode, by_hand.returncode) == (2, 2)
    assert unknown.stdout == ""  # every name is looked up before anything is done
    assert unknown.stderr.startswith(f"error: {tmp_path}: holds no card y.yaml")
    assert "Get it by hand: https://example.org" in by_hand.stderr
