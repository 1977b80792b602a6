"""`perfkit review` over real sockets: what it serves, what it refuses, what it writes."""

import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from test_reviews import REPORT, event

from perfkit.batch.indexing import refresh_index, update_index
from perfkit.batch.journal import Record, append_record
from perfkit.errors import PerfkitError
from perfkit.index.rows import Row
from perfkit.review import record as record_module
from perfkit.review import server as server_module
from perfkit.review.record import read_review
from perfkit.review.server import LARGEST, open_server

PAGE = b"<!DOCTYPE html><p>98.7%"
GUARD = 300
"""Seconds after which something hangs."""


@pytest.fixture
def outputs(tmp_path):
    folder = tmp_path / "outputs"
    (folder / "reviews").mkdir(parents=True)
    (folder / f"{REPORT}.html").write_bytes(PAGE)
    (folder / f"{REPORT}.pdf").write_bytes(b"%PDF")
    (folder / "index.html").write_text("目录", encoding="utf-8")
    (folder / ".hidden.html").write_text("x", encoding="utf-8")
    (folder / "perfkit.jsonl").write_text("{}", encoding="utf-8")
    (tmp_path / "secret.html").write_text("秘密", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def unhurried(monkeypatch):
    """A busy machine takes its time; what a user would not wait for is waited for here."""
    monkeypatch.setattr(server_module, "INDEX_SECONDS", GUARD)
    monkeypatch.setattr(server_module, "PATIENCE", GUARD)
    monkeypatch.setattr(record_module, "WAIT", GUARD)


@pytest.fixture
def serve(outputs):
    """A server of the outputs, in a thread of its own; what follows a remark may be chosen."""
    running = {}

    def start(written=lambda: None):
        made = open_server(outputs, None, written)
        running[made] = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
        running[made].start()
        return made

    def stop(made):
        made.shutdown()
        made.server_close()
        running.pop(made).join(GUARD)

    start.stop = stop
    yield start
    for made in list(running):
        stop(made)


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def ask(server):
    """One request: its status, headers and body; ``{}`` in the path is the token."""

    return partial(request, server)


def request(server, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=GUARD)
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, path.replace("{}", server.token), body, named)
    response = connection.getresponse()
    found = response.status, response.headers, response.read()
    connection.close()
    return found


@pytest.fixture
def post(server):
    return partial(send, server)


def send(server, events, report=REPORT, **headers):
    headers = {"Content_Type": "application/json"} | headers
    body = json.dumps({"events": events}).encode()
    status, _, answer = request(server, "POST", f"/{{}}/reviews/{report}", body, **headers)
    return status, json.loads(answer)


SERVED = {
    f"/{{}}/{REPORT}.html": (PAGE, "text/html; charset=utf-8"),
    f"/{{}}/{REPORT}.html?x=1": (PAGE, "text/html; charset=utf-8"),
    f"/{{}}/{REPORT}.pdf": (b"%PDF", "application/pdf"),
    "/{}/": ("目录".encode(), "text/html; charset=utf-8"),
    "/{}/index.html": ("目录".encode(), "text/html; charset=utf-8"),
}


@pytest.mark.parametrize("path", SERVED)
def test_it_serves(path, ask):
    status, headers, body = ask("GET", path)
    assert (status, body, headers["Content-Type"]) == (200, *SERVED[path])
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]


NOT_SERVED = {
    "without the token": f"/{REPORT}.html",
    "nothing": "/",
    "another token": f"/{'x' * 32}/{REPORT}.html",
    "a token in Chinese": f"/%E5%8F%B7/{REPORT}.html",
    "above the folder": "/{}/../secret.html",
    "above the folder, encoded": "/{}/%2e%2e/secret.html",
    "above the folder, encoded with the slash": "/{}/%2e%2e%2fsecret.html",
    "above the folder, for Windows": "/{}/..%5csecret.html",
    "an absolute path": "/{}//etc/hostname",
    "a hidden file": "/{}/.hidden.html",
    "a file of another kind": "/{}/perfkit.jsonl",
    "a folder": "/{}/reviews",
    "a link out of the folder": "/{}/link.html",
    "what isn't there": "/{}/none.html",
    "a null": "/{}/a%00.html",
    "remarks on no report": "/{}/reviews/none",
    "remarks on a file above": "/{}/reviews/..%2fsecret",
    "remarks on the index": "/{}/reviews/index",
    "remarks on a report that failed": "/{}/reviews/bad.failed",
    "a name that no file can have": "/{}/" + "x" * 5000 + ".html",
    "a report that no file can be": "/{}/reviews/" + "x" * 5000,
    "a link to itself": "/{}/loop.html",
    "an address that is none": "//[/x",
}


