import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.health_toys import (
    BOTH_WAYS,
    CPU,
    HEALTHY,
    Hiding,
    Revealing,
    Translating,
    lines,
    pictures,
)
from translate.images import Pair
from translate.training.health import LIMITS, Alarm, Health
from translate.training.probe import Probe

WELL: dict[str, float] = {}
REAL, FAKE = "discriminators/accuracy_real_a", "discriminators/accuracy_fake_a"
SURE = {REAL: 0.995, FAKE: 0.99}
# What a sick run writes, and after how many lines or looks that is an alarm.
SICK: dict[str, tuple[dict[str, float], int]] = {
    "discriminator_wins/discriminators_a": (SURE, 20),
    "discriminator_gives_up/discriminators_a": ({REAL: 1.0, FAKE: 0.0}, 20),
    "collapse/a_to_b": ({"health/diversity_a_to_b": 0.03}, 3),
    "colour_inversion/a_to_b": ({"health/luminance_a_to_b": -0.8}, 3),
    "identity/a_to_b": ({"health/change_a_to_b": 0.01}, 10),
    "steganography/a_to_b": ({"health/hidden_a_to_b": 0.3}, 3),
    "gradient_explodes/generators": ({"generators/gradient_norm": 1e5}, 3),
    "gradient_vanishes/discriminators": ({"discriminators/gradient_norm": 1e-3}, 3),
    "updates_skipped/generators": ({"generators/skipped": 0.4}, 3),
}


def watched(journal: Iterable[Mapping[str, float]], health: Health | None = None) -> list[Alarm]:
    health = health or Health()
    return [alarm for line in journal for alarm in health.look(line)]


def names(journal: Iterable[Mapping[str, float]]) -> list[str]:
    return [alarm.name for alarm in watched(journal)]


@pytest.mark.parametrize(("name", "symptom", "lasting"), [(n, *s) for n, s in SICK.items()])
def test_a_symptom_that_lasts_is_told_once_and_no_sooner(
    name: str, symptom: dict[str, float], lasting: int
) -> None:
    assert names(lines([(20, WELL), (lasting - 1, symptom), (40, WELL)])) == []
    assert names(lines([(20, WELL), (lasting, symptom)])) == [name]
    assert names(lines([(20, WELL), (lasting + 60, symptom), (5, WELL)])) == [name]


@pytest.mark.parametrize("name", SICK)
def test_it_is_told_again_only_after_it_has_worn_off(name: str) -> None:
    symptom, lasting = SICK[name]
    again = (lasting, symptom)

    assert names(lines([(20, WELL), again, (lasting - 1, WELL), again])) == [name]
    assert names(lines([(20, WELL), again, (lasting, WELL), again])) == [name, name]


def test_a_good_line_among_bad_ones_hides_nothing() -> None:
    nearly_always = [(10, SURE), (1, WELL), (10, SURE), (1, WELL), (10, SURE)]

    assert names(lines(nearly_always)) == ["discriminator_wins/discriminators_a"]


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    [
        (0.99, 0.99, ["discriminator_wins/discriminator"]),
        (1.0, 0.02, ["discriminator_gives_up/discriminator"]),
        (0.02, 1.0, ["discriminator_gives_up/discriminator"]),
        (0.03, 0.02, ["discriminator_gives_up/discriminator"]),
        (0.99, 0.6, []),
        (0.5, 0.5, []),
    ],
)
def test_a_discriminator_must_be_right_often_but_not_always(
    real: float, fake: float, expected: list[str]
) -> None:
    accuracies = {"discriminator/accuracy_real": real, "discriminator/accuracy_fake": fake}

    assert names(lines([(30, accuracies)])) == expected


