"""However many photos there are, memory stays as it is."""

from pathlib import Path

import pytest

from tests.folder_toys import Inverter, draw
from translate.inference.folder import Progress, translate_folder
from translate.machine import resident_memory


def measure_memory(folder: Path, count: int, at: tuple[int, int]) -> tuple[int, int]:
    """Translate many tiny photos, and tell the resident bytes when so many were done."""
    content = draw(folder / "tiny.png", size=(8, 8)).read_bytes()
    for number in range(count):
        file = folder / "in" / f"{number // 1000:03d}" / f"{number:06d}.png"
        if number % 1000 == 0:
            file.parent.mkdir(parents=True)
        file.write_bytes(content)
    seen: dict[int, int] = {}

    def look(step: Progress) -> None:
        if step.finished in at:
            seen[step.finished] = resident_memory()

    report = translate_folder(folder / "in", folder / "out", Inverter(), look)
    assert len(report.done) == count
    return seen[at[0]], seen[at[1]]


@pytest.mark.slow
def test_memory_stays_flat_over_thousands_of_photos(tmp_path: Path) -> None:
    early, late = measure_memory(tmp_path, 5000, (1000, 5000))

    assert late < 1.02 * early
