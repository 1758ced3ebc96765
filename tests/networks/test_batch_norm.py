import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn

from tests.process_toys import Results, on_two_processes, pretend_company
from translate.networks import UNetGenerator, initialise
from translate.networks.batch_norm import BatchNorm
from translate.networks.layers import InstanceNorm
from translate.processes import count_processes, own_part, sum_over_processes

HALVES = [torch.bfloat16, torch.float16]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def averaged(gradient: Tensor) -> Tensor:
    """As DistributedDataParallel does it."""
    return sum_over_processes(gradient) / count_processes()


def learn(norm: nn.BatchNorm2d, features: Tensor) -> Results:
    """Judge this process's part of a batch, by a loss and by a gradient penalty."""
    weights = own_part(noise(*features.shape, seed=1))
    features = own_part(features).clone().requires_grad_()
    # Two passes before any gradient, as discriminators make them; the second adds to what is
    # remembered of the first.
    normalised = torch.cat([norm(features), norm(features / 2)])
    judged = normalised * torch.cat([weights, weights])
    (slope,) = torch.autograd.grad(judged.sum(), features, create_graph=True)
    loss, penalty = judged.square().mean(), slope.square().mean()
    of_loss = torch.autograd.grad(loss, (features, norm.weight, norm.bias), retain_graph=True)
    of_penalty = torch.autograd.grad(penalty, (features, norm.weight))
    return {
        "own normalised": normalised.detach()[: len(features)],
        "own slope": slope.detach(),
        # The losses of all processes depend on a process's features: of their mean, a part.
        "own loss by features": of_loss[0] / count_processes(),
        "own penalty by features": of_penalty[0] / count_processes(),
        "loss by weight": averaged(of_loss[1]),
        "loss by bias": averaged(of_loss[2]),
        "penalty by weight": averaged(of_penalty[1]),
        **{key: value.clone() for key, value in norm.named_buffers()},
    }


def make_norm(kind: type[nn.BatchNorm2d] = BatchNorm, **arguments: Any) -> nn.BatchNorm2d:
    norm = kind(3, **arguments)
    initialise(norm, torch.Generator().manual_seed(2), gain=0.5)
    return norm


CASES: dict[str, tuple[Tensor, dict[str, Any]]] = {
    "images": (2 * noise(4, 3, 5, 6) + 1, {}),
    "one image each": (noise(2, 3, 4, 4), {"momentum": 0.5}),
    "one pixel each": (noise(2, 3, 1, 1), {}),
    "channels last": (noise(4, 3, 5, 6).to(memory_format=torch.channels_last), {}),
    "all batches alike": (noise(4, 3, 5, 6), {"momentum": None}),
    "still": (noise(4, 3, 5, 6), {"momentum": 0.0}),
    "float64": (noise(4, 3, 5, 6).double(), {"dtype": torch.float64}),
}


def far_features(numbers: torch.dtype) -> Tensor:
    """Small differences of large numbers."""
    return (noise(4, 3, 16, 16) + 100).to(numbers)


def broken_features() -> Tensor:
    """Process 0 has a NaN in channel 0, process 1 an infinity in channel 1."""
    features = noise(4, 3, 5, 6)
    features[0, 0, 1, 2], features[3, 1, 4, 4] = torch.nan, torch.inf
    return features


def learn_as_unet() -> Results:
    """Learn from this process's part of a batch, with batch norm and dropout."""
    network = UNetGenerator(base_channels=2, depth=6)
    initialise(network, torch.Generator().manual_seed(3), gain=0.2)
    torch.manual_seed(4)
    network(own_part(noise(4, 3, 64, 64))).square().mean().backward()
    return {name: averaged(p.grad) for name, p in network.named_parameters() if p.grad is not None}


def work_together() -> Results:
    """Do all that needs company."""
    results = {
        f"{case}: {name}": value
        for case, (features, arguments) in CASES.items()
        for name, value in learn(make_norm(**arguments), features).items()
    }
    for numbers in (*HALVES, torch.float32):
        far = own_part(far_features(numbers))
        results[f"far: {numbers}"] = make_norm()(far).detach()
    norm = make_norm()
    norm(own_part(broken_features()))
    results |= {f"broken: {name}": value for name, value in norm.named_buffers()}
    if dist.get_rank() == 0:  # as sample grids are drawn; the other would be waited for in vain
        with torch.no_grad():
            make_norm()(noise(1, 3, 4, 4))
    return results | {f"unet: {name}": value for name, value in learn_as_unet().items()}


@pytest.fixture(scope="module")
def together() -> list[Results]:
    return on_two_processes(work_together)


def parts_of(case: str, together: list[Results]) -> list[Results]:
    start = f"{case}: "
    return [{k.removeprefix(start): r[k] for k in r if k.startswith(start)} for r in together]


def assert_same(parts: list[Results], alone: Results, tolerance: float) -> None:
    """Own results follow one another; of all others each process has the same."""
    assert all(part.keys() == alone.keys() for part in parts)
    for name, expected in alone.items():
        values = [part[name] for part in parts]
        if name.startswith("own "):
            values = [torch.cat(values)]
        for value in values:
            torch.testing.assert_close(value, expected, atol=tolerance, rtol=tolerance, msg=name)


@pytest.mark.parametrize("case", CASES)
def test_two_processes_learn_and_remember_what_one_does_of_both_batches(
    case: str, together: list[Results]
) -> None:
    features, arguments = CASES[case]
    alone = learn(make_norm(nn.BatchNorm2d, **arguments), features)

    parts = parts_of(case, together)

    assert_same(parts, alone, 1e-6)


