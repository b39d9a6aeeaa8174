"""What an attacker tries: webhooks that are forged, changed or sent again,
commands from the pages of other sites, texts that are more than texts; and
that no secret is shown anywhere."""

import base64
import json
import re
import subprocess
import time

import pytest
from bridge_scenes import acknowledge, join, meeting_of
from harness import ROOT, program, wait_until
from scenes import LONG, opened, order, page_for, urgent_ticket
from slack_scenes import (FORM, labels, press, root_of, slack_idle,
                          type_in)
from standins.clock import Clock, iso_seconds
from standins.http_service import Answer
from standins.signing import (slack_signature, zendesk_signature,
                              zoom_signature)
from tls_front import interposed
from webhooks import emergency_page, pagerduty, post, trigger
from wire import ask, assert_refused

ALL = ("slack", "zoom", "gitlab")
HOUR = 3600


# -- webhooks --------------------------------------------------------------

def hooks(d):
    """The daemon's webhooks, by the service's name."""
    return {"zendesk": d.zendesk_webhook, "pagerduty": d.pagerduty_webhook,
            "slack": d.slack_webhook, "zoom": d.zoom_webhook}


def staged(daemon, world, cast, **more):
    """(daemon, id): every service has sent a webhook that did something."""
    d = daemon(services=ALL, **{**LONG, **more})
    number, _ = opened(d, world, cast)
    acknowledge(d, world, cast, number)
    meeting = meeting_of(d, world, number)
    join(world, meeting, cast.customer)
    d.wait_for_emergency(emergency_id=number, state="engaged")
    type_in(world, cast.engineer_slack, f"note {number} captured")
    root = root_of(d, world, number)
    wait_until(lambda: "Call ended" in labels(world, root), 10, "the button")
    press(world, cast.engineer_slack, root, "call-ended")
    wait_until(lambda: d.emergency(number)["checklist"], 10, "the checklist")
    at_rest(d)
    return d, number


def at_rest(d):
    """Waits until all is delivered, and every call has ended."""
    for hook in hooks(d).values():
        hook.wait_idle()
    wait_until(lambda: all(
        action["state"] in ("done", "parked", "cancelled")
        for action in d.api_get("/api/outbox")[1]["actions"]), 10, "the calls",
        lambda: d.api_get("/api/outbox"))


def all_there_is(d, world):
    """All that can be seen of the daemon, and all that it wrote."""
    seen = [d.emergency(row["id"]) for row in d.emergencies()]
    for each in seen:
        each["next"] = each["next"] and {**each["next"], "in_s": None}
    return seen, [
        (request.method, request.raw_path, request.body)
        for service in (world.zendesk, world.pagerduty, world.slack,
                        world.zoom, world.gitlab)
        for request in service.received() if request.method != "GET"
        and not re.search(r"/oauth/token|/auth\.test", request.path)]


# What a sender's signature does not cover: to be changed by whoever likes.
UNSIGNED = {"pagerduty": {"X-Webhook-Id": "another"}, "slack": {}, "zoom": {},
            "zendesk": {"X-Zendesk-Webhook-Invocation-Id": "another",
                        "X-Zendesk-Webhook-Id": "another"}}


def sent(d):
    """(service, headers, body) of all that was sent to the daemon."""
    for name, hook in hooks(d).items():
        assert hook.deliveries, f"nothing came from {name}"
        for delivery in list(hook.deliveries):
            yield name, delivery.headers, delivery.body


def replay(d, name, headers, body):
    """Posts something once more; the answer."""
    return ask(d.port, "POST", f"/webhooks/{name}", headers, body)


@pytest.mark.parametrize("kind", ["trigger", "events"])
def test_what_was_sent_before_changes_nothing_when_sent_again(
        daemon, world, cast, kind):
    d, _ = staged(daemon, world, cast, zendesk_webhook=kind)
    before = all_there_is(d, world)
    for name, headers, body in sent(d):
        answer = replay(d, name, {**headers, **UNSIGNED[name]}, body)
        assert answer.status == 200, answer
    at_rest(d)
    assert all_there_is(d, world) == before
    d.restart()  # it remembers
    for name, headers, body in sent(d):
        assert replay(d, name, headers, body).status == 200
    at_rest(d)
    assert all_there_is(d, world) == before


