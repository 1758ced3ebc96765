"""A trained generator, ready for photos of any size and kind."""

import copy
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.errors import TranslateError
from translate.inference.batching import in_batches
from translate.inference.choices import choose, choose_direction
from translate.inference.engine import Engine
from translate.inference.fingerprint import fingerprint
from translate.inference.hub import find_bundle, push_bundle
from translate.inference.kinds import Opened, count_pixels, open_kind
from translate.inference.modes import check_mode, check_samples
from translate.inference.prefetching import ahead


class Translator:
    """Turn photos of one domain into photos of the other.

        winter = Translator.from_pretrained("runs/cyclegan_sample/bundle", direction="a_to_b")
        winter("photo.jpg").save("winter.png")

    It works on a copy of the generator, so that a network still in training is left as it is.
    Calls change nothing: several threads may share one translator, and take turns on its network.

    Photos may have any size. One that would not fit into memory is run in strips, with the result
    of the whole photo; as a context manager a translator gives its memory back at the end:

        with Translator.from_pretrained("runs/cyclegan_sample/bundle") as winter:
            for number, photo in enumerate(winter.stream(files)):
                photo.save(f"winter_{number}.png")

    Three modes differ in what a photo is normalised by, where the generator has batch norm, and in
    whether its dropout, if it has any, is on:

    - `deterministic`: its own statistics, no dropout; a photo has one translation;
    - `eval`: the running statistics of training, no dropout; a photo has one translation;
    - `paper`: its own statistics, dropout on, as Pix2Pix's paper translates; a photo has many
      translations, and `samples` and `seed` choose among them:

        facade = Translator.from_pretrained("runs/pix2pix_facades/bundle", mode="paper")
        for number, photo in enumerate(facade("labels.png", samples=3, seed=7)):
            photo.save(f"facade_{number}.png")

    Args:
        direction: `a_to_b` or `b_to_a`. None: the only one there is, or `a_to_b` of two.
        device: Where to compute: `cpu`, `cuda`, `cuda:1` or `mps`. None: on a GPU if there is one.
        mode: `deterministic`, `eval` or `paper`. None: the one stored in the bundle.
        precision: `fp32`, `bf16`, `fp16` (on GPUs) or `auto`: the fastest that this machine
            multiplies in hardware for photos of 8 bits, and fp32 for what has more, and for
            translations into label maps.
        is_compiled: Compile the network: the first photos of new sizes take half a minute each.
            Needs a C++ compiler, and is worth trying on GPUs: on a CPU with bf16 it gained nothing.
        statistics: Of a photo in strips, `exact`: its own, gathered layer by layer; `thumbnail`:
            those of the photo reduced to about 512 px, in one pass: faster, and only similar.
        max_memory: Bytes. On a CPU for the whole process, on a GPU of its memory. None: 4 GiB or
            half of what is free on a CPU, four fifths of what is free on a GPU.

    Attributes:
        bundle: What it was made from, as it was: with the bundle's own mode.
        direction: The direction it translates in.
        device: Where it computes.
        mode: How it translates.
        encodings: What it takes, and what it gives.
        choices: What was chosen for this machine; `str` of it is a line to show.

    Raises:
        BundleError: The bundle has no such direction.
        TranslateError: This machine has no such device or precision, or there is no such mode.
    """

    def __init__(
        self,
        bundle: Bundle,
        direction: str | None = None,
        device: str | torch.device | None = None,
        mode: str | None = None,
        *,
        precision: str = "auto",
        is_compiled: bool = False,
        statistics: str = "exact",
        max_memory: int | None = None,
    ) -> None:
        self.bundle = bundle
        self.direction = choose_direction(bundle, direction)
        self.choices = choose(device, precision, is_compiled, statistics, max_memory)
        self.device = self.choices.device
        self.mode = bundle.inference_mode if mode is None else mode
        check_mode(self.mode)
        self.encodings = bundle.encodings_of(self.direction)
        generator = copy.deepcopy(bundle.generators[self.direction])
        self._engine: Engine | None = Engine(generator, self.mode, self.choices)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        direction: str | None = None,
        device: str | torch.device | None = None,
        revision: str | None = None,
        mode: str | None = None,
        **choices: Any,
    ) -> "Translator":
        """Open a bundle: a folder here, or OWNER/NAME of the Hugging Face Hub.

        Args:
            revision: A branch, tag or commit on the Hub; None: the newest.
            choices: `precision`, `is_compiled`, `statistics`, `max_memory`: see the class.

        Raises:
            BundleError: There is no such bundle, or it is damaged, foreign or newer.
        """
        return cls(load_bundle(find_bundle(name, revision)), direction, device, mode, **choices)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the whole bundle, both directions if there are two, to a folder.

        It keeps its own mode: the mode of a translator is a way to use a bundle, no part of it. To
        store another one save `dataclasses.replace(translator.bundle, inference_mode="paper")`.
        """
        save_bundle(self.bundle, Path(folder))

    def push_to_hub(self, repo_id: str, private: bool = True, token: str | None = None) -> str:
        """Upload the whole bundle to OWNER/NAME on the Hugging Face Hub; return its address."""
        return push_bundle(self.bundle, repo_id, private, token)

    def check_samples(self, samples: int | None, seed: int = 0) -> None:
        """Refuse a number of samples, or a seed, that `__call__` would refuse.

        Raises:
            TranslateError: There is no such number of different translations; or the seed is
                negative.
        """
        check_samples(samples, seed, self.mode, self.bundle.can_vary(self.direction))

    # `Any`: where the target's images are bands, paths and PIL images give an array.
    @overload
    def __call__(
        self, photos: str | Path | Image.Image, samples: None = None, seed: int = 0
    ) -> Image.Image | Any: ...
    @overload
    def __call__(
        self, photos: NDArray[Any], samples: None = None, seed: int = 0
    ) -> NDArray[Any]: ...
    @overload
    def __call__(self, photos: Tensor, samples: None = None, seed: int = 0) -> Tensor: ...
    @overload
    def __call__(
        self, photos: list[Any] | tuple[Any, ...], samples: int | None = None, seed: int = 0
    ) -> list[Any]: ...
    @overload
    def __call__(self, photos: Any, samples: int, seed: int = 0) -> list[Any]: ...
    @overload
    def __call__(self, photos: Any, samples: int | None = None, seed: int = 0) -> Any: ...

    def __call__(self, photos: Any, samples: int | None = None, seed: int = 0) -> Any:
        """Translate photos: what goes in comes out, of the same kind and size.

        - a path gives a PIL image, upright, in sRGB, with its alpha;
        - a PIL image gives one, RGB, or RGBA if it has transparency; its pixels are taken as they
          lie, without regard to EXIF rotation or ICC profile;
        - a NumPy array (H, W, 3) or (N, H, W, 3) of uint8 or uint16 gives the same;
        - a float tensor (3, H, W) or (N, 3, H, W) in [-1, 1] gives the same, on its own device;
        - a list or tuple of any of these, sizes mixed, gives a list in the same order.

        Where a domain is made of other things than photos, the 3 is the number of its channels.
        Paths and PIL images then give a grey image, a label map, or, for bands, an array (H, W, C).
        Arrays of one channel may be (H, W); label maps are arrays of numbers (H, W) or of colours
        (H, W, 3), and as tensors have a channel for each class. Greys and bands that were learned
        from 16-bit files have 16 bits, whatever they are made from.

        Args:
            samples: How many translations of each photo to give: a list of so many takes the place
                of each (of a stack: a list of so many stacks). None: one, and no list. More than
                one can be had only in the mode `paper`, of a generator with dropout.
            seed: In the mode `paper`, which translations to give. A sample depends on the seed, on
                its place among the samples and on the photo, on nothing else: not on the device
                (but for rounding), other photos, or how many samples there are. None is sample 0.

        Raises:
            TranslateError: Something else came in, a photo cannot be opened, or more than one
                sample was asked for where there is only one.
        """
        if isinstance(photos, list | tuple):
            return list(self.stream(photos, samples=samples, seed=seed))
        return next(self.stream([photos], samples=samples, seed=seed))

    def stream(
        self,
        photos: Iterable[Any],
        batch_size: int | None = None,
        *,
        samples: int | None = None,
        seed: int = 0,
    ) -> Iterator[Any]:
        """Translate photos one after another, without ever holding all of them.

        Files are opened while others are translated, and photos of one size share a call: a few
        are taken in ahead. What comes out is in order. Arrays and tensors are not copied: do not
        write to one before its translation is out.

        Args:
            photos: Of the kinds that `__call__` takes, mixed as you like.
            batch_size: The most photos in a call. None: as many as are fast here: on a CPU so many
                that they have 128 x 128 px together, or one; on a GPU 1024 x 1024.
            samples, seed: See `__call__`.

        Raises:
            TranslateError: As `__call__`, when the photo's turn has come.
        """
        # Only files, in threads: their caller may move a PIL image on to its next frame, and fills
        # a GPU's tensor in a stream of its own thread.
        opened = (p if isinstance(p, str | Path) else self._open(p) for p in photos)
        opening = ahead(opened, self._open, count_pixels)
        for outcome in self.outcomes(opening, samples, seed, batch_size):
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome

    def outcomes(
        self,
        photos: Iterable[Any],
        samples: int | None = None,
        seed: int = 0,
        batch_size: int | None = None,
    ) -> Iterator[Any]:
        """Translate photos of which some may fail: give errors in place of translations.

        Args:
            photos: As for `stream`. An exception among them comes out again in its place.

        Raises:
            TranslateError: For no photo alone: the number of samples cannot be had, a size of
                batches is below 1, or the translator was closed.
        """
        self.check_samples(samples, seed)
        if batch_size is not None and batch_size < 1:
            raise TranslateError(f"Expected a batch of at least 1 photo, got {batch_size}.")
        opened = map(self._open, photos)
        return in_batches(opened, self._running_engine(), batch_size, samples, seed)

    def _open(self, photo: Any) -> Opened | Exception:
        if isinstance(photo, Opened | Exception):
            return photo
        try:
            return open_kind(photo, *self.encodings)
        except Exception as error:
            return error

    @cached_property
    def facts(self) -> dict[str, str]:
        """All that decides what a photo becomes: the same facts, the same translation.

        The precision is the one that was asked for: `auto` is the same wish on every machine.
        """
        return {
            "bundle": fingerprint(self.bundle, self.direction),
            "direction": self.direction,
            "mode": self.mode,
            "precision": self.choices.precision,
            "statistics": self.choices.statistics,
        }

    @property
    def remarks(self) -> list[str]:
        """What was changed on the way, in words: that memory ran out and less of it was used."""
        return self._running_engine().remarks

    def __enter__(self) -> "Translator":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the memory back, also the GPU's. What is under way is finished; nothing follows."""
        self._engine = None
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _running_engine(self) -> Engine:
        engine = self._engine  # once: another thread may close it meanwhile
        if engine is None:
            raise TranslateError("This translator was closed. Open the bundle again.")
        return engine
