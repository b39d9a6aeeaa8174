"""Zoom in trouble: there is one bridge in the end, or people are told that
there is none; and nothing that the customer waits for is held up."""

import pytest
from bridge_scenes import (MEETINGS, STATUS, WITH_SLACK, ZOOM, acknowledge,
                           acknowledged, asked_for, meeting_of, met)
from harness import wait_until
from scenes import (LONG, comment, opened, order, own_comments, seconds,
                    wait_said)
from slack_scenes import MANAGERS, root_of, wait_reply, wait_root
from standins import Answer, RateLimit
from test_crashes import FAILS, UNSEEN, kill_at, wait_killed
from trials import TROUBLES, action

MANY = r"/v2/users/[^/]+/meetings$"
HOST = r"/v2/users/[^/]+$"
TOKEN = "/oauth/token$"
MAY_HAVE_TAKEN_EFFECT = {"500 after it took effect", "no JSON",
                         "reset after it took effect", "half an answer"}
AUTOMATIC = {"first_contact": "automatic", **LONG}
ABSENT = Answer(404, {"code": 1001, "message": "User does not exist."})
NO_SCOPE = Answer(400, {"code": 4711, "message": "Invalid access token, "
                        "does not contain scopes:[meeting:update:status]."})


def wait_made(d, number, state="done", kind="create_meeting", timeout=15):
    """Waits for the state of a call to Zoom; returns the call."""
    def found():
        e = d.emergency(number)
        calls = [a for a in e["actions"] if a["kind"] == kind]
        return calls and calls[-1]["state"] == state and calls[-1]

    return wait_until(found, timeout, f"{kind} {state}",
                      lambda: d.emergency(number)["actions"])


# -- the meeting -----------------------------------------------------------


@pytest.mark.parametrize("name", TROUBLES)
def test_making_it_may_fail_in_any_way_once(daemon, world, cast, name):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, **TROUBLES[name])
    acknowledge(d, world, cast, number)
    wait_made(d, number)
    assert len(world.zoom.meetings) == 1
    meeting_of(d, world, number)
    made = 1 if name in MAY_HAVE_TAKEN_EFFECT else 2
    assert asked_for(world, "POST", MEETINGS) == made


@pytest.mark.parametrize("name", TROUBLES)
def test_looking_for_it_may_fail_in_any_way_once(daemon, world, cast, name):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, reset=True, after_effect=True)
    trouble = world.zoom.fault("GET", MANY, **TROUBLES[name])
    acknowledge(d, world, cast, number)
    wait_made(d, number)
    meeting_of(d, world, number)
    assert trouble.hits == 1 and len(world.zoom.meetings) == 1


@pytest.mark.parametrize("took_effect", [True, False])
def test_no_answer_for_10_s_and_it_is_looked_for(daemon, world, cast,
                                                 took_effect):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, silent=True, after_effect=took_effect)
    acknowledge(d, world, cast, number)
    wait_made(d, number, timeout=25)
    assert len(world.zoom.meetings) == 1
    assert asked_for(world, "POST", MEETINGS) == 2 - took_effect


def test_only_its_own_meeting_is_found(daemon, world, cast):
    d = daemon(services=ZOOM, **LONG)
    first, _ = acknowledged(d, world, cast)
    meeting_of(d, world, first)
    second, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, answer=Answer(502))
    acknowledge(d, world, cast, second)
    wait_made(d, second)
    bridges = {d.emergency(number)["bridge"]["url"]
               for number in (first, second)}
    assert len(bridges) == len(world.zoom.meetings) == 2
    agendas = {m["agenda"] for m in world.zoom.meetings.values()}
    assert len(agendas) == 2 and all(agendas)


@pytest.mark.parametrize("end", [FAILS, {}, UNSEEN],
                         ids=["in vain", "late", "unseen"])
@pytest.mark.parametrize("method,path", [("POST", TOKEN), ("POST", MANY)],
                         ids=["token", "meeting"])
