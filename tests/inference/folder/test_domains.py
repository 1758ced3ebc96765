"""Folders of greys, label maps and bands, and several samples of each photo."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from tests.folder_toys import files_in
from translate.bundle import Bundle
from translate.errors import DataError, TranslateError
from translate.images import Encoding, open_photo
from translate.inference.folder import translate_folder
from translate.inference.translator import Translator

PHOTO, GREY = Encoding(), Encoding(kind="grey", channels=1)
NUMBERS = Encoding(kind="labels", channels=3, classes=((0, 0, 0), (1, 1, 1), (9, 9, 9)))
DEEP_NUMBERS = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (700, 700, 700)))
BANDS = Encoding(kind="bands", channels=5)
DEEP_BANDS = Encoding(kind="bands", channels=5, depth=16)
RANDOM = np.random.default_rng(0)

Between = Callable[[Encoding, Encoding], Translator]


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    return tmp_path / "in"


@pytest.fixture
def paper(chancy: Bundle) -> Translator:
    return Translator(chancy, device="cpu")


def test_photos_become_grey_with_their_depth_and_alpha(
    source: Path, target: Path, between: Between
) -> None:
    Image.fromarray(noise(9, 13, 3)).save(source / "a.jpg")
    cv2.imwrite(str(source / "deep" / "b.png"), noise(9, 13, 4, dtype=np.uint16))

    translate_folder(source, target, between(PHOTO, GREY))

    with Image.open(target / "a.jpg") as flat:
        assert (flat.mode, flat.size) == ("L", (13, 9))
    before, after = open_photo(source / "deep" / "b.png"), open_photo(target / "deep" / "b.png")
    assert after.pixels.dtype == np.uint16
    assert (after.pixels % 257 != 0).any()  # not 8 bits stretched
    assert (np.ptp(after.pixels, axis=2) == 0).all()
    assert np.array_equal(after.alpha, before.alpha)  # type: ignore[arg-type]


def test_colour_files_given_to_a_grey_domain_become_grey(
    source: Path, target: Path, between: Between
) -> None:
    pixels = noise(9, 13, 3)
    Image.fromarray(pixels).save(source / "a.png")
    translator = between(GREY, PHOTO)

    translate_folder(source, target, translator)

    with Image.open(target / "a.png") as written:
        assert np.array_equal(np.asarray(written), translator(pixels))


def test_label_maps_become_photos(source: Path, target: Path, between: Between) -> None:
    numbers = np.array([0, 1, 9], np.uint8)[RANDOM.integers(0, 3, (9, 13))]
    Image.fromarray(numbers).save(source / "map.png")
    Image.fromarray(numbers + 1).save(source / "strange.png")
    translator = between(NUMBERS, PHOTO)

    report = translate_folder(source, target, translator)

    with Image.open(target / "map.png") as written:
        assert np.array_equal(np.asarray(written), translator(numbers))
    assert report.done == ["map.png"]
    assert "which is none of the 3 classes" in report.failed[0].reason


@pytest.mark.parametrize(
    ("labels", "dtype", "suffix"),
    [(NUMBERS, np.uint8, ".bmp"), (DEEP_NUMBERS, np.uint16, ".png")],
)
def test_photos_become_label_maps_of_known_classes_in_files_that_hold_them(
    source: Path, target: Path, between: Between, labels: Encoding, dtype: type, suffix: str
) -> None:
    for name in ("a.jpg", "b.TIF", "c.bmp"):
        Image.fromarray(noise(9, 13, 3)).save(source / name)

    translate_folder(source, target, between(PHOTO, labels))

    assert files_in(target) == ["a.png", "b.TIF", f"c{suffix}"]
    for file in (target / name for name in files_in(target)):
        numbers = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        assert numbers.dtype == dtype
        assert set(np.unique(numbers)) <= {colour[0] for colour in labels.classes}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bands_become_bands_as_deep_as_they_were(
    source: Path, target: Path, between: Between, dtype: type
) -> None:
    pixels = noise(9, 13, 5, dtype=dtype)
    np.save(source / "array.npy", pixels)
    tifffile.imwrite(
        source / "deep" / "bands.tif", pixels, photometric="minisblack", planarconfig="contig"
    )
    (source / "notes.txt").touch()
    translator = between(BANDS, BANDS)

    report = translate_folder(source, target, translator)

    assert report.done == ["array.npy", "deep/bands.tif"]
    assert report.ignored == [("notes.txt", "not a photo")]
    expected = translator(pixels)
    assert expected.dtype == dtype
    array, tiff = np.load(target / "array.npy"), tifffile.imread(target / "deep" / "bands.tif")
    assert np.array_equal(array, tiff)
    # They shared a call of the network, which may round another way.
    assert np.abs(array.astype(int) - expected).max() <= 1


def test_what_was_learned_from_sixteen_bits_is_written_with_them(
    source: Path, target: Path, between: Between
) -> None:
    Image.fromarray(noise(9, 13, 3)).save(source / "a.jpg")
    Image.fromarray(noise(9, 13, 4)).save(source / "b.png")
    heights = between(PHOTO, Encoding(kind="grey", channels=1, depth=16))

    translate_folder(source, target / "grey", heights)
    translate_folder(source, target / "bands", between(PHOTO, DEEP_BANDS))

    assert files_in(target) == ["bands/a.tif", "bands/b.tif", "grey/a.png", "grey/b.png"]
    for name in ("a.png", "b.png"):
        pixels = open_photo(target / "grey" / name).pixels
        assert pixels.dtype == np.uint16
        assert (pixels % 257 != 0).any()  # not 8 bits stretched
    before, after = open_photo(source / "b.png"), open_photo(target / "grey" / "b.png")
    assert np.array_equal(after.alpha, before.alpha * np.uint16(257))  # type: ignore[arg-type,operator]
    assert tifffile.imread(target / "bands" / "a.tif").dtype == np.uint16
    with pytest.raises(DataError, match=r"grey \(16 bits\) is not written as '\.jpg'\. Name it x"):
        translate_folder(source / "a.jpg", target / "x.jpg", heights)


def test_bands_become_photos_and_photos_bands(source: Path, target: Path, between: Between) -> None:
    np.save(source / "a.npy", noise(9, 13, 5, dtype=np.uint16))

    translate_folder(source, target, between(BANDS, PHOTO))
    translate_folder(target, target.parent / "back", between(PHOTO, BANDS))

    assert open_photo(target / "a.png").pixels.dtype == np.uint16
    back = tifffile.imread(target.parent / "back" / "a.tif")
    assert (back.shape, back.dtype) == ((9, 13, 5), np.uint16)


def test_arrays_are_photos_only_where_bands_are_wanted(
    source: Path, target: Path, between: Between
) -> None:
    np.save(source / "a.npy", noise(9, 13, 3))

    with pytest.raises(DataError, match=r"holds no photos \(\.jpg .* \.gif\)"):
        translate_folder(source, target, between(PHOTO, BANDS))


def test_images_with_other_bands_fail_and_the_rest_goes_on(
    source: Path, target: Path, between: Between
) -> None:
    np.save(source / "four.npy", noise(9, 13, 4))
    np.save(source / "five.npy", noise(9, 13, 5))

    report = translate_folder(source, target, between(BANDS, PHOTO))

    assert report.done == ["five.npy"]
    assert "has 4 bands, expected 5" in report.failed[0].reason


def test_two_photos_that_would_become_one_file_are_refused_before_anything_is_written(
    source: Path, target: Path, between: Between
) -> None:
    for name in ("a.jpg", "a.png", "b.jpg"):
        Image.fromarray(noise(9, 13, 3)).save(source / name)

    with pytest.raises(DataError) as caught:
        translate_folder(source, target, between(PHOTO, NUMBERS), overwrite=True)

    assert str(caught.value) == (
        f"{target / 'a.png'}: would be the translation of both a.jpg and a.png, and nothing was "
        "translated. Rename one of them."
    )
    assert not target.exists()


def test_the_name_of_one_output_must_be_able_to_hold_it(
    source: Path, target: Path, between: Between
) -> None:
    Image.fromarray(noise(9, 13, 3)).save(source / "a.jpg")
    translator = between(PHOTO, NUMBERS)

    with pytest.raises(DataError, match=r"labels \(8 bits\) is not written as '\.jpg'\. Name it x"):
        translate_folder(source / "a.jpg", target / "x.jpg", translator)
    translate_folder(source / "a.jpg", target / "x.png", translator)
    translate_folder(source / "a.jpg", target, translator)

    assert files_in(target) == ["a.png", "x.png"]


def test_samples_are_numbered_and_the_same_for_the_same_seed(
    source: Path, target: Path, paper: Translator
) -> None:
    pixels = noise(9, 13, 3)
    Image.fromarray(pixels).save(source / "a.png")
    Image.fromarray(pixels).save(source / "deep" / "b c.PNG")

    report = translate_folder(source, target, paper, samples=2, seed=7)

    assert report.done == ["a.png", "deep/b c.PNG"]
    assert files_in(target) == ["a_1.png", "a_2.png", "deep/b c_1.PNG", "deep/b c_2.PNG"]
    for name in ("a_{}.png", "deep/b c_{}.PNG"):
        for i, expected in enumerate(paper(pixels, samples=2, seed=7), start=1):
            with Image.open(target / name.format(i)) as written:
                assert np.array_equal(np.asarray(written), expected)


def test_without_samples_names_are_kept_and_the_seed_still_chooses(
    source: Path, target: Path, paper: Translator
) -> None:
    pixels = noise(9, 13, 3)
    Image.fromarray(pixels).save(source / "a.png")

    translate_folder(source, target, paper, seed=5)

    with Image.open(target / "a.png") as written:
        assert np.array_equal(np.asarray(written), paper(pixels, seed=5))


def test_one_photo_to_a_name_gives_numbered_names(
    source: Path, target: Path, paper: Translator
) -> None:
    Image.fromarray(noise(9, 13, 3)).save(source / "a.png")

    translate_folder(source / "a.png", target / "x.jpg", paper, samples=1)
    translate_folder(source / "a.png", target, paper, samples=2)

    assert files_in(target) == ["a_1.png", "a_2.png", "x_1.jpg"]


def test_a_sample_never_takes_the_place_of_a_photo_or_of_what_is_there(
    source: Path, target: Path, paper: Translator
) -> None:
    inside = source.parent / "in" / "in"  # the target's own "in/x_1.png" is a photo of the source
    inside.mkdir()
    Image.fromarray(noise(9, 13, 3)).save(inside / "x.png")
    Image.fromarray(noise(9, 13, 3)).save(source / "x_1.png")

    with pytest.raises(DataError, match=r"in/x_1\.png: would replace the photo itself"):
        translate_folder(source, source.parent, paper, overwrite=True, samples=2)
    target.mkdir()
    (target / "x_1_2.png").touch()
    with pytest.raises(DataError, match=r"x_1_2\.png: already there, and nothing was translated"):
        translate_folder(source, target, paper, samples=2)

    assert files_in(target) == ["x_1_2.png"]


def test_samples_that_cannot_be_had_stop_everything_before_it_starts(
    source: Path, target: Path, translator: Translator
) -> None:
    Image.fromarray(noise(9, 13, 3)).save(source / "a.png")

    with pytest.raises(TranslateError, match="2 samples were asked for"):
        translate_folder(source, target, translator, samples=2)
    with pytest.raises(TranslateError, match="at least 1 sample"):
        translate_folder(source, target, translator, samples=0)

    assert not target.exists()


def test_samples_of_a_folder_do_not_depend_on_its_other_photos(
    source: Path, target: Path, paper: Translator
) -> None:
    Image.fromarray(noise(9, 13, 3)).save(source / "b.png")
    translate_folder(source, target / "alone", paper, samples=2)
    Image.fromarray(noise(70, 13, 3)).save(source / "a.png")
    torch.manual_seed(5)
    translate_folder(source, target / "together", paper, samples=2)

    for name in ("b_1.png", "b_2.png"):
        alone, together = ((target / f / name).read_bytes() for f in ("alone", "together"))
        assert alone == together
