"""A real browser without a window, and a server on loopback to which every request of any page is led."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
HOST = "packet.test"
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)


class Served:
    """Pages by path, and the requests that came: `host/path` each."""

    def __init__(self, pages: dict[str, str]) -> None:
        self.pages = pages
        self.asked: list[str] = []
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.headers.get("Host", "").split(":")[0]
                served.asked.append(f"{host}{self.path}")
                text = served.pages.get(self.path)
                self.send_response(404 if text is None else 200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((text or "").encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    def of_pages(self) -> list[str]:
        """Requests of the pages; not what the browser itself may ask for."""
        return [asked for asked in self.asked if asked.split("/")[0].endswith(".test")]


@contextmanager
def serving(pages: dict[str, str]) -> Iterator[Served]:
    served = Served(pages)
    thread = Thread(target=served.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.server.shutdown()
        served.server.server_close()
        thread.join(10)


def opened(served: Served, path: str, folder: Path, *flags: str) -> str:
    """The document as the browser has it once it is loaded. Every name leads to our own server."""
    done = subprocess.run(
        [
            CHROMIUM,
            *_QUIET,
            f"--user-data-dir={folder / 'profile'}",
            f"--host-resolver-rules=MAP * 127.0.0.1:{served.port}",
            "--virtual-time-budget=20000",
            "--window-size=1200,900",
            *flags,
            "--dump-dom",
            f"http://{HOST}:{served.port}{path}",
        ],
        capture_output=True,
        timeout=600,
        check=True,
    )
    return done.stdout.decode()


class _Result(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self._inside = "", False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = ("id", "result") in attrs

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.text += data


def result(document: str) -> Any:
    """The JSON that a script of ours left in the element `result`."""
    found = _Result()
    found.feed(document)
    return json.loads(found.text)


def without_policy(page: str) -> str:
    """The page without its Content-Security-Policy, so that a script of ours may look at it."""
    start = page.index('<meta http-equiv="Content-Security-Policy"')
    return page[:start] + page[page.index(">", start) + 1 :]
