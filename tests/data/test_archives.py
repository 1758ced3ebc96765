import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.data.archive_names import ArchiveNames
from translate.data.archives import suffix_of, unpack
from translate.errors import DataError

MOST = 1_000_000
FILES = {"set/trainA/1.jpg": b"a" * 700, "set/trainB/x/2.jpg": b"b" * 512, "set/empty.txt": b""}
FORMATS = ("set.zip", "set.tar", "set.tar.gz", "set.tgz")


def zipped(file: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file


def tarred(file: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    with tarfile.open(file, "w" if file.suffix == ".tar" else "w:gz") as archive:
        for member, content in members:
            member.size = member.size or len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


def packed(file: Path, files: dict[str, bytes]) -> Path:
    if file.suffix == ".zip":
        return zipped(file, files)
    return tarred(file, [(tarfile.TarInfo(name), content) for name, content in files.items()])


def linked(kind: bytes, target: str = "/etc/passwd") -> tarfile.TarInfo:
    member = tarfile.TarInfo("set/trainA/1.jpg")
    member.type, member.linkname = kind, target
    return member


def content_of(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def assert_refused(archive: Path, message: str) -> None:
    before = sorted(archive.parent.rglob("*"))

    with pytest.raises(DataError, match=f"(?s){archive.name}.*{message}"):
        unpack(archive, archive.parent / "out", MOST)

    assert sorted(archive.parent.rglob("*")) == before


@pytest.mark.parametrize("name", FORMATS)
def test_an_archive_becomes_a_folder(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / name, FILES)

    unpack(archive, tmp_path / "out", MOST)

    assert content_of(tmp_path / "out") == {
        "set/trainA/1.jpg": b"a" * 700,
        "set/trainB/x/2.jpg": b"b" * 512,
        "set/empty.txt": b"",
    }
    assert sorted(tmp_path.iterdir()) == [tmp_path / "out", archive]


@pytest.mark.parametrize("name", FORMATS)
def test_only_what_is_in_the_top_folder_is_unpacked(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / name, FILES | {"__MACOSX/set/._1.jpg": b"x", "./set/b.txt": b"y"})

    unpack(archive, tmp_path / "out", MOST, top="set", any_of=("train", "trainA"))

    assert content_of(tmp_path / "out") == {
        "trainA/1.jpg": b"a" * 700,
        "trainB/x/2.jpg": b"b" * 512,
        "empty.txt": b"",
        "b.txt": b"y",
    }


@pytest.mark.parametrize("name", FORMATS)
def test_progress_ends_where_the_archive_ends(tmp_path: Path, name: str) -> None:
    archive = packed(tmp_path / name, FILES)
    seen: list[int] = []

    unpack(archive, tmp_path / "out", MOST, on_progress=seen.append)

    assert seen == sorted(seen)
    assert 0 < seen[-1] <= archive.stat().st_size


def test_a_tar_packed_by_other_programs_is_read(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("set/trainA")
    folder.type = tarfile.DIRTYPE
    long_name = "set/trainA/" + "n" * 200 + ".jpg"
    members = [(folder, b""), (folder, b""), (tarfile.TarInfo(long_name), b"x")]
    with tarfile.open(tmp_path / "set.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

    unpack(tmp_path / "set.tar", tmp_path / "out", MOST)

    assert content_of(tmp_path / "out") == {long_name: b"x"}


def test_times_of_day_in_names_are_made_fit_for_every_system(tmp_path: Path) -> None:
    archive = packed(tmp_path / "set.zip", {"trainA/2010-09-07 12:00:59.jpg": b"x"})

    unpack(archive, tmp_path / "out", MOST)

    assert list(content_of(tmp_path / "out")) == ["trainA/2010-09-07 12_00_59.jpg"]


def test_permissions_of_the_archive_do_not_count(tmp_path: Path) -> None:
    member = tarfile.TarInfo("run.sh")
    member.mode = 0o6777
    (tmp_path / "plain").touch()

    unpack(tarred(tmp_path / "set.tar", [(member, b"#!/bin/sh")]), tmp_path / "out", MOST)

    assert (tmp_path / "out" / "run.sh").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("../evil.jpg", "climbs out of its folder"),
        ("set/../../evil.jpg", "climbs out"),
        ("/evil.jpg", "starts at the root of the disk"),
        ("C:/evil.jpg", "starts at the root"),
        ("c:evil.jpg", "starts at the root"),
        ("set\\..\\evil.jpg", "backslash or a control code"),
        ("set/evil\n.jpg", "control code"),
        ("set/... /evil.jpg", "no photo needs"),
        ("d/" * 20 + "evil.jpg", "no photo needs"),
        ("set/TRAINA/2.jpg", "'set/trainA' and 'set/TRAINA'.* cannot tell apart"),
        ("set/trainA/1.JPG", "'set/trainA/1.jpg' and 'set/trainA/1.JPG'"),
        ("set/trainA/1.jpg", "cannot tell apart"),
        ("set/trainA/1.jpg/2.jpg", "cannot tell apart"),
        ("set/trainA", "cannot tell apart"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_lead_elsewhere_or_clash_are_refused(
    tmp_path: Path, name: str, entry: str, message: str
) -> None:
    if name.endswith(".zip"):
        archive = tmp_path / name
        with zipfile.ZipFile(archive, "w") as entries:
            for each in ("set/trainA/1.jpg", entry):
                entries.writestr(each, b"x")
    else:
        members = [(tarfile.TarInfo(each), b"x") for each in ("set/trainA/1.jpg", entry)]
        archive = tarred(tmp_path / name, members)

    assert_refused(archive, message)


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"z"],
)
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, kind: bytes) -> None:
    assert_refused(tarred(tmp_path / "set.tgz", [(linked(kind), b"")]), "a link or a device")


def test_a_link_outside_of_the_top_folder_is_refused_too(tmp_path: Path) -> None:
    archive = tarred(tmp_path / "set.tar", [(linked(tarfile.SYMTYPE), b"")])

    with pytest.raises(DataError, match="a link or a device"):
        unpack(archive, tmp_path / "out", MOST, top="other")


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666, 0o140666])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, mode: int) -> None:
    member = zipfile.ZipInfo("set/link")
    member.external_attr = mode << 16
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")

    assert_refused(tmp_path / "set.zip", "a link or a device")


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("set/holes.bin")
    member.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(10**12)}
    with tarfile.open(tmp_path / "set.tar", "w", format=tarfile.PAX_FORMAT) as archive:
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))

    assert_refused(tmp_path / "set.tar", "file with holes")


