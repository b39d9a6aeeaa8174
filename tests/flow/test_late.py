"""What comes late, twice, out of order or from ourselves; and how it all
reads afterwards."""

import re

import pytest
from harness import wait_until
from scenes import (LONG, all_read, comment, contacted, in_state,
                    later_follow_up, next_second, opened, order,
                    own_comments, page_for, read, said, seconds, two_polls,
                    urgent_ticket, wait_said, writes)
from trials import SHORT, log_lines

KINDS = pytest.mark.parametrize("webhook", ["trigger", "events"])
POLL = {"zendesk": {"poll_every": "300ms"}}
TICKET = r"/api/v2/tickets/\d+$"


# -- solved, closed, deleted, lowered --------------------------------------

@KINDS
@pytest.mark.parametrize("state", ["acknowledged", "contacted",
                                   "followed_up"])
def test_solved_closes_and_open_again_goes_on_with_the_rest(
        daemon, world, cast, webhook, state):
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = in_state(d, world, cast, state)
    before = d.emergency(number)
    next_second(world)
    world.zendesk.update(ticket, by=cast.engineer, status="solved")
    e = d.wait_for_emergency(emergency_id=number, state="closed")
    assert (e["closed_why"], e["next"]) == ("solved", None)
    next_second(world)
    world.zendesk.update(ticket, by=cast.engineer, status="open")
    after = d.wait_for_emergency(emergency_id=number, state=state)
    assert after["closed_at"] is None and after["closed_why"] is None
    assert len(d.emergencies()) == 1
    if before["next"]:
        [again] = said(d, number, "open again")
        assert after["next"]["step"] == before["next"]["step"]
        assert seconds(before["next"]["due_at"], after["next"]["due_at"]) \
            == pytest.approx(seconds(e["closed_at"], again["at"]))


def test_a_read_undoes_no_command_of_the_same_second(daemon, world, cast):
    """The API's times are cut to the second; the order of ours is not."""
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast)
    next_second(world)  # all of it within one
    order(d, number, "followed-up")
    order(d, number, "extend", for_="20m")
    world.zendesk.update(ticket, by=cast.engineer, status="solved")
    d.wait_for_emergency(emergency_id=number, state="closed")
    world.zendesk.update(ticket, by=cast.engineer, status="open")
    e = d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert 1190 < e["next"]["in_s"] <= 1200


@KINDS
def test_a_reply_to_a_solved_ticket_is_an_answer(daemon, world, cast,
                                                 webhook):
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = contacted(d, world, cast)
    world.zendesk.update(ticket, by=cast.engineer, status="solved")
    e = d.wait_for_emergency(emergency_id=number, state="closed")
    next_second(world)
    comment(world, ticket, cast.customer, body="It is back!")
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["answered_at"] and len(d.emergencies()) == 1


@pytest.mark.parametrize("how, what", [
    (how, what) for how in ("trigger", "events", "poll")
    for what in ("solved", "closed", "deleted", "merged", "lowered")])
def test_the_end_of_the_ticket_closes(daemon, world, cast, how, what):
    d = daemon(zendesk_webhook="trigger" if how == "poll" else how,
               config=POLL if how == "poll" else {}, **LONG)
    number, ticket = contacted(d, world, cast)
    if how == "poll":
        d.zendesk_webhook.hold()
    if what in ("solved", "closed"):
        world.zendesk.update(ticket, by=cast.engineer, status=what)
    if what == "deleted":
        world.zendesk.delete(ticket, by=cast.manager)
    if what == "merged":
        other = urgent_ticket(world, cast, priority="normal")
        world.zendesk.merge(ticket, other, by=cast.engineer)
    if what == "lowered":
        world.zendesk.update(ticket, by=cast.engineer, priority="normal")
    if how == "poll":
        d.zendesk_webhook.lose()
    e = d.wait_for_emergency(emergency_id=number, state="closed")
    assert e["next"] is None and e["closed_at"]
    assert {"solved": "solved", "closed": "closed", "deleted": "deleted",
            "merged": "", "lowered": "set the ticket to normal"}[what] in (
        e["closed_why"])
    assert len(d.emergencies()) == 1
    assert not writes(world, ticket)


