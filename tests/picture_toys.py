"""Pictures read whole, and translations written whole: for tests that look at kinds of images."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from translate.images import Encoding
from translate.inference.kinds import Opened, open_kind


class Whole(NamedTuple):
    """An opened image, as one tensor, and the way back for one tensor."""

    images: Tensor
    opened: Opened

    def restore(self, translated: Tensor) -> Any:
        results = []
        for picture, rows in zip(self.opened.pictures, translated, strict=True):
            canvas = picture.canvas()
            canvas.write(0, rows)
            results.append(canvas.content)
        return self.opened.restore(results)


def open_whole(photo: Any, source: Encoding, target: Encoding) -> Whole:
    """Open an image and read all of it."""
    opened = open_kind(photo, source, target)
    images = [picture.read(0, picture.height) for picture in opened.pictures]
    return Whole(torch.stack(images), opened)
