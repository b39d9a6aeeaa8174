"""The bridge: made once, named wherever somebody is to come, closed when
nobody came; and who came."""

import pytest
from bridge_scenes import (MEETINGS, STATUS, WITH_SLACK, ZOOM, acknowledge,
                           acknowledged, asked_for, bridged, greeted, join,
                           meeting_of, met, zoom_idle)
from harness import wait_until
from scenes import (LONG, comment, opened, order, own_comments, said, seconds,
                    wait_asked, wait_said)
from slack_scenes import (labels, page_of, press, replies, root_of, slack_idle,
                          wait_reply, wait_root)
from standins import Answer

STATIC = "https://zoom.example/j/123?pwd=x"
NO_LINK = "please answer this message if that suits you, and we will send"
AUTOMATIC = {"first_contact": "automatic", **LONG}


# -- made ------------------------------------------------------------------


@pytest.mark.parametrize("how", ["page", "Slack", "API"])
def test_acknowledging_makes_one_meeting(daemon, world, cast, how):
    d = daemon(services=WITH_SLACK, **LONG)
    number, ticket = opened(d, world, cast)
    root = root_of(d, world, number)
    if how == "page":
        acknowledge(d, world, cast, number)
    elif how == "Slack":
        press(world, cast.engineer_slack, root, "Acknowledge")
    else:
        order(d, number, "ack")
    meeting = meeting_of(d, world, number)
    order(d, number, "take")
    world.pagerduty.unacknowledge(page_of(d, world, number))
    acknowledge(d, world, cast, number)
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    zoom_idle(d)
    assert asked_for(world, "POST", MEETINGS) == 1
    assert meeting["topic"] == f"Emergency ticket #{ticket['id']}"
    assert meeting["host_email"] == cast.zoom_host["email"]
    assert meeting["settings"]["join_before_host"]
    assert not meeting["settings"]["waiting_room"]
    wait_root(world, root, f"Bridge: {meeting['join_url']}")
    d.restart()
    assert d.emergency(number)["bridge"] == {"url": meeting["join_url"]}
    assert asked_for(world, "POST", MEETINGS) == 1


def test_what_nobody_acknowledged_has_no_bridge(daemon, world, cast):
    d = daemon(services=ZOOM, **LONG)
    without, _ = opened(d, world, cast)
    number, _ = acknowledged(d, world, cast)
    meeting_of(d, world, number)
    assert d.emergency(without)["bridge"] is None
    assert len(world.zoom.meetings) == 1


def test_the_automatic_comment_and_the_follow_up_name_the_bridge(
        daemon, world, cast):
    d, number, ticket, meeting = greeted(daemon, world, cast,
                                         follow_up_after="1s")
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    first, follow_up = own_comments(world, cast, ticket)
    assert f"soon as you can:\n\n{meeting['join_url']}" in first["body"]
    assert f"on a call: {meeting['join_url']}" in follow_up["body"]
    e = d.emergency(number)
    made = next(a for a in e["actions"] if a["kind"] == "create_meeting")
    assert made["state"] == "done" and made["attempts"] == 1


def test_the_prepared_comment_and_its_prompt_name_the_bridge(daemon, world,
                                                             cast):
    d, number, ticket, meeting = bridged(daemon, world, cast, WITH_SLACK)
    root = root_of(d, world, number)
    wait_root(world, root, meeting["join_url"])
    press(world, cast.engineer_slack, root, "Post it")
    d.wait_for_emergency(emergency_id=number, state="contacted")
    [first] = own_comments(world, cast, ticket)
    assert meeting["join_url"] in first["body"]


def test_without_zoom_the_texts_offer_a_call_without_a_link(daemon, world,
                                                            cast):
    d = daemon(**{**AUTOMATIC, "follow_up_after": "1s"})
    number, ticket = acknowledged(d, world, cast)
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    first, follow_up = own_comments(world, cast, ticket)
    assert NO_LINK in first["body"] and "http" not in first["body"]
    assert "answer this message and we will send the link" in (
        follow_up["body"])
    assert d.emergency(number)["bridge"] is None