def test_the_message_says_what_was_seen_what_it_means_and_what_to_try() -> None:
    journal = lines([(30, {REAL: 0.991, FAKE: 1.0})])

    assert watched(journal)[0].message == (
        "discriminators/accuracy_real_a 0.99 and accuracy_fake_a 1.00 for many lines: the "
        "discriminator recognises every translation, so the generator gets no usable signal from "
        "it. Make it see more (method.augment, more photos) or hold it back "
        "(method.penalty_weight, fewer method.discriminator.base_channels)."
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("discriminator_gives_up/discriminators_a", "the same of nearly everything"),
        ("gradient_explodes/generators", "gradient_norm 1e+05, after a median of 100 in recent"),
        ("gradient_vanishes/discriminators", "gradient_norm 0.001, after a median of 8 in recent"),
        ("updates_skipped/generators", "generators/skipped 0.40: that share of recent updates"),
        ("colour_inversion/a_to_b", "method.identity_weight"),
        ("steganography/a_to_b", "Lower method.cycle_weight"),
    ],
)
def test_messages_have_numbers_and_advice(name: str, words: str) -> None:
    symptom, lasting = SICK[name]
    (alarm,) = watched(lines([(20, WELL), (lasting, symptom)]))

    assert words in alarm.message


def test_losses_that_triple_are_told_with_their_best() -> None:
    (alarm,) = watched(lines([(20, WELL), (40, {"generators/cycle_a": 6.0})]))

    assert alarm.name == "loss_grows/generators/cycle_a"
    assert alarm.message.startswith("generators/cycle_a has grown to 5.")
    assert "from 2 at its best: the generators unlearn what they could." in alarm.message


def test_a_loss_may_triple_where_it_has_become_a_small_share_of_its_first() -> None:
    journal = lines([(30, {"generators/cycle_a": loss}) for loss in (10.0, 0.1, 0.3)])

    assert names(journal) == []


@pytest.mark.parametrize(
    "key",
    ["generators/adversarial_a", "discriminators/discriminator_a", "discriminators/penalty_a"],
)
def test_what_two_sides_play_for_may_grow(key: str) -> None:
    assert names(lines([(20, {key: 0.4}), (80, {key: 4.0})])) == []


def test_nothing_counts_while_generators_are_untrained() -> None:
    grey = {"health/diversity_a_to_b": 0.01} | SURE
    journal = lines([(20, grey)], first_step=10, every=10)
    health = Health()

    assert journal[-1]["step"] == LIMITS.grace_steps
    assert watched(journal, health) == []
    assert not health.is_sick


def test_dense_lines_are_no_longer_spells() -> None:
    wild = {"generators/gradient_norm": 1e4}

    assert names(lines([(30, WELL), (100, wild)], every=1)) == []
    assert names(lines([(30, WELL), (101, wild)], every=1)) == ["gradient_explodes/generators"]


def test_looks_count_where_the_probe_has_looked_and_nowhere_else() -> None:
    collapsed = {"health/diversity_a_to_b": 0.03}
    journal = lines([(20, WELL)] + [(1, collapsed), (7, WELL)] * 3)
    blind = [
        line if line["health/diversity_a_to_b"] == 0.03 else without_looks(line) for line in journal
    ]

    assert names(journal) == []
    assert names(blind) == ["collapse/a_to_b"]


def without_looks(line: Mapping[str, float]) -> dict[str, float]:
    return {key: value for key, value in line.items() if not key.startswith("health/")}


def test_updates_that_are_skipped_do_not_look_like_vanishing_gradients() -> None:
    broken = {
        "generators/gradient_norm": 0.0,
        "generators/skipped": 1.0,
        "generators/cycle_a": math.nan,
    }
    half_broken = {"generators/gradient_norm": 0.008, "generators/skipped": 0.45}

    assert names(lines([(20, WELL), (10, broken)])) == ["updates_skipped/generators"]
    scarce = {"generators/gradient_norm": 1.0}
    assert names(lines([(20, scarce), (10, half_broken)])) == ["updates_skipped/generators"]


def test_a_few_skipped_updates_are_how_fp16_finds_its_scale() -> None:
    finding = {"generators/skipped": 0.5}
    rarely = {"generators/skipped": 0.02}

    assert names(lines([(2, finding), (50, rarely)], first_step=50)) == []


def test_numbers_that_are_not_finite_leave_no_trace() -> None:
    nothing = dict.fromkeys(HEALTHY, math.nan) | {"generators/cycle_a": math.inf}
    health = Health()

    assert watched(lines([(20, WELL), (20, nothing), (20, WELL)]), health) == []
    assert "NaN" not in json.dumps(health.state_dict())
    assert not health.is_sick