def test_killed_while_it_makes_the_bridge_there_is_one(daemon, world, cast,
                                                       method, path, end):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    killed = kill_at(d, world.zoom, method, path, **end)
    acknowledge(d, world, cast, number)
    wait_killed(killed)
    d.start()
    wait_made(d, number)
    meeting_of(d, world, number)
    assert len(world.zoom.meetings) == 1


def test_killed_while_it_looks_for_the_bridge_there_is_one(daemon, world,
                                                           cast):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, reset=True, after_effect=True)
    killed = kill_at(d, world.zoom, "GET", MANY)
    acknowledge(d, world, cast, number)
    wait_killed(killed)
    d.start()
    wait_made(d, number)
    meeting_of(d, world, number)
    assert len(world.zoom.meetings) == 1


# -- limits ----------------------------------------------------------------


def test_zoom_is_given_the_time_it_asks_for(daemon, world, cast):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, answer=Answer(
        429, headers={"Retry-After": "3"}))
    acknowledge(d, world, cast, number)
    world.zoom.wait_for_request("POST", MEETINGS)
    before = world.zoom.clock.now()
    world.zoom.wait_for_request("POST", MEETINGS, count=2)
    assert (world.zoom.clock.now() - before).total_seconds() > 2.7
    wait_made(d, number)


def test_the_end_of_the_days_meetings_is_told_and_nothing_waits_for_it(
        daemon, world, cast):
    """Its Retry-After is a date.  Other calls to Zoom go on."""
    now = world.zoom.clock.now()
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    world.zoom.clock.offset_s = (noon - now).total_seconds()
    d = daemon(services=WITH_SLACK, **AUTOMATIC)
    first, _ = acknowledged(d, world, cast)
    meeting_of(d, world, first)
    world.zoom.daily_limit = 1
    second, ticket = acknowledged(d, world, cast, organization=cast.globex,
                                  requester=cast.globex_customer)
    order(d, second, "take")
    e = d.wait_for_emergency(emergency_id=second, state="contacted")
    assert "http" not in own_comments(world, cast, ticket)[0]["body"]
    call = action(e, "create_meeting")
    assert call["state"] == "pending" and "429" in call["error"]
    assert seconds(e["acknowledged_at"], call["next_at"]) == (
        pytest.approx(12 * 3600, abs=20))
    wait_reply(world, root_of(d, world, second), "create_meeting")
    order(d, first, "downgrade")
    wait_said(d, first, "Bridge closed")


def test_a_limit_per_second_is_kept_to(daemon, world, cast):
    d = daemon(services=ZOOM, **LONG)
    numbers = [opened(d, world, cast)[0] for _ in range(4)]
    world.zoom.rate_limit = RateLimit(2, 1.0)
    for number in numbers:
        order(d, number, "ack")
    for number in numbers:
        wait_made(d, number)
    assert len(world.zoom.meetings) == 4


# -- refusals --------------------------------------------------------------


def test_a_host_who_is_not_there_is_told_in_the_thread(daemon, world, cast):
    d = daemon(services=WITH_SLACK, config={
        "zoom": {"user": "nobody@example.com"}}, **AUTOMATIC)
    number, ticket = acknowledged(d, world, cast)
    call = wait_made(d, number, "parked")
    assert "404" in call["error"] and call["attempts"] == 1
    told = wait_reply(world, root_of(d, world, number), "create_meeting")
    assert "@Eng One" in world.slack.text_of(told)
    assert "do it by hand" in world.slack.text_of(told)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    assert "http" not in own_comments(world, cast, ticket)[0]["body"]


