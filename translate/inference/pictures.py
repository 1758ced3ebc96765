"""One image on its way in, one translation on its way out: rows read, rows written.

Nothing is turned into numbers for networks before it is needed, and nothing of a translation stays
as such: a photo of a hundred megapixels is bytes at both ends, and floats a strip at a time.
"""

from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.errors import DataError
from translate.images import Encoding, Pixels


class Canvas(Protocol):
    """What a translation is written to, row by row.

    Its `content` is the translation, of the kind its picture has, once all rows are there.
    """

    @property
    def content(self) -> Any:
        """Give out what was written."""
        ...

    def write(self, top: int, rows: Tensor) -> None:
        """Write rows (channels, rows, width) in [-1, 1], the first of them at `top`."""
        ...


class Picture(Protocol):
    """An image that networks read.

    Attributes:
        height, width: Of the image.
        is_fine: Whether it has more than 8 bits, and so should its translation; or whether that is
            made of labels.
    """

    height: int
    width: int
    is_fine: bool

    def read(self, top: int, bottom: int) -> Tensor:
        """Read rows: (channels, bottom - top, width) in [-1, 1], never a part of the image itself.

        Raises:
            DataError: They hold what the domain has not got.
        """
        ...

    def canvas(self) -> Canvas:
        """Take out something to write its translation to."""
        ...

    def turned(self) -> "Picture":
        """See it lying on its side: rows are columns."""
        ...


class Samples:
    """A picture of bytes.

    Args:
        samples: (H, W, C), uint8 or uint16.
        source, target: What it is made of, and what its translation is to be made of.
        depth: Bits a channel that the translation is to have, or more if its domain says so.
        subject: What it is called when something is wrong with it.
    """

    def __init__(
        self,
        samples: Pixels,
        source: Encoding,
        target: Encoding,
        depth: Literal[8, 16],
        subject: str,
    ) -> None:
        self.samples = samples
        self.source, self.target = source, target
        self.depth, self.subject = depth, subject
        self.height, self.width = samples.shape[:2]
        # Which of two likely classes is likelier is often decided beyond bfloat16's 8 bits.
        is_deep = samples.dtype != np.uint8 or 16 in (depth, target.least_depth)
        self.is_fine = is_deep or target.kind == "labels"

    def read(self, top: int, bottom: int) -> Tensor:
        """Read rows."""
        try:
            return self.source.encode(self.samples[top:bottom])
        except DataError as error:
            raise DataError(
                f"{self.subject} {error}. Give it what the bundle was trained with."
            ) from error

    def canvas(self) -> "SamplesCanvas":
        """Take out what holds bytes."""
        return SamplesCanvas(self.height, self.width, self.target, self.depth)

    def turned(self) -> "Samples":
        """See it lying on its side."""
        lying = self.samples.swapaxes(0, 1)
        return Samples(lying, self.source, self.target, self.depth, self.subject)


class SamplesCanvas:
    """A translation made of bytes: (H, W, C), uint8 or uint16."""

    content: Any

    def __init__(self, height: int, width: int, target: Encoding, depth: Literal[8, 16]) -> None:
        self._size = height, width
        self._target, self._depth = target, depth

    def write(self, top: int, rows: Tensor) -> None:
        """Decode rows."""
        decoded = self._target.decode(rows, self._depth)
        if not hasattr(self, "content"):  # how many samples a pixel has, decoding decides
            self.content = np.empty((*self._size, decoded.shape[2]), decoded.dtype)
        self.content[top : top + len(decoded)] = decoded


class Values:
    """A picture of floats.

    Args:
        values: (C, H, W) in [-1, 1].
    """

    is_fine = True

    def __init__(self, values: Tensor) -> None:
        self.values = values
        self.height, self.width = values.shape[1:]

    def read(self, top: int, bottom: int) -> Tensor:
        """Read rows."""
        return self.values[:, top:bottom].to(torch.float32, copy=True)

    def canvas(self) -> "ValuesCanvas":
        """Take out what holds floats."""
        return ValuesCanvas(self.values)

    def turned(self) -> "Values":
        """See it lying on its side."""
        return Values(self.values.transpose(1, 2))


class ValuesCanvas:
    """A translation made of floats, on the device of its picture: (C, H, W)."""

    content: Any

    def __init__(self, like: Tensor) -> None:
        self._like = like

    def write(self, top: int, rows: Tensor) -> None:
        """Copy rows."""
        if not hasattr(self, "content"):
            # Made as if out here, it may take part in gradients; an inference tensor may not.
            with torch.inference_mode(False):
                self.content = self._like.new_empty((len(rows), *self._like.shape[1:]))
        self.content[:, top : top + rows.shape[1]] = rows


class TurnedCanvas:
    """A canvas that is written lying on its side: what comes as rows are its columns.

    Args:
        canvas: Of the picture that was turned: as wide as the rows that come are many.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    def write(self, top: int, rows: Tensor) -> None:
        """Write rows that will be columns."""
        self._canvas.write(top, rows)

    @property
    def content(self) -> NDArray[Any] | Tensor:
        """What was written, upright."""
        content = self._canvas.content
        if isinstance(content, Tensor):
            return content.transpose(1, 2).contiguous()
        return np.ascontiguousarray(content.swapaxes(0, 1))
