import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.interop.reference_networks import ReferenceResNet, ReferenceUNet, randomise
from translate.bundle import Bundle, load_bundle, save_bundle
from translate.errors import BundleError
from translate.images import Encoding
from translate.interop import export_weights, import_bundle
from translate.networks import ResNetGenerator

KINDS = {
    "resnet": lambda: ReferenceResNet(width=2, blocks=2),
    "resnet, batch norm, dropout": lambda: ReferenceResNet((3, 3), 2, 2, "batch", dropout=True),
    "cut": lambda: ReferenceResNet(width=2, blocks=2, smooth_down=True, smooth_up=True),
    "unet": lambda: ReferenceUNet(width=1, depth=5),
}


def write(file: Path, network: nn.Module | None = None, seed: int = 0) -> Path:
    network = randomise(network or ReferenceResNet(width=2, blocks=1), seed)
    torch.save(network.state_dict(), file)
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_weights_survive_a_bundle_on_disk_and_translate_the_same(kind: str, tmp_path: Path) -> None:
    network = randomise(KINDS[kind]()).eval()
    file = write(tmp_path / "original.pth", network)
    photo = torch.rand(1, 3, 32, 32)

    save_bundle(import_bundle(file), tmp_path / "bundle")
    (exported,) = export_weights(tmp_path / "bundle", tmp_path / "out")

    assert exported == tmp_path / "out" / "latest_net_G.pth"
    original, found = torch.load(file), torch.load(exported)
    assert list(found) == list(original)
    assert all(torch.equal(found[key], original[key]) for key in original)
    reloaded = load_bundle(tmp_path / "bundle").generators["a_to_b"]
    with torch.no_grad():
        torch.testing.assert_close(reloaded(photo), network(photo), atol=1e-5, rtol=0)


def test_two_files_become_two_directions_and_two_files_again(tmp_path: Path) -> None:
    there, back = (write(tmp_path / f"{i}.pth", seed=i) for i in range(2))

    bundle = import_bundle(there, back, domains={"a": "summer", "b": "winter"})
    save_bundle(bundle, tmp_path / "bundle")
    files = export_weights(tmp_path / "bundle", tmp_path / "out")

    assert bundle.describe_directions() == (
        "a_to_b (summer to winter) and b_to_a (winter to summer)"
    )
    assert [file.name for file in files] == ["latest_net_G_A.pth", "latest_net_G_B.pth"]
    for original, exported in zip((there, back), files, strict=True):
        first, second = torch.load(original), torch.load(exported)
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_bundle_says_where_its_weights_come_from(tmp_path: Path) -> None:
    file = write(tmp_path / "latest_net_G.pth")

    bundle = import_bundle(
        file, training_side_px=128, inference_mode="eval", licence="cc-by-nc-sa-4.0"
    )
    save_bundle(bundle, tmp_path / "bundle")

    assert bundle.facts == {
        "licence": "cc-by-nc-sa-4.0",
        "taken_on_trust": "method, domains, crop side, and whether a U-Net has dropout",
        "a_to_b_imported_from": "latest_net_G.pth",
        "a_to_b_imported_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }
    assert (bundle.training_side_px, bundle.inference_mode) == (128, "eval")
    card = (tmp_path / "bundle" / "README.md").read_text()
    assert "a to b imported from: latest_net_G.pth" in card
    assert "taken on trust: method, domains, crop side, " in card


def test_unknown_facts_are_told_as_unknown(tmp_path: Path) -> None:
    bundle = import_bundle(write(tmp_path / "G.pth"))

    assert bundle.domains == {"a": "a", "b": "b"}
    assert bundle.facts["licence"] == "unknown"
    assert (bundle.training_side_px, bundle.inference_mode) == (256, "deterministic")
    assert bundle.data_fingerprint is None


@pytest.mark.parametrize(
    ("kind", "is_alone", "method"),
    [
        ("resnet", True, "cyclegan"),
        ("resnet", False, "cyclegan"),
        ("unet", True, "pix2pix"),
        ("unet", False, "cyclegan"),
        ("cut", True, "cut"),
    ],
)
def test_the_method_is_guessed_unless_told(
    kind: str, is_alone: bool, method: str, tmp_path: Path
) -> None:
    file = write(tmp_path / "G.pth", KINDS[kind]())
    other = None if is_alone else file

    assert import_bundle(file, other).method == method
    assert import_bundle(file, other, method="mine").method == "mine"


@pytest.mark.parametrize(
    ("channels", "encodings"),
    [
        ((3, 3), (Encoding(), Encoding())),
        ((1, 3), (Encoding(kind="grey", channels=1), Encoding())),
        ((7, 1), (Encoding(kind="bands", channels=7), Encoding(kind="grey", channels=1))),
    ],
)
def test_channels_say_what_the_images_are_made_of(
    channels: tuple[int, int], encodings: tuple[Encoding, Encoding], tmp_path: Path
) -> None:
    file = write(tmp_path / "G.pth", ReferenceResNet(channels, width=2, blocks=1))

    save_bundle(import_bundle(file), tmp_path / "bundle")

    assert load_bundle(tmp_path / "bundle").encodings_of("a_to_b") == encodings


def test_directions_between_different_channels_are_refused(tmp_path: Path) -> None:
    there = write(tmp_path / "there.pth", ReferenceResNet((1, 3), width=2, blocks=1))

    with pytest.raises(BundleError) as caught:
        import_bundle(there, there)

    assert str(caught.value) == (
        f"{there}: counts 1 channels in the photos of domain b, and {there} counts 3. The two "
        "must translate between the same domains, in opposite directions."
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_bundle(import_bundle(write(tmp_path / "G.pth")), tmp_path / "bundle")
    return tmp_path / "bundle"


def test_files_that_are_there_are_kept_unless_told_otherwise(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "latest_net_G.pth"
    file.parent.mkdir()
    file.write_text("precious")

    with pytest.raises(BundleError, match=r"latest_net_G\.pth: is there already\. .*--overwrite"):
        export_weights(folder, file.parent)
    assert file.read_text() == "precious"

    assert export_weights(folder, file.parent, overwrite=True) == [file]
    assert torch.load(file)
    assert list(file.parent.iterdir()) == [file]


def test_a_disk_that_refuses_leaves_nothing_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", fail)

    with pytest.raises(BundleError, match=r"cannot be written .*No space left on device"):
        export_weights(folder, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_bundle_that_the_reference_cannot_hold_is_named_with_its_direction(
    tmp_path: Path,
) -> None:
    generator = ResNetGenerator(base_channels=2, blocks=1, upsample="resize")
    bundle = Bundle("cyclegan", {"a": "x", "b": "y"}, {"b_to_a": generator}, training_side_px=64)
    save_bundle(bundle, tmp_path / "bundle")

    with pytest.raises(BundleError) as caught:
        export_weights(tmp_path / "bundle", tmp_path / "out")

    assert str(caught.value).startswith(f"{tmp_path / 'bundle'}: b_to_a: its upsample is 'resize'")
    assert not (tmp_path / "out").exists()
