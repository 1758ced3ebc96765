"""Processes that watch each other: threads that talk through one store stand for them."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch.distributed as dist

from tests.process_toys import pretend_company, until
from translate import heartbeat
from translate.errors import DataError, SharedError, TrainingError
from translate.heartbeat import Heartbeat
from translate.training import companions as module
from translate.training.companions import EXIT_CODE, FAILED, Companions, accompanied

ADVICE = "The last saved state is whole: start all processes again, with --resume latest."
LOST = RuntimeError("[gloo/transport/tcp/pair.cc:538] Read error: Connection reset by peer")


class Crowd:
    """Some processes of one run, and with which codes they were left at once."""

    def __init__(self, members: list[Companions], left: dict[int, int]) -> None:
        self.members, self.left = members, left

    def kill(self, rank: int) -> None:
        """Let one fall silent."""
        member = self.members[rank]
        member._ended.set()
        member._heart._ended.set()


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Crowd]]:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    for name, seconds in (
        *(("LOOK", 0.02), ("SILENT", 0.4), ("GRACE", 0.3), ("GATHER", 5.0)),
        ("WAIT", 0.1),
    ):
        monkeypatch.setattr(module, f"{name}_SECONDS", seconds)
    store = dist.HashStore()
    monkeypatch.setattr(heartbeat, "rendezvous", lambda *_, **__: iter([(store, 0, 0)]))
    made: list[Crowd] = []

    def gather(size: int) -> Crowd:
        left: dict[int, int] = {}
        members = []
        monkeypatch.setenv("WORLD_SIZE", str(size))
        for rank in range(size):
            monkeypatch.setenv("RANK", str(rank))
            leave = lambda code, rank=rank: left.update({rank: code})  # noqa: E731
            members.append(Companions(Heartbeat("training"), leave))
        made.append(Crowd(members, left))
        return made[-1]

    yield gather
    for gathered in made:
        for rank in range(len(gathered.members)):
            gathered.kill(rank)


def fail(member: Companions, error: BaseException) -> None:
    """Let a process end with an error; what comes of it is raised."""
    with member:
        raise error


def test_who_waits_for_a_neighbour_that_fell_silent_is_ended_with_a_sentence(
    crowd: Callable[[int], Crowd], capsys: pytest.CaptureFixture[str]
) -> None:
    both = crowd(2)
    first, second = both.members
    with second:
        with first:
            time.sleep(0.1)
            both.kill(1)
            assert until(lambda: both.left)

        assert both.left == {0: EXIT_CODE}
    said = capsys.readouterr().err
    assert said.startswith("error in process 0: process 1 has given no sign of life for ")
    assert said.endswith(f"{ADVICE} This one ends with it.\n")


def test_each_watches_the_next_and_tells_all_others(crowd: Callable[[int], Crowd]) -> None:
    """Process 1 watches 0 and 2; that 3 is silent it has from 2."""
    four = crowd(4)
    for member in four.members:
        member.__enter__()
    time.sleep(0.1)

    four.kill(3)

    assert until(lambda: len(four.left) == 3)
    assert four.left == dict.fromkeys((0, 1, 2), EXIT_CODE)
    assert four.members[1]._said().startswith("process 3 has given no sign of life")


def test_a_process_that_fails_says_why_and_the_others_repeat_it(
    crowd: Callable[[int], Crowd], capsys: pytest.CaptureFixture[str]
) -> None:
    both = crowd(2)
    first, second = both.members

    with first:
        with pytest.raises(DataError, match=r"^b/7\.png: is no photo\."):  # its own error, as it is
            fail(second, DataError("b/7.png: is no photo.\nPut it right."))
        assert until(lambda: both.left)

    assert both.left == {0: EXIT_CODE}
    assert capsys.readouterr().err == (
        "error in process 0: process 1 has ended: b/7.png: is no photo. This one ends with it.\n"
    )


def test_what_is_no_error_of_ours_is_told_with_its_kind(crowd: Callable[[int], Crowd]) -> None:
    both = crowd(2)

    with pytest.raises(ZeroDivisionError):
        fail(both.members[1], ZeroDivisionError("division by zero"))

    expected = "process 1 has ended: ZeroDivisionError: division by zero."
    assert both.members[0]._said() == expected


def test_a_lost_connection_becomes_the_reason_that_the_other_gave(
    crowd: Callable[[int], Crowd],
) -> None:
    both = crowd(2)
    first, second = both.members
    with pytest.raises(MemoryError):
        fail(second, MemoryError("no room"))

    with pytest.raises(TrainingError) as told:
        fail(first, LOST)

    assert str(told.value) == "process 1 has ended: MemoryError: no room. This one ends with it."
    assert told.value.__cause__ is LOST
    assert not both.left


def test_a_reason_that_comes_a_moment_later_is_waited_for(crowd: Callable[[int], Crowd]) -> None:
    both = crowd(2)
    late = threading.Timer(0.3, both.members[1]._tell, ["process 1 has ended: late."])
    late.start()

    with pytest.raises(TrainingError, match=r"^process 1 has ended: late\. This one ends"):
        fail(both.members[0], LOST)
    late.join()


def test_a_lost_connection_without_a_word_is_told_as_that(crowd: Callable[[int], Crowd]) -> None:
    both = crowd(2)

    with pytest.raises(TrainingError, match="has ended without a word: killed, or out of memory"):
        fail(both.members[0], LOST)


def test_who_ends_by_itself_in_time_is_not_ended(
    crowd: Callable[[int], Crowd], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 5.0)
    both = crowd(2)
    first, second = both.members
    with pytest.raises(DataError):
        fail(second, DataError("bad"))

    def work() -> None:
        with first:
            time.sleep(0.3)  # the watching thread has seen it, and gives this one its time
            raise RuntimeError("gloo: peer closed")

    with pytest.raises(TrainingError, match="process 1 has ended: bad"):
        work()
    assert until(lambda: not any(thread.is_alive() for thread in first._threads))
    assert not both.left


def test_who_has_ended_in_order_is_not_gone(crowd: Callable[[int], Crowd]) -> None:
    both = crowd(2)
    first, second = both.members

    with first:
        with second:
            pass
        time.sleep(0.8)  # twice as long as anyone may be silent

    assert not both.left
    assert not first._heart.has(FAILED)


def test_who_has_not_started_yet_is_waited_for_longer(
    crowd: Callable[[int], Crowd], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = crowd(2)
    first = both.members[0]

    with first:
        time.sleep(0.8)
        assert not both.left
        monkeypatch.setattr(module, "GATHER_SECONDS", 0.9)
        assert until(lambda: both.left)

    assert first._said().startswith("process 1 has given no sign of life")


class Gone:
    """A store whose keeper has ended."""

    def check(self, *_: object) -> bool:
        raise dist.DistNetworkError("Connection reset by peer")

    set = get = check


class Stopped:
    """A store whose keeper was stopped, or whose machine is gone: to ask it blocks for ever."""

    def check(self, *_: object) -> bool:
        threading.Event().wait()
        return False

    set = get = check


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (Gone(), "process 0 has ended, and what it kept for all with it"),
        (Stopped(), "process 0 has not answered for "),
    ],
    ids=["gone", "stopped"],
)
def test_nobody_waits_for_a_store_that_process_0_keeps_no_more(
    crowd: Callable[[int], Crowd],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    store: object,
    said: str,
) -> None:
    monkeypatch.setattr(heartbeat, "ANSWER_SECONDS", 0.1)
    both = crowd(2)
    second = both.members[1]
    second._heart._store = store  # type: ignore[assignment]

    with second:
        assert until(lambda: both.left)

    assert both.left == {1: EXIT_CODE}
    assert said in capsys.readouterr().err


def test_a_message_of_ones_own_is_not_replaced_by_that_of_another(
    crowd: Callable[[int], Crowd],
) -> None:
    both = crowd(2)
    for member in both.members:
        with pytest.raises(DataError, match=r"^all find this\.$"):
            fail(member, DataError("all find this."))


def test_what_all_find_alike_is_told_to_nobody(crowd: Callable[[int], Crowd]) -> None:
    both = crowd(2)

    with pytest.raises(SharedError, match=r"^an alarm$"):
        fail(both.members[1], SharedError("an alarm"))

    assert not both.members[0]._heart.has(FAILED)
    assert both.members[0]._heart.silence_of(1)[0] == heartbeat.ENDED


def test_a_process_alone_has_no_companions() -> None:
    with accompanied() as companions:
        assert companions is None


def test_one_of_several_has(crowd: Callable[[int], Crowd], monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(2)
    pretend_company(monkeypatch, 1)

    with accompanied() as companions:
        assert isinstance(companions, Companions)
