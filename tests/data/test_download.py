import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from tests.web_server import Fault, Page, Site
from translate.data import download as download_module
from translate.data.download import STOCK, download_dataset
from translate.errors import ConfigError, DataError

pytestmark = pytest.mark.usefixtures("_no_pauses")


def zipped(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return memory.getvalue()


UNPAIRED = zipped({"x/trainA/1.jpg": b"a", "x/trainB/1.jpg": b"b"})
PAIRED = tarred({"x/train/1.jpg": b"a", "x/val/1.jpg": b"b"})


def write_card(datasets: Path, address: str, more: str = "", layout: str = "unpaired") -> None:
    (datasets / "x.yaml").write_text(
        f"title: Toys\nlicence: MIT\nlayout: {layout}\n"
        f"download:\n  address: {address}\n  top: x\n{more}"
    )


def stock_of(datasets: Path) -> set[str]:
    return {file.name for file in (datasets / STOCK).iterdir()} - {"x.lock"}


@pytest.mark.parametrize(
    ("name", "content", "layout", "folders"),
    [
        ("x.zip", UNPAIRED, "unpaired", ["trainA", "trainB"]),
        ("x.tar.gz", PAIRED, "paired", ["train", "val"]),
    ],
)
def test_a_data_set_lands_in_its_folder(
    site: Site, tmp_path: Path, name: str, content: bytes, layout: str, folders: list[str]
) -> None:
    write_card(tmp_path, site.put(name, Page(content)), layout=layout)

    folder = download_dataset("x", tmp_path)

    assert folder == tmp_path / "x"
    assert sorted(each.name for each in folder.iterdir()) == folders
    assert (folder / folders[0] / "1.jpg").read_bytes() == b"a"
    assert stock_of(tmp_path) == {"x.json"}


def test_what_is_there_is_left_as_it_is(site: Site, tmp_path: Path) -> None:
    write_card(tmp_path, site.put("x.zip", Page(UNPAIRED)))
    folder = download_dataset("x", tmp_path)
    (folder / "trainA" / "1.jpg").write_bytes(b"mine")

    download_dataset("x", tmp_path)

    assert (folder / "trainA" / "1.jpg").read_bytes() == b"mine"
    assert len(site.ranges) == 1


def test_a_folder_that_is_something_else_is_not_touched(tmp_path: Path) -> None:
    write_card(tmp_path, "http://nowhere.invalid/x.zip")
    (tmp_path / "x" / "photos").mkdir(parents=True)

    with pytest.raises(DataError, match=r"x: is there already, but holds none of trainA, trainB"):
        download_dataset("x", tmp_path)


def test_a_broken_download_goes_on(site: Site, tmp_path: Path) -> None:
    page = Page(UNPAIRED, faults=[Fault(drop_after=50)] + [Fault(503)] * 4)
    write_card(tmp_path, site.put("x.zip", page))
    with pytest.raises(DataError, match="the same command goes on"):
        download_dataset("x", tmp_path)
    assert not (tmp_path / "x").exists()

    download_dataset("x", tmp_path)

    assert site.ranges[-1] == "bytes=50-"
    assert (tmp_path / "x" / "trainB" / "1.jpg").is_file()


def test_progress_tells_both_halves_of_the_work(site: Site, tmp_path: Path) -> None:
    write_card(tmp_path, site.put("x.zip", Page(UNPAIRED)))
    seen: list[tuple[str, int, int | None]] = []

    download_dataset("x", tmp_path, lambda *step: seen.append(step))

    assert list(dict.fromkeys(work for work, _, _ in seen)) == ["downloading", "unpacking"]
    assert seen[0] == ("downloading", len(UNPAIRED), len(UNPAIRED))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (f"  sha256: {'a' * 64}\n", f"with SHA-256 {'a' * 64}, got one of"),
        ("  size_bytes: 7\n", "expected 7 bytes"),
    ],
)
def test_what_the_card_does_not_say_is_refused(
    site: Site, tmp_path: Path, more: str, message: str
) -> None:
    write_card(tmp_path, site.put("x.zip", Page(UNPAIRED)), more)

    with pytest.raises(DataError, match=message):
        download_dataset("x", tmp_path)

    assert not (tmp_path / "x").exists()
    assert stock_of(tmp_path) == set()


def test_a_first_download_is_noted_and_a_different_second_one_told(
    site: Site, tmp_path: Path
) -> None:
    address = site.put("x.zip", Page(UNPAIRED))
    write_card(tmp_path, address)
    folder = download_dataset("x", tmp_path)
    receipt = tmp_path / STOCK / "x.json"
    first = hashlib.sha256(UNPAIRED).hexdigest()
    assert json.loads(receipt.read_text()) == {
        "address": address,
        "size_bytes": len(UNPAIRED),
        "sha256": first,
    }
    folder.rename(tmp_path / "old")
    site.put("x.zip", Page(zipped({"x/trainA/1.jpg": b"other"}), etag='"2"'))

    with pytest.raises(DataError, match=rf"gave another file before.*{first}.*delete {receipt}"):
        download_dataset("x", tmp_path)
    receipt.unlink()
    download_dataset("x", tmp_path)

    assert (tmp_path / "x" / "trainA" / "1.jpg").read_bytes() == b"other"
    assert len(site.ranges) == 2  # what had arrived was not fetched a third time


