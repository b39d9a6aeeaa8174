"""What opens an emergency, what does not, and what is one and the same."""

import pytest
from harness import wait_until
from scenes import (LONG, comment, contacted, next_second, opened, order,
                    page_for, read, said, two_polls, urgent_ticket, wait_said)
from standins import Answer

KINDS = pytest.mark.parametrize("webhook", ["trigger", "events"])
ALERTS = r"/incidents/\w+/alerts"
POLL = {"zendesk": {"poll_every": "300ms"}}


def pages_of(d, number):
    return [page["incident_id"] for page in d.emergency(number)["pages"]]


def only_emergency(d, **fields):
    """Waits for it and shows that it is the only one in the list."""
    e = d.wait_for_emergency(**fields)
    assert [row["id"] for row in d.emergencies()] == [e["id"]]
    return e


def opens_after_all(d, world, cast):
    """A page opens its emergency: what came before has been decided."""
    incident = world.pagerduty.trigger("The marker", cast.service)
    wait_until(lambda: any(page["incident_id"] == incident["id"]
                           for row in d.emergencies()
                           for page in row["pages"]), 10, "the marker")
    return [row for row in d.emergencies()
            if incident["id"] not in [page["incident_id"]
                                      for page in row["pages"]]]


# -- pages -----------------------------------------------------------------

@pytest.mark.parametrize("title, key, alert", [
    ("Emergency: ticket #{}", None, None),
    ("Production is down", "zendesk-{}", None),
    ("Production is down", None, {"details": "see ticket {} at once"}),
    ("Production is down", None, {"details": {"a": {"ticket_id": "{}"}}}),
    ("Production is down", None, {"details": {"ticket_id": int}}),
    ("Production is down", None, {"summary": "Zendesk ticket {}"}),
    ("Production is down", None, {"alert_key": "ticket-{}"})], ids=[
        "title", "key", "alert-text", "alert-field", "alert-number",
        "alert-summary", "alert-key"])
def test_a_page_opens_and_names_its_ticket(daemon, world, cast, title, key,
                                           alert):
    d = daemon(**LONG)
    number = urgent_ticket(world, cast)["id"]

    def fill(value):
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return number if value is int else value.format(number)

    world.pagerduty.trigger(fill(title), cast.service,
                            incident_key=key and fill(key),
                            alerts=[fill(alert)] if alert else [])
    e = only_emergency(d, state="paged", ticket=number)
    e = d.wait_for_emergency(
        organization={"id": cast.acme["id"], "name": "Acme"})
    assert e["ticket"] == {
        "id": number, "subject": "Production is down", "status": "open",
        "priority": "urgent",
        "url": f"{world.zendesk.url}/agent/tickets/{number}"}
    assert [page["status"] for page in e["pages"]] == ["triggered"]
    assert not said(d, e["id"], "No ticket is known")


@pytest.mark.parametrize("alerts", [[], [{"details": {"host": "web 12"}}]])
def test_a_page_without_a_ticket_prompts_for_link(daemon, world, cast,
                                                  alerts):
    d = daemon(**LONG)
    ticket = urgent_ticket(world, cast)
    world.pagerduty.trigger("Something is down", cast.service, alerts=alerts)
    e = only_emergency(d, ticket=None)
    prompt = wait_said(d, e["id"], "link one")
    assert prompt["kind"] == "prompt"
    assert order(d, e["id"], "link", ticket=ticket["id"])["id"] == e["id"]
    read(d, ticket)
    e = only_emergency(d, ticket=ticket["id"], state="paged")
    assert e["ticket"]["priority"] == "urgent"
    assert e["ticket"]["subject"] == "Production is down"
    assert len(said(d, e["id"], "link one")) == 1


def test_link_to_a_ticket_with_an_emergency_makes_them_one(
        daemon, world, cast):
    d = daemon(**LONG)
    first, ticket = contacted(d, world, cast)
    incident = world.pagerduty.trigger("Something is down", cast.service)
    second = d.wait_for_emergency(ticket=None)["id"]
    wait_said(d, second, "link one")
    assert order(d, second, "link", ticket=ticket["id"])["id"] == first
    e = only_emergency(d, ticket=ticket["id"], state="contacted")
    assert e["id"] == first and incident["id"] in pages_of(d, first)
    assert len(e["pages"]) == 2


