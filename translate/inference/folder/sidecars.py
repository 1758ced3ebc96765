"""Labels, captions and the like that lie beside photos, and come along.

What is inside a sidecar stays as it is. A name of a photo written there, such as `<filename>` in
the XML of Pascal VOC or `file_name` in the JSON of COCO, still names the photo it named before: it
agrees with the translation's name unless `suffix`, `format` or `samples` gave it another one.
"""

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from translate.errors import DataError
from translate.inference.folder.jobs import Job
from translate.inference.folder.naming import Naming


def check_patterns(patterns: Sequence[str]) -> None:
    """Refuse patterns that are not about a file's name.

    Raises:
        DataError: A pattern is empty, or names a folder.
    """
    for pattern in patterns:
        if not pattern or any(part in pattern for part in ("/", "\\", "\0")) or pattern == "..":
            raise DataError(
                f"copy_sidecars: {pattern!r} is not a pattern of names, as *.txt is. Sidecars are "
                "looked for in every folder of the source: leave folders out."
            )


class SidecarNaming:
    """The rule by which sidecars get their names.

    A sidecar belongs to a photo if its stem is the photo's (`labels/x.txt`, `images/x.jpg`: YOLO
    keeps them in folders of their own, so any photo of the tree will do) or if a photo's whole name
    is its stem (`x.jpg.json`). It is renamed as the photo is, and copied for each of its samples.
    Every other one keeps its name.

    Args:
        patterns: Of names, such as `*.txt`.
        photos: The names of all photos of the source.
    """

    def __init__(self, patterns: Sequence[str], photos: Iterable[str], naming: Naming) -> None:
        self._patterns, self._naming = patterns, naming
        is_renaming = bool(naming.suffix) or naming.samples is not None
        changes = bool(patterns) and (is_renaming or naming.format is not None)
        self._files = {photo.rpartition("/")[2] for photo in photos} if changes else set()
        self._stems = {PurePosixPath(f).stem for f in self._files} if is_renaming else set()

    def takes(self, name: str) -> bool:
        """Say whether a file is to be copied; a hidden one only where a pattern begins so."""
        file = name.rpartition("/")[2]
        return any(
            fnmatch.fnmatchcase(file, pattern)
            for pattern in self._patterns
            if pattern.startswith(".") or not file.startswith(".")
        )

    def job_of(self, name: str) -> Job:
        """Name the copies of a sidecar."""
        sidecar = PurePosixPath(name)
        if sidecar.stem in self._files:
            renamed = self._naming.outputs_of(sidecar.stem)
        elif sidecar.stem in self._stems:
            photos = self._naming.outputs_of(f"{sidecar.stem}.png")
            renamed = tuple(PurePosixPath(photo).stem for photo in photos)
        else:
            return Job(name, (name,))
        return Job(name, tuple(str(sidecar.with_name(new + sidecar.suffix)) for new in renamed))
