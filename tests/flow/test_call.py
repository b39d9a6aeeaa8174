"""The call with the customer: what to mind on it, what to say before it
ends, and the notes after it."""

from zoneinfo import ZoneInfo

import pytest
from bridge_scenes import checklist, join, met
from duties import mentions, set_back
from scenes import (LONG, all_read, comment, contacted, next_second, order,
                    said, wait_said)
from slack_scenes import (SAAS, labels, press, replies, root_of, slack_idle,
                          type_in, wait_reply, wait_root)
from standins import Answer

SLACK = ("slack",)
WITH_ZOOM = ("slack", "zoom")
PUBLIC, INTERNAL, TAGGED = ("public notes", "internal note",
                            "next on call tagged")
REMIND_MS = 15 * 60 * 1000
KINDS = pytest.mark.parametrize("webhook", ["trigger", "events"])


def on_a_call(daemon, world, cast, services=SLACK, webhook="events",
              **fields):
    """(daemon, id, ticket, first message): the engineer says that they are
    on a call with a customer who was contacted."""
    d = daemon(services=services, zendesk_webhook=webhook, **LONG)
    number, ticket = contacted(d, world, cast, **fields)
    root = root_of(d, world, number)
    order(d, number, "call-started", by="Eng One")
    return d, number, ticket, root


def after_a_call(daemon, world, cast, **more):
    """The same, once the call has ended."""
    d, number, ticket, root = on_a_call(daemon, world, cast, **more)
    order(d, number, "call-ended", by="Eng One")
    wait_reply(world, root, "The call has ended")
    return d, number, ticket, root


def notes(world, ticket, author, public, **more):
    """Somebody's notes in the ticket; not within the second of the end,
    in which the API could not tell what came first."""
    next_second(world)
    return comment(world, ticket, author, body="In summary: …",
                   public=public, **more)


def times(moment):
    """How a moment is told a customer in New York."""
    there = moment.astimezone(ZoneInfo("America/New_York"))
    return f"{moment:%H:%M} UTC ({there:%a %H:%M %Z})"


# -- it begins -------------------------------------------------------------


@pytest.mark.parametrize("how", ["API", "Slack", "command"])
def test_a_call_stops_the_clocks_and_says_what_to_mind(daemon, world, cast,
                                                       how):
    d = daemon(services=SLACK, **LONG)
    number, _ = contacted(d, world, cast)
    root = root_of(d, world, number)
    if how == "API":
        order(d, number, "call-started")
    elif how == "Slack":
        wait_root(world, root, "Call started")
        press(world, cast.engineer_slack, root, "Call started")
    else:
        type_in(world, cast.engineer_slack, f"call-started {number}")
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["answered_at"] and e["next"] is None
    told = wait_reply(world, root, "A call with the customer has begun")
    text = world.slack.text_of(told)
    for part in ("Find a colleague to join", f"/emergency note {number}",
                 "before a screenshot or recording tell the customer",
                 "nothing sensitive", "ask the customer before a rollback"):
        assert part in text
    assert {"Find a colleague", "Call ended"} <= labels(world, told)
    wait_root(world, root, "Call ended")
    slack_idle(d)
    assert not [each for each in replies(world, root)
                if "The customer answered" in each]


def test_before_its_end_it_is_known_who_is_there_until_when(daemon, world,
                                                            cast):
    """In UTC and in the customer's zone, from the on-calls."""
    d, number, ticket, root = on_a_call(daemon, world, cast)
    told = world.slack.text_of(wait_reply(world, root, "before you end"))
    end = cast.shift_end
    assert (f"Eng One is here for you until {times(end)}, and after that "
            "Eng Two until ") in told
    assert "If it happens again, please open a new emergency request" in told


def test_without_a_schedule_it_says_around_the_clock(daemon, world, cast):
    d = daemon(services=SLACK, config={
        "pagerduty": {"engineer_schedule": None}}, **LONG)
    number, _ = contacted(d, world, cast)
    order(d, number, "call-started")
    wait_reply(world, root_of(d, world, number),
               "Our emergency service is here for you around the clock")


