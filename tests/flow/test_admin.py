"""The admin listener, from the outside: who may pass, metrics, readiness."""

import os
import re
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import program, wait_until
from standins import Answer
from webhooks import (all_pages, emergency_page, opened, opened_one,
                      urgent_and_contacted)
from wire import Wire, ask, assert_no_secrets, assert_refused, request_bytes

JSON = {"Content-Type": "application/json"}
TOKEN = "admin-token-0123456789"
STATES = ("paged", "acknowledged", "contacted", "followed_up", "downgraded",
          "engaged", "closed")


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever a test does, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


# -- who may pass ----------------------------------------------------------

@pytest.mark.parametrize("host", [
    "localhost", "localhost:{port}", "LOCALHOST", "127.0.0.1",
    "127.0.0.1:{port}", "127.1.2.3:80", "[::1]", "[::1]:{port}"])
def test_a_loopback_host_may_pass(daemon, host):
    d = daemon()
    host = host.format(port=d.admin_port)
    assert ask(d.admin_port, "GET", "/api/emergencies",
               {"Host": host}).status == 200


@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:{port}", "localhost.evil.example",
    "127.0.0.1.evil.example", "localhost@evil.example", "", "0.0.0.0",
    "10.0.0.1", "[::2]", "localhost:x", "[::1", "::1",
    "127.0.0.1:80:80", pytest.param("x" * 300, id="long")])
def test_another_host_is_403_whatever_it_asks_for(daemon, cast, host):
    d = daemon()
    e = opened_one(d, cast)
    headers = {"Host": host.format(port=d.admin_port)}
    for path in ("/api/emergencies", f"/api/emergencies/{e}", "/api/outbox",
                 "/metrics", "/readyz", "/", "/nothing"):
        assert_refused(ask(d.admin_port, "GET", path, headers), 403)
    assert_refused(ask(d.admin_port, "POST", f"/api/emergencies/{e}/close",
                       {**headers, **JSON}, b'{"by":"evil"}'), 403)
    assert d.emergency(e)["state"] == "paged"
    assert "ADMIN-REFUSED" in d.stderr()


def test_no_host_at_all_is_refused(daemon):
    d = daemon()
    with Wire(d.admin_port) as wire:
        wire.send(b"GET /api/emergencies HTTP/1.0\r\n\r\n")
        assert_refused(wire.answer(), 403)


@pytest.mark.parametrize("origin", [
    "http://evil.example", "https://evil.example", "null", "",
    "http://localhost.evil.example", "http://127.0.0.1",
    "http://127.0.0.1:1", "127.0.0.1:{port}"])
def test_a_page_of_another_site_gives_no_commands(daemon, cast, origin):
    d = daemon()
    e = opened_one(d, cast)
    headers = {"Host": f"127.0.0.1:{d.admin_port}", **JSON,
               "Origin": origin.format(port=d.admin_port)}
    assert_refused(ask(d.admin_port, "POST", f"/api/emergencies/{e}/close",
                       headers, b'{"by":"evil"}'), 403)
    assert d.emergency(e)["state"] == "paged"


