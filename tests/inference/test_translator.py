import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from translate.bundle import Bundle, save_bundle
from translate.errors import BundleError, TranslateError
from translate.inference.choices import choose_device
from translate.inference.translator import Translator

SIDES = st.integers(1, 70)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["a_to_b", "b_to_a"]), SIDES, SIDES)
@example("b_to_a", 1, 1)
def test_any_size_comes_back_in_the_same_size(
    bundle: Bundle, direction: str, height: int, width: int
) -> None:
    translator = Translator(bundle, direction, "cpu")

    assert translator(noise(3, height, width)).shape == (3, height, width)


def test_a_photo_that_fits_is_the_generators_own_answer(
    translator: Translator, bundle: Bundle
) -> None:
    photo = noise(1, 3, 16, 24)

    expected = bundle.generators["a_to_b"](photo)

    # But for rounding: without gradients, memory lies otherwise.
    assert torch.allclose(translator(photo), expected, atol=1e-5)
    assert not torch.allclose(expected, photo, atol=0.1)


def test_what_goes_in_comes_out(translator: Translator, tmp_path: Path) -> None:
    pixels = np.zeros((9, 6, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    photos = [pixels, noise(3, 5, 4), Image.new("L", (6, 9)), tmp_path / "photo.png"]

    array, tensor, image, opened = translator(photos)

    assert (array.dtype, array.shape) == (np.uint8, (9, 6, 3))
    assert (tensor.dtype, tensor.shape) == (torch.float32, (3, 5, 4))
    assert (image.mode, image.size) == ("RGB", (6, 9))
    assert np.array_equal(np.asarray(opened), array)
    assert translator(()) == []


def test_results_may_take_part_in_gradients(translator: Translator) -> None:
    scale = torch.ones((), requires_grad=True)

    (translator(noise(3, 8, 8)) * scale).sum().backward()

    assert scale.grad is not None


def test_none_takes_the_first_direction_of_two_and_the_only_one(bundle: Bundle) -> None:
    back = replace(bundle, generators={"b_to_a": bundle.generators["b_to_a"]})

    assert Translator(bundle).direction == "a_to_b"
    assert Translator(back).direction == "b_to_a"


def test_an_unknown_direction_names_those_there_are(bundle: Bundle) -> None:
    with pytest.raises(BundleError) as caught:
        Translator(bundle, "winter")

    assert str(caught.value) == (
        "The bundle has no direction 'winter'. "
        "There is a_to_b (summer to winter) and b_to_a (winter to summer)."
    )


FOREIGN = ["quantum", "", "xpu", "meta", "vulkan", "hpu", "mkldnn", "cuda:99", "cuda:-1", "cpu:1"]


@pytest.mark.parametrize("device", FOREIGN)
def test_a_device_that_cannot_be_used_names_those_there_are(bundle: Bundle, device: str) -> None:
    with pytest.raises(TranslateError, match=rf"'{device}'.* Here there is .*cpu"):
        Translator(bundle, device=device)


def test_every_gpu_is_named_and_can_be_chosen(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)

    with pytest.raises(
        TranslateError, match=r"no device 'cuda:2'\. Here there is cuda, cuda:1, cpu\."
    ):
        Translator(bundle, device=torch.device("cuda", 2))

    assert choose_device("cuda:1") == torch.device("cuda", 1)
    assert choose_device(None) == torch.device("cuda")


@pytest.mark.parametrize("device", ["cpu", "cpu:0", torch.device("cpu")])
def test_a_device_may_be_named_in_words_or_given(
    bundle: Bundle, device: str | torch.device
) -> None:
    assert Translator(bundle, device=device).device.type == "cpu"


def test_deterministic_mode_normalises_each_photo_by_itself(bundle: Bundle) -> None:
    translator = Translator(bundle, "b_to_a", "cpu")
    photos = torch.stack([noise(3, 16, 16), noise(3, 16, 16, seed=1) / 9])

    together = translator(photos)

    assert torch.equal(together, translator(photos))  # dropout is off
    assert torch.equal(together[0], translator(photos[0]))
    assert torch.equal(together[1], translator(photos[1]))


def test_eval_mode_uses_the_statistics_of_training(bundle: Bundle) -> None:
    running = Translator(replace(bundle, inference_mode="eval"), "b_to_a", "cpu")
    photo = noise(1, 3, 16, 16)

    expected = bundle.generators["b_to_a"].eval()(photo)

    assert torch.allclose(running(photo), expected, atol=1e-6)
    assert not torch.allclose(Translator(bundle, "b_to_a", "cpu")(photo), expected, atol=1e-2)


def test_a_generator_in_training_is_left_as_it_is(bundle: Bundle) -> None:
    generator = bundle.generators["b_to_a"].train()
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}

    Translator(bundle, "b_to_a", "cpu")(noise(3, 16, 16))

    assert generator.training
    assert all(parameter.requires_grad for parameter in generator.parameters())
    assert generator.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[n]) for n, tensor in generator.state_dict().items())


def test_threads_share_one_translator(translator: Translator) -> None:
    photos = [noise(3, 8 + i, 20 - i, seed=i) for i in range(8)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(translator, photos))

    assert all(torch.equal(t, translator(p)) for t, p in zip(together, photos, strict=True))
    assert not torch.is_inference_mode_enabled()


def test_saved_and_opened_again_it_gives_the_same_photo(
    translator: Translator, tmp_path: Path
) -> None:
    translator.save_pretrained(str(tmp_path / "bundle"))

    again = Translator.from_pretrained(str(tmp_path / "bundle"), device="cpu")

    photo = noise(3, 11, 13)
    assert torch.equal(again(photo), translator(photo))
    assert set(again.bundle.generators) == {"a_to_b", "b_to_a"}


def test_opening_and_using_a_bundle_imports_no_training(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(bundle, tmp_path / "bundle")
    program = (
        "import sys, numpy; from translate import Translator\n"
        f"t = Translator.from_pretrained({str(tmp_path / 'bundle')!r})\n"
        "t(numpy.zeros((8, 8, 3), 'uint8'))\n"
        "unwanted = {'translate.training', 'translate.methods', 'translate.data', 'accelerate',\n"
        "            'albumentations', 'kornia', 'huggingface_hub'}\n"
        "print(sorted(unwanted & set(sys.modules)))"
    )

    child = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )

    assert child.stdout.strip() == "[]", child.stderr


def test_frames_of_a_pil_image_are_taken_before_it_moves_on(
    translator: Translator, tmp_path: Path
) -> None:
    frames = [Image.effect_noise((40, 30), 80 + i) for i in range(8)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    film = Image.open(tmp_path / "film.gif")
    one_by_one = [translator(frame) for frame in ImageSequence.Iterator(film)]

    streamed = translator.stream(ImageSequence.Iterator(film))

    for found, expected in zip(streamed, one_by_one, strict=True):
        # Frames that share a call are rounded in another order than one by itself.
        difference = np.asarray(found).astype(int) - np.asarray(expected)
        assert np.abs(difference).max() <= 1


def test_a_pil_image_that_was_not_read_yet_may_come_twice(
    translator: Translator, tmp_path: Path
) -> None:
    Image.effect_noise((600, 500), 80).convert("RGB").save(tmp_path / "photo.jpg")
    image = Image.open(tmp_path / "photo.jpg")

    one, other = translator([image, image])

    assert np.array_equal(np.asarray(one), np.asarray(other))
