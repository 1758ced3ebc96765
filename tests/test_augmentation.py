import io
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.toys import noise
from translate.augmentation import (
    CHANGES,
    DifferentiableAugmentation,
    Draws,
    change_colours,
    cut_out,
    shift,
)

ALL = tuple(CHANGES)


def augmentation(*policies: str, seed: int = 0) -> DifferentiableAugmentation:
    return DifferentiableAugmentation(policies, torch.Generator().manual_seed(seed))


def drawn(count: int = 1, **chosen: float) -> Draws:
    """Draws that change no colour and move nothing, but for those chosen."""
    middle = dict.fromkeys(Draws._fields, 0.5) | chosen
    return Draws(**{name: torch.full((count,), value) for name, value in middle.items()})


def numbers(height: int, width: int) -> Tensor:
    """An image whose pixels are 1, 2, 3, ..."""
    return torch.arange(1.0, height * width + 1).view(1, 1, height, width)


def test_brightness_is_added_to_every_pixel_and_nothing_is_clamped() -> None:
    images = torch.tensor([-0.9, 0.1, 0.9]).view(1, 3, 1, 1).expand(1, 3, 2, 2)

    brighter, darker = (change_colours(images, drawn(brightness=b)) for b in (0.75, 0.0))

    torch.testing.assert_close(brighter[0, :, 0, 0], torch.tensor([-0.65, 0.35, 1.15]))
    torch.testing.assert_close(darker[0, :, 0, 0], torch.tensor([-1.4, -0.4, 0.4]))


@pytest.mark.parametrize(
    ("draw", "expected"),
    [(0.0, [0.1, 0.1, 0.1]), (0.5, [-0.4, 0.1, 0.6]), (0.75, [-0.65, 0.1, 0.85])],
)
def test_saturation_spreads_colours_about_their_grey(draw: float, expected: list[float]) -> None:
    images = torch.tensor([-0.4, 0.1, 0.6]).view(1, 3, 1, 1).expand(1, 3, 2, 2)

    changed = change_colours(images, drawn(saturation=draw))

    torch.testing.assert_close(changed[0, :, 1, 1], torch.tensor(expected))


@pytest.mark.parametrize(("draw", "factor"), [(0.0, 0.5), (0.5, 1.0), (0.75, 1.25)])
def test_contrast_spreads_pixels_about_the_mean_of_their_image(draw: float, factor: float) -> None:
    greys = torch.tensor([[-0.4, 0.2], [0.4, 0.6]]).expand(1, 3, 2, 2)  # 0.2 on average

    changed = change_colours(greys, drawn(contrast=draw))

    torch.testing.assert_close(changed, 0.2 + factor * (greys - 0.2))


@pytest.mark.parametrize("channels", [1, 2, 4, 7])
def test_images_without_three_channels_keep_their_values(channels: int) -> None:
    images = noise(2, channels, 8, 8)

    assert change_colours(images, drawn(2, brightness=0.9)) is images


def test_images_move_by_whole_pixels_and_zeros_come_in() -> None:
    image = numbers(3, 8)  # an eighth of 8 is one pixel, of 3 none

    left, stays, right = (shift(image, drawn(shift_x=x, shift_y=0)) for x in (0.0, 0.4, 0.99))

    assert left[0, 0, 0].tolist() == [2, 3, 4, 5, 6, 7, 8, 0]
    assert torch.equal(stays, image)
    assert right[0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert shift(image, drawn(shift_x=0.99))[0, 0, :, 1].tolist() == [1, 9, 17]
    upright = numbers(8, 1)
    assert shift(upright, drawn(shift_y=0.0)).flatten().tolist() == [2, 3, 4, 5, 6, 7, 8, 0]


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    x=st.floats(0, 1, exclude_max=True, width=32),
    y=st.floats(0, 1, exclude_max=True, width=32),
)
def test_a_moved_image_is_a_part_of_itself_in_another_place(
    height: int, width: int, x: float, y: float
) -> None:
    image = numbers(height, width)
    reach_x, reach_y = int(width / 8 + 0.5), int(height / 8 + 0.5)

    moved = shift(image, drawn(shift_x=x, shift_y=y))

    right = min(int(torch.tensor(x) * (2 * reach_x + 1)), 2 * reach_x) - reach_x
    down = min(int(torch.tensor(y) * (2 * reach_y + 1)), 2 * reach_y) - reach_y
    expected = torch.roll(image, (down, right), dims=(2, 3))
    rows, columns = torch.arange(height) - down, torch.arange(width) - right
    expected[:, :, (rows < 0) | (rows >= height)] = 0
    expected[:, :, :, (columns < 0) | (columns >= width)] = 0
    assert torch.equal(moved, expected)


def test_every_distance_is_as_likely_as_any_other() -> None:
    count = 5 * 20
    spread = torch.arange(count) / count  # evenly over [0, 1)
    image = torch.zeros(count, 1, 1, 16)
    image[..., 8] = 1

    moved = shift(image, drawn(count)._replace(shift_x=spread))

    assert moved.sum(dim=0).flatten()[6:11].tolist() == [20] * 5  # two pixels to either side


def test_the_hole_is_half_as_wide_and_half_as_high_as_the_image() -> None:
    holed = cut_out(torch.ones(1, 3, 8, 6), drawn(hole_x=0.5, hole_y=0.5))

    assert (holed == 0).sum() == 3 * 4 * 3
    assert (holed[0, 0, 2:6, 2:5] == 0).all()  # about the fifth row and the fourth column


