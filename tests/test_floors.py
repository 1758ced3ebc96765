"""The house stands: a room leans only on floors below it, and datasets/ is no package."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = [
    {"errors", "interrupt", "machine", "printing", "processes", "version"},
    {"heartbeat"},
    {"config"},
    {"images"},
    {"augmentation", "losses", "networks", "pages", "penalty", "phase", "pool"},
    {"bundle"},
    {"data", "methods", "inference", "evaluation", "interop"},
    {"doctor", "training"},
    {"evidence"},
    {"recipe"},
    {"cli", "benchmark", "__init__"},
    {"__main__"},
]
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted((ROOT / "translate").rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(ROOT / "translate").parts[0].removesuffix(".py")


def imported_rooms(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide which room is meant"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (n.split(".")[1] for n in names if n.startswith("translate."))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_rooms_lean_only_on_floors_below(file: Path) -> None:
    room = room_of(file)
    for other in imported_rooms(file):
        assert other == room or LEVEL[other] < LEVEL[room], f"{file} leans up on {other}"


def test_every_room_has_a_floor() -> None:
    assert {room_of(file) for file in FILES} == set(LEVEL)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_no_file_outgrows_the_house(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 300


@pytest.mark.parametrize("file", sorted((ROOT / "scripts").glob("*.py")), ids=lambda f: f.name)
def test_doors_are_thin(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 60


def test_datasets_is_data_and_never_a_package() -> None:
    assert not list((ROOT / "datasets").glob("*.py"))
