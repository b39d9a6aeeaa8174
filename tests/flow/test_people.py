"""Who wrote what: contact, an answer, a doubt, or nothing at all."""

import pytest
from harness import wait_until
from scenes import (LONG, all_read, comment, contacted, opened, own_comments,
                    page_for, read, said, seconds, two_polls, urgent_ticket,
                    wait_asked, wait_said, writes)
from standins import Answer

KINDS = pytest.mark.parametrize("webhook", ["trigger", "events"])
SOON = {"follow_up_after": "5s", "downgrade_after": "2s"}
MERGED = ('Request #12 "Old news" was closed and merged into this request. '
          "Last comment in request #12: please help")
AWAY = "I am out of office until Monday."


def staged(d, world, cast, *comments, **fields):
    """(id, ticket): written long before the page came that opens it.

    comments: (who, text, changes) after the engineer's first one; the
    follow-up is due as soon as they are read.
    """
    ticket = urgent_ticket(world, cast, 100, **fields)
    comment(world, ticket, cast.engineer, 80)
    for age, (who, text, more) in enumerate(comments):
        comment(world, ticket, who, 60 - age, text, **more)
    d.zendesk_webhook.wait_idle()
    page_for(world, cast, ticket, 90)
    return read(d, ticket), ticket


# -- first contact ---------------------------------------------------------

@KINDS
def test_staff_make_contact_by_a_public_comment_only(daemon, world, cast,
                                                     webhook):
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = opened(d, world, cast)
    comment(world, ticket, cast.second, 2, "Who takes it?", public=False)
    contact = comment(world, ticket, cast.engineer, 1)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert 0 <= seconds(contact["created_at"], e["contacted_at"]) < 1
    assert said(d, number, "Eng One contacted the customer")
    assert not said(d, number, "Eng Two")


@KINDS
@pytest.mark.parametrize("who", ["customer", "colleague", "outsider"])
def test_what_a_customer_writes_first_is_neither_contact_nor_answer(
        daemon, world, cast, webhook, who):
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = opened(d, world, cast)
    comment(world, ticket, getattr(cast, who), 3, "Hello? It is down!")
    comment(world, ticket, cast.engineer, body="Here we are.")
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert e["answered_at"] is None and e["next"]["step"] == "follow_up"


@KINDS
def test_a_requester_of_staff_makes_no_contact(daemon, world, cast, webhook):
    """Support opened the ticket for itself: its words are the customer's,
    but perhaps not."""
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = opened(d, world, cast, requester=cast.second,
                            organization=cast.acme)
    comment(world, ticket, cast.second, 2, "Any news?")
    comment(world, ticket, cast.engineer, 1)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    assert said(d, number, "Eng One contacted the customer")
    comment(world, ticket, cast.second, body="Thanks, I am here.")
    wait_said(d, number, "The requester, who is of staff, wrote")
    e = d.emergency(number)
    assert (e["state"], e["held"]) == ("contacted", None)


@KINDS
@pytest.mark.parametrize("what", ["description", "system", "ignored",
                                  "merge note", "private"])
def test_what_is_no_contact(daemon, world, cast, webhook, what):
    d = daemon(zendesk_webhook=webhook, ignored_authors=cast.manager["id"],
               **LONG)
    submitter = cast.engineer if what == "description" else None
    number, ticket = opened(d, world, cast, submitter=submitter, ago_s=5)
    if what == "system":
        comment(world, ticket, -1, 3, "An SLA was breached.")
    if what == "ignored":
        comment(world, ticket, cast.manager, 3, "We have got it.")
    if what == "merge note":
        comment(world, ticket, cast.engineer, 3, MERGED)
    if what == "private":
        comment(world, ticket, cast.engineer, 3, "Hm.", public=False)
    comment(world, ticket, cast.second)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    contact = said(d, number, "contacted the customer")
    assert [entry["by"] for entry in contact] == ["Eng Two"]


def test_merging_another_ticket_into_it_is_no_contact(daemon, world, cast):
    d = daemon(zendesk_webhook="events", **LONG)
    number, ticket = opened(d, world, cast)
    other = urgent_ticket(world, cast, priority="normal")
    world.zendesk.merge(other, ticket, by=cast.engineer)
    d.zendesk_webhook.wait_delivered("merged")
    comment(world, ticket, cast.second)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    contact = said(d, number, "contacted the customer")
    assert [entry["by"] for entry in contact] == ["Eng Two"]


# -- answers ---------------------------------------------------------------

@KINDS
@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("who", ["customer", "colleague", "CC", "follower"])
def test_an_answer_is_by_anyone_of_the_ticket(daemon, world, cast, webhook,
                                              who, public):
    """By event webhook a colleague or a CC looks like an outsider until
    the API tells."""
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = contacted(d, world, cast, email_ccs=(
        [cast.outsider] if who == "CC" else []), followers=(
        [cast.outsider] if who == "follower" else []))
    author = {"customer": cast.customer, "colleague": cast.colleague}.get(
        who, cast.outsider)
    comment(world, ticket, author, body="Back again.", public=public)
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["answered_at"] and e["next"] is None and e["held"] is None


