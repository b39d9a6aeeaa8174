"""A shift ends: the next on call is tagged in each open emergency's thread,
once; and who is on call, for whoever asks."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from duties import (acknowledged, closed, mentions, odd_zone, oncalls_read,
                    replies, soon, thread_of, wait_reply, written_at)
from harness import wait_until
from scenes import LONG, comment, opened, order
from standins.clock import Clock
from standins.slack_text import readable

CHANGES = "The shift changes"


def shift_ends(world, cast, in_s, *followers):
    """Eng One's shift ends so many seconds from now; then the followers
    have one each, of so many seconds.  Returns the first end."""
    pagerduty, schedule = world.pagerduty, cast.engineer_schedule
    end = soon(in_s)
    pagerduty.clear_oncalls(schedule)
    pagerduty.set_shift(schedule, cast.engineer_pd, end - timedelta(hours=4),
                        end)
    start = end
    for user, length_s in followers:
        until = start + timedelta(seconds=length_s)
        pagerduty.set_shift(schedule, user, start, until)
        start = until
    return end


def second_follows(world, cast, in_s):
    return shift_ends(world, cast, in_s, (cast.second_pd, 8 * 3600))


def wait_past(moment):
    """Waits until a moment is over: a shift's end in the stand-in."""
    wait_until(lambda: Clock().now() > moment, 20, "the shift's end")


# -- the end of a shift ----------------------------------------------------

def test_the_next_on_call_is_tagged_with_a_summary_of_each(daemon, world,
                                                           cast):
    second_follows(world, cast, 5)
    d = daemon(services=("slack",), **LONG)
    first, ticket = opened(d, world, cast)
    acknowledged(d, world, first, cast.engineer_pd)
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=first, state="contacted")
    second, other = opened(d, world, cast)
    over, _ = opened(d, world, cast)
    closed(d, over)
    for number, about, state in ((first, ticket, "contacted"),
                                 (second, other, "paged")):
        message = wait_reply(d, world, number, CHANGES)
        text = world.slack.text_of(message)
        assert mentions(world, message) == ["@Eng Two"]
        assert f"#{about['id']}" in text and state in text and "Acme" in text
    text = replies(d, world, first, CHANGES)[0]
    assert "next: the follow-up at" in text
    assert not replies(d, world, over, CHANGES)
    for number in (first, second):
        assert len(replies(d, world, number, CHANGES)) == 1


def test_a_shift_is_handed_over_once_over_restarts(daemon, world, cast):
    second_follows(world, cast, 3)
    d = daemon(services=("slack",), **LONG)
    number, _ = opened(d, world, cast)
    wait_reply(d, world, number, CHANGES)
    d.kill()
    d.start()
    oncalls_read(world, 2)
    d.restart()
    oncalls_read(world, 3)
    order(d, number, "note", text="Still here")
    wait_reply(d, world, number, "Still here")
    assert len(replies(d, world, number, CHANGES)) == 1


def test_a_shift_that_ended_while_nobody_was_there_is_handed_over(
        daemon, world, cast):
    """Even if it is the first that the daemon has ever seen end."""
    end = second_follows(world, cast, 3)
    d = daemon(services=("slack",), **LONG)
    oncalls_read(world)
    number, _ = opened(d, world, cast)
    thread_of(d, number)
    d.kill()
    wait_past(end)
    assert not replies_of_stopped(world, cast)
    d.start()
    message = wait_reply(d, world, number, CHANGES)
    assert mentions(world, message) == ["@Eng Two"]
    d.restart()
    order(d, number, "note", text="Still here")
    wait_reply(d, world, number, "Still here")
    assert len(replies(d, world, number, CHANGES)) == 1


def replies_of_stopped(world, cast):
    """All that was said of shifts in the default channel's threads."""
    channel = cast.channels["support_self-managed"]
    return [text for root in world.slack.messages(channel)
            for text in map(world.slack.text_of,
                            world.slack.thread(channel, root["ts"]))
            if CHANGES in text]


def test_who_follows_themselves_is_not_tagged(daemon, world, cast):
    shift_ends(world, cast, 3, (cast.engineer_pd, 2),
               (cast.second_pd, 8 * 3600))
    d = daemon(services=("slack",), **LONG)
    number, _ = opened(d, world, cast)
    wait_reply(d, world, number, CHANGES)
    [text] = replies(d, world, number, CHANGES)
    assert "@Eng Two" in text


