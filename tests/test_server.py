"""`perfkit review` over real sockets: what it serves, what it refuses, what it writes."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from test_reviews import REPORT, event

from perfkit.reviews import read_review
from perfkit.server import LARGEST, open_server
from perfkit.yamlfile import PerfkitError

PAGE = b"<!DOCTYPE html><p>98.7%"


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


@pytest.fixture
def server(outputs):
    made = open_server(outputs, None, lambda: None)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(5)


@pytest.fixture
def ask(server):
    """One request: its status, headers and body; ``{}`` in the path is the token."""

    def request(method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path.replace("{}", server.token), body, named)
        response = connection.getresponse()
        found = response.status, response.headers, response.read()
        connection.close()
        return found

    return request


@pytest.fixture
def post(ask):
    def send(events, report=REPORT, **headers):
        headers = {"Content_Type": "application/json"} | headers
        body = json.dumps({"events": events}).encode()
        status, _, answer = ask("POST", f"/{{}}/reviews/{report}", body, **headers)
        return status, json.loads(answer)

    return send


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
}


@pytest.mark.parametrize("case", NOT_SERVED)
def test_it_does_not_serve(case, ask, outputs):
    (outputs / "link.html").symlink_to(outputs.parent / "secret.html")
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
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    first = process.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/[\w-]{20,}/)", first)
    connection = http.client.HTTPConnection("127.0.0.1", int(address[1]), timeout=10)
    connection.request("GET", f"{address[2]}{REPORT}.html")
    assert connection.getresponse().read() == PAGE
    connection.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert process.stdout.read().endswith("已结束\n")
    process.stdout.close()


def test_a_folder_without_reports_is_told(tmp_path):
    command = [sys.executable, "-m", "perfkit", "review", "-o", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "里没有报告；请先运行 perfkit run" in done.stderr
