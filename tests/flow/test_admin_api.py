"""The admin API, from the outside: lists, commands, the outbox."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
from harness import wait_until
from standins import Answer
from webhooks import (all_pages, emergency_page, opened, opened_one,
                      urgent_and_contacted)
from wire import Wire, ask, assert_no_secrets, assert_refused

JSON = {"Content-Type": "application/json"}
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
    """Whatever a test does, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


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
        status, answer = d.post_pagerduty(emergency_page(cast, number,
                                                         title=title))
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