@pytest.mark.parametrize("case", NOT_SERVED)
def test_it_does_not_serve(case, ask, outputs):
    (outputs / "link.html").symlink_to(outputs.parent / "secret.html")
    (outputs / "loop.html").symlink_to(outputs / "loop.html")
    (outputs / "bad.failed.html").touch()
    status, _, body = ask("GET", NOT_SERVED[case])
    assert status == 404
    assert re.search("[\u4e00-\u9fff]", json.loads(body)["error"])
    assert "秘密".encode() not in body


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1", "127.0.0.1:1", ""])
def test_another_host_is_refused(host, ask):
    """A page elsewhere whose name was made to mean 127.0.0.1."""
    assert ask("GET", f"/{{}}/{REPORT}.html", Host=host)[0] == 404


def test_remarks_are_written_at_once_and_given_back(post, ask, outputs):
    assert post([event(0), event(1, "answer")]) == (200, {"added": 2})
    assert post([event(1, "answer"), event(2, "settle")]) == (200, {"added": 1})
    assert read_review(outputs, REPORT).remarks[0].settled
    all_of_them = json.loads(ask("GET", f"/{{}}/reviews/{REPORT}")[2])
    assert [e["kind"] for e in all_of_them["events"]] == ["remark", "answer", "settle"]
    known = f"/{{}}/reviews/{REPORT}?version={all_of_them['version']}"
    assert "events" not in json.loads(ask("GET", known)[2])
    post([event(3)])
    assert len(json.loads(ask("GET", known)[2])["events"]) == 4


