from pathlib import Path

import pytest

from tests.pair_toys import LOOKED_AT, NAMES, build_small, small, write_noise, write_set
from translate.data import Draw, Splits
from translate.data.paired import PairedSettings, problems
from translate.errors import DataError


def files_of(splits: Splits) -> list[Path]:
    return [file for pair in splits.train.pairs for file in pair]  # type: ignore[attr-defined]


def keys(chosen: PairedSettings) -> list[str]:
    return [problem.key for problem in problems(chosen)]


def message(chosen: PairedSettings) -> str:
    [problem] = problems(chosen)
    return problem.message


def test_folders_of_each_domain_may_hold_the_splits(tmp_path: Path) -> None:
    for domain in "AB":
        write_noise(tmp_path / domain / "train", NAMES)
        write_noise(tmp_path / domain / "val", LOOKED_AT)

    splits = build_small(folder=tmp_path)

    assert {file.parent for file in files_of(splits)} == {
        tmp_path / "A" / "train",
        tmp_path / "B" / "train",
    }
    assert splits.test is not None
    assert splits.test.names == ["8", "9"]  # type: ignore[attr-defined]


def test_val_is_looked_at_where_there_is_no_test(tmp_path: Path) -> None:
    write_noise(tmp_path / "train", NAMES, width=40)
    write_noise(tmp_path / "val", LOOKED_AT, width=40)
    val = build_small(folder=tmp_path).test
    write_noise(tmp_path / "test", ["7.png"], width=40)
    test = build_small(folder=tmp_path).test

    assert val is not None
    assert test is not None
    assert val.names == LOOKED_AT  # type: ignore[attr-defined]
    assert test.names == ["7.png"]  # type: ignore[attr-defined]


def test_any_four_folders_will_do(tmp_path: Path) -> None:
    folder = write_set(tmp_path)

    splits = build_small(
        folder=folder / "ignored",
        folder_a=folder / "trainB",
        folder_b=folder / "trainA",
        test_folder_a=folder / "testB",
        test_folder_b=folder / "testA",
    )

    assert files_of(splits)[0] == folder / "trainB" / "0.png"
    assert splits.test is not None


