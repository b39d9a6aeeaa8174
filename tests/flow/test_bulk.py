"""One incident, many emergencies: their clocks rest, and one command answers
all of them with one text, each once."""

import threading

import pytest
from duties import closed, replies, wait_reply
from harness import wait_until
from scenes import (LONG, all_read, calls_ended, comment, contacted,
                    later_follow_up, opened, order, own_comments, page_for,
                    read, refuse, said, urgent_ticket, wait_said, writes)
from standins import Answer
from trials import TROUBLES, in_turn

SOON = {"follow_up_after": "4s", "downgrade_after": "10m"}
TAG = "incident-1234"
TEXT = "We have found the cause: the lights are on again.\n\nSee you & yours."
KINDS = pytest.mark.parametrize("webhook", ["trigger", "events"])


def of_incident(d, world, cast, ago_s=30, **fields):
    """(id, ticket): contacted, of the incident by its ticket's tag."""
    number, ticket = contacted(d, world, cast, ago_s, tags=[TAG], **fields)
    d.wait_for_emergency(emergency_id=number, held="bulk")
    return number, ticket


def answers(world, cast, ticket):
    """The comments that hold the text for all."""
    return [c for c in own_comments(world, cast, ticket)
            if "the lights are on again" in c["body"]]


def wait_answered(world, cast, *tickets, timeout=15):
    """Waits until each ticket has the text; each has it once, publicly."""
    world.wait_for(lambda: all(answers(world, cast, ticket)
                               for ticket in tickets), timeout, "answers")
    for ticket in tickets:
        [answer] = answers(world, cast, ticket)
        assert answer["public"] and answer["plain_body"] == TEXT


# -- the tag ---------------------------------------------------------------

def test_a_ticket_with_the_tag_rests_and_its_thread_says_why(daemon, world,
                                                             cast):
    d = daemon(services=("slack",), **SOON)
    number, ticket = of_incident(d, world, cast)
    e = d.emergency(number)
    assert (e["held_why"], e["next"]) == (f"it belongs to {TAG}", None)
    message = wait_reply(d, world, number, f"It belongs to {TAG}|"
                         fr"It belongs to \*{TAG}\*")
    assert f"/emergency bulk {number} {TAG}" in world.slack.text_of(message)
    later_follow_up(d, world, cast)
    assert not writes(world, ticket)


@KINDS
def test_a_tag_that_comes_later_lets_the_clocks_rest(daemon, world, cast,
                                                     webhook):
    d = daemon(zendesk_webhook=webhook, follow_up_after="8s",
               downgrade_after="10m")
    number, ticket = contacted(d, world, cast, 2)
    assert d.emergency(number)["next"]["step"] == "follow_up"
    world.zendesk.update(ticket, by=cast.engineer, tags=["x", TAG])
    d.wait_for_emergency(emergency_id=number, held="bulk")
    wait_said(d, number, f"It belongs to {TAG}: its clocks rest.")
    later_follow_up(d, world, cast)
    assert not writes(world, ticket)


@KINDS
def test_a_tag_that_is_taken_away_lets_the_clocks_go_on(daemon, world, cast,
                                                        webhook):
    d = daemon(services=("slack",), zendesk_webhook=webhook, **SOON)
    number, ticket = of_incident(d, world, cast)
    world.zendesk.update(ticket, by=cast.engineer, tags=["x"])
    wait_reply(d, world, number, "belongs to no incident any more")
    wait_until(lambda: own_comments(world, cast, ticket), 10, "a follow-up",
               lambda: d.emergency(number))


def test_resume_lets_the_clocks_go_on_in_spite_of_the_tag(daemon, world,
                                                          cast):
    d = daemon(services=("slack",), **SOON)
    number, ticket = of_incident(d, world, cast)
    message = wait_reply(d, world, number, "its clocks rest")
    world.slack.press(cast.engineer_slack, message, "Resume clocks")
    comment(world, ticket, cast.engineer, body="(internal)", public=False)
    wait_until(lambda: own_comments(world, cast, ticket), 10, "a follow-up",
               lambda: d.emergency(number))
    assert d.emergency(number)["held"] is None


def test_an_automatic_first_comment_rests_too(daemon, world, cast):
    d = daemon(first_contact="automatic", **SOON)
    ticket = urgent_ticket(world, cast, tags=[TAG])
    incident = page_for(world, cast, ticket)
    number = read(d, ticket)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="acknowledged",
                         held="bulk")
    other, _ = opened(d, world, cast)
    [page] = d.emergency(other)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.second_pd)
    d.wait_for_emergency(emergency_id=other, state="contacted")
    assert not writes(world, ticket)


# -- one command -----------------------------------------------------------

def test_one_command_answers_all_of_the_incident(daemon, world, cast):
    """Those with the tag and the one that it is given for; no others."""
    d = daemon(services=("slack",), **LONG)
    first, first_ticket = of_incident(d, world, cast)
    second, second_ticket = of_incident(d, world, cast)
    given, given_ticket = contacted(d, world, cast)
    other, other_ticket = contacted(d, world, cast)
    over, over_ticket = of_incident(d, world, cast)
    closed(d, over)
    order(d, given, "bulk", tag=TAG, text=TEXT)
    wait_answered(world, cast, first_ticket, second_ticket, given_ticket)
    for number in (first, second, given):
        wait_reply(d, world, number, "The answer for all of")
        d.wait_for_emergency(emergency_id=number, held="bulk")
        assert len(said(d, number, f"answers all of {TAG}")) == 1
    assert not writes(world, other_ticket) + writes(world, over_ticket)
    assert d.emergency(other)["held"] is None