@KINDS
def test_an_outsider_is_a_doubt_and_the_step_is_asked(daemon, world, cast,
                                                      webhook):
    d = daemon(zendesk_webhook=webhook, **SOON)
    number, ticket = contacted(d, world, cast, 0)
    comment(world, ticket, cast.outsider, body="Me too!")
    wait_said(d, number, "Someone wrote who is neither")
    e = d.emergency(number)
    assert (e["held"], e["next"]["step"]) == (None, "follow_up")
    e = wait_asked(d, number, "follow_up")
    assert "neither requester, CC nor of the organisation" in e["held_why"]
    assert said(d, number, "The follow-up is due, but")
    assert not writes(world, ticket)


def test_one_who_was_taken_for_an_outsider_lifts_the_question(
        daemon, world, cast):
    """The API's answer comes when the step is asked already."""
    d = daemon(zendesk_webhook="events", follow_up_after="3s")
    number, ticket = contacted(d, world, cast, 0,
                               email_ccs=[cast.outsider])
    reads = world.zendesk.fault("GET", r"/tickets/\d+$", hold=True,
                                times=None)
    comment(world, ticket, cast.outsider, body="Me too!")
    wait_said(d, number, "Someone wrote who is neither")
    wait_asked(d, number, "follow_up")
    reads.cancel()
    e = d.wait_for_emergency(emergency_id=number, state="engaged")
    assert e["held"] is None
    assert not writes(world, ticket)


def test_a_suspended_reply_is_a_doubt(daemon, world, cast):
    """Seen by the look, where the credentials may see it."""
    world.zendesk.set_client_user(cast.manager)  # an admin
    d = daemon(**SOON)
    number, ticket = contacted(d, world, cast, 2)
    world.zendesk.suspend("Carol", "carol@private.example", "Re: down",
                          "I am here!", ticket=ticket)
    e = wait_asked(d, number, "follow_up")
    assert "suspended" in e["held_why"]
    assert not writes(world, ticket)


@KINDS
def test_a_merged_ticket_is_a_doubt(daemon, world, cast, webhook):
    """The customer's last comment there is in the note."""
    d = daemon(zendesk_webhook=webhook, **SOON)
    number, ticket = contacted(d, world, cast, 0)
    comment(world, ticket, cast.engineer, body=MERGED)
    e = wait_asked(d, number, "follow_up")
    assert "a ticket was merged into this one" in e["held_why"]
    assert not writes(world, ticket)


@KINDS
def test_an_automatic_reply_asks_the_downgrade_only(daemon, world, cast,
                                                    webhook):
    d = daemon(zendesk_webhook=webhook, **SOON)
    number, ticket = staged(d, world, cast, (cast.customer, AWAY, {}))
    e = wait_asked(d, number, "downgrade")
    assert "an automatic reply came" in e["held_why"]
    assert len(own_comments(world, cast, ticket)) == 1
    assert said(d, number, "Follow-up sent")
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"


def test_an_automatic_reply_that_only_quotes_one_is_an_answer(
        daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast)
    comment(world, ticket, cast.customer, body=f"I am here.\n\n> {AWAY}")
    d.wait_for_emergency(emergency_id=number, state="engaged")


def test_auto_reply_patterns_are_settings(daemon, world, cast):
    d = daemon(auto_reply_patterns="*gone fishing*", **LONG)
    number, ticket = contacted(d, world, cast)
    comment(world, ticket, cast.customer, body="GONE FISHING :-)")
    wait_said(d, number, "An automatic reply came")
    assert d.emergency(number)["state"] == "contacted"
    comment(world, ticket, cast.customer, body=AWAY)
    d.wait_for_emergency(emergency_id=number, state="engaged")


@KINDS
@pytest.mark.parametrize("what", ["system", "ignored"])
def test_what_is_no_answer(daemon, world, cast, webhook, what):
    d = daemon(zendesk_webhook=webhook, ignored_authors=cast.outsider["id"],
               **SOON)
    words = {"system": (-1, "An SLA was breached.", {}),
             "ignored": (cast.outsider, "Beep.", {})}
    number, ticket = staged(d, world, cast, words[what])
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert not said(d, number, "asked")
    assert len(own_comments(world, cast, ticket)) == 2


# -- engineers -------------------------------------------------------------

@KINDS
def test_a_further_comment_of_the_engineer_asks(daemon, world, cast,
                                                webhook):
    d = daemon(zendesk_webhook=webhook, **SOON)
    number, ticket = contacted(d, world, cast, 1)
    comment(world, ticket, cast.second, body="Could you try this?")
    wait_said(d, number, "The engineer commented again")
    e = wait_asked(d, number, "follow_up")
    assert "the engineer commented again" in e["held_why"]
    assert not writes(world, ticket)


