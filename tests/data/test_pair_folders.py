from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.data.pair_folders import ARRANGEMENTS, SPLITS, find_disorder, find_places


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).mkdir(parents=True)
    return folder


def places_in(folder: Path) -> list[list[str]]:
    """Name the folders of both splits, as they lie in `folder`."""
    return [
        [one.relative_to(folder).as_posix() for one in folders or ()]
        for folders in find_places(folder)
    ]


@pytest.mark.parametrize(
    ("names", "train", "test"),
    [
        (["train"], ["train", "train"], []),
        (["train", "test", "val"], ["train", "train"], ["test", "test"]),
        (["train", "val"], ["train", "train"], ["val", "val"]),
        (["trainA", "trainB"], ["trainA", "trainB"], []),
        (["trainA", "trainB", "testA", "testB"], ["trainA", "trainB"], ["testA", "testB"]),
        (["trainA", "trainB", "valA", "valB"], ["trainA", "trainB"], ["valA", "valB"]),
        (["A/train", "B/train"], ["A/train", "B/train"], []),
        (["A/train", "B/train", "A/val", "B/val"], ["A/train", "B/train"], ["A/val", "B/val"]),
        (
            ["A/train", "B/train", "A/test", "B/test", "A/val"],
            ["A/train", "B/train"],
            ["A/test", "B/test"],
        ),
        (["cats", "dogs"], [".", "."], []),
    ],
)
def test_every_arrangement_is_found(
    tmp_path: Path, names: list[str], train: list[str], test: list[str]
) -> None:
    folder = make(tmp_path, *names)

    assert find_disorder(folder, has_own_test=False) is None
    assert places_in(folder) == [train, test]


@settings(deadline=None, max_examples=60)
@given(
    st.sets(
        st.sampled_from(
            [name for one in ARRANGEMENTS for s in SPLITS for name in (one.a, one.b, s)]
        ),
        max_size=4,
    ),
    st.data(),
)
def test_what_is_in_order_has_all_its_folders(
    tmp_path_factory: pytest.TempPathFactory, patterns: set[str], data: st.DataObject
) -> None:
    splits = [data.draw(st.sampled_from(SPLITS)) for _ in patterns]
    folder = make(
        tmp_path_factory.mktemp("set"),
        *{pattern.format(split) for pattern, split in zip(patterns, splits, strict=True)},
    )

    if find_disorder(folder, has_own_test=False) is None:
        places = find_places(folder)
        assert all(one.is_dir() for folders in places if folders for one in folders)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["train", "trainA", "trainB"],
            "holds pairs in several arrangements (train as well as trainA, trainB), so it is "
            "not known which are meant. Move some elsewhere, or name data.folder_a and "
            "data.folder_b.",
        ),
        (
            ["A/train", "B/train", "test"],
            "holds pairs in several arrangements (test as well as A/train, B/train), so it is "
            "not known which are meant. Move some elsewhere, or name data.folder_a and "
            "data.folder_b.",
        ),
        (["trainA"], "holds trainA, but no trainB. Put the missing images there."),
        (["B/train", "A"], "holds B/train, but no A/train. Put the missing images there."),
        (
            ["trainA", "trainB", "testB"],
            "holds trainA, trainB, testB, but no testA. Put the missing images there.",
        ),
        (["test", "val"], "holds test, val, but no train. Put the missing images there."),
        (["testA", "testB"], "holds testA, testB, but no trainA and no trainB. Put the missing"),
    ],
)
def test_disorder_is_told_with_what_is_there(
    tmp_path: Path, names: list[str], message: str
) -> None:
    told = find_disorder(make(tmp_path, *names), has_own_test=False)

    assert told is not None
    assert told.startswith(f"{tmp_path}: {message}")


@pytest.mark.parametrize(
    ("names", "right"),
    [(["Test", "Train"], "test, train"), (["TRAINA", "cats", "trainb"], "trainA, trainB")],
)
def test_splits_in_capitals_are_not_passed_over(
    tmp_path: Path, names: list[str], right: str
) -> None:
    told = find_disorder(make(tmp_path, *names), has_own_test=False)

    wrong = ", ".join(name for name in names if name != "cats")
    assert told == f"{tmp_path}: holds {wrong}. Rename to {right}."


def test_half_a_test_set_does_not_matter_where_another_is_named(tmp_path: Path) -> None:
    folder = make(tmp_path, "trainA", "trainB", "testA")

    assert find_disorder(folder, has_own_test=True) is None
    assert find_disorder(folder, has_own_test=False) is not None
