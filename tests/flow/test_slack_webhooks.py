"""What Slack sends: who is believed, what can't be read, what comes again;
and what Slack, and people, are answered."""

import json
import time

import pytest
from scenes import LONG, opened, said, wait_said
from slack_scenes import (FORM, ROUTE, SLACK, pressed, root_of, send, signed,
                          slack_idle, typed)
from webhooks import counter, kept_bodies
from wire import ask, assert_no_secrets, assert_refused

MINUTE = 60


def listening(daemon, **more):
    return daemon(services=SLACK, **{**LONG, **more})


def slack_count(d):
    """How many webhooks of Slack's were accepted."""
    _, text = d.api_get("/metrics")
    return int(text.split('emergencyd_webhooks_total{service="slack"} ')[1]
               .split()[0])


# -- who is believed -------------------------------------------------------

@pytest.mark.parametrize("changes, complaint", [
    ({"X-Slack-Signature": None}, "the signature is missing"),
    ({"X-Slack-Request-Timestamp": None}, "signature"),
    ({"X-Slack-Signature": "v0="}, "the signature is wrong"),
    ({"X-Slack-Signature": "v0=" + "0" * 64}, "the signature is wrong"),
    ({"X-Slack-Signature": "v0=" + "g" * 64}, "the signature is wrong"),
    ({"X-Slack-Signature": "é"}, "the signature is wrong"),
    ({"X-Slack-Request-Timestamp": "now"}, "the signature is wrong"),
    ({"X-Slack-Request-Timestamp": "9" * 40}, "the signature is wrong"),
    ({"secret": "another"}, "the signature is wrong"),
    ({"ago": 6 * MINUTE}, "too old, in the future"),
    ({"ago": -6 * MINUTE}, "too old, in the future"),
    ({"at": "now"}, "not a time"),
    ({"at": "9" * 40}, "not a time"),
])
def test_only_what_slack_has_just_signed_is_believed(daemon, world, cast,
                                                     changes, complaint):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    changes = dict(changes)
    if "ago" in changes:
        changes["at"] = int(time.time()) - changes.pop("ago")
    answer = send(d, typed(cast, "ack"), **changes)
    assert_refused(answer, 401, complaint)
    assert d.emergency(number)["state"] == "paged"
    assert counter(d, "emergencyd_webhooks_unsigned_total") == 1
    assert not [body for body in kept_bodies(d) if b"emergency" in body
                and b"command" in body]
    assert_no_secrets(d)
    assert d.settings["slack"]["signing_secret"] not in d.stderr()


@pytest.mark.parametrize("ago_s", [4 * MINUTE, -4 * MINUTE])
def test_clocks_may_differ_by_less_than_five_minutes(daemon, world, cast,
                                                     ago_s):
    d = listening(daemon)
    answer = send(d, typed(cast, "list"), at=int(time.time()) - ago_s)
    assert (answer.status, answer.json["text"]) == (
        200, "No emergency is open.")


