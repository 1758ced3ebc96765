"""What a method promises the trainer: networks, and the phases of one training step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from torch import Tensor, nn

from translate.images import Pair

Images = dict[str, Tensor]
"""Named image tensors `(N, C, H, W)` in [-1, 1]: `fake_b`, `cycled_a`, ..."""

Scalars = dict[str, Tensor]
"""Named tensors of shape `()`."""


class Channels(NamedTuple):
    """How many channels the images of each domain have."""

    a: int = 3
    b: int = 3


class Outcome(NamedTuple):
    """What one phase says about one batch."""

    losses: Scalars  # already weighted: their sum is minimised, and they are logged as they are
    measures: Scalars  # logged beside the losses, never minimised; detached


@dataclass(frozen=True)
class Phase:
    """One optimizer's share of a training step: who learns, from what, and who keeps still.

    Attributes:
        name: Names the optimizer in the journal and in saved state.
        trains: Keys of `Method.networks` that learn in this phase.
        play: `(pair, images) -> Outcome`, where images come from `Method.translate`.
        freezes: Keys of networks that gradients pass through but that must not learn from them.
    """

    name: str
    trains: tuple[str, ...]
    play: Callable[[Pair, Images], Outcome]
    freezes: tuple[str, ...] = field(default=())


class Method(Protocol):
    """An idea for translating photos. The trainer needs nothing else of it.

    The trainer replaces the values of `networks` by prepared ones (DistributedDataParallel, mixed
    precision), so a method always reaches its networks through that dictionary.
    """

    networks: dict[str, nn.Module]
    exports: Mapping[str, str]  # direction -> key of the generator that translates it
    phases: tuple[Phase, ...]  # in the paper's order

    def translate(self, pair: Pair) -> Images:
        """Run the generators once per step; every phase reuses the images, the grid shows them."""
        ...

    def judge(self, pair: Pair, images: Images) -> Images:
        """Say how real each patch looks to the discriminators; photos and translations alike.

        Args:
            images: From `translate`.

        Returns:
            Name of an image (`real_a`, `fake_a` ...) -> `(N, 1, h, w)` in [0, 1], where 0.5 is
            undecided. Images that no discriminator judges, or that are too small for it, are
            missing.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered between steps beside the networks: tensors and plain types."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        ...
