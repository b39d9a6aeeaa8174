"""When a service is in trouble, people are told by what still works; and no
service's trouble delays another's calls."""

import time

import pytest
from duties import (acknowledged, assignees, ladder, ladder_with_slack,
                    mentions, oncalls_read, own_pages, page_texts, replies,
                    set_back, told, wait_own_pages, wait_reply, wait_told)
from harness import wait_until
from scenes import (LONG, calls_ended, comment, contacted, opened, order,
                    own_comments, page_for, read, said, urgent_ticket,
                    wait_said)
from standins import Answer
from trials import log_lines

DUE = {"follow_up_after": "4s", "downgrade_after": "10m"}
FOLLOW_UP = 2
NOT_TAKEN = "nobody has taken"
ALL = ("slack", "zoom", "gitlab")


# -- the customer waits, and Zendesk does not take it ----------------------

def stuck(d, world, cast, answer, ago_s=181):
    """(id, ticket, fault): a follow-up that Zendesk does not take, and has
    not for so long, by the daemon's restart."""
    fault = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                answer=answer)
    number, ticket = contacted(d, world, cast, 30)
    oncalls_read(world)
    incident = d.emergency(number)["pages"][0]["incident_id"]
    world.pagerduty.acknowledge(incident, cast.second_pd)
    wait_said(d, number, "Eng Two acknowledged")
    fault.wait_hit()
    wait_until(lambda: [a for a in d.emergency(number)["actions"]
                        if a["kind"] == "follow_up" and a["error"]])
    d.stop()
    set_back(d, "UPDATE action SET created_ms = created_ms - ? "
             "WHERE kind = ?", ago_s * 1000, FOLLOW_UP)
    d.start()
    return number, ticket, fault


def assert_told_of_it(d, world, cast, number, ticket):
    """Thread, managers and engineer, each once, with the text to paste."""
    message = wait_reply(d, world, number, "can't be sent")
    text = world.slack.text_of(message)
    assert "@Eng Two the follow-up of" in text
    assert "We have not heard from you" in text
    in_channel = world.slack.text_of(
        wait_told(world, cast, "support_managers", "can't be sent"))
    assert f"#{ticket['id']}" in in_channel
    [page] = wait_own_pages(world, 1)
    assert assignees(page) == [cast.second_pd["id"]]
    assert "We have not heard from you" in page_texts(world)[0]
    assert len(replies(d, world, number, "can't be sent")) == 1
    assert len(told(world, cast, "support_managers", "can't be sent")) == 1


def test_what_can_not_be_sent_for_3_minutes_is_told_once(daemon, world,
                                                         cast):
    d = daemon(services=("slack",), **DUE)
    number, ticket, fault = stuck(d, world, cast, Answer(503))
    assert_told_of_it(d, world, cast, number, ticket)
    fault.wait_hit(fault.hits + 1, 20)
    d.restart()
    fault.wait_hit(fault.hits + 1, 20)
    assert_told_of_it(d, world, cast, number, ticket)
    fault.cancel()
    wait_until(lambda: own_comments(world, cast, ticket), 30, "a follow-up")
    assert len(own_comments(world, cast, ticket)) == 1


def test_it_is_told_in_time_although_zendesk_wants_us_to_wait_longer(
        daemon, world, cast):
    """Zendesk asks for 10 minutes of patience."""
    d = daemon(services=("slack",), **DUE)
    number, ticket, fault = stuck(
        d, world, cast, Answer(429, headers={"Retry-After": "600"}), 178)
    hits = fault.hits
    assert_told_of_it(d, world, cast, number, ticket)
    assert fault.hits == hits


def test_what_was_sent_by_hand_is_not_sent_again(daemon, world, cast):
    d = daemon(services=("slack",), **DUE)
    number, ticket, fault = stuck(d, world, cast, Answer(503))
    wait_reply(d, world, number, "can't be sent")
    comment(world, ticket, cast.second, body="We have not heard from you.")
    # refused just while an attempt is under way
    wait_until(lambda: d.command(number, "followed-up")[0] == 200, 5,
               "that it is accepted")
    fault.cancel()
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    calls_ended(d)
    assert not own_comments(world, cast, ticket)