def test_the_answer_is_the_first_contact_of_a_new_one(daemon, world, cast):
    """It is of the daemon's making: nobody of staff was there by it."""
    d = daemon(**LONG)
    ticket = urgent_ticket(world, cast, tags=[TAG])
    page_for(world, cast, ticket)
    number = read(d, ticket)
    order(d, number, "bulk", tag=TAG, text=TEXT)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert e["held"] == "bulk"
    wait_answered(world, cast, ticket)
    order(d, number, "contacted")


def test_a_second_text_is_a_second_answer(daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = of_incident(d, world, cast)
    order(d, number, "bulk", tag=TAG, text=TEXT)
    wait_answered(world, cast, ticket)
    order(d, number, "bulk", tag=TAG, text="It is over. Thank you.")
    wait_until(lambda: len(own_comments(world, cast, ticket)) == 2, 10,
               "the second answer")
    wait_answered(world, cast, ticket)


def test_the_command_holds_a_ticket_without_the_tag(daemon, world, cast):
    d = daemon(follow_up_after="5s", downgrade_after="10m")
    number, ticket = contacted(d, world, cast, 0)
    order(d, number, "bulk", tag=TAG, text=TEXT)
    e = d.emergency(number)
    assert (e["held"], e["held_why"]) == ("bulk", f"it belongs to {TAG}")
    wait_answered(world, cast, ticket)
    later_follow_up(d, world, cast)
    assert len(own_comments(world, cast, ticket)) == 1
    order(d, number, "resume")
    wait_until(lambda: len(own_comments(world, cast, ticket)) == 2, 10,
               "a follow-up")


def test_the_command_needs_a_ticket(daemon, world, cast):
    d = daemon(**LONG)
    world.pagerduty.trigger("Something is down", cast.service)
    e = d.wait_for_emergency(ticket=None)
    refuse(d, e["id"], "bulk", tag=TAG, text=TEXT)


# -- each once -------------------------------------------------------------

@pytest.mark.parametrize("trouble", [*TROUBLES, "409"])
def test_each_gets_the_answer_once_whatever_happens(daemon, world, cast,
                                                    trouble):
    """The call for one of them meets trouble, twice."""
    d = daemon(**LONG)
    number, ticket = of_incident(d, world, cast)
    _, other_ticket = of_incident(d, world, cast)
    what = {**TROUBLES, "409": {"answer": Answer(409)}}[trouble]
    met = in_turn(world.zendesk, "PUT", rf"/tickets/{ticket['id']}$",
                  [what] if what.get("after_effect") else [what] * 2)
    order(d, number, "bulk", tag=TAG, text=TEXT)
    wait_answered(world, cast, ticket, other_ticket)
    assert met()
    wait_said(d, number, "Answered with the text for the whole incident.")
    wait_answered(world, cast, ticket, other_ticket)


@pytest.mark.parametrize("after_effect", [False, True])
def test_each_gets_the_answer_once_although_it_is_killed(
        daemon, world, cast, after_effect):
    d = daemon(**LONG)
    number, ticket = of_incident(d, world, cast)
    other, other_ticket = of_incident(d, world, cast)
    killed = threading.Event()

    def kill(request):
        d.kill()
        killed.set()

    world.zendesk.fault("PUT", r"/tickets/", hook=kill,
                        after_effect=after_effect)
    order(d, number, "bulk", tag=TAG, text=TEXT)
    assert killed.wait(15)
    d.start()
    wait_answered(world, cast, ticket, other_ticket)
    for each in (number, other):
        wait_said(d, each, "Answered with the text for the whole incident.")
    wait_answered(world, cast, ticket, other_ticket)


def test_a_ticket_that_refuses_it_does_not_stop_the_others(daemon, world,
                                                           cast):
    d = daemon(services=("slack",), **LONG)
    refused, refused_ticket = of_incident(d, world, cast)
    number, ticket = of_incident(d, world, cast)
    world.zendesk.fault("PUT", rf"/tickets/{refused_ticket['id']}$",
                        answer=Answer(422))
    order(d, number, "bulk", tag=TAG, text=TEXT)
    wait_answered(world, cast, ticket)
    wait_reply(d, world, refused, "zendesk answered 422|can't be sent")
    assert not answers(world, cast, refused_ticket)
    assert not replies(d, world, number, "422")


def test_an_emergency_that_ends_meanwhile_is_not_answered(daemon, world,
                                                          cast):
    d = daemon(**LONG)
    number, ticket = of_incident(d, world, cast)
    other, other_ticket = of_incident(d, world, cast)
    held = world.zendesk.fault("GET", rf"/tickets/{ticket['id']}$",
                               hold=True)
    order(d, other, "bulk", tag=TAG, text=TEXT)
    held.wait_hit()
    closed(d, number)
    held.release()
    wait_answered(world, cast, other_ticket)
    all_read(d)
    calls_ended(d)
    assert not writes(world, ticket)
