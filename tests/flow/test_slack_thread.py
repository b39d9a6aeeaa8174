"""The emergency's thread in Slack: opened once, where it belongs, with all
that matters in its first message, which is kept up to date in place."""

import re

import pytest
from harness import wait_until
from scenes import (LONG, STATES, comment, in_state, moment, next_second,
                    opened, order, page_for, read, urgent_ticket, wait_said)
from slack_scenes import (DUTY, SAAS, SELF_MANAGED, SLACK, labels, page_of,
                          press, replies, root_of, roots, slack_idle,
                          threaded, type_in, wait_reply, wait_root)
from standins import Answer
from trials import log_lines

CLOCK = re.compile(r"<!date\^(\d+)\^\{time_secs\}\|\d\d:\d\d UTC>")
TOKENS = re.compile(r"<([^<>]*)>")
NASTY = ("<!channel> & <@U123> ```x``` *b* \N{FIRE} A&amp;B <http://x|y> "
         "\x07\x02q\x03r\x04 one\ntwo " + "\N{FIRE}x&" * 100)
PAUSED = {"Customer answered", "Extend 15 min", "Resume clocks",
          "Call started"}
BUTTONS = {
    "paged": {"Acknowledge", "Not an emergency?"},
    "acknowledged": {"Post it", "Customer contacted", "Not an emergency?"},
    "contacted": PAUSED - {"Resume clocks"} | {"Pause clocks"},
    "followed_up": PAUSED - {"Resume clocks"} | {"Pause clocks"},
    "downgraded": {"Back to urgent", "Customer answered"},
    "engaged": {"Call started", "Resume clocks"},
    "closed": {"Reopen"},
}


# -- opening ---------------------------------------------------------------

