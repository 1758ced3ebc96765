"""Bundles on the Hugging Face Hub: the only place where inference reaches the network."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from translate.bundle import Bundle, save_bundle
from translate.errors import BundleError

HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")  # OWNER/NAME
FILES = ["*.json", "*.safetensors", "*.md"]


def find_bundle(name: str | Path, revision: str | None = None) -> Path:
    """Return a bundle's folder: a folder of this machine, or else the Hub's, downloaded once.

    Only text of the form OWNER/NAME, with no folder OWNER here, is looked up on the Hub.

    Args:
        revision: A branch, tag or commit of the Hub's repository; None: its newest.

    Raises:
        BundleError: The Hub cannot be reached, or has no such repository.
    """
    folder = Path(name)
    here = folder.exists() or folder.parent.is_dir()
    if here or isinstance(name, Path) or not HUB_NAME.fullmatch(name):
        return folder  # whether a bundle is there is for `load_bundle` to say
    # Not at the top: nobody who stays on this machine should wait for it.
    from huggingface_hub import snapshot_download  # noqa: PLC0415

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=FILES))
    except _hub_errors() as error:
        raise BundleError(
            f"{name}: is neither a folder here nor a model that could be had from the Hugging Face "
            f"Hub ({error}). Check the name and the connection (HF_HUB_OFFLINE forbids it); for a "
            "private model run `hf auth login` first."
        ) from error


def push_bundle(bundle: Bundle, repo_id: str, private: bool, token: str | None) -> str:
    """Upload a bundle to the Hub, and return the address of its page.

    Raises:
        BundleError: The Hub cannot be reached, or refuses.
    """
    from huggingface_hub import HfApi  # noqa: PLC0415

    api = HfApi(token=token)
    with TemporaryDirectory() as scratch:
        save_bundle(bundle, Path(scratch) / "bundle")
        try:
            address = api.create_repo(repo_id, private=private, exist_ok=True)
            api.upload_folder(repo_id=repo_id, folder_path=Path(scratch) / "bundle")
        except _hub_errors() as error:
            raise BundleError(
                f"{repo_id}: the Hugging Face Hub did not take the bundle ({error}). Check the "
                "name (OWNER/NAME), the connection (HF_HUB_OFFLINE forbids it) and that the token "
                "may write there (`hf auth login`)."
            ) from error
    return str(address)


def _hub_errors() -> tuple[type[Exception], ...]:
    """Name what the Hub's library raises when it is offline, refused or interrupted.

    Errors of the connection come unchanged from its HTTP client, which is another package in every
    major version, and need not be OSErrors. Their class is always a parent of `HfHubHTTPError`.
    """
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    # RuntimeError: an upload that broke off.
    return (OSError, ValueError, RuntimeError, *HfHubHTTPError.__bases__)
