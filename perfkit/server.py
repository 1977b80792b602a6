"""``perfkit review``: the outputs in the browser of this machine, and what reviewers write there.

Served on 127.0.0.1 only, below a random token, so that no other page in the
browser and no other user can reach it by guessing. A page may run its own
script and speak to this server, nothing else.
"""

from __future__ import annotations

import getpass
import hmac
import html
import json
import os
import secrets
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from perfkit.batch import stamp
from perfkit.reviews import FOLDER, add_events, read_events, record_file
from perfkit.yamlfile import PerfkitError, system_reason

PORT = 8643
"""Tried first: a browser keeps what could not be saved by address, port included."""

LARGEST = 8_000_000
"""Bytes of a request: an acceptance has the whole text of the report."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json; charset=utf-8",
    ".ipynb": "application/json; charset=utf-8",
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "img-src data:; font-src data:; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ReviewServer(ThreadingHTTPServer):
    """Serves a folder of reports; `address` is where, token included."""

    daemon_threads = True
    # On Windows a second server could take the port from under the first.
    allow_reuse_address = os.name != "nt"

    def __init__(
        self, outputs: Path, port: int, written: Callable[[], None] = lambda: None
    ) -> None:
        self.outputs = outputs.resolve()
        self.token = secrets.token_urlsafe(24)
        self.written = written
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def address(self) -> str:
        """http://127.0.0.1:8643/<token>/"""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> set[str]:
        """What this machine's own browser calls the server."""
        return {f"{host}:{self.server_port}" for host in ("127.0.0.1", "localhost")}

    def file(self, name: str) -> Path | None:
        """The file of the outputs with this name, if it is one to show."""
        path = self.outputs / name
        hidden = any(part.startswith(".") for part in Path(name).parts)
        if hidden or "\0" in name or path.suffix not in TYPES:
            return None
        real = path.resolve()
        return real if real.is_file() and real.is_relative_to(self.outputs) else None

    def is_report(self, name: str) -> bool:
        """Whether there is a page of the report that is called this."""
        simple = bool(name) and Path(name).name == name and "\\" not in name
        return simple and self.file(f"{name}.html") is not None


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = 60
    read = False
    """Whether the body of the request has been read."""

    def do_GET(self) -> None:
        asked = self._asked()
        if asked is None:
            return
        name, query = asked
        if name.startswith(f"{FOLDER}/"):
            self._answer_events(name.removeprefix(f"{FOLDER}/"), query)
        elif name in ("", "index.html"):
            self._answer_index()
        elif path := self.server.file(name):
            self._answer(HTTPStatus.OK, path.read_bytes(), TYPES[path.suffix])
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "没有这个文件")

    def do_POST(self) -> None:
        self.read = False
        asked = self._asked()
        if asked is None:
            return
        name, _ = asked
        report = name.removeprefix(f"{FOLDER}/")
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.server.hosts}:
            self._refuse(HTTPStatus.FORBIDDEN, "只接受本页面写的意见")
        elif not name.startswith(f"{FOLDER}/") or not self.server.is_report(report):
            self._refuse(HTTPStatus.NOT_FOUND, f"没有“{report}”这份报告")
        elif self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "意见应是 JSON")
        else:
            self._take_events(report)

    def _take_events(self, report: str) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "没有写明长度")
            return
        if int(length) > LARGEST:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "一次写得太多，请缩短")
            return
        try:
            self.read = True
            events = json.loads(self.rfile.read(int(length)))["events"]
            added = add_events(self.server.outputs, report, events)
        except PerfkitError as e:
            self._refuse(HTTPStatus.BAD_REQUEST, f"意见{e}")
        except (ValueError, TypeError, KeyError, RecursionError):
            self._refuse(HTTPStatus.BAD_REQUEST, "读不懂这条意见")
        except OSError as e:
            reason = f"意见写不进 {FOLDER} 文件夹：{system_reason(e)}"
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, reason)
        else:
            if added:
                self.server.written()
            self._answer_json({"added": added})

    def _asked(self) -> tuple[str, str] | None:
        """The path below the token and the query; None if the request was refused."""
        parts = urlsplit(self.path)
        token, _, name = parts.path.lstrip("/").partition("/")
        # A page elsewhere could make its own name mean 127.0.0.1; then Host is that name.
        known = self.headers.get("Host") in self.server.hosts
        if not known or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND, "地址不对，请用 perfkit review 显示的地址")
            return None
        return unquote(name), parts.query

    def _answer_events(self, report: str, query: str) -> None:
        if not self.server.is_report(report):
            self._refuse(HTTPStatus.NOT_FOUND, f"没有“{report}”这份报告")
            return
        path = record_file(self.server.outputs, report)
        version = "{}-{}".format(*stamp(path))  # for a page that asks whether it has changed
        found: dict[str, object] = {"report": report, "by": _user(), "version": version}
        if parse_qs(query).get("version") != [version]:
            # All of them: git may have put new ones in the middle.
            found["events"], found["troubles"] = read_events(path)
        self._answer_json(found)

    def _answer_index(self) -> None:
        self.server.written()
        path = self.server.file("index.html")
        content = path.read_bytes() if path else _list_of(self.server.outputs)
        self._answer(HTTPStatus.OK, content, TYPES[".html"])

    def _answer_json(self, value: object) -> None:
        content = json.dumps(value, ensure_ascii=False).encode()
        self._answer(HTTPStatus.OK, content, TYPES[".json"])

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        # A browser reads the answer only after it has sent everything.
        length = self.headers.get("Content-Length", "")
        left = int(length) if length.isascii() and length.isdigit() else 0
        left = 0 if self.read else min(left, 8 * LARGEST)
        while left > 0 and (part := self.rfile.read(min(left, 65536))):
            left -= len(part)
        self.close_connection = True
        content = json.dumps({"error": message}, ensure_ascii=False).encode()
        self._answer(status, content, TYPES[".json"])

    def _answer(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for key, value in HEADERS.items():
            self.send_header(key, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the token would be in every line."""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _list_of(outputs: Path) -> bytes:
    names = sorted(path.name for path in outputs.glob("*.html"))
    items = "".join(f'<li><a href="{quote(name)}">{html.escape(name)}</a></li>' for name in names)
    return (
        '<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>报告</title>'
        f"<h1>报告</h1><ul>{items or '<li>还没有报告</li>'}</ul></html>"
    ).encode()


def open_server(outputs: Path, port: int | None, written: Callable[[], None]) -> ReviewServer:
    """A server on *port*; without one on `PORT`, or on any other that is free.

    Raises:
        PerfkitError: if the port asked for is taken.
    """
    make = partial(ReviewServer, outputs, written=written)
    try:
        return make(PORT if port is None else port)
    except OverflowError:
        raise PerfkitError(f"端口 {port} 用不了：应在 0 至 65535 之间") from None
    except OSError as e:
        if port is not None:
            reason = f"端口 {port} 用不了：{system_reason(e)}；请换一个，或不写 --port"
            raise PerfkitError(reason) from None
    return make(0)
