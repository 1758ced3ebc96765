import math
from pathlib import Path

import pytest

from tests.evaluation_toys import (
    KEPT,
    NEARNESS,
    SETS,
    bundle_of,
    drawn,
    instruments,
    measures,
    photos,
    unchanging,
    ways,
)
from tests.pair_toys import noise_image, write_image
from translate.evaluation import sets
from translate.evidence.evaluate import evaluate
from translate.images import Encoding


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of the time would go into how sure FID is."""
    monkeypatch.setattr(sets, "FRECHET_RESAMPLES", 5)


GREY = Encoding(kind="grey", channels=1)
LABELS = Encoding(kind="labels", channels=2, classes=((0, 0, 0), (9, 9, 9)))
BANDS = Encoding(kind="bands", channels=5)


def write_domain(folder: Path, encoding: Encoding, seed: int) -> None:
    """Write four images of what a domain is made of."""
    from translate.images import save_bands

    folder.mkdir(parents=True)
    for i in range(4):
        image = noise_image(24, 24, channels=5, seed=seed + i)
        if encoding.kind == "bands":
            save_bands(image, folder / f"{i}.npy")
        elif encoding.kind == "labels":
            write_image(folder / f"{i}.png", (image[..., :1] // 128 * 9).repeat(3, axis=2))
        else:
            write_image(folder / f"{i}.png", image[..., :3].copy())


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (GREY, GREY, SETS | KEPT | NEARNESS),
        (LABELS, Encoding(), SETS | KEPT | NEARNESS),
        (Encoding(), LABELS, KEPT | NEARNESS),
        (BANDS, BANDS, {"l1", "psnr", "ssim"}),
        (BANDS, Encoding(), SETS | NEARNESS),
        (BANDS, GREY, SETS | NEARNESS),
        (GREY, BANDS, {"l1", "psnr", "ssim"}),
    ],
    ids=lambda value: value.kind if isinstance(value, Encoding) else "",
)
def test_domains_of_all_kinds_are_measured_as_far_as_that_means_something(
    tmp_path: Path, source: Encoding, target: Encoding, expected: set[str]
) -> None:
    encodings = {"a": source, "b": target}
    for seed, name in enumerate(("trainA", "trainB", "testA", "testB")):
        write_domain(tmp_path / name, encodings["a" if name.endswith("A") else "b"], 10 * seed)
    generator = drawn(source.channels, target.channels)
    bundle = bundle_of(encodings, a_to_b=generator)

    found = evaluate(bundle, photos(tmp_path, True, encodings), instruments())

    assert measures(found, "translation") == expected
    baselines = {"colour transfer", "input unchanged"} & set(ways(found))
    assert bool(baselines) is ("bands" not in (source.kind, target.kind))
    assert all(math.isfinite(row.value) for row in found.rows)


def test_of_greys_the_nearness_is_that_of_the_only_channel(tmp_path: Path) -> None:
    encodings = {"a": GREY, "b": GREY}
    for name, level in {"testA": 100, "testB": 151}.items():
        for i in range(2):
            flat = (noise_image(16, 16) * 0 + level).astype("uint8")
            write_image(tmp_path / name / f"{i}.png", flat)
    bundle = bundle_of(encodings, a_to_b=unchanging(1))

    found = evaluate(bundle, photos(tmp_path, True, encodings), instruments())

    assert found.get("a_to_b", "translation", "l1").value == pytest.approx(0.2, abs=1e-6)