def test_nobody_known_is_next(daemon, world, cast):
    shift_ends(world, cast, 3)
    d = daemon(services=("slack",), **LONG)
    number, _ = opened(d, world, cast)
    message = wait_reply(d, world, number, CHANGES)
    assert "whoever is next" in world.slack.text_of(message)


def test_tickets_with_shifts_of_their_own_keep_to_them(daemon, world, cast):
    second_follows(world, cast, 4)
    now = Clock().now()
    d = daemon(services=("slack",), config={"coverage federal": {
        "match": "tag:us_federal", "timezone": "UTC", "hours": "00:00-24:00",
        "shifts": f"{now - timedelta(hours=2):%H:%M}, "
                  f"{now + timedelta(hours=2):%H:%M}"}}, **LONG)
    federal, _ = opened(d, world, cast, tags=["us_federal"])
    other, _ = opened(d, world, cast)
    wait_reply(d, world, other, CHANGES)
    order(d, federal, "note", text="Still here")
    wait_reply(d, world, federal, "Still here")
    assert not replies(d, world, federal, CHANGES)


def test_a_ticket_with_shifts_of_its_own_is_handed_over_at_them(
        daemon, world, cast, monkeypatch, tmp_path):
    end = second_follows(world, cast, 5)
    zone, offset = odd_zone(monkeypatch, tmp_path, end)
    d = daemon(services=("slack",), config={"coverage federal": {
        "match": "tag:us_federal", "timezone": zone, "hours": "00:00-24:00",
        "shifts": f"{end + offset:%H:%M}"}}, **LONG)
    number, _ = opened(d, world, cast, tags=["us_federal"])
    message = wait_reply(d, world, number, CHANGES)
    assert mentions(world, message) == ["@Eng Two"]
    assert 0 <= written_at(message) - end.timestamp() < 2


# -- by hand ---------------------------------------------------------------

@pytest.mark.parametrize("to, name", [
    ("second@example.com", "Eng Two"), ("manager", "Mona Manager"),
    ("Max Manager", "Max Manager")])
def test_one_emergency_is_handed_over_by_command(daemon, world, cast, to,
                                                 name):
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    other, _ = opened(d, world, cast)
    oncalls_read(world)
    order(d, number, "handoff", to=to)
    message = wait_reply(d, world, number, "Tess Test hands over to")
    text = world.slack.text_of(message)
    assert mentions(world, message) == [f"@{name}"]
    assert f"#{ticket['id']}" in text and "paged" in text
    assert not replies(d, world, other, "hands over")


def test_a_colleague_is_handed_it_by_their_mention_in_slack(daemon, world,
                                                            cast):
    d = daemon(services=("slack",), **LONG)
    number, _ = opened(d, world, cast)
    oncalls_read(world)
    wait_until(lambda: len([request for request in world.slack.received(
        None, "lookupByEmail") if request.status]) >= 4, 10, "who is who")
    channel, _ = thread_of(d, number)
    world.slack.command(
        cast.engineer_slack, channel, "/emergency",
        f"handoff {number} <@{cast.second_slack['id']}|second>")
    message = wait_reply(d, world, number, "hands over to")
    assert mentions(world, message)[-1] == "@Eng Two"


# -- who is on call --------------------------------------------------------

def test_whoever_asks_is_told_who_is_on_call(daemon, world, cast):
    daemon(services=("slack",), **LONG)
    oncalls_read(world)
    end = f"{cast.shift_end:%H:%M} UTC"
    channel = cast.channels["support_self-managed"]

    def asked():
        status, answer = world.slack.command(cast.engineer_slack, channel,
                                             "/emergency", "oncall")
        assert status == 200
        return readable(world.slack, answer["text"])

    text = wait_until(lambda: "Eng" in (text := asked()) and text, 10,
                      "the on-calls", asked)
    assert f"Engineer now: Eng One until {end}" in text
    assert "Engineer next: Eng Two" in text
    assert f"Manager now: Mona Manager until {end}" in text


def test_the_customer_is_told_in_their_own_zone(daemon, world, cast):
    """Carol lives in New York."""
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    oncalls_read(world)
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    order(d, number, "call-started")
    text = world.slack.text_of(wait_reply(d, world, number, "say: "))
    there = cast.shift_end.astimezone(ZoneInfo("America/New_York"))
    assert (f"Eng One is here for you until {cast.shift_end:%H:%M} UTC "
            f"({there:%a %H:%M %Z}), and after that Eng Two") in text
