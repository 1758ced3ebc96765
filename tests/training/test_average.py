import copy

import pytest
import torch
from torch import nn

from translate.training.average import Averages


def linear(value: float) -> nn.Linear:
    network = nn.Linear(1, 1, bias=False)
    nn.init.constant_(network.weight, value)
    return network


def weight(network: nn.Module) -> float:
    return next(network.parameters()).item()


def test_the_average_follows_by_hand_with_a_growing_decay() -> None:
    network = linear(1.0)
    averages = Averages({"g": network}, decay=0.9)

    averages.update()  # the first takes the weight as it is
    nn.init.constant_(network.weight, 2.0)
    averages.update()  # decay (1 + 1) / (10 + 1) = 2/11

    assert weight(averages.networks["g"]) == pytest.approx(1.0 * 2 / 11 + 2.0 * 9 / 11)


def test_the_decay_ends_at_the_one_asked_for() -> None:
    network = linear(0.0)
    averages = Averages({"g": network}, decay=0.5)
    for _ in range(30):
        averages.update()
    nn.init.constant_(network.weight, 1.0)

    averages.update()

    assert weight(averages.networks["g"]) == pytest.approx(0.5)


def test_without_decay_the_networks_themselves_are_shown() -> None:
    network = linear(1.0)

    assert Averages({"g": network}, decay=None).networks == {"g": network}


def test_averages_take_the_place_of_networks_only_for_a_while() -> None:
    network, other = linear(1.0), linear(5.0)
    averages = Averages({"g": network}, decay=0.9)
    in_use: dict[str, nn.Module] = {"g": network, "d": other}

    with averages.applied(in_use):
        assert in_use["g"] is not network
        assert in_use["d"] is other

    assert in_use["g"] is network


def test_averages_are_restored_with_their_count() -> None:
    network = linear(1.0)
    averages = Averages({"g": network}, decay=0.9)
    averages.update()
    restored = Averages({"g": linear(7.0)}, decay=0.9)

    restored.load_state_dict(copy.deepcopy(averages.state_dict()))

    assert weight(restored.networks["g"]) == 1.0
    assert int(restored.models["g"].n_averaged) == 1
    assert torch.equal(restored.models["g"].module.weight, averages.models["g"].module.weight)
