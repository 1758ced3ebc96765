"""Signs of life: threads that talk through one store stand for processes."""

import time
from collections.abc import Callable, Iterator

import pytest
import torch.distributed as dist

from tests.process_toys import until
from translate import heartbeat
from translate.errors import TranslateError
from translate.heartbeat import ENDED, Heartbeat

Hearts = Callable[[int, str], Heartbeat]


@pytest.fixture
def hearts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hearts]:
    """Make the hearts of one of two processes; stop at the end what still beats."""
    store = dist.HashStore()
    monkeypatch.setattr(heartbeat, "rendezvous", lambda *_, **__: iter([(store, 0, 0)]))
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    monkeypatch.setenv("WORLD_SIZE", "2")
    made: list[Heartbeat] = []

    def make(rank: int, name: str = "run") -> Heartbeat:
        monkeypatch.setenv("RANK", str(rank))
        made.append(Heartbeat(name))
        return made[-1]

    yield make
    for heart in made:
        stop(heart)


def stop(heart: Heartbeat) -> None:
    """Let a heart stand still without a word, as of a process that was killed."""
    heart._ended.set()
    if heart._heart.is_alive():
        heart._heart.join()


def test_a_process_knows_its_number_and_how_many_there_are(hearts: Hearts) -> None:
    heart = hearts(1)

    assert (heart.rank, heart.size) == (1, 2)


def test_who_has_not_shown_himself_gives_an_empty_sign_and_is_waited_for(hearts: Hearts) -> None:
    first = hearts(0)

    assert first.silence_of(1)[0] == b""
    time.sleep(0.1)
    assert first.silence_of(1)[1] >= 0.1


def test_who_beats_is_never_silent_for_long(hearts: Hearts) -> None:
    first, second = hearts(0), hearts(1)

    with second:
        signs = set()
        for _ in range(10):
            sign, seconds = first.silence_of(1)
            signs.add(sign)
            assert seconds < 1
            time.sleep(0.05)

    assert len(signs) > 2


def test_who_stops_beating_without_a_word_is_silent_for_ever_longer(hearts: Hearts) -> None:
    first, second = hearts(0), hearts(1)
    second.__enter__()
    assert until(lambda: first.silence_of(1)[0] not in (b"", None))
    stop(second)
    last = first.silence_of(1)[0]

    assert until(lambda: first.silence_of(1)[1] > 0.2)
    assert first.silence_of(1)[0] == last != ENDED


def test_who_leaves_in_order_says_so(hearts: Hearts) -> None:
    first, second = hearts(0), hearts(1)

    with second:
        pass

    assert first.silence_of(1)[0] == ENDED


def test_what_one_puts_down_the_other_finds(hearts: Hearts) -> None:
    first, second = hearts(0), hearts(1)

    assert first.has("failed") is False
    second.put("failed", "out of memory")

    assert first.has("failed") is True
    assert first.get("failed") == b"out of memory"


def test_hearts_of_another_name_are_not_heard(hearts: Hearts) -> None:
    first, other = hearts(0), hearts(1, "another")

    with other:
        other.put("failed", "why")

    assert first.silence_of(1)[0] == b""
    assert not first.has("failed")


def test_a_store_that_is_gone_is_told_from_a_silent_process() -> None:
    """A real one, whose keeper ends."""
    keeper = dist.TCPStore("localhost", 0, is_master=True, wait_for_workers=False)
    heart = object.__new__(Heartbeat)
    heart._store, heart._seen = dist.TCPStore("localhost", keeper.port, is_master=False), {}
    assert heart.silence_of(0)[0] == b""

    del keeper

    assert heart.silence_of(0) == (None, 0.0)
    assert heart.has("failed") is None
    assert heart.get("failed") == b""
    heart.put("failed", "nobody hears it, and nothing is raised")


def test_others_that_do_not_appear_are_missed_with_advice(
    hearts: Hearts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meet(*_: object, **__: object) -> Iterator[object]:
        raise RuntimeError("The client socket has timed out")

    monkeypatch.setattr(heartbeat, "rendezvous", meet)

    with pytest.raises(
        TranslateError,
        match=r"process 1 of 2 did not find the others \(The client socket.*accelerate launch",
    ):
        hearts(1)