def test_a_parked_bridge_may_be_tried_again(daemon, world, cast):
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, answer=ABSENT)
    acknowledge(d, world, cast, number)
    call = wait_made(d, number, "parked")
    status, answer = d.api_post(f"/api/outbox/{call['id']}/retry",
                                {"by": "Tess"})
    assert status == 200, answer
    wait_made(d, number)
    meeting_of(d, world, number)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_of_this_alone_is_told(daemon, world, cast, status):
    """Zoom lets us in: it is this call that it does not like."""
    d = daemon(services=WITH_SLACK, **LONG)
    number, _ = opened(d, world, cast)
    world.zoom.fault("POST", MANY, times=None, answer=Answer(
        status, {"code": 200, "message": "No permission."}))
    acknowledge(d, world, cast, number)
    call = wait_made(d, number, "parked")
    assert str(status) in call["error"]
    wait_reply(world, root_of(d, world, number), "create_meeting")
    assert world.zoom.received("GET", HOST)


def test_a_scope_that_is_missing_is_told(daemon, world, cast):
    world.zoom.scopes = ["user:read:admin"]
    d = daemon(services=WITH_SLACK, **LONG)
    number, _ = acknowledged(d, world, cast)
    wait_made(d, number, "parked")
    wait_reply(world, root_of(d, world, number), "zoom answered 400")


@pytest.mark.parametrize("how", ["token", "everything"])
def test_credentials_that_are_refused_are_told_once_and_tried_again(
        daemon, world, cast, how):
    """Zoom says 400 to a wrong secret."""
    secret = world.zoom.client_secret
    if how == "token":
        world.zoom.client_secret = "another"
    d = daemon(services=WITH_SLACK, config={
        "zoom": {"client_secret": secret}}, **AUTOMATIC)
    if how == "everything":
        world.zoom.fault("*", "/v2/", times=None, answer=Answer(
            401, {"code": 124, "message": "Invalid access token."}))
    numbers = [opened(d, world, cast)[0] for _ in range(2)]
    for number in numbers:
        order(d, number, "take")
    for number in numbers:
        d.wait_for_emergency(emergency_id=number, state="contacted")
    told = world.slack.wait_for_message(MANAGERS, "zoom refuses our")
    wait_until(lambda: any("zoom refuses our credentials" in i["title"]
                           for i in world.pagerduty.incidents.values()), 10,
               "the page")
    assert [m for m in world.slack.messages(MANAGERS) if "zoom refuses our"
            in world.slack.text_of(m)] == [told]
    assert len([i for i in world.pagerduty.incidents.values()
                if "zoom refuses" in i["title"]]) == 1
    assert action(d.emergency(numbers[0]), "create_meeting")["state"] == (
        "pending")
    world.zoom.client_secret = secret
    world.zoom.clear_faults()
    d.restart()  # the probe comes each minute
    for number in numbers:
        wait_made(d, number)


# -- down ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["refused", "silent", "no token"])
def test_the_first_comment_waits_5_s_for_the_link_and_goes_without(
        daemon, world, cast, how):
    d = daemon(services=ZOOM, **{**AUTOMATIC, "follow_up_after": "2s"})
    number, ticket = opened(d, world, cast)
    other, other_ticket = opened(d, world, cast, subject="No bridge yet")
    if how == "refused":
        world.zoom.go_down()
    elif how == "silent":
        world.zoom.fault("*", "/v2/", times=None, silent=True)
    else:
        world.zoom.fault("POST", TOKEN, times=None, answer=Answer(503))
    acknowledge(d, world, cast, number)
    comment(world, other_ticket, cast.engineer)  # clocks and Zendesk go on
    e = d.wait_for_emergency(emergency_id=other, state="followed_up",
                             timeout=5)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert 4.9 < seconds(e["acknowledged_at"], e["contacted_at"]) < 7
    e = d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert seconds(e["contacted_at"], e["followed_up_at"]) < 6
    first, follow_up = own_comments(world, cast, ticket)
    assert "http" not in first["body"] and "http" not in follow_up["body"]


