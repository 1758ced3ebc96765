"""A web server on this computer, with all the faults that a download can meet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Fault:
    """What goes wrong with one request."""

    status: int | None = None  # answered instead of the file
    leads_to: str | None = None  # another address
    drop_after: int | None = None  # bytes of the answer, then the connection ends
    ignores_range: bool = False  # sends the whole file, as old servers do
    ignores_change: bool = False  # sends the rest of the file, though it became another one
    shifts_range: int = 0  # sends from another byte than asked for
    extra_length: int = 0  # promised in Content-Length, but never sent


@dataclass
class Page:
    """A file that the server has."""

    content: bytes
    etag: str | None = '"1"'
    modified: str | None = None
    kind: str = "application/zip"
    tells_length: bool = True
    faults: list[Fault] = field(default_factory=list)  # of the first requests, in turn


@dataclass
class Site:
    """The server's files, and what was asked of it."""

    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    ranges: list[str | None] = field(default_factory=list)  # one per request
    agents: list[str | None] = field(default_factory=list)  # likewise

    def put(self, name: str, page: Page) -> str:
        self.pages[f"/{name}"] = page
        return f"{self.address}/{name}"


@contextmanager
def serve() -> Iterator[Site]:
    """Run the server while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    site = Site(f"http://127.0.0.1:{server.server_port}")
    server.site = site  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: Site = self.server.site  # type: ignore[attr-defined]
        site.ranges.append(self.headers.get("Range"))
        site.agents.append(self.headers.get("User-Agent"))
        page = site.pages.get(self.path)
        if page is None:
            self.send_error(404)
            return
        fault = page.faults.pop(0) if page.faults else Fault()
        if fault.status:
            self.send_error(fault.status)
        elif fault.leads_to:
            self.send_response(302)
            self.send_header("Location", fault.leads_to)
            self.end_headers()
        else:
            self._send(page, fault)

    def _send(self, page: Page, fault: Fault) -> None:
        asked = self.headers.get("Range")
        is_same = fault.ignores_change or (
            self.headers.get("If-Range") in {page.etag, page.modified}
        )
        start, end = 0, len(page.content)
        if asked and is_same and not fault.ignores_range:
            start = int(asked.removeprefix("bytes=").partition("-")[0]) + fault.shifts_range
            if start >= end:
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        else:
            self.send_response(200)
        for name, value in {"ETag": page.etag, "Last-Modified": page.modified}.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Type", page.kind)
        if page.tells_length:
            self.send_header("Content-Length", str(end - start + fault.extra_length))
        self.end_headers()
        self.wfile.write(page.content[start:][: fault.drop_after])

    def log_message(self, *_: object) -> None:
        """Stay silent."""