def test_nothing_is_sent_for_a_ticket_that_was_lowered_unseen(
        daemon, world, cast):
    """The look before the follow-up finds it."""
    d = daemon(follow_up_after="2s")
    number, ticket = contacted(d, world, cast, 0)
    d.zendesk_webhook.hold()
    world.zendesk.update(ticket, by=cast.engineer, priority="high")
    d.zendesk_webhook.lose()
    d.wait_for_emergency(emergency_id=number, state="closed")
    assert not writes(world, ticket)


# -- our own downgrade -----------------------------------------------------

@KINDS
@pytest.mark.parametrize("echo", ["before", "after"])
def test_the_echo_of_our_own_downgrade_closes_nothing(daemon, world, cast,
                                                      webhook, echo):
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = contacted(d, world, cast)
    put = world.zendesk.fault("PUT", TICKET, after_effect=True,
                              hold=echo == "before")
    d.zendesk_webhook.hold()
    order(d, number, "downgrade")
    put.wait_hit()
    if echo == "after":
        d.wait_for_emergency(emergency_id=number, state="downgraded")
    next_second(world)
    reads = len(world.zendesk.received("GET", TICKET))
    d.zendesk_webhook.flow()
    d.zendesk_webhook.wait_idle()
    order(d, number, "note", text="the echo was heard")
    put.release()
    if webhook == "trigger":  # its read waits for the end of the write
        world.zendesk.wait_for_request("GET", TICKET, count=reads + 1,
                                       answered=True)
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert e["ticket"]["priority"] == "high" and e["closed_at"] is None
    assert not said(d, number, "Closed")
    assert len(d.emergencies()) == 1
    assert len(own_comments(world, cast, ticket)) == 1


def test_the_downgrade_writes_what_is_set(daemon, world, cast):
    d = daemon(config={"zendesk": {
        "downgrade_priority": "normal", "downgrade_form": "360055",
        "downgrade_tags": "+calm, +emergency_over, -emergency, -gone",
        "downgrade_fields": "360077:stage_nrt, 360078:x"}}, **LONG)
    number, ticket = contacted(
        d, world, cast, form=360054, tags=["emergency", "vip"],
        custom_fields={360077: "stage_emergency", 360079: "kept"})
    order(d, number, "downgrade")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    written = world.zendesk.tickets[ticket["id"]]
    assert written["priority"] == "normal"
    assert written["ticket_form_id"] == 360055
    assert written["tags"] == ["calm", "emergency_over", "vip"]
    assert {field["id"]: field["value"] for field in
            written["custom_fields"]} == {360077: "stage_nrt", 360078: "x",
                                          360079: "kept"}
    [closing] = own_comments(world, cast, ticket)
    assert "set this request to normal priority" in closing["body"]
    [write] = writes(world, ticket)
    assert write.json["ticket"]["safe_update"] is True
    assert write.json["ticket"]["comment"]["public"] is True


def test_the_downgrade_may_go_without_a_comment(daemon, world, cast):
    d = daemon(config={"zendesk": {"downgrade_comment": "no",
                                   "downgrade_tags": ""}}, **LONG)
    number, ticket = contacted(d, world, cast, tags=["vip"])
    order(d, number, "downgrade")
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    written = world.zendesk.tickets[ticket["id"]]
    assert (written["priority"], written["tags"]) == ("high", ["vip"])
    assert written["ticket_form_id"] is None
    assert own_comments(world, cast, ticket) == []
    assert said(d, number, "Ticket downgraded to high") and e["downgraded_at"]


@pytest.mark.parametrize("how", ["trigger", "events", "poll"])
def test_raised_again_after_the_downgrade_is_a_new_emergency(
        daemon, world, cast, how):
    d = daemon(zendesk_webhook="trigger" if how == "poll" else how,
               config=POLL if how == "poll" else {}, **LONG)
    number, ticket = in_state(d, world, cast, "downgraded")
    d.zendesk_webhook.wait_idle()
    next_second(world)
    if how == "poll":
        d.zendesk_webhook.hold()
    world.zendesk.update(ticket, by=cast.customer, priority="urgent")
    if how == "poll":
        d.zendesk_webhook.lose()
    e = d.wait_for_emergency(ticket=ticket["id"], state="paged")
    old = d.emergency(number)
    assert e["id"] != number and len(d.emergencies()) == 2
    assert old["state"] == "closed"
    assert old["closed_why"] == "the ticket was raised to urgent again"
    assert e["contacted_at"] is None and e["downgraded_at"] is None
    d.zendesk_webhook.flow()
    comment(world, ticket, cast.engineer, body="Once more.")
    e = d.wait_for_emergency(emergency_id=e["id"], state="contacted")
    assert d.emergency(number)["state"] == "closed"


