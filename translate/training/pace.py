"""When it is time to save: by the clock, by steps, or both."""

import time


class SavingPace:
    """Say now and then that it is time to save.

    The clock is one that nobody can set: a machine whose date jumps saves as often as before.

    Args:
        minutes: Between two saved states; None: no clock.
        steps: The same in steps; None: however many.
    """

    def __init__(self, minutes: float | None, steps: int | None) -> None:
        self.minutes, self.steps = minutes, steps
        self._last = time.monotonic()

    def is_due(self, step: int) -> bool:
        """Say so once; the minutes then begin anew."""
        is_late = self.minutes is not None and time.monotonic() - self._last > 60 * self.minutes
        is_due = is_late or (self.steps is not None and step % self.steps == 0)
        if is_due:
            self._last = time.monotonic()
        return is_due
