"""Calls, people and pages: what a review found, so that it stays mended."""

import sqlite3

from duties import (acknowledged, assignees, busy_engineer, ladder, own_pages,
                    set_back, wait_own_pages, wait_reply)
from harness import wait_until
from scenes import (LONG, calls_ended, comment, contacted, opened, order,
                    own_comments, page_for, read, urgent_ticket, wait_said)
from slack_scenes import root_of
from standins import Answer

DUE = {"follow_up_after": "4s", "downgrade_after": "10m"}
FOLLOW_UP = 2
SECOND = "A second emergency"


def actions(d, number, kind):
    """The emergency's calls of a kind."""
    return [a for a in d.emergency(number)["actions"] if a["kind"] == kind]


# -- whose comment it is ---------------------------------------------------

def test_what_was_to_be_pasted_is_not_sent_again(daemon, world, cast):
    """An engineer pastes the very text: that is theirs, and a contact."""
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    refusal = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                  answer=Answer(503))
    order(d, number, "first-contact")
    refusal.wait_hit()
    [text] = {r.json["ticket"]["comment"]["body"] for r in
              world.zendesk.received("PUT", r"/tickets/")}
    comment(world, ticket, cast.engineer, body=text)
    wait_until(lambda: d.emergency(number)["contacted_at"], 10, "contact",
               lambda: d.emergency(number)["timeline"])
    refusal.cancel()
    wait_until(lambda: actions(d, number, "first_contact")[0]["state"]
               not in ("pending", "sending", "unknown"), 15, "its end",
               lambda: actions(d, number, "first_contact"))
    assert not own_comments(world, cast, ticket)


# -- what waits for what ---------------------------------------------------

def test_people_are_paged_although_a_note_can_not_be_written(daemon, world,
                                                             cast):
    d = daemon(services=("slack",), **LONG)
    failing = world.pagerduty.fault("POST", r"/notes$", times=None,
                                    answer=Answer(500))
    number, _ = opened(d, world, cast)
    failing.wait_hit()
    order(d, number, "page", who="engineer")
    assert len(wait_own_pages(world, 1, 5)) == 1


def test_people_are_paged_although_alerts_can_not_be_read(daemon, world,
                                                          cast):
    d = daemon(services=("slack",), **LONG)
    silent = world.pagerduty.fault("GET", "/alerts", times=None,
                                   answer=Answer(500))
    world.pagerduty.trigger("Down", cast.service, alerts=[{}])
    silent.wait_hit()
    [e] = wait_until(d.emergencies)
    order(d, e["id"], "page", who="engineer")
    assert len(wait_own_pages(world, 1, 5)) == 1


# -- who is busy -----------------------------------------------------------

def test_who_is_not_known_is_not_busy_by_the_assignees_work(daemon, world,
                                                            cast):
    """Whoever acknowledges is none of PagerDuty's; the page is assigned to
    Eng One, who has another one."""
    d = daemon(services=("slack",), **LONG)
    busy_engineer(d, world, cast)
    ticket = urgent_ticket(world, cast, 0, requester=cast.globex_customer)
    page_for(world, cast, ticket, 0)
    number = read(d, ticket)
    wait_reply(d, world, number, SECOND)
    order(d, number, "ack", by="Nils Nobody")
    d.wait_for_emergency(emergency_id=number, state="acknowledged")
    assert is_taken(d, number)


def is_taken(d, number):
    """By whoever gave a command, and is free for it."""
    database = sqlite3.connect(d.database)
    try:
        [[taken_ms, busy]] = database.execute(
            "SELECT taken_ms, taken_busy FROM emergency_detail WHERE emergency = ?",
            (number,)).fetchall()
    finally:
        database.close()
    return taken_ms > 0 and not busy


def test_a_second_one_is_told_when_its_alerts_come_after_the_acknowledgement(
        daemon, world, cast):
    """By then the ticket has an emergency of its own: they are joined."""
    d = daemon(services=("slack",), **LONG)
    busy_engineer(d, world, cast)
    ticket = urgent_ticket(world, cast, 0, requester=cast.globex_customer)
    number = read(d, ticket)
    held = world.pagerduty.fault("GET", "/alerts", hold=True)
    incident = world.pagerduty.trigger("Down", cast.service, alerts=[
        {"details": f"ticket #{ticket['id']}"}])
    held.wait_hit()
    wait_until(lambda: len(d.emergencies()) == 3)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    d.pagerduty_webhook.wait_idle()
    assert not own_pages(world)
    held.release()
    wait_reply(d, world, number, SECOND)
    [page] = wait_own_pages(world, 1)
    assert assignees(page) == [cast.manager_pd["id"]]


# -- joining ---------------------------------------------------------------

def test_who_was_to_be_paged_is_paged_after_a_join(daemon, world, cast):
    """A person called the engineer while PagerDuty was down, and then linked
    the page to its ticket."""
    d = daemon(services=("slack",), **LONG)
    _, ticket = opened(d, world, cast)
    world.pagerduty.trigger("Down", cast.service, alerts=[{}])
    page = wait_until(lambda: [e for e in d.emergencies()
                               if not e["ticket"]])[0]
    wait_said(d, page["id"], "No ticket is known")
    failing = world.pagerduty.fault("POST", r"/incidents$", times=None,
                                    answer=Answer(429, headers={
                                        "Retry-After": "3"}))
    order(d, page["id"], "page", who="engineer")
    failing.wait_hit()
    order(d, page["id"], "link", ticket=ticket["id"])
    failing.cancel()
    [made] = wait_own_pages(world, 1)
    assert assignees(made) == [cast.engineer_pd["id"]]


