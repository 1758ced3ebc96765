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
    depth: Literal[8, 16] = 8  # grey and bands: bits that the deepest of the files has
    classes: Colours = ()  # labels: the colour of each class; a number n is the grey (n, n, n)

    @model_validator(mode="after")
    def _counts_agree(self) -> "Encoding":
        if self.kind != "labels" and self.classes:
            raise ValueError(f"only labels have classes, and this is {self.kind}")
        if self.depth == 16 and self.kind not in ("grey", "bands"):
            raise ValueError(f"only grey and bands have a depth of 16, and this is {self.kind}")
        if len(set(self.classes)) < len(self.classes):
            raise ValueError("two classes must not have the same colour")
        expected = len(self.classes) if self.kind == "labels" else CHANNELS.get(self.kind)
        if expected is not None and self.channels != expected:
            owner = f"labels of {expected} classes" if self.kind == "labels" else self.kind
            raise ValueError(f"{owner} must have channels: {expected}, got {self.channels}")
        return self

    @property
    def least_depth(self) -> Literal[8, 16]:
        """Bits a channel that images of the domain need, whatever they are made from."""
        return 16 if np.max(self.classes, initial=0) > 255 else self.depth

    def encode(self, samples: Pixels) -> Tensor:
        """Turn an image's samples into what networks take.

        Shape:
            (H, W, C) -> (channels, H, W) in [-1, 1]. C is the number of bands, and 3 for the rest;
            grey and labels also take 1.

        Raises:
            DataError: A label map holds a value that is none of the classes, or the channels are
                not those of the kind.
        """
        self._expect_channels(samples.shape[-1])
        if self.kind == "labels":
            return self._encode_labels(samples)
        tensor = to_tensor(samples)
        if self.kind == "grey" and len(tensor) == 3:
            brightness: Tensor = torch.tensordot(torch.tensor(GREY), tensor, dims=1)
            return brightness[None]
        return tensor

    def _expect_channels(self, found: int) -> None:
        if self.kind == "bands":
            if found != self.channels:
                raise DataError(f"has {found} band{'s' * (found != 1)}, expected {self.channels}")
        elif found != 3 and (found != 1 or self.kind == "photo"):
            raise DataError(f"has {found} channels, expected 3 for {self.kind}")

    def _encode_labels(self, samples: Pixels) -> Tensor:
        """Set each pixel's own channel; comparing with all classes would take far more memory."""
        classes = _join(np.array(self.classes, dtype=np.uint16))
        order = np.argsort(classes)
        numbers = _join(samples).reshape(-1)
        places = np.searchsorted(classes, numbers, sorter=order).clip(max=len(order) - 1)
        chosen = order[places]
        if len(strange := numbers[classes[chosen] != numbers]):
            raise DataError(
                f"holds {_describe(int(strange[0]))}, which is none of the {len(order)} classes "
                "that were found in the training label maps"
            )
        channels = torch.full((self.channels, len(numbers)), -1.0)
        channels.scatter_(0, torch.from_numpy(chosen)[None], 1.0)
        return channels.reshape(self.channels, *samples.shape[:2])

    def decode(self, tensor: Tensor, depth: Literal[8, 16] = 8) -> Pixels:
        """Turn a network's answer into samples; of labels, the most likely class.

        Shape:
            (channels, H, W) in [-1, 1] -> (H, W, C). C is the number of bands, 1 for grey and for
            labels whose classes are numbers, else 3. uint8 or uint16 as asked, but as deep as
            `least_depth` says; labels are never deeper.
        """
        if self.kind != "labels":
            return to_pixels(tensor, max(depth, self.least_depth))
        chosen = tensor.detach().max(dim=0).indices.cpu().numpy()  # far faster than argmax
        channels = 1 if is_grey(self.classes) else 3
        colours = np.array(self.classes)[:, :channels]
        table = colours.astype(np.uint8) if self.least_depth == 8 else colours.astype(np.uint16)
        samples: Pixels = table[chosen]
        return samples

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
    known |= {_part(number) for number in distinct[: MOST_CLASSES + 1].tolist()}
    if len(known) > MOST_CLASSES:
        raise DataError(
            f"brings the label maps to more than {MOST_CLASSES} classes (this one alone holds "
            f"{len(distinct)} different values): JPEG or smooth edges mix colours that mean "
            "nothing. Save label maps as PNG without smoothing"
        )


def _join(samples: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Make one number of the colour of each pixel, so that pixels can be compared at once."""
    joined = np.zeros(samples.shape[:-1], np.int64)
    for channel in range(3):  # of numbers without colour, thrice the only one
        joined <<= 16
        joined |= samples[..., channel % samples.shape[-1]]
    return joined


def _part(number: int) -> tuple[int, int, int]:
    """Undo `_join`."""
    return number >> 32, number >> 16 & 0xFFFF, number & 0xFFFF


def _describe(number: int) -> str:
    red, green, blue = _part(number)
    return f"the value {red}" if red == green == blue else f"the colour {(red, green, blue)}"


def _as_colours(classes: Colours) -> Tensor:
    """Give numbered classes, such as 0 to 11, greys that can be told apart."""
    colours = torch.tensor(classes, dtype=torch.float32)
    if is_grey(classes):
        return torch.linspace(-1, 1, len(classes))[:, None].expand(-1, 3)
    return colours / (127.5 if colours.max() < 256 else 32767.5) - 1
