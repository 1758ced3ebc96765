from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.strip_toys import (
    AMPLE,
    BUDGETS,
    MIXED,
    TIGHT,
    gap,
    in_strips,
    noise,
    pad,
    reading,
    ready,
    resnet,
    unet,
    whole,
)
from translate.inference.modes import drawing
from translate.inference.strips import (
    Budget,
    Size,
    gather_statistics,
    stream,
    turn_sideways,
)
from translate.networks import Generator

MODES = ("deterministic", "eval", "paper")
SIZES = [(53, 31), (9, 7), (130, 21), (21, 133), (64, 64), (2, 3)]  # odd, tiny, tall, wide, even
RESNETS = [
    {"downsamplings": n, "upsample": up, "downsample": down, "norm": norm}
    for n, up, down, norm in product(
        range(4),
        ("transposed", "resize", "blur"),
        ("strided", "blur"),
        ("instance", "batch", "none"),
    )
]
RESIDUALS = [
    each | {"residual": True}
    for each in RESNETS
    if each["upsample"] != "blur" and each["downsamplings"] in (0, 2)
]
UNETS = [
    {"depth": depth, "norm": norm, "upsample": up}
    for depth, norm, up in product(
        range(2, 7), ("batch", "instance", "none"), ("transposed", "resize")
    )
]


def make(kind: str, arguments: dict[str, Any]) -> Generator:
    return resnet(**arguments) if kind == "resnet" else unet(**arguments)


def expect_equal(generator: Generator, photo: Tensor, budget: Budget) -> None:
    expected = whole(generator, photo)
    assert expected.abs().mean() < 0.97  # else Tanh would hide what differs
    assert gap(in_strips(generator, photo, budget), expected) < 1e-4


