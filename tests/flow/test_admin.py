"""The admin listener, from the outside: API, who may pass, metrics."""

import json
import os
import re
import socket
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
from harness import program, wait_until
from standins import Answer
from standins.clock import Clock, iso_millis
from wire import Wire, ask, assert_no_secrets, assert_refused, request_bytes

JSON = {"Content-Type": "application/json"}
TOKEN = "admin-token-0123456789"
STATES = ("paged", "acknowledged", "contacted", "followed_up", "downgraded",
          "engaged", "closed")
FIELDS = [
    "id", "state", "held", "held_why", "ticket", "pages", "organization",
    "engineer", "opened_at", "acknowledged_at", "contacted_at",
    "followed_up_at", "answered_at", "downgraded_at", "closed_at",
    "closed_why", "next", "bridge", "thread", "dry_run"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HTML = '<script>alert("1")</script><img src=x onerror=alert(2)> & \'"\\ é 😀'


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever a test does to the listener, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


def page(cast, number=1, **data):
    """The body of an incident that was triggered just now."""
    return {"event": {
        "id": f"01ADMIN{number:019d}", "event_type": "incident.triggered",
        "resource_type": "incident", "occurred_at": iso_millis(Clock().now()),
        "agent": None, "client": None,
        "data": {"id": f"QADMIN{number:04d}", "type": "incident",
                 "html_url": f"https://acme.example/incidents/{number}",
                 "status": "triggered", "title": f"Page {number}",
                 "service": {"id": cast.service["id"]}, **data}}}


def opened(d, cast, count, first=1):
    """Opens so many emergencies by pages; returns their ids."""
    before = {row["id"] for row in all_pages(d)}

    def post(number):
        status, answer = d.post_pagerduty(page(cast, number))
        assert (status, answer["duplicate"]) == (200, False)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(post, range(first, first + count)))
    return [row["id"] for row in all_pages(d) if row["id"] not in before]


def opened_one(d, cast):
    """Opens an emergency by a page; returns its id."""
    return opened(d, cast, 1)[0]


def all_pages(d, start=None):
    """The whole list, page by page, or what follows from a next_page on."""
    rows, page_mark = [], start
    while True:
        mark = f"?page={page_mark}" if page_mark else ""
        status, answer = d.api_get(f"/api/emergencies{mark}")
        assert status == 200, answer
        assert set(answer) == {"emergencies", "next_page"}
        assert len(answer["emergencies"]) <= 100
        rows += answer["emergencies"]
        page_mark = answer["next_page"]
        if page_mark is None:
            return rows
        assert len(answer["emergencies"]) == 100


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


# -- the list --------------------------------------------------------------

def test_an_empty_list_is_a_list(daemon):
    d = daemon()
    assert d.api_get("/api/emergencies") == (
        200, {"emergencies": [], "next_page": None})


def test_an_emergency_has_the_contracts_fields(daemon, cast, world):
    d = daemon(follow_up_after="15m")
    ticket = world.zendesk.create_ticket(
        subject="Production is down", requester=cast.customer,
        organization=cast.acme, priority="urgent")
    world.pagerduty.trigger(f"Emergency ticket #{ticket['id']}",
                            service=cast.service)
    d.wait_for_emergency(ticket=ticket["id"])
    world.zendesk.comment(ticket, author=cast.engineer, body="Hello.")
    e = d.wait_for_emergency(ticket=ticket["id"], state="contacted")
    row = wait_until(lambda: next((
        row for row in d.emergencies() if row["pages"]), None), 10, "a page")
    assert list(row) == FIELDS
    assert list(e) == FIELDS + ["timeline", "actions", "checklist"]
    assert list(row["ticket"]) == ["id", "url", "subject", "priority",
                                   "status"]
    assert row["ticket"]["url"] == (
        f"{world.zendesk.url}/agent/tickets/{ticket['id']}")
    assert (row["ticket"]["subject"], row["ticket"]["priority"],
            row["ticket"]["status"]) == ("Production is down", "urgent",
                                         "open")
    assert [list(p) for p in row["pages"]] == [["incident_id", "status",
                                                "url"]]
    assert row["pages"][0]["status"] == "triggered"
    assert row["organization"] == {"id": cast.acme["id"], "name": "Acme"}
    for name in FIELDS:
        if name.endswith("_at") and row[name] is not None:
            assert TIME.fullmatch(row[name]), (name, row[name])
    assert list(row["next"]) == ["step", "due_at", "in_s"]
    assert row["next"]["step"] == "follow_up"
    assert TIME.fullmatch(row["next"]["due_at"])
    assert 0 < row["next"]["in_s"] <= 900
    due = datetime.fromisoformat(row["next"]["due_at"])
    left_s = (due - datetime.now(timezone.utc)).total_seconds()
    assert abs(left_s - row["next"]["in_s"]) < 30
    assert row["bridge"] is None and row["thread"] is None
    assert row["dry_run"] is False and row["held"] is None
    assert e["timeline"] and e["checklist"] == []
    for entry in e["timeline"]:
        assert list(entry) == ["at", "kind", "by", "text"]
        assert TIME.fullmatch(entry["at"]) and entry["text"]