def test_the_thread_says_at_once_what_matters_and_mentions_who_is_to_know(
        daemon, world, cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    first = root["versions"][0]["text"].split("\n")
    url = d.emergency(number)["ticket"]["url"]
    assert first == [
        f"*Thread for emergency ticket <{url}|#{ticket['id']}>*",
        "Production is down",
        f"Customer: Acme · cc <@{cast.account_manager_slack['id']}>",
        "State: *paged*"]
    slack_idle(d)
    assert len(root["versions"]) == 1, "edited for nothing"
    assert not replies(world, root)
    assert labels(world, root) == BUTTONS["paged"]


@pytest.mark.parametrize("fields, channel", [
    ({}, SELF_MANAGED), ({"tags": ["saas"]}, SAAS), ({"form": 77}, DUTY)])
def test_the_thread_is_in_the_products_channel(daemon, world, cast, fields,
                                               channel):
    d = daemon(services=SLACK, config={"channel forms": {
        "match": "form:77", "slack": cast.channels[DUTY]["id"]}}, **LONG)
    number, _ = opened(d, world, cast, **fields)
    root = root_of(d, world, number)
    assert root["channel"] == cast.channels[channel]["id"]
    assert [len(roots(world, name)) for name in (SELF_MANAGED, SAAS, DUTY)
            ] == [int(name == channel) for name in (SELF_MANAGED, SAAS, DUTY)]


def test_a_page_that_comes_late_still_finds_the_products_channel(
        daemon, world, cast):
    """An hour after it was triggered, by the clock of PagerDuty."""
    d = daemon(services=SLACK, **LONG)
    number, _ = opened(d, world, cast, ago_s=3600, tags=["saas"])
    root_of(d, world, number)
    assert (len(roots(world, SAAS)), roots(world)) == (1, [])


def test_the_products_links_are_in_the_thread(daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    number, _ = opened(d, world, cast, tags=["saas"])
    root = root_of(d, world, number)
    assert wait_reply(world, root, "For saas: more people see this")
    assert ("• Declare an incident (https://incidents.example/new)"
            in replies(world, root)[0])


def test_there_is_one_thread_whatever_comes_twice_or_again(daemon, world,
                                                           cast):
    d = daemon(services=SLACK, **LONG)
    d.pagerduty_webhook.copies = d.zendesk_webhook.copies = 3
    ticket = urgent_ticket(world, cast, 0)
    page_for(world, cast, ticket, 0)
    number = read(d, ticket)
    root = root_of(d, world, number)
    d.restart()
    world.zendesk.update(ticket, by=cast.engineer, priority="high")
    d.wait_for_emergency(emergency_id=number, state="closed")
    d.kill()
    d.start()
    order(d, number, "reopen")
    second = page_for(world, cast, ticket, 0)
    wait_until(lambda: len(d.emergency(number)["pages"]) == 2, 10, "a page",
               lambda: d.emergency(number))
    world.pagerduty.acknowledge(second, cast.engineer_pd)
    wait_root(world, root, "Eng One has it", "State: acknowledged")
    assert roots(world) == [root]


@pytest.mark.parametrize("tam, shown", [
    ("nobody@example.com", "Customer: Acme · cc nobody@example.com"),
    ("not an address", "Customer: Acme"),
    ("", "Customer: Acme"), (None, "Customer: Acme")])
def test_an_account_manager_who_is_not_in_slack_is_named(
        daemon, world, cast, tam, shown):
    world.zendesk.set_organization_fields(cast.acme, account_manager=tam)
    d, number, _, root = threaded(daemon, world, cast)
    assert root["versions"][0]["text"].split("\n")[2] == shown


def test_an_account_manager_who_is_known_later_gets_a_message_of_their_own(
        daemon, world, cast):
    """A mention that is edited into a message tells nobody."""
    d = daemon(services=SLACK, **LONG)
    world.pagerduty.trigger("Something is down", cast.service)
    number = d.wait_for_emergency()["id"]
    root = root_of(d, world, number)
    ticket = urgent_ticket(world, cast, priority="high")
    order(d, number, "link", ticket=ticket["id"])
    assert wait_reply(world, root, "^cc @Tamara Account$")
    wait_root(world, root, "Customer: Acme · cc @Tamara Account")
    assert replies(world, root).count("cc @Tamara Account") == 1


# -- pages without a ticket, two that are one ------------------------------

def test_no_thread_is_opened_while_a_pages_ticket_is_looked_up(
        daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    ticket = urgent_ticket(world, cast)
    held = world.pagerduty.fault("GET", "/alerts", hold=True)
    world.pagerduty.trigger("Down", cast.service, alerts=[
        {"summary": f"ticket #{ticket['id']}"}])
    held.wait_hit()
    other, _ = opened(d, world, cast, subject="Another one")
    root_of(d, world, other)
    assert len(roots(world)) == 1
    held.release()
    root = root_of(d, world, read(d, ticket))
    assert f"#{ticket['id']}" in root["versions"][0]["text"]


def test_a_page_without_a_ticket_asks_for_it_with_the_command_to_type(
        daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    world.pagerduty.trigger("Something is down", cast.service)
    number = d.wait_for_emergency()["id"]
    root = root_of(d, world, number)
    wait_root(world, root, "Thread for emergency ticket (not known yet)")
    wait_reply(world, root, f"/emergency link {number} TICKET")
    ticket = urgent_ticket(world, cast, priority="high")
    said = type_in(world, cast.engineer_slack, f"link {number} {ticket['id']}")
    assert "Done." in said
    wait_root(world, root, f"#{ticket['id']}", "Customer: Acme",
              without=["not known"])
    assert roots(world) == [root] and len(replies(world, root)) == 2


def test_two_emergencies_that_are_one_go_on_in_one_thread(daemon, world,
                                                          cast):
    d = daemon(services=SLACK, **LONG)
    world.pagerduty.trigger("Something is down", cast.service)
    older = d.wait_for_emergency()["id"]
    first = root_of(d, world, older)
    younger, ticket = opened(d, world, cast)
    second = root_of(d, world, younger)
    order(d, older, "link", ticket=ticket["id"])
    assert root_of(d, world, older) is first
    wait_root(world, first, f"#{ticket['id']}", "Customer: Acme")
    press(world, cast.engineer_slack, second, "Acknowledge")  # the old one
    wait_root(world, first, "State: acknowledged", "Eng One has it")
    wait_reply(world, first, "Eng One has acknowledged")
    order(d, older, "note", text="Here we are.")
    wait_reply(world, first, "Here we are.")
    slack_idle(d)
    assert not any("Here we are" in text or "acknowledged" in text
                   for text in replies(world, second))


def test_the_younger_ones_thread_is_kept_if_it_is_the_only_one(
        daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    ticket = urgent_ticket(world, cast)
    held = world.pagerduty.fault("GET", "/alerts", hold=True)
    world.pagerduty.trigger("Down", cast.service, alerts=[
        {"summary": f"ticket #{ticket['id']}"}])
    held.wait_hit()
    older = d.wait_for_emergency()["id"]
    page_for(world, cast, ticket)
    root = root_of(d, world, read(d, ticket))
    held.release()
    e = wait_until(lambda: (e := d.emergency(older))["ticket"] and e, 10,
                   "the join", lambda: d.emergencies())
    assert e["thread"]["ts"] == root["ts"]
    order(d, older, "note", text="One thread.")
    wait_reply(world, root, "One thread.")
    assert roots(world) == [root]


def test_who_acknowledged_before_the_thread_was_there_is_told_what_to_do(
        daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    held = world.zendesk.fault("GET", r"/tickets/\d+$", hold=True)
    ticket = urgent_ticket(world, cast)
    page = page_for(world, cast, ticket)
    world.pagerduty.acknowledge(page, cast.engineer_pd)
    d.wait_for_emergency(state="acknowledged")
    held.release()
    root = root_of(d, world, read(d, ticket))
    prompt = wait_reply(world, root, "Eng One has acknowledged. Now")
    assert "Hand over my shift" in labels(world, prompt)
    slack_idle(d)
    assert len(replies(world, root)) == 1


# -- as things change ------------------------------------------------------

@pytest.mark.parametrize("state", STATES)
def test_the_first_message_shows_the_state_and_what_can_be_done(
        daemon, world, cast, state):
    d = daemon(services=SLACK, **LONG)
    number, _ = in_state(d, world, cast,
                         "paged" if state == "closed" else state)
    root = root_of(d, world, number)
    if state == "closed":
        order(d, number, "close")
    wait_root(world, root, f"State: {state}")
    slack_idle(d)
    assert labels(world, root) == BUTTONS[state]
    assert roots(world) == [root]


def test_the_first_message_shows_the_running_clock_and_what_holds_it(
        daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    number, _ = in_state(d, world, cast, "contacted")
    root = root_of(d, world, number)
    wait_root(world, root, "Next: the follow-up at ")

    def shown():
        return int(CLOCK.search(root["text"])[1])

    def due():
        return int(moment(d.emergency(number)["next"]["due_at"]).timestamp())

    assert shown() == due()
    order(d, number, "extend", for_="2h")
    wait_until(lambda: shown() == due(), 10, "the new deadline", shown)
    order(d, number, "pause", by="Pia")
    wait_root(world, root, "Held: paused by Pia", without=["Next:"])
    assert labels(world, root) == PAUSED
    assert len(root["versions"]) >= 3 and roots(world) == [root]


def test_the_first_message_shows_the_bridge(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast, config={
        "zoom": {"static_url": "https://zoom.example/j/1"}})
    assert "Bridge" not in root["text"]
    press(world, cast.engineer_slack, root, "Acknowledge")
    wait_root(world, root, "Bridge: https://zoom.example/j/1")
    wait_reply(world, root, "offer a call: https://zoom.example/j/1")


def test_each_step_is_one_short_reply(daemon, world, cast):
    """A whole emergency, in which nobody answers until the end."""
    d, number, ticket, root = threaded(
        daemon, world, cast, follow_up_after="3s", downgrade_after="3s")
    world.pagerduty.acknowledge(page_of(d, world, number), cast.engineer_pd)
    wait_reply(world, root, "Eng One has acknowledged")
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="downgraded", timeout=20)
    next_second(world)
    comment(world, ticket, cast.customer, body="Here I am.")
    d.wait_for_emergency(emergency_id=number, state="engaged")
    world.zendesk.update(ticket, by=cast.engineer, status="solved")
    wait_reply(world, root, "^Closed")
    told = [re.sub(r"\s*\[.*", "", text.split("\n")[0])
            for text in replies(world, root)]
    assert [re.sub(r"\d\d:\d\d UTC", "T", text) for text in told] == [
        "@Eng One has acknowledged. Now, please:",
        "The customer has been contacted. The page can be resolved now. "
        "Without an answer the follow-up comes at T.",
        "@Eng One No answer so far: the follow-up comes at T.",
        "The follow-up is in the ticket. Without an answer the downgrade "
        "comes at T.",
        "@Eng One No answer so far: the downgrade comes at T.",
        "No answer: the bridge is closed and the ticket is set to high.",
        ":wave: @Eng One The customer answered after the downgrade. Back to "
        "urgent?",
        "Closed: solved."]
    assert all(len(text) < 400 for text in replies(world, root))


def test_an_answer_is_told_with_what_comes_next(daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    number, ticket = in_state(d, world, cast, "contacted")
    root = root_of(d, world, number)
    comment(world, ticket, cast.customer, body="Here I am.")
    answer = wait_reply(world, root, "customer answered.*Find a colleague")
    assert labels(world, answer) == {"Call started", "Find a colleague",
                                     "Resume clocks"}
    wait_root(world, root, "State: engaged", without=["Next:"])


# -- what others write -----------------------------------------------------

def test_foreign_texts_mention_nobody_and_end_nothing(daemon, world, cast):
    organization = world.zendesk.create_organization(NASTY[:250])
    customer = world.zendesk.create_user("N", "n@nasty.example",
                                         organization=organization)
    nasty = world.pagerduty.create_user(NASTY[:90], "nasty@example.com")
    d, number, ticket, root = threaded(
        daemon, world, cast, scene=lambda d, world, cast: opened(
            d, world, cast, subject=NASTY[:255], requester=customer,
            organization=organization))
    world.pagerduty.acknowledge(page_of(d, world, number), nasty)
    wait_root(world, root, "State: acknowledged")
    order(d, number, "note", text=NASTY, by=NASTY[:60])
    order(d, number, "note", text="&" * 2047)
    order(d, number, "note", text="\N{FIRE}" * 511)
    order(d, number, "close", why=NASTY[:200])
    wait_reply(world, root, "^Closed: ")
    slack_idle(d)
    link = {f"{d.emergency(number)['ticket']['url']}|#{ticket['id']}"}
    for message in [root, *world.slack.thread(root["channel"], root["ts"])]:
        for version in message["versions"]:
            texts = [version["text"]] + [
                block["text"]["text"] for block in version["blocks"]
                if block["type"] == "section"]
            for text in texts:
                assert set(TOKENS.findall(text)) <= link, text
                assert not re.search(r"[\0-\x08\x0b-\x1f\x7f]", text), text
    lines = root["text"].split("\n")
    assert lines[1].startswith("&lt;!channel&gt; &amp; &lt;@U123&gt; '''x'''")
    assert "`" not in root["text"] and len(lines) == 4
    assert not log_lines(d, "CALL-PARKED")


def test_a_redacted_customer_is_not_named_in_slack(daemon, world, cast):
    """Neither while nobody knows yet whose page it is, nor later, nor when
    a comment can't be sent."""
    d = daemon(services=SLACK, config={"coverage federal": {
        "match": "tag:federal", "hours": "00:00-24:00", "redact": "yes"}},
        **LONG)
    world.pagerduty.trigger("Secret Senate is down", cast.service)
    number = d.wait_for_emergency()["id"]
    root = root_of(d, world, number)
    secret = world.zendesk.create_organization(
        "Secret Senate", fields={"account_manager": "tam@example.com"})
    ticket = urgent_ticket(world, cast, subject="Secret Senate is down",
                           tags=["federal"], priority="high",
                           organization=secret)
    order(d, number, "link", ticket=ticket["id"])
    wait_root(world, root, "cc @Tamara Account")
    world.zendesk.fault("PUT", "/tickets/", times=None,
                        answer=Answer(422, {"error": "RecordInvalid"}))
    press(world, cast.engineer_slack, root, "Acknowledge")
    order(d, number, "first-contact")
    wait_reply(world, root, "the first comment of .* can't be sent")
    order(d, number, "call-ended")
    wait_reply(world, root, "The macro for the public notes")
    assert "Done" in type_in(world, cast.engineer_slack, "note Careful.")
    assert "Secret" not in type_in(world, cast.engineer_slack, "list")
    slack_idle(d)
    assert wait_said(d, number, "can't be sent")
    assert not [r for r in world.slack.requests if b"Secret" in r.body]