# -- order -----------------------------------------------------------------

@pytest.mark.parametrize("sequence", [(1, 0), (1, 0, 1, 0), (0, 0, 1, 1)])
def test_pages_events_may_come_in_any_order_and_twice(daemon, world, cast,
                                                      sequence):
    d = daemon(**LONG)
    hook = d.pagerduty_webhook
    hook.hold()
    ticket = urgent_ticket(world, cast)
    incident = page_for(world, cast, ticket)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    events = hook.held
    for index in sequence:
        hook.resend(events[index])
        hook.wait_idle()
    e = d.wait_for_emergency(ticket=ticket["id"], state="acknowledged")
    assert e["engineer"]["name"] == "Eng One"
    assert len(d.emergencies()) == 1 and len(e["pages"]) == 1
    assert len(said(d, e["id"], "acknowledged the page")) == 1
    assert events[0].json["event"]["occurred_at"] == e["opened_at"]
    assert events[1].json["event"]["occurred_at"] == e["acknowledged_at"]


def test_a_page_that_is_told_last_event_first_is_resolved(daemon, world,
                                                          cast):
    """A resolve opens nothing: it is kept until the page is known."""
    d = daemon(**LONG)
    hook = d.pagerduty_webhook
    hook.hold()
    incident = world.pagerduty.trigger(
        "Something is down", cast.service,
        at=world.pagerduty.clock.ago(1))
    world.pagerduty.resolve(incident, cast.engineer_pd)
    triggered, resolved = hook.held
    hook.resend(resolved)
    hook.wait_idle()
    assert d.emergencies() == []
    hook.resend(triggered)
    e = d.wait_for_emergency(state="acknowledged")
    assert e["pages"][0]["status"] == "resolved"
    assert e["engineer"]["name"] == "Eng One"


ENDS = pytest.mark.parametrize("end", [{"status": "solved"},
                                       {"priority": "normal"}],
                               ids=["solved", "lowered"])


@ENDS
@pytest.mark.parametrize("tells", ["title", "alert"])
def test_a_page_that_is_told_after_the_end_opens_nothing_anew(
        daemon, world, cast, end, tells):
    """It came while the ticket's emergency was open: it is one of its."""
    d = daemon(page_if_missing="10m", **LONG)
    ticket = urgent_ticket(world, cast, 0)
    number = d.wait_for_emergency(ticket=ticket["id"])["id"]
    d.pagerduty_webhook.hold()
    words = f"Ticket {ticket['id']}"
    incident = world.pagerduty.trigger(
        words if tells == "title" else "It is down", cast.service,
        alerts=[{"details": words}])
    world.zendesk.update(ticket, by=cast.engineer, **end)
    d.wait_for_emergency(emergency_id=number, state="closed")
    comment(world, ticket, cast.engineer)
    d.pagerduty_webhook.flow()
    wait_until(lambda: [page["incident_id"] for page in
                        d.emergency(number)["pages"]] == [incident["id"]],
               10, "the page", d.emergencies)
    all_read(d)
    [e] = d.emergencies()
    assert (e["id"], e["state"]) == (number, "closed")


@KINDS
@ENDS
def test_what_was_ended_before_its_page_was_told_ends_at_once(
        daemon, world, cast, webhook, end):
    """Nothing was known of the ticket while it was urgent."""
    d = daemon(zendesk_webhook=webhook, **SHORT)
    ticket = urgent_ticket(world, cast, 60)
    d.zendesk_webhook.hold()
    d.pagerduty_webhook.hold()
    page_for(world, cast, ticket, 50)
    comment(world, ticket, cast.engineer, 40)
    world.zendesk.update(ticket, by=cast.engineer,
                         at=world.zendesk.clock.ago(30), **end)
    d.zendesk_webhook.lose()
    d.pagerduty_webhook.flow()
    e = d.wait_for_emergency(ticket=ticket["id"], state="closed")
    assert next(iter(end.values())) in e["closed_why"]
    later_follow_up(d, world, cast)
    assert not own_comments(world, cast, ticket)