def test_a_run_is_sick_from_the_first_sign_until_all_has_worn_off() -> None:
    health = Health()
    journal = lines([(1, WELL), (1, SURE), (19, SURE), (19, WELL), (1, WELL)])
    sick = []
    for line in journal:
        health.look(line)
        sick.append(health.is_sick)

    assert sick == [False] + [True] * 39 + [False]


PHOTOS = Pair(pictures(), pictures(seed=1))
GENERATORS: dict[str, tuple[nn.Module, nn.Module, set[str]]] = {
    "constant": (
        Translating(torch.zeros_like),
        Translating(lambda image: image.flip(1)),
        {"collapse/a_to_b"},
    ),
    "negative": (
        Translating(lambda image: -image),
        Translating(lambda image: -image),
        {"colour_inversion/a_to_b", "colour_inversion/b_to_a"},
    ),
    "photo itself": (
        Translating(lambda image: image),
        Translating(lambda image: image),
        {"identity/a_to_b", "identity/b_to_a"},
    ),
    "hiding": (Hiding(), Revealing(), {"steganography/a_to_b"}),
    "honest": (
        Translating(lambda image: image.flip(1) * 0.8),
        Translating(lambda image: image.flip(1) / 0.8),
        set(),
    ),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_what_the_probe_sees_of_a_sick_generator_becomes_its_alarm(kind: str) -> None:
    there, back, expected = GENERATORS[kind]
    probe = Probe(PHOTOS, BOTH_WAYS, is_paired=False, device=CPU, mode="deterministic")
    seen = probe.look({"there": there, "back": back})

    assert set(names(lines([(12, seen)]))) == expected


# Far wider than the sample recipes were seen to be.
BANDS = {
    "generators/cycle_a": (1.0, 2.4),
    "generators/identity_a": (0.5, 1.2),
    "generators/adversarial_a": (0.0, 5.0),
    "generators/gradient_norm": (50.0, 400.0),
    "generators/skipped": (0.0, 0.05),
    "discriminators/discriminator_a": (0.0, 2.0),
    "discriminators/penalty_a": (0.0, 2.0),
    "discriminators/accuracy_real_a": (0.2, 0.97),
    "discriminators/accuracy_fake_a": (0.2, 1.0),
    "discriminators/gradient_norm": (2.0, 18.0),
    "health/diversity_a_to_b": (0.3, 2.0),
    "health/luminance_a_to_b": (-0.3, 1.0),
    "health/change_a_to_b": (0.1, 1.0),
    "health/returned_a_to_b": (0.0, 1.0),
    "health/hidden_a_to_b": (-0.1, 0.08),
}


@given(
    first_step=st.integers(1, 1000),
    every=st.integers(1, 1000),
    drawn=st.lists(
        st.fixed_dictionaries({key: st.floats(*band) for key, band in BANDS.items()}), max_size=40
    ),
)
@settings(deadline=None)
def test_no_journal_of_healthy_numbers_raises_anything(
    first_step: int, every: int, drawn: list[dict[str, float]]
) -> None:
    health = Health()

    assert watched(lines([(1, d) for d in drawn], first_step, every), health) == []
    assert not health.is_sick


PARTS = st.sampled_from(
    [WELL, {"generators/cycle_a": 9.0}, {"generators/cycle_a": math.nan}]
    + [symptom for symptom, _ in SICK.values()]
)


@given(
    parts=st.lists(st.tuples(st.integers(1, 30), PARTS), min_size=1, max_size=8),
    every=st.sampled_from([5, 50, 400]),
    data=st.data(),
)
@settings(deadline=None)
def test_a_resumed_run_raises_exactly_the_alarms_of_the_straight_run(
    parts: list[tuple[int, dict[str, float]]], every: int, data: Any
) -> None:
    journal = lines([(20, WELL), *parts], every=every)
    split = data.draw(st.integers(0, len(journal)))
    straight, before, after = Health(), Health(), Health()

    expected = watched(journal, straight)
    found = watched(journal[:split], before)
    saved = before.state_dict()
    watched(journal[split:], before)  # what goes on must not reach into what was saved
    state = json.loads(json.dumps(saved))
    after.load_state_dict(state)
    found += watched(journal[split:], after)

    assert found == expected
    assert state == saved  # nor into what was loaded
    assert after.state_dict() == straight.state_dict()
    assert after.is_sick == straight.is_sick
