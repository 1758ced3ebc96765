"""A trained generator, ready for photos of any size and kind."""

import copy
from pathlib import Path
from typing import Any, overload

import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.errors import BundleError, TranslateError
from translate.images import crop_to, pad_to_multiple
from translate.inference.hub import find_bundle, push_bundle
from translate.inference.kinds import open_kind
from translate.networks import is_per_sample


class Translator:
    """Turn photos of one domain into photos of the other.

        winter = Translator.from_pretrained("runs/cyclegan_sample/bundle", direction="a_to_b")
        winter("photo.jpg").save("winter.png")

    It works on a copy of the generator, so that a network still in training is left as it is.
    Calls change nothing: several threads may share one translator.

    Args:
        direction: `a_to_b` or `b_to_a`. None: the only one there is, or `a_to_b` of two.
        device: Where to compute: `cpu`, `cuda`, `cuda:1` or `mps`. None: on a GPU if there is one.

    Raises:
        BundleError: The bundle has no such direction.
        TranslateError: This machine has no such device.
    """

    def __init__(
        self,
        bundle: Bundle,
        direction: str | None = None,
        device: str | torch.device | None = None,
    ) -> None:
        self.bundle = bundle
        self.direction = _choose_direction(bundle, direction)
        self.device = _choose_device(device)
        self._generator = copy.deepcopy(bundle.generators[self.direction]).eval()
        self._generator.to(self.device).requires_grad_(False)
        # A batch norm that uses its input's own statistics would mix the photos of a batch.
        self._takes_batches = bundle.inference_mode == "eval" or is_per_sample(self._generator)
        if bundle.inference_mode == "deterministic":
            _forget_running_statistics(self._generator)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        direction: str | None = None,
        device: str | torch.device | None = None,
        revision: str | None = None,
    ) -> "Translator":
        """Open a bundle: a folder here, or OWNER/NAME of the Hugging Face Hub.

        Args:
            revision: A branch, tag or commit on the Hub; None: the newest.

        Raises:
            BundleError: There is no such bundle, or it is damaged, foreign or newer.
        """
        return cls(load_bundle(find_bundle(name, revision)), direction, device)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the whole bundle, both directions if there are two, to a folder."""
        save_bundle(self.bundle, Path(folder))

    def push_to_hub(self, repo_id: str, private: bool = True, token: str | None = None) -> str:
        """Upload the whole bundle to OWNER/NAME on the Hugging Face Hub; return its address."""
        return push_bundle(self.bundle, repo_id, private, token)

    @overload
    def __call__(self, photos: str | Path | Image.Image) -> Image.Image: ...
    @overload
    def __call__(self, photos: NDArray[Any]) -> NDArray[Any]: ...
    @overload
    def __call__(self, photos: Tensor) -> Tensor: ...
    @overload
    def __call__(self, photos: list[Any] | tuple[Any, ...]) -> list[Any]: ...

    def __call__(self, photos: Any) -> Any:
        """Translate photos: what goes in comes out, of the same kind and size.

        - a path gives a PIL image, upright, in sRGB, with its alpha;
        - a PIL image gives one, RGB, or RGBA if it has transparency; its pixels are taken as they
          lie, without regard to EXIF rotation or ICC profile;
        - a NumPy array (H, W, 3) or (N, H, W, 3) of uint8 or uint16 gives the same;
        - a float tensor (3, H, W) or (N, 3, H, W) in [-1, 1] gives the same, on its own device;
        - a list or tuple of any of these, sizes mixed, gives a list in the same order.

        Raises:
            TranslateError: Something else came in, or a photo cannot be opened.
        """
        if isinstance(photos, list | tuple):
            return [self._translate(photo) for photo in photos]
        return self._translate(photos)

    def _translate(self, photo: Any) -> Any:
        images, restore = open_kind(photo)
        generator = self._generator
        with torch.inference_mode():
            batch = images.to(self.device, torch.float32)
            padded = pad_to_multiple(batch, generator.stride, least=generator.least_side_px)
            groups = [padded] if self._takes_batches else torch.split(padded, 1)
            translated = torch.cat([generator(group) for group in groups])
            translated = crop_to(translated, *images.shape[-2:])
        # A copy made out here may take part in gradients again; an inference tensor may not.
        return restore(translated.clone())


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


def _forget_running_statistics(network: nn.Module) -> None:
    """Make every norm use the statistics of its own input, though the network is evaluated."""
    for layer in network.modules():
        if isinstance(layer, _NormBase):
            layer.track_running_stats = False
            layer.running_mean = layer.running_var = None