@ENDS
def test_a_page_for_what_was_ended_before_it_opens(daemon, world, cast, end):
    d = daemon(**LONG)
    ticket = urgent_ticket(world, cast, 60)
    world.zendesk.update(ticket, by=cast.engineer,
                         at=world.zendesk.clock.ago(30), **end)
    page_for(world, cast, ticket, 10)
    number = read(d, ticket)
    all_read(d)
    assert d.emergency(number)["state"] == "paged"


def test_a_late_acknowledgement_does_not_undo_its_end(daemon, world, cast):
    d = daemon(**LONG)
    hook = d.pagerduty_webhook
    number, ticket = opened(d, world, cast)
    [page] = d.emergency(number)["pages"]
    hook.hold()
    clock = world.pagerduty.clock
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd,
                                at=clock.ago(2))
    world.pagerduty.unacknowledge(page["incident_id"], at=clock.ago(1))
    acknowledged, over = hook.held
    for event in (over, acknowledged, acknowledged):
        hook.resend(event)
        hook.wait_idle()
    e = d.emergency(number)
    assert (e["state"], e["acknowledged_at"]) == ("paged", None)
    assert e["pages"][0]["status"] == "triggered"


@pytest.mark.parametrize("kind", ["contact", "answer"])
def test_a_comments_webhook_before_its_emergency_counts(
        daemon, world, cast, kind):
    """Kept until the page comes that opens it, in its place."""
    d = daemon(zendesk_webhook="events", **LONG)
    reads = world.zendesk.fault("GET", r"/comments$", times=None, hold=True)
    ticket = urgent_ticket(world, cast, 60)
    comment(world, ticket, cast.engineer, 30)
    if kind == "answer":
        comment(world, ticket, cast.customer, 20, "Hello!")
    d.zendesk_webhook.wait_idle()
    page_for(world, cast, ticket, 50)
    e = d.wait_for_emergency(ticket=ticket["id"], state={
        "contact": "contacted", "answer": "engaged"}[kind])
    assert seconds(e["opened_at"], e["contacted_at"]) == pytest.approx(
        20, abs=0.1)
    reads.cancel()


def test_comments_from_before_the_emergency_do_not_count(daemon, world,
                                                         cast):
    d = daemon(**LONG)
    ticket = urgent_ticket(world, cast, 600)
    comment(world, ticket, cast.engineer, 500)
    comment(world, ticket, cast.customer, 400, "Thanks.")
    page_for(world, cast, ticket, 60)
    number = read(d, ticket)
    assert d.emergency(number)["state"] == "paged"
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="contacted")


@KINDS
def test_every_webhook_twice_changes_nothing(daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, follow_up_after="2s",
               downgrade_after="2s")
    d.zendesk_webhook.copies = d.pagerduty_webhook.copies = 2
    number, ticket = contacted(d, world, cast)
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    d.zendesk_webhook.wait_idle()
    assert len(own_comments(world, cast, ticket)) == 2
    assert len(said(d, number, "sent")) == 1
    assert len(d.emergencies()) == 1


@KINDS
def test_an_answer_that_comes_after_the_next_contact_is_put_in_its_place(
        daemon, world, cast, webhook):
    """Its webhook is held back while the engineer writes on."""
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = opened(d, world, cast, 120)
    d.zendesk_webhook.hold()
    comment(world, ticket, cast.engineer, 90)
    comment(world, ticket, cast.customer, 60, "Here I am.")
    comment(world, ticket, cast.engineer, 30, "Good.")
    for delivery in reversed(d.zendesk_webhook.held):
        d.zendesk_webhook.release(delivery)
        d.zendesk_webhook.wait_idle()
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert 29 <= seconds(e["contacted_at"], e["answered_at"]) <= 31


# -- dry run ---------------------------------------------------------------

