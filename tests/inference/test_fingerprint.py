import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.images import Encoding
from translate.inference.fingerprint import fingerprint
from translate.networks import Generator, ResNetGenerator, UNetGenerator


def bundle_of(generator: Generator, **changes: object) -> Bundle:
    usual = Bundle(
        method="cyclegan",
        domains={"a": "summer", "b": "winter"},
        generators={"a_to_b": generator},
        training_side_px=64,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def seeded(seed: int = 0, **arguments: object) -> Generator:
    torch.manual_seed(seed)
    return ResNetGenerator(**{"base_channels": 2, "blocks": 1, "norm": "batch"} | arguments)  # type: ignore[arg-type]


def name(generator: Generator, **changes: object) -> str:
    return fingerprint(bundle_of(generator, **changes), "a_to_b")


def test_a_fingerprint_is_32_letters_and_always_the_same() -> None:
    first = name(seeded())

    assert len(first) == 32
    assert int(first, 16) >= 0
    assert name(seeded()) == first


def test_every_single_weight_and_running_statistic_counts() -> None:
    generator = seeded()
    before = name(generator)
    seen = {before}

    for values in generator.state_dict().values():
        if values.is_floating_point():
            original = values.clone()
            values.view(-1)[-1] += 1e-3
            seen.add(name(generator))
            values.copy_(original)

    assert len(seen) == 1 + sum(v.is_floating_point() for v in generator.state_dict().values())
    assert name(generator) == before


def test_two_weights_that_change_places_are_another_model() -> None:
    generator = seeded()
    other = copy.deepcopy(generator)
    weights = next(other.parameters()).data
    weights[0], weights[1] = weights[1].clone(), weights[0].clone()

    assert name(other) != name(generator)


OTHERS: list[Callable[[], Generator]] = [
    lambda: ResNetGenerator(base_channels=2, blocks=1, norm="instance"),
    lambda: ResNetGenerator(base_channels=2, blocks=1, norm="instance", upsample="resize"),
    lambda: ResNetGenerator(base_channels=2, blocks=1, norm="instance", dropout=True),
    lambda: ResNetGenerator(base_channels=2, blocks=1, norm="instance", downsample="blur"),
    lambda: ResNetGenerator(base_channels=2, blocks=1, norm="none"),
    lambda: UNetGenerator(base_channels=2, depth=3),
]


def test_arguments_count_even_where_they_change_no_weight() -> None:
    names = []
    for make in OTHERS:
        generator = make()
        for values in generator.state_dict().values():
            values.zero_()
        names.append(name(generator))

    assert len(set(names)) == len(OTHERS)


@pytest.mark.parametrize("domain", ["a", "b"])
def test_what_images_are_made_of_counts_on_either_side(domain: str) -> None:
    deep = {"a": Encoding(), "b": Encoding()} | {domain: Encoding(kind="bands", channels=3)}

    assert name(seeded(), encodings=deep) != name(seeded())


def test_names_and_how_it_was_trained_do_not_count() -> None:
    assert name(
        seeded(),
        method="pix2pix",
        domains={"a": "day", "b": "night"},
        training_side_px=256,
        inference_mode="eval",
    ) == name(seeded())


def test_the_other_direction_does_not_count() -> None:
    alone = name(seeded())

    together = bundle_of(seeded(), generators={"a_to_b": seeded(), "b_to_a": seeded(1)})

    assert fingerprint(together, "a_to_b") == alone
    assert fingerprint(together, "b_to_a") != alone


def test_saved_and_opened_anywhere_it_is_the_same_model(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        save_bundle(bundle_of(seeded()), tmp_path / folder)
        assert fingerprint(load_bundle(tmp_path / folder), "a_to_b") == name(seeded())


def test_looking_at_a_model_changes_nothing() -> None:
    generator = seeded().train()
    before = {key: values.clone() for key, values in generator.state_dict().items()}

    name(generator)

    assert generator.training
    assert all(torch.equal(values, before[k]) for k, values in generator.state_dict().items())
