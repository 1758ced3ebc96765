import hashlib
import pickle
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.toys import noise
from tests.web_server import Fault, Page, serve
from translate.errors import ConfigError, DataError
from translate.evaluation import inception
from translate.evaluation.features import BATCH
from translate.evaluation.inception import InceptionExtractor, fetch_weights

CPU = torch.device("cpu")
MODULE = "torch_fidelity.feature_extractor_inceptionv3"


class TinyInception(nn.Module):
    """Stands in for torch-fidelity's network, which takes seconds to import."""

    def __init__(self, name: str, features: list[str], feature_extractor_weights_path: str) -> None:
        super().__init__()
        assert features == ["2048"]
        self.colours = nn.Linear(3, 2)
        self.given: list[Tensor] = []
        # As the real one does: whatever is in the file would be run.
        self.load_state_dict(torch.load(feature_extractor_weights_path, weights_only=False))
        self.requires_grad_(False)

    def forward(self, photos: Tensor) -> tuple[Tensor]:
        self.given.append(photos)
        return (self.colours(photos.float().mean(dim=(2, 3))),)


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType(MODULE)
    module.FeatureExtractorInceptionV3 = TinyInception  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch_fidelity", types.ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, MODULE, module)


def weights(file: Path) -> Path:
    torch.save({"colours.weight": torch.eye(3)[:2], "colours.bias": torch.zeros(2)}, file)
    return file


def extractor(file: Path) -> InceptionExtractor:
    return InceptionExtractor(file, CPU, Path("/nowhere"))


@pytest.mark.usefixtures("_tiny")
def test_photos_are_given_as_bytes_a_few_at_a_time(tmp_path: Path) -> None:
    extract = extractor(weights(tmp_path / "w.pth"))
    colours = torch.tensor([[-1.0, 0.0, 1.0], [0.5, -1.2, 1.2]])
    photos = colours.repeat(5, 1)[:, :, None, None].expand(-1, -1, 4, 6)

    found = extract(photos)

    given = extract.network.given
    assert {batch.dtype for batch in given} == {torch.uint8}
    assert max(len(batch) for batch in given) <= BATCH
    assert torch.cat(given)[:2, :, 0, 0].tolist() == [[0, 128, 255], [191, 0, 255]]
    assert found.shape == (10, 2)
    assert found[:2].tolist() == [[0, 128], [191, 0]]


@pytest.mark.usefixtures("_tiny")
def test_the_name_tells_the_weights(tmp_path: Path) -> None:
    file = weights(tmp_path / "w.pth")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]

    assert extractor(file).name == (
        f"Inception 2015-12-05, 299 px as in TensorFlow, pooled; weights {digest}"
    )


@pytest.mark.usefixtures("_tiny")
def test_nothing_random_is_touched(tmp_path: Path) -> None:
    file, before = weights(tmp_path / "w.pth"), torch.get_rng_state()

    extractor(file)(noise(1, 3, 8, 8))

    assert torch.equal(torch.get_rng_state(), before)


ADVICE = "weights-inception-2015-12-05-6726825d.pth"


@pytest.mark.usefixtures("_tiny")
def test_a_missing_file_is_named_with_what_was_wanted(tmp_path: Path) -> None:
    for absent in (tmp_path / "no.pth", tmp_path):
        with pytest.raises(DataError, match=f"{absent}: there is no such file. .*{ADVICE}"):
            extractor(absent)


def save(file: Path, content: Any) -> None:
    torch.save(content, file)


@pytest.mark.usefixtures("_tiny")
@pytest.mark.parametrize(
    "write",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_text("<html>404</html>"),
        lambda file: file.write_bytes(weights(file).read_bytes()[:-200]),
        lambda file: file.write_bytes(b"PK\3\4" + bytes(100)),
        lambda file: save(file, {"other": torch.zeros(3)}),
        lambda file: save(
            file, {"colours.weight": torch.zeros(9, 9), "colours.bias": torch.ones(2)}
        ),
        lambda file: save(file, [torch.zeros(3)]),
        lambda file: save(file, "text"),
        lambda file: save(file, {"colours.weight": 3, "colours.bias": None}),
        lambda file: file.write_bytes(pickle.dumps({"colours.weight": [1, 2]})),
    ],
    ids=["empty", "page", "cut", "zip", "keys", "shapes", "list", "text", "numbers", "pickle"],
)
def test_a_foreign_or_damaged_file_is_one_message(tmp_path: Path, write: Any) -> None:
    file = tmp_path / "w.pth"
    write(file)

    with pytest.raises(DataError, match=f"{file}: does not hold Inception's weights .*{ADVICE}"):
        extractor(file)


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.mark.usefixtures("_tiny")
@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("wrap", [lambda b: b, lambda b: {"colours.weight": b}, lambda b: [b]])
def test_nothing_in_the_file_is_run(tmp_path: Path, wrap: Any, is_zip: bool) -> None:
    file, marker = tmp_path / "w.pth", tmp_path / "exploded"
    torch.save(wrap(Bomb(marker)), file, _use_new_zipfile_serialization=is_zip)

    with pytest.raises(DataError, match="does not hold Inception's weights"):
        extractor(file)

    assert not marker.exists()
    torch.load(file, weights_only=False)
    assert marker.exists()  # it would have gone off