def test_dry_run_writes_nothing_and_records_everything(daemon, world, cast):
    d = daemon(dry_run="yes", first_contact="automatic",
               resolve_on_contact="yes", page_if_missing="1s",
               follow_up_after="2s", downgrade_after="2s")
    wait_until(lambda: log_lines(d, "DRY-RUN"), 10, "a warning")
    ticket = urgent_ticket(world, cast)
    page_for(world, cast, ticket)
    number = read(d, ticket)
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    order(d, number, "contacted", how="by phone")
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert e["dry_run"] is True
    assert {a["kind"]: a["state"] for a in e["actions"]} == {
        "first_contact": "dry", "resolve_page": "dry", "follow_up": "dry",
        "downgrade": "dry", "note_page": "dry"}
    for text in ("Follow-up sent", "Ticket downgraded"):
        assert said(d, number, text)
    other = urgent_ticket(world, cast, 0, subject="Another")
    wait_said(d, read(d, other), "paging")
    wait_until(lambda: [a["state"] for a in d.wait_for_emergency(
        ticket=other["id"])["actions"] if a["kind"] == "create_page"]
        == ["dry"], 10, "a dry page")
    for service in (world.zendesk, world.pagerduty):
        assert [r for r in service.requests if r.method != "GET"
                and r.path != "/oauth/tokens"] == []
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"


def test_what_was_dry_is_never_sent_later(daemon, world, cast):
    d = daemon(dry_run="yes", config=POLL, follow_up_after="2s",
               downgrade_after="2s")
    number, ticket = contacted(d, world, cast)
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    d.stop()
    d.configure({"policy": {"dry_run": "no"}})
    d.start()
    two_polls(world)
    later, other = contacted(d, world, cast)
    d.wait_for_emergency(emergency_id=later, state="followed_up")
    assert not writes(world, ticket) and writes(world, other)
    assert d.emergency(number)["dry_run"] is True


# -- how it reads ----------------------------------------------------------

def test_the_timeline_reads_well(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    ticket = urgent_ticket(world, cast, 60)
    incident = page_for(world, cast, ticket, 50)
    number = read(d, ticket)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="acknowledged")
    order(d, number, "note", text="I know this one.")
    next_second(world)  # else it comes before what has milliseconds
    comment(world, ticket, cast.engineer)
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    next_second(world)
    comment(world, ticket, cast.customer, body="I was away.")
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    told = [(entry["kind"], entry["by"], re.sub(
        r"In \d s", "In N s", entry["text"])) for entry in e["timeline"]]
    unless = "unless the customer answers. Extend, if that is too early."
    assert told == [
        ("page", None, f"Page {incident['id']}: Emergency, ticket "
                       f"#{ticket['id']}."),
        ("ticket", None, f"Ticket {ticket['id']}."),
        ("page", "Eng One", "Eng One acknowledged the page."),
        ("note", "Tess Test", "I know this one."),
        ("comment", "Eng One", "Eng One contacted the customer."),
        ("clock", None, f"In N s the follow-up goes out, {unless}"),
        ("call", None, "Follow-up sent."),
        ("clock", None, f"In N s the ticket is downgraded, {unless}"),
        ("call", None, "Ticket downgraded to high."),
        ("prompt", "Carol Customer", "The customer answered: the clocks are "
         "stopped. The ticket was downgraded before: back to urgent?")]
    times = [entry["at"] for entry in e["timeline"]]
    assert times == sorted(times)


def test_the_api_has_exactly_the_contracts_keys(daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = in_state(d, world, cast, "downgraded")
    [row] = d.emergencies()
    e = d.emergency(number)
    keys = ["id", "state", "held", "held_why", "ticket", "pages",
            "organization", "engineer", "opened_at", "acknowledged_at",
            "contacted_at", "followed_up_at", "answered_at",
            "downgraded_at", "closed_at", "closed_why", "next", "bridge",
            "thread", "dry_run"]
    assert list(row) == keys
    assert list(e) == keys + ["timeline", "actions", "checklist"]
    assert {key: e[key] for key in keys} == row
    assert list(e["ticket"]) == ["id", "url", "subject", "priority",
                                 "status"]
    assert list(e["pages"][0]) == ["incident_id", "status", "url"]
    assert list(e["organization"]) == ["id", "name"]
    assert {tuple(entry) for entry in e["timeline"]} == {
        ("at", "kind", "by", "text")}
    assert {tuple(action) for action in e["actions"]} == {
        ("id", "service", "kind", "state", "attempts", "next_at", "error")}
    later, _ = contacted(d, world, cast)
    e = d.emergency(later)
    assert list(e["next"]) == ["step", "due_at", "in_s"]
    assert e["checklist"] == [] and e["bridge"] is None
    assert [row["id"] for row in d.emergencies()] == [later, number]
    assert [row["id"] for row in d.emergencies(state="downgraded")] == [
        number]
