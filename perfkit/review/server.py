"""``perfkit review``: the outputs in the browser of this machine, and what reviewers write there.

Served on 127.0.0.1 only, below a random token, so that no other page in the
browser and no other user can reach it by guessing. A page may run its own
script and speak to this server, nothing else. Whatever a request meets, it is
answered; the index follows what was written on its own.
"""

from __future__ import annotations

import getpass
import hmac
import html
import json
import os
import re
import secrets
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from perfkit.errors import PerfkitError, system_reason
from perfkit.files import stamp
from perfkit.review.record import (
    FOLDER,
    LETTERS,
    NAME,
    UNSHOWN,
    add_events,
    read_events,
    record_file,
    reports,
)
from perfkit.texts import shortened

PORT = 8643
"""Tried first: a browser keeps what could not be saved by address, port included."""

LARGEST = 8_000_000
"""Bytes of a request: an acceptance has the whole text of the report."""

PATIENCE = 2
"""Seconds to wait for more of a request that was refused before it was read."""

INDEX_SECONDS = 20
"""How long the page of the index waits for a newer one, and the end of the server for the last."""

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


NO_MORE: Mapping[str, str] = {}


class Following:
    """Does a job after it was asked for, in a thread of its own; once for all that asked meanwhile.

    `trouble` says why it could not be done the last time, empty if it could;
    it is told on the terminal when it changes.
    """

    def __init__(self, job: Callable[[], None]) -> None:
        self.trouble = ""
        self._job = job
        self._asked = self._done = 0
        self._ending = False
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="perfkit-index", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have the job done some time after now."""
        with self._turn:
            self._asked += 1
            self._turn.notify_all()

    def wait(self, seconds: float) -> None:
        """Until all that was asked for is done, or so long."""
        with self._turn:
            asked = self._asked
            self._turn.wait_for(lambda: self._done >= asked, seconds)

    def end(self, seconds: float) -> None:
        """Do the job a last time, for what came with the end or could not be done; wait so long."""
        with self._turn:
            self._asked += 1
            self._ending = True
            self._turn.notify_all()
        self._thread.join(seconds)

    def _work(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._ending or self._asked > self._done)
                asked = self._asked
                if asked == self._done:
                    return
            trouble = self._do()
            if trouble != self.trouble:
                _tell(trouble or "目录已更新")
            with self._turn:
                self.trouble, self._done = trouble, asked
                self._turn.notify_all()

    def _do(self) -> str:
        try:
            self._job()
        except PerfkitError as e:
            return f"目录没有全部更新：{e}"
        except OSError as e:
            return f"目录没有更新：{system_reason(e)}"
        except Exception:  # a report that no one foresaw must not end the reviews
            return f"目录没有更新，perfkit 内部出错，请把下面的文字告诉开发人员：\n{traceback.format_exc()}"
        return ""


class ReviewServer(ThreadingHTTPServer):
    """Serves a folder of reports; `address` is where, token included.

    *written* brings the index up to date; it may take its time and fail.
    """

    daemon_threads = True
    # A browser opens six connections for each page; those that wait for their turn are not turned away.
    request_queue_size = 128
    # On Windows a second server could take the port from under the first.
    allow_reuse_address = os.name != "nt"

    def __init__(
        self, outputs: Path, port: int, written: Callable[[], None] = lambda: None
    ) -> None:
        self.outputs = outputs.resolve()
        self.token = secrets.token_urlsafe(24)
        super().__init__(("127.0.0.1", port), _Handler)
        self.index = Following(written)

    def server_close(self) -> None:
        """Close the port, and bring the index up to date a last time."""
        super().server_close()
        if hasattr(self, "index"):  # not if the port was taken
            self.index.end(INDEX_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that has gone needs no answer; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            _tell(traceback.format_exc())

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
        try:
            real = path.resolve()
            shown = real.is_file() and real.is_relative_to(self.outputs)
        except (OSError, RuntimeError):  # a name too long, a link to itself
            return None
        return real if shown else None

    def is_report(self, name: str) -> bool:
        """Whether there is a page of the report that is called this."""
        return name in reports(self.outputs) and self.file(f"{name}.html") is not None


class _RefusedError(Exception):
    """Why a request is not met, in Chinese."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        self.status = status
        super().__init__(message)


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = 60
    answered = False
    """Whether the answer to this request has begun."""
    unread = False
    """Whether the request has a body that was not read; it must not be taken for the next one."""

    def do_GET(self) -> None:
        with self._answering():
            self._length()  # what is said with a GET is not read, and must not become a request
            name, query = self._asked()
            if name.startswith(f"{LETTERS}/"):
                self._answer_letter(name.removeprefix(f"{LETTERS}/"))
            elif name.startswith(f"{FOLDER}/"):
                self._answer_events(name.removeprefix(f"{FOLDER}/"), query)
            elif name in ("", "index.html"):
                self._answer_index()
            elif path := self.server.file(name):
                self._answer(HTTPStatus.OK, path.read_bytes(), TYPES[path.suffix])
            else:
                raise _RefusedError(HTTPStatus.NOT_FOUND, "没有这个文件")

    def do_POST(self) -> None:
        with self._answering():
            length = self._length()
            name, _ = self._asked()
            report = name.removeprefix(f"{FOLDER}/")
            origin = self.headers.get("Origin")
            own = {None, *(f"http://{host}" for host in self.server.hosts)}
            if origin not in own:
                raise _RefusedError(HTTPStatus.FORBIDDEN, "只接受本页面写的意见")
            if not name.startswith(f"{FOLDER}/") or not self.server.is_report(report):
                raise _no_report(report)
            if self.headers.get_content_type() != "application/json":
                raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "意见应是 JSON")
            if length is None:
                raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "没有写明长度")
            if length > LARGEST:
                raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "一次写得太多，请缩短")
            added = self._take_events(report, self._body(length))
            self._answer_json({"added": added})
            if added:
                self.server.index.ask()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Every request is answered, whatever it meets; a browser that has gone is let go."""
        self.answered = self.unread = False
        try:
            yield
        except _RefusedError as e:
            self._refuse(e.status, str(e))
        except ConnectionError:
            self.close_connection = True
        except OSError as e:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"读不了：{system_reason(e)}")
        except Exception:
            _tell(traceback.format_exc())
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "审阅服务内部出错，详情见运行它的窗口")

    def _length(self) -> int | None:
        """How long the body is said to be; None if it isn't."""
        said = self.headers.get_all("Content-Length", [])
        coding = self.headers.get_all("Transfer-Encoding", [])
        self.unread = bool(coding) or any(length != "0" for length in said)
        if coding or not said:
            return None
        if len(said) > 1 or not re.fullmatch("[0-9]+", said[0]):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "写明的长度不对")
        return int(said[0]) if len(said[0]) < 16 else sys.maxsize

    def _body(self, length: int) -> bytes:
        try:
            body = self.rfile.read(length)
        except TimeoutError:
            raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "意见没有收全，请再试一次") from None
        if len(body) < length:
            raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "意见没有收全，请再试一次")
        self.unread = False
        return body

    def _take_events(self, report: str, body: bytes) -> int:
        try:
            events = json.loads(body)["events"]
            return add_events(self.server.outputs, report, events)
        except PerfkitError as e:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, f"意见{e}") from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "读不懂这条意见") from None
        except OSError as e:
            reason = f"意见写不进 {FOLDER} 文件夹：{system_reason(e)}"
            raise _RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, reason) from None

    def _asked(self) -> tuple[str, str]:
        """The path below the token and the query."""
        wrong = _RefusedError(HTTPStatus.NOT_FOUND, "地址不对，请用 perfkit review 显示的地址")
        try:
            parts = urlsplit(self.path)
        except ValueError:
            raise wrong from None
        token, _, name = parts.path.lstrip("/").partition("/")
        # A page elsewhere could make its own name mean 127.0.0.1; then Host is that name.
        known = self.headers.get("Host") in self.server.hosts
        if not known or not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise wrong
        return unquote(name), parts.query

    def _answer_events(self, report: str, query: str) -> None:
        if not self.server.is_report(report):
            raise _no_report(report)
        path = record_file(self.server.outputs, report)
        # For a page that asks whether its record, or its report, has changed.
        version = "{}-{}".format(*stamp(path))
        made = "{}-{}".format(*stamp(self.server.outputs / f"{report}.html"))
        found: dict[str, object] = {
            "report": report,
            "by": _user(),
            "version": version,
            "made": made,
        }
        if parse_qs(query).get("version") != [version]:
            # All of them: git may have put new ones in the middle.
            found["events"], found["troubles"] = read_events(path)
        self._answer_json(found)

    def _answer_letter(self, name: str) -> None:
        """The opinion sheet of a report as it is now; nothing is written for it."""
        from perfkit.review import letter

        report, _, ending = name.rpartition(".")
        if ending not in letter.FORMS or not self.server.is_report(report):
            raise _no_report(report)
        try:
            content = letter.FORMS[ending](letter.letter_of(self.server.outputs, report))
        except PerfkitError as e:
            raise _RefusedError(HTTPStatus.NOT_FOUND, str(e)) from None
        file = quote(letter.letter_file(self.server.outputs, report, ending).name)
        kept = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
        self._answer(HTTPStatus.OK, content, TYPES[f".{ending}"], kept)

    def _answer_index(self) -> None:
        self.server.index.ask()
        self.server.index.wait(INDEX_SECONDS)
        path = self.server.file("index.html")
        content = path.read_bytes() if path else _list_of(self.server.outputs)
        if trouble := self.server.index.trouble:
            told = f'<p role="alert"><strong>{html.escape(trouble)}</strong></p>'
            # Without a body, as in the list below, it stands at the end.
            head, body, rest = content.partition(b"<body>")
            content = head + body + told.encode() + rest
        self._answer(HTTPStatus.OK, content, TYPES[".html"])

    def _answer_json(self, value: object) -> None:
        content = json.dumps(value, ensure_ascii=False).encode()
        self._answer(HTTPStatus.OK, content, TYPES[".json"])

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request that this server knows; the library's own words are English."""
        self._refuse(HTTPStatus(code), "读不懂这个请求；只能看报告、写意见")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        if self.answered:  # too late for another answer
            self.close_connection = True
            return
        self.request_version = "HTTP/1.1"  # the browser's may be what could not be read
        self.close_connection = True
        content = json.dumps({"error": message}, ensure_ascii=False).encode(errors="replace")
        with suppress(OSError):
            self._answer(status, content, TYPES[".json"])
            self._read_rest()

    def _read_rest(self) -> None:
        # A connection that is closed with something unread takes the answer with it; and a
        # browser reads the answer only after it has sent everything.
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(PATIENCE)
        for _ in range(8 * LARGEST // 65536):
            if not self.rfile.read1(65536):
                return

    def _answer(
        self, status: HTTPStatus, content: bytes, kind: str, more: Mapping[str, str] = NO_MORE
    ) -> None:
        self.answered = True
        self.close_connection = self.close_connection or self.unread
        self.send_response(status)
        for key, value in {**HEADERS, **more}.items():
            self.send_header(key, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the token would be in every line."""


def _no_report(report: str) -> _RefusedError:
    return _RefusedError(HTTPStatus.NOT_FOUND, f"没有“{shortened(report, NAME)}”这份报告")


def _tell(text: str) -> None:
    """On the terminal, if there is one: started without, a message must not end anything."""
    with suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr, flush=True)


def _user() -> str:
    try:
        return UNSHOWN.sub("", getpass.getuser())[:NAME]
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