def test_a_long_list_comes_in_pages_of_100_newest_first(daemon, cast):
    d = daemon()
    ids = opened(d, cast, 230)
    assert len(ids) == 230
    status, first = d.api_get("/api/emergencies")
    assert status == 200 and len(first["emergencies"]) == 100
    # What comes in between moves nothing.
    opened(d, cast, 1, first=1000)
    rows = first["emergencies"] + all_pages(d, first["next_page"])
    listed = [row["id"] for row in rows]
    assert listed == sorted(ids, reverse=True)
    assert {row["state"] for row in rows} == {"paged"}
    pages = {row["pages"][0]["incident_id"] for row in rows}
    assert len(pages) == 230
    exactly = d.api_get(f"/api/emergencies?page={min(ids) + 100}")[1]
    assert len(exactly["emergencies"]) == 100
    assert exactly["next_page"] is None
    assert d.api_get(f"/api/emergencies?page={min(ids)}")[1] == {
        "emergencies": [], "next_page": None}


def test_the_list_is_filtered_by_state(daemon, cast):
    d = daemon()
    ids = opened(d, cast, 6)
    assert d.command(ids[0], "close")[0] == 200
    assert d.command(ids[1], "close", why="a test")[0] == 200
    assert d.command(ids[2], "contacted")[0] == 200
    assert d.command(ids[3], "replied")[0] == 200
    expected = {"closed": ids[0:2], "contacted": [ids[2]],
                "engaged": [ids[3]], "paged": ids[4:6]}
    for state in STATES:
        rows = d.emergencies(state=state)
        assert [row["id"] for row in rows] == sorted(
            expected.get(state, []), reverse=True)
        assert all(row["state"] == state for row in rows)


@pytest.mark.parametrize("query,word", [
    ("state=lost", "state"), ("state=", "state"), ("state=PAGED", "state"),
    ("page=x", "page"), ("page=0", "page"),
    ("page=-1", "page"), ("page=", "page"),
    ("page=99999999999999999999", "page"), ("page=1;DROP", "page")])
def test_a_bad_filter_is_400_and_says_which(daemon, query, word):
    d = daemon()
    answer = ask(d.admin_port, "GET", f"/api/emergencies?{query}")
    assert_refused(answer, 400, f'"{word}"')


def test_a_bad_state_is_told_the_good_ones(daemon):
    d = daemon()
    answer = ask(d.admin_port, "GET", "/api/emergencies?state=lost")
    assert_refused(answer, 400, *STATES)


@pytest.mark.parametrize("path", [
    "/api/emergencies/999", "/api/emergencies/0", "/api/emergencies/-1",
    "/api/emergencies/x", "/api/emergencies/1x", "/api/emergencies/",
    "/api/emergencies/99999999999999999999", "/api", "/api/emergencies/1/",
    "/api/emergencies/1/close/now", "/apix", "/metrics/", "/api/outbox/1"])
def test_what_is_not_there_is_404(daemon, path):
    d = daemon()
    assert_refused(ask(d.admin_port, "GET", path), 404)


@pytest.mark.parametrize("path,allowed", [
    ("/api/emergencies", "GET, HEAD"), ("/api/emergencies/1", "GET, HEAD"),
    ("/api/emergencies/1/close", "POST"), ("/api/outbox", "GET, HEAD"),
    ("/api/outbox/1/retry", "POST"), ("/metrics", "GET, HEAD"),
    ("/readyz", "GET, HEAD")])
