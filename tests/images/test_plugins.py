import subprocess
import sys
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import features

from translate.errors import DataError
from translate.images import Photo, depth_of, encode_photo, find_fault, open_photo, save_photo
from translate.images.plugins import find_plugin

SMOOTH = np.linspace(40, 210, 32 * 24).reshape(32, 24, 1).repeat(3, axis=2).astype(np.uint8)
MESSAGES = {
    ".heic": "is a HEIC, which takes an extra package. Run 'pip install photo-translate[heif]'",
    ".avif": "is an AVIF, which this installation of Pillow was built without. Run 'pip install "
    "--upgrade pillow'",
}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without any optional format."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(features, "check", lambda _: False)


@pytest.mark.parametrize("suffix", MESSAGES)
def test_reading_a_format_that_is_not_installed_says_what_to_install(
    tmp_path: Path, request: pytest.FixtureRequest, suffix: str
) -> None:
    file = tmp_path / f"photo{suffix}"
    save_photo(Photo(SMOOTH), file)
    request.getfixturevalue("bare")

    assert find_fault(file) == MESSAGES[suffix]
    with pytest.raises(DataError) as caught:
        open_photo(file)
    assert str(caught.value).startswith(f"{file}: {MESSAGES[suffix]}")


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("suffix", MESSAGES)
def test_writing_a_format_that_is_not_installed_says_what_to_install(suffix: str) -> None:
    with pytest.raises(DataError) as caught:
        encode_photo(Photo(SMOOTH), suffix)

    assert MESSAGES[suffix] in str(caught.value)


def test_other_formats_need_no_plugin(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("bare")
    for suffix in (".jpg", ".png", ".webp", ".tif", ".bmp"):
        save_photo(Photo(SMOOTH), tmp_path / f"photo{suffix}")
        assert open_photo(tmp_path / f"photo{suffix}").pixels.shape == SMOOTH.shape


def start(major: bytes, *compatible: bytes) -> bytes:
    return (
        (16 + 4 * len(compatible)).to_bytes(4) + b"ftyp" + major + b"\0" * 4 + b"".join(compatible)
    )


@pytest.mark.parametrize(
    ("head", "plugin"),
    [
        (start(b"heic", b"mif1", b"heic"), "HEIF"),
        (start(b"mif1", b"heic"), "HEIF"),
        (start(b"mif1", b"miaf", b"avif"), "AVIF"),
        (start(b"avis", b"msf1", b"avif"), "AVIF"),
        (start(b"isom", b"mp42"), None),  # a video
        (b"\xff\xd8\xff\xe0", None),
        (b"\0\0\0\x18ftyp", None),
    ],
)
def test_brands_tell_the_format(head: bytes, plugin: str | None) -> None:
    assert find_plugin(head) == plugin


def test_the_content_counts_not_the_suffix(tmp_path: Path) -> None:
    for suffix in MESSAGES:
        save_photo(Photo(SMOOTH), tmp_path / f"photo{suffix}")
        (tmp_path / f"photo{suffix}").rename(tmp_path / "photo.jpg")
        pixels = open_photo(tmp_path / "photo.jpg").pixels.astype(int)
        assert np.abs(pixels - SMOOTH).max() <= 6


@pytest.mark.parametrize("suffix", MESSAGES)
def test_alpha_and_size_are_kept(tmp_path: Path, suffix: str) -> None:
    alpha = SMOOTH[..., 0]

    save_photo(Photo(SMOOTH[:31, :23], alpha[:31, :23]), tmp_path / f"photo{suffix}")

    back = open_photo(tmp_path / f"photo{suffix}")
    assert back.pixels.shape == (31, 23, 3)
    assert back.alpha is not None
    assert np.abs(back.alpha.astype(int) - alpha[:31, :23]).max() <= 6


def test_ten_bits_are_read_as_eight(tmp_path: Path) -> None:
    file = tmp_path / "deep.heic"
    deep = pillow_heif.from_bytes("RGB;16", (24, 32), (SMOOTH.astype(np.uint16) * 257).tobytes())
    deep.save(file, quality=100, chroma=444)

    pixels = open_photo(file).pixels

    assert depth_of(file) == 8
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - SMOOTH).max() <= 6


@pytest.mark.parametrize("suffix", MESSAGES)
@pytest.mark.parametrize("share", [0.9, 0.5, 0.1, 0.01])
def test_cut_short_is_refused_with_a_reason(tmp_path: Path, suffix: str, share: float) -> None:
    content = encode_photo(Photo(SMOOTH), suffix)
    (tmp_path / "photo").write_bytes(content[: int(share * len(content))])

    with pytest.raises(DataError, match=r"photo: is (cut short|damaged|not an image)"):
        open_photo(tmp_path / "photo")


def test_text_that_would_start_a_program_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")

    with pytest.raises(DataError, match=r"photo\.jpg: is not an image"):
        open_photo(tmp_path / "photo.jpg")


def test_the_codec_of_heic_is_loaded_only_when_it_is_needed(tmp_path: Path) -> None:
    save_photo(Photo(SMOOTH), tmp_path / "photo.heic")
    script = (
        "import sys; from pathlib import Path; from translate.images import open_photo; "
        "assert 'pillow_heif' not in sys.modules; print(open_photo(Path(sys.argv[1])).pixels.shape)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "photo.heic"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "(32, 24, 3)\n"
