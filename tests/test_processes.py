import pytest
import torch
import torch.distributed as dist

from tests.process_toys import Results, on_two_processes
from translate.processes import (
    count_processes,
    gather_batch,
    is_first,
    own_part,
    sum_over_processes,
)


def test_a_process_alone_has_all_there_is() -> None:
    images = torch.rand(2, 3, 4, 4, requires_grad=True)

    assert count_processes() == 1
    assert is_first()
    assert gather_batch(images).data_ptr() == images.data_ptr()
    assert not gather_batch(images).requires_grad
    assert own_part(images) is images
    assert sum_over_processes(images) is images


def meet() -> Results:
    """Do all that needs company; process 0 holds ones and 1, process 1 holds twos and 2."""
    number = dist.get_rank() + 1.0
    images = torch.full((2, 1, 2, 3), number, requires_grad=True)
    by_pixel = torch.arange(12).reshape(1, 2, 2, 3) * number
    gathered = gather_batch(images)
    value = torch.tensor(number, requires_grad=True)
    # Both compute number * (x0 + x1)**3, with x0 = 1 and x1 = 2.
    result = number * sum_over_processes(value) ** 3
    (slope,) = torch.autograd.grad(result, value, create_graph=True)
    (bend,) = torch.autograd.grad(slope, value)
    return {
        "count": torch.tensor(count_processes()),
        "is first": torch.tensor(is_first()),
        "gathered": gathered,
        "own": own_part(gathered),
        "upright": gather_batch(by_pixel),
        "by_pixel": gather_batch(by_pixel.contiguous(memory_format=torch.channels_last)),
        "result": result.detach(),
        "slope": slope.detach(),
        "bend": bend,
    }


@pytest.fixture(scope="module")
def met() -> list[Results]:
    return on_two_processes(meet)


def test_two_processes_gather_in_the_order_of_their_numbers(met: list[Results]) -> None:
    for results in met:
        assert results["count"] == 2
        assert results["gathered"][:, 0, 0, 0].tolist() == [1, 1, 2, 2]
        assert results["gathered"].shape == (4, 1, 2, 3)
        assert not results["gathered"].requires_grad


def test_one_of_two_processes_is_the_first(met: list[Results]) -> None:
    assert [results["is first"].item() for results in met] == [True, False]


def test_each_process_takes_its_own_part(met: list[Results]) -> None:
    assert [results["own"].unique().tolist() for results in met] == [[1], [2]]


def test_images_are_gathered_right_however_they_lie_in_memory(met: list[Results]) -> None:
    for results in met:
        assert torch.equal(results["by_pixel"], results["upright"])


def test_a_sum_over_processes_passes_gradients_to_all_of_them(met: list[Results]) -> None:
    """By hand: 1 * 3**3 and 2 * 3**3; (1 + 2) * 3 * 3**2."""
    assert [results["result"].item() for results in met] == [27, 54]
    assert [results["slope"].item() for results in met] == [81, 81]


def test_a_sum_over_processes_can_be_differentiated_twice(met: list[Results]) -> None:
    """By hand: each slope is 3 * 3 * (x0 + x1)**2, so that both add 3 * 3 * 2 * 3 to a bend."""
    assert [results["bend"].item() for results in met] == [108, 108]
