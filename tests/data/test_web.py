import ssl
from email.message import Message
from http.client import BadStatusLine
from io import BytesIO
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, Request

import pytest

from tests.web_server import Fault, Page, serve
from translate.data.web import HANDLERS, DropError, OutOfRangeError, ask
from translate.errors import DataError
from translate.version import __version__

ADDRESS = "https://example.org/set.zip"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


def test_a_reply_is_given_unread_and_the_server_told_who_asks() -> None:
    with serve() as site, ask(site.put("set.zip", Page(b"whole")), {}) as reply:
        assert reply.status == 200
        assert reply.read() == b"whole"
        assert site.agents == [f"photo-translate/{__version__}"]


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (URLError(ssl.SSLCertVerificationError("expired")), DataError, "cannot prove who it is"),
        (URLError(OSError("no route")), DropError, "no route"),
        (TimeoutError("timed out"), DropError, "timed out"),
        (BadStatusLine("?"), DropError, "?"),
        (ConnectionResetError(), DropError, "ConnectionResetError"),
    ],
)
def test_what_may_pass_is_told_from_what_will_not(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: type[Exception], message: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(OpenerDirector, "open", fail)

    with pytest.raises(expected) as caught:
        ask(ADDRESS, {})

    assert message in str(caught.value)


def test_a_range_beyond_the_file_is_told_apart() -> None:
    with serve() as site:
        address = site.put("set.zip", Page(b"", faults=[Fault(416), Fault(416)]))
        with pytest.raises(OutOfRangeError):
            ask(address, {"Range": "bytes=5-"})
        with pytest.raises(DataError, match="416"):
            ask(address, {})


@pytest.mark.parametrize("scheme", ["http", "ftp", "file"])
def test_a_safe_address_never_leads_to_an_open_one(scheme: str) -> None:
    redirects = HANDLERS[-1]()

    with pytest.raises(HTTPError):
        redirects.redirect_request(
            Request(ADDRESS), BytesIO(), 302, "Found", Message(), f"{scheme}://example.org/set.zip"
        )


def test_files_on_this_computer_are_out_of_reach() -> None:
    with pytest.raises(DropError, match="unknown url type"):
        ask("file:///etc/passwd", {})