def test_one_address_for_all_is_named_and_never_closed(daemon, world, cast):
    d = daemon(config={"zoom": {"static_url": STATIC}}, **AUTOMATIC)
    number, ticket = acknowledged(d, world, cast)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert STATIC in own_comments(world, cast, ticket)[0]["body"]
    assert e["bridge"] == {"url": STATIC}
    order(d, number, "downgrade")
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    order(d, number, "urgent")
    wait_until(lambda: d.emergency(number)["ticket"]["priority"] == "urgent")
    assert d.emergency(number)["bridge"] == {"url": STATIC}
    assert not world.zoom.requests
    assert not said(d, number, "Bridge closed")


def test_in_a_dry_run_nothing_waits_for_a_bridge_that_never_comes(
        daemon, world, cast):
    d = daemon(services=ZOOM, dry_run="yes", **AUTOMATIC)
    number, ticket = opened(d, world, cast)
    acknowledge(d, world, cast, number)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert seconds(e["acknowledged_at"], e["contacted_at"]) < 4
    assert {(a["kind"], a["state"]) for a in e["actions"]} == {
        ("create_meeting", "dry"), ("first_contact", "dry")}
    assert not world.zoom.received("POST", MEETINGS)


# -- the token -------------------------------------------------------------


def later(world, seconds_):
    """Waits: a token's age is only time."""
    end = world.zoom.clock.ago(-seconds_)
    wait_until(lambda: world.zoom.clock.now() > end, seconds_ + 1, "time")


@pytest.mark.parametrize("life_s,tokens", [(3600, 1), (2, 2)])
def test_one_token_serves_until_it_ends(daemon, world, cast, life_s, tokens):
    world.zoom.token_life_s = life_s
    d, _, _, _ = bridged(daemon, world, cast)
    [token] = world.zoom.received("POST", "/oauth/token")
    assert token.body == ("grant_type=account_credentials&account_id="
                          + world.zoom.account_id).encode()
    later(world, 2.1)
    second, _ = acknowledged(d, world, cast)
    meeting_of(d, world, second)
    assert asked_for(world, "POST", "/oauth/token") == tokens
    assert [r.status for r in world.zoom.received("POST", MEETINGS)] == [
        201, 201]


def test_a_token_that_is_refused_is_renewed_once(daemon, world, cast):
    d, _, _, _ = bridged(daemon, world, cast)
    world.zoom.revoke_tokens()
    second, _ = acknowledged(d, world, cast)
    meeting_of(d, world, second)
    assert asked_for(world, "POST", "/oauth/token") == 2
    assert [r.status for r in world.zoom.received("POST", MEETINGS)] == [
        201, 401, 201]


# -- closed ----------------------------------------------------------------


def test_the_downgrade_closes_the_bridge(daemon, world, cast):
    d, number, ticket, meeting = met(
        daemon, world, cast, WITH_SLACK, follow_up_after="1s",
        downgrade_after="4s")
    join(world, meeting, cast.engineer)
    wait_said(d, number, "Eng One of support is in the bridge")
    e = d.wait_for_emergency(15, number, state="downgraded")
    wait_said(d, number, "Bridge closed")
    assert meeting["status"] == "waiting"
    [ended] = world.zoom.received("PUT", STATUS)
    assert ended.json == {"action": "end"}
    assert d.emergency(number)["checklist"] == []
    root = root_of(d, world, number)
    wait_root(world, root, "downgraded", without=("Bridge:",))
    closing = own_comments(world, cast, ticket)[-1]
    assert "we have closed the call" in closing["body"]


def test_back_to_urgent_makes_a_new_bridge(daemon, world, cast):
    d, number, ticket, first = met(daemon, world, cast, WITH_SLACK)
    order(d, number, "downgrade")
    wait_said(d, number, "Bridge closed")
    order(d, number, "urgent")
    wait_until(lambda: len(world.zoom.meetings) == 2, 10, "a new meeting")
    wait_said(d, number, "Bridge: ", 2)
    second = meeting_of(d, world, number)
    assert second is not first
    wait_root(world, root_of(d, world, number), second["join_url"])
    join(world, second, cast.customer)
    wait_said(d, number, "Carol Customer, the customer's, is in the bridge")
    assert asked_for(world, "POST", MEETINGS) == 2


