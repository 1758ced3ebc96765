import pytest
import torch
from torch import Tensor, nn

from tests.process_toys import pretend_company
from translate.networks.dropout import Dropout

UPRIGHT, BY_PIXEL = torch.contiguous_format, torch.channels_last


def drop(layer: nn.Module, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what is left, its gradient, and where the process-wide generator stands then."""
    features = features.clone().requires_grad_()
    torch.manual_seed(5)
    left = layer(features)
    (slope,) = torch.autograd.grad(left.square().sum(), features)
    return left.detach(), slope, torch.get_rng_state()


@pytest.mark.parametrize("is_training", [True, False])
def test_alone_it_is_pytorchs_dropout(is_training: bool) -> None:
    features = torch.randn(4, 3, 5, 6)

    results = zip(
        drop(Dropout(0.3).train(is_training), features),
        drop(nn.Dropout(0.3).train(is_training), features),
        strict=True,
    )

    assert all(torch.equal(ours, theirs) for ours, theirs in results)


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("numbers", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("layout", [UPRIGHT, BY_PIXEL])
def test_two_processes_drop_together_what_one_would(
    monkeypatch: pytest.MonkeyPatch,
    probability: float,
    numbers: torch.dtype,
    layout: torch.memory_format,
) -> None:
    features = torch.randn(4, 3, 5, 6).to(numbers, memory_format=layout)
    left, slope, end = drop(nn.Dropout(probability), features)

    parts = []
    for process, own in enumerate(features.chunk(2)):
        pretend_company(monkeypatch, process)
        parts.append(drop(Dropout(probability), own))

    assert torch.equal(torch.cat([part[0] for part in parts]), left)
    assert torch.equal(torch.cat([part[1] for part in parts]), slope)
    assert all(torch.equal(part[2], end) for part in parts)


def test_features_of_any_rank_are_dropped_together(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(6, 7)
    pretend_company(monkeypatch, process=2, processes=3)

    assert torch.equal(drop(Dropout(), features[4:])[0], drop(nn.Dropout(), features)[0][4:])


def test_without_gradients_a_process_drops_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(2, 3, 5, 6)
    pretend_company(monkeypatch, process=1)

    with torch.no_grad():
        torch.manual_seed(5)
        left = Dropout()(features)

    assert torch.equal(left, drop(nn.Dropout(), features)[0])


def test_trained_it_drops_nothing_in_company_either(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(2, 3, 5, 6)
    pretend_company(monkeypatch, process=0)

    assert Dropout().eval()(features) is features


def test_only_the_numbers_for_the_own_images_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    features = torch.randn(2, 3, 5, 6, requires_grad=True)
    pretend_company(monkeypatch, process=1, processes=8)

    kept = Dropout()(features).grad_fn._saved_other

    assert kept.untyped_storage().nbytes() == features.untyped_storage().nbytes()