def test_link_counts_the_period_from_the_link(daemon, world, cast):
    """Contacted long ago, but of a ticket nobody knew."""
    d = daemon(**LONG)
    world.pagerduty.trigger("Something is down", cast.service,
                            at=world.pagerduty.clock.ago(300))
    e = d.wait_for_emergency(ticket=None)
    order(d, e["id"], "contacted", how="a voicemail")
    assert d.emergency(e["id"])["next"] is None
    ticket = urgent_ticket(world, cast, 300)
    comment(world, ticket, cast.engineer, 200)
    order(d, e["id"], "link", ticket=ticket["id"])
    read(d, ticket)
    e = d.wait_for_emergency(state="contacted", ticket=ticket["id"])
    assert 590 < e["next"]["in_s"] <= 600


def test_link_to_no_ticket_is_prompted_again(daemon, world, cast):
    d = daemon(**LONG)
    world.pagerduty.trigger("Something is down", cast.service)
    number = d.wait_for_emergency(ticket=None)["id"]
    next_second(world)  # all of it within one
    order(d, number, "link", ticket=999)
    wait_said(d, number, "There is no ticket 999")
    assert d.emergency(number)["ticket"] is None
    ticket = urgent_ticket(world, cast)
    order(d, number, "link", ticket=str(ticket["id"]))
    assert read(d, ticket) == number


def test_our_own_pages_open_nothing(daemon, world, cast):
    d = daemon(**LONG)
    ticket = urgent_ticket(world, cast)
    world.pagerduty.trigger(f"Emergency ticket #{ticket['id']}",
                            cast.service, incident_key="emergencyd-x-7")
    assert opens_after_all(d, world, cast) == []


def test_a_page_of_another_service_opens_nothing(daemon, world, cast):
    d = daemon(**LONG)
    world.pagerduty.trigger("Ticket #4711", cast.manager_service)
    assert opens_after_all(d, world, cast) == []


def test_without_configured_services_any_page_opens(daemon, world, cast):
    d = daemon(config={"pagerduty": {"services": None}}, **LONG)
    incident = world.pagerduty.trigger("Anything", cast.manager_service)
    e = only_emergency(d)
    assert pages_of(d, e["id"]) == [incident["id"]]


