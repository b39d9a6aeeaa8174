"""The stories that every emergency is one of."""

import pytest
from harness import wait_until
from scenes import (all_read, comment, contacted, later_follow_up,
                    own_comments, page_for, said, seconds, urgent_ticket,
                    writes)

KINDS = pytest.mark.parametrize("webhook", ["trigger", "events"])
WRITES = r"/api/v2/tickets/\d+$"


@KINDS
def test_nobody_answers_follow_up_then_high(daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, follow_up_after="2s",
               downgrade_after="3s")
    ticket = urgent_ticket(world, cast, ago_s=0)
    d.wait_for_emergency(ticket=ticket["id"], state="paged")
    contact = comment(world, ticket, cast.engineer)
    e = d.wait_for_emergency(state="contacted")
    assert e["next"]["step"] == "follow_up"
    assert 2 <= seconds(contact["created_at"], e["next"]["due_at"]) < 3
    assert seconds(e["contacted_at"], e["next"]["due_at"]) == 2

    e = d.wait_for_emergency(state="followed_up")
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"
    [follow_up] = own_comments(world, cast, ticket)
    assert follow_up["public"]
    for point in ("ready to join you on a call", "suits you better",
                  "continue with this request at high priority",
                  "open a new emergency request"):
        assert point in follow_up["body"]
    assert e["next"]["step"] == "downgrade"
    assert seconds(e["followed_up_at"], e["next"]["due_at"]) == 3

    e = d.wait_for_emergency(state="downgraded")
    follow_up, closing = own_comments(world, cast, ticket)
    assert closing["public"] and "set this request to high" in closing["body"]
    written = world.zendesk.tickets[ticket["id"]]
    assert written["priority"] == "high"
    assert written["tags"] == ["emergency_downgraded"]
    assert seconds(e["followed_up_at"], e["downgraded_at"]) >= 3
    assert e["next"] is None and e["held"] is None and not e["answered_at"]
    assert [(a["kind"], a["state"]) for a in e["actions"]] == [
        ("follow_up", "done"), ("downgrade", "done")]
    assert len(writes(world, ticket)) == 2


@KINDS
@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_an_answer_in_time_stops_everything(daemon, world, cast, webhook,
                                            step):
    d = daemon(zendesk_webhook=webhook, follow_up_after="2s",
               downgrade_after="3s")
    number, ticket = contacted(d, world, cast, 0)
    if step == "downgrade":
        d.wait_for_emergency(state="followed_up")
    answer = comment(world, ticket, cast.customer, body="Here I am.")
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["next"] is None
    assert seconds(answer["created_at"], e["answered_at"]) < 1
    later_follow_up(d, world, cast)
    if step == "downgrade":  # the other's downgrade would come later, too
        d.wait_for_emergency(state="downgraded")
    assert d.emergency(number)["state"] == "engaged"
    assert len(own_comments(world, cast, ticket)) == (step == "downgrade")
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"


@KINDS
@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_the_look_finds_a_reply_whose_webhook_was_lost(
        daemon, world, cast, webhook, step):
    d = daemon(zendesk_webhook=webhook, follow_up_after="2s",
               downgrade_after="2s")
    number, ticket = contacted(d, world, cast, 0)
    if step == "downgrade":
        d.wait_for_emergency(state="followed_up")
    all_read(d)
    d.zendesk_webhook.hold()
    before = len(writes(world, ticket))
    comment(world, ticket, cast.customer, body="Here I am.")
    d.zendesk_webhook.lose()
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    [action] = [a for a in e["actions"] if a["kind"] == step]
    assert action["state"] == "cancelled"
    assert len(writes(world, ticket)) == before
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"


def test_what_was_written_after_the_reply_is_read_as_well(daemon, world,
                                                          cast):
    """The reply ends the call whose look has read them all."""
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    number, ticket = contacted(d, world, cast, 0)
    all_read(d)
    d.zendesk_webhook.hold()
    for author in (cast.customer, cast.colleague, cast.customer):
        comment(world, ticket, author, body="Here I am.")
    d.zendesk_webhook.lose()
    d.wait_for_emergency(emergency_id=number, state="engaged")
    wait_until(lambda: not d.api_get("/api/outbox")[1]["actions"], 10,
               "the end of all calls")
    assert not writes(world, ticket)


@pytest.mark.parametrize("step", ["follow_up", "downgrade"])
def test_a_reply_between_look_and_write_stops_the_write(
        daemon, world, cast, step):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    number, ticket = contacted(d, world, cast, 0)
    if step == "downgrade":
        d.wait_for_emergency(state="followed_up")
    all_read(d)
    d.zendesk_webhook.hold()
    fault = world.zendesk.fault("PUT", WRITES, hook=lambda request: comment(
        world, ticket, cast.customer, body="Here I am."))
    before = len(own_comments(world, cast, ticket))
    fault.wait_hit()
    d.zendesk_webhook.lose()
    d.wait_for_emergency(emergency_id=number, state="engaged")
    assert len(own_comments(world, cast, ticket)) == before
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"
    assert writes(world, ticket)[-1].status == 409


def test_an_answer_after_the_downgrade_tells_the_engineer(
        daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    number, ticket = contacted(d, world, cast)
    d.wait_for_emergency(state="downgraded")
    comment(world, ticket, cast.customer, body="Sorry, I was away.")
    e = d.wait_for_emergency(state="engaged")
    assert e["downgraded_at"] and e["answered_at"]
    [prompt] = said(d, number, "back to urgent?")
    assert prompt["kind"] == "prompt"
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "high"


def test_a_late_first_contact_still_gives_both_periods_in_full(
        daemon, world, cast):
    """The second counts from the follow-up, however late that went out."""
    d = daemon(follow_up_after="2s", downgrade_after="3s")
    world.zendesk.fault("GET", r"/tickets/\d+$", hold=True)
    ticket = urgent_ticket(world, cast)
    comment(world, ticket, cast.engineer, 30)
    page_for(world, cast, ticket, 40)
    wait_until(d.emergencies, 10, "an emergency")
    world.zendesk.clear_faults()
    e = d.wait_for_emergency(state="followed_up")
    assert seconds(e["contacted_at"], e["followed_up_at"]) > 25
    assert seconds(e["followed_up_at"], e["next"]["due_at"]) == 3
    e = d.wait_for_emergency(state="downgraded")
    assert seconds(e["followed_up_at"], e["downgraded_at"]) >= 3
