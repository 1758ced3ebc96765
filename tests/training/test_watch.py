import copy
from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator

from tests.process_toys import pretend_company
from tests.toys import noise, noise_splits, tiny_cyclegan, tiny_training
from translate.images import Pair
from translate.training import watch as module
from translate.training.health import LIMITS, Alarm, Health
from translate.training.watch import Watch

SURE = {"discriminators/accuracy_real_a": 1.0, "discriminators/accuracy_fake_a": 1.0}
SAMPLES = Pair(noise(2, 3, 16, 16), noise(2, 3, 16, 16, seed=1))


@pytest.fixture(autouse=True)
def _alarms_come_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(LIMITS, grace_steps=0, least_steps=0, judge_lines=3)
    monkeypatch.setattr(module, "Health", lambda: Health(limits))


def watch(**settings: object) -> Watch:
    chosen = tiny_training(**settings)
    return Watch(tiny_cyclegan(), noise_splits(), SAMPLES, chosen, Accelerator(cpu=True))


def line(step: int) -> dict[str, float]:
    return {"step": step, "epoch": 0, "learning_rate": 2e-4} | SURE


def test_a_symptom_that_lasts_becomes_an_alarm_once() -> None:
    watching = watch()

    assert [len(watching.look(line(step))) for step in range(1, 7)] == [0, 0, 1, 0, 0, 0]
    assert watching.is_sick


def test_held_out_photos_are_looked_at_after_400_photos_at_a_line_of_the_journal() -> None:
    method = tiny_cyclegan()
    watching = watch(batch_size=2, log_every_steps=30)  # 400 photos are 6.7 lines, so 7

    looks = [step for step in range(30, 900, 30) if watching.probe(method.networks, step)]

    assert looks == [210, 420, 630, 840]


def test_where_lines_are_rare_every_one_is_looked_at() -> None:
    method = tiny_cyclegan()
    watching = watch(batch_size=2, log_every_steps=500)

    told = watching.probe(method.networks, 500)

    assert {"health/diversity_a_to_b", "health/change_b_to_a"} <= told.keys()
    assert watching.probe(method.networks, 1500)


def test_a_look_touches_neither_networks_nor_randomness() -> None:
    method = tiny_cyclegan()
    before = copy.deepcopy(method.networks["generator_ab"].state_dict())
    randomness = torch.get_rng_state()

    watch(log_every_steps=500).probe(method.networks, 500)

    after = method.networks["generator_ab"].state_dict()
    assert all(torch.equal(value, before[key]) for key, value in after.items())
    assert torch.equal(torch.get_rng_state(), randomness)


def test_a_restored_watch_raises_the_alarm_at_the_same_line() -> None:
    before, after = watch(), watch()
    for step in (1, 2):
        assert not before.look(line(step))

    after.load_state_dict(copy.deepcopy(before.state_dict()))

    assert after.is_sick
    assert after.look(line(3)) == before.look(line(3)) != []


def test_process_0_alone_looks_at_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = watch(log_every_steps=500)
    monkeypatch.setattr(watching, "_is_leader", False)

    assert watching.probe(tiny_cyclegan().networks, 500) == {}


def test_the_others_learn_of_alarms_from_process_0(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = watch()
    told = [Alarm("collapse/a_to_b", "All look alike.")]

    def broadcast(answer: list[object]) -> None:
        answer[0] = told

    pretend_company(monkeypatch, 1)
    monkeypatch.setattr(torch.distributed, "broadcast_object_list", broadcast)

    assert watching.look(line(1)) == told
    assert not watching.is_sick  # it has looked at nothing itself
