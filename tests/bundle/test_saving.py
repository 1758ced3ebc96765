import json
import os
import shutil
import stat
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.killing_toys import die, is_killed
from translate.bundle import Bundle, load_bundle, mend_bundle, save_bundle
from translate.errors import BundleError
from translate.images import Encoding


def test_writes_four_files_that_anyone_may_read_as_any_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()

    assert sorted(file.name for file in folder.iterdir()) == [
        "README.md",
        "a_to_b.safetensors",
        "b_to_a.safetensors",
        "model.json",
    ]
    assert stat.S_IMODE(folder.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_model_json_says_how_to_rebuild_each_direction(folder: Path) -> None:
    model = json.loads((folder / "model.json").read_text())

    assert model["format_version"] == 1
    back = model["directions"]["b_to_a"]
    assert (back["from_domain"], back["to_domain"]) == ("winter", "summer")
    assert (back["generator"], back["stride"]) == ("resnet", 4)
    assert back["arguments"]["norm"] == "batch"


def test_weights_are_plain_safetensors(folder: Path, bundle: Bundle) -> None:
    weights = load_file(folder / "a_to_b.safetensors")

    state = bundle.generators["a_to_b"].state_dict()
    assert weights.keys() == state.keys()
    assert all(torch.equal(weights[name], state[name]) for name in state)


def test_a_saved_bundle_comes_back_bit_for_bit(folder: Path, bundle: Bundle) -> None:
    loaded = load_bundle(folder)

    assert replace(loaded, generators={}) == replace(bundle, generators={})
    for direction, generator in bundle.generators.items():
        state, again = generator.state_dict(), loaded.generators[direction].state_dict()
        assert state.keys() == again.keys()
        assert all(torch.equal(state[name], again[name]) for name in state)
        assert loaded.generators[direction].arguments == generator.arguments


def test_replacing_drops_old_weights_and_keeps_foreign_files(folder: Path, bundle: Bundle) -> None:
    (folder / "notes.txt").write_text("mine")
    one_way = replace(bundle, generators={"a_to_b": bundle.generators["a_to_b"]})

    save_bundle(one_way, folder)

    assert not (folder / "b_to_a.safetensors").exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert list(load_bundle(folder).generators) == ["a_to_b"]
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("nth_rename", [1, 2])
def test_a_failing_disk_leaves_the_old_bundle(
    folder: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, nth_rename: int
) -> None:
    calls, rename = [], Path.rename

    def fail_once(self: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == nth_rename:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_once)
    with pytest.raises(BundleError, match=r"cannot be written.*No space left"):
        save_bundle(replace(bundle, method="other"), folder)

    assert load_bundle(folder).method == "cyclegan"
    assert list(folder.parent.iterdir()) == [folder]


# What a writer does between its first file and the new bundle in the place of the old one.
WRITING = [(os, "fsync", n) for n in range(1, 5)] + [(Path, "rename", n) for n in (1, 2, 3)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("owner", "name", "nth"), WRITING)
def test_a_writer_that_is_killed_leaves_the_old_bundle_or_the_new_one(
    folder: Path, bundle: Bundle, owner: Any, name: str, nth: int, when: str
) -> None:
    (folder / "notes.txt").write_text("mine")

    def write_until_killed() -> None:
        calls, act = [], getattr(owner, name)

        def counted(*given: Any) -> Any:
            calls.append(given)
            if (len(calls), when) == (nth, "before"):
                die()
            done = act(*given)
            if len(calls) == nth:
                die()
            return done

        setattr(owner, name, counted)
        save_bundle(replace(bundle, method="other"), folder)

    assert is_killed(write_until_killed)
    mend_bundle(folder)

    is_new = name == "rename" and (nth, when) in {(2, "after"), (3, "before"), (3, "after")}
    assert load_bundle(folder).method == ("other" if is_new else "cyclegan")
    assert (folder / "notes.txt").read_text() == "mine"
    assert list(folder.parent.iterdir()) == [folder]


def test_the_next_writer_mends_what_the_one_before_left(folder: Path, bundle: Bundle) -> None:
    previous = folder.rename(folder.parent / ".bundle.0123abcd.previous")
    (previous / "notes.txt").write_text("mine")
    (folder.parent / ".bundle.0123abcd.writing").mkdir()

    save_bundle(replace(bundle, method="other"), folder)

    assert load_bundle(folder).method == "other"
    assert (folder / "notes.txt").read_text() == "mine"
    assert list(folder.parent.iterdir()) == [folder]


def test_mending_leaves_other_bundles_and_other_files_alone(folder: Path) -> None:
    others = [".bundle.v2.0123abcd.previous", ".bundle.v2.0123abcd.writing", ".bundle.notes"]
    for name in others:
        (folder.parent / name).mkdir()
    shutil.rmtree(folder)

    mend_bundle(folder)

    assert sorted(file.name for file in folder.parent.iterdir()) == sorted(others)


def test_a_bundle_of_any_name_can_be_mended(tmp_path: Path, bundle: Bundle) -> None:
    folder = tmp_path / "bundle [1]"
    save_bundle(bundle, folder)
    folder.rename(tmp_path / ".bundle [1].0123abcd.previous")

    mend_bundle(folder)

    assert load_bundle(folder).method == "cyclegan"


def test_where_there_was_never_a_bundle_there_is_nothing_to_mend(tmp_path: Path) -> None:
    mend_bundle(tmp_path / "bundle")
    mend_bundle(tmp_path / "nowhere" / "bundle")

    assert not list(tmp_path.iterdir())


def test_what_cannot_be_mended_is_told(
    folder: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    previous = folder.rename(folder.parent / ".bundle.0123abcd.previous")

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        for write in (partial(save_bundle, bundle), mend_bundle):
            with pytest.raises(BundleError, match=r"cannot be written.*Read-only file system"):
                write(folder)

    assert load_bundle(previous).method == "cyclegan"


def test_a_missing_number_does_not_cost_the_bundle(bundle: Bundle, tmp_path: Path) -> None:
    save_bundle(replace(bundle, facts={"loss": float("nan")}), tmp_path / "bundle")

    assert load_bundle(tmp_path / "bundle").facts == {"loss": None}


def test_an_endless_domain_name_is_refused_before_anything_is_written(
    bundle: Bundle, tmp_path: Path
) -> None:
    domains = {"a": "s" * 201, "b": "winter"}

    with pytest.raises(BundleError) as caught:
        save_bundle(replace(bundle, domains=domains), tmp_path / "bundle")

    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/bundle/model.json, about to be written, has ")
    assert "\n  domains.a: " in message
    assert "200 characters" in message
    assert message.endswith("Correct this and save the bundle again.")
    assert not list(tmp_path.iterdir())


def test_refuses_a_folder_of_other_things(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(BundleError, match=r"holds other files.*Choose a new folder"):
        save_bundle(bundle, tmp_path)

    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_refuses_a_file_as_folder(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("")

    with pytest.raises(BundleError, match="is a file; a bundle is a folder"):
        save_bundle(bundle, tmp_path / "bundle")


def test_a_wrapped_network_is_our_bug(bundle: Bundle, tmp_path: Path) -> None:
    wrapped = torch.nn.Sequential(bundle.generators["a_to_b"])

    with pytest.raises(ValueError, match="Sequential is not one of"):
        save_bundle(replace(bundle, generators={"a_to_b": wrapped}), tmp_path / "bundle")  # type: ignore[dict-item]


def test_label_maps_bands_and_the_only_direction_come_back(one_way: Bundle, tmp_path: Path) -> None:
    save_bundle(one_way, tmp_path / "bundle")

    loaded = load_bundle(tmp_path / "bundle")

    assert replace(loaded, generators={}) == replace(one_way, generators={})
    assert list(loaded.generators) == ["a_to_b"]
    state = one_way.generators["a_to_b"].state_dict()
    again = loaded.generators["a_to_b"].state_dict()
    assert all(torch.equal(state[name], again[name]) for name in state)
    model = json.loads((tmp_path / "bundle" / "model.json").read_text())
    assert model["encodings"]["b"] == {"kind": "bands", "channels": 5, "depth": 8, "classes": []}
    assert model["inference_mode"] == "paper"


@pytest.mark.parametrize(
    ("side", "told"),
    [
        ("a", "a.channels must be 3, the in_channels of the generator a_to_b, got 4 (bands)"),
        ("b", "b.channels must be 5, the out_channels of the generator a_to_b, got 4 (bands)"),
    ],
)
def test_encodings_that_are_not_as_wide_as_the_generator_are_refused(
    one_way: Bundle, tmp_path: Path, side: str, told: str
) -> None:
    encodings = {**one_way.encodings, side: Encoding(kind="bands", channels=4)}

    with pytest.raises(BundleError) as caught:
        save_bundle(replace(one_way, encodings=encodings), tmp_path / "bundle")

    assert f"\n  encodings: {told}\n" in str(caught.value)
    assert not list(tmp_path.iterdir())
