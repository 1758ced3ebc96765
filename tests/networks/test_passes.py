import pytest
import torch
from torch import nn

from translate.networks.passes import pass_together


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return images * 2


@pytest.mark.parametrize(("merge", "calls"), [(True, 1), (False, 2)])
def test_batches_share_a_call_only_where_allowed(merge: bool, calls: int) -> None:
    network = Counting()
    first, second = torch.rand(1, 3, 4, 4), torch.rand(2, 3, 4, 4)

    results = pass_together(network, first, second, merge=merge)

    assert network.calls == calls
    assert torch.equal(results[0], first * 2)
    assert torch.equal(results[1], second * 2)


def test_images_of_different_sides_take_a_call_each() -> None:
    network = Counting()

    wide, tall = pass_together(network, torch.rand(1, 3, 4, 8), torch.rand(1, 3, 8, 4), merge=True)

    assert network.calls == 2
    assert (wide.shape, tall.shape) == ((1, 3, 4, 8), (1, 3, 8, 4))
