import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from tests.toys import noise, noise_splits, tiny_pix2pix, write_photos
from translate.bundle import INFERENCE_MODES, Bundle
from translate.bundle.schema import InferenceMode
from translate.data import Splits
from translate.data.held_out import HeldOutPhotos, match_in_turn
from translate.errors import ConfigError
from translate.evaluation.distances import kernel_distance
from translate.evaluation.features import FeatureExtractor
from translate.evaluation.pairs import mean_difference, ssim
from translate.images import Encoding, Pair
from translate.inference.translator import Translator
from translate.training import validating
from translate.training.validating import MEASURES, Validator

CPU = torch.device("cpu")
SAME = nn.Identity()
LABELS = Encoding(kind="labels", channels=2, classes=((255, 0, 0), (0, 0, 255)))
DROPPING = {"generator": {"name": "unet", "base_channels": 4, "depth": 6, "norm": "batch"}}


class Shift(nn.Module):
    """Make every photo brighter."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, photos: Tensor) -> Tensor:
        return photos + self.by


class Noise(nn.Module):
    """Answer with noise, whatever the photo."""

    def forward(self, photos: Tensor) -> Tensor:
        return torch.rand_like(photos) * 2 - 1


class Held(Dataset[Pair]):
    """Some pairs, and a note of which were opened."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.pairs = list(pairs)
        self.opened: list[int] = []

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        self.opened.append(index)
        return self.pairs[index]


class MeanColours:
    """See of photos no more than their mean colour: distances can then be worked out by hand."""

    def __init__(self, device: torch.device) -> None:
        self.seen = 0

    def __call__(self, photos: Tensor) -> Tensor:
        self.seen += len(photos)
        return photos.mean(dim=(2, 3))


@pytest.fixture
def _mean_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validating, "FeatureExtractor", MeanColours)


def shifted(count: int = 4, by: float = 0.2, side_px: int = 16) -> Held:
    """Noise and, as its exact answer, the same a little brighter."""
    photos = [noise(3, side_px, side_px, seed=i) * 0.5 for i in range(count)]
    return Held([Pair(photo, photo + by) for photo in photos])


def flat(*levels: tuple[float, float]) -> Held:
    return Held([Pair(torch.full((3, 8, 8), a), torch.full((3, 8, 8), b)) for a, b in levels])


def splits(test: Dataset[Pair] | None, is_paired: bool = True, **more: Any) -> Splits:
    return replace(noise_splits(), test=test, test_is_paired=is_paired, **more)


def validator(
    measure: str,
    test: Dataset[Pair] | None,
    is_paired: bool = True,
    most_photos: int = 100,
    mode: InferenceMode = "deterministic",
    **more: Any,
) -> Validator:
    return Validator(measure, splits(test, is_paired, **more), most_photos, CPU, mode)


def pix2pix_generator() -> nn.Module:
    """A generator with batch norm that has seen photos, and with dropout."""
    method = tiny_pix2pix(**DROPPING)
    generator = method.networks["generator"]
    for seed in range(3):
        generator(noise(2, 3, 64, 64, seed=seed) + 0.5)
    return generator


def test_l1_of_untouched_photos_is_their_difference_from_the_answer() -> None:
    measured = validator("l1", shifted(by=0.2))({"a_to_b": SAME})

    assert measured == pytest.approx(0.1)  # of white - black, which are 2 apart


def test_ssim_of_exact_answers_is_one_and_of_others_less() -> None:
    validate = validator("ssim", shifted(by=0.2))

    exact, untouched = (validate({"a_to_b": g}) for g in (Shift(0.2), SAME))

    assert exact == pytest.approx(1)
    assert untouched < 0.99


def test_the_number_is_the_mean_over_directions() -> None:
    generators = {"a_to_b": Shift(0.2), "b_to_a": SAME}

    assert validator("l1", shifted(by=0.2))(generators) == pytest.approx((0 + 0.1) / 2)


@pytest.mark.usefixtures("_mean_colours")
def test_kid_compares_translations_with_real_photos_of_the_target_as_sets() -> None:
    validate = validator("kid", flat((0, 1), (0, 1), (0, 1)), is_paired=False)

    # Features (0, 0, 0) and (1, 1, 1): their kernels are 1 with black and 8 within white.
    assert validate({"a_to_b": SAME}) == pytest.approx(1 + 8 - 2)
    assert validate({"a_to_b": Shift(1)}) == pytest.approx(0)
    assert validate({"a_to_b": Shift(1), "b_to_a": SAME}) == pytest.approx((0 + 7) / 2)


