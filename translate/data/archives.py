"""Unpack an archive that comes from elsewhere: whole or not at all, and only into its folder."""

import errno
import gzip
import io
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO

from translate.data.archive_names import ArchiveNames
from translate.errors import DataError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
MOST_ENTRIES = 500_000  # the largest public set has 140,000 files
CHUNK_BYTES = 2**20
LISTED = 10  # names in a message before "and N more"
# What the readers of both formats raise for bytes that make no sense; `RuntimeError` and
# `NotImplementedError` are what `zipfile` says of features that it does not know.
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    EOFError,
    ValueError,
    OverflowError,
    RuntimeError,
)


def suffix_of(name: str) -> str | None:
    """Find by which suffix an archive can be unpacked; None: by none."""
    return next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)


def unpack(
    archive: Path,
    folder: Path,
    most_bytes: int,
    *,
    top: str | None = None,
    any_of: Collection[str] = (),
    on_progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Unpack a zip or tar archive into a new folder. Do so once at a time for the same folder.

    Nothing in the archive is trusted: not its names, not its sizes, not its permissions. Links,
    devices and encrypted files are refused, and with them the whole archive.

    Args:
        most_bytes: What the archive may unpack to. Counted while unpacking.
        top: Unpack only what is in this folder of the archive.
        any_of: Folders of which the result must hold at least one.
        on_progress: Called with the bytes of the archive that are done.

    Raises:
        DataError: The archive is damaged or hostile, or the folder cannot be written.
    """
    draft = folder.parent / f".{folder.name}.unpacking"
    shutil.rmtree(draft, ignore_errors=True)  # left by a run that was killed
    try:
        draft.mkdir(parents=True)
        unpacking = _Unpacking(draft, most_bytes, top, on_progress)
        if suffix_of(archive.name) == ".zip":
            unpacking.unpack_zip(archive)
        else:
            unpacking.unpack_tar(archive)
        unpacking.expect_any_of(any_of)
        draft.rename(folder)
    except DataError as refusal:
        raise DataError(f"{archive}: {refusal} Nothing was unpacked.") from refusal
    except (*DAMAGE, OSError) as error:
        is_seek = isinstance(error, OSError) and error.errno == errno.EINVAL  # to before the start
        if is_seek or not isinstance(error, OSError) or isinstance(error, gzip.BadGzipFile):
            raise DataError(
                f"{archive}: is damaged, or no {suffix_of(archive.name)} archive ({error}). "
                "Nothing was unpacked. Delete it and fetch it again."
            ) from error
        raise DataError(
            f"{folder}: {archive.name} could not be unpacked here ({error.strerror or error}). "
            "See that the folder above it can be written and that the disk has room."
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


class _Unpacking:
    """One archive on its way into a draft folder."""

    def __init__(
        self, draft: Path, most_bytes: int, top: str | None, on_progress: Callable[[int], None]
    ) -> None:
        self.draft = draft
        self.most_bytes = most_bytes
        self.top = top.strip("/").split("/") if top else []
        self.on_progress = on_progress
        self.names = ArchiveNames()
        self.entries = self.written_bytes = 0
        self.seen: dict[str, None] = {}  # names at the archive's top, in order

    def unpack_zip(self, archive: Path) -> None:
        with zipfile.ZipFile(archive) as entries:
            members = entries.infolist()
            self._expect_less(sum(member.file_size for member in members))
            if sum(member.compress_size for member in members) > archive.stat().st_size:
                raise DataError("has entries that share their bytes, as only a trap does.")
            done = 0
            for member in members:
                _vouch_for_zip_member(member)
                target = self._claim(member.orig_filename, member.orig_filename.endswith("/"))
                if target is not None:
                    with entries.open(member) as content:
                        self._write(content, target, member.file_size)
                done += member.compress_size
                self.on_progress(done)

    def unpack_tar(self, archive: Path) -> None:
        with archive.open("rb") as raw:
            is_plain = suffix_of(archive.name) == ".tar"
            gauge = _Gauge(raw if is_plain else gzip.GzipFile(fileobj=raw), self.most_bytes)
            with tarfile.open(fileobj=gauge, mode="r:") as entries:
                while (member := entries.next()) is not None:
                    # Else all of them are kept in memory, however many there are.
                    entries.members = []  # type: ignore[attr-defined]
                    _vouch_for_tar_member(member)
                    target = self._claim(member.name, member.isdir())
                    content = entries.extractfile(member) if target is not None else None
                    if target is not None and content is not None:
                        self._write(content, target, member.size)
                    self.on_progress(raw.tell())
            gauge.expect_the_end()

    def expect_any_of(self, folders: Collection[str]) -> None:
        """Refuse an archive that holds something else than it should."""
        if folders and not any((self.draft / name).is_dir() for name in folders):
            inside = f" in {'/'.join(self.top)}/" if self.top else ""
            more = f" and {len(self.seen) - LISTED} more" * (len(self.seen) > LISTED)
            raise DataError(
                f"expected one of the folders {', '.join(folders)}{inside}, found "
                f"{', '.join([*self.seen][:LISTED]) or 'nothing'}{more} at its top."
            )

    def _claim(self, name: str, is_folder: bool) -> Path | None:
        """Say where a file must be written; None: nowhere, it is a folder or outside of `top`."""
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            raise DataError(f"has more than {MOST_ENTRIES:,} entries.")
        parts = self.names.claim(name, is_folder).parts
        self.seen.update(dict.fromkeys(parts[:1]))
        if list(parts[: len(self.top)]) != self.top:
            return None
        target = self.draft.joinpath(*parts[len(self.top) :])
        (target if is_folder else target.parent).mkdir(parents=True, exist_ok=True)
        return None if is_folder else target

    def _write(self, content: IO[bytes], target: Path, declared_bytes: int) -> None:
        before = self.written_bytes
        with target.open("xb") as file:
            while chunk := content.read(CHUNK_BYTES):
                self.written_bytes += len(chunk)
                self._expect_less(self.written_bytes)
                file.write(chunk)
        if self.written_bytes - before != declared_bytes:
            raise DataError(f"does not hold as many bytes of {target.name!r} as it says.")

    def _expect_less(self, unpacked_bytes: int) -> None:
        if unpacked_bytes > self.most_bytes:
            raise DataError(f"unpacks to more than {self.most_bytes:,} bytes: far too many.")


class _Gauge(io.RawIOBase):
    """A stream read once from front to back, a bounded piece at a time, and not without end."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = most_bytes
        self._position = 0
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= CHUNK_BYTES:  # files are read in chunks, so this is a header
            raise DataError("has a header of more than a megabyte.")
        self._last = self._stream.read(size)
        self._position += len(self._last)
        if self._position > self._most_bytes:
            raise DataError(f"unpacks to more than {self._most_bytes:,} bytes: far too many.")
        return self._last

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        while self._position < offset and self.read(min(CHUNK_BYTES, offset - self._position)):
            pass
        return self._position

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def expect_the_end(self) -> None:
        """Refuse what `tarfile` takes for an end: a damaged header, or bytes after the end."""
        rest = self._last
        while not any(rest) and (rest := self.read(CHUNK_BYTES)):
            pass
        if any(rest):
            raise DataError("is damaged: something else begins where its end should be.")


def _vouch_for_zip_member(member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where the archive was not made on Unix
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise DataError(f"has a link or a device among its entries ({member.filename!r}).")
    if member.flag_bits & 0x2041:  # encrypted, strongly encrypted, its names encrypted
        raise DataError(f"is encrypted ({member.filename!r}).")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise DataError(f"is packed in a way that few programs can read ({member.filename!r}).")


def _vouch_for_tar_member(member: tarfile.TarInfo) -> None:
    if member.type not in {tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE}:
        raise DataError(f"has a link or a device among its entries ({member.name!r}).")
    if member.issparse():
        raise DataError(f"has a file with holes ({member.name!r}).")