def test_test_folders_named_apart_win_over_those_of_the_common_folder(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set")
    own = {key: write_noise(tmp_path / key, ["own.png"]) for key in ("a", "b")}

    test = build_small(folder=folder, test_folder_a=own["a"], test_folder_b=own["b"]).test

    assert test is not None
    assert test.names == ["own"]  # type: ignore[attr-defined]


def test_without_test_folders_there_is_no_test_set(tmp_path: Path) -> None:
    folder = write_set(tmp_path)

    splits = build_small(folder_a=folder / "trainA", folder_b=folder / "trainB")

    assert splits.test is None
    assert not splits.test_is_paired
    assert splits.report.endswith("none held out")


def test_what_is_left_out_is_reported(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    (folder / "trainA" / "0.png").write_bytes(b"")
    (folder / "testB" / "9.png").unlink()

    splits = build_small(folder=folder, skip_bad_files=True, domain_a="maps", domain_b="photos")

    assert splits.report.splitlines() == [
        "3 pairs of maps and photos to learn from, 1 held out",
        "left out:",
        "  cannot be used (1):",
        f"    {folder}/trainA/0.png: is empty (0 bytes)",
        "left out:",
        f"  only in {folder}/testA, without a partner in {folder}/testB (1):",
        "    9.png",
    ]


def test_the_fingerprint_follows_from_names_and_contents_not_from_the_place(tmp_path: Path) -> None:
    first, second = (build_small(folder=write_set(tmp_path / name)) for name in ("x", "y"))
    write_noise(tmp_path / "y" / "trainB", NAMES[:1], width=25, seed=7)
    write_noise(tmp_path / "y" / "trainA", NAMES[:1], width=25, seed=7)
    changed = build_small(folder=tmp_path / "y")

    assert first.fingerprint == second.fingerprint
    assert changed.fingerprint != first.fingerprint


def test_no_folder_at_all_is_told_for_both_domains() -> None:
    advice = "Name a folder of images, or set data.folder to one that holds the pairs."

    assert problems(PairedSettings()) == [
        (f"data.folder_{domain}", f"missing. {advice}") for domain in "ab"
    ]


def test_one_folder_alone_says_that_the_common_one_does_not_count(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    chosen = small(folder=folder, folder_a=folder / "trainA")

    assert keys(chosen) == ["data.folder_b"]
    assert "where one is named by itself, data.folder is not looked at" in message(chosen)


def test_every_absent_folder_is_told_under_its_key(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    chosen = small(
        folder_a=folder / "x", folder_b=folder / "trainB", test_folder_b=folder / "testB"
    )

    assert keys(chosen) == ["data.folder_a", "data.test_folder_a"]


def test_a_missing_test_folder_is_told_beside_a_common_folder(tmp_path: Path) -> None:
    folder = write_set(tmp_path)

    assert keys(small(folder=folder, test_folder_b=folder / "testB")) == ["data.test_folder_a"]


@pytest.mark.parametrize("split", ["", "test_"])
def test_one_folder_for_both_domains_is_refused(tmp_path: Path, split: str) -> None:
    folder = write_set(tmp_path)
    own = {"folder_a": folder / "trainA", "folder_b": folder / "trainB"}
    same_twice = {f"{split}folder_{domain}": folder / "testA" for domain in "ab"}
    chosen = small(**(own | same_twice))

    assert keys(chosen) == [f"data.{split}folder_b"]
    assert message(chosen).startswith(f"{folder}/testA: the same folder as data.{split}folder_a")
    assert "two images side by side set data.folder alone" in message(chosen)


def test_pairs_to_look_at_are_not_learned_from(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    inside = write_noise(folder / "trainB" / "more", LOOKED_AT)
    chosen = small(
        folder_a=folder / "trainA",
        folder_b=folder / "trainB",
        test_folder_a=folder / "testA",
        test_folder_b=inside,
    )

    assert keys(chosen) == ["data.test_folder_b"]
    assert message(chosen).startswith(f"{inside}: lies in {folder}/trainB or holds it, so images")


def test_a_test_folder_among_the_files_to_learn_from_is_refused(tmp_path: Path) -> None:
    write_noise(tmp_path, NAMES, width=40)
    write_noise(tmp_path / "test", LOOKED_AT, width=40)

    [problem] = problems(small(folder=tmp_path))

    assert problem == (
        "data.folder",
        f"{tmp_path}: holds test, but no train. Put the missing images there.",
    )


def test_half_a_set_is_told(tmp_path: Path) -> None:
    write_noise(tmp_path / "trainA", NAMES)

    assert message(small(folder=tmp_path)).startswith(f"{tmp_path}: holds trainA, but no trainB")


def test_a_folder_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    folder = tmp_path / "pairs"
    assert message(small(folder=folder)).startswith(
        f"{folder}: there is no such folder; {tmp_path}"
    )
    card = tmp_path / "pairs.yaml"

    card.write_text(
        "{title: x, licence: y, layout: paired, download: {address: 'http://host/x.zip'}}"
    )
    assert "is not there yet. Download it: python scripts/" in message(small(folder=folder))

    scenes = "{side_px: 24, train: 2, test: 1, paired: true}"
    card.write_text(f"{{title: x, licence: y, scenes: {scenes}}}")
    assert problems(small(folder=folder)) == []
    assert len(build_small(folder=folder).train) == 2  # type: ignore[arg-type]


def test_building_tells_all_that_is_wrong_with_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^data\.folder_a: .*no such folder.*\ndata\.folder_b: "):
        build_small(folder_a=tmp_path / "x", folder_b=tmp_path / "y")


def test_an_image_that_breaks_after_the_scan_is_named_when_drawn(tmp_path: Path) -> None:
    folder = write_set(tmp_path)
    train = build_small(folder=folder).train
    (folder / "trainB" / "0.png").write_bytes(b"")

    with pytest.raises(DataError, match=r"trainB/0\.png: "):
        train[Draw(0, 0)]
