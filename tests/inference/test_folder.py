import os
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pytest
from PIL import Image

from translate.errors import DataError
from translate.images import Photo, open_photo
from translate.inference import folder as folder_module
from translate.inference.folder import FolderReport, translate_folder
from translate.inference.translator import Translator

NAMES = ["a.jpg", "b c/d.PNG", "b c/e.webp", "❄️/día 1.tiff", "❄️/x/y.bmp"]


def draw(file: Path, size: tuple[int, int] = (13, 9), mode: str = "RGB") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, 99 if mode == "L" else "teal").save(file)
    return file


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in NAMES:
        draw(tmp_path / "in" / name)
    return tmp_path / "in"


def files_in(folder: Path) -> list[str]:
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def test_mirrors_names_formats_and_sizes(source: Path, translator: Translator) -> None:
    target = source.parent / "out" / "deep"

    report = translate_folder(source, target, translator)

    assert report == FolderReport(done=[Path(name) for name in NAMES])
    assert files_in(target) == NAMES
    for name in NAMES:
        with Image.open(source / name) as before, Image.open(target / name) as after:
            assert (after.format, after.size) == (before.format, before.size)


def test_writes_what_the_translator_gives(source: Path, translator: Translator) -> None:
    translate_folder(source, source.parent / "out", translator)

    expected = translator(source / "b c/d.PNG")
    with Image.open(source.parent / "out" / "b c/d.PNG") as written:
        assert np.array_equal(np.asarray(written), np.asarray(expected))


def test_keeps_alpha_and_sixteen_bits(tmp_path: Path, translator: Translator) -> None:
    deep = np.random.default_rng(0).integers(0, 2**16, (9, 13, 4), np.uint16)
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "deep.png"), deep)

    translate_folder(tmp_path / "in", tmp_path / "out", translator)

    after = cv2.imread(str(tmp_path / "out" / "deep.png"), cv2.IMREAD_UNCHANGED)
    assert (after.dtype, after.shape) == (np.uint16, (9, 13, 4))
    assert np.array_equal(after[..., 3], deep[..., 3])
    assert (after[..., :3] % 257 != 0).any()  # not 8 bits stretched


