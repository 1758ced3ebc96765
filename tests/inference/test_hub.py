from functools import partial
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub.errors import HfHubHTTPError, HFValidationError

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.errors import BundleError
from translate.inference.hub import find_bundle, push_bundle


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, bundle: Bundle, tmp_path: Path) -> dict[str, Any]:
    """A Hub that holds one bundle and writes down what it is asked."""
    asked: dict[str, Any] = {}
    save_bundle(bundle, tmp_path / "cache")

    def snapshot_download(name: str, **options: Any) -> str:
        asked.update(name=name, **options)
        if name != "someone/winter":
            raise OSError("404 Not Found")
        return str(tmp_path / "cache")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    return asked


def test_owner_and_name_are_fetched_from_the_hub(hub: dict[str, Any], tmp_path: Path) -> None:
    assert find_bundle("someone/winter", "v1") == tmp_path / "cache"
    assert hub["revision"] == "v1"
    assert hub["allow_patterns"] == ["*.json", "*.safetensors", "*.md"]


def test_what_the_hub_lacks_is_an_error_that_names_both_places(hub: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match=r"nobody/x: is neither a folder here nor .*404"):
        find_bundle("nobody/x")


@pytest.mark.parametrize(
    "name", ["bundle", "runs/sample/bundle", "./a/b", "/a/b", "../b", "a/../b"]
)
def test_names_that_read_like_paths_stay_on_this_machine(hub: dict[str, Any], name: str) -> None:
    assert find_bundle(name) == Path(name)
    assert hub == {}


def test_a_folder_here_comes_before_the_hub(
    hub: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "someone").mkdir()
    monkeypatch.chdir(tmp_path)

    assert find_bundle("someone/winter") == Path("someone/winter")
    assert find_bundle(Path("other/winter")) == Path("other/winter")
    assert hub == {}


class FakeApi:
    """Takes uploads and remembers them; refuses one name."""

    uploads: dict[str, Any]

    def __init__(self, token: str | None) -> None:
        FakeApi.uploads = {"token": token}

    def create_repo(self, repo_id: str, private: bool, exist_ok: bool) -> str:
        if repo_id == "not mine":
            raise ValueError("403 Forbidden")
        FakeApi.uploads.update(private=private)
        return f"https://huggingface.co/{repo_id}"

    def upload_folder(self, repo_id: str, folder_path: Path) -> None:
        FakeApi.uploads.update(directions=set(load_bundle(folder_path).generators))


def test_a_pushed_bundle_is_whole(monkeypatch: pytest.MonkeyPatch, bundle: Bundle) -> None:
    monkeypatch.setattr(huggingface_hub, "HfApi", FakeApi)

    address = push_bundle(bundle, "me/winter", private=True, token="secret")  # noqa: S106

    assert address == "https://huggingface.co/me/winter"
    uploads = FakeApi.uploads
    assert uploads == {"token": "secret", "private": True, "directions": {"a_to_b", "b_to_a"}}


def test_a_refused_push_says_why(monkeypatch: pytest.MonkeyPatch, bundle: Bundle) -> None:
    monkeypatch.setattr(huggingface_hub, "HfApi", FakeApi)

    with pytest.raises(BundleError, match=r"not mine: the Hugging Face Hub did not .*403"):
        push_bundle(bundle, "not mine", private=True, token=None)


def test_offline_both_ways_say_so_and_what_to_look_at(bundle: Bundle) -> None:
    # conftest.py sets HF_HUB_OFFLINE; nothing of the Hub's library is replaced here.
    with pytest.raises(BundleError, match=r"me/winter: .*offline.*Check the name \(OWNER/NAME\)"):
        push_bundle(bundle, "me/winter", private=True, token="none")  # noqa: S106
    with pytest.raises(BundleError, match=r"me/winter: is neither .*HF_HUB_OFFLINE.*`hf auth"):
        find_bundle("me/winter")


def test_a_hub_that_does_not_answer_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    nowhere = partial(huggingface_hub.HfApi, endpoint="http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr(huggingface_hub, "HfApi", nowhere)

    with pytest.raises(BundleError, match=r"did not take the bundle \(.*Check the name"):
        push_bundle(bundle, "me/winter", private=True, token="none")  # noqa: S106


@pytest.mark.parametrize("kind", [*HfHubHTTPError.__bases__, RuntimeError, HFValidationError])
def test_whatever_the_hubs_library_raises_becomes_a_bundle_error(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle, kind: type[Exception]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise kind("the line broke")

    monkeypatch.setattr(FakeApi, "upload_folder", refuse)
    monkeypatch.setattr(huggingface_hub, "HfApi", FakeApi)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", refuse)

    with pytest.raises(BundleError, match=r"did not take the bundle \(the line broke\)"):
        push_bundle(bundle, "me/winter", private=True, token=None)
    with pytest.raises(BundleError, match=r"could be had from .*\(the line broke\)"):
        find_bundle("me/winter")