def test_one_changed_byte_is_refused(daemon, world, cast):
    d, _ = staged(daemon, world, cast)
    before = all_there_is(d, world)
    last = {name: (headers, body) for name, headers, body in sent(d)}
    assert set(last) == set(hooks(d))
    for name, (headers, body) in last.items():
        for place in (0, len(body) // 3, len(body) // 2, len(body) - 1):
            spoilt = bytearray(body)
            spoilt[place] ^= 1
            assert_refused(replay(d, name, headers, bytes(spoilt)), 401)
        assert_refused(replay(d, name, headers, body + b" "), 401)
        [signature] = [key for key in headers
                       if key.lower().endswith("signature")]
        value = headers[signature]
        other = "B" if value[-3] == "A" else "A"
        for wrong in (value[:-3] + other + value[-2:], value[:-1], value + "0",
                      value.upper(), "", None):
            assert_refused(replay(d, name, {**headers, signature: wrong},
                                  body), 401)
    assert all_there_is(d, world) == before


def signed_at(d, name, age_s):
    """(headers, body) of a webhook that was signed so long ago."""
    at, seconds = Clock().ago(age_s), str(int(time.time() - age_s))
    if name == "zendesk":
        stamp, body = iso_seconds(at), json.dumps(trigger()).encode()
        return {"Content-Type": "application/json",
                "X-Zendesk-Webhook-Signature-Timestamp": stamp,
                "X-Zendesk-Webhook-Signature": zendesk_signature(
                    d.settings[name]["webhook_secret"], stamp, body)}, body
    if name == "slack":
        body = b"ssl_check=1"
        return {"Content-Type": FORM, "X-Slack-Request-Timestamp": seconds,
                "X-Slack-Signature": slack_signature(
                    d.settings[name]["signing_secret"], seconds, body)}, body
    body = json.dumps({"event": "meeting.created"}).encode()
    return {"Content-Type": "application/json",
            "x-zm-request-timestamp": seconds,
            "x-zm-signature": zoom_signature(
                d.settings[name]["webhook_secret"], seconds, body)}, body


@pytest.mark.parametrize("name, limit_s", [
    ("zendesk", 24 * HOUR), ("slack", 300), ("zoom", 2 * HOUR)])
def test_what_was_signed_too_long_ago_is_refused(daemon, name, limit_s):
    d = daemon(services=ALL, **LONG)
    for age_s, status in ((limit_s - 60, 200), (limit_s + 60, 401),
                          (-240, 200), (-360, 401)):
        answer = replay(d, name, *signed_at(d, name, age_s))
        assert answer.status == status, (age_s, answer)


def test_nothing_but_a_comparison_in_constant_time_decides(
        daemon, monkeypatch):
    """With one that finds all equal, each signature of the right form is."""
    monkeypatch.setenv("EQUAL_MACS", "1")
    d = daemon(services=ALL, preload=interposed(), start=False, **LONG)
    d.configure({"admin": {"listen": f"0.0.0.0:{d.admin_port}",
                           "token": "the-token"}})
    d.start()
    for name in ("zendesk", "slack", "zoom"):
        headers, body = signed_at(d, name, 0)
        [signature] = [key for key in headers
                       if key.lower().endswith("signature")]
        wrong = ("A" * 43 + "=" if name == "zendesk" else "v0=" + "0" * 64)
        assert replay(d, name, {**headers, signature: wrong},
                      body).status == 200, name
    assert replay(d, "pagerduty", {"X-PagerDuty-Signature": "v1=" + "0" * 64},
                  b"{}").status == 200
    assert ask(d.admin_port, "GET", "/metrics",
               {"Authorization": "Bearer x"}).status == 200


# -- secrets ---------------------------------------------------------------

def secrets_of(d, world):
    """All secrets, as they are and as headers have them."""
    names = ("webhook_secret", "client_secret", "api_token", "token",
             "signing_secret")
    plain = {keys[name] for keys in d.settings.values() for name in names
             if name in keys}
    zoom = d.settings["zoom"]
    plain.add(base64.b64encode(
        f"{zoom['client_id']}:{zoom['client_secret']}".encode()).decode())
    for service in (world.zendesk, world.zoom):
        plain |= {request.headers["Authorization"].split()[1]
                  for request in service.received()
                  if "Authorization" in request.headers}
    assert len(plain) >= 11
    return plain


def everything_shown(d, world, numbers):
    """(where, bytes) of what anybody can read of the daemon's."""
    paths = ["/", "/board.js", "/api/board", "/api/commands", "/api/oncall",
             "/api/emergencies", "/api/outbox", "/metrics", "/readyz"]
    paths += [f"/api/emergencies/{n}" for n in numbers]
    paths += [f"/api/board?id={n}" for n in numbers]
    for path in paths:
        answer = ask(d.admin_port, "GET", path)
        assert answer.status == 200, path
        yield path, answer.body
    for path in ("/healthz", "/webhooks/zendesk", "/none"):
        yield path, ask(d.port, "GET", path).body
    for service in (world.zendesk, world.pagerduty, world.slack, world.gitlab,
                    world.zoom):
        for request in service.received():
            if not re.search("/oauth/token", request.path):
                yield f"{request.method} {request.path}", request.body
    yield "the log", d.stderr().encode()
    d.stop()
    for path in d.directory.glob("emergencyd.db*"):
        yield path.name, path.read_bytes()


def test_no_secret_is_shown_anywhere(daemon, world, cast):
    d, number = staged(daemon, world, cast)

    def refused(service, method, path, status, echo):
        """Answers that repeat what they were asked with."""
        service.fault(method, path, answer=Answer(
            status, {"error": echo, "errors": [echo], "message": echo}))

    authorization = [r.headers["Authorization"] for r in
                     world.zendesk.received() if "Authorization" in r.headers]
    refused(world.zendesk, "PUT", "/tickets/", 422, authorization[-1])
    refused(world.pagerduty, "POST", "/incidents$", 403,
            world.pagerduty.api_token)
    refused(world.zoom, "POST", "/oauth/token", 400,
            d.settings["zoom"]["client_secret"])
    world.zendesk.fault("POST", "/oauth/tokens", answer=Answer(200, (
        '{"access_token": "' + d.settings["zendesk"]["client_secret"]
        + '" spoilt').encode()))
    world.zendesk.revoke_tokens()
    world.zoom.revoke_tokens()
    order(d, number, "downgrade")
    order(d, number, "page", who="manager")
    other, _ = opened(d, world, cast, subject="Another")
    acknowledge(d, world, cast, other)  # wants a meeting
    for event in ("CALL-PARKED", "no token: not JSON", "HTTP status 400"):
        wait_until(lambda: event in d.stderr(), 10, event, d.stderr)
    for command in ("nonsense", "link"):
        d.command(number, command, ticket="x")
    assert "?pwd=" in d.emergency(number)["bridge"]["url"]
    assert "pwd=" not in d.stderr()  # who has the link can join the call
    secrets = secrets_of(d, world)
    for where, shown in everything_shown(d, world, [number, other]):
        for secret in secrets:
            assert secret.encode() not in shown, (where, secret)


# -- the admin listener ----------------------------------------------------

@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Host": "emergencies.evil.example"}, {"Host": "127.0.0.1.evil.example"},
    {"Host": "169.254.169.254"}, {"Host": "0.0.0.0"},
])
def test_pages_of_other_sites_get_nothing_of_the_api(daemon, cast, headers):
    d = daemon()
    assert d.post_pagerduty(emergency_page(cast))[0] == 200
    json_type = {"Content-Type": "application/json"}
    for path in ("/api/emergencies", "/api/emergencies/1", "/api/board",
                 "/api/stream", "/api/outbox", "/metrics", "/readyz"):
        answer = ask(d.admin_port, "GET", path, headers)
        assert_refused(answer, 403)
        assert not any(key.startswith("access-control")
                       for key in answer.headers)
    assert_refused(ask(d.admin_port, "POST", "/api/emergencies/1/close",
                       {**headers, **json_type}, b'{"by":"evil"}'), 403)
    assert d.emergency(1)["state"] == "paged"