def test_a_wrong_method_is_405_and_told_which_are_allowed(daemon, path,
                                                          allowed):
    d = daemon()
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        if method in allowed:
            continue
        answer = ask(d.admin_port, method, path, JSON)
        assert_refused(answer, 405)
        assert answer.headers["allow"] == allowed


def test_head_has_the_header_alone(daemon):
    d = daemon()
    with Wire(d.admin_port) as wire:
        for path in ("/api/emergencies", "/metrics", "/readyz"):
            answer = wire.ask("HEAD", path)
            assert answer.status == 200
            assert int(answer.headers["content-length"]) > 0


def test_answers_are_neither_kept_nor_guessed_at(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for method, path in (("GET", "/api/emergencies"), ("GET", "/metrics"),
                         ("GET", f"/api/emergencies/{e}"), ("GET", "/x")):
        headers = ask(d.admin_port, method, path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"


# -- commands --------------------------------------------------------------

def command(d, e, name, body):
    """Posts the bytes of a command."""
    return ask(d.admin_port, "POST", f"/api/emergencies/{e}/{name}", JSON,
               body)


BAD_COMMANDS = [
    ("close", b"", "JSON"), ("close", b"nonsense", "JSON"),
    ("close", b"[]", "object"), ("close", b'"Eng"', "JSON"),
    ("close", b"{}", '"by"'), ("close", b'{"by":null}', '"by"'),
    ("close", b'{"by":""}', '"by"'), ("close", b'{"by":"  "}', '"by"'),
    ("close", b'{"by":5}', '"by"'),
    ("close", b'{"by":"' + b"x" * 5000 + b'"}', '"by"'),
    ("close", b'{"by":"\xff"}', "JSON"),
    ("close", b'{"by":"a","by":"b"}', "JSON"),
    ("close", b'{"by":"Eng","why":5}', '"why"'),
    ("note", b'{"by":"Eng"}', '"text"'),
    ("note", b'{"by":"Eng","text":""}', '"text"'),
    ("note", b'{"by":"Eng","text":"' + b"x" * 50000 + b'"}', '"text"'),
    ("extend", b'{"by":"Eng","for":"soon"}', '"for"'),
    ("extend", b'{"by":"Eng","for":15}', '"for"'),
    ("extend", b'{"by":"Eng","for":"-5m"}', '"for"'),
    ("link", b'{"by":"Eng"}', '"ticket"'),
    ("link", b'{"by":"Eng","ticket":"x"}', '"ticket"'),
    ("link", b'{"by":"Eng","ticket":-1}', '"ticket"'),
    ("link", b'{"by":"Eng","ticket":0}', '"ticket"')]


def test_a_bad_command_is_400_says_why_and_changes_nothing(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for name, body, word in BAD_COMMANDS:
        assert_refused(command(d, e, name, body), 400, word)
    after = d.emergency(e)
    assert (after["state"], after["ticket"]) == ("paged", None)
    kinds = {entry["kind"] for entry in after["timeline"]}
    assert not kinds & {"command", "note"}


def test_a_command_that_is_too_long_is_413(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    assert_refused(command(d, e, "note", b" " * 100000), 413)


def test_an_unknown_command_or_emergency_is_404(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for name in ("explode", "none", "CLOSE", "close%20", "cl",
                 "x" * 200):
        assert_refused(command(d, e, name, b'{"by":"Eng"}'), 404)
    for number in (e + 1, 2**62):
        assert_refused(command(d, number, "close", b'{"by":"Eng"}'), 404)
    assert d.emergency(e)["state"] == "paged"


def test_what_the_state_does_not_allow_is_409(daemon, cast):
    d = daemon()
    e = opened_one(d, cast)
    for name in ("do-it", "downgrade", "urgent", "followed-up", "extend",
                 "reopen", "first-contact"):
        assert_refused(command(d, e, name, b'{"by":"Eng"}'), 409)
    assert d.command(e, "close", why="no emergency")[0] == 200
    for name in ("close", "pause", "resume", "replied", "contacted",
                 "call-started"):
        assert_refused(command(d, e, name, b'{"by":"Eng"}'), 409, "closed")


def test_a_command_is_answered_with_the_emergency(daemon, world, cast):
    d = daemon(follow_up_after="15m")
    ticket = world.zendesk.create_ticket(
        subject="Production is down", requester=cast.customer,
        organization=cast.acme, priority="urgent")
    e = d.wait_for_emergency(ticket=ticket["id"])["id"]
    status, answer = d.command(e, "contacted", how="a voicemail")
    assert status == 200
    assert list(answer) == FIELDS + ["timeline", "actions", "checklist"]
    assert answer["state"] == "contacted"
    assert answer["timeline"] == d.emergency(e)["timeline"]
    last = answer["timeline"][-1]
    assert "Tess Test" in last["text"] and "a voicemail" in last["text"]
    status, answer = d.command(e, "pause")
    assert (status, answer["held"], answer["next"]) == (200, "paused", None)
    assert "Tess Test" in answer["held_why"]
    status, answer = d.command(e, "resume")
    assert (status, answer["held"]) == (200, None)
    status, answer = d.command(e, "extend", for_="2h")
    assert status == 200 and 7100 < answer["next"]["in_s"] <= 7200
    status, answer = d.command(e, "note", text="Two lines\nof text.")
    assert answer["timeline"][-1]["text"] == "Two lines\nof text."
    status, answer = d.command(e, "close", why="solved by phone")
    assert (answer["state"], answer["closed_why"]) == ("closed",
                                                       "solved by phone")
    assert answer["next"] is None and TIME.fullmatch(answer["closed_at"])


def test_a_command_answered_200_survives_a_kill(daemon, cast):
    d = daemon()
    ids = opened(d, cast, 20)
    for e in ids:
        assert d.command(e, "note", text=f"note of {e}")[0] == 200
    d.kill()
    d.start()
    for e in ids:
        assert f"note of {e}" in [entry["text"] for entry
                                  in d.emergency(e)["timeline"]]


def test_many_commands_at_once_are_all_done(daemon, cast):
    d = daemon()
    ids = opened(d, cast, 5)
    orders = [(e, number) for number in range(20) for e in ids]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda order: d.command(
            order[0], "note", text=f"note {order[1]}"), orders))
    assert {status for status, _ in answers} == {200}
    for e in ids:
        notes = [entry["text"] for entry in d.emergency(e)["timeline"]
                 if entry["kind"] == "note"]
        assert sorted(notes) == sorted(f"note {n}" for n in range(20))


# -- the outbox ------------------------------------------------------------

def urgent_and_contacted(d, world, cast):
    """An emergency with a ticket whose customer was contacted."""
    ticket = world.zendesk.create_ticket(
        subject="Production is down", requester=cast.customer,
        organization=cast.acme, priority="urgent")
    e = d.wait_for_emergency(ticket=ticket["id"])
    status, answer = d.command(e["id"], "contacted")
    assert status == 200, answer
    return ticket, e["id"]


def outbox(d):
    """What the outbox shows."""
    status, answer = d.api_get("/api/outbox")
    assert status == 200 and list(answer) == ["actions"]
    return answer["actions"]


def test_a_refused_call_is_parked_shown_and_sent_again_by_retry(
        daemon, world, cast):
    d = daemon(follow_up_after="1s", downgrade_after="15m")
    assert outbox(d) == []
    refusal = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                  answer=Answer(422, {"error": "Nope"}))
    ticket, e = urgent_and_contacted(d, world, cast)
    parked = wait_until(lambda: [a for a in outbox(d)
                                 if a["state"] == "parked"], 15,
                        "a parked call", lambda: outbox(d))
    assert len(parked) == 1
    action = parked[0]
    assert list(action) == ["id", "emergency", "service", "kind", "state",
                            "attempts", "next_at", "error"]
    assert (action["emergency"], action["service"], action["kind"]) == (
        e, "zendesk", "follow_up")
    assert action["attempts"] >= 1 and action["next_at"] is None
    assert "422" in action["error"]
    assert d.emergency(e)["followed_up_at"] is None
    refusal.cancel()
    path = f"/api/outbox/{action['id']}/retry"
    assert_refused(ask(d.admin_port, "POST", path, JSON, b"{}"), 400, '"by"')
    status, answer = d.api_post(path, {"by": "Eng"})
    assert status == 200 and answer["id"] == action["id"]
    assert answer["state"] != "parked"
    d.wait_for_emergency(emergency_id=e, state="followed_up", timeout=15)
    follow_ups = [c for c in world.zendesk.comments[ticket["id"]]
                  if c["author_id"] == cast.bot["id"]]
    assert len(follow_ups) == 1
    assert all(a["id"] != action["id"] for a in outbox(d))
    done = [a for a in d.emergency(e)["actions"] if a["id"] == action["id"]]
    assert done[0]["state"] == "done"
    status, answer = d.api_post(path, {"by": "Eng"})
    assert status == 409 and answer["error"]


def test_retry_of_what_is_not_there_is_404(daemon):
    d = daemon()
    for number in ("1", "999", "0", "x"):
        assert_refused(ask(d.admin_port, "POST", f"/api/outbox/{number}/retry",
                           JSON, b'{"by":"Eng"}'), 404)


def test_a_call_under_way_is_in_the_outbox(daemon, world, cast):
    d = daemon(follow_up_after="1s", downgrade_after="15m")
    held = world.zendesk.fault("PUT", r"/tickets/", hold=True)
    _, e = urgent_and_contacted(d, world, cast)
    held.wait_hit(timeout=15)
    row = wait_until(lambda: next((a for a in outbox(d)
                                   if a["kind"] == "follow_up"), None), 10,
                     "a follow-up under way", lambda: outbox(d))
    assert (row["state"], row["emergency"]) == ("sending", e)
    held.release()
    d.wait_for_emergency(emergency_id=e, state="followed_up", timeout=15)


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
    d.post_pagerduty(page(cast, 1))  # a repeat
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


# -- what strangers write --------------------------------------------------

def test_a_subject_of_html_and_control_characters_is_plain_json(
        daemon, world, cast):
    d = daemon()
    subject = HTML + "\x01\x1b[31m\x7f\u202e\u2028\r\n\t\"}]"
    ticket = world.zendesk.create_ticket(
        subject=subject, requester=cast.customer, organization=cast.acme,
        priority="urgent")
    e = d.wait_for_emergency(ticket=ticket["id"])
    assert d.command(e["id"], "note", by=HTML, text=subject)[0] == 200
    for path in ("/api/emergencies", f"/api/emergencies/{e['id']}"):
        answer = ask(d.admin_port, "GET", path)
        assert answer.headers["content-type"] == "application/json"
        assert not re.search(rb"[\x00-\x1f]", answer.body)
        shown = json.loads(answer.body)
        row = shown["emergencies"][0] if "emergencies" in shown else shown
        assert row["ticket"]["subject"] == subject
    assert d.emergency(e["id"])["timeline"][-1]["text"] == subject
    assert "\x1b" not in d.stderr() and "\x01" not in d.stderr()


def test_half_characters_do_not_spoil_the_list(daemon, cast):
    d = daemon()
    for number, title in enumerate(("\ud800 half", "é" * 5000, "😀" * 3000,
                                    "a" * 255 + "é", "\udfff\ud800")):
        status, answer = d.post_pagerduty(page(cast, number, title=title))
        assert status == 200 and answer["accepted"], answer
    ids = [row["id"] for row in d.emergencies()]
    assert len(ids) == 5
    for e in ids:
        assert d.emergency(e)["timeline"]


def test_errors_do_not_echo_what_was_sent_as_html(daemon):
    d = daemon()
    path = "/api/%3Cscript%3Ealert(1)%3C/script%3E"
    answer = ask(d.admin_port, "GET", path)
    assert_refused(answer, 404)
    assert b"<script>" not in answer.body


# -- one does not harm the other -------------------------------------------

def test_a_crowd_at_the_admin_listener_does_not_stop_webhooks(daemon, cast):
    d = daemon(config={"server": {"request_timeout": "2s"}})
    crowd = [Wire(d.admin_port) for _ in range(150)]
    for wire in crowd:
        wire.send(request_bytes("GET", "/api/emergencies")[:-2])
    for number in range(20):
        assert d.post_pagerduty(page(cast, number))[0] == 200
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
