from typing import Any

import pytest
import torch
from torch import nn

from tests.strip_toys import lively, noise
from translate.inference.strips.reach import Reach, channels_after, reach_of, reach_together
from translate.networks import build_generator
from translate.networks.blur import BlurDoubling, BlurHalving
from translate.networks.layers import ResizeConvolution
from translate.networks.resnet import ResNetSettings
from translate.networks.unet import UNetSettings

ROWS, FAR = 48, 24

LAYERS: list[nn.Module] = [
    nn.Identity(),
    nn.ReLU(),
    nn.LeakyReLU(0.2),
    nn.Tanh(),
    nn.Dropout(0.5).eval(),
    nn.BatchNorm2d(2).eval(),
    nn.ReflectionPad2d(3),
    nn.ReflectionPad2d(1),
    nn.Conv2d(2, 2, 3, padding=1),
    nn.Conv2d(2, 3, 7, padding=3),
    nn.Conv2d(2, 2, 1),
    nn.Conv2d(2, 4, 3, stride=2, padding=1),
    nn.Conv2d(2, 4, 4, stride=2, padding=1),
    ResizeConvolution(2, 2, bias=True),
    nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1, output_padding=1),
    nn.ConvTranspose2d(2, 2, 4, stride=2, padding=1),
    BlurHalving(),
    BlurDoubling(),
]


@pytest.fixture(autouse=True)
def _no_gradients() -> Any:
    with torch.inference_mode():
        yield


def changed_rows(layer: nn.Module, row: int) -> set[int]:
    """Rows that come out otherwise when one that goes in is another."""
    before = noise(1, 2, ROWS, 8)
    after = before.clone()
    after[:, :, row] += 5 * noise(1, 2, 8, seed=1)  # large, so that no ReLU hides it
    difference = (layer(after) - layer(before)).abs().amax((0, 1, 3))
    return set(difference.nonzero().flatten().tolist())


def rows_within_reach(reach: Reach, row: int, padding: int) -> set[int]:
    """Rows that come out and may depend on one that goes in, by what the reach says."""
    count = ROWS * reach.up // reach.down
    near = range(row - reach.rows, row + reach.rows + 1)
    return {
        given + padding
        for given in range(count)
        if any(
            given * reach.down // reach.up <= n <= -(-(given + 1) * reach.down // reach.up) - 1
            for n in near
        )
    }


def padding_of(layer: nn.Module) -> int:
    return layer.padding[2] if isinstance(layer, nn.ReflectionPad2d) else 0


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_no_row_depends_on_others_than_its_reach_says(layer: nn.Module) -> None:
    layer = lively(layer)
    reach = reach_of(layer)
    assert reach is not None

    for row in (0, 1, 2, FAR, FAR + 1, ROWS - 1):
        if isinstance(layer, nn.ReflectionPad2d) and row != FAR:
            continue  # what is mirrored at the border is for the convolution that follows
        assert changed_rows(layer, row) <= rows_within_reach(reach, row, padding_of(layer))


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_a_row_within_reach_does_change_the_result(layer: nn.Module) -> None:
    assert changed_rows(lively(layer), FAR)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_no_reach_is_more_than_a_row_too_far(layer: nn.Module) -> None:
    layer = lively(layer)
    reach = reach_of(layer)
    assert reach is not None
    if isinstance(layer, nn.ReflectionPad2d) or reach.rows < 2:
        return

    shorter = reach._replace(rows=reach.rows - 2)
    assert any(
        not changed_rows(layer, row) <= rows_within_reach(shorter, row, 0)
        for row in range(FAR, FAR + 4)
    )


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_rows_and_channels_come_out_in_the_numbers_that_are_said(layer: nn.Module) -> None:
    given = layer(noise(1, 2, ROWS, 8))

    reach = reach_of(layer)
    assert reach is not None
    assert given.shape[2] == ROWS * reach.up // reach.down + 2 * padding_of(layer)
    assert given.shape[1] == channels_after(layer, 2)


def test_every_kind_of_layer_whose_reach_is_stated_is_among_those_tested() -> None:
    stated = {kind for kind in reach_of.registry if kind is not object}

    assert all(any(isinstance(layer, kind) for layer in LAYERS) for kind in stated)


@pytest.mark.parametrize(
    "settings",
    [
        ResNetSettings(base_channels=2, blocks=1, dropout=True),
        ResNetSettings(base_channels=2, blocks=1, upsample="blur", downsample="blur", norm="none"),
        ResNetSettings(base_channels=2, blocks=1, upsample="resize", norm="batch"),
        UNetSettings(base_channels=2, depth=6),
        UNetSettings(base_channels=2, depth=3, upsample="resize", norm="instance"),
    ],
)
def test_every_layer_of_every_generator_is_known(settings: Any) -> None:
    generator = build_generator(settings, torch.Generator())
    leaves = [layer for layer in generator.modules() if not list(layer.children())]

    unknown = [layer for layer in leaves if reach_of(layer) is None]

    assert all(isinstance(layer, nn.InstanceNorm2d) for layer in unknown)


def test_a_norm_sees_the_whole_photo_unless_it_remembers_training() -> None:
    forgetful = nn.BatchNorm2d(2, track_running_stats=False)

    assert reach_of(nn.BatchNorm2d(2)) == Reach(0)
    assert reach_of(forgetful) is None
    assert reach_of(nn.InstanceNorm2d(2)) is None
    assert reach_of(nn.AdaptiveAvgPool2d(1)) is None


TOGETHER: list[tuple[list[nn.Module], Reach]] = [
    ([nn.ReLU(), nn.Tanh()], Reach(0)),
    ([nn.ReflectionPad2d(3), nn.Conv2d(2, 2, 7)], Reach(3)),
    ([nn.LeakyReLU(), nn.Conv2d(2, 2, 4, stride=2, padding=1)], Reach(2, down=2)),
    ([BlurDoubling(), nn.Conv2d(2, 2, 3, padding=1)], Reach(2, up=2)),
    ([nn.Conv2d(2, 2, 3, stride=2, padding=1), nn.Conv2d(2, 2, 3, padding=1)], Reach(3, down=2)),
]


@pytest.mark.parametrize(("layers", "expected"), TOGETHER)
def test_layers_in_a_row_see_as_far_as_their_sum_at_the_scale_where_they_stand(
    layers: list[nn.Module], expected: Reach
) -> None:
    reach = reach_together(layers)

    assert reach == expected
    for row in (FAR, FAR + 1):
        changed = changed_rows(lively(nn.Sequential(*layers)), row)
        assert changed <= rows_within_reach(reach, row, 0)


def test_a_layer_that_is_not_local_has_no_reach_in_a_row() -> None:
    with pytest.raises(ValueError, match="InstanceNorm2d is not local"):
        reach_together([nn.ReLU(), nn.InstanceNorm2d(2)])


def test_a_reach_that_is_stated_too_small_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.strip_toys import gap, in_strips, ready, resnet, whole
    from translate.inference.strips import flow

    generator, photo = ready(resnet(norm="none")), noise(3, 90, 30)

    def too_little(layers: list[nn.Module]) -> Reach:
        reach = reach_together(layers)
        return reach._replace(rows=max(0, reach.rows - 1))

    monkeypatch.setattr(flow, "reach_together", too_little)

    assert gap(in_strips(generator, photo), whole(generator, photo)) > 1e-3
