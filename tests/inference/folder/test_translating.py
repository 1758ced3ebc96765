"""A folder in, the same folder out; what is wrong with one photo stays with it."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.folder_toys import (
    Inverter,
    colour_of,
    draw,
    every_file_in,
    files_in,
)
from translate.errors import DataError
from translate.images import open_photo, set_pixel_limit
from translate.images.limits import DEFAULT_PIXEL_LIMIT
from translate.inference.folder import Ignored, Progress, reading, translate_folder
from translate.inference.translator import Translator

NAMES = ["a.jpg", "b c/d.PNG", "b c/e.webp", "❄️/día 1.tiff", "❄️/x/y.bmp"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in NAMES:
        draw(tmp_path / "in" / name)
    return tmp_path / "in"


def test_mirrors_names_formats_and_sizes(source: Path, target: Path) -> None:
    report = translate_folder(source, target / "deep", Inverter())

    assert (report.done, report.failed, report.is_complete) == (NAMES, [], True)
    assert files_in(target / "deep") == NAMES
    for name in NAMES:
        with Image.open(source / name) as before, Image.open(target / "deep" / name) as after:
            assert (after.format, after.size) == (before.format, before.size)


def test_writes_what_the_translator_gives(
    source: Path, target: Path, translator: Translator
) -> None:
    # Not of one colour: norms would blow up what is left of rounding, and show nothing else.
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(noise).save(source / "b c/d.PNG")

    translate_folder(source, target, translator)

    expected = translator(source / "b c/d.PNG")
    with Image.open(target / "b c/d.PNG") as written:
        assert np.array_equal(np.asarray(written), np.asarray(expected))


def test_formats_and_suffixes_are_changed_on_demand(source: Path, target: Path) -> None:
    report = translate_folder(source, target, Inverter(), format="jpg", quality=80, suffix="_night")

    assert report.done == NAMES
    assert files_in(target) == [
        "a_night.jpg",
        "b c/d_night.jpg",
        "b c/e_night.jpg",
        "❄️/día 1_night.jpg",
        "❄️/x/y_night.jpg",
    ]
    with Image.open(target / "b c/d_night.jpg") as image:
        assert image.format == "JPEG"


def test_a_lower_quality_takes_fewer_bytes(source: Path, target: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(source / "a.jpg", quality=95)

    for quality in (95, 50):
        translate_folder(source, target / str(quality), Inverter(), quality=quality)

    sizes = [(target / quality / "a.jpg").stat().st_size for quality in ("95", "50")]
    assert sizes[1] < sizes[0] / 2


def test_bad_photos_get_a_line_and_never_stop_the_rest(source: Path, target: Path) -> None:
    (source / "cut.jpg").write_bytes((source / "a.jpg").read_bytes()[:-60])
    (source / "text.jpg").write_text("not an image at all")
    (source / "empty.png").touch()
    (source / "gone.jpg").symlink_to("nowhere.jpg")

    report = translate_folder(source, target, Inverter())

    assert report.done == NAMES
    assert [failure.file for failure in report.failed] == [
        "cut.jpg",
        "empty.png",
        "gone.jpg",
        "text.jpg",
    ]
    assert "is cut short" in report.failed[0].reason
    assert "no such file" in report.failed[2].reason
    assert report.failed[3].reason.startswith("is not an image")
    assert files_in(target) == NAMES
    assert not report.is_complete


def test_a_bomb_is_refused_and_the_limit_can_be_moved(source: Path, target: Path) -> None:
    draw(source / "bomb.png", size=(200, 100))
    try:
        set_pixel_limit(10_000)
        report = translate_folder(source, target, Inverter())
        set_pixel_limit(20_000)
        again = translate_folder(source, target, Inverter())
    finally:
        set_pixel_limit(DEFAULT_PIXEL_LIMIT)

    assert [failure.file for failure in report.failed] == ["bomb.png"]
    assert "pixels" in report.failed[0].reason
    assert again.done == ["bomb.png"]


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_extreme_shapes_come_back(
    tmp_path: Path, target: Path, translator: Translator, size: tuple[int, int]
) -> None:
    draw(tmp_path / "in" / "a.png", size=size)

    assert translate_folder(tmp_path / "in", target, translator).done == ["a.png"]
    with Image.open(target / "a.png") as image:
        assert image.size == size


ODD_NAMES = [
    " spaces  .png",
    "new\nline.png",
    "'quotes\".png",
    "🌃.png",
    "x" * 246 + ".png",
    "back\\slash.png",
    os.fsdecode(b"latin \xe9.png"),
]


def test_every_name_a_disk_takes_comes_back_and_is_known_again(
    tmp_path: Path, target: Path
) -> None:
    for name in ODD_NAMES:
        draw(tmp_path / "in" / name)

    report = translate_folder(tmp_path / "in", target, Inverter())
    again = translate_folder(tmp_path / "in", target, Inverter())

    assert sorted(report.done) == sorted(ODD_NAMES) == files_in(target)
    assert sorted(again.skipped) == sorted(ODD_NAMES)
    assert type(report).from_json(report.to_json()) == report


def test_a_name_too_long_for_its_suffix_fails_alone(source: Path, target: Path) -> None:
    draw(source / ("x" * 250 + ".png"))

    report = translate_folder(source, target, Inverter(), suffix="_night")

    assert len(report.done) == 5
    assert "File name too long" in report.failed[0].reason


def test_a_fault_of_ours_is_recorded_with_its_kind(source: Path, target: Path) -> None:
    class Clumsy(Inverter):
        def outcomes(self, *arguments, **more):  # type: ignore[no-untyped-def]
            for number, outcome in enumerate(super().outcomes(*arguments, **more)):
                yield RuntimeError("no memory") if number == 0 else outcome

    report = translate_folder(source, target, Clumsy())

    assert report.failed == [("a.jpg", "RuntimeError: no memory")]
    assert len(report.done) == 4


def test_a_photo_that_grows_while_it_is_read_is_read_again(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, white = reading.open_source, draw(source.parent / "white.png", "white").read_bytes()
    calls: list[str] = []

    def grow(file: Path, encoding):  # type: ignore[no-untyped-def]
        photo = opening(file, encoding)
        if file.name == "d.PNG":
            calls.append(file.name)
            if len(calls) == 1:
                file.write_bytes(white)
        elif file.name == "a.jpg":
            file.write_bytes(file.read_bytes() + b"more")
        return photo

    monkeypatch.setattr(reading, "open_source", grow)
    report = translate_folder(source, target, Inverter())

    assert report.failed == [("a.jpg", "changed while it was read. Run again when it is complete.")]
    assert colour_of(target / "b c/d.PNG") == (0, 0, 0)


def test_a_photo_that_vanishes_after_the_scan_fails_alone(source: Path, target: Path) -> None:
    report = translate_folder(
        source, target, Inverter(ahead=1), lambda step: (source / NAMES[4]).unlink(True), threads=1
    )

    assert report.done + [f.file for f in report.failed] == NAMES


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_photo_fails_alone(source: Path, target: Path) -> None:
    (source / "a.jpg").chmod(0)

    report = translate_folder(source, target, Inverter())

    assert "permission denied" in report.failed[0].reason


def test_what_is_no_photo_is_named_and_left(source: Path, target: Path) -> None:
    (source / "notes.txt").write_text("hello")
    (source / "._a.jpg").write_text("a Mac's shadow of a.jpg")
    draw(source / ".trash" / "old.jpg")
    os.mkfifo(source / "pipe.jpg")

    report = translate_folder(source, target, Inverter())

    assert report.ignored == [
        Ignored("._a.jpg", "hidden"),
        Ignored(".trash", "hidden"),
        Ignored("notes.txt", "not a photo"),
        Ignored("pipe.jpg", "not a photo"),
    ]
    assert report.is_complete
    assert files_in(target) == NAMES


def test_camera_raw_without_a_developed_photo_beside_it_did_not_come_back(
    source: Path, target: Path
) -> None:
    (source / "A.NEF").touch()  # beside a.jpg
    (source / "z.cr2").touch()

    report = translate_folder(source, target, Inverter())

    assert [ignored.file for ignored in report.ignored] == ["A.NEF"]
    assert [failure.file for failure in report.failed] == ["z.cr2"]
    assert "develop it first" in report.failed[0].reason


def test_links_are_followed_but_never_in_circles(source: Path, target: Path) -> None:
    draw(source.parent / "elsewhere" / "z.png")
    (source / "linked").symlink_to(source.parent / "elsewhere")
    (source / "❄️" / "circle").symlink_to(source)
    (source / "self").symlink_to("self")
    (source / "results").symlink_to(target)
    target.mkdir()

    report = translate_folder(source, target, Inverter())

    assert "linked/z.png" in report.done
    assert len(report.done) == len(NAMES) + 1
    assert {ignored.file for ignored in report.ignored} == {"❄️/circle", "self", "results"}


def test_frames_and_what_a_format_has_no_place_for_are_noted(tmp_path: Path, target: Path) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue", "lime")]
    (tmp_path / "in").mkdir()
    frames[0].save(tmp_path / "in" / "moving.webp", save_all=True, append_images=frames[1:])
    Image.new("RGBA", (9, 9), (1, 2, 3, 99)).save(tmp_path / "in" / "clear.png")

    report = translate_folder(tmp_path / "in", target, Inverter(), format="jpg")

    assert report.notes == [
        ("clear.png", "transparency: lost, for a .jpg has no place for it"),
        ("moving.webp", "the first of 3 frames"),
    ]


def test_alpha_and_sixteen_bits_are_kept(
    tmp_path: Path, target: Path, translator: Translator
) -> None:
    import cv2

    deep = np.random.default_rng(0).integers(0, 2**16, (9, 13, 4), np.uint16)
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "deep.png"), deep)

    translate_folder(tmp_path / "in", target, translator)

    after = open_photo(target / "deep.png")
    assert after.pixels.dtype == np.uint16
    assert np.array_equal(after.alpha, deep[..., 3])  # type: ignore[arg-type]
    assert (after.pixels % 257 != 0).any()  # not 8 bits stretched


def test_progress_counts_every_photo_failed_or_not(source: Path, target: Path) -> None:
    (source / "aa.jpg").write_text("broken")
    seen: list[Progress] = []

    translate_folder(source, target, Inverter(), seen.append)

    assert [step[:3] for step in seen[:2]] == [(1, 6, "a.jpg"), (2, 6, "aa.jpg")]
    assert len(seen) == 6
    assert seen[-1].megapixels == pytest.approx(5 * 13 * 9 / 1e6)


@pytest.mark.parametrize(
    ("output", "written"), [("out", "out/a.jpg"), ("out/x.png", "out/x.png"), ("in", None)]
)
def test_one_photo_goes_into_a_folder_or_to_a_name_and_leaves_no_manifest(
    source: Path, output: str, written: str | None
) -> None:
    photo, root = source / "a.jpg", source.parent
    if written is None:
        with pytest.raises(DataError, match="would replace the photo itself"):
            translate_folder(photo, root / output, Inverter(), overwrite=True)
    else:
        report = translate_folder(photo, root / output, Inverter())
        assert report.done == ["a.jpg"]
        assert every_file_in(root / "out") == [Path(written).name]
        with pytest.raises(DataError, match="already there"):
            translate_folder(photo, root / output, Inverter())


def test_one_photo_may_be_translated_beside_itself(source: Path) -> None:
    translate_folder(source / "a.jpg", source, Inverter(), suffix="_night")

    assert (source / "a_night.jpg").exists()


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"copy_sidecars": ["*.txt"]}, "is one photo, but copy_sidecars is for folders"),
        ({"watch": True}, "is one photo, but watch is for folders"),
        ({"format": "png"}, "nothing that format and suffix could name"),
    ],
)
def test_wishes_for_folders_are_refused_for_one_file(
    source: Path, wish: dict[str, object], told: str
) -> None:
    with pytest.raises(DataError, match=told):
        translate_folder(source / "a.jpg", source.parent / "x.jpg", Inverter(), **wish)  # type: ignore[arg-type]


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(source: Path, target: Path) -> None:
    report = translate_folder(source, target, Inverter(), dry_run=True)

    assert (report.planned, report.done) == (NAMES, [])
    sizes = {name: (source / name).stat().st_size for name in NAMES}
    expected = sum(size * (1.5 if name.endswith(".jpg") else 1) for name, size in sizes.items())
    assert report.estimated_bytes == round(expected)
    assert not target.exists()
    translate_folder(source, target, Inverter())
    (source / "a.jpg").unlink()
    draw(source / "new.jpg")
    before = every_file_in(target)
    report = translate_folder(source, target, Inverter(), dry_run=True)
    assert (report.planned, report.skipped) == (["new.jpg"], NAMES[1:])
    assert every_file_in(target) == before


def test_samples_are_numbered(source: Path, target: Path) -> None:
    shutil.rmtree(source / "❄️")

    report = translate_folder(source, target, Inverter(), samples=2)

    assert report.done == NAMES[:3]
    assert files_in(target) == [
        *("a_1.jpg", "a_2.jpg", "b c/d_1.PNG", "b c/d_2.PNG", "b c/e_1.webp", "b c/e_2.webp")
    ]
    assert translate_folder(source, target, Inverter(), samples=2).skipped == NAMES[:3]
