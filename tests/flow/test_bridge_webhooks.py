"""Zoom's webhooks: signed, late, doubled, in any order, of no interest."""

import json
import time

import pytest
from bridge_scenes import WITH_SLACK, ZOOM, checklist, join, met
from harness import wait_until
from scenes import order, said, seconds, wait_said
from slack_scenes import replies, root_of, slack_idle, wait_reply
from standins.signing import zoom_signature, zoom_url_token
from webhooks import NEW, REPEATED, accepted, counter, kept_bodies
from wire import ask, assert_no_secrets, assert_refused

ROUTE = "/webhooks/zoom"
SECRET = "zoom-webhook-secret"
JOINED = "meeting.participant_joined"
LEFT = "meeting.participant_left"
ENDED = "meeting.ended"
TO_DO = {"public notes", "internal note"}


def signed(body, sent=None, secret=SECRET, **changes):
    """(headers, body) as Zoom sends them; sent: seconds since 1970."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    timestamp = str(int(time.time()) if sent is None else sent)
    return {"Content-Type": "application/json; charset=utf-8",
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": zoom_signature(secret, timestamp, body),
            **changes}, body


def post(d, webhook):
    """Posts (headers, body); the answer."""
    headers, body = webhook
    return ask(d.port, "POST", ROUTE, headers, body)


def joined(meeting, name="iPhone", email="", user=16778240, at_ms=None,
           event=JOINED):
    """The body of a webhook of somebody's."""
    return {"event": event, "event_ts": at_ms or int(time.time() * 1000),
            "payload": {"account_id": "a", "object": {
                "id": str(meeting["id"]), "uuid": meeting["uuid"],
                "participant": {"user_id": str(user), "id": "",
                                "user_name": name, "email": email}}}}


def ended(meeting, at_ms):
    """The body of a meeting's end."""
    return {"event": ENDED, "event_ts": at_ms, "payload": {
        "account_id": "a", "object": {"id": str(meeting["id"]),
                                      "uuid": meeting["uuid"]}}}


def now_ms(ago_s=0):
    """The time, some seconds ago."""
    return int((time.time() - ago_s) * 1000)


# -- who may send ----------------------------------------------------------