def test_an_urgent_ticket_that_can_not_be_read_is_in_the_log(
        daemon, world, cast):
    d = daemon()
    world.zendesk.fault("GET", "/api/v2/tickets/", times=None,
                        answer=Answer(503))
    ticket = urgent_ticket(world, cast, 0)
    wait_until(lambda: log_lines(d, "CALL-FAILED"), 10, "a read that fails")
    assert not log_lines(d, "TICKET-UNREAD")
    d.stop()
    set_back(d, "UPDATE action SET created_ms = created_ms - ?", 180_000)
    d.start()
    [line] = wait_until(lambda: log_lines(d, "TICKET-UNREAD"), 10, "a line")
    assert f"T{ticket['id']}" in line


# -- a service that refuses us ---------------------------------------------

def test_zendesks_refusal_is_told_once_by_page_and_in_the_channel(
        daemon, world, cast):
    d = daemon(services=("slack",), **DUE)
    number, ticket = opened(d, world, cast)
    refusal = world.zendesk.fault("*", "/api/v2/", times=None,
                                  answer=Answer(401, {"error": "No"}))
    page_for(world, cast, urgent_ticket(world, cast, 0))
    page_for(world, cast, urgent_ticket(world, cast, 0))
    [page] = wait_own_pages(world, 1)
    assert page["title"] == "emergencyd: zendesk refuses our credentials"
    wait_told(world, cast, "support_managers", "refuses our credentials")
    page_for(world, cast, urgent_ticket(world, cast, 0))
    order(d, number, "first-contact")
    wait_until(lambda: len(d.emergencies()) == 4)
    wait_until(lambda: [a for a in d.emergency(number)["actions"]
                        if a["kind"] == "first_contact" and a["error"]])
    assert len(own_pages(world)) == 1
    assert len(told(world, cast, "support_managers", "refuses our")) == 1
    refusal.cancel()
    d.reload()
    wait_until(lambda: own_comments(world, cast, ticket), 15, "the comment")
    assert len(own_pages(world)) == 1


def test_slacks_refusal_is_told_by_a_page(daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast), **LONG)
    world.slack.fault("*", "/api/", times=None,
                      answer=world.slack.failure("token_revoked"))
    opened(d, world, cast, 0)
    pages = wait_own_pages(world, 3)
    titles = [page["title"] for page in pages]
    assert titles.count("emergencyd: slack refuses our credentials") == 1


