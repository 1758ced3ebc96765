"""A memory of earlier translations, for discriminators to learn from."""

import random
from typing import Any

import torch
from torch import Tensor

from translate.processes import gather_batch, own_part


class ImagePool:
    """Hand the discriminator earlier translations along with new ones, so that it forgets less.

    Until the pool is full every image is kept and handed on. From then on each image is, with even
    chances, handed on untouched, or exchanged for a random one of the pool.

    The pool belongs to the run: it decides for the images of all processes, in the order of their
    numbers, so that each process holds the same pool, of which it hands out its own part.

    Args:
        size: How many images to remember. 0 hands every image on.
        randomness: Decides on the CPU, so that no decision waits for a device; on all processes
            alike.

    Source:
        Zhu et al. 2017, section 4, with a pool of 50, after Shrivastava et al. 2017, section 2.3.
    """

    def __init__(self, size: int, randomness: random.Random) -> None:
        self.size = size
        self.randomness = randomness
        self.images: list[Tensor] = []

    def exchange(self, images: Tensor) -> Tensor:
        """Return as many images as given, some of them older.

        Every process must call it, with as many images.

        Shape:
            (N, 3, H, W) -> (N, 3, H, W), detached.
        """
        if self.size == 0:
            return images.detach()
        return own_part(torch.stack([self._exchange_one(i) for i in gather_batch(images)]))

    def _exchange_one(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(_kept(image))
            return image
        if self.randomness.random() < 0.5:
            return image
        index = self.randomness.randrange(self.size)
        older, self.images[index] = self.images[index], _kept(image)
        return older.to(image.device)  # after a resume the pool may lie on the CPU

    def state_dict(self) -> dict[str, Any]:
        """Return images and randomness as tensors and plain types."""
        version, words, _ = self.randomness.getstate()
        return {"images": list(self.images), "randomness": [version, list(words)]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        version, words = state["randomness"]
        self.randomness.setstate((version, tuple(words), None))
        self.images = list(state["images"])


def _kept(image: Tensor) -> Tensor:
    """Copy an image: a view would keep its whole batch alive. A NaN would never leave the pool."""
    return torch.nan_to_num(image, nan=0.0)
