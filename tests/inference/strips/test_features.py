import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from tests.strip_toys import gap, lively, noise
from translate.inference.modes import LiveDropout, drawing
from translate.inference.strips import Moments, Size
from translate.inference.strips.features import (
    LEAST_ROWS,
    Added,
    Dropped,
    Features,
    Joined,
    Local,
    Normed,
    Source,
    cut,
)

PHOTO = noise(3, 60, 20)
ROWS = st.tuples(st.integers(0, 59), st.integers(1, 60)).map(
    lambda each: (each[0], min(60, sum(each)))
)


def source(photo: Tensor = PHOTO) -> Source:
    return Source(Size(*photo.shape), lambda top, bottom: photo[:, top:bottom].clone(), photo[:0])


def read(features: Features, top: int, bottom: int) -> Tensor:
    with torch.inference_mode():
        return features.rows(top, bottom, for_good=False)


def test_a_size_is_scaled_in_both_sides() -> None:
    assert Size(3, 60, 20).times(8, up=1, down=2) == Size(8, 30, 10)
    assert Size(3, 60, 20).times(8, up=2, down=1) == Size(8, 120, 40)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 500), st.integers(1, 30), st.integers(0, 10**6))
def test_strips_cover_every_row_once_and_none_is_much_shorter(
    height: int, width: int, strip_bytes: int
) -> None:
    features = source(torch.zeros(3, height, width))

    strips = list(cut(features, strip_bytes))

    heights = [bottom - top for top, bottom in strips]
    assert strips[0][0] == 0
    assert strips[-1][1] == height
    assert all(one[1] == other[0] for one, other in itertools.pairwise(strips))
    assert max(heights) - min(heights) <= 1
    assert max(heights) <= max(LEAST_ROWS, strip_bytes / features.row_bytes)


def test_the_source_gives_rows_of_the_photo_with_the_networks_numbers() -> None:
    like = torch.empty(0, dtype=torch.bfloat16)
    features = Source(Size(3, 60, 20), lambda top, bottom: PHOTO[:, top:bottom], like)

    rows = read(features, 7, 9)

    assert torch.equal(rows, PHOTO[None, :, 7:9].bfloat16())


LOCALS: list[tuple[nn.Module, int, int, int, int]] = [
    (nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(3, 4, 7)), 4, 3, 1, 1),
    (nn.Conv2d(3, 4, 3, stride=2, padding=1), 4, 1, 1, 2),
    (nn.Conv2d(3, 5, 4, stride=2, padding=1), 5, 2, 1, 2),
    (nn.ConvTranspose2d(3, 4, 4, stride=2, padding=1), 4, 2, 2, 1),
    (nn.Tanh(), 3, 0, 1, 1),
]


