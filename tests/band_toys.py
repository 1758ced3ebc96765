"""What tests of files with many bands have in common."""

from pathlib import Path

import pytest

from translate.errors import DataError
from translate.images import find_fault, open_bands


def refusal(file: Path) -> str:
    """Why a file is refused, once both doors have agreed."""
    fault = find_fault(file, kind="bands")
    with pytest.raises(DataError) as caught:
        open_bands(file)
    assert str(caught.value) == f"{file}: {fault}. Mend the file or remove it."
    return str(fault)