def test_pagerdutys_refusal_is_told_in_the_channel_and_rungs_are_climbed(
        daemon, world, cast):
    d = daemon(services=("slack",), config=ladder_with_slack(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    oncalls_read(world)
    world.pagerduty.fault("*", "/", times=None, answer=Answer(401))
    wait_reply(d, world, number, "Mona Manager: nobody has taken")
    wait_reply(d, world, number, "Max Manager: nobody has taken")
    wait_told(world, cast, "support_managers", "pagerduty refuses our")
    assert len(told(world, cast, "support_managers", NOT_TAKEN)) == 1
    assert not own_pages(world)


def test_in_a_dry_run_a_refusal_is_not_told(daemon, world, cast):
    """Nothing is sent at all."""
    d = daemon(services=("slack",), dry_run="yes", **LONG)
    opened(d, world, cast)
    world.zendesk.fault("*", "/api/v2/", times=None, answer=Answer(401))
    page_for(world, cast, urgent_ticket(world, cast, 0))
    wait_until(lambda: log_lines(d, "SERVICE-REFUSES-US"), 10, "the line")
    wait_until(lambda: not [a for a in d.api_get("/api/outbox")[1]["actions"]
                            if a["service"] != "zendesk"], 10, "its end")
    assert not own_pages(world)
    assert not told(world, cast, "support_managers")


# -- PagerDuty does not answer ---------------------------------------------

def test_a_rung_is_climbed_although_pagerduty_does_not_answer(
        daemon, world, cast):
    """After 10 seconds."""
    d = daemon(services=("slack",), config=ladder_with_slack(cast), **LONG)
    number, _ = opened(d, world, cast, 0)
    oncalls_read(world)
    silent = world.pagerduty.fault("GET", r"/incidents/\w+$", times=None,
                                   silent=True)
    silent.wait_hit()
    began = time.monotonic()
    wait_reply(d, world, number, "Mona Manager: nobody has taken",
               timeout=15)
    assert 8 < time.monotonic() - began < 13
    wait_told(world, cast, "support_managers", NOT_TAKEN)
    assert len(wait_own_pages(world, 1)) == 1


def test_a_page_that_can_not_be_made_does_not_stop_the_next_rung(
        daemon, world, cast):
    d = daemon(services=("slack",), config=ladder_with_slack(cast), **LONG)
    failing = world.pagerduty.fault("POST", r"/incidents$", times=None,
                                    answer=Answer(500))
    number, _ = opened(d, world, cast, 0)
    wait_reply(d, world, number, "Mona Manager: nobody has taken")
    failing.wait_hit()
    wait_reply(d, world, number, "Max Manager: nobody has taken")
    failing.cancel()
    pages = wait_own_pages(world, 2, 40)
    assert {assignees(page)[0] for page in pages} == {
        cast.manager_pd["id"], cast.second_manager_pd["id"]}


# -- one service's trouble is not another's --------------------------------

def test_while_slack_hangs_people_are_paged_and_customers_served(
        daemon, world, cast):
    d = daemon(services=ALL, config=ladder(cast), **DUE)
    world.slack.fault("*", "/api/", times=None, silent=True)
    number, ticket = contacted(d, world, cast, 30)
    wait_until(lambda: own_comments(world, cast, ticket), 4, "a follow-up")
    assert len(wait_own_pages(world, 2, 5)) == 2


def test_while_pagerduty_hangs_threads_open_and_customers_are_served(
        daemon, world, cast):
    d = daemon(services=ALL, **DUE)
    world.pagerduty.fault("*", "/", times=None, silent=True)
    number, ticket = contacted(d, world, cast, 30)
    wait_reply(d, world, number, "customer has been contacted", timeout=4)
    wait_until(lambda: own_comments(world, cast, ticket), 4, "a follow-up")


@pytest.mark.parametrize("service", ["zoom", "gitlab"])
def test_while_zoom_or_gitlab_hangs_all_else_goes_on(daemon, world, cast,
                                                     service):
    d = daemon(services=ALL, config=ladder(cast), **DUE)
    silent = getattr(world, service).fault("*", "/", times=None, silent=True)
    number, ticket = opened(d, world, cast)
    wait_own_pages(world, 1, 5)
    acknowledged(d, world, number, cast.engineer_pd)
    wait_reply(d, world, number, "@Eng One has acknowledged", timeout=4)
    silent.wait_hit(1, 10)
    comment(world, ticket, cast.engineer, 30)
    wait_reply(d, world, number, "customer has been contacted", timeout=4)
    wait_until(lambda: own_comments(world, cast, ticket), 7, "a follow-up")


def test_while_zendesk_hangs_people_are_called(daemon, world, cast):
    """The thread can't name the ticket's product; a rung's channel can."""
    d = daemon(services=ALL, config=ladder_with_slack(cast), **LONG)
    world.zendesk.fault("*", "/api/v2/tickets/", times=None, silent=True)
    ticket = urgent_ticket(world, cast, 0)
    page_for(world, cast, ticket, 0)
    message = wait_told(world, cast, "support_managers", NOT_TAKEN)
    assert mentions(world, message) == ["@Mona Manager"]
    assert len(wait_own_pages(world, 2, 5)) == 2
    e = d.wait_for_emergency(ticket=ticket["id"])
    assert len(said(d, e["id"], "calling the next in line")) == 2


def test_one_emergencys_trouble_at_a_service_is_not_anothers(daemon, world,
                                                             cast):
    """A call that hangs holds up the calls of its own emergency only."""
    d = daemon(services=("slack",), **DUE)
    held, held_ticket = opened(d, world, cast)
    silent = world.zendesk.fault("PUT", rf"/tickets/{held_ticket['id']}$",
                                 times=None, silent=True)
    comment(world, held_ticket, cast.engineer, 30)
    silent.wait_hit()
    _, ticket = contacted(d, world, cast, 30)
    wait_until(lambda: own_comments(world, cast, ticket), 4, "a follow-up")


@pytest.mark.time_limit(50)
def test_what_is_said_while_the_thread_can_not_be_opened_is_not_lost(
        daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast), **LONG)
    failing = world.slack.fault("POST", "chat.postMessage", times=None,
                                answer=Answer(503))
    ticket = urgent_ticket(world, cast, 0)
    page_for(world, cast, ticket, 0)
    number = read(d, ticket)
    wait_said(d, number, "calling the next in line (2)")
    d.kill()
    failing.cancel()
    d.start()
    wait_reply(d, world, number, "Max Manager: nobody has taken", timeout=20)
    assert len(replies(d, world, number, NOT_TAKEN)) == 2
    assert "Mona" in replies(d, world, number, NOT_TAKEN)[0]
