from collections.abc import Iterator

import pytest

from tests.web_server import Site, serve
from translate.data import fetch as fetch_module


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


@pytest.fixture
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setenv("no_proxy", "*")
