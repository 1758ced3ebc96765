"""What every generator has in common."""

from typing import Any, ClassVar

from torch import nn


class Generator(nn.Module):
    """A network that translates photos, and says how to rebuild and feed it.

    Attributes:
        name: Its key in `GENERATORS`; bundles are written with it.
        arguments: The constructor's keyword arguments, plain JSON types only.
        stride: Both sides of an input must divide by it.
        least_side_px: The shortest side that its padding allows.
    """

    name: ClassVar[str]
    arguments: dict[str, Any]
    stride: int
    least_side_px: int

    @classmethod
    def explain_misfit(cls, side_px: int) -> str:
        """Say which settings would fit a side that this generator cannot take; "" if none would."""
        return ""
