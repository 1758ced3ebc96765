import hashlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.web_server import Fault, Page, Site, serve
from translate.data import fetch as fetch_module
from translate.data.fetch import Sums, fetch_file, forget
from translate.errors import DataError

CONTENT = bytes(range(256)) * 40
SUMS = Sums(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
NOTHING_KNOWN = Sums()


pytestmark = pytest.mark.usefixtures("_no_pauses")


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_file_arrives_whole_with_its_sums_and_progress(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT))
    seen: list[tuple[int, int | None]] = []

    sums = fetch_file(address, tmp_path / "new" / "set.zip", SUMS, lambda *done: seen.append(done))

    assert sums == SUMS
    assert (tmp_path / "new" / "set.zip").read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_file_that_is_there_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT))

    for _ in range(2):
        assert fetch_file(address, tmp_path / "set.zip", SUMS) == SUMS

    assert site.ranges == [None]


@pytest.mark.parametrize("page", [Page(CONTENT), Page(CONTENT, None, "Sun, 02 Sep 2018")])
def test_a_dropped_connection_goes_on_where_it_broke(
    site: Site, tmp_path: Path, page: Page
) -> None:
    page.faults = [Fault(drop_after=1000), Fault(drop_after=500)]
    address = site.put("set.zip", page)

    fetch_file(address, tmp_path / "set.zip", SUMS)

    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert site.ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_a_download_goes_on_after_the_program_was_ended(site: Site, tmp_path: Path) -> None:
    page = Page(CONTENT, faults=[Fault(drop_after=1000)] + [Fault(status=503)] * 9)
    address = site.put("set.zip", page)

    with pytest.raises(DataError, match=r"503.*after 5 attempts.*the same command goes on"):
        fetch_file(address, tmp_path / "set.zip", SUMS)
    assert (tmp_path / "set.zip.part").read_bytes() == CONTENT[:1000]
    page.faults.clear()
    fetch_file(address, tmp_path / "set.zip", SUMS)

    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert site.ranges[-1] == "bytes=1000-"


def test_attempts_that_bring_something_are_not_counted(site: Site, tmp_path: Path) -> None:
    page = Page(CONTENT, faults=[Fault(drop_after=100) for _ in range(20)])

    fetch_file(site.put("set.zip", page), tmp_path / "set.zip", SUMS)

    assert (tmp_path / "set.zip").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "fault",
    [Fault(ignores_range=True), Fault(shifts_range=-7), Fault(shifts_range=7), Fault(status=416)],
)
def test_a_server_that_knows_no_ranges_starts_over(
    site: Site, tmp_path: Path, fault: Fault
) -> None:
    page = Page(CONTENT, faults=[Fault(drop_after=1000), fault])

    fetch_file(site.put("set.zip", page), tmp_path / "set.zip", NOTHING_KNOWN)

    assert (tmp_path / "set.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("changed", [b"y" * 3000, b"y" * 10])
def test_a_file_that_changed_meanwhile_starts_over(
    site: Site, tmp_path: Path, changed: bytes
) -> None:
    address = site.put("set.zip", Page(CONTENT, faults=[Fault(drop_after=1000)] + [Fault(503)] * 4))
    with pytest.raises(DataError, match="503"):
        fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)
    site.put("set.zip", Page(changed, etag='"2"'))

    fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)

    assert (tmp_path / "set.zip").read_bytes() == changed


def test_the_rest_of_another_file_is_not_put_behind_what_arrived(
    site: Site, tmp_path: Path
) -> None:
    address = site.put("set.zip", Page(CONTENT, faults=[Fault(drop_after=1000)] + [Fault(503)] * 4))
    with pytest.raises(DataError, match="503"):
        fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)
    changed = Page(b"y" * 3000, etag='"2"', faults=[Fault(ignores_change=True)])
    site.put("set.zip", changed)

    fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)

    assert (tmp_path / "set.zip").read_bytes() == changed.content


def test_older_bytes_are_gone_before_a_changed_file_is_noted(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(CONTENT, faults=[Fault(drop_after=1000)] + [Fault(503)] * 4)
    with pytest.raises(DataError, match="503"):
        fetch_file(site.put("set.zip", page), tmp_path / "set.zip", NOTHING_KNOWN)
    address = site.put("set.zip", Page(b"y" * 3000, etag='"2"'))
    parts: list[bool] = []
    monkeypatch.setattr(
        fetch_module.json,
        "dumps",
        lambda note: f"{parts.append((tmp_path / 'set.zip.part').exists()) or note}",
    )

    fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)

    assert parts == [False]


@pytest.mark.parametrize("tag", [None, 'W/"1"'])
def test_without_proof_that_it_is_the_same_file_it_starts_over(
    site: Site, tmp_path: Path, tag: str | None
) -> None:
    address = site.put("set.zip", Page(CONTENT, etag=tag, faults=[Fault(drop_after=1000)]))

    fetch_file(address, tmp_path / "set.zip", SUMS)

    assert site.ranges == [None, None]


def test_a_part_of_another_address_is_not_gone_on_with(site: Site, tmp_path: Path) -> None:
    old = site.put("old.zip", Page(b"old" * 999, faults=[Fault(drop_after=9)] + [Fault(503)] * 4))
    new = site.put("new.zip", Page(CONTENT))
    with pytest.raises(DataError):
        fetch_file(old, tmp_path / "set.zip", NOTHING_KNOWN)

    fetch_file(new, tmp_path / "set.zip", NOTHING_KNOWN)

    assert (tmp_path / "set.zip").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [500, 503, 429])