def test_kid_of_photos_of_the_same_kind_is_lower_than_of_noise(tmp_path: Path) -> None:
    files = (sorted(write_photos(tmp_path / n, 5, seed=i).iterdir()) for i, n in enumerate("ab"))
    photos = HeldOutPhotos(match_in_turn(*files), side_px=24)
    validate = validator("kid", photos, is_paired=False)

    untouched, noisy = (validate({"a_to_b": generator}) for generator in (SAME, Noise()))

    assert untouched < 0.1 * noisy


def test_a_photo_that_is_shown_again_counts_once(tmp_path: Path) -> None:
    counts = {"a": 5, "b": 2}
    folders = [write_photos(tmp_path / n, c, seed=c) for n, c in counts.items()]
    photos = HeldOutPhotos(match_in_turn(*(sorted(f.iterdir()) for f in folders)), side_px=24)
    validate = validator("kid", photos, is_paired=False)
    extract = FeatureExtractor(CPU)
    once = {
        domain: torch.cat([extract(getattr(photos[i], domain)[None]) for i in range(count)])
        for domain, count in counts.items()
    }

    measured = validate({"a_to_b": SAME, "b_to_a": SAME})

    assert validate.items == {"a": [0, 1, 2, 3, 4], "b": [0, 1]}
    assert measured == pytest.approx(kernel_distance(once["a"], once["b"]))


@pytest.mark.parametrize("measure", ["ssim", "l1"])
def test_pairs_are_spread_evenly_and_each_is_opened_once(measure: str) -> None:
    held = shifted(count=10)

    validator(measure, held, most_photos=3)({"a_to_b": SAME, "b_to_a": SAME})

    assert held.opened == [0, 3, 6]


@pytest.mark.usefixtures("_mean_colours")
def test_photos_of_sets_are_spread_evenly_and_real_ones_are_seen_once() -> None:
    held = shifted(count=10)
    validate = validator("kid", held, most_photos=3)

    first = validate({"a_to_b": SAME, "b_to_a": SAME})

    assert set(held.opened) == {0, 3, 6}
    assert validate.extract.seen == 6 + 6  # type: ignore[attr-defined]  # real and translated
    held.opened.clear()
    assert validate({"a_to_b": SAME, "b_to_a": SAME}) == first
    assert held.opened == [0, 3, 6]


@pytest.mark.parametrize("mode", ["deterministic", "eval"])
def test_what_is_measured_is_what_a_translator_would_make(mode: InferenceMode) -> None:
    generator: Any = pix2pix_generator()
    bundle = Bundle("any", noise_splits().domains, {"a_to_b": generator}, training_side_px=16)
    photos = [noise(3, 64, 64, seed=i) for i in range(3)]
    translator = Translator(bundle, "a_to_b", mode=mode)
    held = Held([Pair(photo, translator(photo[None])[0]) for photo in photos])

    measured = {m: validator("l1", held, mode=m)({"a_to_b": generator}) for m in INFERENCE_MODES}

    assert measured.pop(mode) < 1e-6
    assert min(measured.values()) > 1e-3


def test_in_the_papers_mode_the_same_weights_give_the_same_number() -> None:
    generator = pix2pix_generator()
    held = shifted(side_px=64)
    validate = validator("l1", held, mode="paper")

    first, again = (validate({"a_to_b": generator}) for _ in range(2))

    assert first == again
    assert first != validator("l1", held)({"a_to_b": generator})


