import os
import signal
import threading

import pytest

from translate.interrupt import Interrupt


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_is_only_remembered(number: signal.Signals) -> None:
    with Interrupt() as interrupt:
        assert not interrupt.is_requested
        os.kill(os.getpid(), number)

        assert interrupt.is_requested


def test_a_second_ctrl_c_stops_at_once() -> None:
    with Interrupt():
        os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    before = signal.getsignal(signal.SIGINT)

    with Interrupt():
        assert signal.getsignal(signal.SIGINT) != before

    assert signal.getsignal(signal.SIGINT) == before


def test_outside_the_main_thread_nothing_is_caught() -> None:
    failures: list[BaseException] = []

    def enter() -> None:
        try:
            with Interrupt():
                pass
        except ValueError as error:
            failures.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert not failures
