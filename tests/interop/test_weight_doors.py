"""The two scripts, opened in this process."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.interop.reference_networks import ReferenceResNet, ReferenceUNet, randomise
from translate.bundle import load_bundle

SCRIPTS = Path(__file__).parents[2] / "scripts"


def door(name: str) -> Callable[..., int]:
    spec = importlib.util.spec_from_file_location(f"door_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where --help looks for the comments beside the settings
    spec.loader.exec_module(module)
    return lambda *words: module.main([str(word) for word in words])


import_weights, export_weights = door("import_weights"), door("export_weights")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    made = []
    for seed, name in enumerate(("latest_net_G_A.pth", "latest_net_G_B.pth")):
        network = randomise(ReferenceResNet(width=2, blocks=1), seed)
        torch.save(network.state_dict(), tmp_path / name)
        made.append(tmp_path / name)
    return made[0], made[1]


def test_published_weights_go_in_and_out_again(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, out = tmp_path / "bundle", tmp_path / "out"
    domains = ("--domain-a", "summer", "--domain-b", "winter")

    code = import_weights(files[0], bundle, "--other", files[1], *domains, "--side-px", 128)

    assert code == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{bundle}: a_to_b is a resnet (in_channels 3, out_channels 3, ")
    assert len(said) == 2
    loaded = load_bundle(bundle)
    assert (loaded.domains, loaded.training_side_px) == ({"a": "summer", "b": "winter"}, 128)

    assert export_weights(bundle, out) == 0

    assert capsys.readouterr().out.split() == [str(out / file.name) for file in files]
    for file in files:
        first, second = torch.load(file), torch.load(out / file.name)
        assert list(first) == list(second)
        assert all(torch.equal(first[key], second[key]) for key in first)


def test_mode_and_licence_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "latest_net_G.pth"
    torch.save(ReferenceUNet(width=1, depth=5).state_dict(), file)

    code = import_weights(file, tmp_path / "bundle", "--mode", "eval", "--licence", "mit")

    assert code == 0
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.inference_mode, bundle.facts["licence"]) == ("eval", "mit")
    assert list(bundle.generators) == ["a_to_b"]


def test_what_is_refused_is_told_in_one_message_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "latest_net_D.pth"
    torch.save({"model.0.weight": torch.zeros(2, 3, 4, 4)}, file)

    assert import_weights(file, tmp_path / "bundle") == 2
    assert capsys.readouterr().err.startswith(f"error: {file}: is a discriminator")
    assert export_weights(tmp_path / "bundle", tmp_path / "out") == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'bundle'}: no such folder")
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_is_replaced_unless_told(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, out = tmp_path / "bundle", tmp_path / "out"
    assert (import_weights(files[0], bundle), export_weights(bundle, out)) == (0, 0)
    capsys.readouterr()

    assert (import_weights(files[0], bundle), export_weights(bundle, out)) == (2, 2)
    assert capsys.readouterr().err.count("--overwrite") == 2
    assert import_weights(files[0], bundle, "--overwrite") == 0
    assert export_weights(bundle, out, "--overwrite") == 0


@pytest.mark.parametrize("main", [import_weights, export_weights])
def test_wrong_words_end_with_two_and_help_with_zero(
    main: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    for words, code in ((["--nonsense"], 2), (["--help"], 0)):
        with pytest.raises(SystemExit) as stop:
            main(*words)
        assert stop.value.code == code
    assert "Exit code: 0 done; 2 refused" in " ".join(capsys.readouterr().out.split())