CASES = [
    (kind, arguments, MODES[i % 3], SIZES[i % 6], list(BUDGETS)[i // 3 % 3])
    for i, (kind, arguments) in enumerate(
        [
            *(("resnet", each) for each in RESNETS),
            *(("unet", each) for each in UNETS),
            *(("resnet", each) for each in RESIDUALS),
        ]
    )
]


@pytest.mark.parametrize(("kind", "arguments", "mode", "size", "budget"), CASES)
def test_strips_give_what_the_whole_photo_gives(
    kind: str, arguments: dict[str, Any], mode: str, size: tuple[int, int], budget: str
) -> None:
    generator = ready(make(kind, arguments | {"dropout": True}), mode)

    expect_equal(generator, noise(3, *size), BUDGETS[budget])


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize(("kind", "arguments"), [each[:2] for each in CASES])
def test_strips_give_what_the_whole_photo_gives_in_every_combination(
    kind: str, arguments: dict[str, Any], dropout: bool, mode: str
) -> None:
    generator = ready(make(kind, arguments | {"dropout": dropout}), mode)

    for size, budget in product(SIZES, BUDGETS.values()):
        expect_equal(generator, noise(3, *size), budget)


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(["resnet", "residual", "unet"]),
    norm=st.sampled_from(["instance", "batch", "none"]),
    mode=st.sampled_from(MODES),
    height=st.integers(2, 150),
    width=st.integers(2, 60),
    strip=st.integers(0, 18),
    kept=st.integers(0, 20),
)
def test_neither_size_nor_budget_changes_the_result(
    kind: str, norm: str, mode: str, height: int, width: int, strip: int, kept: int
) -> None:
    residual = {"residual": True} if kind == "residual" else {}
    kind = kind.replace("residual", "resnet")
    generator = ready(make(kind, {"norm": norm, "dropout": True, **residual}), mode)

    expect_equal(generator, noise(3, height, width), Budget(2**strip, 2**kept))


def test_several_levels_of_dropout_draw_in_the_order_of_the_whole_photo() -> None:
    generator = ready(unet(depth=7, dropout=True), "paper")  # levels 4 and 5

    for budget in BUDGETS.values():
        expect_equal(generator, noise(3, 300, 130), budget)


def test_other_channels_than_three_are_as_good() -> None:
    generator = ready(resnet(in_channels=5, out_channels=1))

    expect_equal(generator, noise(5, 70, 30), TIGHT)


@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_bf16_strips_are_as_near_to_float32_as_the_whole_photo_in_bf16(
    kind: str, norm: str
) -> None:
    network, photo = make(kind, {"norm": norm}), noise(3, 150, 90)
    exact = whole(ready(network), photo)
    short = ready(network, numbers=torch.bfloat16)

    error = (whole(short, photo) - exact).abs()
    in_strips_error = (in_strips(short, photo) - exact).abs()

    assert 0 < in_strips_error.mean() < 1.25 * error.mean()
    assert in_strips_error.max() < 2 * error.max()


@pytest.mark.parametrize("budget", [TIGHT, MIXED, AMPLE])
def test_strips_come_from_the_top_down_without_gap_and_without_padding(budget: Budget) -> None:
    generator, photo = ready(resnet()), noise(3, 101, 30)

    strips = list(stream(generator, reading(photo), Size(3, 101, 30), budget))

    assert [strip.top for strip in strips] == [
        sum(strip.rows.shape[1] for strip in strips[:i]) for i in range(len(strips))
    ]
    assert sum(strip.rows.shape[1] for strip in strips) == 101
    assert {tuple(strip.rows.shape[::2]) for strip in strips} == {(3, 30)}
    assert (len(strips) > 1) == (budget != AMPLE)


def test_overlapping_tiles_are_wrong_however_much_they_overlap() -> None:
    """Instance norm sees the tile instead of the photo: why this room exists."""
    generator = ready(resnet(base_channels=8, blocks=3))
    photo = noise(3, 384, 256) * torch.linspace(0.05, 1, 384)[:, None]
    photo += torch.linspace(-0.9, 0.0, 384)[:, None] * torch.tensor([1.0, 0.2, -1.0])[:, None, None]
    photo = photo.clamp(-1, 1)
    expected = whole(generator, photo)

    tiled = torch.empty_like(expected)
    for top, left in product(range(0, 384, 64), range(0, 256, 64)):
        first, start = max(0, top - 96), max(0, left - 96)
        tile = whole(generator, photo[:, first : top + 160, start : left + 160].contiguous())
        tiled[:, top : top + 64, left : left + 64] = tile[
            :, top - first : top - first + 64, left - start : left - start + 64
        ]

    assert (tiled - expected).abs().mean() > 0.05
    assert gap(in_strips(generator, photo), expected) < 1e-4


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_gathered_statistics_are_those_that_the_norms_find_in_the_whole_photo(
    kind: str, norm: str
) -> None:
    generator, photo = ready(make(kind, {"norm": norm})), noise(3, 90, 50)
    expected: list[tuple[Tensor, Tensor]] = []

    def note(layer: nn.Module, taken: tuple[Tensor], given: Tensor) -> None:
        found = taken[0].double()
        expected.append((found.mean((0, 2, 3)), found.var((0, 2, 3), correction=0)))

    hooks = [
        layer.register_forward_hook(note)
        for layer in generator.modules()
        if isinstance(layer, nn.InstanceNorm2d | nn.BatchNorm2d)
    ]
    whole(generator, photo)
    for hook in hooks:
        hook.remove()

    found = gather_statistics(generator, reading(photo), Size(*photo.shape), TIGHT)

    assert len(found) == len(expected) > 0
    for moments, (mean, variance) in zip(found, expected, strict=True):
        assert torch.allclose(moments.mean, mean, atol=1e-4)
        assert torch.allclose(moments.variance, variance, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_statistics_of_the_photo_itself_given_beforehand_change_nothing(kind: str) -> None:
    generator, photo = ready(make(kind, {"norm": "instance"})), noise(3, 90, 50)
    own = gather_statistics(generator, reading(photo), Size(*photo.shape), AMPLE)

    assert gap(in_strips(generator, photo, TIGHT, own), whole(generator, photo)) < 1e-4


def test_statistics_given_beforehand_change_nothing_of_a_residual_generator_either() -> None:
    generator, photo = ready(resnet(residual=True)), noise(3, 90, 50)
    own = gather_statistics(generator, reading(photo), Size(*photo.shape), AMPLE)

    for budget in BUDGETS.values():
        assert gap(in_strips(generator, photo, budget, own), whole(generator, photo)) < 1e-4


@pytest.mark.parametrize("arguments", [{}, {"residual": True}])
def test_the_photo_that_strips_read_is_left_as_it_is(arguments: dict[str, Any]) -> None:
    generator, photo = ready(resnet(**arguments)), noise(3, 60, 40)
    before = photo.clone()

    strips = stream(generator, lambda top, bottom: photo[:, top:bottom], Size(*photo.shape), TIGHT)
    for _ in strips:
        pass

    assert torch.equal(photo, before)


def test_statistics_of_another_photo_normalise_this_one() -> None:
    generator, photo = ready(resnet()), noise(3, 90, 50)
    other = gather_statistics(generator, reading(photo / 3), Size(*photo.shape), AMPLE)

    assert gap(in_strips(generator, photo, TIGHT, other), whole(generator, photo)) > 0.05


def test_nothing_is_recorded_for_gradients_and_the_callers_setting_stays() -> None:
    photo = noise(3, 40, 30)
    strips = stream(ready(resnet()), reading(photo), Size(*photo.shape), TIGHT)

    first = next(strips)

    assert first.rows.is_inference()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"upsample": "resize", "downsample": "blur", "downsamplings": 3},
        {"upsample": "blur", "norm": "batch"},
        {"residual": True, "downsamplings": 1},
    ],
)
def test_a_generator_turned_sideways_does_to_columns_what_it_did_to_rows(
    arguments: dict[str, Any],
) -> None:
    generator, photo = ready(resnet(**arguments)), noise(3, 30, 133)

    lying = in_strips(turn_sideways(generator), photo.transpose(1, 2).contiguous())

    assert gap(lying.transpose(1, 2), whole(generator, photo)) < 1e-4


