"""A second emergency, of another customer, while its engineer has one; and
whom people call by a command."""

import pytest
from duties import (acknowledged, assignees, busy_engineer, closed, ladder,
                    mentions, oncalls_read, own_pages, page_texts, replies,
                    thread_of, ticket_url, told, wait_own_pages, wait_reply)
from harness import wait_until
from scenes import (LONG, all_read, calls_ended, comment, opened, order,
                    page_for, read, refuse, said, urgent_ticket, wait_said)
from slack_scenes import root_of

SECOND = "A second emergency"


def globex(d, world, cast, **page):
    """(id, ticket): an emergency of Globex, of the product with a region's
    group."""
    ticket = urgent_ticket(world, cast, 0, requester=cast.globex_customer,
                           tags=["saas"], subject="Globex is down")
    page_for(world, cast, ticket, 0, **page)
    return read(d, ticket), ticket


def assert_told_once(d, world, cast, number, first, second):
    """Manager, region and managers' channel, by both links."""
    message = wait_reply(d, world, number, SECOND)
    assert mentions(world, message) == ["@Mona Manager", "@support-emea"]
    text = world.slack.text_of(message)
    world.slack.wait_for_message(cast.channels["support_managers"], SECOND)
    [page] = wait_own_pages(world, 1)
    wait_said(d, number, "Paged Mona Manager.")
    assert assignees(page) == [cast.manager_pd["id"]]
    [in_channel] = told(world, cast, "support_managers", SECOND)
    assert "@Mona Manager" in in_channel
    for told_text in (text, in_channel, page_texts(world)[0]):
        assert ticket_url(world, first) in told_text
        assert ticket_url(world, second) in told_text
    assert len(replies(d, world, number, SECOND)) == 1


def assert_not_told(d, world, number):
    """Nor is anything on its way that would tell it."""
    all_read(d)
    calls_ended(d)
    assert not said(d, number, "busy with emergency")
    assert not replies(d, world, number, SECOND)
    assert not own_pages(world)


# -- who is told -----------------------------------------------------------

def test_a_page_for_a_busy_engineer_calls_the_manager_once(daemon, world,
                                                           cast):
    """As soon as it is assigned, and not again when they acknowledge."""
    d = daemon(services=("slack",), **LONG)
    _, first = busy_engineer(d, world, cast)
    number, second = globex(d, world, cast)
    assert_told_once(d, world, cast, number, first, second)
    acknowledged(d, world, number, cast.engineer_pd)
    comment(world, second, cast.globex_customer, body="Hello?")
    all_read(d)
    assert_told_once(d, world, cast, number, first, second)


def test_an_acknowledgement_by_a_busy_engineer_calls_the_manager(
        daemon, world, cast):
    d = daemon(services=("slack",), **LONG)
    _, first = busy_engineer(d, world, cast)
    number, second = globex(d, world, cast, assignees=[cast.second_pd["id"]])
    assert_not_told(d, world, number)
    acknowledged(d, world, number, cast.engineer_pd)
    assert_told_once(d, world, cast, number, first, second)


def test_it_is_told_once_the_customer_is_known(daemon, world, cast):
    """The page comes and is acknowledged before the ticket can be read."""
    d = daemon(services=("slack",), **LONG)
    _, first = busy_engineer(d, world, cast)
    second = urgent_ticket(world, cast, 0, requester=cast.globex_customer,
                           tags=["saas"])
    held = world.zendesk.fault("GET", rf"/tickets/{second['id']}$",
                               times=None, hold=True)
    incident = page_for(world, cast, second, 0)
    e = d.wait_for_emergency(ticket=second["id"])
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    d.wait_for_emergency(emergency_id=e["id"], state="acknowledged")
    assert not own_pages(world)
    held.cancel()
    assert_told_once(d, world, cast, e["id"], first, second)


