import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.evaluation_toys import TinyEye
from tests.pair_toys import build_small, write_set
from tests.toys import NoisePairs, noise, write_data_set, write_photos
from translate.bundle.weights import sha256_of
from translate.data import Draw
from translate.evaluation.feature_cache import FeatureCache
from translate.evidence.photos import JudgedPhotos, photos_of_folder, photos_of_run
from translate.evidence.remembering import Remembering, digest_of
from translate.images import Encoding

PHOTOS = {"a": Encoding(), "b": Encoding()}
GREY = {"a": Encoding(), "b": Encoding(kind="grey", channels=1)}


def photos(folder: Path, side_px: int = 16, encodings: Any = PHOTOS, **more: Any) -> JudgedPhotos:
    return photos_of_folder(folder, encodings, side_px, more.get("is_paired"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_data_set(tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "f.sqlite"


def features(judged: JudgedPhotos, file: Path, eye: TinyEye, domain: str = "a") -> Tensor:
    with FeatureCache(file) as cache:
        return Remembering(judged, cache, eye).features(judged.items(domain, 99), domain)


def looks(judged: JudgedPhotos, file: Path, name: str = "tiny eye", domain: str = "a") -> int:
    """How many photos must be looked at."""
    eye = TinyEye(name)
    features(judged, file, eye, domain)
    return eye.seen


def test_features_are_those_of_the_photos_each_looked_at_once(folder: Path, file: Path) -> None:
    judged, eye = photos(folder), TinyEye()

    cold, warm = features(judged, file, eye), features(judged, file, eye)

    expected = TinyEye()(torch.stack([judged.test[i].a for i in range(4)]))
    torch.testing.assert_close(cold, expected)
    assert torch.equal(cold, warm)
    assert eye.seen == 4


def test_the_same_contents_are_known_whatever_they_are_called(
    folder: Path, file: Path, tmp_path: Path
) -> None:
    looks(photos(folder), file)
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    for photo in (moved / "testA").iterdir():
        photo.rename(photo.with_name(f"renamed {photo.name}"))

    assert looks(photos(moved), file) == 0
    assert looks(photos(folder), file, domain="b") == 4


@pytest.mark.parametrize(
    "change",
    ["contents", "side", "encoding", "extractor", "half"],
)
def test_another_view_of_the_contents_is_looked_at(folder: Path, file: Path, change: str) -> None:
    looks(photos(folder), file)
    side, encodings, name, more = 16, PHOTOS, "tiny eye", {}
    if change == "contents":
        shutil.rmtree(folder / "testA")
        write_photos(folder / "testA", seed=77)
    elif change == "side":
        side = 17
    elif change == "encoding":
        encodings = {"a": GREY["b"], "b": GREY["a"]}
    elif change == "extractor":
        name = "other eye"
    else:
        more = {"is_paired": True}

    assert looks(photos(folder, side, encodings, **more), file, name) == 4


def test_both_halves_of_a_file_are_known_apart(tmp_path: Path, file: Path) -> None:
    write_photos(tmp_path / "test", side_px=64)
    judged = photos(tmp_path)

    first, second = (features(judged, file, TinyEye(), domain) for domain in "ab")

    assert not torch.equal(first, second)
    assert torch.equal(features(judged, file, TinyEye(), "b"), second)


def test_pieces_that_are_cut_out_are_not_taken_for_whole_photos(tmp_path: Path, file: Path) -> None:
    """A run may look at photos without resizing them: at another view of the same side."""
    write_set(tmp_path / "data")
    runs = [
        photos_of_run(build_small(folder=tmp_path / "data", resize=how, load_px=18))
        for how in ("shorter_side", "none")
    ]

    seen = []
    for judged in runs:
        assert judged is not None
        seen.append(features(judged, file, TinyEye()))

    assert not torch.equal(*seen)


def test_what_somebody_saw_already_is_not_looked_at_again(folder: Path, file: Path) -> None:
    judged, eye = photos(folder), TinyEye()
    with FeatureCache(file) as cache:
        known = Remembering(judged, cache, eye)
        known.note([0, 2], "a", torch.tensor([[1.0], [3.0]]))

        assert known.features([2, 0], "a").tolist() == [[3.0], [1.0]]

    assert eye.seen == 0
    with FeatureCache(file) as cache:
        assert Remembering(judged, cache, eye).features([0], "a").tolist() == [[1.0]]


def test_without_a_cache_nobody_looks_twice_either(folder: Path) -> None:
    eye = TinyEye()
    known = Remembering(photos(folder), FeatureCache(None), eye)

    known.features([0, 1], "b")
    known.features([1, 0, 2], "b")

    assert eye.seen == 3


def test_images_without_files_are_looked_at_a_few_at_a_time_in_order() -> None:
    eye = TinyEye()
    known = Remembering(photos_without_files(), FeatureCache(None), eye)
    images = [noise(1, 3, 12, 10 + i // 5, seed=i) for i in range(13)]

    found = known.of_images(iter(images))

    torch.testing.assert_close(found, torch.cat([TinyEye()(image) for image in images]))
    assert len(known.of_images(iter(()))) == 0


class Noise(NoisePairs):
    def __getitem__(self, draw: Any) -> Any:
        return super().__getitem__(Draw(0, draw))


def photos_without_files(count: int = 3) -> JudgedPhotos:
    return JudgedPhotos(Noise(count), True, PHOTOS, 16, None, "noise")


def test_photos_are_told_from_others_by_what_they_hold(folder: Path, tmp_path: Path) -> None:
    digest = digest_of(photos(folder), 99)
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied)

    assert digest_of(photos(copied), 99) == digest
    assert digest_of(photos(copied), 3) != digest  # not all of them
    (copied / "testA").rename(copied / "x")
    (copied / "testB").rename(copied / "testA")
    (copied / "x").rename(copied / "testB")
    assert digest_of(photos(copied), 99) != digest
    first = next((folder / "testB").iterdir())
    first.write_bytes(first.read_bytes() + b"\0")
    assert digest_of(photos(folder), 99) != digest


def test_images_without_files_are_told_by_their_pixels() -> None:
    digest = digest_of(photos_without_files(), 99)

    assert digest == digest_of(photos_without_files(), 99)
    assert len(digest) == 16
    assert digest != digest_of(photos_without_files(4), 99)


def test_the_digest_of_contents_is_their_sha_256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")

    assert sha256_of(tmp_path / "x").startswith("ba7816bf8f01cfea414140de5dae2223")