@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_turned_sideways_dropout_drops_the_same(kind: str) -> None:
    generator = ready(
        make(kind, {"dropout": True} | ({"depth": 6} if kind == "unet" else {})), "paper"
    )
    photo = noise(3, 70, 133)

    lying = in_strips(turn_sideways(generator), photo.transpose(1, 2).contiguous())

    assert gap(lying.transpose(1, 2), whole(generator, photo)) < 1e-4


def test_turning_leaves_the_original_as_it_was() -> None:
    generator, photo = ready(resnet(dropout=True), "paper"), noise(3, 30, 40)
    before = whole(generator, photo)

    turn_sideways(generator)

    assert torch.equal(whole(generator, photo), before)


def test_padding_mirrors_as_whole_photos_are_padded() -> None:
    from translate.images import pad_to_multiple

    photo = noise(3, 5, 18)
    generator = unet(depth=4)

    assert torch.equal(pad(photo, generator)[None], pad_to_multiple(photo[None], 16, 16))


@pytest.mark.gpu
@pytest.mark.parametrize("mode", ["deterministic", "paper"])
@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_on_a_gpu_strips_give_what_the_whole_photo_gives(kind: str, mode: str) -> None:
    torch.backends.cudnn.allow_tf32 = False
    network, photo = make(kind, {"base_channels": 16, "dropout": True}), noise(3, 300, 133)
    generator = ready(network, mode).to("cuda")

    found = in_strips(generator, photo, MIXED)

    with torch.inference_mode(), drawing(3, 1):
        expected = generator(pad(photo, generator)[None].cuda())[0, :, :300, :133].cpu()
    assert gap(found, expected) < 1e-3
