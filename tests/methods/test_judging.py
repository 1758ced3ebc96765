"""What discriminators say of each patch, as the methods hand it on."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.method_toys import GENERATORS, METHODS, make, pair, watch
from tests.toys import noise
from translate.images import Pair
from translate.losses import GAMES

JUDGED = {
    "cyclegan": {"real_a": "a", "fake_a": "a", "real_b": "b", "fake_b": "b"},
    "pix2pix": {"real_b": "", "fake_b": ""},
}


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("name", METHODS)
def test_every_patch_of_photos_and_translations_gets_a_share_of_realness(
    name: str, game: str
) -> None:
    method, batch = make(name, game=game), pair()

    judged = method.judge(batch, method.translate(batch))

    assert judged.keys() == JUDGED[name].keys()
    for scores in judged.values():
        assert scores.shape == (2, 1, 6, 6)
        assert ((scores >= 0) & (scores <= 1)).all()
        assert scores.std() > 0


@pytest.mark.parametrize("name", METHODS)
def test_the_scores_are_those_that_the_game_is_played_with(name: str) -> None:
    method, batch = make(name, game="vanilla"), pair()
    images = method.translate(batch)
    scores = {n: network for n, network in method.networks.items() if "discriminator" in n}

    judged = method.judge(batch, images)

    shown: dict[str, Tensor] = {"real_a": batch.a, "real_b": batch.b, **images}
    for image, letter in JUDGED[name].items():
        network = scores[f"discriminator_{letter}" if letter else "discriminator"]
        seen = shown[image] if letter else torch.cat([batch.a, shown[image]], dim=1)
        torch.testing.assert_close(judged[image], network(seen).sigmoid())


@pytest.mark.parametrize(("side", "is_judged"), [(6, True), (5, False)])
@pytest.mark.parametrize("name", METHODS)
def test_images_too_small_for_a_discriminator_are_left_out(
    name: str, side: int, is_judged: bool
) -> None:
    method = make(name)  # a PatchGAN of depth 1 scores sides of 6 px and more
    small = Pair(noise(1, 3, side, side), noise(1, 3, side, side))
    images = {f"fake_{domain}": noise(1, 3, side, side) for domain in "ab"}

    assert bool(method.judge(small, images)) == is_judged


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_pix2pix_shows_its_discriminator_each_image_beside_its_source(direction: str) -> None:
    method: Any = METHODS["pix2pix"](direction=direction, generator=GENERATORS["pix2pix"])
    batch = pair()
    images = method.translate(batch)
    watched = watch(method)["discriminator"]

    judged = method.judge(batch, images)

    source, target = direction.split("_to_")
    assert judged.keys() == {f"real_{target}", f"fake_{target}"}
    beside = torch.cat(watched.shown)[:, :3]
    assert torch.equal(beside, torch.cat([getattr(batch, source)] * 2))


@pytest.mark.parametrize("name", METHODS)
def test_judging_moves_neither_pools_nor_chance(name: str) -> None:
    method, batch = make(name, augment=["colour"], penalty_weight=1.0), pair()
    images = method.translate(batch)
    before = repr(method.state_dict())

    method.judge(batch, images)

    assert repr(method.state_dict()) == before
