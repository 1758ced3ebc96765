"""How a folder is to be translated."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from translate.errors import DataError
from translate.images.faults import UnfitError
from translate.images.plugins import expect_avif
from translate.inference.folder.sidecars import check_patterns

LOSSLESS_FORMATS = ("png", "tiff")


@dataclass(frozen=True)
class Wishes:
    """What `translate_folder` was asked for; see there.

    Raises:
        DataError: Something cannot be.
    """

    overwrite: bool = False
    format: str | None = None
    quality: int | None = None
    suffix: str = ""
    copy_sidecars: Sequence[str] = field(default=())
    samples: int | None = None
    seed: int = 0
    batch_size: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        check_patterns(self.copy_sidecars)
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise DataError(f"quality: expected 1 to 100, got {self.quality}.")
        if self.quality is not None and self.format in LOSSLESS_FORMATS:
            raise DataError(
                f"quality: {self.format} keeps every bit and knows no quality. Leave it out."
            )
        for name in ("batch_size", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise DataError(f"{name}: expected at least 1, got {value}.")
        if self.format == "avif":
            try:
                expect_avif()
            except UnfitError as error:
                raise DataError(f"format: this {error}.") from error

    def facts(self) -> dict[str, str]:
        """List what decides what comes out, beside the model."""
        deciding = {
            "format": self.format,
            "quality": self.quality,
            "suffix": self.suffix,
            "samples": self.samples,
            "seed": self.seed,
        }
        return {name: str(value) for name, value in deciding.items()}