def test_which_of_the_two_came_first_does_not_matter(daemon, world, cast):
    """Both wait; the engineer takes the later one, then the earlier."""
    d = daemon(services=("slack",), **LONG)
    early = urgent_ticket(world, cast, 0, requester=cast.globex_customer,
                          tags=["saas"])
    page_for(world, cast, early, 0)
    number = read(d, early)
    _, late = busy_engineer(d, world, cast)
    all_read(d)
    assert not own_pages(world)
    acknowledged(d, world, number, cast.engineer_pd)
    assert_told_once(d, world, cast, number, late, early)
    comment(world, late, cast.customer, body="Hello?")
    all_read(d)
    assert len(own_pages(world)) == 1


def test_a_second_one_of_the_same_customer_is_theirs(daemon, world, cast):
    d = daemon(services=("slack",), **LONG)
    busy_engineer(d, world, cast)
    ticket = urgent_ticket(world, cast, 0, subject="The other site")
    page_for(world, cast, ticket, 0)
    number = read(d, ticket)
    acknowledged(d, world, number, cast.engineer_pd)
    assert_not_told(d, world, number)


@pytest.mark.parametrize("end", ["close", "downgrade"])
def test_an_engineer_whose_emergency_is_over_is_free(daemon, world, cast,
                                                     end):
    d = daemon(services=("slack",), **LONG)
    first, _ = busy_engineer(d, world, cast)
    if end == "downgrade":
        order(d, first, "contacted")
        order(d, first, "downgrade")
        d.wait_for_emergency(emergency_id=first, state="downgraded")
    else:
        closed(d, first)
    number, _ = globex(d, world, cast)
    acknowledged(d, world, number, cast.engineer_pd)
    assert_not_told(d, world, number)


# -- who has it ------------------------------------------------------------

def test_the_busy_engineer_does_not_end_the_ladder_but_take_does(
        daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast, "3s", "5s"), **LONG)
    busy_engineer(d, world, cast)
    number, _ = globex(d, world, cast)
    acknowledged(d, world, number, cast.engineer_pd)
    wait_reply(d, world, number, "Mona Manager: nobody has taken")
    [page] = [p for p in own_pages(world)
              if p["service"]["id"] == cast.manager_service["id"]]
    order(d, number, "take", by="Eng One")
    later = urgent_ticket(world, cast, 0, subject="A later one")
    page_for(world, cast, later, 0)
    wait_said(d, read(d, later), "calling the next in line (2)")
    assert len(said(d, number, "calling the next in line")) == 1


def test_the_ack_command_of_a_busy_engineer_does_not_end_the_ladder(
        daemon, world, cast):
    """Pressed in Slack, where it is known who they are; their own "I take
    it" does."""
    d = daemon(services=("slack",), config=ladder(cast, "2s", "3s"), **LONG)
    busy_engineer(d, world, cast)
    number, _ = globex(d, world, cast, assignees=[cast.second_pd["id"]])
    root = root_of(d, world, number)
    world.slack.press(cast.engineer_slack, root, "Acknowledge")
    wait_reply(d, world, number, SECOND)
    wait_said(d, number, "calling the next in line (2)")
    take = wait_reply(d, world, number, SECOND)
    world.slack.press(cast.engineer_slack, take, "I take it")
    wait_said(d, number, "Eng One takes it.")
    assert d.emergency(number)["engineer"]["email"] == "engineer@example.com"


def test_the_second_to_acknowledge_becomes_its_engineer(daemon, world, cast):
    d = daemon(services=("slack",), config=ladder(cast, "3s", "4s"), **LONG)
    busy_engineer(d, world, cast)
    number, _ = globex(d, world, cast)
    acknowledged(d, world, number, cast.engineer_pd)
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.second_pd)
    wait_until(lambda: (d.emergency(number)["engineer"] or {}).get("email")
               == "second@example.com", 10, "the second engineer",
               lambda: d.emergency(number)["engineer"])
    later = urgent_ticket(world, cast, 0, subject="A later one")
    page_for(world, cast, later, 0)
    wait_said(d, read(d, later), "calling the next in line (2)")
    assert not said(d, number, "calling the next in line")