def test_the_address_proves_that_it_knows_the_secret(daemon, world, cast):
    d = daemon(services=ZOOM)
    assert world.zoom.validate_url()
    validation = {"event": "endpoint.url_validation", "event_ts": now_ms(),
                  "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}
    answer = post(d, signed(validation))
    assert (answer.status, answer.json) == (200, {
        "plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken":
        zoom_url_token(SECRET, "qgg8vlvZRS6UYooatFL8Aw")})
    assert_refused(post(d, signed(validation, secret="another")), 401)
    for token in ("", 'a"b', 7, None):
        validation["payload"]["plainToken"] = token
        assert_refused(post(d, signed(validation)), 400, "plainToken")
    assert kept_bodies(d).count(json.dumps(validation).encode()) == 1


def test_what_zoom_did_not_sign_changes_nothing(daemon, world, cast):
    d, number, _, meeting = met(daemon, world, cast)
    body = joined(meeting, "Carol", cast.customer["email"])
    headers, raw = signed(body)
    stale, early = time.time() - 2 * 3600 - 5, time.time() + 5 * 60 + 5
    for webhook in (
            signed(body, secret="another"),
            signed(body, int(stale)), signed(body, int(early)),
            signed(body, **{"x-zm-signature": None}),
            signed(body, **{"x-zm-request-timestamp": None}),
            signed(body, **{"x-zm-signature": "v0=" + "0" * 64}),
            signed(body, **{"x-zm-signature":
                            headers["x-zm-signature"].upper()}),
            signed(body, "soon"),
            ({**headers, "x-zm-request-timestamp": str(int(time.time()) - 9)},
             raw),
            (headers, raw.replace(b"Carol", b"Clara"))):
        assert_refused(post(d, webhook), 401)
    assert_refused(post(d, signed(body, **{"Content-Type": "text/plain"})),
                   415)
    assert_refused(ask(d.port, "GET", ROUTE), 405)
    assert d.emergency(number)["state"] == "contacted"
    accepted(post(d, (headers, raw)))
    d.wait_for_emergency(emergency_id=number, state="engaged")
    assert_no_secrets(d)


@pytest.mark.parametrize("sent_ago_s", [65 * 60, 119 * 60])
def test_what_zoom_sends_again_an_hour_later_counts(daemon, world, cast,
                                                    sent_ago_s):
    d, number, _, meeting = met(daemon, world, cast)
    body = joined(meeting, "Carol", cast.customer["email"])
    accepted(post(d, signed(body, int(time.time()) - sent_ago_s)))
    d.wait_for_emergency(emergency_id=number, state="engaged")


@pytest.mark.parametrize("field", [
    "event", "event_ts", "payload.object.id",
    "payload.object.participant.user_id"])
def test_a_body_that_lacks_something_is_told_so(daemon, world, cast, field):
    d = daemon(services=ZOOM)
    body = joined({"id": 86123456789, "uuid": "u"}, "")
    *way, last = field.split(".")
    inner = body
    for name in way:
        inner = inner[name]
    del inner[last]
    assert_refused(post(d, signed(body)), 400, field)
    assert_refused(post(d, signed(b"{")), 400)
    assert kept_bodies(d) == [json.dumps(body).encode(), b"{"]


def test_without_zoom_there_is_no_such_address(daemon, world, cast):
    d = daemon()
    assert_refused(post(d, signed(joined({"id": 1, "uuid": "u"}))), 404)


# -- of no interest, doubled -----------------------------------------------


def test_other_meetings_and_events_are_kept_and_change_nothing(daemon, world,
                                                               cast):
    d, number, _, meeting = met(daemon, world, cast)
    other = world.zoom.create_meeting(cast.zoom_host, "Stand-up")
    before = d.emergency(number)
    participant = join(world, other, cast.customer)
    world.zoom.leave(other, participant)
    world.zoom.emit("meeting.sharing_started", meeting,
                    {"participant": {"user_name": "Eng One"}})
    accepted(post(d, signed(ended({"id": 2**53 + 1, "uuid": ""},
                                  now_ms()))))
    d.zoom_webhook.wait_idle()
    assert d.emergency(number) == {**before, "next": d.emergency(
        number)["next"]}
    assert all(delivery.statuses == [200]
               for delivery in d.zoom_webhook.deliveries)
    assert counter(d, "emergencyd_webhooks_ignored_total") >= 2


def test_a_doubled_join_is_one(daemon, world, cast):
    d, number, _, meeting = met(daemon, world, cast, WITH_SLACK)
    d.zoom_webhook.copies = 3
    webhook = signed(joined(meeting, "Carol", cast.customer["email"]))
    accepted(post(d, webhook), NEW)
    accepted(post(d, webhook), REPEATED)
    again = signed(json.loads(webhook[1]), int(time.time()) + 1)
    accepted(post(d, again), REPEATED)
    d.wait_for_emergency(emergency_id=number, state="engaged")
    join(world, meeting, cast.colleague)
    wait_said(d, number, "Colin Colleague, the customer's, is in")
    d.zoom_webhook.wait_idle()
    slack_idle(d)
    told = replies(world, root_of(d, world, number))
    assert len([text for text in told if "A call with the" in text]) == 1
    assert len(said(d, number, "Carol")) == 1
    assert len(said(d, number, "Colin")) == 1


# -- their order -----------------------------------------------------------


def test_a_meeting_of_support_alone_starts_no_checklist(daemon, world, cast):
    d, number, _, meeting = met(daemon, world, cast)
    for user in (cast.engineer, cast.second):
        join(world, meeting, user)
        wait_said(d, number, f"{user['name']} of support is in the bridge")
    world.zoom.join(meeting, "iPhone")
    wait_said(d, number, "iPhone is in the bridge")
    world.zoom.end(meeting)
    d.zoom_webhook.wait_delivered(ENDED)
    d.zoom_webhook.wait_idle()
    e = d.emergency(number)
    assert e["checklist"] == [] and e["state"] == "contacted"


def test_a_meeting_with_the_customer_starts_the_checklist_once(daemon, world,
                                                               cast):
    """Zoom tells the end before that everybody left."""
    d, number, _, meeting = met(daemon, world, cast, WITH_SLACK)
    join(world, meeting, cast.customer)
    join(world, meeting, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="engaged")
    world.zoom.end(meeting)
    assert [delivery.what for delivery in d.zoom_webhook.deliveries][-3:] == [
        ENDED, LEFT, LEFT]
    wait_said(d, number, "The call has ended")
    d.zoom_webhook.wait_idle()
    assert checklist(d, number) == ({"next on call tagged"}, TO_DO)
    slack_idle(d)
    told = replies(world, root_of(d, world, number))
    assert len([text for text in told if "The call has ended" in text]) == 1


@pytest.mark.parametrize("first", ["joined", "ended", "left"])
def test_whatever_the_order_of_arrival_the_end_is_the_same(daemon, world,
                                                           cast, first):
    """The join may come an hour after the end."""
    d, number, ticket, meeting = met(daemon, world, cast, WITH_SLACK)
    carol = ("Carol", cast.customer["email"])
    base = now_ms() + 100
    wait_until(lambda: now_ms() > base + 300)
    webhooks = {"joined": joined(meeting, *carol, at_ms=base),
                "left": joined(meeting, *carol, at_ms=base + 100,
                               event=LEFT),
                "ended": ended(meeting, base + 200)}
    accepted(post(d, signed(webhooks.pop(first))))
    for name in ("ended", "left", "joined"):
        if name in webhooks:
            accepted(post(d, signed(webhooks[name])))
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert seconds(e["answered_at"], e["timeline"][-1]["at"]) < 30
    wait_until(lambda: checklist(d, number) == ({"next on call tagged"},
                                                TO_DO), 10, "the checklist",
               lambda: d.emergency(number))
    root = root_of(d, world, number)
    wait_reply(world, root, "The call has ended")
    slack_idle(d)
    told = replies(world, root)
    assert len([text for text in told if "The call has ended" in text]) == 1
    assert len([text for text in told if "Call completed" in text
                or "The macro for the public notes" in text]) == 1


def test_a_join_from_before_the_follow_up_tells_late_that_it_was_answered(
        daemon, world, cast):
    """What went out stays; nothing further goes."""
    d, number, ticket, meeting = met(daemon, world, cast,
                                     follow_up_after="1s",
                                     downgrade_after="3s")
    at_ms = now_ms()
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    accepted(post(d, signed(joined(meeting, "Carol", cast.customer["email"],
                                   at_ms=at_ms))))
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["followed_up_at"] and e["next"] is None
    assert ticket["priority"] == "urgent"


def test_a_join_that_comes_after_the_downgrade_offers_the_way_back(
        daemon, world, cast):
    d, number, ticket, meeting = met(daemon, world, cast, WITH_SLACK)
    order(d, number, "downgrade")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    join(world, meeting, cast.customer)
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["downgraded_at"] and ticket["priority"] == "high"
    wait_reply(world, root_of(d, world, number), "Back to urgent")
    wait_said(d, number, "back to urgent?")


def test_a_closed_emergency_takes_no_notice_of_its_bridge(daemon, world,
                                                          cast):
    d, number, _, meeting = met(daemon, world, cast)
    order(d, number, "close", why="solved by phone")
    participant = join(world, meeting, cast.customer)
    d.zoom_webhook.wait_idle()
    world.zoom.leave(meeting, participant)
    d.zoom_webhook.wait_idle()
    e = d.emergency(number)
    assert (e["state"], e["answered_at"], e["checklist"]) == (
        "closed", None, [])


def test_a_join_counts_from_its_own_time(daemon, world, cast):
    """Not from that of its arrival."""
    d, number, _, meeting = met(daemon, world, cast)
    contacted_at = d.emergency(number)["contacted_at"]
    at_ms = now_ms()
    wait_until(lambda: now_ms() > at_ms + 2000)
    accepted(post(d, signed(joined(meeting, "Carol", cast.customer["email"],
                                   at_ms=at_ms))))
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert seconds(contacted_at, e["answered_at"]) < 3
    assert seconds("1970-01-01T00:00:00Z", e["answered_at"]) == (
        pytest.approx(at_ms / 1000, abs=0.01))


def test_webhooks_that_came_while_the_daemon_was_down_count(daemon, world,
                                                            cast):
    """Zoom sends them again."""
    d, number, _, meeting = met(daemon, world, cast)
    d.kill()
    d.zoom_webhook.retry_pauses_s = (0.2, 1, 2)
    join(world, meeting, cast.customer)
    d.start()
    d.wait_for_emergency(emergency_id=number, state="engaged")
