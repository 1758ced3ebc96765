"""What lies in a run's folder, read as it is: nothing in it is trusted, anything may be missing.

A page about a run is made from its folder alone, which may be unfinished, of an older version, or
have come from somebody else.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from translate.config import Values, read_yaml
from translate.errors import ConfigError, TrainingError
from translate.evidence.journal_lines import JournalLines, read_lines
from translate.training.environment import ENVIRONMENT, read_environment
from translate.training.run_folder import RECIPE
from translate.training.samples import find_grids

BUNDLES = ("bundle", "bundle_best")  # of the last step, and of the best measurement
JOURNAL = "journal.jsonl"
MOST_SETTINGS = 10_000  # a recipe has some 60
LARGEST_TEXT = 50_000_000  # bytes; a model.json is a few thousand


@dataclass(frozen=True)
class RunFiles:
    """A run, as far as its folder tells of it.

    Attributes:
        name: What people call it: the folder's name.
        recipe: Every setting, by block; empty where the file is missing or cannot be read.
        models: Name of a bundle -> what its model.json says.
        grids, scores: Epoch -> picture, in order.
        environment: What `note_environment` noted.
        evaluations: Name of the file without ending -> what it holds.
        faults: Sentences about what could not be read.
    """

    folder: Path
    name: str
    recipe: Values
    journal: JournalLines
    models: Mapping[str, Mapping[str, Any]]
    grids: Mapping[int, Path]
    scores: Mapping[int, Path]
    environment: Mapping[str, Any]
    evaluations: Mapping[str, Mapping[str, Any]]
    faults: list[str] = field(default_factory=list)

    def setting(self, key: str) -> Any:
        """Look a setting up, such as `training.epochs`; None where it is not known."""
        value: Any = self.recipe
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def count(self, key: str, default: int) -> int:
        """Look a setting up that is a number above 0."""
        value = self.setting(key)
        return value if type(value) is int and value > 0 else default

    def domain(self, letter: str) -> str:
        """Say what people call a domain: `summer`."""
        return str(self.setting(f"data.domain_{letter}") or letter)

    def direction(self, way: str) -> str:
        """Say what a direction does: `summer to winter`; of what is none, itself."""
        source, _, target = way.partition("_to_")
        return f"{self.domain(source)} to {self.domain(target)}" if target else way

    @property
    def model(self) -> Mapping[str, Any]:
        """What the bundle of the last step says, or that of the best, or nothing."""
        return next((self.models[name] for name in BUNDLES if name in self.models), {})


def open_run(folder: Path) -> RunFiles:
    """Read a run's folder.

    Raises:
        TrainingError: It is none: there is neither a recipe nor a journal in it.
    """
    if not any((folder / name).is_file() for name in (RECIPE, JOURNAL)):
        what = "is no folder" if not folder.is_dir() else f"holds neither {RECIPE} nor {JOURNAL}"
        raise TrainingError(
            f"{folder}: is no run: it {what}. Name the folder that a training left behind, such "
            "as runs/cyclegan_sample."
        )
    faults: list[str] = []
    journal = read_lines(folder / JOURNAL)
    if journal.unreadable:
        faults.append(f"{JOURNAL}: {journal.unreadable} of its lines cannot be read.")
    return RunFiles(
        folder,
        folder.resolve().name,
        _read_recipe(folder / RECIPE, faults),
        journal,
        dict(_read_all({name: folder / name / "model.json" for name in BUNDLES}, faults)),
        find_grids(folder),
        find_grids(folder, of_scores=True),
        read_environment(folder / ENVIRONMENT),
        dict(_read_all({f.stem: f for f in sorted(folder.glob("evaluation*.json"))}, faults)),
        faults,
    )


def _read_recipe(file: Path, faults: list[str]) -> Values:
    try:
        values = read_yaml(file)
    except ConfigError as error:
        faults.append(str(error))
        return {}
    if not _is_modest(values):
        faults.append(f"{file}: holds far more than a recipe does, and is left out.")
        return {}
    return values


def _is_modest(values: Any) -> bool:
    """Say whether there are no more values than a page can show; YAML repeats by a word."""
    left, seen = [values], 0
    while left and seen <= MOST_SETTINGS:
        value = left.pop()
        seen += 1
        if isinstance(value, dict | list):
            left += value.values() if isinstance(value, dict) else value
    return not left


def _read_all(files: Mapping[str, Path], faults: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read JSON objects; what is not there is left out, what is none is told."""
    for name, file in files.items():
        if not file.is_file():
            continue
        try:
            if file.stat().st_size > LARGEST_TEXT:
                raise ValueError("it is far too large")
            values = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            faults.append(f"{file}: cannot be read ({error}).")
            continue
        if isinstance(values, dict):
            yield name, values
        else:
            faults.append(f"{file}: cannot be read (it holds no object).")