@pytest.mark.parametrize(("layers", "channels", "reach", "up", "down"), LOCALS)
@settings(max_examples=20, deadline=None)
@given(rows=ROWS)
def test_local_layers_give_any_rows_as_of_the_whole_photo(
    layers: nn.Module, channels: int, reach: int, up: int, down: int, rows: tuple[int, int]
) -> None:
    layers = lively(layers).requires_grad_(False)
    features = Local(source(), layers, channels, reach, up, down)
    expected = layers(PHOTO[None])
    assert features.size == Size(*expected.shape[1:])
    top = rows[0] * features.size.height // 60
    bottom = max(top + 1, rows[1] * features.size.height // 60)

    assert gap(read(features, top, bottom), expected[:, :, top:bottom]) < 1e-5


def test_a_layer_that_scales_rows_otherwise_than_was_said_is_no_silent_error() -> None:
    features = Local(source(), nn.AvgPool2d(3), 3, 0, 1, 1)

    with pytest.raises(RuntimeError, match=r"AvgPool2d.* does not scale its rows by 1/1"):
        read(features, 0, 30)


def test_layers_that_see_are_counted_as_recomputed_and_others_are_not() -> None:
    seeing = Local(source(), nn.Conv2d(3, 3, 3, padding=1), 3, 1, 1, 1)

    assert (source().recomputed, seeing.recomputed) == (0, 1)
    assert Local(seeing, nn.Tanh(), 3, 0, 1, 1).recomputed == 1
    assert Local(seeing, nn.Conv2d(3, 3, 3, padding=1), 3, 1, 1, 1).recomputed == 2


def batch_norm() -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(3, track_running_stats=False)
    lively(norm)
    return norm.requires_grad_(False)


@pytest.mark.parametrize("norm", [nn.InstanceNorm2d(3), batch_norm(), nn.BatchNorm2d(3, eps=0.5)])
@pytest.mark.parametrize("numbers", [torch.float32, torch.bfloat16])
def test_normed_rows_are_those_of_the_normed_photo(norm: nn.Module, numbers: torch.dtype) -> None:
    norm = norm.train().to(numbers)
    photo = (PHOTO * torch.tensor([1.0, 0.3, 2.0])[:, None, None] + 0.5).to(numbers)
    moments: list[Moments | None] = [None]
    features = Normed(source(photo), norm, 1, moments, 0)  # type: ignore[arg-type]

    rows = read(features, 13, 29)

    expected = norm(photo[None])[:, :, 13:29]
    assert rows.dtype == numbers
    assert gap(rows, expected) < (1e-5 if numbers == torch.float32 else 0.04)


def test_statistics_are_gathered_once_and_noted_in_their_place() -> None:
    calls: list[tuple[int, int]] = []

    def note(top: int, bottom: int) -> Tensor:
        calls.append((top, bottom))
        return PHOTO[:, top:bottom].clone()

    moments: list[Moments | None] = [None, None]
    below = Source(Size(3, 60, 20), note, PHOTO[:0])
    features = Normed(below, nn.InstanceNorm2d(3), 1, moments, 1)

    first = features.gather()
    read(features, 5, 9)
    read(features, 9, 12)

    assert moments == [None, first]
    assert calls == [(0, 15), (15, 30), (30, 45), (45, 60), (5, 9), (9, 12)]
    assert torch.allclose(first.mean, PHOTO.double().mean((1, 2)), atol=1e-6)


def test_statistics_that_are_given_are_used_and_none_are_gathered() -> None:
    given: list[Moments | None] = [Moments(1, torch.ones(3).double(), torch.ones(3).double() * 4)]

    rows = read(Normed(source(), nn.InstanceNorm2d(3, eps=0.0), 1, given, 0), 5, 9)

    assert gap(rows, (PHOTO[None, :, 5:9] - 1) / 2) < 1e-6


@settings(max_examples=10, deadline=None)
@given(ROWS)
def test_dropped_rows_are_those_of_the_whole_photo(rows: tuple[int, int]) -> None:
    layer = LiveDropout(0.5)
    with drawing(1, 2):
        expected = layer(PHOTO[None])[:, :, slice(*rows)]
    features = Dropped(source(), layer)

    with drawing(1, 2):
        first, again = read(features, *rows), read(features, *rows)

    assert torch.equal(first, expected)
    assert torch.equal(again, expected)


def test_two_feature_maps_are_added_or_put_side_by_side_and_neither_changes() -> None:
    one, other = source(), source(PHOTO * 2)

    added, joined = Added(one, other), Joined(one, other)

    assert torch.allclose(read(added, 5, 9), 3 * PHOTO[None, :, 5:9])
    assert joined.size == Size(6, 60, 20)
    both = torch.cat([PHOTO, PHOTO * 2])[None, :, 5:9]
    assert torch.equal(read(joined, 5, 9), both)
    assert torch.equal(read(joined, 5, 9), both)
    assert torch.allclose(read(added, 5, 9), 3 * PHOTO[None, :, 5:9])


def test_memory_for_a_row_counts_what_lies_below_at_its_scale() -> None:
    wide = Local(source(), nn.Conv2d(3, 64, 3, padding=1), 64, 1, 1, 1)
    narrow = Local(wide, nn.Conv2d(64, 2, 3, stride=2, padding=1), 2, 1, 1, 2)

    assert wide.row_bytes >= 4 * (3 + 64) * 20
    assert narrow.row_bytes >= 2 * wide.row_bytes  # two rows below for each of its own


def test_features_without_norms_are_what_plain_functions_give() -> None:
    features = Added(
        Local(source(), nn.ReLU(), 3, 0, 1, 1), Local(source(), nn.LeakyReLU(0.2), 3, 0, 1, 1)
    )

    assert (
        gap(read(features, 3, 8), (F.relu(PHOTO) + F.leaky_relu(PHOTO, 0.2))[None, :, 3:8]) < 1e-6
    )
