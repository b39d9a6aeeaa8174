"""What people press and type in Slack: done in their names, once, answered
at once to them alone."""

import re

import pytest
from duties import wait_own_pages
from harness import wait_until
from scenes import (LONG, comment, contacted, in_state, opened, order,
                    own_comments, page_for, read, said, urgent_ticket,
                    wait_asked, wait_said)
from slack_scenes import (DUTY, MANAGERS, SAAS, SELF_MANAGED, SLACK, labels,
                          page_of, press, replies, root_of, slack_idle,
                          threaded, type_in, wait_reply, wait_root)


def froms(world):
    """In whose names PagerDuty's incidents were changed."""
    return [r.headers["From"] for r in world.pagerduty.received("PUT")]


def assignees(incident):
    return [a["assignee"]["summary"] for a in incident["assignments"]]


# -- acknowledging, both ways ----------------------------------------------

def test_who_acknowledges_in_slack_does_so_in_pagerduty(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    press(world, cast.second_slack, root, "Acknowledge")
    page = page_of(d, world, number)
    wait_until(lambda: page["status"] == "acknowledged", 10, "PagerDuty's")
    assert froms(world) == ["second@example.com"]
    [ack] = page["acknowledgements"]
    assert ack["acknowledger"]["id"] == cast.second_pd["id"]
    wait_root(world, root, "State: acknowledged · @Eng Two has it")
    wait_reply(world, root, "^@Eng Two has acknowledged")
    [entry] = said(d, number, "Eng Two acknowledges.")
    assert entry["by"] == "Eng Two"
    d.pagerduty_webhook.wait_delivered("incident.acknowledged")
    slack_idle(d)
    assert len(replies(world, root)) == 1, "told once"


def test_who_acknowledges_in_pagerduty_has_it_in_the_thread(daemon, world,
                                                            cast):
    d, number, _, root = threaded(daemon, world, cast)
    world.pagerduty.acknowledge(page_of(d, world, number), cast.second_pd)
    wait_root(world, root, "State: acknowledged · @Eng Two has it")
    wait_reply(world, root, "^@Eng Two has acknowledged")
    assert not world.pagerduty.received("PUT")
    world.pagerduty.unacknowledge(page_of(d, world, number))
    again = wait_reply(world, root, "no longer acknowledged: who takes it")
    press(world, cast.engineer_slack, again, "Acknowledge")
    wait_root(world, root, "@Eng One has it")


def test_who_is_not_in_pagerduty_acts_in_the_settings_name(daemon, world,
                                                           cast):
    stranger = world.slack.create_user("Stran Ger", "stranger@example.com")
    d, number, _, root = threaded(daemon, world, cast)
    press(world, stranger, root, "Acknowledge")
    page = page_of(d, world, number)
    wait_until(lambda: page["status"] == "acknowledged", 10, "PagerDuty's")
    assert froms(world) == [cast.bot_pd["email"]]
    wait_root(world, root, "Stran Ger has it")
    d.pagerduty_webhook.wait_delivered("incident.acknowledged")
    assert wait_said(d, number, "acknowledges.")["by"]
    assert d.emergency(number)["state"] == "acknowledged"


def test_i_take_it_is_in_the_presser_s_name_as_well(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    assert "Done." in type_in(world, cast.engineer_slack, "take")
    wait_root(world, root, "@Eng One has it")
    wait_until(lambda: froms(world), 10, "an acknowledgement")
    assert froms(world) == ["engineer@example.com"]


# -- contact ---------------------------------------------------------------

def test_post_it_posts_the_first_comment_and_then_the_page_is_resolved(
        daemon, world, cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    press(world, cast.engineer_slack, root, "Acknowledge")
    prompt = wait_reply(world, root, "has acknowledged")
    assert labels(world, prompt) == {
        "Post it", "Customer contacted", "Not an emergency?",
        "Hand over my shift"}
    press(world, cast.engineer_slack, prompt, "Post it")
    done = wait_reply(world, root, "contacted. The page can be resolved now")
    [posted] = own_comments(world, cast, ticket)
    assert posted["public"]
    assert page_of(d, world, number)["status"] != "resolved"
    press(world, cast.engineer_slack, done, "Resolve the page")
    page = page_of(d, world, number)
    wait_until(lambda: page["status"] == "resolved", 10, "a resolve")
    assert froms(world) == ["engineer@example.com"] * 2
    assert wait_said(d, number, "Eng One resolves the page.")
    assert d.emergency(number)["state"] == "contacted"


def test_with_resolve_on_contact_there_is_nothing_to_press(daemon, world,
                                                           cast):
    d, number, ticket, root = threaded(daemon, world, cast,
                                       resolve_on_contact="yes")
    comment(world, ticket, cast.engineer)
    page = page_of(d, world, number)
    wait_until(lambda: page["status"] == "resolved", 10, "a resolve")
    told = wait_reply(world, root, "The customer has been contacted.")
    assert "resolved now" not in told["text"] and not labels(world, told)


def test_a_page_resolved_before_contact_is_warned_of(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    world.pagerduty.resolve(page_of(d, world, number), cast.engineer_pd)
    wait_reply(world, root, "Eng One resolved the page, but the customer has "
               "not been contacted yet")
    assert "contacted" in type_in(world, cast.engineer_slack, "resolve")


# -- calling people --------------------------------------------------------

def test_a_shift_is_handed_over_in_its_channel(daemon, world, cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    world.pagerduty.acknowledge(page_of(d, world, number), cast.engineer_pd)
    prompt = wait_reply(world, root, "has acknowledged")
    press(world, cast.engineer_slack, prompt, "Hand over my shift")
    world.slack.wait_for_message(
        DUTY, rf"^@Eng One is on an emergency \(#{ticket['id']} .*who takes "
        "over their FRT or SLA Hawk shift")


def test_not_an_emergency_tells_account_manager_and_managers(daemon, world,
                                                             cast):
    d, number, _, root = threaded(daemon, world, cast)
    press(world, cast.engineer_slack, root, "Not an emergency?")
    for told in (wait_reply(world, root, "doubts that"),
                 world.slack.wait_for_message(MANAGERS, "doubts that")):
        text = world.slack.text_of(told)
        assert text.startswith("@Eng One doubts that #")
        assert "cc @Mona Manager" in text and "@Tamara Account" in text
        assert "Its SLA goes on unless a manager says otherwise" in text
    assert d.emergency(number)["state"] == "paged"


def test_the_manager_is_mentioned_and_paged(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    assert "Done." in type_in(world, cast.engineer_slack, "manager")
    wait_reply(world, root, "^@Mona Manager: @Eng One needs you")
    world.slack.wait_for_message(MANAGERS, "^@Mona Manager: @Eng One needs")
    [page] = wait_own_pages(world, 1)
    assert assignees(page) == ["Mona Manager"]
    assert wait_said(d, number, "Paged Mona Manager.")


@pytest.mark.parametrize("who, paged", [
    ("", "Eng One"), ("engineer", "Eng One"), ("manager", "Mona Manager"),
    ("second@example.com", "Eng Two"), ("Max Manager", "Max Manager"),
    ("<mailto:second@example.com|second@example.com>", "Eng Two")])
def test_anybody_can_be_paged(daemon, world, cast, who, paged):
    d, number, _, root = threaded(daemon, world, cast)
    wait_until(lambda: "Max" in type_in(world, cast.manager_slack, "oncall"),
               10, "the on-calls")
    answer = type_in(world, cast.engineer_slack, f"page {who}")
    assert "Done." in answer
    wait_reply(world, root, f"^@Eng One pages @{paged}")
    assert assignees(wait_own_pages(world, 1)[0]) == [paged]


def test_nobody_who_is_unknown_is_paged(daemon, world, cast):
    d, number, _, root = threaded(daemon, world, cast)
    answer = type_in(world, cast.engineer_slack, f"page {number} Bob & <Co>")
    assert answer.startswith("Not done: nobody of that name is on call")
    assert not said(d, number, "pages")


def test_a_colleague_is_asked_for_on_a_call(daemon, world, cast):
    d = daemon(services=SLACK, config={"zoom": {
        "static_url": "https://zoom.example/j/1"}}, **LONG)
    number, ticket = contacted(d, world, cast, tags=["saas"])
    order(d, number, "ack")
    root = root_of(d, world, number)
    press(world, cast.engineer_slack, root, "Call started")
    prompt = wait_reply(world, root, "A call with the customer has begun")
    assert {"Find a colleague", "Call ended"} <= labels(world, prompt)
    press(world, cast.engineer_slack, prompt, "Find a colleague")
    world.slack.wait_for_message(
        SAAS, rf"^@support-emea @Eng One is on a call about #{ticket['id']} "
        r".*join: https://zoom\.example/j/1")


def test_handing_over_mentions_who_is_next(daemon, world, cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    wait_until(lambda: "Two" in type_in(world, cast.engineer_slack, "oncall"),
               10, "the on-calls")
    slack_idle(d)
    for count, to in enumerate([f"<@{cast.second_slack['id']}|eng2>",
                                "second@example.com", "Eng Two"], 1):
        assert "Done." in type_in(world, cast.engineer_slack, "handoff " + to)
        wait_reply(world, root, rf"^@Eng One hands over to @Eng Two\.\n"
                   rf"Ticket #{ticket['id']} .* of Acme: paged", count)
    stranger = world.slack.create_user("Stran Ger", "stranger@example.com")
    type_in(world, cast.engineer_slack, f"handoff <@{stranger['id']}>")
    wait_reply(world, root, "hands over to @Stran Ger")


# -- questions -------------------------------------------------------------

def test_help_has_phrases_people_links_and_commands(daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    opened(d, world, cast, tags=["saas"])
    wait_until(lambda: "Mona" in type_in(world, cast.second_slack, "help"),
               10, "the on-calls")
    text = type_in(world, cast.second_slack, "help", channel=DUTY)
    assert '"Let me get a colleague to look at this with me."' in text
    assert "Manager on call: Mona Manager" in text
    assert "Engineer on call: Eng One" in text
    assert "• <https://incidents.example/new|Declare an incident>" in text
    for command in ("ack, ", "extend [FOR]", "note TEXT…", "link TICKET",
                    "`oncall`", "`list`"):
        assert command in text, text
    assert type_in(world, cast.second_slack, "") == text
    assert type_in(world, cast.second_slack, " ? ") == text


def test_oncall_says_who_is_on_call_now_and_next(daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    end = int(cast.shift_end.timestamp())
    until = rf" until <!date\^{end}\^[^|>]*\|\d\d:00 UTC>"
    wait_until(lambda: "Mona" in type_in(world, cast.second_slack, "oncall"),
               10, "the on-calls")
    lines = type_in(world, cast.second_slack, "oncall").split("\n")
    assert re.fullmatch("Engineer now: Eng One" + until, lines[0])
    assert re.fullmatch("Manager now: Mona Manager" + until, lines[2])
    assert lines[1].startswith("Engineer next: Eng Two until ")
    assert lines[3].startswith("Manager next: Max Manager until ")
    assert d.emergencies() == []


def test_list_has_every_open_emergency(daemon, world, cast):
    d = daemon(services=SLACK, **LONG)
    assert type_in(world, cast.engineer_slack, "list") == (
        "No emergency is open.")
    number, ticket = opened(d, world, cast)
    world.pagerduty.trigger("Something is down", cast.service)
    d.wait_for_emergency(emergency_id=number + 1, ticket=None)
    lines = type_in(world, cast.engineer_slack, "list").split("\n")
    url = d.emergency(number)["ticket"]["url"]
    assert lines == [f"*{number}* Ticket <{url}|#{ticket['id']}> of Acme: "
                     "paged", f"*{number + 1}* Without a ticket: paged"]


# -- every command ---------------------------------------------------------

COMMANDS = {  # what is typed: the state before, what is said, and after
    "ack": ("paged", "acknowledges", "acknowledged"),
    "take": ("paged", "takes it", "acknowledged"),
    "first-contact": ("acknowledged", "posts the first comment", "contacted"),
    "contacted": ("paged", "contacted the customer", "contacted"),
    "contacted by voicemail": ("paged", "customer: by voicemail",
                               "contacted"),
    "followed-up": ("contacted", "the follow-up by hand", "followed_up"),
    "replied": ("contacted", "the customer answered", "engaged"),
    "extend 1h": ("contacted", "3600 s from now", "contacted"),
    "pause": ("contacted", "paused the clocks", "contacted"),
    "resume": ("engaged", "resumed the clocks", "contacted"),
    "downgrade": ("contacted", "ordered the downgrade", "downgraded"),
    "urgent": ("downgraded", "back to urgent", "engaged"),
    "not-emergency": ("paged", "whether this is an emergency", "paged"),
    "page second@example.com": ("paged", "pages second@", "paged"),
    "manager": ("paged", "calls the manager", "paged"),
    "call-started": ("contacted", "is on a call", "engaged"),
    "call-ended": ("engaged", "The call has ended", "engaged"),
    "handoff Eng Two": ("paged", "hands over to Eng Two", "paged"),
    "note it is <b> & <@U1|joe>": ("paged", "it is <b> & @joe", "paged"),
    "bulk incident-1 Here is news.": ("contacted", "Eng One", "contacted"),
    "resolve": ("contacted", "resolves the page", "contacted"),
    "duty": ("paged", "who takes over their other shift", "paged"),
    "colleague": ("paged", "asks for a colleague", "paged"),
    "close all done": ("paged", "Closed: all done", "closed"),
    "reopen": ("closed", "Open again", "paged"),
}


@pytest.mark.parametrize("typed", COMMANDS)
@pytest.mark.parametrize("address", ["", "{number}", "#{ticket}"])
def test_every_command_can_be_typed(daemon, world, cast, typed, address):
    """With the emergency's number, the ticket's, or none if one is open."""
    state, text, after = COMMANDS[typed]
    d = daemon(services=SLACK, **LONG)
    number, ticket = in_state(d, world, cast, state)
    word, _, rest = typed.partition(" ")
    if state == "closed" and not address:
        address = "{number}"  # none is open
    address = address.format(number=number, ticket=ticket["id"])
    answer = type_in(world, cast.engineer_slack,
                     " ".join(part for part in (word, address, rest) if part))
    assert answer.startswith(f"Done. Emergency {number} is "), answer
    if typed.startswith("bulk"):
        wait_until(lambda: any(
            "Here is news." in c["body"]
            for c in own_comments(world, cast, ticket)), 10, "the comment")
    else:
        assert wait_said(d, number, text)["by"] == "Eng One"
    d.wait_for_emergency(emergency_id=number, state=after)


def test_do_it_does_what_is_asked(daemon, world, cast):
    d = daemon(services=SLACK, follow_up_after="2s", downgrade_after="10m")
    ticket = urgent_ticket(world, cast, 100)
    comment(world, ticket, cast.engineer, 80)
    comment(world, ticket, cast.second, 60, "Could you try this?")
    d.zendesk_webhook.wait_idle()
    page_for(world, cast, ticket, 90)
    number = read(d, ticket)
    wait_asked(d, number, "follow_up")
    root = root_of(d, world, number)
    asked = wait_reply(world, root, ":question:.*The follow-up is due, but")
    assert labels(world, asked) == {"Do it", "Extend 15 min",
                                    "Customer answered"}
    press(world, cast.engineer_slack, asked, "Do it")
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert len(own_comments(world, cast, ticket)) == 1
    assert said(d, number, "Eng One: do it.")


def test_what_is_typed_wrong_is_answered_with_what_was_wanted(daemon, world,
                                                              cast):
    d, number, _, _ = threaded(daemon, world, cast)
    for typed, answer in {
            "frob": '"frob" is no command. `/emergency help` shows what',
            "&lt;b&gt;": '"&lt;b&gt;" is no command.',
            "extend soon": '"for" must be a period such as 90s, 15m or 1h',
            f"link {number} x": '"ticket" must be a ticket\'s number',
            "note": '"text" is missing. Wanted is `/emergency note',
            "note " + "x" * 3000: '"text" is too long: at most 2047 bytes',
            "x" * 9000: "That is too long.",
            "pause 1 2": '"2" is too much.',
            "pause 99": "Not done: no such emergency.",
            "pause #99": "Not done: no such emergency.",
            "do-it": "Not done: nothing is asked.",
            "extend": "Not done: no clock is running."}.items():
        assert type_in(world, cast.engineer_slack, typed).startswith(
            answer), typed
    other = urgent_ticket(world, cast)
    page_for(world, cast, other)
    d.wait_for_emergency(ticket=other["id"])
    assert type_in(world, cast.engineer_slack, "pause") == (
        "Not done: say which emergency: its number, or its ticket as #4711.")
    assert d.emergency(number)["held"] is None
    assert not world.slack.failures


# -- buttons pressed twice, late, or in vain -------------------------------

@pytest.mark.parametrize("what, effect", [
    ("Not an emergency?", "doubts that"),
    ("Acknowledge", "has acknowledged"),
])
def test_a_button_that_is_pressed_twice_has_one_effect(daemon, world, cast,
                                                       what, effect):
    d, number, _, root = threaded(daemon, world, cast)
    for _ in range(3):
        press(world, cast.engineer_slack, root, what, version=0)
    wait_reply(world, root, effect)
    order(d, number, "note", text="That was that.")
    wait_reply(world, root, "That was that.")
    slack_idle(d)
    assert len([t for t in replies(world, root) if effect in t]) == 1
    assert len(world.slack.messages(MANAGERS)) == (effect == "doubts that")
    assert len(world.pagerduty.received("PUT")) <= 1
    assert not world.slack.ephemerals


def test_what_slack_delivers_again_is_answered_and_does_nothing(
        daemon, world, cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    d.slack_webhook.copies = 3
    press(world, cast.engineer_slack, root, "Not an emergency?")
    world.slack.command(cast.engineer_slack, SELF_MANAGED, "/emergency",
                        "note Once.")
    press(world, cast.engineer_slack, root, "Acknowledge")
    d.slack_webhook.wait_idle()
    wait_reply(world, root, "has acknowledged")
    slack_idle(d)
    assert len(replies(world, root)) == 3
    assert len(said(d, number, "Once.")) == 1
    assert {s for w in d.slack_webhook.deliveries for s in w.statuses} == {
        200}


@pytest.mark.parametrize("button, before, why", [
    ("Post it", "contacted", "the first comment is for a ticket whose "
     "customer was not contacted yet"),
    ("Customer contacted", "contacted", "somebody was in contact with the "
     "customer already"),
    ("Post it", "close", "it is closed")])
def test_a_button_that_is_outdated_is_refused_to_the_presser_alone(
        daemon, world, cast, button, before, why):
    d, number, ticket, root = threaded(daemon, world, cast)
    press(world, cast.engineer_slack, root, "Acknowledge")
    prompt = wait_reply(world, root, "has acknowledged")
    order(d, number, before)
    wait_root(world, root, "closed" if before == "close" else before)
    press(world, cast.second_slack, prompt, button)
    told = world.slack.wait_for_ephemeral(cast.second_slack,
                                          f"^Not done: {why}.$")
    assert (told["channel"], told["thread_ts"]) == (root["channel"],
                                                    root["ts"])
    assert not own_comments(world, cast, ticket)


def test_the_first_messages_old_buttons_are_refused_kindly(daemon, world,
                                                           cast):
    d, number, ticket, root = threaded(daemon, world, cast)
    order(d, number, "contacted")
    wait_root(world, root, "State: contacted")
    order(d, number, "downgrade")
    wait_root(world, root, "State: downgraded")
    press(world, cast.engineer_slack, root, "Extend 15 min", version=1)
    world.slack.wait_for_ephemeral(cast.engineer_slack,
                                   "^Not done: no clock is running.$")
    press(world, cast.engineer_slack, root, "Back to urgent")
    d.wait_for_emergency(emergency_id=number, state="engaged")
    assert world.slack.failures == []
