"""What becomes of a webhook: signatures, types, fields, repeats."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import pagerduty_headers, zendesk_headers
from standins.clock import Clock, iso_millis, iso_seconds
from standins.signing import pagerduty_signature, zendesk_signature
from webhooks import (CAPTURED, NEW, PAGERDUTY, REPEATED, ZENDESK, accepted,
                      captured, counter, kept_bodies, page, pagerduty, post,
                      ticket_event, trigger, zendesk)
from wire import ask, assert_no_secrets, assert_refused

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"
# Of go-pagerduty's test, with a signature each that is right and wrong.
GOSDK_SECRET = ("lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1a"
                "nSb0Z+IK")
GOSDK_RIGHT = ("v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07d"
               "d2bc5476cd")
GOSDK_WRONG = ("v1=7020c8a7ec668a9b7012bc3dd82e483394b038f4230acc6785efbf"
               "2a7d8bcaf5")


@pytest.fixture(autouse=True)
def no_secret_is_logged(request, daemon):
    """Whatever a test does, the log shows no secret."""
    yield
    for made in request.node.daemons:
        assert_no_secrets(made)


# -- 401 -------------------------------------------------------------------

def flipped(signature):
    """The same but for one bit of its last digit."""
    place = -2 if signature.endswith("=") else -1
    digit = "B" if signature[place] == "A" else "A"
    return signature[:place] + digit + signature[place + 1:][:-place - 1]


PAGERDUTY_WRONG = {
    "missing": lambda s: None,
    "empty": lambda s: "",
    "one digit differs": flipped,
    "cut": lambda s: s[:-1],
    "longer": lambda s: s + "0",
    "no version": lambda s: s[3:],
    "another version": lambda s: "v0=" + s[3:],
    "of another secret": lambda s: pagerduty_signature("other", b"{}"),
    "several, all wrong": lambda s: ",".join([flipped(s), "v1=", "v2=00"])}


@pytest.mark.parametrize("name", PAGERDUTY_WRONG)
def test_a_page_without_a_right_signature_is_401_and_nothing(daemon, name):
    d = daemon()
    headers, body = pagerduty(d, page())
    right = headers["X-PagerDuty-Signature"]
    headers["X-PagerDuty-Signature"] = PAGERDUTY_WRONG[name](right)
    before = counter(d, "emergencyd_webhooks_unsigned_total")
    assert_refused(ask(d.port, "POST", PAGERDUTY, headers, body), 401,
                   "signature")
    assert counter(d, "emergencyd_webhooks_unsigned_total") == before + 1
    assert "WEBHOOK-UNSIGNED" in d.stderr()
    assert right not in d.stderr()
    assert kept_bodies(d) == []


def test_one_right_signature_among_several_is_enough(daemon):
    d = daemon()
    for number, form in enumerate(("{w},{r}", "{w}, {r}", "{r},{w}",
                                   "v2=ab,{w},{r},{w}", "{r} , {w}")):
        body = json.dumps(page(number)).encode()
        right = pagerduty_signature(d.settings["pagerduty"]
                                    ["webhook_secret"], body)
        wrong = pagerduty_signature("former secret", body)
        accepted(ask(d.port, "POST", PAGERDUTY, {
            "X-PagerDuty-Signature": form.format(r=right, w=wrong)}, body))


def test_the_signature_of_pagerdutys_own_example_is_right(daemon):
    d = daemon(config={"pagerduty": {"webhook_secret": GOSDK_SECRET}})
    body = captured("pagerduty/incident.priority_updated.gosdk.json")
    name = "X-PagerDuty-Signature"
    assert_refused(ask(d.port, "POST", PAGERDUTY, {name: GOSDK_WRONG}, body),
                   401)
    assert_refused(ask(d.port, "POST", PAGERDUTY, {name: GOSDK_RIGHT},
                       body + b"\n"), 401)
    accepted(ask(d.port, "POST", PAGERDUTY, {name: GOSDK_RIGHT}, body))


ZENDESK_WRONG = {
    "no signature": lambda h: {SIGNATURE: None},
    "empty signature": lambda h: {SIGNATURE: ""},
    "no timestamp": lambda h: {TIMESTAMP: None},
    "empty timestamp": lambda h: {TIMESTAMP: ""},
    "one digit differs": lambda h: {SIGNATURE: flipped(h[SIGNATURE])},
    "cut": lambda h: {SIGNATURE: h[SIGNATURE][:-1]},
    "longer": lambda h: {SIGNATURE: h[SIGNATURE] + "="},
    "another timestamp": lambda h: {
        TIMESTAMP: iso_seconds(Clock().ago(-2))},
    "of the body alone": lambda h: {
        SIGNATURE: zendesk_signature("zendesk-webhook-secret", "", b"{}")},
    "of the public test secret": lambda h: {
        SIGNATURE: zendesk_signature(
            "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==", h[TIMESTAMP],
            json.dumps(trigger()).encode())}}


@pytest.mark.parametrize("name", ZENDESK_WRONG)
def test_a_ticket_without_a_right_signature_is_401_and_nothing(daemon, name):
    d = daemon()
    headers, body = zendesk(d, trigger())
    right = headers[SIGNATURE]
    headers.update(ZENDESK_WRONG[name](headers))
    assert_refused(ask(d.port, "POST", ZENDESK, headers, body), 401,
                   "signature")
    assert counter(d, "emergencyd_webhooks_unsigned_total") == 1
    assert right not in d.stderr()
    assert kept_bodies(d) == []


def test_a_changed_body_is_401(daemon):
    d = daemon()
    headers, body = zendesk(d, trigger("4711"))
    assert_refused(ask(d.port, "POST", ZENDESK, headers,
                       body.replace(b"4711", b"4712")), 401)
    headers, body = pagerduty(d, page())
    assert_refused(ask(d.port, "POST", PAGERDUTY, headers,
                       body.replace(b"triggered", b"resolved!")), 401)


DAY_S = 24 * 3600


@pytest.mark.parametrize("age_s", [DAY_S + 60, 400 * DAY_S, -360, -DAY_S])
def test_a_ticket_signed_too_long_ago_or_in_the_future_is_401(daemon, age_s):
    d = daemon()
    signed = zendesk(d, trigger(), iso_seconds(Clock().ago(age_s)))
    assert_refused(post(d, ZENDESK, signed), 401, "timestamp")


@pytest.mark.parametrize("age_s", [0, DAY_S - 60, -240])
def test_a_ticket_signed_within_the_limits_is_taken(daemon, age_s):
    d = daemon()
    signed = zendesk(d, trigger(), iso_seconds(Clock().ago(age_s)))
    accepted(post(d, ZENDESK, signed))


def test_max_age_is_the_limit_of_age(daemon):
    d = daemon(config={"zendesk": {"max_age": "10m"}})
    for age_s, status in ((660, 401), (540, 200)):
        signed = zendesk(d, trigger(), iso_seconds(Clock().ago(age_s)))
        assert post(d, ZENDESK, signed).status == status


@pytest.mark.parametrize("stamp", ["yesterday", "1531420618", "2026-11-23",
                                   "2026-13-01T00:00:00Z"])
def test_a_timestamp_that_is_no_time_is_401(daemon, stamp):
    d = daemon()
    assert_refused(post(d, ZENDESK, zendesk(d, trigger(), stamp)), 401)


def test_pagerduty_has_no_age_limit(daemon):
    d = daemon()
    old = page(occurred_at=iso_millis(Clock().ago(47 * 3600)))
    accepted(post(d, PAGERDUTY, pagerduty(d, old)))


def test_two_secrets_are_valid_at_once(daemon):
    d = daemon(config={"zendesk": {"webhook_secret_2": "the former secret"},
                       "pagerduty": {"webhook_secret_2": "an older secret"}})
    body = json.dumps(page()).encode()
    accepted(ask(d.port, "POST", PAGERDUTY,
                 pagerduty_headers("an older secret", body), body))
    body = json.dumps(trigger()).encode()
    accepted(ask(d.port, "POST", ZENDESK,
                 zendesk_headers("the former secret", body), body))
    accepted(post(d, PAGERDUTY, pagerduty(d, page(2))))
    accepted(post(d, ZENDESK, zendesk(d, trigger("4712"))))
    body = json.dumps(page(3)).encode()
    assert_refused(ask(d.port, "POST", PAGERDUTY,
                       pagerduty_headers("the former secret", body), body),
                   401)


# -- 415 -------------------------------------------------------------------

@pytest.mark.parametrize("kind", [
    None, "", "text/plain", "application/x-www-form-urlencoded", "json",
    "application/jsonp", "application/json5", "application/vnd.api+json",
    "text/json", "application/", "xapplication/json"])
def test_a_ticket_that_is_not_json_by_its_type_is_415(daemon, kind):
    d = daemon()
    signed = zendesk(d, trigger(), **{"Content-Type": kind})
    assert_refused(post(d, ZENDESK, signed), 415, "application/json")
    assert kept_bodies(d) == []


@pytest.mark.parametrize("kind", [
    "application/json", "application/json; charset=utf-8",
    "Application/JSON", "application/json ; charset=UTF-8",
    "application/json;charset=utf-8"])
def test_parameters_and_case_of_the_type_do_not_matter(daemon, kind):
    d = daemon()
    accepted(post(d, ZENDESK, zendesk(d, trigger(),
                                      **{"Content-Type": kind})))


def test_pagerduty_may_name_any_type(daemon):
    d = daemon()
    for number, kind in enumerate((None, "text/plain", "application/json")):
        accepted(post(d, PAGERDUTY, pagerduty(
            d, page(number), **{"Content-Type": kind})))


# -- what cannot be read ---------------------------------------------------

NOT_JSON = {
    "empty": b"", "words": b"nonsense", "cut": b'{"type":"ticket.urgent"',
    "more behind it": b'{"type":"ticket.urgent","ticket":{"id":1}} {}',
    "a list": b"[]", "a text": b'"ticket.urgent"', "a number": b"4711",
    "not UTF-8": b'{"type":"ticket.urgent","ticket":{"id":1},"x":"\xff"}',
    "deep": b'{"x":' + b"[" * 10000,
    "a byte order mark alone": b"\xef\xbb\xbf",
    "a NUL": b'{"type":"ticket.urgent\\u0000","ticket":{"id":1}}'}


def without(body, path):
    """A copy of a body that lacks what is at the path."""
    body = json.loads(json.dumps(body))
    *outer, last = path.split(".")
    inner = body
    for name in outer:
        inner = inner[name]
    del inner[last]
    return body


def having(body, path, value):
    """A copy of a body with another value at the path."""
    body = json.loads(json.dumps(body))
    *outer, last = path.split(".")
    inner = body
    for name in outer:
        inner = inner[name]
    inner[last] = value
    return body


def bad_ticket_bodies():
    """(body, the field its error must name)."""
    event = ticket_event()
    comments = [ticket_event(2 + number, "ticket.comment_added")
                for number in range(2)]
    yield from ((without(trigger(), path), path)
                for path in ("type", "ticket.id", "ticket"))
    yield from ((having(trigger(), "ticket.id", value), "ticket.id")
                for value in ("", "abc", "4711x", 0, -1, 4711.5, None, [],
                              {}, True, 2**64, "{{ticket.id}}"))
    yield from ((having(trigger(), "type", value), "type")
                for value in (None, "", 1, ["ticket.urgent"]))
    yield from ((without(event, path), path)
                for path in ("id", "time", "detail.id", "event.current"))
    yield from ((having(event, "time", value), "time")
                for value in ("yesterday", "", 1767225600,
                              "2026-02-30T00:00:00Z"))
    yield from ((having(event, "detail.id", value), "detail.id")
                for value in (None, "", "x", -5))
    for comment, path in zip(comments, ("event.comment.id",
                                        "event.comment.author.id")):
        yield without(comment, path), path


def test_a_signed_ticket_body_that_is_not_json_is_400_and_kept(daemon):
    d = daemon()
    for body in NOT_JSON.values():
        assert_refused(post(d, ZENDESK, zendesk(d, body)), 400)
    assert (counter(d, "emergencyd_webhooks_rejected_total")
            == len(NOT_JSON))
    assert "WEBHOOK-REJECTED" in d.stderr()
    kept = kept_bodies(d)
    assert sorted(kept) == sorted(NOT_JSON.values())


def test_a_signed_ticket_body_without_a_field_is_400_and_says_which(daemon):
    d = daemon()
    bodies = list(bad_ticket_bodies())
    for body, field in bodies:
        assert_refused(post(d, ZENDESK, zendesk(d, body)), 400,
                       field.split(".")[0], field.split(".")[-1])
    assert d.emergencies() == []
    assert counter(d, "emergencyd_webhooks_rejected_total") == len(bodies)
    assert len(kept_bodies(d)) == len(bodies)


def bad_page_bodies():
    """(body, the field its error must name)."""
    body = page()
    yield from ((without(body, path), path) for path in (
        "event.id", "event.event_type", "event.occurred_at", "event.data",
        "event.data.id"))
    yield from ((having(page(2), path, None), path) for path in (
        "event.id", "event.event_type", "event.occurred_at", "event.data",
        "event.data.id"))
    yield having(body, "event.data", []), "event.data"
    yield having(body, "event.id", 5), "event.id"
    yield having(body, "event.id", "x" * 5000), "event.id"
    yield having(body, "event.occurred_at", "soon"), "event.occurred_at"
    yield {}, "event"
    yield {"event": []}, "event"


def test_a_signed_page_that_cannot_be_read_is_200_not_accepted_and_kept(
        daemon):
    d = daemon()
    bodies = [(body, "") for body in NOT_JSON.values()]
    bodies += bad_page_bodies()
    for body, field in bodies:
        answer = post(d, PAGERDUTY, pagerduty(d, body))
        assert answer.status == 200, (body, answer)
        assert answer.json["accepted"] is False
        assert answer.json["error"] and field in answer.json["error"]
    assert d.emergencies() == []
    assert counter(d, "emergencyd_webhooks_rejected_total") == len(bodies)
    assert len(kept_bodies(d)) == len(bodies)


def test_an_unknown_type_is_taken_and_ignored(daemon):
    d = daemon()
    before = counter(d, "emergencyd_webhooks_ignored_total")
    accepted(post(d, ZENDESK, zendesk(d, trigger(kind="ticket.new_kind"))))
    accepted(post(d, ZENDESK, zendesk(d, ticket_event(
        type="zen:event-type:user.created"))))
    accepted(post(d, ZENDESK, zendesk(d, {
        "type": "zen:event-type:messaging_ticket.message_added",
        "id": "01HMESSAGE", "detail": {"id": "4711"}, "event": {}})))
    accepted(post(d, PAGERDUTY, pagerduty(d, page(
        event_type="team.created", resource_type="team", data={}))))
    assert counter(d, "emergencyd_webhooks_ignored_total") == before + 4
    assert d.emergencies() == []
    assert len(kept_bodies(d)) == 4


# -- what the services send ------------------------------------------------

PAGERDUTY_TYPES = {
    "incident." + name for name in (
        "acknowledged", "action_invocation.created",
        "action_invocation.terminated", "action_invocation.updated",
        "annotated", "conference_bridge.updated",
        "custom_field_values.updated", "delegated", "escalated",
        "incident_type.changed", "priority_updated", "reassigned",
        "reopened", "resolved", "responder.added", "responder.replied",
        "role.assigned", "service_updated", "status_update_published",
        "task.completed", "task.created", "task.updated", "triggered",
        "unacknowledged", "workflow.completed", "workflow.started")} | {
    "service." + name for name in (
        "created", "custom_field_values.updated", "deleted", "updated")} | {
    "pagey.ping"}
ZENDESK_TYPES = {
    "zen:event-type:ticket." + name for name in (
        "agent_assignment_changed", "attachment_linked_to_comment",
        "attachment_redacted_from_comment", "brand_changed",
        "comment_added", "comment_made_private", "comment_redacted",
        "created", "csat_received", "csat_requested",
        "custom_field_changed", "custom_status_changed",
        "description_changed", "email_ccs_changed", "external_id_changed",
        "followers_changed", "form_changed", "group_assignment_changed",
        "marked_as_spam", "merged", "next_sla_breach_changed",
        "ola_policy_changed", "organization_changed", "permanently_deleted",
        "priority_changed", "problem_link_changed", "requester_changed",
        "schedule_changed", "sla_policy_changed", "soft_deleted",
        "status_changed", "subject_changed", "submitter_changed",
        "tags_changed", "task_due_at_changed", "type_changed",
        "undeleted")}


def test_every_documented_event_of_pagerduty_is_taken(daemon):
    d = daemon()
    seen = set()
    for path in sorted(CAPTURED.glob("pagerduty/*.json")):
        body = path.read_bytes()
        seen.add(json.loads(body)["event"]["event_type"])
        answer = post(d, PAGERDUTY, pagerduty(d, body))
        assert answer.json == NEW, (path.name, answer)
    assert seen == PAGERDUTY_TYPES
    assert counter(d, "emergencyd_webhooks_rejected_total") == 0


def test_every_documented_ticket_event_of_zendesk_is_taken(daemon):
    d = daemon()
    seen = set()
    for path in sorted(CAPTURED.glob("zendesk/*.json")):
        body = path.read_bytes()
        seen.add(json.loads(body)["type"])
        answer = post(d, ZENDESK, zendesk(d, body))
        assert (answer.status, answer.json) == (200, NEW), (path, answer)
    assert seen == ZENDESK_TYPES
    assert counter(d, "emergencyd_webhooks_rejected_total") == 0


@pytest.mark.parametrize("digits", ["", ".1", ".123", ".123456",
                                    ".123456789"])
def test_times_may_have_any_number_of_fractional_digits(daemon, digits):
    d = daemon()
    stamp = Clock().now().strftime("%Y-%m-%dT%H:%M:%S") + digits + "Z"
    accepted(post(d, ZENDESK, zendesk(d, ticket_event(time=stamp))))
    accepted(post(d, PAGERDUTY, pagerduty(d, page(occurred_at=stamp))))
    accepted(post(d, ZENDESK, zendesk(d, trigger(), timestamp=stamp)))


def test_numbers_beyond_64_bits_and_nulls_do_no_harm(daemon):
    d = daemon()
    odd = [having(ticket_event(number), "event.meta",
                  {"sequence": {"id": sequence, "position": 1}})
           for number, sequence in enumerate(
               (2**63, 2**64 + 1, 10**40, -2**70, 1e300))]
    odd += [having(ticket_event(10 + number), path, None)
            for number, path in enumerate((
                "detail.tags", "detail.priority", "detail.requester_id",
                "detail.organization_id", "detail.subject", "detail.via",
                "event.previous"))]
    odd.append(having(ticket_event(50), "detail.priority", "urgent"))
    odd.append(having(ticket_event(51), "detail.id", 4711))
    for body in odd:
        answer = post(d, ZENDESK, zendesk(d, body))
        assert (answer.status, answer.json) == (200, NEW), (body, answer)


def test_the_ticket_may_be_a_number_or_a_text(daemon, world):
    d = daemon()
    for ticket_id in ("4711", 4712, str(2**63 - 1)):
        accepted(post(d, ZENDESK, zendesk(d, trigger(ticket_id))))
        world.zendesk.wait_for_request("GET", f"/tickets/{ticket_id}")


# -- repeats ---------------------------------------------------------------

def test_a_page_delivered_again_is_a_duplicate(daemon):
    d = daemon()
    body = page()
    for expected in (NEW, REPEATED, REPEATED):
        headers, data = pagerduty(d, body, **{"X-Webhook-Id": "01HATTEMPT"})
        accepted(ask(d.port, "POST", PAGERDUTY, headers, data), expected)
    assert counter(d, "emergencyd_webhooks_duplicate_total") == 2


def test_an_event_under_another_subscription_is_a_duplicate(daemon):
    d = daemon()
    for name, expected in (("PSUB1", NEW), ("PSUB2", REPEATED)):
        headers, data = pagerduty(d, page(occurred_at="2026-03-09T07:15:00Z"),
                                  **{"X-Webhook-Id": name + "-1",
                                     "X-Webhook-Subscription": name})
        accepted(ask(d.port, "POST", PAGERDUTY, headers, data), expected)


def test_a_ticket_event_signed_anew_is_a_duplicate(daemon):
    d = daemon()
    body = ticket_event()
    for age_s, expected in ((30, NEW), (20, REPEATED), (10, REPEATED)):
        signed = zendesk(d, body, iso_seconds(Clock().ago(age_s)), **{
            "X-Zendesk-Webhook-Invocation-Id": f"01HINVOCATION{age_s}"})
        accepted(post(d, ZENDESK, signed), expected)


def test_a_repeated_trigger_is_a_duplicate_and_still_read_anew(daemon,
                                                               world, cast):
    d = daemon()
    ticket = world.zendesk.create_ticket(subject="Quiet", at=Clock().ago(60),
                                         requester=cast.customer)
    signed = zendesk(d, trigger(str(ticket["id"])))
    for count, expected in enumerate((NEW, REPEATED, REPEATED), 1):
        accepted(post(d, ZENDESK, signed), expected)
        world.zendesk.wait_for_request(
            "GET", rf"/tickets/{ticket['id']}(\.json)?$", count=count,
            answered=True)


def test_the_same_trigger_at_another_time_is_no_duplicate(daemon):
    d = daemon()
    for age_s in (3, 2, 1):
        accepted(post(d, ZENDESK, zendesk(
            d, trigger(), iso_seconds(Clock().ago(age_s)))))


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_repeats_are_known_after_a_restart(daemon, end):
    d = daemon()
    signed = [(PAGERDUTY, pagerduty(d, page())),
              (ZENDESK, zendesk(d, ticket_event())),
              (ZENDESK, zendesk(d, trigger()))]
    for path, webhook in signed:
        accepted(post(d, path, webhook))
    getattr(d, end)()
    d.start()
    for path, webhook in signed:
        accepted(post(d, path, webhook), REPEATED)


def test_of_many_at_the_same_moment_one_is_new(daemon):
    d = daemon()
    signed = pagerduty(d, page())
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(d, PAGERDUTY, signed),
                                range(40)))
    assert all(answer.status == 200 for answer in answers)
    news = [answer for answer in answers if not answer.json["duplicate"]]
    assert len(news) == 1