def patched(file: Path, signature: bytes, offset: int, value: bytes) -> Path:
    """Overwrite bytes behind every occurrence of a signature."""
    data = bytearray(file.read_bytes())
    at = data.find(signature)
    while at >= 0:
        data[at + offset : at + offset + len(value)] = value
        at = data.find(signature, at + 4)
    file.write_bytes(data)
    return file


CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "set.zip", {"1.jpg": b"x"})

    assert_refused(patched(archive, CENTRAL, 8, b"\x01\x00"), "is encrypted")


def test_an_exotic_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("1.jpg", b"x")

    assert_refused(tmp_path / "set.zip", "packed in a way")


@pytest.mark.parametrize("declared", [10, 5000])
def test_a_zip_that_lies_about_a_size_is_refused(tmp_path: Path, declared: int) -> None:
    archive = zipped(tmp_path / "set.zip", {"1.jpg": b"x" * 1000})

    assert_refused(
        patched(archive, CENTRAL, 24, struct.pack("<I", declared)), "Bad CRC|as many bytes"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, name: str) -> None:
    archive = packed(
        tmp_path / name, {"set/1.jpg": b"\0" * (MOST // 2), "2": b"\0" * (MOST // 2 + 1)}
    )

    assert_refused(archive, "unpacks to more than 1,000,000 bytes")


def test_a_zip_whose_files_overlap_is_refused(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "set.zip", {"1.jpg": b"x" * 100})

    assert_refused(patched(archive, CENTRAL, 20, struct.pack("<I", 10**6)), "share their bytes")


def test_a_tar_with_a_giant_header_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 3 * 2**20
    (tmp_path / "set.tgz").write_bytes(gzip.compress(header.tobuf() + b"n" * header.size))

    with pytest.raises(DataError, match="header of more than a megabyte"):
        unpack(tmp_path / "set.tgz", tmp_path / "out", 2**30)


def test_zeros_without_end_are_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "set.tar", {"1.jpg": b"x"})
    archive.with_name("set.tgz").write_bytes(gzip.compress(archive.read_bytes() + b"\0" * MOST))

    assert_refused(archive.with_name("set.tgz"), "far too many")


def test_more_entries_than_a_data_set_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("translate.data.archives.MOST_ENTRIES", 2)

    assert_refused(packed(tmp_path / "set.zip", FILES), "more than 2 entries")


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "set.zip", FILES)

    with pytest.raises(
        DataError, match=r"set.zip.*one of the folders train, val in set/, found set"
    ):
        unpack(archive, tmp_path / "out", MOST, top="set", any_of=("train", "val"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("cut", [0.2, 0.6, 0.95])
def test_a_cut_archive_is_refused(tmp_path: Path, name: str, cut: float) -> None:
    archive = packed(tmp_path / name, {f"{i}.jpg": bytes(range(256)) * 9 for i in range(9)})
    whole = archive.read_bytes()
    if name == "set.tar":  # ends in zeros, of which some may be missing
        whole = whole.rstrip(b"\0")
    archive.write_bytes(whole[: int(len(whole) * cut)])

    assert_refused(archive, "is damaged")


def test_a_tar_whose_middle_is_damaged_is_refused(tmp_path: Path) -> None:
    archive = packed(tmp_path / "set.tar", {f"{i}.jpg": b"x" * 512 for i in range(5)})
    data = bytearray(archive.read_bytes())
    data[2048] ^= 0xFF  # in the third header
    archive.write_bytes(data)

    assert_refused(archive, "is damaged")


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.jpg").touch()

    with pytest.raises(DataError, match="could not be unpacked here"):
        unpack(packed(tmp_path / "set.zip", FILES), tmp_path / "out", MOST)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.jpg"]


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".out.unpacking").mkdir()
    (tmp_path / ".out.unpacking" / "old.jpg").touch()

    unpack(packed(tmp_path / "set.zip", FILES), tmp_path / "out", MOST, top="set")

    assert "old.jpg" not in content_of(tmp_path / "out")
    assert not (tmp_path / ".out.unpacking").exists()


@pytest.mark.parametrize("name", FORMATS)
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_archive_never_harms(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    archive = packed(folder / name, FILES)
    content = bytearray(archive.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(content)

    try:
        unpack(archive, folder / "out", MOST)
    except DataError:
        assert list(folder.iterdir()) == [archive]
    else:
        assert sorted(folder.iterdir()) == [folder / "out", archive]


@given(st.lists(st.text(st.sampled_from("aA.é/: "), min_size=1, max_size=8), max_size=8))
@settings(max_examples=200, deadline=None)
def test_no_two_claimed_names_can_be_confused(names: list[str]) -> None:
    claims = ArchiveNames()
    taken = []
    for name in names:
        try:
            taken.append(claims.claim(name, is_folder=False))
        except DataError:
            continue

    assert len({str(path).casefold() for path in taken}) == len(taken)
    assert all(not path.is_absolute() and ".." not in path.parts for path in taken)


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("A.ZIP", ".zip"), ("a.tar.gz", ".tar.gz"), ("a.tgz", ".tgz"), ("a.rar", None)],
)
def test_an_archive_is_known_by_its_suffix(name: str, suffix: str | None) -> None:
    assert suffix_of(name) == suffix
