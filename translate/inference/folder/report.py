"""What became of every file of a folder."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self


class Failure(NamedTuple):
    """A photo, or a folder of them, that did not come back."""

    file: str
    reason: str


class Ignored(NamedTuple):
    """A file that was not taken for a photo, and is not copied."""

    file: str
    reason: str


class Note(NamedTuple):
    """Something to know about a photo that did come back."""

    file: str
    remark: str


@dataclass
class FolderReport:
    """What became of every file; all names are relative to the source folder, parted by `/`.

    Attributes:
        done: Photos translated, in the order of their names; once, however many samples were taken.
        skipped: Photos that an earlier run translated with the same model and settings.
        failed: Photos and folders that could not be read, translated or written, and why.
        ignored: What was not taken for photos: other kinds of files, hidden ones, and links that
            lead back to a folder above them.
        notes: What was left behind, such as the other frames of an animation.
        remarks: What the translator changed on the way, such as using less memory.
        copied: Sidecars that were copied; those that were there already are not counted.
        planned: Of a dry run: the photos that a real one would translate.
        estimated_bytes: Of a dry run: what the translations would take up, roughly.
        not_attempted: How many photos were not begun because the run was stopped.
        stopped: Why the run ended early; None where it did not.
        megapixels: Of the photos translated, added up.
        seconds: From the first photo to the last.
    """

    done: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    planned: list[str] = field(default_factory=list)
    estimated_bytes: int = 0
    not_attempted: int = 0
    stopped: str | None = None
    megapixels: float = 0.0
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for was done."""
        return not self.failed and self.stopped is None and not self.not_attempted

    @property
    def images_per_second(self) -> float:
        """Photos translated per second; 0 where none was."""
        return len(self.done) / self.seconds if self.seconds else 0.0

    @property
    def megapixels_per_second(self) -> float:
        """Megapixels translated per second; 0 where none was."""
        return self.megapixels / self.seconds if self.seconds else 0.0

    def to_json(self) -> str:
        """Write everything down for machines: every list in full, and the rates."""
        rates = {
            "is_complete": self.is_complete,
            "images_per_second": self.images_per_second,
            "megapixels_per_second": self.megapixels_per_second,
        }
        named = {
            "failed": [each._asdict() for each in self.failed],
            "ignored": [each._asdict() for each in self.ignored],
            "notes": [each._asdict() for each in self.notes],
        }
        return json.dumps({**asdict(self), **named, **rates}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        for rate in ("is_complete", "images_per_second", "megapixels_per_second"):
            del values[rate]
        values["failed"] = [Failure(**each) for each in values["failed"]]
        values["ignored"] = [Ignored(**each) for each in values["ignored"]]
        values["notes"] = [Note(**each) for each in values["notes"]]
        return cls(**values)

    def add(self, other: "FolderReport") -> None:
        """Take in what another process did beside this one."""
        for name in (
            "done",
            "skipped",
            "failed",
            "ignored",
            "notes",
            "remarks",
            "copied",
            "planned",
        ):
            mine: list[Any] = getattr(self, name)
            mine.extend(getattr(other, name))
            mine.sort()
        self.remarks = list(dict.fromkeys(self.remarks))  # each process may have made the same one
        self.not_attempted += other.not_attempted
        self.stopped = self.stopped or other.stopped
        self.megapixels += other.megapixels
        self.seconds = max(self.seconds, other.seconds)

    def forget(self, files: Collection[str]) -> None:
        """Drop the failures of photos that are tried again."""
        self.failed = [failure for failure in self.failed if failure.file not in files]
