"""Keep all that a run needs to go on, and go on from it."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from translate.errors import TrainingError
from translate.processes import is_first
from translate.training.agreement import decide
from translate.training.run_folder import writing
from translate.training.state import (
    Facts,
    Position,
    choose_whole,
    expect_fitting,
    last_healthy_state,
    load_state,
    save_state,
    set_aside_after,
)


class Part(Protocol):
    """Something that a run remembers."""

    def state_dict(self) -> dict[str, Any]:
        """Return tensors and plain types."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up what `state_dict` returned."""
        ...


class Keeper:
    """Save the parts of a run together, and restore them together.

    All processes call it alike; process 0 writes and chooses for all.

    Args:
        folder: The run's `state/`.
        parts: All that a run remembers, by name.
        facts: What a resumed run must share with the one that saved.
    """

    def __init__(self, folder: Path, parts: Mapping[str, Part], facts: Facts) -> None:
        self.folder, self.parts, self.facts = folder, parts, facts
        self._saved: Position | None = None

    def save(self, at: Position, is_sick: bool) -> None:
        """Save everything, unless it has just been saved.

        Args:
            is_sick: Whether a rollback must not end here.

        Raises:
            TrainingError: The disk refuses. The states before are as they were.
        """
        if at == self._saved:
            return
        content = {name: part.state_dict() for name, part in self.parts.items()}
        if is_first():
            with writing(self.folder):
                save_state(self.folder, at, self.facts, content, is_sick)
        self._saved = at

    def resume(self, states: list[Path]) -> Position:
        """Go on from the last of some states that is whole; later ones are set aside.

        Raises:
            TrainingError: All are damaged, or of another run or version.
        """
        return self._load(decide(lambda: expect_fitting(choose_whole(states), self.facts)))

    def go_back(self, but: Collection[str] = ()) -> Position | None:
        """Restore the last healthy state and set later ones aside; None: there is none.

        Args:
            but: Parts that stay as they are.
        """
        state = decide(lambda: last_healthy_state(self.folder))
        return None if state is None else self._load(state, but)

    def _load(self, state: Path, but: Collection[str] = ()) -> Position:
        at, content = load_state(state)
        try:
            for name, part in self.parts.items():
                if name not in but:
                    part.load_state_dict(content[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainingError(
                f"{state}: does not fit this run ({error}). Resume with the version and the kind "
                "of device that saved it."
            ) from error
        if is_first():
            with writing(self.folder):  # lines of the journal that later states count on will go
                set_aside_after(state)
        self._saved = at
        return at
