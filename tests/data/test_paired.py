import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from tests.pair_toys import (
    build_small,
    chart,
    noise_image,
    small,
    write_image,
    write_set,
)
from translate.data import Draw
from translate.data.jitter import Resize
from translate.data.paired import build
from translate.images import Kind, Pair, Pixels


def write_charts(folder: Path, sizes: list[tuple[int, int]], depth: int = 8) -> Path:
    """Write pairs of two equal charts."""
    for i, (height, width) in enumerate(sizes):
        for domain in "AB":
            image = chart(height, width, depth=depth)
            write_image(folder / f"train{domain}" / f"{i}.png", image)
    return folder


def same(one: Pair, other: Pair) -> bool:
    return torch.equal(one.a, other.a) and torch.equal(one.b, other.b)


def test_items_are_crops_of_both_images(tmp_path: Path) -> None:
    splits = build_small(folder=write_set(tmp_path), test_px=24)

    assert len(splits.train) == 4  # type: ignore[arg-type]
    assert splits.train[Draw(0, 0)].a.shape == (3, 16, 16)  # type: ignore[index]
    assert splits.train[Draw(0, 0)].b.shape == (3, 16, 16)  # type: ignore[index]
    assert splits.test is not None
    assert [image.shape for image in splits.test[1]] == [(3, 24, 24)] * 2
    assert splits.test_is_paired


def test_an_untouched_square_is_the_file_itself(tmp_path: Path) -> None:
    pixels = np.full((16, 16, 3), (0, 51, 255), np.uint8)
    for name in ("trainA", "trainB", "testA", "testB"):
        write_image(tmp_path / name / "x.png", pixels)
    splits = build_small(folder=tmp_path, resize="none", crop_px=16, flip=False)

    expected = torch.tensor([-1.0, -0.6, 1.0])[:, None, None].expand(3, 16, 16)

    assert splits.test is not None
    for pair in (splits.train[Draw(0, 0)], splits.test[0]):  # type: ignore[index]
        torch.testing.assert_close(pair.a, expected)
        torch.testing.assert_close(pair.b, expected)


def test_an_item_depends_on_seed_epoch_and_index_and_nothing_else(tmp_path: Path) -> None:
    chosen = small(folder=write_set(tmp_path), light_a=0.3)
    train = build(chosen, seed=3).train
    forth = {i: train[Draw(1, i)] for i in range(4)}
    torch.manual_seed(99)
    again = pickle.loads(pickle.dumps(build(chosen, seed=3).train))  # noqa: S301 - a worker's

    assert all(same(again[Draw(1, i)], forth[i]) for i in reversed(range(4)))
    assert not same(train[Draw(2, 0)], forth[0])
    assert not same(build(chosen, seed=4).train[Draw(1, 0)], forth[0])


@settings(deadline=None, max_examples=25)
@given(
    st.integers(17, 80),
    st.integers(17, 80),
    st.sampled_from(["shorter_side", "square", "none"]),
    st.sampled_from([8, 16]),
    st.integers(0, 1000),
)
def test_both_images_get_the_same_view(
    tmp_path_factory: pytest.TempPathFactory,
    height: int,
    width: int,
    resize: Resize,
    depth: int,
    epoch: int,
) -> None:
    folder = write_charts(tmp_path_factory.mktemp("set"), [(height, width)], depth)

    pair = build_small(folder=folder, resize=resize).train[Draw(epoch, 0)]

    assert torch.equal(pair.a, pair.b)


@pytest.mark.parametrize("resize", ["shorter_side", "square", "none"])
@pytest.mark.parametrize("size", [(17, 60), (60, 17), (33, 47), (80, 79)])
def test_labels_and_bands_are_cut_where_the_photo_is(
    tmp_path: Path, resize: Resize, size: tuple[int, int]
) -> None:
    """Each pixel of a label map tells its row: the photo's must be that, give or take a pixel."""
    height, width = size
    image = chart(height, width)
    step = 255 // max(size)
    write_image(tmp_path / "trainA" / "x.png", image)
    write_image(tmp_path / "trainB" / "x.png", image[..., :1])
    labels = build_small(folder=tmp_path, resize=resize, kind_b="labels")
    bands = build_small(folder=tmp_path, resize=resize, kind_b="bands")
    scale = 1 if resize == "none" else min(size) / 20 if resize == "shorter_side" else height / 20

    for epoch in range(6):
        with_labels, with_bands = (s.train[Draw(epoch, 0)] for s in (labels, bands))
        rows = with_labels.a[0].add(1).mul(127.5 / step)
        label_rows = torch.from_numpy(labels.encodings["b"].decode(with_labels.b)[..., 0]) / step
        assert torch.equal(with_labels.a, with_bands.a)
        torch.testing.assert_close(with_bands.a[:1], with_bands.b)
        assert (rows - label_rows).abs().max() <= 0.5 * max(scale, 1) + 0.6


