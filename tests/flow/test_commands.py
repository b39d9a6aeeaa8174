"""What persons order: where it is allowed, and what it does."""

import pytest
from scenes import (LONG, STATES, all_read, comment, contacted, in_state,
                    next_second, opened, order, own_comments, page_for,
                    read, refuse, said, seconds, urgent_ticket, wait_asked,
                    wait_said, writes)

OPEN = set(STATES) - {"closed"}
BEFORE_CONTACT = {"paged", "acknowledged"}
# The contract's: command → the states it is allowed in.
ALLOWED = {
    "first-contact": BEFORE_CONTACT,
    "contacted": BEFORE_CONTACT,  # in the others somebody was there
    "followed-up": {"contacted"},
    "replied": OPEN,
    "extend": {"contacted", "followed_up"},
    "pause": OPEN,
    "resume": OPEN,
    "do-it": set(),  # needs something that is asked
    "downgrade": {"contacted", "followed_up", "engaged"},
    "urgent": {"downgraded"},
    "call-started": OPEN,
    "link": set(),  # all have a ticket
    "note": set(STATES),
    "close": OPEN,
    "reopen": {"closed"}}
ARGS = {"link": {"ticket": 1}, "note": {"text": "hello"}}
PUT = r"/api/v2/tickets/\d+$"


def asked(d, world, cast):
    """(id, ticket) of an emergency whose follow-up is asked; the period
    must be shorter than a minute."""
    ticket = urgent_ticket(world, cast, 100)
    comment(world, ticket, cast.engineer, 80)
    comment(world, ticket, cast.outsider, 70, "Me too!")
    page_for(world, cast, ticket, 90)
    number = read(d, ticket)
    wait_asked(d, number, "follow_up")
    return number, ticket


@pytest.mark.parametrize("command", ALLOWED)
def test_a_command_is_allowed_where_the_contract_says(daemon, world, cast,
                                                      command):
    d = daemon(**LONG)
    results = {}
    for state in STATES:
        number, _ = in_state(d, world, cast, state)
        before = d.emergency(number)
        code, answer = d.command(number, command, **ARGS.get(command, {}))
        results[state] = code
        if code == 200:
            assert answer["id"] == number
            # The call that it causes may have ended meanwhile.
            ordered = [entry for entry in answer["timeline"] if entry["by"]]
            assert ordered[-1]["by"] == "Tess Test"
        else:
            assert list(answer) == ["error"] and answer["error"]
            after = d.emergency(number)
            # A call may have ended meanwhile.
            moving = {"next": None, "actions": None}
            assert {**after, **moving} == {**before, **moving}
    assert results == {state: 200 if state in ALLOWED[command] else 409
                       for state in STATES}


def test_commands_with_wrong_bodies_are_400_and_change_nothing(
        daemon, world, cast):
    d = daemon(**LONG)
    number, _ = contacted(d, world, cast)
    before = d.emergency(number)
    path = f"/api/emergencies/{number}"
    for command, body in [
            ("pause", {}), ("pause", {"by": ""}), ("pause", {"by": 7}),
            ("pause", ["by"]), ("pause", "Tess"), ("pause", None),
            ("pause", {"by": "x" * 100}),
            ("extend", {"by": "T", "for": "soon"}),
            ("extend", {"by": "T", "for": "-5m"}),
            ("extend", {"by": "T", "for": 15}),
            ("note", {"by": "T"}), ("note", {"by": "T", "text": " "}),
            ("note", {"by": "T", "text": "x" * 2048}),
            ("link", {"by": "T"}), ("link", {"by": "T", "ticket": "x"}),
            ("link", {"by": "T", "ticket": 0}),
            ("close", {"by": "T", "why": 1})]:
        code, answer = d.api_post(f"{path}/{command}", body)
        assert (code, list(answer)) == (400, ["error"]), (command, body)
    after = d.emergency(number)
    assert {**after, "next": None} == {**before, "next": None}