def test_features_stay_as_they_lie_in_memory(together: list[Results]) -> None:
    for part in parts_of("channels last", together):
        assert part["own normalised"].is_contiguous(memory_format=torch.channels_last)


def test_a_unet_with_dropout_learns_on_two_processes_what_it_learns_on_one(
    together: list[Results],
) -> None:
    assert_same(parts_of("unet", together), learn_as_unet(), 1e-6)


def exactly(norm: nn.Module, features: Tensor) -> Tensor:
    return copy.deepcopy(norm).double()(features.double()).detach()


def assert_rounded_once(result: Tensor, expected: Tensor) -> None:
    """Statistics rounded to 8 or 11 bits would be off by much more, so far from 0."""
    one_digit = torch.finfo(result.dtype).eps
    torch.testing.assert_close(result.double(), expected, rtol=one_digit, atol=1e-3)


@pytest.mark.parametrize("numbers", [*HALVES, torch.float32])
def test_two_processes_compute_statistics_in_float32(
    numbers: torch.dtype, together: list[Results]
) -> None:
    result = torch.cat([part[str(numbers)] for part in parts_of("far", together)])

    assert result.dtype == numbers
    assert_rounded_once(result, exactly(make_norm(), far_features(numbers)))


@pytest.mark.parametrize("numbers", HALVES)
@pytest.mark.parametrize("is_learning", [True, False])
@pytest.mark.parametrize("images", [1, 4])
@pytest.mark.parametrize("norm", [BatchNorm(3), InstanceNorm(3)], ids=["batch", "instance"])
def test_half_precision_is_no_reason_for_rough_statistics(
    norm: nn.Module, images: int, is_learning: bool, numbers: torch.dtype
) -> None:
    features = far_features(numbers)[:images]

    with torch.set_grad_enabled(is_learning):
        result = norm(features)

    assert result.dtype == numbers
    assert_rounded_once(result, exactly(norm, features))


@pytest.mark.parametrize("numbers", HALVES)
def test_nor_are_parameters_of_half_precision(numbers: torch.dtype) -> None:
    norm = BatchNorm(3, track_running_stats=False).to(numbers).eval()

    assert_rounded_once(norm(far_features(numbers)), exactly(norm, far_features(numbers)))


@pytest.mark.parametrize("numbers", HALVES)
def test_instance_norm_of_half_precision_passes_gradients_of_its_type(numbers: torch.dtype) -> None:
    features = far_features(numbers).requires_grad_()

    InstanceNorm(3)(features)[:, :, 0].sum().backward()

    assert features.grad is not None
    assert features.grad.dtype == numbers
    assert features.grad.any()


ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"momentum": None},
    {"momentum": 0.0},
    {"eps": 0.1, "momentum": 1.0},
    {"track_running_stats": False},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_alone_it_is_pytorchs_batch_norm_bit_for_bit(
    arguments: dict[str, Any], layout: torch.memory_format
) -> None:
    features = (noise(4, 3, 5, 6) + 1).to(memory_format=layout)
    ours, theirs = make_norm(**arguments), make_norm(nn.BatchNorm2d, **arguments)

    results, expected = learn(ours, features), learn(theirs, features)

    assert results.keys() == expected.keys()
    assert all(torch.equal(results[name], expected[name]) for name in expected)
    assert torch.equal(ours.eval()(features), theirs.eval()(features))


@pytest.mark.parametrize("numbers", HALVES)
def test_alone_it_is_pytorchs_batch_norm_in_half_precision_too(numbers: torch.dtype) -> None:
    features = far_features(numbers)
    ours, theirs = make_norm(), make_norm(nn.BatchNorm2d)

    assert torch.equal(ours(features), theirs(features))
    assert torch.equal(ours.running_var, theirs.running_var)


def test_it_is_saved_as_pytorchs_batch_norm_is() -> None:
    saved = make_norm(nn.BatchNorm2d).state_dict()

    BatchNorm(3).load_state_dict(saved)

    assert list(BatchNorm(3).state_dict()) == list(saved)


def test_of_a_single_value_there_is_no_variance() -> None:
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        BatchNorm(3)(torch.ones(1, 3, 1, 1))


def remembered_of_broken_features(together: list[Results]) -> Iterator[dict[str, Tensor]]:
    yield from parts_of("broken", together)
    norm = make_norm()
    norm(broken_features())
    yield dict(norm.named_buffers())


def test_what_is_not_finite_is_not_remembered(together: list[Results]) -> None:
    good = make_norm(nn.BatchNorm2d)
    good(broken_features())

    for remembered in remembered_of_broken_features(together):
        mean, variance = remembered["running_mean"], remembered["running_var"]
        assert mean[:2].tolist() == [0, 0]
        assert variance[:2].tolist() == [1, 1]
        torch.testing.assert_close(mean[2], good.running_mean[2], atol=1e-6, rtol=0)
        torch.testing.assert_close(variance[2], good.running_var[2], atol=1e-6, rtol=0)


def test_a_still_memory_withstands_what_is_not_finite() -> None:
    norm = make_norm(momentum=0.0)

    norm(broken_features())

    assert norm.running_mean.tolist() == [0, 0, 0]
    assert norm.running_var.tolist() == [1, 1, 1]


def test_without_gradients_a_process_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    features = noise(2, 3, 4, 4)
    pretend_company(monkeypatch, process=0)

    with torch.no_grad():
        assert torch.equal(make_norm()(features), make_norm(nn.BatchNorm2d)(features))
    assert make_norm().eval()(features).requires_grad
    with pytest.raises(ValueError, match="process group"):  # so the company is missed, if asked
        make_norm()(features)