def test_views_are_mirrored_together(tmp_path: Path) -> None:
    train = build_small(folder=write_charts(tmp_path, [(16, 16)]), resize="none").train

    mirrored = [[bool(i[1, 0, 0] > i[1, 0, -1]) for i in train[Draw(e, 0)]] for e in range(60)]

    assert all(a == b for a, b in mirrored)
    assert 15 < sum(a for a, _ in mirrored) < 45


def test_side_by_side_halves_get_the_same_view(tmp_path: Path) -> None:
    for i in range(2):
        half = chart(30, 40)
        write_image(tmp_path / f"{i}.png", np.concatenate([half, half], axis=1))

    train = build_small(folder=tmp_path).train

    assert all(torch.equal(*train[Draw(epoch, epoch % 2)]) for epoch in range(20))


def test_a_photo_lying_on_its_side_is_cut_as_its_upright_partner(tmp_path: Path) -> None:
    folder = write_charts(tmp_path, [(40, 24)])
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(np.rot90(chart(40, 24))).save(folder / "trainB" / "0.png", exif=exif)

    train = build_small(folder=folder).train

    assert all(torch.equal(*train[Draw(epoch, 0)]) for epoch in range(9))


@settings(deadline=None, max_examples=15)
@given(st.integers(17, 60), st.integers(17, 60), st.integers(0, 1000))
def test_jitter_invents_no_label(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, epoch: int
) -> None:
    folder = tmp_path_factory.mktemp("set")
    colours = np.random.default_rng(height * width).integers(0, 3, (height, width)).astype(np.uint8)
    write_image(folder / "trainA" / "x.png", colours[..., None] * np.uint8(100))
    write_image(folder / "trainB" / "x.png", noise_image(height, width))
    splits = build_small(folder=folder, kind_a="labels")

    labels = splits.train[Draw(epoch, 0)].a

    assert set(labels.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal((labels > 0).sum(dim=0), torch.ones(16, 16, dtype=torch.int64))
    assert set(np.unique(splits.encodings["a"].decode(labels))) <= {0, 100, 200}


def light_and_plain(folder: Path, epoch: int, **light: float) -> tuple[Pair, Pair]:
    lit, plain = build_small(folder=folder, **light), build_small(folder=folder)
    return lit.train[Draw(epoch, 0)], plain.train[Draw(epoch, 0)]


@pytest.mark.parametrize(("varied", "kept"), ["ab", "ba"])
def test_light_varies_the_one_image_alone(tmp_path: Path, varied: str, kept: str) -> None:
    lit, plain = light_and_plain(write_set(tmp_path), 0, **{f"light_{varied}": 0.5})

    assert torch.equal(getattr(lit, kept), getattr(plain, kept))
    assert not torch.equal(getattr(lit, varied), getattr(plain, varied))
    assert getattr(lit, varied).abs().max() <= 1


def test_light_moves_nothing(tmp_path: Path) -> None:
    folder = write_charts(tmp_path, [(20, 20)])

    for epoch in range(5):
        lit, plain = light_and_plain(folder, epoch, light_a=0.2)
        assert torch.equal(lit.a[1].argsort(stable=True), plain.a[1].argsort(stable=True))


def test_light_of_both_domains_varies_independently(tmp_path: Path) -> None:
    train = build_small(folder=write_charts(tmp_path, [(20, 20)]), light_a=0.5, light_b=0.5).train

    assert not any(torch.equal(*train[Draw(epoch, 0)]) for epoch in range(9))


def test_light_of_held_out_pairs_is_as_it_is(tmp_path: Path) -> None:
    folder = write_set(tmp_path)

    lit, plain = (build_small(folder=folder, light_a=light).test for light in (0.5, 0.0))

    assert lit is not None
    assert plain is not None
    assert same(lit[0], plain[0])


@pytest.mark.parametrize("kind", ["labels", "bands"])
def test_only_photos_have_light(kind: Kind) -> None:
    with pytest.raises(ValidationError, match=f"light_b varies photos, and images of b are {kind}"):
        small(kind_b=kind, light_b=0.1)
    assert small(kind_b="grey", light_b=0.1).light_b == 0.1


def test_every_kind_has_its_channels(tmp_path: Path) -> None:
    maps = np.array([[[0]], [[1]], [[2]]], np.uint8).repeat(8, axis=0).repeat(24, axis=1)
    for name in ("x", "y"):
        write_image(tmp_path / "labels" / f"{name}.png", maps)
        write_image(tmp_path / "photo" / f"{name}.jpg", noise_image(24, 24))
        write_image(tmp_path / "grey" / f"{name}.png", noise_image(24, 24, 1))
        write_image(tmp_path / "bands" / f"{name}.npy", noise_image(24, 24, 5))
    kinds: list[Kind] = ["labels", "photo", "grey", "bands"]
    expected = {"labels": 3, "photo": 3, "grey": 1, "bands": 5}

    for kind_a in kinds:
        for kind_b in set(kinds) - {kind_a}:
            folders = {"folder_a": tmp_path / kind_a, "folder_b": tmp_path / kind_b}
            splits = build_small(**folders, kind_a=kind_a, kind_b=kind_b)
            channels = [len(image) for image in splits.train[Draw(0, 0)]]
            assert channels == [expected[kind_a], expected[kind_b]]
            assert [splits.encodings[d].channels for d in "ab"] == channels


def test_sixteen_bits_are_not_rounded_to_eight(tmp_path: Path) -> None:
    image = np.full((16, 16, 5), 32768, np.uint16)
    image[..., 1] += 1
    write_image(tmp_path / "a" / "x.npy", image)
    write_image(tmp_path / "b" / "x.tif", image[..., :3])

    folders = {"folder_a": tmp_path / "a", "folder_b": tmp_path / "b", "kind_a": "bands"}
    pair = build_small(**folders, resize="none").train[Draw(0, 0)]

    step = 2 / 65535
    for tensor in pair:
        assert float(tensor[1, 0, 0] - tensor[0, 0, 0]) == pytest.approx(step, rel=0.01)


def test_hundreds_of_bands_get_one_view(tmp_path: Path) -> None:
    image: Pixels = np.repeat(chart(24, 30)[..., 1:2], 300, axis=2)
    for split in ("", "2"):
        write_image(tmp_path / f"a{split}" / "x.npy", image)
        write_image(tmp_path / f"b{split}" / "x.png", image[..., :3])
    folders = {"folder_a": tmp_path / "a", "folder_b": tmp_path / "b", "kind_a": "bands"}

    splits = build_small(**folders, test_folder_a=tmp_path / "a2", test_folder_b=tmp_path / "b2")

    assert splits.test is not None
    for pair in (*(splits.train[Draw(epoch, 0)] for epoch in range(4)), splits.test[0]):
        torch.testing.assert_close(pair.a, pair.b[:1].expand(300, -1, -1))


def test_grey_is_the_brightness_of_a_colour_file(tmp_path: Path) -> None:
    folder = tmp_path / "train"
    half = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    write_image(folder / "x.png", np.concatenate([half, half], axis=1))

    pair = build_small(folder=tmp_path, kind_b="grey").train[Draw(0, 0)]

    torch.testing.assert_close(pair.b, torch.full((1, 16, 16), 2 * 0.299 - 1))


def test_held_out_pairs_that_are_not_resized_are_shown_as_training_sees_them(
    tmp_path: Path,
) -> None:
    for split in ("train", "test"):
        for domain in "AB":
            write_image(tmp_path / f"{split}{domain}" / "x.png", noise_image(40, 50, seed=3))
    photo = torch.from_numpy(noise_image(40, 50, seed=3)).movedim(-1, 0) / 127.5 - 1

    piece = build_small(folder=tmp_path, resize="none").test
    shrunk = build_small(folder=tmp_path).test

    assert piece is not None
    assert shrunk is not None
    for image, other in zip(piece[0], shrunk[0], strict=True):
        torch.testing.assert_close(image, photo[:, 12:28, 17:33])
        assert other.std() < 0.8 * image.std()  # noise averages out when images shrink


def test_a_class_that_only_the_test_maps_hold_is_known(tmp_path: Path) -> None:
    for split, level in (("train", 0), ("test", 9)):
        write_image(tmp_path / f"{split}A" / "x.png", np.full((16, 16, 1), level, np.uint8))
        write_image(tmp_path / f"{split}B" / "x.png", noise_image(16, 16))

    splits = build_small(folder=tmp_path, kind_a="labels")

    assert splits.encodings["a"].classes == ((0, 0, 0), (9, 9, 9))
    assert splits.test is not None
    assert torch.equal(splits.test[0].a[1], torch.ones(16, 16))
