import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from translate.bundle import Bundle, save_bundle
from translate.errors import TranslateError
from translate.inference.translator import Translator


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


PHOTO = noise(3, 40, 70)


@pytest.fixture(scope="module")
def paper(chancy: Bundle) -> Translator:
    return Translator(chancy, device="cpu")


def test_the_mode_is_the_bundles_unless_another_is_given(chancy: Bundle) -> None:
    assert Translator(chancy).mode == "paper"
    assert Translator(chancy, mode="eval").mode == "eval"
    assert Translator(replace(chancy, inference_mode="deterministic")).mode == "deterministic"
    with pytest.raises(TranslateError, match="There is no inference mode 'dream'"):
        Translator(chancy, mode="dream")


def test_samples_of_one_photo_differ_and_keep_its_size(paper: Translator) -> None:
    samples = paper(PHOTO, samples=3, seed=7)

    assert [sample.shape for sample in samples] == [(3, 40, 70)] * 3
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert (samples[i] - samples[j]).abs().max() > 0.01


def test_a_sample_depends_on_seed_place_and_photo_alone(paper: Translator) -> None:
    others = [noise(3, 40, 70, seed=1), noise(3, 64, 64, seed=2)]

    expected = paper(PHOTO, samples=3, seed=7)

    assert torch.equal(paper(PHOTO, seed=7), expected[0])
    assert not torch.equal(paper(PHOTO, seed=8), expected[0])
    torch.manual_seed(99)
    in_list = paper([*others, PHOTO], samples=2, seed=7)
    in_stack = paper(torch.stack([others[0], PHOTO]), samples=2, seed=7)
    for i in range(2):
        assert torch.equal(in_list[2][i], expected[i])
        assert torch.equal(in_stack[i][1], expected[i])


def test_each_photo_of_a_list_becomes_a_list_and_a_stack_stays_a_stack(paper: Translator) -> None:
    pixels = np.zeros((2, 9, 6, 3), np.uint8)
    photos = (PHOTO, Image.new("RGB", (6, 9)), pixels)

    tensors, images, stacks = paper(photos, samples=2)

    assert [tensor.shape for tensor in tensors] == [(3, 40, 70)] * 2
    assert [image.size for image in images] == [(6, 9)] * 2
    assert [stack.shape for stack in stacks] == [(2, 9, 6, 3)] * 2
    assert paper([], samples=2) == []
    assert [len(paper([PHOTO], samples=1)), len(paper(PHOTO, samples=1))] == [1, 1]


def test_the_process_wide_numbers_are_left_alone(paper: Translator) -> None:
    before = torch.get_rng_state()

    paper(PHOTO, samples=2)

    assert torch.equal(torch.get_rng_state(), before)


def test_threads_with_different_seeds_share_one_translator(paper: Translator) -> None:
    seeds = list(range(8)) * 2

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda seed: paper(PHOTO, 2, seed), seeds))

    for seed, samples in zip(seeds, together, strict=True):
        assert all(torch.equal(s, t) for s, t in zip(samples, paper(PHOTO, 2, seed), strict=True))


def test_a_generator_in_training_keeps_its_own_dropout(chancy: Bundle) -> None:
    generator = chancy.generators["a_to_b"]
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    layers = list(generator.modules())

    Translator(chancy, device="cpu")(PHOTO)

    assert all(one is other for one, other in zip(layers, generator.modules(), strict=True))
    assert all(torch.equal(tensor, before[n]) for n, tensor in generator.state_dict().items())


@pytest.mark.parametrize("mode", ["deterministic", "eval"])
def test_without_chance_seeds_change_nothing_and_one_sample_is_all_there_is(
    chancy: Bundle, mode: str
) -> None:
    translator = Translator(chancy, device="cpu", mode=mode)

    assert torch.equal(translator(PHOTO, seed=1), translator(PHOTO, 1, seed=2)[0])
    with pytest.raises(TranslateError) as caught:
        translator(PHOTO, samples=2)
    assert str(caught.value) == (
        f"2 samples were asked for, but in the mode '{mode}' dropout is off: every photo has "
        "exactly one translation. Choose the mode 'paper', or ask for one."
    )


@pytest.mark.parametrize("mode", ["deterministic", "paper"])
def test_a_generator_without_dropout_cannot_give_several_samples(bundle: Bundle, mode: str) -> None:
    translator = Translator(bundle, "a_to_b", "cpu", mode)

    with pytest.raises(TranslateError, match=r"2 samples .* has no dropout: .* Ask for one sample"):
        translator(PHOTO, samples=2)
    assert len(translator(PHOTO, samples=1)) == 1


def test_a_residual_generator_with_dropout_gives_samples_too(bundle: Bundle) -> None:
    one, two = Translator(bundle, "b_to_a", "cpu", "paper")(PHOTO, samples=2)

    assert not torch.equal(one, two)


@pytest.mark.parametrize(
    ("samples", "seed", "told"),
    [(0, 0, "at least 1 sample of each photo, got 0"), (None, -1, "a seed of 0 or more, got -1")],
)
def test_impossible_numbers_are_refused(
    paper: Translator, samples: int | None, seed: int, told: str
) -> None:
    with pytest.raises(TranslateError, match=told):
        paper(PHOTO, samples, seed)


def test_a_bundle_keeps_its_own_mode_through_a_translator_of_another(
    chancy: Bundle, tmp_path: Path
) -> None:
    save_bundle(chancy, tmp_path / "first")

    Translator.from_pretrained(tmp_path / "first", mode="eval").save_pretrained(tmp_path / "second")

    model = json.loads((tmp_path / "second" / "model.json").read_text())
    assert model["inference_mode"] == "paper"
    assert list(model["directions"]) == ["a_to_b"]
    again = Translator.from_pretrained(tmp_path / "second", device="cpu")
    assert torch.equal(again(PHOTO, seed=5), Translator(chancy, device="cpu")(PHOTO, seed=5))


@pytest.mark.gpu
def test_a_seed_means_the_same_on_every_device(chancy: Bundle, paper: Translator) -> None:
    on_gpu = Translator(chancy, device="cuda")(PHOTO, samples=2, seed=3)

    for sample, expected in zip(on_gpu, paper(PHOTO, samples=2, seed=3), strict=True):
        assert torch.allclose(sample, expected, atol=1e-3)
