"""Formats that an installation may lack: AVIF, and HEIC, which takes the extra `heif`."""

from PIL import Image, features

from translate.images.faults import UnfitError

HEIF_SUFFIXES = (".heic", ".heif")
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
CONTAINERS = {b"mif1", b"msf1"}  # of any codec; then the compatible brands tell which
AVIF_BRANDS = {b"avif", b"avis"}
START = 64  # bytes: the brands of all but odd files

NO_AVIF = (
    "is an AVIF, which this installation of Pillow was built without. Run 'pip install --upgrade "
    "pillow'"
)
NO_HEIF = "is a HEIC, which takes an extra package. Run 'pip install photo-translate[heif]'"


def find_plugin(start: bytes) -> str | None:
    """Name the optional format a file is of, ready to be used; None: of none of them.

    Args:
        start: The file's first `START` bytes.

    Raises:
        UnfitError: The installation lacks it.
    """
    if start[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(start[:4]), len(start))
    brands = {start[8:12], *(start[i : i + 4] for i in range(16, end - 3, 4))}
    if brands & AVIF_BRANDS:
        expect_avif()
        return "AVIF"
    if brands & (HEIF_BRANDS | CONTAINERS):
        expect_heif()
        return "HEIF"
    return None


def expect_avif() -> None:
    """See that AVIF can be read and written.

    Raises:
        UnfitError: Pillow was built without it.
    """
    if not features.check("avif"):
        raise UnfitError(NO_AVIF)


def expect_heif() -> None:
    """Make HEIC known to Pillow, when the first is met: loading the codec takes a while.

    Raises:
        UnfitError: The package is not installed.
    """
    try:
        import pillow_heif  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UnfitError(NO_HEIF) from error
    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener()