REFUSED = {
    "another origin": ({"Origin": "http://example.com"}, 403),
    "no origin that is one": ({"Origin": "null"}, 403),
    "another kind of content": ({"Content_Type": "text/plain"}, 415),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_remark_is_refused_from(case, post, outputs):
    headers, status = REFUSED[case]
    assert post([event(0)], **headers)[0] == status
    assert not (outputs / "reviews" / f"{REPORT}.yaml").exists()


# What stands between "POST /…/reviews/… HTTP/1.1" with its Host and the body; the status.
BODIES = {
    "a length of 5000 digits": ("Content-Length: " + "9" * 5000, b"{}", 413),
    "a negative length": ("Content-Length: -1", b"{}", 400),
    "a length in words": ("Content-Length: two", b"{}", 400),
    "a length in other digits": ("Content-Length: \u0662", b"{}", 400),
    "two lengths": ("Content-Length: 2\r\nContent-Length: 20", b"{}", 400),
    "no length": ("X: y", b"{}", 411),
    "chunks": ("Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n", 411),
    "chunks and a length": ("Transfer-Encoding: chunked\r\nContent-Length: 2", b"{}", 411),
    "less than its length": ("Content-Length: 200", b"{}", 408),
    "no remark": ("Content-Length: 2", b"{}", 400),
    "deep JSON": ("Content-Length: 200000", b"[" * 200_000, 400),
    "a number without end": ("Content-Length: 15", b'{"events": NaN}', 400),
    "a number of 5000 digits": ("Content-Length: 5012", b'{"events": %s}' % (b"9" * 5000), 400),
}


def answer_to(server, sent):
    """What a server says to bytes that need not be a request: its status and its JSON."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=GUARD) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert received.count(b"HTTP/1.1 ") == 1, "one answer, and what was left is no request"
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_refused_in_chinese_and_nothing_written(case, server, outputs):
    heads, body, status = BODIES[case]
    host = f"Host: 127.0.0.1:{server.server_port}\r\nContent-Type: application/json"
    start = f"POST /{server.token}/reviews/{REPORT} HTTP/1.1\r\n{host}\r\n{heads}\r\n\r\n"
    found, answer = answer_to(server, start.encode() + body)
    assert (found, bool(re.search("[\u4e00-\u9fff]", answer["error"]))) == (status, True)
    assert list((outputs / "reviews").iterdir()) == []


NO_REQUESTS = {
    "nothing that is HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "another method": b"DELETE / HTTP/1.1\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\n\r\n",
    "an address without end": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    "a head without end": b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "a hundred heads": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    "a request within a request": b"GET / HTTP/1.1\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("case", NO_REQUESTS)
def test_what_is_no_request_is_answered_in_chinese(case, server):
    status, answer = answer_to(server, NO_REQUESTS[case])
    assert status >= 400
    assert re.search("[\u4e00-\u9fff]", answer["error"])


def test_its_own_page_may_write(post, server):
    origin = f"http://127.0.0.1:{server.server_port}"
    assert post([event(0)], Origin=origin) == (200, {"added": 1})


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"events": 1}', b'{"events": [1]}', b"\xff"])
def test_what_is_no_remark_is_refused_in_chinese(body, ask):
    path = f"/{{}}/reviews/{REPORT}"
    status, _, answer = ask("POST", path, body, Content_Type="application/json")
    assert status == 400
    assert re.search("[\u4e00-\u9fff]", json.loads(answer)["error"])


def test_a_megabyte_of_text_is_refused(post, outputs):
    status, answer = post([event(0, text="长" * 1_000_000)])
    assert (status, answer["error"]) == (400, "意见的意见有 1000000 个字，最多 20000 个")
    assert not (outputs / "reviews" / f"{REPORT}.yaml").exists()


def test_more_than_a_report_can_be_is_refused_with_a_reason(ask):
    path = f"/{{}}/reviews/{REPORT}"
    status, _, answer = ask("POST", path, b" " * (LARGEST + 1), Content_Type="application/json")
    assert (status, json.loads(answer)["error"]) == (413, "一次写得太多，请缩短")


def test_many_at_once_lose_nothing(post, outputs):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: post([event(n)]), range(80)))
    assert {status for status, _ in answers} == {200}
    assert len(read_review(outputs, REPORT).remarks) == 80


@pytest.fixture
def indexed(outputs):
    """Eight reports with an index that the batch made."""
    names = [f"shili-{number}" for number in range(8)]
    (outputs / "perfkit.jsonl").unlink()
    (outputs.parent / "params").mkdir()
    for name in names:
        (outputs / f"{name}.html").write_bytes(PAGE)
        (outputs.parent / "params" / f"{name}.yaml").touch()
        row = Row(name, department=name, links=(".html",)).as_dict()
        append_record(outputs, Record(name, f"../params/{name}.yaml", {}, row=row))
    update_index(outputs, set(names), changed=True)
    return names


def open_remarks(outputs):
    found = json.loads((outputs / "summary.json").read_text(encoding="utf-8"))
    return {row["name"]: row["open_remarks"] for row in found["departments"]}


def on_all_of(servers, names):
    """Six remarks on each report at once; the statuses of the answers."""
    events = [(name, n) for n in range(6) for name in names]

    def one(at):
        name, n = events[at]
        server = servers[at % len(servers)]
        return send(server, [event(n, report=name)], report=name)[0]

    with ThreadPoolExecutor(len(events)) as pool:
        return list(pool.map(one, range(len(events))))


def test_remarks_on_eight_reports_at_once_are_all_answered(serve, indexed, outputs):
    server = serve(lambda: refresh_index(outputs))
    assert on_all_of([server], indexed) == [200] * 48
    request(server, "GET", "/{}/")
    assert open_remarks(outputs) == dict.fromkeys(indexed, 6)
    assert [path.name for path in outputs.rglob("*.tmp")] == []


def test_two_servers_of_one_folder_lose_nothing(serve, indexed, outputs):
    servers = [serve(lambda: refresh_index(outputs)) for _ in range(2)]
    assert on_all_of(servers, indexed) == [200] * 48
    for server in servers:
        serve.stop(server)
    assert open_remarks(outputs) == dict.fromkeys(indexed, 6)


def test_a_remark_is_answered_before_the_index_follows(serve, outputs):
    """And it has followed when the server has ended."""
    done, go_on = [], threading.Event()

    def index():
        assert go_on.wait(GUARD)
        done.append(len(read_review(outputs, REPORT).remarks))

    server = serve(index)
    assert [send(server, [event(n)])[0] for n in range(10)] == [200] * 10
    assert done == []
    go_on.set()
    serve.stop(server)
    assert set(done) == {10}


def test_what_was_asked_for_meanwhile_is_done_once():
    done, begun, go_on = [], threading.Event(), threading.Event()

    def job():
        begun.set()
        assert go_on.wait(GUARD)
        done.append(1)

    following = server_module.Following(job)
    following.ask()
    assert begun.wait(GUARD)
    for _ in range(10):
        following.ask()
    go_on.set()
    following.wait(GUARD)
    assert len(done) == 2, "the first, and all others together"
    following.end(GUARD)
    assert len(done) == 3


def fail(error):
    raise error


TROUBLES = {
    "what the user can mend": (PerfkitError("summary.xlsx 写不进去"), "summary.xlsx 写不进去"),
    "the disk": (OSError(28, "No space left on device"), "磁盘满了"),
    "a fault of ours": (ZeroDivisionError("x"), "perfkit 内部出错"),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_what_the_index_meets_is_told_and_hinders_no_remark(case, serve, outputs, capfd):
    error, told = TROUBLES[case]
    server = serve(lambda: fail(error))
    assert send(server, [event(0)])[0] == 200
    status, _, page = request(server, "GET", "/{}/")
    assert status == 200
    assert told in page.decode()
    assert "目录" in page.decode()
    assert told in capfd.readouterr().err
    assert send(server, [event(1)])[0] == 200


def test_a_workbook_that_is_open_keeps_nothing_else_back(serve, indexed, outputs, capfd):
    """A folder in its place can't be replaced either."""
    (outputs / "summary.xlsx").unlink()
    (outputs / "summary.xlsx").mkdir()
    server = serve(lambda: refresh_index(outputs))
    assert send(server, [event(0, report=indexed[0])], report=indexed[0])[0] == 200
    page = request(server, "GET", "/{}/")[2].decode()
    assert "summary.xlsx 写不进去：这是文件夹；如果文件正在 Excel" in page
    assert "summary.xlsx 写不进去" in capfd.readouterr().err
    assert open_remarks(outputs)[indexed[0]] == 1
    (outputs / "summary.xlsx").rmdir()
    assert 'role="alert"><strong>' not in request(server, "GET", "/{}/")[2].decode()
    assert (outputs / "summary.xlsx").is_file()


HOSTILE = {
    "summary.json": "[1, 2]",
    "perfkit.jsonl": '{"name": "shili-0", "params": "../params/shili-0.yaml", "inputs": {}, "opened": {}, '
    '"files": {}, "row": {"grade": []}, "paragraphs": {}, "failed": false}\n',
    "reviews/shili-0.yaml": '- {"kind": []}\n- "\\ud800"\n- {"at": "0001-01-01T00:00:00+14:00"}\n\x00\xff',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_files_that_someone_broke_harm_neither_index_nor_remarks(name, serve, indexed, outputs):
    with (outputs / name).open("a", encoding="latin-1") as file:
        file.write(HOSTILE[name])
    server = serve(lambda: refresh_index(outputs))
    assert send(server, [event(0, report="shili-0")], report="shili-0")[0] == 200
    page = request(server, "GET", "/{}/")[2].decode()
    assert 'role="alert"><strong>' not in page
    assert open_remarks(outputs) == dict.fromkeys(indexed, 0) | {"shili-0": 1}


def test_a_folder_that_vanishes_is_told(post, ask, outputs):
    shutil.rmtree(outputs)
    assert post([event(0)])[0] == 404
    assert "还没有报告" in ask("GET", "/{}/")[2].decode()
    assert ask("GET", f"/{{}}/{REPORT}.html")[0] == 404


def test_a_folder_that_takes_nothing_is_told(post, outputs):
    (outputs / "reviews").rmdir()
    (outputs / "reviews").touch()
    reason = "意见写不进 reviews 文件夹：已有同名的文件"
    assert post([event(0)]) == (500, {"error": reason})


def test_a_port_that_is_taken_is_told(server, outputs):
    with pytest.raises(PerfkitError, match=f"端口 {server.server_port} 用不了：已被别的程序使用"):
        open_server(outputs, server.server_port, lambda: None)


def test_a_number_that_is_no_port_is_told(outputs):
    with pytest.raises(PerfkitError, match="端口 70000 用不了：应在 0 至 65535 之间"):
        open_server(outputs, 70000, lambda: None)


def test_without_a_port_another_one_serves(server, outputs):
    other = open_server(outputs, None, lambda: None)
    assert other.server_port != server.server_port
    other.server_close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process")
def test_the_command_tells_the_address_and_ends_on_ctrl_c(outputs):
    command = [sys.executable, "-m", "perfkit", "review", "-o", outputs, "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        # A shell lets what it starts in the background ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    first = process.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w-]{20,}/)", first)
    connection = http.client.HTTPConnection("127.0.0.1", int(address[1]), timeout=GUARD)
    connection.request("GET", f"{address[2]}{REPORT}.html")
    assert connection.getresponse().read() == PAGE
    connection.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(GUARD) == 0
    assert process.stdout.read().endswith("已结束\n")
    process.stdout.close()


def test_a_folder_without_reports_is_told(tmp_path):
    command = [sys.executable, "-m", "perfkit", "review", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "里没有报告；请先运行 perfkit run" in done.stderr
