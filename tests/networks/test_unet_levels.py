"""What reaches a pixel of a U-Net: from its own place, through which level, from how far away."""

import pytest
import torch
from torch import nn

from translate.networks import UNetGenerator, UNetSettings, build_generator


@torch.no_grad()
def open_all_paths(network: nn.Module) -> None:
    """Let nothing cancel or be cut off: of light, every weight makes a little light."""
    for weights in network.parameters():
        weights.fill_(0.02)


@torch.no_grad()
def silence(level: nn.Module) -> None:
    """Let a level say nothing but 0."""
    for weights in level.parameters():
        weights.zero_()


def test_details_reach_the_result_past_a_silent_inside() -> None:
    network = UNetGenerator(base_channels=2, depth=3, norm="none")
    silence(network.decoder[1])
    photo = torch.rand(1, 3, 16, 16) * 2 - 1

    handed_across = network.encoder[0](photo)
    from_below = torch.zeros_like(handed_across)

    expected = network.decoder[0](torch.cat([handed_across, from_below], dim=1))
    assert torch.equal(network(photo), expected)
    assert expected.std() > 1e-3


@pytest.mark.parametrize("silent", [1, 2, 3])
def test_a_silent_level_hides_all_below_it_and_nothing_above(silent: int) -> None:
    network = UNetGenerator(base_channels=2, depth=4, norm="none")
    open_all_paths(network)
    silence(network.decoder[silent])

    network(torch.rand(1, 3, 16, 16)).sum().backward()

    # The first of a level's weights: of those below a silent level none reaches the result.
    taught = [bool(next(level.parameters()).grad.any()) for level in network.encoder]
    assert taught == [level < silent for level in range(4)]


@pytest.mark.parametrize(
    ("depth", "place", "before", "after"),
    [
        *((1, 0, 3, 2), (1, 1, 2, 3)),
        *((2, 0, 7, 6), (2, 1, 8, 9), (2, 2, 9, 8), (2, 3, 6, 7)),
    ],
)
def test_a_pixel_sees_as_far_to_one_side_as_its_mirror_image_to_the_other(
    depth: int, place: int, before: int, after: int
) -> None:
    # By hand: kernels of 4 px at stride 2, there and back, make 6 px of a pixel at each level.
    network = UNetGenerator(
        in_channels=1, out_channels=1, base_channels=1, depth=2, norm="none"
    ).double()
    open_all_paths(network)
    if depth == 1:
        silence(network.decoder[1])
    photo = torch.rand(1, 1, 64, 64, dtype=torch.float64, requires_grad=True)
    centre = 32 + place

    network(photo)[0, 0, centre, centre].backward()

    assert photo.grad is not None
    rows = photo.grad[0, 0].abs().sum(dim=1).nonzero()
    assert (centre - rows.min(), rows.max() - centre) == (before, after)


@pytest.mark.parametrize("upsample", ["transposed", "resize"])
def test_mirrored_weights_translate_a_mirrored_photo_alike(upsample: str) -> None:
    network = UNetGenerator(base_channels=2, depth=3, norm="instance", upsample=upsample)
    photo = torch.rand(1, 3, 16, 24) * 2 - 1
    translation = network(photo)

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.weight.data = layer.weight.data.flip(3)

    torch.testing.assert_close(network(photo.flip(3)), translation.flip(3), atol=1e-5, rtol=0)


def test_a_photo_moved_by_the_stride_is_translated_at_its_new_place() -> None:
    network = UNetGenerator(base_channels=2, depth=3, norm="none")
    photo = torch.zeros(1, 3, 96, 96)
    photo[..., 40:48, 40:48] = torch.rand(1, 3, 8, 8)

    moved = network(photo.roll((8, 16), dims=(2, 3)))

    expected = network(photo).roll((8, 16), dims=(2, 3))
    # Zero padding is felt 21 px from the border: the receptive field of depth 3.
    inner = (..., slice(48, 64), slice(48, 64))
    torch.testing.assert_close(moved[inner], expected[inner])


@pytest.mark.parametrize(("upsample", "is_flat"), [("transposed", False), ("resize", True)])
def test_resizing_leaves_a_flat_photo_without_the_pattern_of_taps(
    upsample: str, is_flat: bool
) -> None:
    chosen = UNetSettings(base_channels=4, depth=2, norm="none", upsample=upsample)
    network = build_generator(chosen, torch.Generator().manual_seed(0))

    inside = network(torch.full((1, 3, 64, 64), 0.5))[..., 16:-16, 16:-16]  # zeros pad the border

    assert bool(inside.std(dim=(2, 3)).max() < 1e-6) == is_flat
