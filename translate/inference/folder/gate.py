"""How much may be in memory at once?"""

import threading


class Gate:
    """Let work in while the pixels inside are few enough; who is next in line always gets in.

    Without that a photo larger than all that is allowed would never get in, and one that everybody
    waits for might find the room taken by those that come after it.

    Args:
        pixels: How many may be inside.
    """

    def __init__(self, pixels: int) -> None:
        self._limit, self._inside, self._next = pixels, 0, 0
        self._is_open = False
        self._changed = threading.Condition()

    def enter(self, number: int, pixels: int) -> None:
        """Wait for room.

        Args:
            number: The place in line, from 0.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._has_room(number, pixels))
            self._inside += pixels

    def leave(self, number: int, pixels: int) -> None:
        """Make room; called in the order of the line."""
        with self._changed:
            self._inside -= pixels
            self._next = number + 1
            self._changed.notify_all()

    def open(self) -> None:
        """Let everybody in: nobody waits for the work any more."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def _has_room(self, number: int, pixels: int) -> bool:
        is_next = number <= self._next
        return self._is_open or is_next or self._inside + pixels <= self._limit