def test_a_page_of_ours_gives_commands(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for host in (f"127.0.0.1:{d.admin_port}", f"localhost:{d.admin_port}"):
        answer = ask(d.admin_port, "POST", f"/api/emergencies/{e}/note", {
            "Host": host, **JSON, "Origin": f"http://{host}"},
            b'{"by":"Eng","text":"hello"}')
        assert answer.status == 200, answer


@pytest.mark.parametrize("kind", [
    None, "", "text/plain", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/jsonp",
    "text/plain; application/json"])
def test_a_command_that_a_form_could_send_is_415(daemon, cast, kind):
    d = daemon()
    e = opened_one(d, cast)
    assert_refused(ask(d.admin_port, "POST", f"/api/emergencies/{e}/close",
                       {"Content-Type": kind}, b'{"by":"evil"}'), 415)
    assert d.emergency(e)["state"] == "paged"


def test_parameters_and_case_of_the_type_do_not_matter(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for kind in ("application/json; charset=utf-8", "Application/JSON",
                 "application/json;charset=utf-8"):
        answer = ask(d.admin_port, "POST", f"/api/emergencies/{e}/note",
                     {"Content-Type": kind}, b'{"by":"E","text":"x"}')
        assert answer.status == 200, answer


def token_cases():
    """(Authorization, whether it may pass)."""
    yield None, False
    yield "", False
    yield "Bearer", False
    yield "Bearer ", False
    yield f"Bearer {TOKEN}", True
    yield f"bearer {TOKEN}", True
    yield f"Bearer {TOKEN[:-1]}", False
    yield f"Bearer {TOKEN}x", False
    yield f"Bearer {TOKEN.upper()}", False
    yield TOKEN, False
    yield f"Basic {TOKEN}", False


def test_beyond_loopback_a_token_is_needed_for_everything(daemon):
    d = daemon(start=False)
    d.configure({"admin": {"listen": f"0.0.0.0:{d.admin_port}",
                           "token": TOKEN}})
    d.start()
    for authorization, good in token_cases():
        for path in ("/api/emergencies", "/metrics", "/readyz",
                     "/nothing"):
            answer = ask(d.admin_port, "GET", path, {
                "Host": "board.example", "Authorization": authorization})
            if good:
                assert answer.status == (404 if path == "/nothing" else 200)
            else:
                assert_refused(answer, 401)
                assert answer.headers["www-authenticate"] == "Bearer"
    answer = ask(d.admin_port, "POST", "/api/emergencies/1/close", JSON,
                 b'{"by":"evil"}')
    assert_refused(answer, 401)
    # The Unix socket has its mode instead.
    assert ask(d.admin_socket, "GET", "/readyz").status == 200


def test_beyond_loopback_it_does_not_start_without_a_token(daemon):
    d = daemon(start=False)
    d.configure({"admin": {"listen": f"0.0.0.0:{d.admin_port}"}})
    d.write_config()
    run = subprocess.run([program(), "-c", d.config_path], timeout=20,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert "[admin] listen" in run.stderr and "token" in run.stderr


# -- the Unix socket -------------------------------------------------------

def test_the_socket_is_for_owner_and_group_and_asks_for_no_host(daemon):
    d = daemon()
    info = os.stat(d.admin_socket)
    assert stat.S_ISSOCK(info.st_mode)
    assert stat.S_IMODE(info.st_mode) == 0o660
    for host in ("localhost", "evil.example", ""):
        assert ask(d.admin_socket, "GET", "/api/emergencies",
                   {"Host": host}).status == 200


def test_the_socket_is_removed_at_the_end(daemon):
    d = daemon()
    d.stop()
    assert not d.admin_socket.exists()


def test_the_socket_of_a_killed_process_is_replaced(daemon):
    d = daemon()
    d.kill()
    assert d.admin_socket.exists()
    d.start()
    assert ask(d.admin_socket, "GET", "/readyz").status == 200


def test_a_socket_in_use_or_another_file_is_left_alone(daemon):
    d = daemon(start=False)
    d.write_config()
    run = [program(), "-c", d.config_path]
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(d.admin_socket))
        other.listen(1)
        end = subprocess.run(run, capture_output=True, text=True, timeout=20,
                             check=False)
        assert end.returncode == 1 and str(d.admin_socket) in end.stderr
        assert d.admin_socket.exists()
    d.admin_socket.unlink()
    d.admin_socket.write_text("somebody's")
    end = subprocess.run(run, capture_output=True, text=True, timeout=20,
                         check=False)
    assert end.returncode == 1 and str(d.admin_socket) in end.stderr
    assert d.admin_socket.read_text() == "somebody's"


# -- metrics ---------------------------------------------------------------

SAMPLE = re.compile(
    r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*='
    r'"(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.eE+-]+|NaN|[+-]Inf)')


def metrics(d):
    """Parses Prometheus' text format: ({(name, labels): value}, types)."""
    answer = ask(d.admin_port, "GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(
        "text/plain; version=0.0.4")
    text = answer.body.decode()
    assert text.endswith("\n")
    samples, types, helps, names = {}, {}, set(), []
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, rest = line.split(" ", 3)
            assert what in ("HELP", "TYPE"), line
            if what == "HELP":
                assert name not in helps, f"two HELP of {name}"
                helps.add(name)
            else:
                assert name not in types, f"two TYPE of {name}"
                assert rest in ("counter", "gauge"), line
                types[name] = rest
            continue
        match = SAMPLE.fullmatch(line)
        assert match, f"not Prometheus' format: {line!r}"
        name, labels, value = match.groups()
        assert name in types, f"{name} has no TYPE before it"
        if not names or names[-1] != name:
            assert name not in names, f"{name} does not stand together"
            names.append(name)
        assert (name, labels or "") not in samples, f"twice: {line}"
        samples[name, labels or ""] = float(value)
    assert helps == set(types)
    for name, kind in types.items():
        assert name.endswith("_total") == (kind == "counter"), name
    return samples, types


def test_metrics_are_prometheus_text_and_complete(daemon):
    d = daemon()
    samples, types = metrics(d)
    for name in ("webhooks", "webhooks_duplicate", "webhooks_ignored",
                 "webhooks_rejected", "webhooks_unsigned",
                 "webhooks_refused", "commits", "commits_failed",
                 "deadlines", "calls", "calls_failed", "calls_parked"):
        assert types[f"emergencyd_{name}_total"] == "counter"
    for name in ("emergencies", "outbox", "last_commit_age_seconds",
                 "lateness_seconds"):
        assert types[f"emergencyd_{name}"] == "gauge"
    for state in STATES[:-1]:
        assert samples["emergencyd_emergencies", f'state="{state}"'] == 0
    for state in ("pending", "sending", "unknown", "parked"):
        assert ("emergencyd_outbox", f'state="{state}"') in samples


def test_metrics_count_what_happened(daemon, cast):
    d = daemon()
    before, _ = metrics(d)
    opened(d, cast, 3)
    d.post_pagerduty(emergency_page(cast, 1))  # a repeat
    d.post_pagerduty({"event": {}})  # unreadable
    d.post_webhook("/webhooks/pagerduty", b"{}")  # unsigned
    d.post_zendesk({"type": "ticket.unknown", "ticket": {"id": 1}})
    e = d.emergencies()[0]["id"]
    assert d.command(e, "close")[0] == 200
    after, _ = metrics(d)

    def grown(name, labels=""):
        key = (f"emergencyd_{name}", labels)
        return after[key] - before[key]

    assert grown("webhooks_total", 'service="pagerduty"') == 4
    assert grown("webhooks_total", 'service="zendesk"') == 1
    assert grown("webhooks_duplicate_total") == 1
    assert grown("webhooks_rejected_total") == 1
    assert grown("webhooks_unsigned_total") == 1
    assert grown("webhooks_ignored_total") == 1
    assert grown("webhooks_refused_total") == 0
    assert grown("commits_total") >= 1
    assert grown("commits_failed_total") == 0
    assert grown("emergencies", 'state="paged"') == 2
    for key, value in before.items():
        if key[0].endswith("_total"):
            assert after[key] >= value, key


def test_metrics_count_calls_and_parked_ones(daemon, world, cast):
    d = daemon(follow_up_after="1s")
    world.zendesk.fault("PUT", r"/tickets/", times=None,
                        answer=Answer(403, {"error": "Forbidden"}))
    urgent_and_contacted(d, world, cast)
    parked = ("emergencyd_outbox", 'state="parked"')
    samples = wait_until(
        lambda: (lambda s: s if s[parked] == 1 else None)(metrics(d)[0]), 15,
        "a parked call", lambda: metrics(d)[0])
    assert samples["emergencyd_calls_parked_total", ""] == 1
    assert samples["emergencyd_calls_total", 'service="zendesk"'] >= 3


# -- readiness -------------------------------------------------------------

def test_it_says_that_it_is_ready(daemon):
    d = daemon()
    assert d.api_get("/readyz") == (200, {"status": "ready"})


def test_idle_for_long_it_is_still_ready(daemon, world):
    world.zendesk.go_down()  # so that nothing else is written
    d = daemon(config={"zendesk": {"poll_every": "1h"}})
    commits = ("emergencyd_commits_total", "")

    def was_probed():
        before = metrics(d)[0]
        assert d.api_get("/readyz")[0] == 200
        after = metrics(d)[0]
        return (before["emergencyd_last_commit_age_seconds", ""] > 9
                and after[commits] > before[commits])

    wait_until(was_probed, 20, "a probe")


# -- one does not harm the other -------------------------------------------

def test_a_crowd_at_the_admin_listener_does_not_stop_webhooks(daemon, cast):
    d = daemon(config={"server": {"request_timeout": "2s"}})
    crowd = [Wire(d.admin_port) for _ in range(150)]
    for wire in crowd:
        wire.send(request_bytes("GET", "/api/emergencies")[:-2])
    for number in range(20):
        assert d.post_pagerduty(emergency_page(cast, number))[0] == 200
    # And it is let in again when the crowd has had its time.
    assert len(d.emergencies()) == 20
    for wire in crowd:
        wire.close()


def test_lists_are_read_while_webhooks_are_written(daemon, cast):
    d = daemon()
    with ThreadPoolExecutor(4) as pool:
        writing = pool.submit(opened, d, cast, 150)
        while not writing.done():
            rows = all_pages(d)
            ids = [row["id"] for row in rows]
            assert ids == sorted(set(ids), reverse=True)
        assert len(writing.result()) == 150
