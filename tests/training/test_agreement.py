import pytest
import torch
import torch.distributed as dist

from tests.process_toys import Results, on_two_processes
from translate.errors import ConfigError, SharedError, TranslateError
from translate.training.agreement import Agreement, decide

STEPS = 6


def refuse() -> int:
    raise ConfigError("training.measure: there is none")


def fail_unexpectedly() -> int:
    raise ZeroDivisionError("our bug")


def test_a_process_alone_has_its_wish_at_once() -> None:
    alone = Agreement()

    assert alone.settle(False, True) == [False, True]
    assert alone.settle(False, False) == [False, False]
    alone.close()


def test_a_process_alone_decides_for_itself() -> None:
    assert decide(lambda: 7) == 7
    with pytest.raises(ConfigError, match="there is none"):
        decide(refuse)
    with pytest.raises(ZeroDivisionError):
        decide(fail_unexpectedly)


def meet() -> Results:
    """Wish and decide in company: process 1 to stop at step 2, process 0 to save at step 3."""
    rank = dist.get_rank()
    agreement = Agreement()
    settled = [
        agreement.settle(rank == 1 and step == 2, rank == 0 and step == 3) for step in range(STEPS)
    ]
    agreement.close()
    agreement.close()  # there is nothing left to finish

    number = decide(lambda: 10 + rank)
    try:
        decide(refuse)
    except TranslateError as error:
        told = f"{type(error).__name__}: {error}"
    after = decide(lambda: "still together")
    return {
        "settled": torch.tensor(settled),
        "number": torch.tensor(number),
        "told": torch.tensor(list(told.encode())),
        "after": torch.tensor(list(after.encode())),
    }


@pytest.fixture(scope="module")
def met() -> list[Results]:
    return on_two_processes(meet)


def words(letters: torch.Tensor) -> str:
    return bytes(letters.tolist()).decode()


def test_a_wish_of_one_is_known_to_both_at_the_same_later_step(met: list[Results]) -> None:
    stop, save = [False] * STEPS, [False] * STEPS
    stop[3] = save[4] = True

    for results in met:
        assert results["settled"][:, 0].tolist() == stop
        assert results["settled"][:, 1].tolist() == save


def test_process_0_chooses_for_both(met: list[Results]) -> None:
    assert [results["number"].item() for results in met] == [10, 10]


def test_what_process_0_cannot_do_none_does_and_it_alone_says_so(met: list[Results]) -> None:
    told = "training.measure: there is none"

    assert [words(results["told"]) for results in met] == [
        f"ConfigError: {told}",
        f"{SharedError.__name__}: {told}",
    ]
    assert {words(results["after"]) for results in met} == {"still together"}
