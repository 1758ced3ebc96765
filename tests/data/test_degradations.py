from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.filters import canny
from PIL import Image
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from translate.data.degradations import (
    DEGRADATIONS,
    BlurSettings,
    Degradation,
    DownscaleSettings,
    EdgesSettings,
    GreyscaleSettings,
    HoleSettings,
    NoiseSettings,
    degrade,
)
from translate.images import Encoding, to_pixels, to_tensor

KINDS: list[Degradation] = [
    GreyscaleSettings(),
    DownscaleSettings(factor=2),
    DownscaleSettings(factor=4),
    BlurSettings(),
    NoiseSettings(),
    HoleSettings(place="middle"),
    HoleSettings(place="anywhere"),
    EdgesSettings(),
]
DRAWN: list[Degradation] = [BlurSettings(), NoiseSettings(), HoleSettings(place="anywhere")]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def photo(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def flat(level: float, side: int = 16) -> Tensor:
    return torch.full((3, side, side), level)


def parse(**values: object) -> Degradation:
    parsed: Degradation = TypeAdapter(Degradation).validate_python(values)
    return parsed


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(deadline=None, max_examples=15)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 99))
def test_any_photo_keeps_its_size_and_stays_in_range(
    kind: Degradation, height: int, width: int, seed: int
) -> None:
    whole = photo(height, width, seed)
    before = whole.clone()

    spoilt = degrade(whole, kind, rng(seed))

    assert spoilt.shape == (kind.encoding.channels, height, width)
    assert spoilt.dtype == torch.float32
    assert spoilt.abs().max() <= 1
    assert torch.equal(whole, before)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_equal_randomness_gives_equal_results(kind: Degradation) -> None:
    one, other = (degrade(photo(24, 32), kind, rng(5)) for _ in range(2))

    assert torch.equal(one, other)


@pytest.mark.parametrize("kind", DRAWN, ids=str)
def test_strength_or_place_is_drawn_anew(kind: Degradation) -> None:
    one, other = (degrade(photo(24, 32), kind, rng(seed)) for seed in (5, 6))

    assert not torch.equal(one, other)


def test_every_kind_of_settings_has_its_function() -> None:
    kinds = get_args(get_args(Degradation)[0])

    assert [kind().name for kind in kinds] == list(DEGRADATIONS)


def test_grey_weighs_red_green_and_blue_as_bt601_does() -> None:
    red, green, blue = (
        torch.tensor([-1.0, -1, -1]).index_fill(0, torch.tensor(i), 1) for i in range(3)
    )

    levels = [
        float(degrade(c[:, None, None], GreyscaleSettings(), rng())) for c in (red, green, blue)
    ]

    assert levels == pytest.approx([2 * weight - 1 for weight in (0.299, 0.587, 0.114)])


def test_grey_is_what_a_file_in_colours_becomes_when_it_is_translated() -> None:
    pixels = rng().integers(0, 256, (9, 7, 3), dtype=np.uint8)

    as_file = Encoding(kind="grey", channels=1).encode(pixels)

    assert torch.allclose(
        degrade(to_tensor(pixels), GreyscaleSettings(), rng()), as_file, atol=1e-6
    )


@pytest.mark.parametrize("factor", [2, 4])
def test_a_checkerboard_downscales_to_flat_grey(factor: int) -> None:
    board = (
        torch.from_numpy(np.indices((16, 24)).sum(axis=0) % 2 * 2.0 - 1).float().expand(3, -1, -1)
    )

    assert degrade(board, parse(name="downscale", factor=factor), rng()).abs().max() < 1e-6


@pytest.mark.parametrize("factor", [2, 4])
def test_a_photo_made_small_and_enlarged_by_pillow_looks_the_same(factor: int) -> None:
    pixels = to_pixels(photo(6, 8) / 2).repeat(4, axis=0).repeat(4, axis=1)
    small = Image.fromarray(pixels).reduce(factor)
    size = (factor * small.width, factor * small.height)

    enlarged = np.asarray(small.resize(size, Image.Resampling.BICUBIC)).astype(int)

    ours = to_pixels(degrade(to_tensor(pixels), parse(name="downscale", factor=factor), rng()))
    assert np.abs(ours - enlarged).max() <= 2  # Pillow rounds three times on the way


def test_blur_spreads_a_point_over_a_bell_and_loses_nothing() -> None:
    point = torch.zeros(3, 21, 21)
    point[:, 10, 10] = 1

    blurred = degrade(point, BlurSettings(sigma_px=(1, 1)), rng())

    weights = np.exp(-(np.arange(-3, 4) ** 2) / 2)
    assert blurred.sum(dim=(1, 2)).tolist() == pytest.approx([1] * 3)
    assert float(blurred[0, 10, 10]) == pytest.approx((1 / weights.sum()) ** 2)