@pytest.mark.parametrize("saas", [True, False])
def test_a_colleague_is_looked_for_in_the_products_channel(daemon, world,
                                                           cast, saas):
    """With the region's group, if the product has one."""
    d, number, ticket, root = on_a_call(
        daemon, world, cast, WITH_ZOOM, tags=["saas"] if saas else [])
    told = wait_reply(world, root, "Find a colleague")
    press(world, cast.engineer_slack, told, "Find a colleague")
    channel = SAAS if saas else "support_self-managed"
    asked = world.slack.wait_for_message(channel, "would like a colleague")
    text = world.slack.text_of(asked)
    assert f"#{ticket['id']}" in text
    assert "@Eng One is on a call" in text
    assert ("@support-emea" in mentions(world, asked)) == saas


@pytest.mark.parametrize("how", ["API", "command"])
def test_notes_are_kept_in_thread_and_timeline(daemon, world, cast, how):
    d, number, _, root = on_a_call(daemon, world, cast)
    text = "rolled back to 17.2 & <restarted> @here"
    if how == "API":
        order(d, number, "note", by="Eng One", text=text)
    else:
        type_in(world, cast.engineer_slack, f"note {number} {text}")
    entry = wait_said(d, number, text)
    assert (entry["kind"], entry["by"]) == ("note", "Eng One")
    told = wait_reply(world, root, "rolled back")
    assert text in world.slack.text_of(told)
    assert "@here" not in mentions(world, told)


# -- it has ended ----------------------------------------------------------


@pytest.mark.parametrize("how", ["API", "Slack", "Zoom"])
def test_after_the_call_there_is_a_checklist(daemon, world, cast, how):
    if how == "Zoom":
        d, number, ticket, meeting = met(daemon, world, cast, WITH_ZOOM)
        root = root_of(d, world, number)
        join(world, meeting, cast.customer)
        wait_reply(world, root, "A call with the customer has begun")
        assert d.emergency(number)["checklist"] == []
        world.zoom.end(meeting)
    else:
        d, number, ticket, root = on_a_call(daemon, world, cast)
        told = wait_reply(world, root, "A call with the customer has begun")
        assert d.emergency(number)["checklist"] == []
        if how == "API":
            order(d, number, "call-ended", by="Eng One")
        else:
            press(world, cast.engineer_slack, told, "Call ended")
    told = wait_reply(world, root, "The call has ended")
    assert "@Eng Two" in mentions(world, told)
    text = world.slack.text_of(told)
    assert "you are next on call" in text
    assert f"until {times(cast.shift_end)}, and after that Eng Two" in text
    assert f"#{ticket['id']}" in text and "an internal note" in text
    items = d.emergency(number)["checklist"]
    assert [each["item"] for each in items] == [PUBLIC, INTERNAL, TAGGED]
    assert checklist(d, number) == ({TAGGED}, {PUBLIC, INTERNAL})
    wait_root(world, root, "✗ public notes, ✗ internal note, ✓ next on call")


def test_the_macros_text_is_in_the_thread(daemon, world, cast):
    """As it would be in this ticket, which does not change by that."""
    d, number, ticket, root = after_a_call(daemon, world, cast)
    told = wait_reply(world, root, "The macro for the public notes")
    text = world.slack.text_of(told)
    assert "Hi Carol,\n\nthank you for the call. In summary:" in text
    assert str(cast.post_call_macro["id"]) in text
    assert f"{world.zendesk.url}/agent/tickets/{ticket['id']}" in text
    assert "call_completed" not in ticket["tags"]
    assert not world.zendesk.received("PUT")


def test_a_macro_that_is_not_there_holds_up_nothing(daemon, world, cast):
    world.zendesk.fault("GET", "/macros/", times=None, answer=Answer(500))
    d, number, ticket, root = after_a_call(daemon, world, cast)
    world.zendesk.wait_for_request("GET", "/macros/")
    order(d, number, "downgrade")
    d.wait_for_emergency(5, number, state="downgraded")


# -- the ticks -------------------------------------------------------------


@KINDS
def test_notes_in_the_ticket_tick_the_checklist(daemon, world, cast, webhook):
    d, number, ticket, root = after_a_call(daemon, world, cast,
                                           webhook=webhook)
    notes(world, ticket, cast.engineer, True)
    wait_said(d, number, "The public notes are there")
    assert checklist(d, number) == ({TAGGED, PUBLIC}, {INTERNAL})
    wait_root(world, root, "✓ public notes, ✗ internal note")
    notes(world, ticket, cast.second, False)
    wait_said(d, number, "The internal note is there")
    assert checklist(d, number) == ({TAGGED, PUBLIC, INTERNAL}, set())
    wait_root(world, root, "✓ public notes, ✓ internal note")
    wait_reply(world, root, "All notes of the call are there")