def test_trouble_that_passes_is_waited_for(site: Site, tmp_path: Path, status: int) -> None:
    page = Page(CONTENT, faults=[Fault(status), Fault(status)])

    assert fetch_file(site.put("set.zip", page), tmp_path / "set.zip", SUMS) == SUMS


def test_pauses_between_attempts_grow(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(fetch_module, "FIRST_PAUSE_S", 1.0)
    monkeypatch.setattr(fetch_module.time, "sleep", pauses.append)

    with pytest.raises(DataError, match="after 5 attempts"):
        fetch_file(site.put("a.zip", Page(b"", faults=[Fault(503)] * 9)), tmp_path / "a.zip", SUMS)

    assert pauses == [1, 2, 4, 8]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_gone_is_not_asked_for_again(
    site: Site, tmp_path: Path, status: int
) -> None:
    address = site.put("set.zip", Page(CONTENT, faults=[Fault(status)] * 9))

    with pytest.raises(DataError, match=rf"{address}: the server says {status}.*download.address"):
        fetch_file(address, tmp_path / "set.zip", SUMS)

    assert len(site.ranges) == 1


def test_a_computer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with serve() as site:
        address = f"{site.address}/set.zip"

    with pytest.raises(DataError, match=rf"{address}: could not be downloaded .*online"):
        fetch_file(address, tmp_path / "set.zip", SUMS)


def test_redirects_to_the_web_are_followed(site: Site, tmp_path: Path) -> None:
    target = site.put("real.zip", Page(CONTENT))
    address = site.put("set.zip", Page(b"", faults=[Fault(leads_to=target)]))

    assert fetch_file(address, tmp_path / "set.zip", SUMS) == SUMS


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "set.zip", "//"])
def test_redirects_to_elsewhere_are_refused(site: Site, tmp_path: Path, target: str) -> None:
    address = site.put("set.zip", Page(b"", faults=[Fault(leads_to=target)] * 99))

    with pytest.raises(DataError, match=f"(?s){address}: (leads on to {target}|could not be)"):
        fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)

    assert not (tmp_path / "set.zip").exists()


def test_a_wrong_checksum_is_refused_and_the_file_deleted(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT[:-1] + b"x"))

    with pytest.raises(DataError, match=f"(?s){address}: expected .* {SUMS.sha256}.*deleted it"):
        fetch_file(address, tmp_path / "set.zip", SUMS)

    assert names(tmp_path) == set()


def test_a_wrong_length_is_refused_before_the_download(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT + b"more"))

    with pytest.raises(DataError, match="expected 10,240 bytes, but the server offers 10,244"):
        fetch_file(address, tmp_path / "set.zip", SUMS)

    assert names(tmp_path) == set()


def test_a_length_that_is_promised_and_not_kept_is_refused(site: Site, tmp_path: Path) -> None:
    page = Page(CONTENT, faults=[Fault(extra_length=5) for _ in range(9)])

    with pytest.raises(DataError, match="5 bytes too early"):
        fetch_file(site.put("set.zip", page), tmp_path / "set.zip", NOTHING_KNOWN)


def test_more_bytes_than_expected_are_not_received(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT + b"more", tells_length=False))

    with pytest.raises(DataError, match="sends more than 10,240 bytes"):
        fetch_file(address, tmp_path / "set.zip", SUMS)


def test_a_server_that_tells_no_length_is_read_to_the_end(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT, tells_length=False))

    assert fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN) == SUMS


def test_a_web_page_is_no_archive(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(b"<html>moved</html>", kind="text/html; charset=utf-8"))

    with pytest.raises(DataError, match="answers with a web page"):
        fetch_file(address, tmp_path / "set.zip", NOTHING_KNOWN)


def test_a_full_disk_is_told_before_the_download(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))

    with pytest.raises(DataError, match=r"needs 268 MB for set.zip, has 1 MB free. Make room"):
        fetch_file(site.put("set.zip", Page(CONTENT)), tmp_path / "set.zip", SUMS)


def test_a_damaged_note_only_costs_a_new_start(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT))
    (tmp_path / "set.zip.part").write_bytes(b"of what?")
    (tmp_path / "set.zip.note").write_text("[1")

    assert fetch_file(address, tmp_path / "set.zip", SUMS) == SUMS


def test_an_archive_put_there_by_hand_is_used(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(CONTENT)

    assert fetch_file("http://nowhere.invalid/set.zip", tmp_path / "set.zip", SUMS) == SUMS


def test_an_archive_put_there_by_hand_is_never_deleted(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(b"older")

    with pytest.raises(DataError, match=r"set\.zip: expected .*, found one of 5 bytes .*Delete it"):
        fetch_file("http://nowhere.invalid/set.zip", tmp_path / "set.zip", SUMS)

    assert (tmp_path / "set.zip").read_bytes() == b"older"


def test_nothing_stays_of_what_is_forgotten(site: Site, tmp_path: Path) -> None:
    address = site.put("set.zip", Page(CONTENT))
    fetch_file(address, tmp_path / "set.zip", SUMS)

    forget(address, tmp_path / "set.zip")

    assert names(tmp_path) == set()
