import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.color import rgb_to_lab

from translate.errors import DataError
from translate.evaluation.baselines import (
    Comparison,
    LabStatistics,
    colour_transfer,
    compare_pairs,
    format_table,
)
from translate.evaluation.pairs import PairScores
from translate.images import Encoding, Pair

GREY = Encoding(kind="grey", channels=1)
PHOTOS = {"a": Encoding(), "b": Encoding()}


def soft_noise(*shape: int, seed: int = 0) -> torch.Tensor:
    """Photos of middling colours, which a transfer does not push out of range."""
    return (torch.rand(shape, generator=torch.Generator().manual_seed(seed)) - 0.5) * 0.6


def statistics_of(photo: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    lab = rgb_to_lab((photo + 1) / 2)
    return lab.mean(dim=(0, 2, 3)), lab.std(dim=(0, 2, 3), correction=0)


def test_white_and_black_have_the_statistics_of_lightness_by_hand() -> None:
    black_and_white = torch.tensor([-1.0, 1.0]).view(2, 1, 1, 1).expand(2, 3, 4, 4)

    mean, deviation = LabStatistics.of([black_and_white])

    assert mean.tolist() == pytest.approx([50, 0, 0], abs=0.02)
    assert deviation.tolist() == pytest.approx([50, 0, 0], abs=0.02)


def test_statistics_do_not_depend_on_how_photos_are_batched() -> None:
    photos = soft_noise(6, 3, 8, 8)

    together, apart = LabStatistics.of([photos]), LabStatistics.of(photos.split(1))

    assert torch.allclose(together.mean, apart.mean)
    assert torch.allclose(together.mean, statistics_of(photos)[0], atol=1e-4)
    assert torch.allclose(together.deviation, statistics_of(photos)[1], atol=1e-4)


def test_transfer_gives_each_photo_the_mean_and_deviation_asked_for() -> None:
    source = soft_noise(2, 3, 32, 32)
    target = LabStatistics(torch.tensor([40.0, 5.0, -8.0]), torch.tensor([6.0, 3.0, 4.0]))

    for photo in colour_transfer(source, target).split(1):
        mean, deviation = statistics_of(photo)
        assert mean.tolist() == pytest.approx([40, 5, -8], abs=0.05)
        assert deviation.tolist() == pytest.approx([6, 3, 4], abs=0.05)


def test_transfer_to_its_own_colours_changes_nothing() -> None:
    source = soft_noise(1, 3, 16, 16)

    same = colour_transfer(source, LabStatistics.of([source]))

    assert torch.allclose(same, source, atol=2e-3)


@settings(max_examples=20, deadline=None)
@given(st.floats(-1, 1), st.floats(0, 100), st.floats(-128, 127), st.floats(0, 100))
def test_transfer_stays_in_range_for_any_colours(
    grey: float, lightness: float, tint: float, deviation: float
) -> None:
    target = LabStatistics(torch.tensor([lightness, tint, -tint]), torch.full((3,), deviation))
    photos = torch.cat([torch.full((1, 3, 8, 8), grey), soft_noise(1, 3, 8, 8)])

    result = colour_transfer(photos, target)

    assert result.shape == photos.shape
    assert bool(((result >= -1) & (result <= 1)).all())  # false for nan, too


def test_no_photos_have_no_colours() -> None:
    with pytest.raises(DataError, match="no photos to gather colours from"):
        LabStatistics.of([])


def test_compares_the_translation_with_both_ways_that_learn_nothing() -> None:
    a = soft_noise(2, 3, 16, 16)
    pairs = [Pair(a, a + 0.2), Pair(a[:1], a[:1] + 0.2)]

    rows = compare_pairs(
        lambda source: source + 0.2, pairs, "a_to_b", PHOTOS, LabStatistics.of([a])
    )

    translation, transfer, unchanged = rows
    assert [row.way for row in rows] == ["translation", "colour transfer", "input unchanged"]
    assert translation.scores == (0, math.inf, pytest.approx(1))
    assert unchanged.scores.l1 == pytest.approx(0.1, abs=1e-5)
    assert unchanged.scores.psnr == pytest.approx(20, abs=1e-3)
    # Colours of the source itself: each photo is moved a little, and stays 0.2 from its truth.
    assert transfer.scores.psnr == pytest.approx(20, abs=1)


def test_the_direction_says_which_side_is_the_truth() -> None:
    seen: list[torch.Tensor] = []
    a, b = soft_noise(1, 3, 16, 16), soft_noise(1, 3, 16, 16, seed=1)

    rows = compare_pairs(
        lambda s: (seen.append(s), a)[1], [Pair(a, b)], "b_to_a", PHOTOS, LabStatistics.of([a])
    )

    assert torch.equal(seen[0], b)
    assert rows[0].scores.psnr == math.inf
    assert {row.direction for row in rows} == {"b_to_a"}


def test_a_grey_source_is_compared_as_people_see_it() -> None:
    grey, colours = soft_noise(2, 1, 16, 16), soft_noise(2, 3, 16, 16, seed=1)
    encodings = {"a": GREY, "b": Encoding()}

    translation, transfer, unchanged = compare_pairs(
        lambda source: source.expand(-1, 3, -1, -1),
        [Pair(grey, colours)],
        "a_to_b",
        encodings,
        LabStatistics.of([colours]),
    )

    assert translation.scores == unchanged.scores  # a grey photo is the same grey in three colours
    assert unchanged.scores.l1 == pytest.approx(float((grey - colours).abs().mean() / 2))
    assert transfer.scores != unchanged.scores


def test_a_grey_target_is_compared_in_three_equal_colours() -> None:
    colours, grey = soft_noise(1, 3, 16, 16), soft_noise(1, 1, 16, 16, seed=1)
    encodings = {"a": Encoding(), "b": GREY}

    translation, *others = compare_pairs(
        lambda _: grey, [Pair(colours, grey)], "a_to_b", encodings, LabStatistics.of([colours])
    )

    assert translation.scores == (0, math.inf, pytest.approx(1))
    assert len(others) == 2


def test_labels_are_compared_by_the_colours_of_their_classes() -> None:
    labels = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (255, 255, 255)))
    is_white = torch.zeros(1, 16, 16, dtype=torch.bool)
    is_white[:, :, 8:] = True
    truth = torch.stack([~is_white, is_white], dim=1) * 2.0 - 1
    unsure = truth * 0.1  # what counts is the likelier class, not how likely it is
    photo = soft_noise(1, 3, 16, 16)

    def compare(answer: torch.Tensor) -> PairScores:
        pairs, encodings = [Pair(photo, truth)], {"a": Encoding(), "b": labels}
        colours = LabStatistics.of([labels.show(truth)])
        return compare_pairs(lambda _: answer, pairs, "a_to_b", encodings, colours)[0].scores

    assert compare(unsure) == (0, math.inf, pytest.approx(1))
    assert compare(-truth).l1 == 1  # black for white
    assert compare(torch.tensor([1.0, -1.0]).view(1, 2, 1, 1).expand_as(truth)).l1 == 0.5


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_bands_are_compared_as_they_are_and_beside_nothing(direction: str) -> None:
    bands, photo = soft_noise(1, 5, 16, 16), soft_noise(1, 3, 16, 16, seed=1)
    encodings = {"a": Encoding(), "b": Encoding(kind="bands", channels=5)}
    truth = bands if direction == "a_to_b" else photo
    # The fifth band is not among those that people are shown.
    answer = torch.cat([truth[:, :-1], truth[:, -1:] + 0.5], dim=1)

    (row,) = compare_pairs(
        lambda _: answer,
        [Pair(photo, bands)],
        direction,
        encodings,
        LabStatistics.of([photo]) if direction == "b_to_a" else None,
    )

    assert (row.direction, row.way) == (direction, "translation")
    assert row.scores.l1 == pytest.approx(0.25 / truth.shape[1])


def test_the_table_is_markdown() -> None:
    rows = [Comparison("a_to_b", "translation", PairScores(0.04321, 21.347, 0.71236))]

    assert format_table(rows).splitlines() == [
        "| direction | way | L1 | PSNR (dB) | SSIM |",
        "| --- | --- | ---: | ---: | ---: |",
        "| a_to_b | translation | 0.0432 | 21.35 | 0.7124 |",
    ]
