"""One line of the manifest: what a photo was, what became of it, by what."""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from translate.images.writing import UNFINISHED_SUFFIX

CLOCK_STEP_NS = 2 * 10**9  # FAT, the coarsest there is, keeps times to two seconds


class Stamp(NamedTuple):
    """What tells, without reading a file, that it changed."""

    bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, file: Path | str) -> "Stamp":
        """Look at a file.

        Raises:
            OSError: It cannot be looked at.
        """
        status = os.stat(file)  # noqa: PTH116 - no object for each of 100,000 files
        return cls(status.st_size, status.st_mtime_ns)


class Output(NamedTuple):
    """A file that was written."""

    file: str  # relative to the target
    bytes: int
    mtime_ns: int
    temporary: str  # relative to the target: its name before it was renamed

    def is_whole(self, target: Path) -> bool:
        """Say whether it is there, as long as it was written."""
        return _stamp_or_none(target / self.file, self.bytes) is not None

    def is_untouched(self, target: Path) -> bool:
        """Say whether it is there, and nobody wrote to it since."""
        stamp = _stamp_or_none(target / self.file, self.bytes)
        return stamp is not None and abs(stamp.mtime_ns - self.mtime_ns) <= CLOCK_STEP_NS

    def waits(self, target: Path) -> bool:
        """Say whether it is there under its temporary name, for the run was killed just then."""
        file, temporary = PurePosixPath(self.file), PurePosixPath(self.temporary)
        leads_out = ".." in file.parts or file.is_absolute() or temporary.parent != file.parent
        if leads_out or not temporary.name.endswith(UNFINISHED_SUFFIX):
            return False
        return _stamp_or_none(target / temporary, self.bytes) is not None


def is_free(file: str, target: Path, ours: Iterable[Output]) -> bool:
    """Say whether nothing lies in a place, or what lies there may be replaced.

    Args:
        file: The place, relative to the target.
        ours: What we wrote; untouched since it may be replaced.
    """
    if not os.path.lexists(target / file):
        return True
    return any(output.file == file and output.is_untouched(target) for output in ours)


def _stamp_or_none(file: Path, expected_bytes: int) -> Stamp | None:
    try:
        stamp = Stamp.of(file)
    except (OSError, ValueError):  # the latter: no file can have such a name
        return None
    return stamp if stamp.bytes == expected_bytes else None


Facts = Mapping[str, str]


class Entry(NamedTuple):
    """What is known of one input.

    Attributes:
        input: Its name, relative to the source.
        stamp: Its size and time when it was read.
        outputs: What it became; empty where it failed.
        earlier: What it became before that and may still be there: ours, so it may be replaced.
        source: The folder it lies in: an output is only replaced by a photo of the same folder.
        facts: Everything that decides what comes out: model and settings. Empty for a sidecar.
        seconds: From opening to writing, waiting for others included.
        error: Why it failed, or None.
    """

    input: str
    stamp: Stamp
    outputs: tuple[Output, ...]
    earlier: tuple[Output, ...]
    source: str
    facts: Facts
    seconds: float
    error: str | None

    def to_line(self) -> bytes:
        """Write it as one line of JSON in plain ASCII, whatever bytes a name is made of."""
        values: dict[str, Any] = {
            "input": self.input,
            **self.stamp._asdict(),
            "outputs": [output._asdict() for output in self.outputs],
            "earlier": [output._asdict() for output in self.earlier],
            "source": self.source,
            "facts": dict(self.facts),
            "seconds": round(self.seconds, 4),
            "error": self.error,
        }
        return json.dumps(values, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Entry | None":
        """Read a line; None where it is torn, something else, or was spoilt by hand."""
        try:
            values = json.loads(line)
            entry = cls(
                values["input"],
                Stamp(values["bytes"], values["mtime_ns"]),
                tuple(Output(**output) for output in values["outputs"]),
                tuple(Output(**output) for output in values["earlier"]),
                values["source"],
                values["facts"],
                values["seconds"],
                values["error"],
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return entry if entry._is_sound() else None

    def _is_sound(self) -> bool:
        """Say whether every value is of its kind."""
        outputs = (*self.outputs, *self.earlier)
        names = (self.input, *(name for o in outputs for name in (o.file, o.temporary)))
        numbers = (*self.stamp, *(number for o in outputs for number in (o.bytes, o.mtime_ns)))
        return (
            all(isinstance(name, str) for name in names)
            and all(isinstance(number, int) for number in numbers)
            and isinstance(self.facts, dict)
            and isinstance(self.error, str | None)
        )

    def is_done(self, target: Path, stamp: Stamp, outputs: tuple[str, ...], facts: Facts) -> bool:
        """Say whether this very photo became these very files by this model and these settings."""
        return (
            self.error is None
            and self.stamp == stamp
            and self.facts == facts
            and tuple(output.file for output in self.outputs) == outputs
            and all(output.is_whole(target) for output in self.outputs)
        )

    def ours(self, target: Path, source: str) -> tuple[Output, ...]:
        """List what is there of it, untouched: this, and nothing else, may be replaced."""
        if self.source != source:
            return ()
        files = {o.file: o for o in (*self.earlier, *self.outputs) if o.is_untouched(target)}
        return tuple(files.values())
