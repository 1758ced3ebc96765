"""Ask a server on the web for a file: over http or https only, and say clearly why it fails."""

import ssl
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, cast
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from translate.errors import DataError
from translate.version import __version__

TIMEOUT_S = 30.0  # without a byte
PASSING = {408, 425, 429, 500, 502, 503, 504}  # HTTP states that pass by themselves
NOT_THAT_LONG = 416  # the file has no byte where it was asked to begin


class DropError(Exception):
    """The connection broke, or the server is in trouble: another attempt may do better."""


class OutOfRangeError(DropError):
    """The file on the server is shorter than what was asked for."""


class _WebOnly(request.HTTPRedirectHandler):
    """Follows redirects to other web addresses, but never from a safe one to an open one."""

    def redirect_request(
        self,
        req: request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> request.Request | None:
        schemes = {"https"} if urlsplit(req.full_url).scheme == "https" else {"http", "https"}
        if urlsplit(newurl).scheme not in schemes:
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


HANDLERS = (  # without those for files and FTP, which the usual opener has
    request.ProxyHandler,
    request.HTTPHandler,
    request.HTTPSHandler,
    request.HTTPDefaultErrorHandler,
    request.HTTPErrorProcessor,
    request.UnknownHandler,
    _WebOnly,
)


def ask(address: str, headers: dict[str, str]) -> HTTPResponse:
    """Send a request and wait for the head of the reply; its body is still to be read.

    Raises:
        DropError: It may succeed another time.
        DataError: It will not, unless somebody does something.
    """
    opener = request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    headers = {"User-Agent": f"photo-translate/{__version__}"} | headers
    try:
        asked = request.Request(address, headers=headers)  # noqa: S310  # web addresses only
        return cast(HTTPResponse, opener.open(asked, timeout=TIMEOUT_S))
    except HTTPError as error:
        error.close()
        if error.code == NOT_THAT_LONG and "Range" in headers:
            raise OutOfRangeError("the file on the server became shorter") from error
        if error.code in PASSING:
            raise DropError(f"the server says {error.code} {error.reason}") from error
        raise DataError(_refusal(address, error)) from error
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise DataError(
                f"{address}: the server cannot prove who it is ({error.reason}). Nothing was "
                "downloaded. See that this computer's clock is right, or ask the server's owner."
            ) from error
        raise DropError(str(error.reason)) from error
    except (OSError, HTTPException, UnicodeError) as error:
        raise DropError(str(error) or type(error).__name__) from error


def _refusal(address: str, error: HTTPError) -> str:
    if 300 <= error.code < 400:
        return (
            f"{address}: leads on to {error.headers.get('Location')}, which is not followed: "
            "expected a file, or another address as safe as this one. Correct download.address "
            "in the data set's card."
        )
    return (
        f"{address}: the server says {error.code} {error.reason}. The file may have moved: look "
        "at the data set's web page, and correct download.address in its card."
    )
