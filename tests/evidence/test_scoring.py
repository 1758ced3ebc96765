import math

import pytest
import torch
from torch import Tensor

from translate.evaluation.distances import kernel_distance
from translate.evaluation.sets import score_sets
from translate.evidence.judging import Found, Judgement
from translate.evidence.scoring import REAL, minus, photo_scores, set_scores

BEFORE, AFTER = "input unchanged", "translation"


def drawn(count: int, seed: int) -> Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


def judgement(**measures: list[float]) -> Judgement:
    gathered = Judgement()
    gathered.add(Found({name: torch.tensor(values) for name, values in measures.items()}))
    return gathered


def test_differences_are_taken_photo_by_photo() -> None:
    scores = photo_scores(
        {
            AFTER: judgement(l1=[0.5, 0.25, 1.0], structure=[0.25, 0.25, 0.25]),
            BEFORE: judgement(l1=[0.25, 0.0, 0.75]),
            REAL: judgement(structure=[1.0, 1.0, 1.0]),
        },
        seed=0,
    )

    assert list(scores) == [AFTER, BEFORE, REAL, "translation minus input unchanged"]
    assert scores[AFTER]["l1"].value == pytest.approx(1.75 / 3)
    assert scores[AFTER]["l1"].low < scores[AFTER]["l1"].high
    # Of every photo 0.25: what photos differ by among themselves is no doubt about the ways.
    assert scores[minus(BEFORE)] == {"l1": (0.25, 0.25, 0.25)}


def test_differences_of_what_is_infinite_are_not_told_as_numbers() -> None:
    scores = photo_scores(
        {AFTER: judgement(psnr=[math.inf, 20.0]), BEFORE: judgement(psnr=[math.inf, 10.0])}, seed=0
    )

    assert scores[AFTER]["psnr"].value == math.inf
    assert math.isnan(scores[minus(BEFORE)]["psnr"].value)


def test_sets_of_every_way_and_of_photos_learned_from_are_scored() -> None:
    real, learned, after, before = (drawn(12, seed) for seed in range(4))

    scores = set_scores(real, learned, {AFTER: after, BEFORE: before}, seed=5)

    assert set(scores) == {AFTER, BEFORE, REAL, minus(BEFORE)}
    for way, features in {AFTER: after, BEFORE: before, REAL: learned}.items():
        expected = score_sets(real, features, 5)
        assert scores[way]["kid"] == expected.kid.scaled(1000)
        assert scores[way]["fid"] == expected.fid
    assert scores[minus(BEFORE)].keys() == {"kid"}
    gain = 1000 * (kernel_distance(real, after) - kernel_distance(real, before))
    assert scores[minus(BEFORE)]["kid"].value == pytest.approx(gain)


def test_without_photos_learned_from_their_row_is_missing() -> None:
    real, after = drawn(12, 0), drawn(9, 1)

    assert set(set_scores(real, None, {AFTER: after}, seed=0)) == {AFTER}