@pytest.mark.parametrize("mode", INFERENCE_MODES)
@pytest.mark.parametrize("measure", MEASURES)
def test_nothing_that_learns_or_is_random_is_touched(
    measure: str, mode: InferenceMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    if measure == "kid":
        monkeypatch.setattr(validating, "FeatureExtractor", MeanColours)
    generator = pix2pix_generator()
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    randomness = torch.get_rng_state()

    validator(measure, shifted(side_px=64), mode=mode)({"a_to_b": generator})

    assert all(value.equal(before[key]) for key, value in generator.state_dict().items())
    assert all(layer.training for layer in generator.modules())
    assert all(weight.requires_grad and weight.grad is None for weight in generator.parameters())
    assert torch.equal(torch.get_rng_state(), randomness)


def test_measuring_is_in_float32_whatever_autocast_surrounds_it() -> None:
    generator = pix2pix_generator()
    validate = validator("ssim", shifted(side_px=64))

    with torch.autocast("cpu", torch.bfloat16):
        inside = validate({"a_to_b": generator})

    assert inside == validate({"a_to_b": generator})


@pytest.mark.parametrize(
    "encodings",
    [
        {"a": Encoding(), "b": LABELS},
        {"a": Encoding(), "b": Encoding(kind="grey", channels=1)},
        {"a": Encoding(), "b": Encoding(kind="bands", channels=5)},
        {"a": Encoding(kind="bands", channels=5), "b": LABELS},
    ],
    ids=["labels", "grey", "bands", "labels from bands"],
)
def test_images_of_any_kind_are_scored_as_people_see_them_and_bands_as_they_are(
    encodings: dict[str, Encoding],
) -> None:
    channels = [encodings[domain].channels for domain in "ab"]
    held = Held([Pair(*(noise(c, 16, 16, seed=i) for c in channels)) for i in range(3)])
    torch.manual_seed(0)
    generator = nn.Conv2d(*channels, kernel_size=1)
    is_bands = "bands" in (encodings["a"].kind, encodings["b"].kind)

    def shown(image: torch.Tensor) -> torch.Tensor:
        return image if is_bands else encodings["b"].show(image)

    for name, score in {"ssim": ssim, "l1": mean_difference}.items():
        with torch.no_grad():
            expected = [score(shown(generator(a[None])), shown(b[None])) for a, b in held.pairs]
        measured = validator(name, held, encodings=encodings)({"a_to_b": generator})
        assert measured == pytest.approx(float(torch.cat(expected).mean()), rel=1e-5)


def test_auto_is_ssim_where_answers_are_known_and_kid_elsewhere() -> None:
    assert validator("auto", shifted()).measure == MEASURES["ssim"]
    assert validator("auto", shifted(), is_paired=False).measure == MEASURES["kid"]


def test_kid_needs_photos_of_the_targets_alone() -> None:
    data = splits(shifted(), encodings={"a": Encoding(), "b": LABELS})

    validate = Validator("kid", data, 100, CPU, "deterministic", directions=["b_to_a"])

    assert validate.measure.name == "kid"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: validator("fid", shifted()), "must be one of: auto, ssim, l1, kid, got 'fid'"),
        (lambda: validator("auto", None), "ssim is measured on held-out photos, and there are no"),
        (lambda: validator("kid", None), "kid is measured on held-out photos, and there are none"),
        (
            lambda: validator("ssim", shifted(), is_paired=False),
            r"ssim compares with the exact answer .* none is known\. Choose kid",
        ),
        (lambda: validator("l1", shifted(), is_paired=False), "l1 compares with the exact answer"),
        (
            lambda: validator("kid", shifted(), encodings={"a": Encoding(), "b": LABELS}),
            r"kid compares sets of photos, and images of winter are labels\. Choose ssim or l1",
        ),
        (
            lambda: validator("kid", shifted(count=1)),
            "at least 2 of each domain to look at, got 1 of summer",
        ),
        (
            lambda: validator("kid", shifted(), most_photos=1),
            "at least 2 of each domain to look at, got 1 of summer",
        ),
    ],
)
def test_what_cannot_be_measured_is_told_before_training(
    make: Callable[[], Validator], message: str
) -> None:
    with pytest.raises(ConfigError, match=rf"^training\.measure: .*{message}"):
        make()


def test_a_missing_package_is_told_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)

    expected = r'^training\.measure: kid: .*pip install "photo-translate\[metrics\]", or choose an'
    with pytest.raises(ConfigError, match=expected):
        validator("kid", shifted())
    assert validator("l1", shifted()).measure.name == "l1"


@pytest.mark.parametrize(
    ("measure", "value", "best", "expected"),
    [
        ("ssim", 0.8, 0.7, True),
        ("ssim", 0.7, 0.8, False),
        ("l1", 0.1, 0.2, True),
        ("l1", 0.2, 0.1, False),
        ("kid", -0.1, 0.0, True),
        ("kid", 0.0, 0.0, False),
        ("kid", 3.0, None, True),
        ("kid", math.nan, None, False),
        ("ssim", math.nan, 0.1, False),
    ],
)
def test_better_is_what_the_measure_says_and_never_what_is_no_number(
    measure: str, value: float, best: float | None, expected: bool
) -> None:
    assert validator(measure, shifted()).is_better(value, best) is expected


@pytest.mark.parametrize("measure", MEASURES)
def test_a_generator_that_gives_no_numbers_is_measured_as_none(measure: str) -> None:
    assert math.isnan(validator(measure, shifted(count=2))({"a_to_b": Shift(math.nan)}))
