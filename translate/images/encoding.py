"""How the files of a domain become channels, and channels become files again."""

from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, model_validator
from torch import Tensor

from translate.config import Settings
from translate.errors import DataError
from translate.images.tensors import Pixels, to_pixels, to_tensor

Kind = Literal["photo", "grey", "labels", "bands"]
Level = Annotated[int, Field(ge=0, le=65535)]
Colours = tuple[tuple[Level, Level, Level], ...]

MOST_CLASSES = 256
MOST_BANDS = 1024  # hyperspectral cameras have some hundred
CHANNELS = {"photo": 3, "grey": 1}
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as Pillow's "L"


class Encoding(Settings):
    """What the images of a domain are made of.

    - `photo`: three colours;
    - `grey`: one, the brightness of whatever the file holds;
    - `labels`: a map of classes; every class is a channel, 1 where it is and -1 elsewhere, so that
      no class lies between two others;
    - `bands`: any number of channels, taken as they are stored.
    """

    kind: Kind = "photo"
    channels: int = Field(3, ge=1, le=MOST_BANDS)
    classes: Colours = ()  # labels: the colour of each class; a number n is the grey (n, n, n)

    @model_validator(mode="after")
    def _counts_agree(self) -> "Encoding":
        expected = len(self.classes) if self.kind == "labels" else CHANNELS.get(self.kind)
        if expected is not None and self.channels != expected:
            raise ValueError(f"{self.kind} must have {expected} channels, got {self.channels}")
        if self.kind != "labels" and self.classes:
            raise ValueError(f"only labels have classes, and this is {self.kind}")
        return self

    def encode(self, samples: Pixels) -> Tensor:
        """Turn an image's samples into what networks take.

        Shape:
            (H, W, C) -> (channels, H, W) in [-1, 1]. C is the number of bands, and 3 for the rest.

        Raises:
            DataError: A label map holds a value that is none of the classes, or bands are missing.
        """
        if self.kind == "labels":
            return self._encode_labels(samples)
        if self.kind == "bands" and samples.shape[-1] != self.channels:
            raise DataError(f"has {samples.shape[-1]} bands, expected {self.channels}")
        tensor = to_tensor(samples)
        if self.kind == "grey" and len(tensor) == 3:
            brightness: Tensor = torch.tensordot(torch.tensor(GREY), tensor, dims=1)
            return brightness[None]
        return tensor

    def _encode_labels(self, samples: Pixels) -> Tensor:
        numbers, classes = _join(samples), _join(np.array(self.classes, dtype=np.uint16))
        if not np.isin(numbers, classes).all():
            raise DataError(
                f"holds values that are none of the {len(self.classes)} classes that were found in "
                "the training label maps"
            )
        return torch.from_numpy((numbers == classes[:, None, None]).astype(np.float32) * 2 - 1)

    def decode(self, tensor: Tensor, depth: Literal[8, 16] = 8) -> Pixels:
        """Turn a network's answer into samples; of labels, the most likely class.

        Shape:
            (channels, H, W) in [-1, 1] -> (H, W, C). C is the number of bands, 1 for grey and for
            labels whose classes are numbers, else 3. uint8 or uint16 as asked, for labels as they
            were found.
        """
        if self.kind == "labels":
            chosen = tensor.detach().argmax(dim=0).cpu().numpy()
            colours = np.array(self.classes, np.uint8 if np.max(self.classes) < 256 else np.uint16)
            samples: Pixels = colours[chosen][..., : 1 if is_grey(self.classes) else 3]
            return samples
        return to_pixels(tensor, depth)

    def show(self, images: Tensor) -> Tensor:
        """Turn channels into colours that people can look at.

        Labels in a single number are spread over the greys; of bands the first three are red, green
        and blue, or the first is grey.

        Shape:
            (..., channels, H, W) in [-1, 1] -> (..., 3, H, W) in [-1, 1].
        """
        if self.kind == "labels":
            palette = _as_colours(self.classes).to(images)
            return palette[images.argmax(dim=-3)].movedim(-1, -3)
        first, *others = images.movedim(-3, 0)[:3]
        return torch.stack([first, *others] if len(others) == 2 else [first] * 3, dim=-3)


def is_grey(classes: Colours) -> bool:
    """Say whether classes are numbers rather than colours."""
    return all(red == green == blue for red, green, blue in classes)


def find_classes(known: set[tuple[int, int, int]], samples: Pixels) -> None:
    """Add the classes of one label map to those known.

    Shape:
        (H, W, 3).

    Raises:
        DataError: They become more than `MOST_CLASSES`.
    """
    distinct = np.unique(_join(samples))
    known |= {
        (n >> 32, n >> 16 & 0xFFFF, n & 0xFFFF) for n in distinct[: MOST_CLASSES + 1].tolist()
    }
    if len(known) > MOST_CLASSES:
        raise DataError(
            f"brings the label maps to more than {MOST_CLASSES} classes (this one alone holds "
            f"{len(distinct)} different values): JPEG or smooth edges mix colours that mean "
            "nothing. Save label maps as PNG without smoothing, or take them for a photo"
        )


def _join(samples: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Make one number of the colour of each pixel, so that pixels can be compared at once."""
    red, green, blue = (samples[..., channel].astype(np.int64) for channel in range(3))
    return red << 32 | green << 16 | blue


def _as_colours(classes: Colours) -> Tensor:
    """Give numbered classes, such as 0 to 11, greys that can be told apart."""
    colours = torch.tensor(classes, dtype=torch.float32)
    if is_grey(classes):
        return torch.linspace(-1, 1, len(classes))[:, None].expand(-1, 3)
    return colours / (127.5 if colours.max() < 256 else 32767.5) - 1
