"""The same photos through the models of several runs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image

from translate.bundle import load_bundle
from translate.errors import TranslateError
from translate.evidence.run_files import BUNDLES, RunFiles
from translate.images import Encoding, to_pixels
from translate.inference.translator import Translator
from translate.pages import Html, Picture, bullets, gallery, heading, text

Which = Literal["last", "best"]

WHICH: Mapping[Which, str] = dict(zip(("last", "best"), BUNDLES, strict=True))


@dataclass(frozen=True)
class Subject:
    """A photo to translate: as models take it, and as people look at it.

    Attributes:
        given: A PIL image, or a tensor (C, H, W) in [-1, 1].
    """

    given: Any
    shown: Image.Image

    @classmethod
    def of_tensor(cls, image: Any, encoding: Encoding) -> "Subject":
        """Make one of an image of a data set, (C, H, W) in [-1, 1]."""
        return cls(image, _as_picture(image, encoding))


Subjects = Mapping[str, Sequence[Subject]]  # direction -> photos that it translates

# (direction, number of the photo) -> the run's name and its translation, run by run.
Translated = dict[tuple[str, int], list[tuple[str, Image.Image]]]


def same_photos(runs: Mapping[str, RunFiles], subjects: Subjects, which: Which) -> Iterator[Html]:
    """Translate photos with each run's model, and show each photo's translations side by side.

    Args:
        runs: Name -> run.
        which: The bundle of the last step, or of the best measurement; where a run has only the
            other, that one.
    """
    found: Translated = {}
    told = []
    for name, run in runs.items():
        try:
            told.append(_translate(name, run, subjects, which, found))
        except TranslateError as error:
            told.append(f"{name}: {error}")
    yield bullets(told)
    for way, photos in subjects.items():
        words = {run.direction(way) for run in runs.values()}
        if any(way == direction for direction, _ in found):
            yield heading(f"{' / '.join(sorted(words))} ({way})")
        for number, photo in enumerate(photos):
            if translations := found.get((way, number)):
                pictures = [Picture(photo.shown, title="photo")]
                pictures += [Picture(image, title=name) for name, image in translations]
                yield gallery(pictures)
    if not found:
        yield text("None of the runs has a model that translates these photos.")


def _translate(
    name: str, run: RunFiles, subjects: Subjects, which: Which, found: Translated
) -> str:
    """Translate all photos with a run's model; return a sentence about it."""
    wanted = [WHICH[which], *(bundle for bundle in BUNDLES if bundle != WHICH[which])]
    there = next((bundle for bundle in wanted if bundle in run.models), None)
    if there is None:
        return f"{name} has no bundle yet."
    bundle = load_bundle(run.folder / there)
    for way, photos in subjects.items():
        if way not in bundle.generators:
            continue
        with Translator(bundle, way) as translator:
            for number, photo in enumerate(photos):
                made = translator(photo.given)
                if not isinstance(made, Image.Image):
                    made = _as_picture(made, translator.encodings[1])
                found.setdefault((way, number), []).append((name, made))
    left_out = ", ".join(way for way in subjects if way not in bundle.generators)
    return f"{name}: the model in {there}" + (f"; it has no {left_out}." if left_out else ".")


def _as_picture(image: Any, encoding: Encoding) -> Image.Image:
    return Image.fromarray(to_pixels(encoding.show(image)))