GREY = np.random.default_rng(0).integers(0, 256, (9, 13), np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (9, 13, 4), np.uint8)
UNUSUAL = {
    "cmyk.jpg": Image.fromarray(COLOURS, "CMYK"),
    "cmyk.tif": Image.fromarray(COLOURS, "CMYK"),
    "palette.png": Image.fromarray(COLOURS[..., :3]).quantize(16),
    "one bit.png": Image.fromarray(GREY).convert("1"),
    "grey with alpha.png": Image.fromarray(COLOURS[..., :2], "LA"),
    "alpha.png": Image.fromarray(COLOURS),
    "alpha.webp": Image.fromarray(COLOURS),
    "deep grey.png": GREY.astype(np.uint16) * 251,
    "deep grey.tif": GREY.astype(np.uint16) * 251,
    "deep.png": COLOURS[..., :3].astype(np.uint16) * 251,
    "deep.tif": COLOURS[..., :3].astype(np.uint16) * 251,
    "deep alpha.tif": COLOURS.astype(np.uint16) * 251,
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Pillow's, about naming a mode
@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_photos_keep_size_depth_and_alpha(
    tmp_path: Path, translator: Translator, name: str
) -> None:
    photo = UNUSUAL[name]
    (tmp_path / "in").mkdir()
    if isinstance(photo, Image.Image):
        photo.save(tmp_path / "in" / name)
    else:
        cv2.imwrite(str(tmp_path / "in" / name), photo)

    report = translate_folder(tmp_path / "in", tmp_path / "out", translator)

    assert report == FolderReport(done=[Path(name)])
    before, after = open_photo(tmp_path / "in" / name), open_photo(tmp_path / "out" / name)
    assert after.pixels.shape == (9, 13, 3)
    assert after.pixels.dtype == (np.uint16 if name.startswith("deep") else np.uint8)
    assert not np.array_equal(after.pixels, before.pixels)
    assert (after.alpha is not None) == ("alpha" in name)
    assert np.array_equal(after.alpha, before.alpha)  # type: ignore[arg-type]  # also None


def test_one_bad_photo_does_not_stop_the_rest(source: Path, translator: Translator) -> None:
    (source / "cut.jpg").write_bytes((source / "a.jpg").read_bytes()[:-60])
    (source / "text.jpg").write_text("not an image at all")
    (source / "empty.png").touch()
    (source / "gone.jpg").symlink_to("nowhere.jpg")

    report = translate_folder(source, source.parent / "out", translator)

    assert [str(file) for file in report.done] == NAMES
    assert [f.file.name for f in report.failed] == ["cut.jpg", "empty.png", "gone.jpg", "text.jpg"]
    assert "is cut short" in report.failed[0].reason
    assert "no such file" in report.failed[2].reason
    assert report.failed[3].reason.startswith("is not an image")
    assert files_in(source.parent / "out") == NAMES


def test_a_fault_of_ours_is_recorded_with_its_kind(source: Path, translator: Translator) -> None:
    answers = [RuntimeError("no memory"), *[[Photo(np.zeros((9, 13, 3), np.uint8))]] * 4]

    with mock.patch.object(Translator, "__call__", side_effect=answers):
        report = translate_folder(source, source.parent / "out", translator)

    assert report.failed == [(Path("a.jpg"), "RuntimeError: no memory")]
    assert len(report.done) == 4


def test_a_folder_that_fails_to_list_is_reported(
    source: Path, translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = Path.iterdir

    def refuse(self: Path):  # type: ignore[no-untyped-def]
        if self.name == "b c":
            raise PermissionError(13, "Permission denied")
        return listing(self)

    monkeypatch.setattr(Path, "iterdir", refuse)
    report = translate_folder(source, source.parent / "out", translator)

    assert report.failed == [(Path("b c"), "cannot be read (Permission denied)")]
    assert len(report.done) == 3


def test_what_is_no_photo_is_named_and_left(source: Path, translator: Translator) -> None:
    (source / "notes.txt").write_text("hello")
    (source / "._a.jpg").write_text("a Mac's shadow of a.jpg")
    draw(source / ".trash" / "old.jpg")
    os.mkfifo(source / "pipe.jpg")

    report = translate_folder(source, source.parent / "out", translator)

    assert [str(f) for f in report.ignored] == ["._a.jpg", ".trash", "notes.txt", "pipe.jpg"]
    assert files_in(source.parent / "out") == NAMES


def test_links_are_followed_but_never_in_circles(source: Path, translator: Translator) -> None:
    draw(source.parent / "elsewhere" / "z.png")
    (source / "linked").symlink_to(source.parent / "elsewhere")
    (source / "❄️" / "circle").symlink_to(source)
    (source / "self").symlink_to("self")
    (source / "results").symlink_to(source.parent / "out")
    (source.parent / "out").mkdir()

    report = translate_folder(source, source.parent / "out", translator)

    assert Path("linked/z.png") in report.done
    assert len(report.done) == len(NAMES) + 1
    assert set(report.ignored) == {Path("❄️/circle"), Path("self"), Path("results")}


def test_existing_outputs_stop_everything_before_it_starts(
    source: Path, translator: Translator
) -> None:
    before = draw(source.parent / "out" / "b c/d.PNG").read_bytes()

    with pytest.raises(DataError, match=r"d\.PNG: already there, and nothing was translated"):
        translate_folder(source, source.parent / "out", translator)

    assert files_in(source.parent / "out") == ["b c/d.PNG"]
    assert (
        len(translate_folder(source, source.parent / "out", translator, overwrite=True).done) == 5
    )
    assert (source.parent / "out" / "b c/d.PNG").read_bytes() != before


@pytest.mark.parametrize("target", [".", "new", "b c", "../in/x"])
def test_refuses_to_write_into_the_source(
    source: Path, translator: Translator, target: str
) -> None:
    with pytest.raises(DataError, match=r"lies in .* Choose a folder outside it"):
        translate_folder(source, source / target, translator, overwrite=True)


def test_a_link_to_the_source_is_the_source(source: Path, translator: Translator) -> None:
    (source.parent / "alias").symlink_to(source)

    with pytest.raises(DataError, match="lies in"):
        translate_folder(source, source.parent / "alias", translator, overwrite=True)


def test_inputs_are_never_replaced_not_even_through_links(
    tmp_path: Path, translator: Translator
) -> None:
    original = draw(tmp_path / "out" / "a.jpg")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").symlink_to(original)
    before = original.read_bytes()

    with pytest.raises(DataError, match="would replace the photo itself"):
        translate_folder(tmp_path / "in", tmp_path / "out", translator, overwrite=True)

    assert original.read_bytes() == before


def test_a_source_inside_the_target_is_fine_while_names_do_not_meet(
    tmp_path: Path, translator: Translator
) -> None:
    draw(tmp_path / "in" / "a.jpg")
    draw(tmp_path / "in" / "in" / "a.jpg")

    with pytest.raises(DataError, match="would replace the photo itself"):
        translate_folder(tmp_path / "in", tmp_path, translator, overwrite=True)
    (tmp_path / "in" / "in" / "a.jpg").rename(tmp_path / "in" / "in" / "b.jpg")
    translate_folder(tmp_path / "in", tmp_path, translator)

    assert files_in(tmp_path) == ["a.jpg", "in/a.jpg", "in/b.jpg", "in/in/b.jpg"]


def test_progress_counts_every_photo_failed_or_not(source: Path, translator: Translator) -> None:
    (source / "aa.jpg").write_text("broken")
    seen: list[tuple[int, int, Path]] = []

    translate_folder(source, source.parent / "out", translator, lambda *step: seen.append(step))

    assert seen[:2] == [(1, 6, Path("a.jpg")), (2, 6, Path("aa.jpg"))]
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("target", "written"), [("out", "out/a.jpg"), ("out/x.png", "out/x.png"), ("in", None)]
)
def test_one_photo_goes_into_a_folder_or_to_a_name(
    source: Path, translator: Translator, target: str, written: str | None
) -> None:
    if written is None:
        with pytest.raises(DataError, match="would replace the photo itself"):
            translate_folder(source / "a.jpg", source.parent / target, translator, overwrite=True)
    else:
        report = translate_folder(source / "a.jpg", source.parent / target, translator)
        assert report.done == [Path("a.jpg")]
        assert (source.parent / written).exists()


@pytest.mark.parametrize(("name", "told"), [("nowhere", "no such folder"), ("text", "no photos")])
def test_nothing_to_translate_is_an_error(
    tmp_path: Path, translator: Translator, name: str, told: str
) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").touch()

    with pytest.raises(DataError, match=told):
        translate_folder(tmp_path / name, tmp_path / "out", translator)


def test_a_file_cannot_be_the_target_of_a_folder(source: Path, translator: Translator) -> None:
    with pytest.raises(DataError, match="is a file, expected a folder"):
        translate_folder(source, source.parent / "in" / "a.jpg", translator)


def test_one_photo_is_in_memory_at_a_time(
    source: Path, translator: Translator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    opening, saving = folder_module.open_source, folder_module.save_photo
    monkeypatch.setattr(
        folder_module, "open_source", lambda f, e: (order.append("open"), opening(f, e))[1]
    )
    monkeypatch.setattr(
        folder_module, "save_photo", lambda p, f: (order.append("save"), saving(p, f))[1]
    )

    translate_folder(source, source.parent / "out", translator)

    assert order == ["open", "save"] * 5
