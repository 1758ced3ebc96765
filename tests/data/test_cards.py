from pathlib import Path

import pytest

from translate.config import read_yaml
from translate.data.cards import (
    LAYOUT_FOLDERS,
    all_cards,
    find_card,
    how_to_get,
    prepare,
    read_card,
)
from translate.data.unpaired import Settings, problems
from translate.errors import ConfigError, DataError

CARDS = Path(__file__).parents[2] / "datasets"

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


@pytest.mark.parametrize(
    "content", ["- a list", "a: [", "", "training: {epochs: 5}", "{authors: me, layout: paired}"]
)
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
        ("{title: x, licence: y, layout: cube}", "layout: must be 'unpaired' or 'paired'"),
        (
            "{title: x, licence: y, layout: paired, scenes: {}, download: {address: http://h/a.zip}}",
            "exclude each other",
        ),
        ("{title: x, licence: y, download: {address: http://h/a.zip}}", "layout is missing"),
        ("{title: x, licence: y, download: {address: ftp://h/a.zip}}", "must be a web address"),
        ("{title: x, licence: y, download: {address: http://h/a b.zip}}", "must be a web address"),
        ("{title: x, licence: y, download: {address: http://u@h/a.zip}}", "must be a web address"),
        ("{title: x, licence: y, download: {address: http://h/a.rar}}", "must end in one of .zip"),
        (
            "{title: x, licence: y, download: {address: http://h/a.zip, sha256: abc}}",
            "download.sha256: must match",
        ),
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


@pytest.mark.parametrize("file", sorted(CARDS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_card_says_what_somebody_must_know_before_using_it(file: Path) -> None:
    card = find_card(file.stem, CARDS)

    assert card.title
    assert card.licence
    if card.scenes is None:
        assert card.authors
        assert card.page
        assert read_yaml(file)["layout"] in LAYOUT_FOLDERS
    if card.download is not None:
        assert card.download.size_bytes or card.download.about_mb
        assert f"licence: {card.licence}" in card.in_words(file.stem)
        assert card.download.address in card.in_words(file.stem)


def test_the_public_sets_of_both_papers_are_here() -> None:
    downloads = {name for name, card in all_cards(CARDS).items() if card.download}

    assert downloads >= {
        *("facades", "maps", "edges2shoes", "edges2handbags", "night2day"),
        *("horse2zebra", "apple2orange", "summer2winter_yosemite", "iphone2dslr_flower"),
        *("monet2photo", "vangogh2photo", "cezanne2photo", "ukiyoe2photo", "ae_photos"),
    }


def test_a_missing_data_set_tells_the_command_that_fetches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CARDS.parent)
    (tmp_path / "toys.yaml").write_text(
        "{title: x, licence: y, layout: unpaired, download: {address: http://h/a.zip}}"
    )

    here, elsewhere = how_to_get(Path("datasets/ae_photos")), how_to_get(tmp_path / "toys")

    assert here is not None
    assert here.endswith("python scripts/download_dataset.py ae_photos")
    assert elsewhere is not None
    assert elsewhere.endswith(f"download_dataset.py toys --datasets {tmp_path}")
    [trouble] = problems(Settings(folder=tmp_path / "toys"))
    assert trouble == ("data.folder", f"{tmp_path / 'toys'}: {elsewhere}")


def test_what_cannot_be_fetched_tells_where_to_ask(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("{title: x, licence: y, page: https://example.org}")

    assert str(how_to_get(tmp_path / "x")).endswith("by hand: https://example.org")


@pytest.mark.parametrize("name", ["no_card", "drawn", "there"])
def test_of_other_folders_there_is_nothing_to_tell(tmp_path: Path, name: str) -> None:
    (tmp_path / "drawn.yaml").write_text(CARD)
    (tmp_path / "there.yaml").write_text("{title: x, licence: y, page: https://example.org}")
    (tmp_path / "there").mkdir()

    assert how_to_get(tmp_path / name) is None


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{tmp_path}: expected a folder of data set cards"):
        all_cards(tmp_path)


def test_a_name_near_a_card_is_suggested() -> None:
    with pytest.raises(DataError, match=r"no card facade.yaml .* Did you mean 'facades'"):
        find_card("facade", CARDS)
