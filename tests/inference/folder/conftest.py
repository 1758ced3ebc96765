from pathlib import Path

import pytest


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where translations go; not there yet."""
    return tmp_path / "out"