def test_a_further_comment_may_be_set_to_proceed(daemon, world, cast):
    d = daemon(after_engineer_comment="proceed", **SOON)
    number, ticket = staged(d, world, cast, (cast.second, "Try this?", {}))
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert len(own_comments(world, cast, ticket)) == 2


def test_a_private_comment_of_the_engineer_is_no_doubt(daemon, world, cast):
    d = daemon(**SOON)
    number, ticket = staged(d, world, cast, (
        cast.engineer, "A bug, I think.", {"public": False}))
    d.wait_for_emergency(emergency_id=number, state="downgraded")


@KINDS
@pytest.mark.parametrize("known", [True, False])
def test_our_own_comments_count_for_nothing(daemon, world, cast, webhook,
                                            known):
    """Neither by the author nor, if nobody says who we are, by the text."""
    if not known:
        world.zendesk.fault("GET", "/users/me", times=None,
                            answer=Answer(500))
    d = daemon(zendesk_webhook=webhook, config={
        "zendesk": {"poll_every": "300ms"}}, first_contact="automatic",
        follow_up_after="2s", downgrade_after="2s")
    ticket = urgent_ticket(world, cast)
    incident = page_for(world, cast, ticket)
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    e = wait_asked(d, read(d, ticket), "downgrade")
    two_polls(world)
    e = d.emergency(e["id"])
    assert e["held_why"] == ("The downgrade is due, but nobody of staff has "
                             "been there: do-it, extend or replied?")
    assert len(own_comments(world, cast, ticket)) == 2
    assert not said(d, e["id"], "contacted the customer")
    assert not said(d, e["id"], "commented again")


# -- the automatic first contact -------------------------------------------

@KINDS
def test_the_automatic_first_comment_is_posted_once_when_acknowledged(
        daemon, world, cast, webhook):
    d = daemon(zendesk_webhook=webhook, first_contact="automatic", **LONG)
    number, ticket = opened(d, world, cast)
    assert not writes(world, ticket)
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    [first] = own_comments(world, cast, ticket)
    assert first["public"] and "an engineer is looking" in first["body"]
    assert seconds(e["contacted_at"], e["next"]["due_at"]) == 600
    world.pagerduty.unacknowledge(page["incident_id"])
    world.pagerduty.acknowledge(page["incident_id"], cast.second_pd)
    wait_said(d, number, "Eng Two acknowledged")
    d.zendesk_webhook.wait_idle()
    assert len(own_comments(world, cast, ticket)) == 1
    assert len(writes(world, ticket)) == 1


@KINDS
def test_no_automatic_first_comment_if_a_person_was_first(
        daemon, world, cast, webhook):
    """Even if the webhook of theirs was lost: the look finds it."""
    d = daemon(zendesk_webhook=webhook, first_contact="automatic", **LONG)
    number, ticket = opened(d, world, cast)
    all_read(d)
    d.zendesk_webhook.hold()
    comment(world, ticket, cast.second, 1)
    d.zendesk_webhook.lose()
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd)
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    [action] = [a for a in e["actions"] if a["kind"] == "first_contact"]
    assert action["state"] == "cancelled"
    assert said(d, number, "Eng Two contacted the customer")
    assert not writes(world, ticket)


def test_a_person_after_the_automatic_comment_is_not_a_further_one(
        daemon, world, cast):
    d = daemon(first_contact="automatic", follow_up_after="3s",
               downgrade_after="2s")
    number, ticket = opened(d, world, cast)
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    comment(world, ticket, cast.engineer, body="Let us have a call.")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert not said(d, number, "commented again")
    assert len(own_comments(world, cast, ticket)) == 3


@pytest.mark.parametrize("automatic", [False, True])
def test_the_page_is_resolved_when_a_person_made_contact(
        daemon, world, cast, automatic):
    d = daemon(resolve_on_contact="yes",
               first_contact="automatic" if automatic else "manual", **LONG)
    number, ticket = opened(d, world, cast)
    [page] = d.emergency(number)["pages"]
    incident = world.pagerduty.incidents[page["incident_id"]]
    world.pagerduty.acknowledge(incident, cast.engineer_pd)
    if automatic:
        d.wait_for_emergency(emergency_id=number, state="contacted")
    assert not world.pagerduty.received("PUT")
    comment(world, ticket, cast.engineer)
    wait_until(lambda: incident["status"] == "resolved", 10, "a resolve")
    wait_said(d, number, "Page resolved")
    d.pagerduty_webhook.wait_delivered("incident.resolved")
    e = d.emergency(number)
    assert e["state"] == "contacted" and e["pages"][0]["status"] == "resolved"
    assert not said(d, number, "has not been contacted yet")
    assert len(world.pagerduty.received("PUT")) == 1