@pytest.mark.parametrize("receipt", ["", "[]", '{"address": 1}'])
def test_a_damaged_receipt_is_written_anew(site: Site, tmp_path: Path, receipt: str) -> None:
    write_card(tmp_path, site.put("x.zip", Page(UNPAIRED)))
    (tmp_path / STOCK).mkdir()
    (tmp_path / STOCK / "x.json").write_text(receipt)

    download_dataset("x", tmp_path)

    assert "sha256" in json.loads((tmp_path / STOCK / "x.json").read_text())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"x/trainA/1.jpg": b"a", "../evil": b"b"}), "climbs out of its folder"),
        (zipped({"y/trainA/1.jpg": b"a"}), "one of the folders trainA, .* in x/, found y"),
        (b"no archive", "is damaged, or no .zip archive"),
    ],
)
def test_a_hostile_or_foreign_archive_leaves_nothing(
    site: Site, tmp_path: Path, content: bytes, message: str
) -> None:
    write_card(tmp_path, site.put("x.zip", Page(content)))

    with pytest.raises(DataError, match=message):
        download_dataset("x", tmp_path)

    assert {each.name for each in tmp_path.iterdir()} == {"x.yaml", STOCK}
    assert not (tmp_path.parent / "evil").exists()


def test_an_archive_that_grows_too_much_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_module, "UNPACKED_SPARE_BYTES", 0)
    content = tarred({"x/train/1.png": b"\0" * 10**6})
    write_card(tmp_path, site.put("x.tgz", Page(content)), layout="paired")

    with pytest.raises(DataError, match=f"unpacks to more than {20 * len(content):,} bytes"):
        download_dataset("x", tmp_path)


def test_two_processes_do_not_download_the_same_at_once(tmp_path: Path) -> None:
    write_card(tmp_path, "http://nowhere.invalid/x.zip")
    (tmp_path / STOCK).mkdir()

    with FileLock(tmp_path / STOCK / "x.lock"), pytest.raises(DataError, match="another process"):
        download_dataset("x", tmp_path)


def test_what_another_process_just_brought_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_card(tmp_path, "http://nowhere.invalid/x.zip")

    class Waiting(FileLock):
        def __enter__(self) -> "Waiting":
            (tmp_path / "x" / "trainA").mkdir(parents=True)  # while this one waited
            return super().__enter__()  # type: ignore[return-value]

    monkeypatch.setattr(download_module, "FileLock", Waiting)

    assert download_dataset("x", tmp_path) == tmp_path / "x"


def test_a_card_that_knows_the_sum_is_believed_rather_than_what_was_noted(
    site: Site, tmp_path: Path
) -> None:
    address = site.put("x.zip", Page(UNPAIRED))
    write_card(tmp_path, address, f"  sha256: {hashlib.sha256(UNPAIRED).hexdigest()}\n")
    (tmp_path / STOCK).mkdir()
    noted = {"address": address, "size_bytes": 7, "sha256": "a" * 64}
    (tmp_path / STOCK / "x.json").write_text(json.dumps(noted))

    assert download_dataset("x", tmp_path).is_dir()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write_card(tmp_path, "http://nowhere.invalid/x.zip")
    (tmp_path / STOCK).write_text("a file, where a folder is needed")

    with pytest.raises(DataError, match=f"{tmp_path}: cannot be written"):
        download_dataset("x", tmp_path)


def test_scenes_are_drawn(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "{title: x, licence: MIT, scenes: {side_px: 16, train: 1, test: 1}}"
    )

    assert (download_dataset("x", tmp_path) / "trainA" / "0001.png").is_file()


def test_what_may_not_be_handed_on_is_told_with_its_page(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("{title: x, licence: on demand, page: https://example.org}")

    with pytest.raises(DataError, match=r"Licence: on demand. Get it by hand: https://example.org"):
        download_dataset("x", tmp_path)


@pytest.mark.parametrize("name", ["y", "../x", "x.yaml", ""])
def test_an_unknown_name_is_refused(tmp_path: Path, name: str) -> None:
    write_card(tmp_path, "http://nowhere.invalid/x.zip")

    with pytest.raises(DataError, match=r"holds no card .* (Did you mean|Known here)"):
        download_dataset(name, tmp_path)


def test_a_wrong_card_is_refused(tmp_path: Path) -> None:
    write_card(tmp_path, "file:///etc/passwd")

    with pytest.raises(ConfigError, match=r"download.address: must be a web address"):
        download_dataset("x", tmp_path)
