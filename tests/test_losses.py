import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from translate.losses import GAMES, l1, share_called_real

REAL, FAKE = torch.tensor([0.0, 2.0]), torch.tensor([1.0, -3.0])


def softplus(x: float) -> float:
    return math.log(1 + math.exp(x))


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ("least_squares", ((1 + 1) / 2 + (1 + 9) / 2) / 2),
        (
            "vanilla",
            ((softplus(0) + softplus(-2)) / 2 + (softplus(1) + softplus(-3)) / 2) / 2,
        ),
        ("hinge", (1 + 0) / 2 + (2 + 0) / 2),
    ],
)
def test_discriminators_pay_what_a_hand_computes(game: str, expected: float) -> None:
    assert GAMES[game].discriminator(REAL, FAKE).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ("least_squares", (0 + 16) / 2),
        ("vanilla", (softplus(-1) + softplus(3)) / 2),
        ("hinge", 1.0),
    ],
)
def test_generators_pay_what_a_hand_computes(game: str, expected: float) -> None:
    assert GAMES[game].generator(FAKE).item() == pytest.approx(expected)


@pytest.mark.parametrize("game", GAMES)
@settings(max_examples=10, deadline=None)
@given(step=st.floats(0.01, 0.4), scores=st.lists(st.floats(-0.4, 0.4), min_size=1, max_size=4))
def test_being_believed_is_what_the_sides_fight_over(
    game: str, step: float, scores: list[float]
) -> None:
    play, low = GAMES[game], torch.tensor(scores)
    high = low + step

    assert play.generator(high) < play.generator(low)
    assert play.discriminator(high, low) < play.discriminator(low, high)


@pytest.mark.parametrize("game", GAMES)
def test_extreme_scores_stay_finite(game: str) -> None:
    extreme = torch.tensor([-1e4, 1e4])

    assert GAMES[game].discriminator(extreme, extreme).isfinite()
    assert GAMES[game].generator(extreme).isfinite()


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16])
def test_half_precision_scores_are_weighed_in_float32(game: str, precision: torch.dtype) -> None:
    real, fake = torch.rand(1000).to(precision), torch.rand(1000).to(precision)
    play = GAMES[game]

    assert play.discriminator(real, fake).dtype == torch.float32
    assert torch.equal(
        play.discriminator(real, fake), play.discriminator(real.float(), fake.float())
    )
    assert torch.equal(play.generator(fake), play.generator(fake.float()))


@pytest.mark.parametrize(("game", "share"), [("least_squares", 0.25), ("vanilla", 0.75)])
def test_share_counts_the_scores_above_the_games_threshold(game: str, share: float) -> None:
    scores = torch.tensor([-1.0, 0.2, 0.4, 0.9], requires_grad=True)
    called = share_called_real(scores, GAMES[game])

    assert called.item() == share
    assert not called.requires_grad


@pytest.mark.parametrize("game", GAMES)
def test_scores_need_no_particular_shape(game: str) -> None:
    def grid(scores: Tensor) -> Tensor:
        return scores.reshape(1, 1, 1, 2)

    play = GAMES[game]
    assert torch.equal(play.discriminator(grid(REAL), grid(FAKE)), play.discriminator(REAL, FAKE))


def test_black_and_white_are_two_apart() -> None:
    black, white = torch.full((1, 3, 2, 2), -1.0), torch.ones(1, 3, 2, 2)

    assert l1(black, white).item() == 2
    assert l1(white, white).item() == 0


@pytest.mark.parametrize("game", GAMES)
@settings(max_examples=30, deadline=None)
@given(scores=st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=8))
def test_realness_lies_between_0_and_1_and_says_what_the_threshold_says(
    game: str, scores: list[float]
) -> None:
    play, given_ = GAMES[game], torch.tensor(scores)

    realness = play.realness(given_)

    assert ((realness >= 0) & (realness <= 1)).all()
    apart = (given_ - play.threshold).abs() > 1e-3
    assert torch.equal((realness > 0.5)[apart], (given_ > play.threshold)[apart])


@pytest.mark.parametrize(
    ("game", "expected"),
    [
        ("least_squares", [0.0, 0.0, 0.5, 1.0, 1.0]),
        ("vanilla", [1 / (1 + math.e), 0.5, 1 / (1 + math.exp(-0.5)), 1 / (1 + 1 / math.e), None]),
        ("hinge", [0.0, 0.5, 0.75, 1.0, 1.0]),
    ],
)
def test_realness_is_what_a_hand_computes(game: str, expected: list[float | None]) -> None:
    found = GAMES[game].realness(torch.tensor([-1.0, 0.0, 0.5, 1.0, 3.0])).tolist()

    for value, wanted in zip(found, expected, strict=True):
        assert wanted is None or value == pytest.approx(wanted)