def test_the_hole_may_hang_over_the_border_by_half() -> None:
    corner, opposite = (
        cut_out(torch.ones(1, 1, 8, 8), drawn(hole_x=p, hole_y=p)) for p in (0, 0.999)
    )

    assert (corner == 0).sum() == (opposite == 0).sum() == 4
    assert (corner[0, 0, :2, :2] == 0).all()
    assert (opposite[0, 0, -2:, -2:] == 0).all()


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 33),
    width=st.integers(1, 33),
    x=st.floats(0, 1, exclude_max=True, width=32),
    y=st.floats(0, 1, exclude_max=True, width=32),
)
def test_a_hole_is_a_rectangle_and_leaves_the_rest_alone(
    height: int, width: int, x: float, y: float
) -> None:
    image = numbers(height, width)

    holed = cut_out(image, drawn(hole_x=x, hole_y=y))[0, 0]

    rows, columns = (holed == 0).any(dim=1).nonzero(), (holed == 0).any(dim=0).nonzero()
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    assert height // 4 <= bottom - top <= int(height / 2 + 0.5)
    assert width // 4 <= right - left <= int(width / 2 + 0.5)
    restored = holed.clone()
    restored[top:bottom, left:right] = image[0, 0, top:bottom, left:right]
    assert (holed[top:bottom, left:right] == 0).all()
    assert torch.equal(restored, image[0, 0])


@settings(max_examples=40, deadline=None)
@given(
    policies=st.sets(st.sampled_from(ALL)),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16]),
    batch=st.integers(1, 4),
    channels=st.integers(1, 4),
    height=st.integers(1, 24),
    width=st.integers(1, 24),
)
def test_shape_type_and_device_are_kept(
    policies: set[str], dtype: torch.dtype, batch: int, channels: int, height: int, width: int
) -> None:
    images = noise(batch, channels, height, width).to(dtype)

    (changed,) = augmentation(*policies)(images)

    assert (changed.shape, changed.dtype) == (images.shape, images.dtype)
    assert changed.device == images.device
    assert changed.isfinite().all()


def test_without_policies_the_very_same_images_come_back_and_nothing_is_drawn() -> None:
    nothing, images = augmentation(), noise(2, 3, 8, 8)
    before = nothing.randomness.get_state()

    (changed,) = nothing(images)

    assert changed is images
    assert torch.equal(nothing.randomness.get_state(), before)
    assert nothing.state_dict() == {}


@pytest.mark.parametrize("policies", [*[(name,) for name in ALL], ALL])
def test_gradients_are_those_of_finite_differences(policies: tuple[str, ...]) -> None:
    change = augmentation(*policies)
    draws = change.draw(2)
    images = noise(2, 3, 8, 8).double().requires_grad_()

    assert torch.autograd.gradcheck(lambda x: change.apply(x, draws), images)


def test_image_i_of_every_batch_is_changed_alike_and_no_two_of_a_batch_are() -> None:
    images = noise(1, 3, 16, 16).expand(4, 3, 16, 16)

    real, fake = augmentation(*ALL)(images, images.clone())

    assert torch.equal(real, fake)
    assert len({image.sum().item() for image in real}) == 4


def test_batches_of_other_channels_and_sides_move_and_lose_as_much() -> None:
    photos, labels = torch.ones(8, 3, 16, 16), torch.ones(8, 5, 16, 16)
    larger = torch.ones(8, 1, 32, 32)

    changed = augmentation("translation", "cutout")(photos, labels, larger)

    mine, theirs, twice = ((batch != 0)[:, 0] for batch in changed)
    assert torch.equal(mine, theirs)
    assert (twice[:, ::2, ::2] != mine).float().mean() < 0.15  # whole pixels are finer there


def test_switching_a_policy_on_leaves_the_draws_of_others_alone() -> None:
    alone, together = augmentation("cutout"), augmentation(*ALL)

    for ours, theirs in zip(alone.draw(3), together.draw(3), strict=True):
        assert torch.equal(ours, theirs)


def test_the_order_of_the_papers_is_kept_however_policies_are_written() -> None:
    images = noise(2, 3, 16, 16)

    written, reversed_twice = augmentation(*ALL), augmentation(*reversed(ALL), *ALL)

    assert torch.equal(*(change(images)[0] for change in (written, reversed_twice)))


def test_a_restored_augmentation_goes_on_as_if_nothing_had_happened() -> None:
    change, images = augmentation(*ALL), noise(2, 3, 16, 16)
    change(images)
    file = io.BytesIO()
    torch.save(change.state_dict(), file)
    file.seek(0)
    restored = augmentation(*ALL, seed=9)

    restored.load_state_dict(torch.load(file, weights_only=True))

    for _ in range(3):
        assert torch.equal(change(images)[0], restored(images)[0])


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_together_draw_what_a_single_one_would(
    monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    images = noise(2 * processes, 3, 16, 16)
    (expected,) = augmentation(*ALL)(images)

    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: processes)
    parts = []
    for process, part in enumerate(images.chunk(processes)):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda process=process: process)
        parts += augmentation(*ALL)(part)

    assert torch.equal(torch.cat(parts), expected)


def test_process_wide_randomness_is_left_alone() -> None:
    before = torch.get_rng_state()

    augmentation(*ALL)(noise(2, 3, 8, 8))

    assert torch.equal(torch.get_rng_state(), before)


def test_batches_of_different_lengths_cannot_share_draws() -> None:
    with pytest.raises(ValueError, match=r"equally long to share draws, got \[1, 2\]"):
        augmentation("cutout")(noise(2, 3, 8, 8), noise(1, 3, 8, 8))


def test_an_unknown_policy_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"among colour, translation, cutout, got \['color'\]"):
        augmentation("color", "cutout")


def test_importing_the_methods_does_not_wait_for_kornia() -> None:
    code = "import translate.methods.cyclegan, translate.methods.pix2pix, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "translate.augmentation" in done.stdout.split()
    assert "kornia" not in done.stdout.split()