# -- who came --------------------------------------------------------------


def test_a_customer_who_joins_has_answered(daemon, world, cast):
    d, number, _, meeting = met(daemon, world, cast, WITH_SLACK)
    join(world, meeting, cast.customer)
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["answered_at"] and e["next"] is None and e["held"] is None
    root = root_of(d, world, number)
    told = wait_reply(world, root, "A call with the customer has begun: no "
                                   "clock runs. Find a colleague")
    assert "@Eng One" in world.slack.text_of(told)
    assert meeting["join_url"] in world.slack.text_of(told)
    assert {"Find a colleague", "Call ended"} <= labels(world, told)
    slack_idle(d)
    assert not [text for text in replies(world, root)
                if "unidentified" in text]


@pytest.mark.parametrize("who", ["customer", "colleague", "outsider"])
def test_any_end_user_who_joins_has_answered(daemon, world, cast, who):
    d, number, _, meeting = met(daemon, world, cast)
    join(world, meeting, getattr(cast, who))
    d.wait_for_emergency(emergency_id=number, state="engaged")


def test_a_colleague_who_joins_was_there_and_is_no_answer(daemon, world,
                                                          cast):
    """So the downgrade of a customer whom only the daemon wrote to is not
    asked, and nobody else is called."""
    d, number, ticket, meeting = greeted(
        daemon, world, cast, WITH_SLACK, follow_up_after="3s",
        downgrade_after="2s")
    participant = join(world, meeting, cast.second)
    wait_said(d, number, "Eng Two of support is in the bridge")
    world.zoom.leave(meeting, participant)
    e = d.wait_for_emergency(15, number, state="downgraded")
    assert not e["answered_at"] and not said(d, number, "is due, but")
    slack_idle(d)
    assert not [text for text in replies(world, root_of(d, world, number))
                if "unidentified" in text]


def test_nobody_came_so_the_downgrade_is_asked(daemon, world, cast):
    """The same without the colleague."""
    d, number, _, _ = greeted(daemon, world, cast, follow_up_after="1s",
                              downgrade_after="2s")
    e = wait_asked(d, number, "downgrade")
    assert "nobody of staff has been there" in e["held_why"]


@pytest.mark.parametrize("email", ["", "who@nowhere.example"])
def test_one_whom_nobody_knows_is_asked_about_when_the_step_is_due(
        daemon, world, cast, email):
    d, number, ticket, meeting = met(daemon, world, cast, WITH_SLACK,
                                     follow_up_after="3s")
    world.zoom.join(meeting, "iPhone", email)
    told = wait_said(d, number, "Somebody unidentified joined the bridge")
    e = d.emergency(number)
    assert (e["state"], e["held"]) == ("contacted", None)
    wait_reply(world, root_of(d, world, number), "Somebody unidentified")
    e = wait_asked(d, number, "follow_up")
    assert "somebody unidentified joined the bridge (iPhone)" in (
        e["held_why"])
    assert seconds(told["at"], e["next"]["due_at"]) < 4
    assert not own_comments(world, cast, ticket)


@pytest.mark.parametrize("who,state", [("customer", "engaged"),
                                       ("second", "followed_up")])
def test_who_it_was_is_known_once_zendesk_has_told(daemon, world, cast, who,
                                                   state):
    lookup = world.zendesk.fault("GET", "/users/search", hold=True)
    d, number, ticket, meeting = met(daemon, world, cast,
                                     follow_up_after="3s")
    join(world, meeting, getattr(cast, who))
    lookup.wait_hit()
    e = wait_asked(d, number, "follow_up")
    assert "somebody unidentified" in e["held_why"]
    lookup.release()
    d.wait_for_emergency(emergency_id=number, state=state)
    assert len(own_comments(world, cast, ticket)) == (state == "followed_up")


def test_a_look_up_that_fails_holds_up_nothing(daemon, world, cast):
    world.zendesk.fault("GET", "/users/search", times=None,
                        answer=Answer(500))
    d, number, ticket, meeting = met(daemon, world, cast,
                                     follow_up_after="2s")
    join(world, meeting, cast.second)
    wait_asked(d, number, "follow_up")
    order(d, number, "do-it")
    d.wait_for_emergency(5, number, state="followed_up")
    world.zendesk.clear_faults()
    wait_said(d, number, "Eng Two of support is in the bridge")


