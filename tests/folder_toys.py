"""Things that tests of folders need: photos, and a translator that needs no network."""

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from translate.errors import TranslateError
from translate.images import Encoding, Photo

PHOTO = Encoding()
Answer = Photo | list[Photo] | Exception


class Inverter:
    """Stands in for a `Translator`: white becomes black, and what it is told to break, breaks.

    Args:
        ahead: Photos it pulls before it gives the first back.
    """

    device = torch.device("cpu")
    remarks: tuple[str, ...] = ()

    def __init__(
        self,
        model: str = "inverter",
        ahead: int = 3,
        before_each: Callable[[int], object] = lambda number: None,
    ) -> None:
        self.encodings = (PHOTO, PHOTO)
        self.facts = {"bundle": model}
        self.ahead, self.before_each, self.translated = ahead, before_each, 0

    def check_samples(self, samples: int | None, seed: int = 0) -> None:
        if samples is not None and samples < 1:
            raise TranslateError(f"Expected at least 1 sample of each photo, got {samples}.")

    def outcomes(
        self,
        photos: Iterable[Photo | Exception],
        samples: int | None = None,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> Generator[Answer, None, None]:
        pulled = iter(photos)
        while batch := list(islice(pulled, self.ahead)):
            for photo in batch:
                self.before_each(self.translated)
                self.translated += 1
                yield photo if isinstance(photo, Exception) else invert(photo, samples)


def invert(photo: Photo, samples: int | None) -> Answer:
    one = Photo(~photo.pixels, photo.alpha, photo.facts)
    return one if samples is None else [one] * samples


def draw(file: Path, colour: object = "teal", size: tuple[int, int] = (13, 9), **more: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(file, **more)  # type: ignore[arg-type]
    return file


def colour_of(file: Path) -> tuple[int, ...]:
    with Image.open(file) as image:
        return tuple(np.asarray(image.convert("RGB"))[0, 0].tolist())


def files_in(folder: Path) -> list[str]:
    """All but what a run remembers."""
    return sorted(n for n in every_file_in(folder) if not Path(n).name.startswith("."))


def every_file_in(folder: Path) -> list[str]:
    return sorted(_names(folder))


def _names(folder: Path) -> Iterator[str]:
    return (f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())
