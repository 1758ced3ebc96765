"""Which paths the entries of an archive may take: inside its folder, and each only once."""

import re
import unicodedata
from pathlib import PurePosixPath

from translate.errors import DataError

DEEPEST = 16  # folders in folders; photos lie two or three deep
# Windows allows none of these in a name. Public sets do have colons (times of day), so they are
# replaced, and on every system: a data set is the same wherever it is unpacked.
NOT_PORTABLE = re.compile(r'[<>:"|?*]')
DRIVE = re.compile(r"[A-Za-z]:")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ArchiveNames:
    """The paths that entries have taken so far."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, bool]] = {}  # as all systems see it: spelling, is_folder

    def claim(self, name: str, is_folder: bool) -> PurePosixPath:
        """Take the path that an archive names, for a folder or for a file.

        Returns:
            The path inside the folder to unpack to; `.` for that folder itself.

        Raises:
            DataError: The path leads elsewhere, or is taken. Reads on after the archive's path.
        """
        parts = _parts(name)
        if not parts and not is_folder:
            raise DataError(f"has a file without a name ({name!r}).")
        key = spelling = ""
        for depth, part in enumerate(parts, start=1):
            key += f"/{_fold(part)}"
            spelling += f"/{part}"
            wanted = (spelling, is_folder or depth < len(parts))
            held = self._taken.setdefault(key, wanted)
            is_folder_again = held == wanted and wanted[1]
            if held is not wanted and not is_folder_again:
                raise DataError(
                    f"has both {held[0][1:]!r} and {spelling[1:]!r}, which some systems cannot "
                    "tell apart."
                )
        return PurePosixPath(*parts)


def _parts(name: str) -> list[str]:
    if name.startswith("/") or DRIVE.match(name):
        raise DataError(f"has an entry that starts at the root of the disk ({name!r}).")
    if "\\" in name or CONTROL.search(name):
        raise DataError(f"has an entry whose name holds a backslash or a control code ({name!r}).")
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise DataError(f"has an entry that climbs out of its folder ({name!r}).")
    if len(parts) > DEEPEST or any(not part.strip(" .") for part in parts):
        raise DataError(f"has an entry with a name that no photo needs ({name[:200]!r}).")
    return [NOT_PORTABLE.sub("_", part) for part in parts]


def _fold(part: str) -> str:
    """Drop what Windows or macOS do not see in a name: case, accents' encoding, dots at the end."""
    return unicodedata.normalize("NFC", part).casefold().rstrip(" .")