def test_commands_to_nobody_are_404(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = opened(d, world, cast)
    for path in ("/api/emergencies/99/pause",
                 f"/api/emergencies/{number}/dance"):
        code, answer = d.api_post(path, {"by": "Tess"})
        assert (code, list(answer)) == (404, ["error"])


# -- first contact ---------------------------------------------------------

def test_first_contact_posts_the_comment_and_starts_the_clock(
        daemon, world, cast):
    d = daemon(follow_up_after="3s", downgrade_after="2s")
    number, ticket = opened(d, world, cast)
    order(d, number, "first-contact")
    e = d.wait_for_emergency(emergency_id=number, state="contacted")
    [first] = own_comments(world, cast, ticket)
    assert first["public"] and '"Production is down"' in first["body"]
    assert seconds(e["contacted_at"], e["next"]["due_at"]) == 3
    # Whoever pressed was there: nothing is asked before the downgrade.
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert len(own_comments(world, cast, ticket)) == 3


def test_first_contact_twice_posts_once(daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = opened(d, world, cast)
    look = world.zendesk.fault("GET", PUT, hold=True)
    order(d, number, "first-contact")
    look.wait_hit()
    order(d, number, "first-contact")
    look.release()
    d.wait_for_emergency(emergency_id=number, state="contacted")
    refuse(d, number, "first-contact")
    assert len(writes(world, ticket)) == 1
    assert len(own_comments(world, cast, ticket)) == 1


def test_first_contact_is_not_posted_if_someone_was_first(
        daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = opened(d, world, cast)
    all_read(d)
    d.zendesk_webhook.hold()
    comment(world, ticket, cast.second, 2)
    d.zendesk_webhook.lose()
    order(d, number, "first-contact")
    d.wait_for_emergency(emergency_id=number, state="contacted")
    assert said(d, number, "Eng Two contacted the customer")
    assert not writes(world, ticket)


def test_contacted_says_how_and_starts_the_clock(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="2s")
    number, ticket = opened(d, world, cast)
    e = order(d, number, "contacted", how="a voicemail")
    assert e["state"] == "contacted"
    [entry] = said(d, number, "a voicemail")
    assert (entry["kind"], entry["by"]) == ("command", "Tess Test")
    assert seconds(e["contacted_at"], e["next"]["due_at"]) == 2
    d.wait_for_emergency(emergency_id=number, state="downgraded")


def test_contacted_by_other_means_after_the_automatic_comment(
        daemon, world, cast):
    """The clock goes on, but now somebody was there."""
    d = daemon(first_contact="automatic", **LONG)
    number, _ = opened(d, world, cast)
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], cast.engineer_pd)
    before = d.wait_for_emergency(emergency_id=number, state="contacted")
    e = order(d, number, "contacted", how="by phone")
    assert e["next"]["due_at"] == before["next"]["due_at"]
    refuse(d, number, "contacted")


# -- steps -----------------------------------------------------------------

def test_followed_up_counts_from_the_last_comment_of_staff(
        daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast, 40)
    second = comment(world, ticket, cast.engineer, 20, "Still there?")
    wait_said(d, number, "commented again")
    e = order(d, number, "followed-up")
    assert e["state"] == "followed_up" and not writes(world, ticket)
    assert seconds(second["created_at"], e["followed_up_at"]) == 0
    assert seconds(e["followed_up_at"], e["next"]["due_at"]) == 600


def test_followed_up_without_a_comment_counts_from_now(daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast, 60)
    e = order(d, number, "followed-up")
    [entry] = said(d, number, "sent the follow-up by hand")
    assert e["followed_up_at"] == entry["at"]
    assert seconds(entry["at"], e["next"]["due_at"]) == 600
    assert e["next"]["step"] == "downgrade"


def test_followed_up_leads_to_the_downgrade_without_a_question(
        daemon, world, cast):
    d = daemon(follow_up_after="10m", downgrade_after="15s")
    number, ticket = contacted(d, world, cast, 40)
    comment(world, ticket, cast.engineer, 20, "Still there?")
    wait_said(d, number, "commented again")
    order(d, number, "followed-up")
    d.wait_for_emergency(emergency_id=number, state="downgraded")
    [closing] = own_comments(world, cast, ticket)
    assert "set this request to high" in closing["body"]


def test_do_it_does_what_is_asked(daemon, world, cast):
    d = daemon(follow_up_after="10s", downgrade_after="10m")
    number, ticket = asked(d, world, cast)
    e = order(d, number, "do-it")
    assert e["held"] is None
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert len(own_comments(world, cast, ticket)) == 1
    refuse(d, number, "do-it")


def test_do_it_does_not_outrun_an_answer(daemon, world, cast):
    d = daemon(follow_up_after="10s")
    number, ticket = asked(d, world, cast)
    all_read(d)
    d.zendesk_webhook.hold()
    comment(world, ticket, cast.customer, body="I am here!")
    d.zendesk_webhook.lose()
    order(d, number, "do-it")
    d.wait_for_emergency(emergency_id=number, state="engaged")
    assert not writes(world, ticket)


def test_do_it_asks_again_of_a_newer_doubt_only(daemon, world, cast):
    d = daemon(follow_up_after="10s")
    number, ticket = asked(d, world, cast)
    d.zendesk_webhook.hold()
    look = world.zendesk.fault("GET", PUT, hold=True)
    order(d, number, "do-it")
    look.wait_hit()
    next_second(world)  # else it may be as old as the order
    comment(world, ticket, cast.outsider, body="And me again!")
    look.release()
    wait_asked(d, number, "follow_up")
    order(d, number, "do-it")
    d.wait_for_emergency(emergency_id=number, state="followed_up")


def test_extend_settles_what_is_asked(daemon, world, cast):
    d = daemon(follow_up_after="10s", downgrade_after="10m")
    number, ticket = asked(d, world, cast)
    e = order(d, number, "extend", for_="2s")
    assert e["held"] is None and e["next"]["step"] == "follow_up"
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert len(said(d, number, "is due, but")) == 1


@pytest.mark.parametrize("period, wanted", [("20m", 1200), (None, 900)])
@pytest.mark.parametrize("state", ["contacted", "followed_up"])
def test_extend_sets_the_next_step_from_now(daemon, world, cast, state,
                                            period, wanted):
    d = daemon(**LONG)
    number, _ = in_state(d, world, cast, state)
    e = order(d, number, "extend", **({"for_": period} if period else {}))
    [entry] = said(d, number, "extended the period")
    assert seconds(entry["at"], e["next"]["due_at"]) == wanted
    assert e["state"] == state


def test_replied_answers_what_is_asked(daemon, world, cast):
    d = daemon(follow_up_after="10s")
    number, ticket = asked(d, world, cast)
    e = order(d, number, "replied")
    assert (e["state"], e["held"], e["next"]) == ("engaged", None, None)
    assert e["answered_at"] and not writes(world, ticket)


@pytest.mark.parametrize("state", sorted(OPEN - {"engaged"}))
@pytest.mark.parametrize("command", ["replied", "call-started"])
def test_an_answer_by_word_of_mouth_engages(daemon, world, cast, command,
                                            state):
    d = daemon(**LONG)
    number, _ = in_state(d, world, cast, state)
    e = order(d, number, command)
    assert (e["state"], e["next"], e["held"]) == ("engaged", None, None)
    [entry] = said(d, number, "Tess Test")[-1:]
    assert seconds(entry["at"], e["answered_at"]) == 0
    assert bool(said(d, number, "back to urgent?")) == (
        state == "downgraded")
    if state in BEFORE_CONTACT:  # a call is contact, a word of it is not
        code, _ = d.command(number, "contacted")
        assert code == (409 if command == "call-started" else 200)


# -- pause and resume ------------------------------------------------------

@pytest.mark.parametrize("state", ["contacted", "followed_up"])
def test_pause_keeps_what_was_left_of_the_period(daemon, world, cast, state):
    d = daemon(**LONG)
    number, _ = in_state(d, world, cast, state)
    before = d.emergency(number)["next"]
    e = order(d, number, "pause")
    assert (e["state"], e["held"], e["next"]) == (state, "paused", None)
    assert e["held_why"] == "paused by Tess Test"
    e = order(d, number, "resume")
    [paused] = said(d, number, "paused the clocks")
    [resumed] = said(d, number, "resumed the clocks")
    assert (e["state"], e["held"]) == (state, None)
    assert e["next"]["step"] == before["step"]
    assert seconds(before["due_at"], e["next"]["due_at"]) == pytest.approx(
        seconds(paused["at"], resumed["at"]))


def test_paused_nothing_is_sent_and_resumed_it_is(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="10m")
    number, ticket = contacted(d, world, cast, 0)
    order(d, number, "pause")
    later, other = contacted(d, world, cast, 0)
    d.wait_for_emergency(emergency_id=later, state="followed_up")
    assert not writes(world, ticket)
    order(d, number, "resume")
    d.wait_for_emergency(emergency_id=number, state="followed_up")


def test_extend_while_paused_counts_from_the_resume(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = contacted(d, world, cast)
    order(d, number, "pause")
    e = order(d, number, "extend", for_="20m")
    assert (e["held"], e["next"]) == ("paused", None)
    e = order(d, number, "resume")
    [resumed] = said(d, number, "resumed the clocks")
    assert seconds(resumed["at"], e["next"]["due_at"]) == 1200


def test_resume_goes_on_after_a_mistaken_answer(daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast)
    before = d.emergency(number)["next"]
    order(d, number, "replied")
    e = order(d, number, "resume")
    assert e["state"] == "contacted" and e["answered_at"] is None
    [replied] = said(d, number, "says that the customer answered")
    [resumed] = said(d, number, "resumed the clocks")
    assert seconds(before["due_at"], e["next"]["due_at"]) == pytest.approx(
        seconds(replied["at"], resumed["at"]))
    comment(world, ticket, cast.customer, body="Now I am here.")
    d.wait_for_emergency(emergency_id=number, state="engaged")


# -- downgrade and urgent --------------------------------------------------

@pytest.mark.parametrize("state", ["contacted", "followed_up", "engaged"])
def test_downgrade_does_so_now(daemon, world, cast, state):
    d = daemon(**LONG)
    number, ticket = in_state(d, world, cast, state)
    order(d, number, "downgrade")
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "high"
    assert len(own_comments(world, cast, ticket)) == 1
    assert e["downgraded_at"] and e["next"] is None


def test_an_answer_newer_than_the_order_stops_the_downgrade(
        daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast)
    look = world.zendesk.fault("GET", PUT, hold=True)
    d.zendesk_webhook.hold()
    order(d, number, "downgrade")
    look.wait_hit()
    comment(world, ticket, cast.customer, body="I am here!")
    d.zendesk_webhook.lose()
    look.release()
    d.wait_for_emergency(emergency_id=number, state="engaged")
    assert not writes(world, ticket)


def test_an_answer_older_than_the_order_does_not_stop_it(
        daemon, world, cast):
    d = daemon(**LONG)
    number, ticket = contacted(d, world, cast)
    all_read(d)
    d.zendesk_webhook.hold()
    comment(world, ticket, cast.customer, 10, "Please lower it.")
    d.zendesk_webhook.lose()
    order(d, number, "downgrade")
    e = d.wait_for_emergency(emergency_id=number, state="downgraded")
    assert said(d, number, "The customer answered")
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "high"
    assert [a["kind"] for a in e["actions"]] == ["downgrade", "note_page"]


@pytest.mark.parametrize("webhook", ["trigger", "events"])
@pytest.mark.parametrize("state", ["downgraded", "engaged"])
def test_urgent_makes_the_ticket_urgent_again(daemon, world, cast, webhook,
                                              state):
    d = daemon(zendesk_webhook=webhook, **LONG)
    number, ticket = in_state(d, world, cast, "downgraded")
    if state == "engaged":
        comment(world, ticket, cast.customer, body="I was away.")
        d.wait_for_emergency(emergency_id=number, state="engaged")
    e = order(d, number, "urgent")
    assert e["state"] == "engaged" and e["next"] is None
    wait_said(d, number, "Ticket back to urgent")
    assert world.zendesk.tickets[ticket["id"]]["priority"] == "urgent"
    d.zendesk_webhook.wait_idle()
    order(d, number, "note", text="the marker")
    e = d.emergency(number)
    assert (e["state"], e["ticket"]["priority"]) == ("engaged", "urgent")
    assert len(d.emergencies()) == 1
    assert len(own_comments(world, cast, ticket)) == 1


# -- already being sent ----------------------------------------------------

@pytest.mark.parametrize("command", ["pause", "extend", "close",
                                     "followed-up", "downgrade", "resume"])
def test_a_contrary_command_is_refused_while_bytes_are_in_flight(
        daemon, world, cast, command):
    # Due 32 s after contact, which is 30 s old: behind the first reads.
    d = daemon(follow_up_after="32s", downgrade_after="10m")
    put = world.zendesk.fault("PUT", PUT, hold=True)
    number, ticket = contacted(d, world, cast)
    put.wait_hit()
    assert refuse(d, number, command) == "already being sent"
    order(d, number, "note", text="while it is sent")
    put.release()
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert len(own_comments(world, cast, ticket)) == 1


@pytest.mark.parametrize("webhook", ["trigger", "events"])
@pytest.mark.parametrize("after_effect", [False, True])
def test_replied_is_recorded_while_bytes_are_in_flight(
        daemon, world, cast, webhook, after_effect):
    """Even if the ticket is read as we have lowered it, before we know."""
    # Nothing reaches Zendesk in the millisecond in which it left.
    world.zendesk.clock.offset_s = 0.02
    d = daemon(zendesk_webhook=webhook, **LONG)
    put = world.zendesk.fault("PUT", PUT, hold=True,
                              after_effect=after_effect)
    number, ticket = contacted(d, world, cast)
    order(d, number, "followed-up")
    order(d, number, "downgrade")
    put.wait_hit()
    e = order(d, number, "replied")
    assert e["state"] == "engaged"
    put.release()
    wait_said(d, number, "had just answered: back to urgent?")
    e = d.emergency(number)
    assert e["state"] == "engaged" and e["downgraded_at"]
    order(d, number, "urgent")
    wait_said(d, number, "Ticket back to urgent")


# -- ends ------------------------------------------------------------------

def test_close_sends_nothing_more(daemon, world, cast):
    d = daemon(follow_up_after="2s", downgrade_after="10m")
    number, ticket = contacted(d, world, cast, 0)
    e = order(d, number, "close", why="a test by the customer")
    assert (e["state"], e["next"]) == ("closed", None)
    assert e["closed_why"] == "a test by the customer" and e["closed_at"]
    later, _ = contacted(d, world, cast, 0)
    d.wait_for_emergency(emergency_id=later, state="followed_up")
    comment(world, ticket, cast.customer, body="Hello?")
    d.zendesk_webhook.wait_idle()
    assert not writes(world, ticket)
    assert d.emergency(number)["state"] == "closed"


def test_close_without_a_reason_says_who(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = opened(d, world, cast)
    assert order(d, number, "close")["closed_why"] == "closed by Tess Test"


@pytest.mark.parametrize("state", sorted(OPEN))
def test_reopen_goes_back_with_the_clocks_paused(daemon, world, cast, state):
    d = daemon(**LONG)
    number, _ = in_state(d, world, cast, state)
    before = d.emergency(number)["next"]
    order(d, number, "close")
    e = order(d, number, "reopen")
    assert (e["state"], e["held"], e["next"]) == (state, "paused", None)
    assert e["closed_at"] is None and e["closed_why"] is None
    if before:
        e = order(d, number, "resume")
        [closed] = said(d, number, "Closed")
        [resumed] = said(d, number, "resumed the clocks")
        assert seconds(before["due_at"], e["next"]["due_at"]) == (
            pytest.approx(seconds(closed["at"], resumed["at"])))


def test_reopen_is_refused_while_another_of_its_ticket_is_open(
        daemon, world, cast):
    d = daemon(**LONG)
    first, ticket = opened(d, world, cast)
    order(d, first, "close")
    page_for(world, cast, ticket, -0.002)  # not in the order's millisecond
    d.wait_for_emergency(state="paged", ticket=ticket["id"])
    assert "another" in refuse(d, first, "reopen")


def test_without_a_key_pages_are_left_to_pagerduty(daemon, world, cast):
    d = daemon(**LONG, config={"pagerduty": dict.fromkeys(
        ("api_token", "from", "page_service", "engineer_schedule",
         "manager_schedule"))})
    number, _ = contacted(d, world, cast)
    order(d, number, "ack")
    assert "api_token" in refuse(d, number, "resolve")
    rows = d.emergency(number)["actions"]
    assert not [row for row in rows if row["service"] == "pagerduty"]


def test_note_is_kept_in_any_state(daemon, world, cast):
    d = daemon(**LONG)
    number, _ = in_state(d, world, cast, "closed")
    e = order(d, number, "note", text="Root cause: a full disk.")
    entry = e["timeline"][-1]
    assert (entry["kind"], entry["by"], entry["text"]) == (
        "note", "Tess Test", "Root cause: a full disk.")
    assert e["state"] == "closed"
