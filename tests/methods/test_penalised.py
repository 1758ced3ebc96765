"""Gradient penalties in the hands of the methods: of which images, from how many passes."""

import pytest
import torch

from tests.method_toys import METHODS, Player, make, pair, play_judges, watch
from tests.toys import noise
from translate.errors import ConfigError
from translate.images import Pair


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize(("norm", "calls"), [("instance", 1), ("batch", 2)])
@pytest.mark.parametrize(("at", "more"), [("real", 0), ("between", 1)])
def test_at_photos_a_penalty_needs_no_pass_of_its_own(
    name: str, norm: str, calls: int, at: str, more: int
) -> None:
    method = make(name, norm, penalty_weight=1.0, penalty_at=at)
    watched = watch(method)

    play_judges(method, pair())

    assert {len(judge.shown) for judge in watched.values()} == {calls + more}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("at", ["real", "between"])
def test_a_penalty_is_of_the_images_that_the_discriminator_sees(name: str, at: str) -> None:
    switches = {"augment": ["cutout"], "penalty_weight": 3.0, "penalty_at": at}
    method = make(name, **switches)
    watched = watch(method)
    penalties = [v for k, v in play_judges(method, pair()).items() if k.startswith("penalty")]

    for paid, judge in zip(penalties, watched.values(), strict=True):
        seen = (judge.shown[0][:2] if at == "real" else judge.shown[1]).detach().requires_grad_()
        mean_scores = judge.network(seen).mean(dim=(1, 2, 3))
        (slope,) = torch.autograd.grad(mean_scores.sum(), seen)
        judged = slope[:, -3:]  # of Pix2Pix: the target alone
        expected = 3.0 / 2 * judged.square().sum(dim=(1, 2, 3)).mean()
        torch.testing.assert_close(paid, expected)


@pytest.mark.parametrize("name", METHODS)
def test_a_penalty_flattens_discriminators(name: str) -> None:
    free, paying = (make(name, penalty_weight=weight) for weight in (1e-9, 1e4))
    slopes = []
    for method, weight in ((free, 1e-9), (paying, 1e4)):
        player = Player(method)
        for _ in range(10):
            losses = player.step(pair())
        slopes.append(sum(v for k, v in losses.items() if k.startswith("penalty")) / weight)

    assert slopes[1] < slopes[0] / 2


@pytest.mark.parametrize("name", METHODS)
def test_without_gradients_there_is_no_penalty(name: str) -> None:
    method = make(name, penalty_weight=1.0)

    with torch.no_grad():
        losses = play_judges(method, pair())

    assert not [loss for loss in losses if loss.startswith("penalty")]


def test_domains_of_different_sides_have_no_mixture() -> None:
    method = make("cyclegan", penalty_weight=1.0, penalty_at="between", identity_weight=0)
    batch = Pair(noise(1, 3, 16, 16), noise(1, 3, 20, 20))

    with pytest.raises(ConfigError, match="got 16 x 16 and 20 x 20 pixels"):
        play_judges(method, batch)
