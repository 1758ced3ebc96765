"""Which name does the translation of a photo get?"""

import os
from dataclasses import dataclass
from pathlib import PurePosixPath

from translate.errors import DataError
from translate.images import Encoding, fitting_suffix

FORMATS = {
    "jpg": (".jpg", ".jpeg"),
    "png": (".png",),
    "webp": (".webp",),
    "tiff": (".tif", ".tiff"),
    "avif": (".avif",),
}
"""A format's name -> the suffixes it goes by; the first is given to what had another format."""
LONGEST_NAME = 255  # bytes, on the disks in use


@dataclass(frozen=True)
class Naming:
    """The rule by which outputs get their names: those of the photos, as far as that can be.

    Attributes:
        made_of: What the translations are made of; a format that cannot hold it is replaced.
        format: One of `FORMATS`; None: the photo's own.
        suffix: What is put behind the stem: `_night` makes `x.jpg` `x_night.jpg`.
        samples: How many outputs a photo has, numbered from 1; None: one, without a number.

    Raises:
        DataError: There is no such format, it cannot hold the translations, or the suffix names a
            folder or is longer than any name.
    """

    made_of: Encoding
    format: str | None = None
    suffix: str = ""
    samples: int | None = None

    def __post_init__(self) -> None:
        if self.format is not None:
            if self.format not in FORMATS:
                raise DataError(
                    f"format: there is no format {self.format!r} to write. "
                    f"Choose one of {', '.join(FORMATS)}."
                )
            self._expect_holding(FORMATS[self.format][0])
        if any(character in self.suffix for character in "/\\\0"):
            raise DataError(
                f"suffix: {self.suffix!r} would lead to another folder. "
                "Give letters to put behind the photos' names, such as _night."
            )
        if len(os.fsencode(self.suffix)) >= LONGEST_NAME:
            raise DataError(
                f"suffix: it has {len(self.suffix)} letters, more than any file's name may have. "
                "Give a few letters to put behind the photos' names, such as _night."
            )

    def outputs_of(self, name: str) -> tuple[str, ...]:
        """Name the outputs of a photo, relative to the target as the photo is to the source."""
        photo = PurePosixPath(name)
        file = photo.with_name(f"{photo.stem}{self.suffix}{self._ending_of(photo.suffix)}")
        return numbered(str(file), self.samples)

    def _ending_of(self, suffix: str) -> str:
        if self.format is not None and suffix.lower() not in FORMATS[self.format]:
            return FORMATS[self.format][0]
        # How deep a source is shows only when it is opened, and does not matter here: of what may
        # become photos only PNG and TIFF hold 16 bits, and those keep their suffix.
        return fitting_suffix(suffix, self.made_of)

    def _expect_holding(self, suffix: str) -> None:
        if (fitting := fitting_suffix(suffix, self.made_of)) != suffix:
            raise DataError(
                f"format: a translation made of {self.made_of.kind} ({self.made_of.least_depth} "
                f"bits) is not written as '{suffix}'. Choose {fitting.removeprefix('.')}."
            )


def numbered(name: str, samples: int | None) -> tuple[str, ...]:
    """Name as many outputs as there are samples; without samples, one without a number."""
    if samples is None:
        return (name,)
    file = PurePosixPath(name)
    return tuple(
        str(file.with_name(f"{file.stem}_{i}{file.suffix}")) for i in range(1, samples + 1)
    )