def test_notes_are_found_although_their_webhooks_were_lost(daemon, world,
                                                           cast):
    d, number, ticket, root = after_a_call(daemon, world, cast)
    d.zendesk_webhook.hold()
    notes(world, ticket, cast.engineer, False)
    notes(world, ticket, cast.engineer, True)
    d.zendesk_webhook.lose()
    d.configure({"zendesk": {"poll_every": "100ms"}})
    d.restart()
    wait_reply(world, root, "All notes of the call are there")


@KINDS
def test_what_ticks_nothing(daemon, world, cast, webhook):
    """Customers, the daemon, and what was written before the end."""
    d, number, ticket, root = on_a_call(daemon, world, cast, webhook=webhook)
    notes(world, ticket, cast.engineer, True)
    notes(world, ticket, cast.engineer, False)
    all_read(d)
    next_second(world)
    order(d, number, "call-ended")
    next_second(world)
    for author, public in ((cast.customer, True), (cast.colleague, False),
                           (cast.outsider, True), (cast.bot, True),
                           (cast.bot, False), (-1, True)):
        comment(world, ticket, author, body="Hm.", public=public)
    all_read(d)
    order(d, number, "note", text="time goes on")
    wait_said(d, number, "time goes on")
    assert checklist(d, number) == ({TAGGED}, {PUBLIC, INTERNAL})


def test_a_second_word_of_the_end_takes_no_tick_back(daemon, world, cast):
    """Zoom told it; then somebody presses the button all the same."""
    d, number, ticket, meeting = met(daemon, world, cast, WITH_ZOOM)
    root = root_of(d, world, number)
    join(world, meeting, cast.customer)
    told = wait_reply(world, root, "A call with the customer has begun")
    world.zoom.end(meeting)
    wait_reply(world, root, "The call has ended")
    notes(world, ticket, cast.engineer, True)
    wait_said(d, number, "The public notes are there")
    press(world, cast.engineer_slack, told, "Call ended", version=0)
    wait_said(d, number, "the call has ended, as is known")
    assert checklist(d, number) == ({TAGGED, PUBLIC}, {INTERNAL})
    slack_idle(d)
    assert len([text for text in replies(world, root)
                if "The call has ended" in text]) == 1


def test_a_second_call_has_a_checklist_of_its_own(daemon, world, cast):
    d, number, ticket, root = after_a_call(daemon, world, cast)
    notes(world, ticket, cast.engineer, True)
    notes(world, ticket, cast.engineer, False)
    wait_reply(world, root, "All notes of the call are there")
    order(d, number, "call-started")
    wait_reply(world, root, "A call with the customer has begun", 2)
    assert d.emergency(number)["checklist"] == []
    order(d, number, "call-ended")
    wait_reply(world, root, "The call has ended", 2)
    assert checklist(d, number) == ({TAGGED}, {PUBLIC, INTERNAL})


# -- the reminder ----------------------------------------------------------


def fifteen_minutes_later(d, number):
    """As if the last word of the notes had been so long ago."""
    d.stop()
    set_back(d, "UPDATE emergency_detail SET notes_reminded_ms = notes_reminded_ms "
             "- ?1, call_ended_ms = call_ended_ms - ?1 WHERE emergency = ?2",
             REMIND_MS, number)
    set_back(d, "UPDATE emergency SET wake_ms = 1 WHERE id = ?", number)
    d.start()


def test_it_reminds_of_the_notes_until_they_are_there(daemon, world, cast):
    d, number, ticket, root = after_a_call(daemon, world, cast)
    for count in (1, 2):
        fifteen_minutes_later(d, number)
        told = wait_reply(world, root, "After the call there is still", count)
        assert "✗ public notes, ✗ internal note" in world.slack.text_of(told)
        assert said(d, number, "notes after the call are not complete")
    notes(world, ticket, cast.engineer, True)
    wait_said(d, number, "The public notes are there")
    fifteen_minutes_later(d, number)
    told = wait_reply(world, root, "After the call there is still", 3)
    assert "✓ public notes, ✗ internal note" in world.slack.text_of(told)
    notes(world, ticket, cast.engineer, False)
    wait_reply(world, root, "All notes of the call are there")
    fifteen_minutes_later(d, number)
    all_read(d)
    slack_idle(d)
    assert len([text for text in replies(world, root)
                if "After the call there is still" in text]) == 3
