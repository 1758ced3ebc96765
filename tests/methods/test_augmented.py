"""Augmentation in the hands of the methods: what discriminators are shown, in which phase."""

import pytest
import torch
from torch import nn

from tests.method_toys import METHODS, POLICIES, make, pair, play_judges, watch
from tests.toys import tiny_pix2pix
from translate.images import Pair
from translate.phase import Channels


@pytest.mark.parametrize("phase", ["generators", "discriminators"])
def test_cyclegans_discriminators_see_changed_images_in_both_phases(phase: str) -> None:
    method, batch = make("cyclegan", augment=["cutout"], pool_size=0), pair()
    watched = watch(method)
    images = method.translate(batch)

    next(p for p in method.phases if p.name == phase).play(batch, images)

    for domain, photos in zip("ab", batch, strict=True):
        (shown,) = watched[f"discriminator_{domain}"].shown
        fake = images[f"fake_{domain}"]
        whole = fake if phase == "generators" else torch.cat([photos, fake])
        holes = (shown == 0).all(dim=1)
        assert holes.any(dim=(1, 2)).all()
        assert torch.equal(shown, whole.masked_fill(holes[:, None], 0))
        if phase == "discriminators":
            assert torch.equal(holes[:2], holes[2:])  # real and fake lose the same


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
@pytest.mark.parametrize("phase", ["generator", "discriminator"])
def test_pix2pix_changes_a_source_like_what_stands_beside_it(direction: str, phase: str) -> None:
    channels = Channels(3, 3)
    method = tiny_pix2pix(channels, direction=direction, augment=POLICIES, discriminator={
        "name": "patchgan", "base_channels": 4, "depth": 1, "norm": "instance",
    })  # fmt: skip
    method.networks["generator"] = nn.Identity()  # the translation is the source
    (watched,) = watch(method).values()
    batch = pair()

    next(p for p in method.phases if p.name == phase).play(batch, method.translate(batch))

    (shown,) = watched.shown
    source, claimed = shown[-2:].split(3, dim=1)
    assert torch.equal(source, claimed)
    assert not torch.equal(source, getattr(batch, direction[0]))
    if phase == "discriminator":
        assert torch.equal(shown[:2, :3], source)  # one draw for real and fake


def test_labels_beside_a_photo_move_with_it_and_keep_their_values() -> None:
    method = tiny_pix2pix(Channels(5, 3), augment=POLICIES)
    (watched,) = watch(method).values()
    labels = torch.ones(2, 5, 16, 16)
    batch = Pair(labels, torch.ones(2, 3, 16, 16))

    play_judges(method, batch)

    real = watched.shown[0]
    holes = (real == 0).all(dim=1)
    assert holes.any(dim=(1, 2)).all()
    assert set(real[:, :5].unique().tolist()) == {0.0, 1.0}
    assert torch.equal(real[:, :5] == 0, holes[:, None].expand(-1, 5, -1, -1))


@pytest.mark.parametrize("name", METHODS)
def test_generators_learn_through_changed_images(name: str) -> None:
    method, batch = make(name, augment=POLICIES), pair()
    images = method.translate(batch)
    losses = next(p for p in method.phases if p.name.startswith("generator")).play(batch, images)

    sum(v for k, v in losses.losses.items() if k.startswith("adversarial")).backward()

    for network in (n for key, n in method.networks.items() if key.startswith("generator")):
        assert any(w.grad is not None and w.grad.any() for w in network.parameters())
