import pytest

from translate.errors import DataError
from translate.images import Encoding
from translate.inference.folder.naming import Naming

PHOTO = Encoding()
LABELS = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (9, 9, 9)))


@pytest.mark.parametrize(
    ("name", "wishes", "output"),
    [
        ("x/a.JPG", {}, "x/a.JPG"),
        ("x/a.b.png", {"suffix": "_night"}, "x/a.b_night.png"),
        ("a.JPEG", {"format": "jpg"}, "a.JPEG"),
        ("a.png", {"format": "jpg"}, "a.jpg"),
        ("a.tif", {"format": "tiff"}, "a.tif"),
        ("a.bmp", {"format": "tiff", "suffix": " 2"}, "a 2.tif"),
        ("a.gif", {}, "a.png"),
    ],
)
def test_outputs_are_named_like_their_photos(
    name: str, wishes: dict[str, str], output: str
) -> None:
    assert Naming(PHOTO, **wishes).outputs_of(name) == (output,)  # type: ignore[arg-type]


def test_samples_are_numbered_behind_the_suffix() -> None:
    naming = Naming(PHOTO, suffix="_night", samples=2)

    assert naming.outputs_of("x/a.png") == ("x/a_night_1.png", "x/a_night_2.png")


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"format": "bmp"}, "there is no format 'bmp' to write. Choose one of jpg, png, webp"),
        ({"suffix": "/../x"}, "would lead to another folder"),
        ({"suffix": "x" * 300}, "it has 300 letters, more than any file's name may have"),
        (
            {"made_of": LABELS, "format": "jpg"},
            r"labels \(8 bits\) is not written as '.jpg'. .* png",
        ),
    ],
)
def test_what_cannot_be_named_is_refused(wishes: dict[str, object], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Naming(**{"made_of": PHOTO, **wishes})  # type: ignore[arg-type]
