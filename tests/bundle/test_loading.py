import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from translate.bundle import load_bundle
from translate.errors import BundleError
from translate.images import Encoding

Edit = Callable[[dict[str, Any]], None]


def edit_model(folder: Path, edit: Edit) -> None:
    file = folder / "model.json"
    model = json.loads(file.read_text())
    edit(model)
    file.write_text(json.dumps(model))


def load_error(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    return str(caught.value)


def test_generators_come_ready_to_use_and_leave_random_numbers_alone(folder: Path) -> None:
    before = torch.get_rng_state()

    generator = load_bundle(folder).generators["a_to_b"]

    assert torch.equal(torch.get_rng_state(), before)
    assert not generator.training
    assert all(parameter.requires_grad for parameter in generator.parameters())
    assert generator(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 8, 8)


def test_a_missing_folder_suggests_bundles_nearby(folder: Path) -> None:
    message = load_error(folder.parent / "bundel")

    assert message == f"{folder.parent / 'bundel'}: no such folder. Did you mean {folder}?"


def test_a_folder_above_suggests_the_bundle_in_it(folder: Path) -> None:
    message = load_error(folder.parent)

    assert f"is no bundle, it has no model.json. Did you mean {folder}?" in message


def test_a_file_of_the_bundle_suggests_its_folder(folder: Path) -> None:
    message = load_error(folder / "a_to_b.safetensors")

    assert f"is a file, expected a folder. Did you mean {folder}?" in message


def test_no_bundle_anywhere_says_where_training_leaves_it(tmp_path: Path) -> None:
    assert "training leaves at runs/NAME/bundle" in load_error(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "is not valid JSON"),
        (b"\xff\xfe\x00", "is not valid JSON"),
        (b"[" * 200_000, "is not valid JSON"),
        (b" " * (2**20 + 1), "is larger than 1048576 bytes"),
        (b"[]", "was not written by photo-translate"),
        (b"{}", "was not written by photo-translate"),
        (b'{"format_version": true}', "was not written by photo-translate"),
        (b'{"format_version": "1"}', "was not written by photo-translate"),
        (b'{"format_version": 2}', "Update photo-translate"),
    ],
)
def test_a_model_json_of_other_origin_is_refused(folder: Path, text: bytes, told: str) -> None:
    (folder / "model.json").write_bytes(text)

    message = load_error(folder)

    assert message.startswith(f"{folder / 'model.json'}: ")
    assert told in message


def set_in(*keys: str, to: Any) -> Edit:
    def edit(model: dict[str, Any]) -> None:
        for key in keys[:-1]:
            model = model[key]
        model[keys[-1]] = to

    return edit


HERE = ("directions", "a_to_b")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (set_in("surprise", to=1), "surprise: unknown key"),
        (set_in("domains", to={"a": "summer"}), "domains.b: missing"),
        (set_in("directions", to={}), "directions"),
        (set_in("directions", "../../etc/passwd", to={}), "'a_to_b' or 'b_to_a'"),
        (set_in(*HERE, "sha256", to="0"), "sha256"),
        (set_in(*HERE, "file", to="../secret"), "file: unknown key"),
        (set_in("inference_mode", to="dream"), "'deterministic', 'eval' or 'paper', got 'dream'"),
        (
            set_in("encodings", "b", to={"kind": "grey", "channels": 1}),
            r"encodings: b\.channels must be 3, the out_channels of .* got 1 \(grey\)",
        ),
        (set_in("encodings", "a", "kind", to="sound"), r"encodings\.a\.kind: .* got 'sound'"),
        (set_in("encodings", "a", "channels", to=10**9), r"encodings\.a\.channels: must be less"),
        (
            set_in(*HERE, "arguments", "in_channels", to=5),
            r"a\.channels must be 5, the in_channels",
        ),
        (set_in("training_side_px", to=-1), "training_side_px"),
        (set_in(*HERE, "generator", to="gpt"), "unknown generator 'gpt'. Known here: resnet"),
        (set_in(*HERE, "stride", to=8), "stride: expected 4 for this generator, found 8"),
        (set_in(*HERE, "arguments", to={"chanels": 2}), "do not fit the generator 'resnet'"),
        (set_in(*HERE, "arguments", "base_channels", to="wide"), "do not fit the generator"),
        (set_in(*HERE, "arguments", "base_channels", to=-4), "do not fit the generator"),
        (
            set_in(*HERE, "arguments", "norm", to="layer"),
            "norm must be one of instance, batch, none",
        ),
        (set_in(*HERE, "arguments", "norm", to=None), "norm must be one of .* got None"),
        (
            set_in(*HERE, "arguments", "upsample", to="fold"),
            "one of transposed, resize, blur, got 'fold'",
        ),
        (set_in(*HERE, "arguments", "downsample", to="fold"), "one of strided, blur, got 'fold'"),
        (set_in(*HERE, "arguments", "base_channels", to=10**9), "base_channels must lie within"),
        (set_in(*HERE, "arguments", "blocks", to=10**300), "blocks must lie within"),
        (
            set_in(*HERE, "arguments", "blocks", to=float("nan")),
            r"a_to_b\.arguments\.blocks\b.*nan",
        ),
        (set_in(*HERE, "arguments", "downsamplings", to=1000), "do not fit the generator"),
        (set_in(*HERE, "arguments", "base_channels", to=1024), "of its weights do not fit"),
        (set_in(*HERE, "arguments", "blocks", to=2), "of its weights do not fit the network"),
        (set_in(*HERE, "sha256", to="0" * 64), "does not match its SHA-256"),
    ],
)
def test_a_tampered_description_is_refused(folder: Path, edit: Edit, told: str) -> None:
    edit_model(folder, edit)

    assert re.search(told, load_error(folder))


def test_weights_that_do_not_fit_are_listed_with_both_shapes(folder: Path) -> None:
    edit_model(folder, set_in(*HERE, "arguments", "base_channels", to=4))

    message = load_error(folder)

    assert "\n  layers.1.bias: expected (4,) F32, found (2,) F32" in message
    assert message.count("expected") == 5


def test_one_changed_byte_of_weights_is_damage(folder: Path) -> None:
    file = folder / "a_to_b.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)

    assert "does not match its SHA-256 in model.json. The bundle is damaged" in load_error(folder)


def test_weights_cut_short_are_damage_even_with_a_matching_hash(folder: Path) -> None:
    import hashlib

    file = folder / "a_to_b.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    edit_model(folder, set_in(*HERE, "sha256", to=sha256))

    assert "is not a safetensors file" in load_error(folder)


def test_missing_weights_are_named(folder: Path) -> None:
    (folder / "b_to_a.safetensors").unlink()

    assert f"{folder / 'b_to_a.safetensors'}: no such file" in load_error(folder)


def test_a_bundle_that_does_not_say_is_made_of_photos(folder: Path) -> None:
    edit_model(folder, lambda model: model.pop("encodings"))

    assert load_bundle(folder).encodings == {"a": Encoding(), "b": Encoding()}