def test_a_page_opens_whatever_its_ticket_looks_like(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = opened(d, world, cast, priority="low", status="pending")
    e = d.emergency(number)
    assert (e["state"], e["ticket"]["priority"]) == ("paged", "low")


def test_several_pages_are_one_emergency(daemon, world, cast):
    """Acknowledged while any is; the engineer is the latest to do so."""
    d = daemon(**LONG)
    pd = world.pagerduty
    number, ticket = opened(d, world, cast)
    first = pages_of(d, number)[0]
    second = page_for(world, cast, ticket)["id"]
    wait_until(lambda: len(pages_of(d, number)) == 2, 10, "two pages")
    only_emergency(d, state="paged")

    pd.acknowledge(first, cast.engineer_pd)
    e = d.wait_for_emergency(state="acknowledged")
    assert e["engineer"]["name"] == "Eng One"
    pd.acknowledge(second, cast.second_pd)
    d.wait_for_emergency(engineer={"name": "Eng Two",
                                   "email": "second@example.com"})
    pd.unacknowledge(second)
    e = d.wait_for_emergency(engineer={"name": "Eng One",
                                       "email": "engineer@example.com"})
    assert e["state"] == "acknowledged"
    pd.unacknowledge(first)
    e = d.wait_for_emergency(state="paged")
    assert e["acknowledged_at"] is None
    pd.merge(first, second, cast.second_pd)
    wait_said(d, number, "resolved by a merge")
    e = only_emergency(d, state="paged")
    assert [page["status"] for page in e["pages"]] == ["resolved",
                                                       "triggered"]


def test_a_resolve_before_contact_is_warned_of_and_stops_nothing(
        daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = opened(d, world, cast)
    world.pagerduty.resolve(pages_of(d, number)[0], cast.engineer_pd)
    prompt = wait_said(d, number, "has not been contacted yet")
    assert prompt["kind"] == "prompt"
    e = d.wait_for_emergency(state="acknowledged")
    assert e["engineer"]["name"] == "Eng One"
    comment(world, ticket, cast.engineer)
    e = d.wait_for_emergency(state="contacted")
    assert e["next"]["step"] == "follow_up"


# -- tickets ---------------------------------------------------------------

@KINDS
def test_a_ticket_created_urgent_opens(daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, **LONG)
    ticket = urgent_ticket(world, cast, 0)
    e = only_emergency(d, ticket=ticket["id"], state="paged")
    assert e["pages"] == []
    assert wait_said(d, e["id"], f"Ticket {ticket['id']} is urgent")


@KINDS
def test_a_ticket_that_turns_urgent_opens(daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, **LONG)
    ticket = urgent_ticket(world, cast, priority="normal")
    d.zendesk_webhook.wait_idle()
    assert d.emergencies() == []
    world.zendesk.update(ticket, by=cast.customer, priority="urgent")
    only_emergency(d, ticket=ticket["id"], state="paged")


def test_other_events_open_nothing(daemon, world, cast):
    d = daemon(zendesk_webhook="events", **LONG)
    ticket = urgent_ticket(world, cast, priority="high")
    comment(world, ticket, cast.customer, body="This is urgent!!")
    world.zendesk.update(ticket, by=cast.engineer, status="pending",
                         tags=["urgent"], subject="urgent")
    solved = urgent_ticket(world, cast, 0, status="solved")
    d.zendesk_webhook.wait_idle()
    assert opens_after_all(d, world, cast) == []
    assert not world.zendesk.received("GET", f"/tickets/{solved['id']}")


def test_the_ticket_as_it_is_now_decides(daemon, world, cast):
    """A trigger said urgent, but it was lowered before it was read."""
    d = daemon(zendesk_webhook="trigger", **LONG)
    d.zendesk_webhook.hold()
    ticket = urgent_ticket(world, cast, 0)
    world.zendesk.update(ticket, by=cast.engineer, priority="high")
    d.zendesk_webhook.flow()
    world.zendesk.wait_for_request("GET", rf"/tickets/{ticket['id']}$",
                                   answered=True)
    assert opens_after_all(d, world, cast) == []


@KINDS
@pytest.mark.parametrize("born", ["urgent", "normal"])
def test_the_poll_finds_a_ticket_whose_webhook_was_missed(
        daemon, world, cast, webhook, born):
    d = daemon(zendesk_webhook=webhook, config=POLL, **LONG)
    d.zendesk_webhook.hold()
    ticket = urgent_ticket(world, cast, 0, priority=born)
    if born == "normal":
        world.zendesk.update(ticket, by=cast.customer, priority="urgent")
    d.zendesk_webhook.lose()
    only_emergency(d, ticket=ticket["id"], state="paged")
    two_polls(world)
    only_emergency(d, ticket=ticket["id"])


def test_urgent_before_the_very_first_start_is_listed_not_opened(
        daemon, world, cast):
    d = daemon(config=POLL, start=False, **LONG)
    ticket = urgent_ticket(world, cast)
    d.start()
    two_polls(world)
    assert f"T{ticket['id']} NOT-OPENED" in d.stderr()
    assert d.emergencies() == []
    comment(world, ticket, cast.customer, body="Anyone?")
    d.zendesk_webhook.wait_delivered("ticket.comment")
    two_polls(world)
    assert d.emergencies() == []
    world.zendesk.update(ticket, by=cast.engineer, priority="high")
    world.zendesk.update(ticket, by=cast.customer, priority="urgent")
    only_emergency(d, ticket=ticket["id"], state="paged")


def test_urgent_while_the_daemon_was_down_opens(daemon, world, cast):
    d = daemon(config=POLL, **LONG)
    two_polls(world)
    d.stop()
    d.zendesk_webhook.hold()
    ticket = urgent_ticket(world, cast, 0)
    d.zendesk_webhook.lose()
    d.start()
    only_emergency(d, ticket=ticket["id"], state="paged")


@KINDS
def test_urgent_again_after_its_end_is_a_new_emergency(
        daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, **LONG)
    first, ticket = contacted(d, world, cast)
    world.zendesk.update(ticket, by=cast.engineer, priority="normal")
    d.wait_for_emergency(emergency_id=first, state="closed")
    d.zendesk_webhook.wait_idle()
    world.zendesk.update(ticket, by=cast.customer, priority="urgent")
    e = d.wait_for_emergency(state="paged", ticket=ticket["id"])
    assert e["id"] != first and e["contacted_at"] is None
    old = d.emergency(first)
    assert old["state"] == "closed" and old["contacted_at"]
    assert len(d.emergencies()) == 2


@KINDS
def test_what_a_person_closed_stays_closed_while_urgent(
        daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, config=POLL, **LONG)
    ticket = urgent_ticket(world, cast, 0)
    number = read(d, ticket)
    order(d, number, "close", why="a false alarm")
    two_polls(world)
    comment(world, ticket, cast.customer, body="Still down.")
    d.zendesk_webhook.wait_idle()
    two_polls(world)
    assert opens_after_all(d, world, cast)[0]["state"] == "closed"
    assert len(opens_after_all(d, world, cast)) == 2  # it and one marker


@pytest.mark.parametrize("match, yes, no", [
    ("tag:emergency", {"tags": ["x", "emergency"]}, {"tags": ["emergencyx"]}),
    ("form:360099", {"form": 360099}, {"form": 360098})], ids=["tag", "form"])
@pytest.mark.parametrize("how", ["trigger", "events", "poll"])
def test_emergency_match_says_which_urgent_tickets_count(
        daemon, world, cast, match, yes, no, how):
    d = daemon(zendesk_webhook="trigger" if how == "poll" else how, config={
        "zendesk": {"emergency_match": match, "poll_every":
                    "300ms" if how == "poll" else "1m"}}, **LONG)
    if how == "poll":
        d.zendesk_webhook.hold()
    urgent_ticket(world, cast, 0, **no)
    ticket = urgent_ticket(world, cast, 0, **yes)
    only_emergency(d, ticket=ticket["id"])
    if how == "poll":
        two_polls(world)
    d.zendesk_webhook.wait_idle()
    assert len(opens_after_all(d, world, cast)) == 1


def test_a_page_counts_whatever_emergency_match_says(daemon, world, cast):
    d = daemon(config={"zendesk": {"emergency_match": "tag:emergency"}},
               **LONG)
    number, ticket = opened(d, world, cast)
    assert d.emergency(number)["ticket"]["id"] == ticket["id"]


# -- one and the same ------------------------------------------------------

@KINDS
@pytest.mark.parametrize("first", ["page", "ticket"])
def test_page_and_ticket_are_one_emergency(daemon, world, cast, webhook,
                                           first):
    d = daemon(zendesk_webhook=webhook, **LONG)
    if first == "page":
        d.zendesk_webhook.hold()
    else:
        d.pagerduty_webhook.hold()
    ticket = urgent_ticket(world, cast, 0)
    incident = page_for(world, cast, ticket, 0)
    number = read(d, ticket)
    d.zendesk_webhook.flow()
    d.pagerduty_webhook.flow()
    d.pagerduty_webhook.wait_delivered("incident.triggered")
    d.zendesk_webhook.wait_idle()
    e = only_emergency(d, ticket=ticket["id"])
    assert (e["id"], pages_of(d, number)) == (number, [incident["id"]])


@KINDS
def test_alerts_read_late_join_page_and_ticket(daemon, world, cast, webhook):
    """The older stays, with what happened to the younger meanwhile."""
    d = daemon(zendesk_webhook=webhook, **LONG)
    alerts = world.pagerduty.fault("GET", ALERTS, hold=True)
    ticket = urgent_ticket(world, cast, 0, priority="normal")
    incident = world.pagerduty.trigger("Down", cast.service, alerts=[
        {"details": {"ticket_id": ticket["id"]}}])
    alerts.wait_hit()
    older = d.wait_for_emergency(ticket=None)["id"]
    assert not said(d, older, "link one")
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    world.zendesk.update(ticket, by=cast.customer, priority="urgent")
    younger = read(d, ticket)
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=younger, state="contacted")
    alerts.release()
    e = d.wait_for_emergency(emergency_id=older, ticket=ticket["id"],
                             state="contacted")
    only_emergency(d, ticket=ticket["id"])
    assert younger != older and e["engineer"]["name"] == "Eng One"
    assert e["acknowledged_at"] and pages_of(d, older) == [incident["id"]]
    assert d.emergency(younger)["id"] == older  # its number leads there
    wait_said(d, older, "Eng One contacted the customer")
    assert not said(d, older, "link one")


def test_alerts_that_cannot_be_read_do_not_stop_a_page(daemon, world, cast):
    d = daemon(**LONG)
    world.pagerduty.fault("GET", ALERTS, answer=Answer(503))
    ticket = urgent_ticket(world, cast)
    world.pagerduty.trigger("Down", cast.service, alerts=[
        {"details": {"ticket_id": ticket["id"]}}])
    only_emergency(d, ticket=None)
    only_emergency(d, ticket=ticket["id"])
    assert not said(d, d.emergencies()[0]["id"], "link one")


# -- page_if_missing -------------------------------------------------------

@KINDS
def test_a_ticket_without_a_page_gets_one_once(daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, config=POLL, page_if_missing="1s",
               **LONG)
    ticket = urgent_ticket(world, cast, 0)
    number = read(d, ticket)
    wait_until(lambda: pages_of(d, number), 10, "a page")
    [incident] = world.pagerduty.incidents.values()
    assert pages_of(d, number) == [incident["id"]]
    assert incident["title"] == (f"Emergency ticket #{ticket['id']}: "
                                 "Production is down")
    assert incident["incident_key"].startswith("emergencyd-")
    assert incident["service"]["id"] == cast.service["id"]
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    e = d.wait_for_emergency(emergency_id=number, state="acknowledged")
    assert e["engineer"]["name"] == "Eng One"
    world.pagerduty.resolve(incident, cast.engineer_pd)
    wait_said(d, number, "Eng One resolved the page")
    two_polls(world)
    assert len(world.pagerduty.received("POST", "/incidents$")) == 1
    only_emergency(d)


def test_our_page_is_known_even_if_its_webhook_is_faster(
        daemon, world, cast):
    """The webhook comes before the answer to the call that made it."""
    d = daemon(page_if_missing="1s", **LONG)
    made = world.pagerduty.fault("POST", "/incidents$", after_effect=True,
                                 hold=True)
    ticket = urgent_ticket(world, cast, 0)
    number = read(d, ticket)
    made.wait_hit()
    d.pagerduty_webhook.wait_delivered("incident.triggered")
    assert len(pages_of(d, number)) == 1
    made.release()
    wait_until(lambda: [a["state"] for a in d.emergency(number)["actions"]
                        if a["kind"] == "create_page"] == ["done"], 10,
               "the page's end")
    assert len(pages_of(d, number)) == 1
    only_emergency(d)


def test_a_page_in_time_needs_no_second_one(daemon, world, cast):
    d = daemon(page_if_missing="4s", **LONG)
    ticket = urgent_ticket(world, cast, 0)
    number = read(d, ticket)
    page_for(world, cast, ticket, 0)
    wait_until(lambda: pages_of(d, number), 10, "a page")
    later = urgent_ticket(world, cast, 0, subject="A later one")
    wait_until(lambda: pages_of(d, read(d, later)), 10, "the later's page")
    assert len(pages_of(d, number)) == 1
    assert len(world.pagerduty.received("POST", "/incidents$")) == 1