def test_one_changed_byte_breaks_the_signature(daemon, world, cast):
    d = listening(daemon)
    headers, body = signed(d, typed(cast, "list"))
    for place in (0, len(body) // 2, len(body) - 1):
        spoilt = bytearray(body)
        spoilt[place] ^= 1
        assert_refused(ask(d.port, "POST", ROUTE, headers, bytes(spoilt)),
                       401)
    assert ask(d.port, "POST", ROUTE, headers, body).status == 200


def test_the_checks_are_made_in_the_contracts_order(daemon, world, cast):
    d = listening(daemon, config={"server": {"max_body": "2K"}})
    large, json_type = b"x" * 3000, {"Content-Type": "application/json"}
    assert_refused(ask(d.port, "POST", "/webhooks/slac", {}, large), 404)
    wrong_method = ask(d.port, "GET", ROUTE)
    assert_refused(wrong_method, 405)
    assert wrong_method.headers["allow"] == "POST"
    assert_refused(ask(d.port, "POST", ROUTE, json_type, large), 413)
    assert_refused(ask(d.port, "POST", ROUTE, json_type, b"{}"), 401)
    assert_refused(send(d, b"{}", **json_type), 415, FORM)
    assert_refused(send(d, b"text=x"), 400, "payload and command")
    for kind in (FORM + "; charset=utf-8", FORM.upper()):
        answer = send(d, typed(cast, "list"), **{"Content-Type": kind})
        assert answer.status == 200
    assert_refused(send(d, typed(cast, "list"), **{"Content-Type": None}),
                   415)


def test_without_slack_in_the_settings_there_is_no_route(daemon, cast):
    d = daemon(**LONG)
    d.settings["slack"] = {"signing_secret": "s"}  # to sign with
    assert_refused(send(d, typed(cast, "list")), 404)


def test_slacks_try_of_the_address_is_answered_and_not_kept(daemon, world,
                                                            cast):
    d = listening(daemon)
    assert world.slack.ssl_check() == (200, {})
    assert world.slack.ssl_check(signed=False)[0] == 401
    assert slack_count(d) == 1
    assert not [body for body in kept_bodies(d) if b"ssl_check" in body]


# -- what can't be read ----------------------------------------------------

def without(form, *names):
    return {k: v for k, v in form.items() if k not in names}


def payload(**content):
    return {"payload": json.dumps(content)}


BROKEN = {  # a form of the cast's: what its error names
    "nothing": (lambda cast: {"token": "x"}, "payload and command"),
    "no JSON": (lambda cast: {"payload": "{"}, ""),
    "a list": (lambda cast: {"payload": "[]"}, ""),
    "two payloads": (lambda cast: b"payload=%7B%7D&payload=%7B%7D", "twice"),
    "a broken percent sign": (lambda cast: b"command=%2", "percent"),
    "a NUL": (lambda cast: b"command=%00", "NUL"),
    "no UTF-8": (lambda cast: b"command=%ff", "UTF-8"),
    "no type": (lambda cast: payload(user={}), "type"),
    "no actions": (lambda cast: payload(type="block_actions"), "actions"),
    "no user": (lambda cast: pressed(cast, "ack", "1", user={}), "user.id"),
    "no value": (lambda cast: pressed(cast, "ack", None), "value"),
    "no number": (lambda cast: pressed(cast, "ack", "one"), "value"),
    "a negative number": (lambda cast: pressed(cast, "ack", "-1"), "value"),
    "a huge number": (lambda cast: pressed(cast, "ack", "9" * 30), "value"),
    "a deep payload": (lambda cast: {"payload": "[" * 5000}, ""),
    "no user_id": (lambda cast: without(typed(cast, "ack"), "user_id"),
                   "user_id"),
    "no channel_id": (lambda cast: without(typed(cast, "ack"), "channel_id"),
                      "channel_id"),
    "a long user_id": (lambda cast: typed(cast, "ack", user_id="U" * 99),
                       "user_id"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cant_be_read_is_named_kept_and_does_nothing(daemon, world,
                                                          cast, name):
    make, names = BROKEN[name]
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    form = make(cast)
    answer = send(d, form)
    assert_refused(answer, 400, names)
    assert counter(d, "emergencyd_webhooks_rejected_total") == 1
    assert d.emergency(number)["state"] == "paged"
    assert send(d, typed(cast, "list")).status == 200
    assert "WEBHOOK-REJECTED" in d.stderr()
    _, body = signed(d, form)
    assert body in kept_bodies(d)


@pytest.mark.parametrize("content", [
    {"type": "view_submission", "view": {}}, {"type": "shortcut"},
    {"type": "message_action"}, {"type": "block_suggestion"}, {"type": "?"},
    {"type": "block_actions", "actions": []},
    {"type": "block_actions", "actions": [{"action_id": "of another app",
                                           "value": "7"}]},
    {"type": "block_actions", "actions": [{"type": "users_select"}]},
    {"type": "block_actions", "actions": [{"action_id": "note",
                                           "value": "1"}]},
])
def test_what_is_of_no_interest_is_accepted_and_does_nothing(
        daemon, world, cast, content):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    answer = send(d, payload(**content))
    assert (answer.status, answer.body) == (200, b"")
    assert counter(d, "emergencyd_webhooks_ignored_total") >= 1
    assert counter(d, "emergencyd_webhooks_rejected_total") == 0
    assert d.emergency(number)["state"] == "paged"
    _, body = signed(d, payload(**content))
    assert body in kept_bodies(d)


# -- what comes again ------------------------------------------------------

@pytest.mark.parametrize("make", [
    lambda cast: typed(cast, "note Once."),
    lambda cast: pressed(cast, "not-emergency", "1")])
def test_a_replay_changes_nothing_not_even_after_a_restart(daemon, world,
                                                           cast, make):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    root_of(d, world, number)
    headers, body = signed(d, make(cast))
    assert ask(d.port, "POST", ROUTE, headers, body).status == 200
    slack_idle(d)
    before = d.emergency(number)
    assert ask(d.port, "POST", ROUTE, headers, body).status == 200
    d.kill()
    d.start()
    assert ask(d.port, "POST", ROUTE, headers, body).status == 200
    # Signed anew, as a person's second try would not be.
    assert send(d, make(cast)).status == 200
    slack_idle(d)
    after = d.emergency(number)
    assert after["timeline"] == before["timeline"]
    assert len(after["actions"]) == len(before["actions"])


def test_a_press_without_a_trigger_is_known_by_what_was_pressed(
        daemon, world, cast):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    form = pressed(cast, "not-emergency", str(number), trigger=None)
    for _ in range(3):
        assert send(d, form).status == 200
        d.restart()
    assert len(said(d, number, "whether this is an emergency")) == 1


def test_a_webhook_that_was_answered_is_never_lost(daemon, world, cast):
    """Killed right after each answer."""
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    for n in range(5):
        answer = send(d, typed(cast, f"note {number} Note {n}.",
                               trigger=f"1.2.{n}"))
        assert answer.status == 200
        d.kill()
        d.start()
    for n in range(5):
        assert len(said(d, number, f"Note {n}.")) == 1


# -- what is answered ------------------------------------------------------

def test_the_answers_are_as_slack_wants_them(daemon, world, cast):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    answer = send(d, typed(cast, "pause"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "response_type": "ephemeral",
        "text": f"Done. Emergency {number} is paged, held: paused."}
    answer = send(d, pressed(cast, "resume", str(number), trigger="3"))
    assert (answer.status, answer.body) == (200, b"")
    answer = send(d, pressed(cast, "resume", "99", trigger="4"))
    assert (answer.status, answer.body) == (200, b"")
    world.slack.wait_for_ephemeral(cast.engineer_slack,
                                   "^Not done: no such emergency.$")


def test_the_answer_comes_at_once_also_when_all_services_hang(daemon, world,
                                                              cast):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    for service in (world.slack, world.zendesk, world.pagerduty):
        service.fault("*", "", times=None, hold=True)
    start = time.monotonic()
    for n, text in enumerate(["ack", "help", "oncall", "list", "manager",
                              "contacted"]):
        assert send(d, typed(cast, text, trigger=str(n))).status == 200
    assert send(d, pressed(cast, "call-started", str(number),
                           trigger="x")).status == 200
    assert time.monotonic() - start < 3
    assert wait_said(d, number, "is on a call")


def test_names_that_slack_sends_mention_nobody(daemon, world, cast):
    d = listening(daemon)
    number, _ = opened(d, world, cast)
    root = root_of(d, world, number)
    unknown = {"user_id": "U0NOBODY", "user_name": "<!channel> `x`\nboo"}
    assert send(d, typed(cast, "note Hello.", **unknown)).status == 200
    slack_idle(d)
    [note] = world.slack.thread(root["channel"], root["ts"])
    assert note["text"] in ("<@U0NOBODY>: Hello.",
                            "&lt;!channel&gt; 'x' boo: Hello.")