def test_blur_stays_between_its_bounds() -> None:
    point = torch.zeros(3, 31, 31)
    point[:, 15, 15] = 1
    bounds = [degrade(point, BlurSettings(sigma_px=(s,)), rng()).max() for s in (2, 1)]

    peaks = [degrade(point, BlurSettings(sigma_px=(1, 2)), rng(seed)).max() for seed in range(30)]

    assert bounds[0] <= min(peaks) < max(peaks) <= bounds[1]
    assert max(peaks) - min(peaks) > 0.7 * (bounds[1] - bounds[0])


def test_noise_deviates_by_as_many_steps_as_asked() -> None:
    noisy = degrade(flat(0, 128), NoiseSettings(sigma=(20, 20)), rng())

    assert float(noisy.std()) * 127.5 == pytest.approx(20, rel=0.02)
    assert float(noisy.mean()) * 127.5 == pytest.approx(0, abs=0.3)


def test_noise_stays_between_its_bounds() -> None:
    kind = NoiseSettings(sigma=(10, 30))

    deviations = [float(degrade(flat(0, 64), kind, rng(s)).std()) * 127.5 for s in range(40)]

    assert 9.5 < min(deviations) < 13
    assert 27 < max(deviations) < 30.5


@pytest.mark.parametrize("place", ["middle", "anywhere"])
@settings(deadline=None, max_examples=20)
@given(st.integers(2, 30), st.integers(2, 30), st.floats(0.05, 1), st.integers(0, 99))
def test_a_hole_fills_exactly_its_share_and_touches_nothing_else(
    place: str, height: int, width: int, share: float, seed: int
) -> None:
    whole = torch.ones(3, height, width)

    holed = degrade(whole, parse(name="hole", share=share, place=place), rng(seed))

    side = max(1, round(share * min(height, width)))
    assert holed.eq(0).sum(dim=(1, 2)).tolist() == [side**2] * 3
    assert holed.eq(1).sum() == 3 * (height * width - side**2)


def test_the_middle_hole_of_a_half_leaves_a_quarter_on_each_side() -> None:
    holed = degrade(torch.ones(3, 8, 12), HoleSettings(share=0.5), rng())

    rows, columns = (holed[0] == 0).nonzero(as_tuple=True)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (2, 5, 4, 7)


def test_a_hole_anywhere_reaches_every_place() -> None:
    kind = HoleSettings(share=0.5, place="anywhere")

    corners = {
        tuple((degrade(torch.ones(3, 4, 4), kind, rng(seed))[0] == 0).nonzero()[0].tolist())
        for seed in range(100)
    }

    assert corners == {(row, column) for row in range(3) for column in range(3)}


def test_a_step_from_black_to_white_is_one_dark_line() -> None:
    step = torch.full((3, 20, 24), -1.0)
    step[..., 12:] = 1

    drawn = degrade(step, EdgesSettings(), rng())[0]

    dark = (drawn < 0).nonzero()
    assert dark[:, 0].tolist() == list(range(20))
    assert len(set(dark[:, 1].tolist())) == 1
    assert int(dark[0, 1]) in (11, 12)
    assert set(drawn.unique().tolist()) == {-1, 1}


def test_a_photo_without_steps_is_a_white_sheet() -> None:
    assert degrade(flat(-0.3), EdgesSettings(), rng()).min() == 1


def test_a_weak_line_is_drawn_only_where_it_goes_on_from_a_strong_one() -> None:
    fading, faint = (torch.full((3, 40, 24), -1.0) for _ in range(2))
    fading[..., 12:] = torch.linspace(0, -0.8, 40)[:, None]  # a step of a half that becomes a tenth
    faint[..., 12:] = -0.8
    kind = EdgesSettings(sigma_px=1, thresholds=(0.1, 0.8))

    in_fading, in_faint = ((degrade(x, kind, rng())[0] < 0).sum() for x in (fading, faint))

    assert in_fading == 40
    assert in_faint == 0


@settings(deadline=None, max_examples=10)
@given(st.integers(8, 48), st.integers(8, 48), st.integers(0, 99))
def test_lines_are_those_that_kornia_would_follow(height: int, width: int, seed: int) -> None:
    whole = photo(height, width, seed)
    grey = (degrade(whole, GreyscaleSettings(), rng())[None] + 1) / 2

    drawn = degrade(whole, EdgesSettings(sigma_px=1, thresholds=(0.2, 0.6)), rng())

    assert torch.equal(drawn < 0, canny(grey, 0.2, 0.6, 7, (1.0, 1.0))[1][0] == 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "blur", "sigma_px": (3, 1)}, "two, the smaller first, got 3.0 1.0"),
        ({"name": "blur", "sigma_px": (1, 2, 3)}, "two, the smaller first, got 1.0 2.0 3.0"),
        ({"name": "noise", "sigma": (0, 9)}, "one number above 0, or two, .*got 0.0 9.0"),
        ({"name": "hole", "share": 0}, "greater than 0"),
        ({"name": "downscale", "factor": 3}, "2 or 4"),
        ({"name": "warp"}, "'greyscale', 'downscale', 'blur', 'noise', 'hole', 'edges'"),
    ],
    ids=str,
)
def test_impossible_settings_are_refused_with_what_is_possible(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        parse(**values)