# -- whom people call ------------------------------------------------------

@pytest.mark.parametrize("who, called, name", [
    ("engineer", "engineer_pd", "Eng One"),
    ("manager", "manager_pd", "Mona Manager"),
    ("second@example.com", "second_pd", "Eng Two"),
    ("Max Manager", "second_manager_pd", "Max Manager"),
])
def test_a_person_is_paged_by_command(daemon, world, cast, who, called,
                                      name):
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    oncalls_read(world)
    order(d, number, "page", who=who)
    [page] = wait_own_pages(world, 1)
    assert assignees(page) == [getattr(cast, called)["id"]]
    assert page["service"]["id"] == cast.service["id"]
    assert f"#{ticket['id']}" in page["title"]
    message = wait_reply(d, world, number, "Tess Test pages")
    assert mentions(world, message) == [f"@{name}"]
    wait_said(d, number, f"Paged {name}.")


def test_somebody_whom_nobody_knows_is_not_paged(daemon, world, cast):
    d = daemon(services=("slack",), **LONG)
    number, _ = opened(d, world, cast)
    oncalls_read(world)
    error = refuse(d, number, "page", who="Nobody Here")
    assert "nobody of that name is on call" in error
    channel, _ = thread_of(d, number)
    world.slack.command(cast.engineer_slack, channel, "/emergency",
                        f"page {number} Nobody Here")
    assert not own_pages(world)
    assert not said(d, number, "pages")


def test_a_person_is_paged_also_after_the_end(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = opened(d, world, cast)
    closed(d, number)
    order(d, number, "page", who="engineer")
    [page] = wait_own_pages(world, 1)
    assert assignees(page) == [cast.engineer_pd["id"]]


def test_the_manager_on_call_is_called_by_command(daemon, world, cast):
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    oncalls_read(world)
    order(d, number, "manager")
    message = wait_reply(d, world, number, "Tess Test needs you")
    assert mentions(world, message) == ["@Mona Manager"]
    in_channel = world.slack.wait_for_message(
        cast.channels["support_managers"], "Tess Test needs you")
    assert mentions(world, in_channel) == ["@Mona Manager"]
    [page] = wait_own_pages(world, 1)
    assert assignees(page) == [cast.manager_pd["id"]]
    assert ticket_url(world, ticket) in page_texts(world)[0]


def test_each_order_of_a_page_is_a_page(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = opened(d, world, cast)
    order(d, number, "page", who="engineer")
    order(d, number, "page", who="engineer")
    assert len(wait_own_pages(world, 2)) == 2


# -- a page that is resolved -----------------------------------------------

def test_a_resolve_before_contact_is_warned_of_and_stops_no_clock(
        daemon, world, cast):
    d = daemon(services=("slack",), **LONG)
    number, ticket = opened(d, world, cast)
    [page] = d.emergency(number)["pages"]
    world.pagerduty.resolve(page["incident_id"], cast.engineer_pd)
    text = world.slack.text_of(wait_reply(d, world, number,
                                          "has not been contacted yet"))
    assert "@Eng One resolved the page" in text
    assert d.emergency(number)["state"] == "acknowledged"
    comment(world, ticket, cast.engineer)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert e["next"]["step"] == "follow_up" and e["held"] is None
    assert len(replies(d, world, number, "has not been contacted yet")) == 1


def test_a_resolve_after_contact_stops_no_clock(daemon, world, cast):
    d = daemon(services=("slack",), follow_up_after="4s",
               downgrade_after="2s")
    number, ticket = opened(d, world, cast)
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    [page] = d.emergency(number)["pages"]
    world.pagerduty.resolve(page["incident_id"], cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert not replies(d, world, number, "has not been contacted yet")