@pytest.mark.usefixtures("_tiny")
def test_a_file_that_cannot_be_read_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = weights(tmp_path / "w.pth")
    monkeypatch.setattr(torch, "load", refuse)

    with pytest.raises(DataError, match=r"w\.pth: cannot be read \(Permission denied\)"):
        extractor(file)


def test_a_missing_package_is_told_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch_fidelity", MODULE):  # another test may have imported it
        monkeypatch.setitem(sys.modules, name, None)

    expected = r'not installed \(torch_fidelity.*\)\. pip install "photo-translate\[metrics\]"'
    with pytest.raises(ConfigError, match=expected):
        extractor(weights(tmp_path / "w.pth"))


def test_published_weights_are_fetched_once_and_found_again(tmp_path: Path) -> None:
    content = b"weights" * 1000
    name = f"weights-inception-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    cache = tmp_path / "new" / "cache"
    with serve() as site:
        url = site.put(name, Page(content))
        first = fetch_weights(cache, url)
        again = fetch_weights(cache, url)
        asked = len(site.agents)

    assert first == again == cache / name
    assert first.read_bytes() == content
    assert asked == 1
    assert [file.name for file in cache.iterdir()] == [name]


@pytest.mark.usefixtures("_tiny")
def test_without_a_file_the_one_in_the_cache_is_used(tmp_path: Path) -> None:
    weights(tmp_path / ADVICE)

    extract = InceptionExtractor(None, CPU, tmp_path)

    assert extract(noise(1, 3, 4, 4)).shape == (1, 2)


@pytest.mark.parametrize(
    "page",
    [Page(b"another file"), Page(b"right", faults=[Fault(drop_after=3)])],
    ids=["another", "cut short"],
)
def test_what_is_not_the_published_file_is_not_kept(tmp_path: Path, page: Page) -> None:
    name = f"weights-{hashlib.sha256(b'right').hexdigest()[:8]}.pth"
    with serve() as site:
        url = site.put(name, page)
        with pytest.raises(DataError, match=f"{url}: what came is not the published file"):
            fetch_weights(tmp_path, url)

    assert list(tmp_path.iterdir()) == []


def test_an_address_without_a_digest_must_give_the_published_file(tmp_path: Path) -> None:
    with serve() as site, pytest.raises(DataError, match="is not the published file"):
        fetch_weights(tmp_path, site.put("weights.pth", Page(b"anything")))


OFFLINE = r"could not be fetched from .*--weights FILE.*--extractor efficientnet"


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_refuses_is_told_with_what_to_do(tmp_path: Path, status: int) -> None:
    with serve() as site:
        url = site.put("weights-12345678.pth", Page(b"", faults=[Fault(status=status)]))
        with pytest.raises(DataError, match=OFFLINE):
            fetch_weights(tmp_path, url)

    assert list(tmp_path.iterdir()) == []


def test_without_a_network_it_is_told_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    with pytest.raises(DataError, match=OFFLINE) as told:
        fetch_weights(tmp_path, f"http://127.0.0.1:{port}/weights-12345678.pth")

    assert "Connection refused" in str(told.value)


def test_a_server_that_breaks_off_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from http.client import IncompleteRead

    def break_off(*_: object, **__: object) -> None:
        raise IncompleteRead(b"")

    monkeypatch.setattr(torch.hub, "download_url_to_file", break_off)

    with pytest.raises(DataError, match=OFFLINE):
        fetch_weights(tmp_path)


def test_a_cache_that_cannot_be_written_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")

    with pytest.raises(DataError, match=OFFLINE):
        fetch_weights(tmp_path / "file" / "cache", "http://127.0.0.1:9/weights-12345678.pth")


def test_the_published_address_names_the_digest() -> None:
    assert inception.URL.endswith(f"-{inception.DIGEST}.pth")


@pytest.mark.slow
def test_the_network_is_torch_fidelitys_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its weights are random here: the published ones cannot be had without a network."""
    fidelity = pytest.importorskip(MODULE)
    network = fidelity.FeatureExtractorInceptionV3
    torch.manual_seed(0)
    with monkeypatch.context() as patch:
        patch.setattr(fidelity, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(network, "load_state_dict", lambda *_: None)
        drawn = network("inception", ["2048"])
    file = tmp_path / "w.pth"
    torch.save(drawn.state_dict(), file)
    photos = noise(3, 3, 40, 50)
    before = torch.get_rng_state()

    extract = InceptionExtractor(file, CPU, tmp_path)
    found = extract(photos)

    levels = ((photos + 1) * 127.5).round().to(torch.uint8)
    assert found.shape == (3, 2048)
    assert found.dtype == torch.float32
    assert not found.requires_grad
    torch.testing.assert_close(found, drawn(levels)[0])
    assert torch.equal(torch.get_rng_state(), before)
