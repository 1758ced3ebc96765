"""The pages' examples run, in their order, as a reader would type them."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.bundle import Bundle, save_bundle
from translate.networks import ResNetGenerator

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def as_after_the_sample_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the examples find: the sample's bundle, one photo, and a folder of them."""
    monkeypatch.chdir(tmp_path)
    domains = {"a": "summer", "b": "winter"}
    generators = {d: ResNetGenerator(base_channels=2, blocks=1) for d in ("a_to_b", "b_to_a")}
    save_bundle(
        Bundle("cyclegan", domains, generators, training_side_px=64),
        Path("runs/cyclegan_sample/bundle"),
    )
    random = np.random.default_rng(0)
    (tmp_path / "photos/holiday").mkdir(parents=True)
    for name in ("photo.jpg", "photos/one.jpg", "photos/holiday/two.jpg"):
        pixels = random.integers(0, 255, (120, 161, 3), np.uint8)
        Image.fromarray(pixels).save(name)
    Path("photos/one.txt").write_text("0 0.5 0.5 0.1 0.1")


@pytest.mark.usefixtures("as_after_the_sample_run")
def test_every_python_example_of_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall((ROOT / "docs/python.md").read_text())
    names: dict[str, object] = {}

    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)  # noqa: S102 - our own page

    assert len(blocks) >= 8
    printed = capsys.readouterr().out
    assert "missing.jpg: there is no such file" in printed
    assert "2 0 " in printed  # the report: both done, none skipped
    assert sorted(p.name for p in Path("night").rglob("*_night.*")) == [
        *("one_night.jpg", "one_night.txt", "two_night.jpg")
    ]
    assert Path("winter.png").exists()
    assert Path("one_winter.png").exists()