def test_a_browser_that_asks_first_is_not_invited(daemon):
    """A preflight request, which JSON from another site needs."""
    d = daemon()
    answer = ask(d.admin_port, "OPTIONS", "/api/emergencies/1/close", {
        "Origin": "http://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert answer.status == 405
    assert not any(key.startswith("access-control") for key in answer.headers)


@pytest.mark.parametrize("site", ["same-origin", "none", "cross-site"])
def test_the_board_may_be_linked_and_typed_in(daemon, site):
    d = daemon()
    assert ask(d.admin_port, "GET", "/",
               {"Sec-Fetch-Site": site}).status == 200
    expected = 403 if site == "cross-site" else 200
    assert ask(d.admin_port, "GET", "/api/board",
               {"Sec-Fetch-Site": site}).status == expected


def test_the_database_is_its_owners_alone(daemon):
    d = daemon()
    files = list(d.directory.glob("emergencyd.db*"))
    assert len(files) >= 2
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_emergencyctl_keeps_its_token_from_open_networks():
    ctl = str(ROOT / program()).removesuffix("d") + "ctl"
    for url in ("http://admin.example:8081", "http://192.0.2.1",
                "http://127.0.0.1@admin.example"):
        end = subprocess.run(
            [ctl, "--url", url, "list"], capture_output=True, text=True,
            check=False, env={"EMERGENCYD_TOKEN": "the-token"}, timeout=20)
        assert end.returncode == 2 and "https://" in end.stderr
        assert "the-token" not in end.stderr


# -- texts that are more than texts ----------------------------------------

EVIL = ("<!channel> <@U0EVIL> <http://evil.example|click> `x` ```y``` & "
        "<img src=x onerror=alert(1)> \x1b]0;t\x07\x1b[2J\r\n"
        "2026-01-01T00:00:00.000Z ERROR FAKED a line \u009b31m "
        "{{ticket.latest_comment}} {%assign x=1%} /close @all")
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z "
                  r"(ERROR|WARN |INFO |DEBUG) (E\d+ )?(T\d+ )?[A-Z-]+ .*")
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def test_texts_of_strangers_stay_texts(daemon, world, cast):
    cast.acme["name"] = "Acme " + EVIL[:60]
    cast.customer["name"] = EVIL[:80]
    d = daemon(services=ALL, **LONG)
    number, ticket = opened(d, world, cast, subject=EVIL)
    acknowledge(d, world, cast, number)
    order(d, number, "note", by=EVIL[:60], text=EVIL)
    order(d, number, "first-contact", by=EVIL[:60])
    order(d, number, "page", who="manager", by=EVIL[:60])
    assert post(d, "/webhooks/pagerduty", pagerduty(
        d, emergency_page(cast, title=EVIL))).status == 200
    wait_until(lambda: d.emergency(number)["runbook_url"]
               if "runbook_url" in d.emergency(number)
               else world.gitlab.received("POST", "/issues"), 10, "runbook")
    wait_until(lambda: world.zendesk.received("PUT", "/tickets/"), 10,
               "the first comment")
    slack_idle(d)
    at_rest(d)
    texts = [text for request in world.slack.received("POST")
             for text in shown_in_slack(request.json or {})]
    assert any("&lt;!channel&gt;" in text for text in texts)
    for text in texts:
        for mark in ("<!channel", "<@U0EVIL", "<http://evil", "<img"):
            assert mark not in text, text
        assert not CONTROL.search(text), text
    [comment] = [request.json["ticket"]["comment"]["body"] for request in
                 world.zendesk.received("PUT", f"/tickets/{ticket['id']}")]
    assert "{ {ticket.latest" in comment
    assert "{{" not in comment and "{%" not in comment
    for request in world.gitlab.received("POST", "/issues"):
        description = request.json["description"]
        assert not re.search(r"(^|[^\\])@all|^\s*/close|<img", description,
                             re.MULTILINE), description
    log = d.stderr()
    assert not CONTROL.search(log)
    for line in log.splitlines():
        assert LINE.fullmatch(line), line
    board = ask(d.admin_port, "GET", f"/api/board?id={number}")
    assert board.headers["content-type"].startswith("application/json")
    assert board.headers["x-content-type-options"] == "nosniff"
    assert EVIL in {e["ticket"]["subject"]
                    for e in board.json["emergencies"] if e["ticket"]}


def shown_in_slack(message):
    """All the texts of a message."""
    if isinstance(message, str):
        return []
    found = []
    for key, value in message.items():
        for each in value if isinstance(value, list) else [value]:
            if key == "text" and isinstance(each, str):
                found.append(each)
            elif isinstance(each, dict):
                assert each.get("type") != "mrkdwn" or each.get("verbatim")
                found += shown_in_slack(each)
    return found


@pytest.mark.parametrize("evil", [
    "..", ".", "../users/PX", "%2e%2e", "P1/../../users", "P1?x=1", "P1#x",
    "P1\r\nX-Evil: 1", "P1 HTTP/1.1", "Pé"])
def test_an_id_leads_nowhere_but_to_its_incident(daemon, world, cast, evil):
    d = daemon(**LONG)
    page = emergency_page(cast, id=evil)
    answer = post(d, "/webhooks/pagerduty", pagerduty(d, page))
    assert answer.json["accepted"] is False
    assert "event.data.id is not an id" in answer.json["error"]
    # Who did it is not known then, but it counts.
    page = emergency_page(cast, 2, assignees=[{"id": evil, "summary": "E"}])
    page["event"]["agent"] = {"id": evil, "type": "user_reference"}
    assert post(d, "/webhooks/pagerduty",
                pagerduty(d, page)).json["accepted"] is True
    page_for(world, cast, urgent_ticket(world, cast))
    d.wait_for_emergency(ticket=4711)
    at = {request.raw_path.partition("?")[0]
          for request in world.pagerduty.received()}
    assert all(re.fullmatch(r"(/\w+)+", path) for path in at), at


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a b", "é", "a\n"])
def test_a_token_is_one_line_of_a_header(daemon, world, token):
    world.zendesk.fault("POST", "/oauth/tokens", times=None, answer=Answer(
        200, {"access_token": token, "expires_in": 60}))
    d = daemon(**LONG)
    wait_until(lambda: "access_token is not a token" in d.stderr(), 10,
               "the log", d.stderr)
    assert not world.zendesk.received("GET")


# -- the unit --------------------------------------------------------------

HARDENING = """
AmbientCapabilities= CapabilityBoundingSet= LimitCORE=0 LockPersonality=yes
MemoryDenyWriteExecute=yes MemorySwapMax=0 NoNewPrivileges=yes
PrivateDevices=yes PrivateTmp=yes ProcSubset=pid ProtectClock=yes
ProtectControlGroups=yes ProtectHome=yes ProtectHostname=yes
ProtectKernelLogs=yes ProtectKernelModules=yes ProtectKernelTunables=yes
ProtectProc=invisible ProtectSystem=strict RemoveIPC=yes RestrictNamespaces=yes
RestrictRealtime=yes RestrictSUIDSGID=yes StateDirectoryMode=0700
SystemCallArchitectures=native SystemCallFilter=@system-service UMask=0077
User=emergencyd
""".split()


def test_the_unit_takes_away_what_is_not_needed():
    unit = (ROOT / "systemd/emergencyd.service").read_text(encoding="utf-8")
    assert [line for line in HARDENING if line not in unit.splitlines()] == []
