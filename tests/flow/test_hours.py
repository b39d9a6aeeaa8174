"""Tickets that are worked on in certain hours only: outside them no clock
runs and nothing public goes out; people may do everything all the same."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from duties import (acknowledged, odd_zone, replies, soon, texts, thread_of,
                    wait_reply)
from harness import wait_until
from scenes import (LONG, comment, contacted, later_follow_up, opened, order,
                    own_comments, said, seconds, wait_asked, writes)
from standins.clock import Clock

TAG = {"tags": ["us_federal"]}
SOON = {"follow_up_after": "5s", "downgrade_after": "10m"}
HELD = "outside the hours of federal"


def minute(moment):
    """A time of day as the settings want it."""
    return f"{moment:%H:%M}"


def hours(begin, end, zone="UTC", **more):
    """Settings of hours that begin and end so many minutes from now."""
    now = Clock().now().astimezone(ZoneInfo(zone))
    return {"coverage federal": {
        "match": "tag:us_federal", "timezone": zone,
        "hours": f"{minute(now + timedelta(minutes=begin))}-"
                 f"{minute(now + timedelta(minutes=end))}", **more}}


CLOSED = (60, 120)
OPEN = (-60, 300)


def due_but_held(d, world, cast):
    """(id, ticket): outside its hours, where a follow-up would be due."""
    number, ticket = contacted(d, world, cast, 30, **TAG)
    e = d.wait_for_emergency(emergency_id=number, held="coverage")
    assert (e["next"], e["held_why"]) == (None, HELD)
    return number, ticket


# -- outside ---------------------------------------------------------------

@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles",
                                  "Asia/Kolkata"])
def test_outside_its_hours_clocks_rest(daemon, world, cast, zone):
    d = daemon(services=("slack",), config=hours(*CLOSED, zone), **SOON)
    number, ticket = due_but_held(d, world, cast)
    channel, ts = thread_of(d, number)
    world.slack.wait_for_message(channel, f"Held: {HELD}")
    later_follow_up(d, world, cast)
    assert not writes(world, ticket)
    assert d.emergency(number)["held"] == "coverage"


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles",
                                  "Asia/Kolkata"])
def test_within_its_hours_clocks_run(daemon, world, cast, zone):
    d = daemon(config=hours(*OPEN, zone), **SOON)
    _, ticket = contacted(d, world, cast, 30, **TAG)
    wait_until(lambda: own_comments(world, cast, ticket), 10, "a follow-up")


def test_hours_are_of_certain_days(daemon, world, cast):
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    today = Clock().now().weekday()
    other = names[(today + 3) % 7]
    d = daemon(config={"coverage federal": {
        "match": "tag:us_federal", "timezone": "UTC", "days": other,
        "hours": "00:00-24:00"}}, **SOON)
    number, ticket = due_but_held(d, world, cast)
    later_follow_up(d, world, cast)
    assert not writes(world, ticket)


def test_outside_its_hours_the_automatic_comment_is_not_posted(
        daemon, world, cast):
    d = daemon(first_contact="automatic", config=hours(*CLOSED), **SOON)
    number, ticket = opened(d, world, cast, **TAG)
    acknowledged(d, world, number, cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="acknowledged",
                         held="coverage")
    other, other_ticket = opened(d, world, cast)
    acknowledged(d, world, other, cast.second_pd)
    d.wait_for_emergency(emergency_id=other, state="contacted")
    assert not writes(world, ticket)


def test_outside_its_hours_people_may_do_everything(daemon, world, cast):
    d = daemon(services=("slack",), config=hours(*CLOSED), **LONG)
    number, ticket = opened(d, world, cast, **TAG)
    e = acknowledged(d, world, number, cast.engineer_pd)
    assert e["held"] == "coverage"
    message = wait_reply(d, world, number, "has acknowledged")
    world.slack.press(cast.engineer_slack, message, "Post it")
    d.wait_for_emergency(emergency_id=number, state="contacted")
    assert len(own_comments(world, cast, ticket)) == 1
    order(d, number, "extend", for_="20m")
    order(d, number, "downgrade")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert ticket["priority"] == "high"


def test_an_answer_outside_the_hours_counts(daemon, world, cast):
    d = daemon(config=hours(*CLOSED), **SOON)
    number, ticket = due_but_held(d, world, cast)
    comment(world, ticket, cast.customer, body="We are here.")
    d.wait_for_emergency(emergency_id=number, state="engaged")


@pytest.mark.parametrize("webhook", ["trigger", "events"])
def test_a_ticket_that_is_moved_out_of_the_hours_goes_on(daemon, world, cast,
                                                         webhook):
    d = daemon(zendesk_webhook=webhook, config=hours(*CLOSED), **SOON)
    number, ticket = due_but_held(d, world, cast)
    world.zendesk.update(ticket, tags=["other"], by=cast.engineer)
    wait_until(lambda: own_comments(world, cast, ticket), 15, "a follow-up",
               lambda: d.emergency(number))


# -- at their end ----------------------------------------------------------

def test_a_step_that_would_come_after_the_end_is_asked_before(
        daemon, world, cast):
    d = daemon(services=("slack",), config=hours(-60, 3), **LONG)
    number, ticket = contacted(d, world, cast, 0, **TAG)
    e = wait_asked(d, number, "follow_up")
    assert "the ticket's hours end before that" in e["held_why"]
    message = wait_reply(d, world, number, "hours of federal end before the")
    assert not writes(world, ticket)
    world.slack.press(cast.engineer_slack, message, "Do it")
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert len(own_comments(world, cast, ticket)) == 1


def test_a_step_that_comes_before_the_end_is_not_asked(daemon, world, cast):
    d = daemon(config=hours(-60, 3), **SOON)
    number, ticket = contacted(d, world, cast, 0, **TAG)
    wait_until(lambda: own_comments(world, cast, ticket), 15, "a follow-up")
    wait_asked(d, number, "downgrade")
    [entry] = said(d, number, "hours end before")
    assert "the downgrade" in entry["text"]


def test_hours_begin_and_end_on_time(daemon, world, cast, monkeypatch,
                                     tmp_path):
    """At the same moment those of one ticket begin, those of another end."""
    at = soon(6)
    zone, offset = odd_zone(monkeypatch, tmp_path, at)

    def from_now(begin, end):
        begin, end = (minute(at + offset + timedelta(minutes=each))
                      for each in (begin, end))
        return {"timezone": zone, "hours": f"{begin}-{end}"}

    d = daemon(config={
        "coverage federal": {"match": "tag:us_federal", **from_now(0, 60)},
        "coverage evening": {"match": "tag:evening", **from_now(-60, 0)}},
        follow_up_after="5m", downgrade_after="10m")
    begins, begins_ticket = contacted(d, world, cast, 1, **TAG)
    ends, ends_ticket = contacted(d, world, cast, 1, tags=["evening"])
    asleep = d.wait_for_emergency(emergency_id=begins, held="coverage")
    wait_asked(d, ends, "follow_up")
    awake = d.wait_for_emergency(emergency_id=begins, held=None)
    assert awake["next"]["step"] == "follow_up"
    assert 0 <= (Clock().now() - at).total_seconds() < 2
    d.wait_for_emergency(emergency_id=ends, held="coverage")
    left_s = seconds(asleep["contacted_at"], awake["next"]["due_at"])
    assert 300 < left_s < 310
    assert not writes(world, begins_ticket) + writes(world, ends_ticket)


# -- what is not to be in Slack --------------------------------------------

@pytest.mark.parametrize("redact", ["yes", "no"])
def test_redact_keeps_the_customer_out_of_slack(daemon, world, cast, redact):
    d = daemon(services=("slack",), config=hours(*OPEN, redact=redact),
               **LONG)
    number, ticket = opened(d, world, cast, subject="Top secret site", **TAG)
    acknowledged(d, world, number, cast.engineer_pd)
    comment(world, ticket, cast.engineer)
    comment(world, ticket, cast.customer, body="We are here.")
    d.wait_for_emergency(emergency_id=number, state="engaged")
    order(d, number, "handoff", to="second@example.com")
    wait_reply(d, world, number, "hands over to @Eng Two")
    channel, _ = thread_of(d, number)
    shown = "\n".join(texts(world, channel)
                      + replies(d, world, number))
    assert f"#{ticket['id']}" in shown
    assert ("Top secret site" in shown) == (redact == "no")
    assert ("Acme" in shown) == (redact == "no")
