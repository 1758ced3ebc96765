import threading
import time

from translate.inference.folder.gate import Gate


def enter(gate: Gate, number: int, pixels: int) -> threading.Thread:
    thread = threading.Thread(target=gate.enter, args=(number, pixels), daemon=True)
    thread.start()
    thread.join(0.05)
    return thread


def test_lets_in_as_many_pixels_as_it_may() -> None:
    gate = Gate(100)

    assert not enter(gate, 0, 60).is_alive()
    assert not enter(gate, 1, 40).is_alive()
    waiting = enter(gate, 2, 1)
    assert waiting.is_alive()
    gate.leave(0, 60)
    waiting.join(1)
    assert not waiting.is_alive()


def test_who_is_next_always_gets_in() -> None:
    gate = Gate(100)

    assert not enter(gate, 1, 100).is_alive()
    third = enter(gate, 2, 500)
    assert third.is_alive()
    assert not enter(gate, 0, 500).is_alive()
    gate.leave(0, 500)
    assert third.is_alive()
    gate.leave(1, 100)
    third.join(1)
    assert not third.is_alive()


def test_once_opened_nobody_waits() -> None:
    gate = Gate(1)
    enter(gate, 1, 1)
    waiting = enter(gate, 2, 99)

    gate.open()
    started = time.monotonic()
    waiting.join(1)
    assert not waiting.is_alive()
    assert time.monotonic() - started < 0.5