def test_a_customer_may_join_before_anybody_has_written(daemon, world, cast):
    d, number, ticket, meeting = bridged(daemon, world, cast)
    join(world, meeting, cast.customer)
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["contacted_at"] is None
    comment(world, ticket, cast.engineer)
    wait_said(d, number, "Eng One contacted the customer")
    e = d.emergency(number)
    assert e["state"] == "engaged" and e["next"] is None


def test_who_has_left_again_has_answered_all_the_same(daemon, world, cast):
    d, number, ticket, meeting = met(daemon, world, cast,
                                     follow_up_after="3s",
                                     downgrade_after="2s")
    participant = join(world, meeting, cast.customer)
    d.wait_for_emergency(emergency_id=number, state="engaged")
    world.zoom.leave(meeting, participant)
    wait_said(d, number, "The call has ended")
    assert d.emergency(number)["state"] == "engaged"
    order(d, number, "resume")  # a person may know better
    d.wait_for_emergency(15, number, state="downgraded")
    assert not said(d, number, "is due, but")


# -- before the downgrade --------------------------------------------------


def hasty(daemon, world, cast):
    """(daemon, id, ticket, meeting): the downgrade is due in 3 s, and the
    look is what finds out about the bridge."""
    d, number, ticket, meeting = met(
        daemon, world, cast, follow_up_after="1s", downgrade_after="2s",
        before=lambda d: d.zoom_webhook.hold())
    return d, number, ticket, meeting


def test_a_meeting_that_runs_is_asked_about(daemon, world, cast):
    d, number, ticket, meeting = hasty(daemon, world, cast)
    world.zoom.join(meeting, "iPhone")
    d.zoom_webhook.lose()
    e = wait_asked(d, number, "downgrade")
    assert "the bridge may still be in use" in e["held_why"]
    assert ticket["priority"] == "urgent"
    order(d, number, "do-it")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    wait_said(d, number, "Bridge closed")
    assert meeting["status"] == "waiting"


def test_a_meeting_of_staff_and_somebody_else_is_asked_about(daemon, world,
                                                             cast):
    d, number, ticket, meeting = met(daemon, world, cast,
                                     follow_up_after="1s",
                                     downgrade_after="3s")
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    join(world, meeting, cast.engineer)
    wait_said(d, number, "Eng One of support is in the bridge")
    world.zoom.join(meeting, "iPhone")
    e = wait_asked(d, number, "downgrade")
    assert "somebody unidentified joined the bridge (iPhone)" in (
        e["held_why"])
    assert not world.zoom.received("PUT", STATUS)


def test_a_bridge_that_cannot_be_read_for_10_s_is_asked_about(daemon, world,
                                                              cast):
    fault = world.zoom.fault("GET", r"/meetings/\d+$", times=None,
                             answer=Answer(500))
    d, number, ticket, _ = hasty(daemon, world, cast)
    fault.wait_hit()
    before = world.zoom.clock.now()
    e = d.wait_for_emergency(20, number, held="asked")
    assert "the bridge may still be in use" in e["held_why"]
    assert (world.zoom.clock.now() - before).total_seconds() >= 9.5
    assert fault.hits > 2 and ticket["priority"] == "urgent"


def test_a_bridge_that_cannot_be_read_at_first_is_no_question(daemon, world,
                                                              cast):
    fault = world.zoom.fault("GET", r"/meetings/\d+$", times=2,
                             answer=Answer(503))
    d, number, _, _ = hasty(daemon, world, cast)
    d.wait_for_emergency(15, number, state="downgraded")
    assert fault.hits == 2 and not said(d, number, "is due, but")


def test_a_bridge_that_is_gone_is_no_question(daemon, world, cast):
    d, number, _, meeting = hasty(daemon, world, cast)
    world.zoom.delete(meeting)
    d.wait_for_emergency(15, number, state="downgraded")
    wait_said(d, number, "Bridge closed")
    assert not said(d, number, "is due, but")
