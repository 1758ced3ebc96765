"""Recipes as small as they can be, and runs of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from accelerate.state import AcceleratorState, GradientState

from tests.toys import TINY_METHOD, TINY_TRAINING, write_data_set
from tests.trainer_toys import during
from translate.errors import TranslateError
from translate.recipe import Recipe, load_recipe
from translate.recipe.run import Result, run
from translate.training.state import find_damage, list_states

VIEWS = {"load_px": 20, "crop_px": 16, "test_px": 24, "test_is_paired": True}
RARELY = {"sample_every_epochs": 2, "validate_every_epochs": 2, "measure": "l1", "sample_photos": 1}
TRAINING: dict[str, Any] = (
    TINY_TRAINING | {"epochs": 4, "log_every_steps": 1, "save_every_steps": 2} | RARELY
)


def eight_steps(home: Path, **training: Any) -> Recipe:
    """Write a recipe of four epochs of two steps, and its photos beside it."""
    if not (home / "photos").exists():
        write_data_set(home / "photos")
    values = {
        "method": TINY_METHOD,
        "data": {"folder": str(home / "photos"), **VIEWS},
        "training": TRAINING | training,
    }
    (home / "tiny.yaml").write_text(yaml.safe_dump(values))
    return load_recipe(home / "tiny.yaml", {})


def start(home: Path, name: str, resume: str | None = None, **training: Any) -> Result:
    """Run it in a folder beside the photos; forget what Accelerate remembers of the one before."""
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return run(eight_steps(home, **training), home / name, resume)


def fails(
    home: Path, steps: int, act: Callable[[], object], resume: str | None = None, **training: Any
) -> TranslateError:
    """Let something happen during a step of a run in the folder `bad`; return how it ends."""
    with pytest.MonkeyPatch.context() as patch:
        during(patch, steps, act)
        with pytest.raises(TranslateError) as told:
            start(home, "bad", resume, **training)
    return told.value


def whole_states(home: Path) -> list[Path]:
    """The states in the folder `bad`, all of them whole."""
    found = list_states(home / "bad" / "state")
    assert [find_damage(state) for state in found] == [None] * len(found)
    return found


def go_on(home: Path, name: str, **training: Any) -> Result:
    return start(home, name, "latest", **training)