def test_what_a_join_cancels_and_wants_again_is_done_once(daemon, world,
                                                          cast):
    """The younger's page is being looked at when the two are joined; whoever
    takes the one takes both pages."""
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    world.pagerduty.trigger("Down", cast.service, alerts=[{}])
    page = wait_until(lambda: [e for e in d.emergencies()
                               if not e["ticket"]])[0]
    wait_said(d, page["id"], "No ticket is known")
    held = world.pagerduty.fault("GET", r"/incidents/\w+$", hold=True)
    order(d, page["id"], "ack")
    held.wait_hit()
    order(d, page["id"], "link", ticket=ticket["id"])
    held.release()
    wait_until(lambda: [p["status"] for p in d.emergency(number)["pages"]]
               == ["acknowledged"] * 2, 10, "the pages",
               lambda: d.emergency(number))
    calls_ended(d, "pagerduty")
    assert [a["state"] for a in actions(d, number, "ack_page")] == [
        "done"] * 2
    puts = world.pagerduty.received("PUT", "/incidents")
    assert len(puts) == len({put.path for put in puts}) == 2


# -- what is no longer needed ----------------------------------------------

def rung_waits(d, world, cast):
    """(id, fault): a rung's page for which PagerDuty has no answer."""
    failing = world.pagerduty.fault("POST", r"/incidents$", times=None,
                                    answer=Answer(503))
    number, _ = opened(d, world, cast, 0)
    wait_said(d, number, "calling the next in line (1)")
    failing.wait_hit()
    return number, failing


def assert_cancelled(d, number, count=1):
    wait_until(lambda: [a["state"] for a in actions(d, number, "summon")]
               == ["cancelled"] * count, 15, "the end of the call",
               lambda: actions(d, number, "summon"))


def test_a_rungs_page_is_not_made_once_somebody_took_it(daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast, "1s", "10m"), **LONG)
    number, failing = rung_waits(d, world, cast)
    acknowledged(d, world, number, cast.engineer_pd)
    failing.cancel()
    assert_cancelled(d, number)
    assert not own_pages(world)


def test_a_rungs_page_is_not_made_after_the_end_but_a_persons_is(
        daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast, "1s", "10m"), **LONG)
    number, failing = rung_waits(d, world, cast)
    order(d, number, "close", why="a test")
    assert not own_pages(world)
    order(d, number, "page", who="engineer")
    failing.cancel()
    [page] = wait_own_pages(world, 1, 15)
    assert assignees(page) == [cast.engineer_pd["id"]]
    wait_until(lambda: sorted(a["state"] for a in
                              actions(d, number, "summon"))
               == ["cancelled", "done"], 15, "both ends",
               lambda: actions(d, number, "summon"))


# -- in whose name ---------------------------------------------------------

def test_an_address_that_could_not_be_looked_up_is_not_acted_for(
        daemon, world, cast):
    d = daemon(services=("slack",), **LONG)
    number, _ = opened(d, world, cast)
    world.pagerduty.fault("GET", r"/users", times=None, answer=Answer(500))
    root = root_of(d, world, number)
    world.slack.press(cast.account_manager_slack, root, "Acknowledge")
    put = world.pagerduty.wait_for_request("PUT", r"/incidents",
                                           answered=True)
    assert put.headers["From"] == cast.bot_pd["email"]


# -- what people are to paste ----------------------------------------------

def told_stuck(d, number):
    """The follow-up's row is 3 minutes old by the daemon's restart."""
    d.stop()
    set_back(d, "UPDATE action SET created_ms = created_ms - 181000 "
             "WHERE kind = ? AND state < 3", FOLLOW_UP)
    d.start()


def test_a_call_that_a_join_begins_anew_is_told_again_when_it_is_stuck(
        daemon, world, cast):
    d = daemon(services=("slack",), **DUE)
    fault = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                answer=Answer(429, headers={
                                    "Retry-After": "1"}))
    held = world.pagerduty.fault("GET", "/alerts", times=None, hold=True)
    ticket = urgent_ticket(world, cast, 0)
    world.pagerduty.trigger("Down", cast.service, alerts=[{}])
    held.wait_hit()
    page = wait_until(lambda: [e for e in d.emergencies()
                               if not e["ticket"]])[0]
    number = read(d, ticket)
    comment(world, ticket, cast.engineer)
    fault.wait_hit()
    told_stuck(d, number)
    wait_said(d, number, "What can't be sent")
    order(d, page["id"], "link", ticket=ticket["id"])
    older = min(page["id"], number)
    wait_until(lambda: [a["state"] for a in actions(d, older, "follow_up")]
               == ["pending"], 10, "the call",
               lambda: actions(d, older, "follow_up"))
    told_stuck(d, older)
    wait_said(d, older, "What can't be sent", 2)


def test_what_is_to_be_pasted_is_whole(daemon, world, cast, tmp_path):
    """A text of 2,500 bytes."""
    text = "We wait for you. " * 147
    (tmp_path / "follow_up.txt").write_text(text)
    d = daemon(services=("slack",), **DUE,
               config={"messages": {"directory": str(tmp_path)}})
    fault = world.zendesk.fault("PUT", r"/tickets/", times=None,
                                answer=Answer(503))
    number, _ = contacted(d, world, cast, 30)
    fault.wait_hit()
    told_stuck(d, number)
    message = wait_reply(d, world, number, "can't be sent")
    assert text.strip() in world.slack.text_of(message)