def test_a_link_that_comes_later_is_in_the_follow_up_and_the_thread(
        daemon, world, cast):
    d = daemon(services=WITH_SLACK, **{**AUTOMATIC, "follow_up_after": "5s"})
    number, ticket = opened(d, world, cast)
    making = world.zoom.fault("POST", MANY, hold=True)
    acknowledge(d, world, cast, number)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    making.release()
    meeting = meeting_of(d, world, number)
    wait_root(world, root_of(d, world, number), meeting["join_url"])
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    first, follow_up = own_comments(world, cast, ticket)
    assert "http" not in first["body"]
    assert meeting["join_url"] in follow_up["body"]


# -- closing it ------------------------------------------------------------


@pytest.mark.parametrize("name", TROUBLES)
def test_closing_it_may_fail_in_any_way_once(daemon, world, cast, name):
    d, number, _, meeting = met(daemon, world, cast)
    world.zoom.host_joins(meeting)
    wait_said(d, number, "Bridge Host is in the bridge")
    trouble = world.zoom.fault("PUT", STATUS, **TROUBLES[name])
    order(d, number, "downgrade")
    wait_said(d, number, "Bridge closed")
    assert meeting["status"] == "waiting" and trouble.hits == 1


@pytest.mark.parametrize("answer,over", [
    (Answer(404, {"code": 3001, "message": "Meeting does not exist."}), True),
    (Answer(400, {"code": 3061, "message": "Not running."}), True),
    (NO_SCOPE, False)], ids=["gone", "not running", "not allowed"])
def test_what_need_not_be_closed_is_closed_and_what_may_not_is_told(
        daemon, world, cast, answer, over):
    d, number, _, _ = met(daemon, world, cast, WITH_SLACK)
    world.zoom.fault("PUT", STATUS, answer=answer)
    order(d, number, "downgrade")
    wait_made(d, number, "done" if over else "parked", "end_meeting")
    if over:
        wait_said(d, number, "Bridge closed")
    else:
        wait_reply(world, root_of(d, world, number), "end_meeting")
        assert "Bridge closed" not in str(d.emergency(number)["timeline"])


@pytest.mark.parametrize("end", [FAILS, {}, UNSEEN],
                         ids=["in vain", "late", "unseen"])
def test_killed_while_it_closes_the_bridge_it_is_closed(daemon, world, cast,
                                                        end):
    d, number, _, meeting = met(daemon, world, cast)
    world.zoom.host_joins(meeting)
    wait_said(d, number, "Bridge Host is in the bridge")
    killed = kill_at(d, world.zoom, "PUT", STATUS, **end)
    order(d, number, "downgrade")
    wait_killed(killed)
    d.start()
    wait_said(d, number, "Bridge closed")
    wait_until(lambda: meeting["status"] == "waiting", 10, "its end")


def test_an_answer_while_the_bridge_is_being_closed_leaves_it_open(
        daemon, world, cast):
    """Zoom is away; the customer answers; nobody closes the door on them."""
    d, number, ticket, meeting = met(daemon, world, cast)
    world.zoom.fault("*", "/v2/", times=None, reset=True)
    order(d, number, "downgrade")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    comment(world, ticket, cast.customer, body="I am here now.")
    d.wait_for_emergency(emergency_id=number, state="engaged")
    world.zoom.clear_faults()
    wait_made(d, number, "cancelled", "end_meeting")
    assert d.emergency(number)["bridge"] == {"url": meeting["join_url"]}
    assert not [r for r in world.zoom.received("PUT", STATUS)
                if r.took_effect]


def test_the_settings_of_a_daemon_that_was_down_make_the_bridge_at_once(
        daemon, world, cast):
    """Acknowledged while it was down: made after its start."""
    d = daemon(services=ZOOM, **LONG)
    number, _ = opened(d, world, cast)
    d.stop()
    world.pagerduty.acknowledge(
        next(iter(world.pagerduty.incidents)), cast.engineer_pd)
    d.start()
    meeting_of(d, world, number)
    assert len(world.zoom.meetings) == 1
