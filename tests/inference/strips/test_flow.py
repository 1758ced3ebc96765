from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.strip_toys import TIGHT, noise, reading, ready, resnet, unet
from translate.errors import TranslateError
from translate.inference.strips import Size, UnstreamableError, stream
from translate.inference.strips.features import Features, Local, Normed, Source
from translate.inference.strips.flow import CHEAP, Plan, flow
from translate.inference.strips.kept import Kept
from translate.inference.strips.scratch import Scratch
from translate.networks.blur import BlurDoubling

PHOTO = noise(3, 64, 32)


@pytest.fixture
def plan() -> Iterator[Plan]:
    with Scratch(2**20) as scratch:
        yield Plan(64 * 32, scratch, strip_bytes=1)


def source() -> Source:
    return Source(Size(*PHOTO.shape), lambda top, bottom: PHOTO[:, top:bottom].clone(), PHOTO[:0])


def lay_out(plan: Plan, *layers: nn.Module) -> Features:
    with torch.inference_mode():
        return flow(nn.Sequential(*layers), source(), plan)


def convolution(given: int, channels: int) -> nn.Module:
    return nn.Conv2d(given, channels, 3, padding=1)


def test_a_layer_that_nobody_described_is_refused_by_its_name() -> None:
    generator = ready(resnet())
    generator.layers[5] = nn.AdaptiveAvgPool2d(1)  # type: ignore[index,operator]
    strips = stream(generator, reading(PHOTO), Size(*PHOTO.shape), TIGHT)

    with pytest.raises(UnstreamableError) as caught:
        next(strips)

    assert isinstance(caught.value, TranslateError)
    assert str(caught.value) == (
        "A layer AdaptiveAvgPool2d cannot be run in strips: nobody said how many rows it sees. "
        "Allow enough memory for the whole photo, or translate a smaller one."
    )


@pytest.mark.parametrize(
    "layer", [nn.Softmax2d(), nn.LayerNorm(32), nn.Upsample(scale_factor=2), nn.GroupNorm(1, 3)]
)
def test_no_foreign_layer_is_taken_for_a_local_one(plan: Plan, layer: nn.Module) -> None:
    with pytest.raises(UnstreamableError, match=type(layer).__name__):
        lay_out(plan, layer)


def test_a_convolution_is_laid_out_together_with_what_sees_a_pixel_only(plan: Plan) -> None:
    features = lay_out(plan, nn.ReLU(), nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7), nn.Tanh())

    assert isinstance(features, Local)
    assert isinstance(features.below, Source)
    assert (features.size, features.reach) == (Size(4, 64, 32), 3)


def test_what_is_small_is_kept_between_two_convolutions_and_what_is_large_is_not(
    plan: Plan,
) -> None:
    small = lay_out(plan, convolution(3, CHEAP), convolution(CHEAP, 3))
    large = lay_out(plan, convolution(3, CHEAP + 1), convolution(CHEAP + 1, 3))

    assert isinstance(small, Local)
    assert isinstance(large, Local)
    assert not isinstance(small.below, Local)  # but the reader of kept features
    assert isinstance(large.below, Local)
    assert (small.recomputed, large.recomputed) == (1, 2)


def test_no_more_than_three_large_layers_are_computed_again(plan: Plan) -> None:
    layers = [convolution(3, 20), *(convolution(20, 20) for _ in range(9))]

    assert lay_out(plan, *layers).recomputed <= 3


def test_pixels_doubled_smoothly_are_never_kept_for_they_are_many(plan: Plan) -> None:
    features = lay_out(plan, BlurDoubling(), convolution(3, 2))

    assert isinstance(features, Local)
    assert isinstance(features.below, Source)
    assert features.size == Size(2, 128, 64)


def test_with_statistics_given_everything_is_kept() -> None:
    with Scratch(2**20) as scratch:
        features = lay_out(Plan(64 * 32, scratch, 1, given=[]), convolution(3, 99), nn.Tanh())
        assert isinstance(features, Local)
        deeper = lay_out(
            Plan(64 * 32, scratch, 1, given=[]), convolution(3, 99), convolution(99, 99)
        )

    assert deeper.recomputed == 1


def test_norms_gather_their_statistics_while_they_are_laid_out(plan: Plan) -> None:
    features = lay_out(plan, nn.InstanceNorm2d(3), convolution(3, 5), nn.InstanceNorm2d(5))

    assert isinstance(features, Normed)
    assert [len(moments.mean) for moments in plan.moments if moments] == [3, 5]


def test_a_batch_norm_with_running_statistics_gathers_none(plan: Plan) -> None:
    features = lay_out(plan, convolution(3, 5), nn.BatchNorm2d(5).eval(), nn.ReLU())

    assert isinstance(features, Local)
    assert plan.moments == []


@pytest.mark.parametrize(
    ("generator", "norms"),
    [
        (resnet(), [4, 8, 16] + [16] * 4 + [8, 4]),
        (unet(depth=4, norm="instance"), [4, 8, 8, 4, 2]),
        (resnet(norm="none"), []),
    ],
)
def test_a_generator_is_laid_out_from_its_photo_to_its_translation(
    plan: Plan, generator: Any, norms: list[int]
) -> None:
    with torch.inference_mode():
        features = flow(ready(generator), source(), plan)

    assert features.size == Size(3, 64, 32)
    assert [len(moments.mean) for moments in plan.moments if moments] == norms


def test_what_is_kept_already_is_not_kept_twice(plan: Plan) -> None:
    kept = plan.keep(source())

    assert isinstance(kept, Kept)
    assert plan.keep(kept) is kept


def test_nothing_is_read_before_a_norm_or_a_reader_wants_it() -> None:
    def read(top: int, bottom: int) -> Tensor:
        raise AssertionError("read too early")

    with Scratch(2**20) as scratch:
        size = Size(3, 64, 32)
        photo = Source(size, read, PHOTO[:0])
        flow(ready(resnet(norm="batch"), "eval"), photo, Plan(64 * 32, scratch, 1))
