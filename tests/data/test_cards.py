from pathlib import Path

import pytest

from translate.data.cards import prepare, read_card
from translate.errors import ConfigError

CARD = "{title: Scenes, licence: MIT, scenes: {side_px: 24, train: 2, test: 1}}"


def test_a_data_set_is_drawn_once(tmp_path: Path) -> None:
    (tmp_path / "scenes.yaml").write_text(CARD)
    folder = tmp_path / "scenes"

    card = prepare(folder)
    drawn = {file: file.stat().st_mtime_ns for file in folder.rglob("*.png")}
    prepare(folder)

    assert card is not None
    assert card.licence == "MIT"
    assert len(drawn) == 2 + 2 + 1 + 1
    assert drawn == {file: file.stat().st_mtime_ns for file in folder.rglob("*.png")}


@pytest.mark.parametrize("content", ["- a list", "a: [", "", "training: {epochs: 5}"])
def test_what_lies_beside_photos_and_is_no_card_is_left_alone(tmp_path: Path, content: str) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos.yaml").write_text(content)

    assert read_card(tmp_path / "photos") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{title: x, license: MIT}", "license: unknown key. Did you mean 'licence'"),
        ("{title: x, licence: MIT, scenes: {train: 0}}", "scenes.train: must be greater than"),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_card_that_is_needed_and_wrong_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "scenes.yaml").write_text(content)

    with pytest.raises(ConfigError, match=f"(?s)scenes.yaml.*{message}"):
        read_card(tmp_path / "scenes")


@pytest.mark.parametrize("folder", [".", "/", "nowhere"])
def test_a_folder_may_have_no_card(folder: str) -> None:
    assert prepare(Path(folder)) is None
