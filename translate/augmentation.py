"""Differentiable augmentation: discriminators see images changed, the real ones and the fake alike.

A discriminator that sees few photos learns them by heart. Changing the photos alone would teach the
generator to make changed images; here translations are changed in the same way, in its own phase
too, and gradients flow back through the change.

Source:
    Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 3 and
    appendix C; numbers, order and rounding as in the authors' code. Nothing is clamped.
"""

from collections.abc import Callable, Collection
from typing import Any, Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.processes import count_processes, own_part

# kornia is imported where it is used: whoever does not augment need not wait for it.

Policy = Literal["colour", "translation", "cutout"]


class Draws(NamedTuple):
    """What was drawn for the images of a batch, uniform in [0, 1), each of shape `(N,)`.

    Every policy finds its own here whichever others there are. Places are shares of an image, so
    that images of different sides can be changed alike.
    """

    brightness: Tensor
    saturation: Tensor
    contrast: Tensor
    shift_x: Tensor
    shift_y: Tensor
    hole_x: Tensor
    hole_y: Tensor


class DifferentiableAugmentation:
    """Change the images of several batches, image i of each in the same way.

    Args:
        policies: What to change. It is always done in the order of the paper.
        randomness: A generator on the CPU, so that no decision waits for a device.

    Raises:
        ValueError: There is no such policy.
    """

    def __init__(self, policies: Collection[Policy], randomness: torch.Generator) -> None:
        if unknown := set(policies) - CHANGES.keys():
            raise ValueError(f"policies must be among {', '.join(CHANGES)}, got {sorted(unknown)}")
        self.changes = [change for name, change in CHANGES.items() if name in policies]
        self.randomness = randomness

    def __call__(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """Draw once, and change all batches so; without policies they are returned as they are.

        Shape:
            Each (N, C, H, W) in [-1, 1] -> the same shape, not clamped.

        Raises:
            ValueError: The batches are not equally long.
        """
        if not self.changes:
            return batches
        lengths = {len(batch) for batch in batches}
        if len(lengths) > 1:
            raise ValueError(f"batches must be equally long to share draws, got {sorted(lengths)}")
        draws = self.draw(lengths.pop())
        return tuple(self.apply(batch, draws) for batch in batches)

    def draw(self, count: int) -> Draws:
        """Draw for the images of all processes, and keep what belongs to this one's `count`."""
        images = count * count_processes()
        drawn = torch.rand(images, len(Draws._fields), generator=self.randomness)
        return Draws(*own_part(drawn).unbind(dim=1))

    def apply(self, images: Tensor, draws: Draws) -> Tensor:
        """Change images as drawn; gradients flow back to them."""
        for change in self.changes:
            images = change(images, draws)
        return images

    def state_dict(self) -> dict[str, Any]:
        """Return the state of its randomness; nothing where it never draws."""
        return {"augment": self.randomness.get_state()} if self.changes else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        if self.changes:
            self.randomness.set_state(state["augment"])


def change_colours(images: Tensor, draws: Draws) -> Tensor:
    """Change brightness by up to 0.5, saturation to 0..2 times, contrast to 0.5..1.5 times.

    Only where there are three channels: labels, bands and grey images are not colours.
    """
    from kornia.enhance import adjust_brightness  # noqa: PLC0415

    if images.shape[1] != 3:
        return images
    images = adjust_brightness(images, _as(images, draws.brightness - 0.5), clip_output=False)
    images = _spread(images, images.mean(dim=1, keepdim=True), 2 * draws.saturation)
    return _spread(images, images.mean(dim=(1, 2, 3), keepdim=True), draws.contrast + 0.5)


def shift(images: Tensor, draws: Draws) -> Tensor:
    """Move images by whole pixels, up to an eighth of each side; zeros come in at the border."""
    from kornia.geometry.transform import crop_by_indices  # noqa: PLC0415 - exact: nothing resampled

    height, width = images.shape[-2:]
    far_x, far_y = _rounded(width / 8), _rounded(height / 8)
    padded = F.pad(images, (far_x, far_x, far_y, far_y))
    x, y = _pick(draws.shift_x, 2 * far_x + 1), _pick(draws.shift_y, 2 * far_y + 1)
    # Looking further left shows the image further right.
    boxes = _boxes(2 * far_x - x, 2 * far_y - y, width, height)
    return crop_by_indices(padded, boxes, (height, width))


def cut_out(images: Tensor, draws: Draws) -> Tensor:
    """Set a rectangle of half of each side to 0, anywhere; it may hang over the border."""
    from kornia.geometry.bbox import bbox_to_mask  # noqa: PLC0415

    height, width = images.shape[-2:]
    across, down = _rounded(width / 2), _rounded(height / 2)
    # Its middle may lie on any pixel; that of an even side lies between two, or at the very end.
    x = _pick(draws.hole_x, width + 1 - across % 2) - across // 2
    y = _pick(draws.hole_y, height + 1 - down % 2) - down // 2
    holes = bbox_to_mask(_boxes(x, y, across, down).to(images.device), width, height)
    return images.masked_fill(holes.unsqueeze(1).bool(), 0)


CHANGES: dict[str, Callable[[Tensor, Draws], Tensor]] = {
    "colour": change_colours,
    "translation": shift,
    "cutout": cut_out,
}


def _spread(images: Tensor, middle: Tensor, factors: Tensor) -> Tensor:
    """Multiply each image's distance from `middle`; kornia's own adjustments clamp to [0, 1]."""
    from kornia.enhance import add_weighted  # noqa: PLC0415

    share = _as(images, factors).expand_as(images)  # kornia before 0.9 asks for equal shapes
    return add_weighted(images, share, middle.expand_as(images), 1 - share, 0.0)


def _as(images: Tensor, numbers: Tensor) -> Tensor:
    """Bring one number per image to where the images are, in their precision."""
    return numbers.to(images.device, images.dtype, non_blocking=True).view(-1, 1, 1, 1)


def _pick(draws: Tensor, count: int) -> Tensor:
    """Turn draws from [0, 1) into whole numbers from 0 to count - 1; rounding may reach count."""
    return (draws * count).long().clamp(max=count - 1)


def _rounded(pixels: float) -> int:
    return int(pixels + 0.5)  # half up; Python would round half to even


def _boxes(x: Tensor, y: Tensor, width: int, height: int) -> Tensor:
    from kornia.geometry.bbox import bbox_generator  # noqa: PLC0415

    return bbox_generator(x, y, torch.full_like(x, width), torch.full_like(y, height))
