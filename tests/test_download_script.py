import io
import runpy
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web_server import Page, Site, serve

ROOT = Path(__file__).parents[1]
Run = Callable[..., tuple[int, str, str]]
SCENES = "{title: Hills, licence: MIT, scenes: {side_px: 16, train: 1, test: 1}}"


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the script as a user would: words in; exit code, output and complaints out."""
    file = ROOT / "scripts" / "download_dataset.py"
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [str(file), *words])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path(str(file), run_name="__main__")
        return (stop.value.code, *capsys.readouterr())

    return run


def test_licence_and_source_are_shown_first_and_the_data_sets_are_brought(
    site: Site, tmp_path: Path, run: Run
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

    code, said, _ = run("x", "hills", "--datasets", str(tmp_path))

    assert code == 0
    assert said.splitlines() == [
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
    again = run("x", "--datasets", str(tmp_path))
    assert again[1].endswith("x: was there already, and is left as it is\n")


def test_the_licence_is_shown_even_if_the_download_fails(
    site: Site, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "x.yaml").write_text(
        f"{{title: Toys, licence: research only, layout: paired, "
        f"download: {{address: '{site.address}/gone.zip'}}}}"
    )

    code, said, complaint = run("x", "--datasets", str(tmp_path))

    assert code == 2
    assert "licence: research only" in said
    assert f"error: {site.address}/gone.zip: the server says 404" in complaint


def test_every_card_is_listed_with_its_licence_and_size(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.chdir(ROOT)

    code, said, _ = run("--list")

    assert code == 0
    for words in ("facades", "horse2zebra", "not stated by the authors", "30 MB", "drawn here"):
        assert words in said


def test_no_name_or_licence_is_cut_short_on_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    words = " ".join(f"https://example.org/terms/number/{i}/of/several" for i in range(3))
    (tmp_path / "summer2winter_yosemite.yaml").write_text(
        f"{{title: Toys, licence: {words}, page: https://example.org}}"
    )

    code, said, _ = run("--list", "--datasets", str(tmp_path))

    assert code == 0
    assert "summer2winter_yosemite" in said
    rows = [line.split("│")[3].strip() for line in said.splitlines() if line.startswith("│")]
    assert "".join(rows) == words.replace(" ", "")


def test_a_refusal_is_one_message_and_exit_code_2(tmp_path: Path, run: Run) -> None:
    (tmp_path / "x.yaml").write_text("{title: Toys, licence: MIT, page: https://example.org}")

    unknown = run("x", "y", "--datasets", str(tmp_path))
    by_hand = run("x", "--datasets", str(tmp_path))
    elsewhere = run("x", "--datasets", str(tmp_path / "nowhere"))

    assert (unknown[0], by_hand[0], elsewhere[0]) == (2, 2, 2)
    assert unknown[1] == ""  # every name is looked up before anything is done
    assert unknown[2].startswith(f"error: {tmp_path}: holds no card y.yaml")
    assert "Get it by hand: https://example.org" in by_hand[2]
    assert "nowhere: expected a folder of data set cards" in elsewhere[2]


def test_no_name_is_a_mistake(run: Run) -> None:
    code, _, complaint = run()

    assert code == 2
    assert "give --list" in complaint
