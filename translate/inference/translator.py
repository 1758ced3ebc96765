"""A trained generator, ready for photos of any size and kind."""

import copy
from pathlib import Path
from typing import Any, overload

import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.errors import BundleError, TranslateError
from translate.images import crop_to, pad_to_multiple
from translate.inference.hub import find_bundle, push_bundle
from translate.inference.kinds import open_kind
from translate.inference.modes import apply_mode, check_mode, drawing
from translate.networks import is_per_sample


class Translator:
    """Turn photos of one domain into photos of the other.

        winter = Translator.from_pretrained("runs/cyclegan_sample/bundle", direction="a_to_b")
        winter("photo.jpg").save("winter.png")

    It works on a copy of the generator, so that a network still in training is left as it is.
    Calls change nothing: several threads may share one translator.

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

    Attributes:
        bundle: What it was made from, as it was: with the bundle's own mode.
        direction: The direction it translates in.
        device: Where it computes.
        mode: How it translates.
        encodings: What it takes, and what it gives.

    Raises:
        BundleError: The bundle has no such direction.
        TranslateError: This machine has no such device, or there is no such mode.
    """

    def __init__(
        self,
        bundle: Bundle,
        direction: str | None = None,
        device: str | torch.device | None = None,
        mode: str | None = None,
    ) -> None:
        self.bundle = bundle
        self.direction = _choose_direction(bundle, direction)
        self.device = _choose_device(device)
        self.mode = bundle.inference_mode if mode is None else mode
        check_mode(self.mode)
        self.encodings = bundle.encodings_of(self.direction)
        self._generator = copy.deepcopy(bundle.generators[self.direction])
        # A batch norm that uses its input's own statistics would mix the photos of a batch, and
        # live dropout would deal the first photo other numbers than the second.
        self._takes_batches = self.mode == "eval" or (
            self.mode == "deterministic" and is_per_sample(self._generator)
        )
        apply_mode(self._generator, self.mode)
        self._generator.to(self.device)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        direction: str | None = None,
        device: str | torch.device | None = None,
        revision: str | None = None,
        mode: str | None = None,
    ) -> "Translator":
        """Open a bundle: a folder here, or OWNER/NAME of the Hugging Face Hub.

        Args:
            revision: A branch, tag or commit on the Hub; None: the newest.

        Raises:
            BundleError: There is no such bundle, or it is damaged, foreign or newer.
        """
        return cls(load_bundle(find_bundle(name, revision)), direction, device, mode)

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
        if samples is not None and samples < 1:
            raise TranslateError(f"Expected at least 1 sample of each photo, got {samples}.")
        if seed < 0:
            raise TranslateError(f"Expected a seed of 0 or more, got {seed}.")
        if samples is None or samples == 1:
            return
        if not self.bundle.can_vary(self.direction):
            raise TranslateError(
                f"{samples} samples were asked for, but this bundle's generator has no dropout: "
                "every photo has exactly one translation. Ask for one sample, or use a bundle "
                "that was trained with dropout."
            )
        if self.mode != "paper":
            raise TranslateError(
                f"{samples} samples were asked for, but in the mode '{self.mode}' dropout is off: "
                "every photo has exactly one translation. Choose the mode 'paper', or ask for one."
            )

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
        self.check_samples(samples, seed)
        if isinstance(photos, list | tuple):
            return [self._translate(photo, samples, seed) for photo in photos]
        return self._translate(photos, samples, seed)

    def _translate(self, photo: Any, samples: int | None, seed: int) -> Any:
        images, restore = open_kind(photo, *self.encodings)
        height, width = images.shape[-2:]
        generator = self._generator
        with torch.inference_mode():
            batch = images.to(self.device, torch.float32)
            padded = pad_to_multiple(batch, generator.stride, least=generator.least_side_px)
        results = []
        for sample in range(samples or 1):
            translated = crop_to(self._run(padded, seed, sample), height, width)
            # A copy made out here may take part in gradients again; an inference tensor may not.
            results.append(restore(translated.clone()))
        return results[0] if samples is None else results

    @torch.inference_mode()
    def _run(self, images: Tensor, seed: int, sample: int) -> Tensor:
        groups = [images] if self._takes_batches else torch.split(images, 1)
        translated = []
        for group in groups:
            with drawing(seed, sample):  # each photo anew, so that it does not matter which it is
                translated.append(self._generator(group))
        return torch.cat(translated)


def _choose_direction(bundle: Bundle, direction: str | None) -> str:
    if direction is None:
        return "a_to_b" if "a_to_b" in bundle.generators else next(iter(bundle.generators))
    if direction not in bundle.generators:
        raise BundleError(
            f"The bundle has no direction {direction!r}. There is {bundle.describe_directions()}."
        )
    return direction


def _choose_device(device: str | torch.device | None) -> torch.device:
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    counts = {kind: count for kind, count in {**counts, "cpu": 1}.items() if count}
    if device is None:
        return torch.device(next(iter(counts)))
    names = [f"{kind}:{i}" for kind, count in counts.items() for i in range(count)]
    if str(device) not in {*names, *counts}:
        there = ", ".join(name.removesuffix(":0") for name in names)
        raise TranslateError(f"This machine has no device '{device}'. Here there is {there}.")
    return torch.device(device)
