"""The runbook issue in GitLab: once, filled in, for nobody else's eyes."""

import contextlib
import sqlite3

import pytest
from bridge_scenes import acknowledge, acknowledged, meeting_of
from harness import wait_until
from scenes import LONG, opened, order, own_comments, said, wait_said
from slack_scenes import (MANAGERS, page_of, root_of, slack_idle, wait_reply,
                          wait_root)
from standins import Answer
from test_crashes import FAILS, UNSEEN, kill_at, wait_killed
from trials import TROUBLES, action

GITLAB = ("gitlab",)
ISSUES = r"/issues$"
TEMPLATES = r"/templates/issues/"
PROJECT = r"/projects/[^/]+$|/projects/support(%2F|/)emergency-runbook$"
FILLED = """\
Ticket {{ ticket_url }} of {{organization}}

{{subject}}

{{engineer}} has it, at {{bridge}}; {{thread_url}}; {{nonsense}} {{ }} {{

{{organization}}{{subject}}

/label ~emergency
"""
MAY_HAVE_TAKEN_EFFECT = {"500 after it took effect", "no JSON",
                         "reset after it took effect", "half an answer"}


def issues(world, cast):
    """The issues of the runbook's project."""
    return world.gitlab.issues[cast.project["id"]]


def wait_issue(d, world, cast, number):
    """The one issue there is, once the emergency knows it."""
    wait_said(d, number, "Runbook issue: ")
    [issue] = issues(world, cast)
    return issue


def wait_call(d, number, state="done", timeout=15):
    """Waits for the state of the call that makes the issue; returns it."""
    def found():
        calls = [a for a in d.emergency(number)["actions"]
                 if a["kind"] == "runbook"]
        return calls and calls[-1]["state"] == state and calls[-1]

    return wait_until(found, timeout, f"runbook {state}",
                      lambda: d.emergency(number)["actions"])


# -- what is made ----------------------------------------------------------


@pytest.mark.parametrize("how", ["page", "API"])
def test_acknowledging_makes_one_issue_from_the_template(daemon, world, cast,
                                                         how):
    d = daemon(services=("slack", "zoom", "gitlab"), **LONG)
    number, ticket = opened(d, world, cast)
    root = root_of(d, world, number)
    if how == "page":
        acknowledge(d, world, cast, number)
    else:
        order(d, number, "ack", by=cast.engineer_pd["name"])
    issue = wait_issue(d, world, cast, number)
    assert issue["title"] == f"Emergency ticket #{ticket['id']}: Acme"
    assert issue["confidential"]
    assert issue["labels"] == ["emergency", "severity::1"]
    head, _, rest = issue["description"].partition("\n\n")
    meeting = meeting_of(d, world, number)
    assert head.split("\n") == [
        f"* Ticket: {world.zendesk.url}/agent/tickets/{ticket['id']}",
        "* Customer: Acme", "* Engineer: Eng One",
        f"* Thread: {thread_url(world, root)}",
        f"* Bridge: {meeting['join_url']}"]
    assert "- [ ] Customer was contacted" in rest
    wait_reply(world, root, f"Runbook: {issue['web_url']}")
    wait_root(world, root, f"Runbook: {issue['web_url']}")
    order(d, number, "take")
    world.pagerduty.unacknowledge(page_of(d, world, number))
    acknowledge(d, world, cast, number)
    slack_idle(d)
    d.restart()
    d.wait_for_emergency(emergency_id=number, state="acknowledged")
    assert len(issues(world, cast)) == 1
    assert len(world.gitlab.received("POST")) == 1


def thread_url(world, root):
    """The address of a thread."""
    return (f"https://{world.slack.team['domain']}.slack.com/archives/"
            f"{root['channel']}/p{root['ts'].replace('.', '')}")


def test_known_fields_of_the_template_are_filled_in(daemon, world, cast):
    world.gitlab.add_template(cast.project, cast.template, FILLED)
    d = daemon(services=GITLAB, **LONG)
    number, ticket = acknowledged(d, world, cast, subject="It's <down> & out")
    issue = wait_issue(d, world, cast, number)
    url = f"{world.zendesk.url}/agent/tickets/{ticket['id']}"
    for text in (f"Ticket {url} of Acme\n", "It's &lt;down> & out\n",
                 "Eng One has it, at ; ; {{nonsense}} {{ }} {{\n"):
        assert text in issue["description"]
    assert issue["labels"] == ["emergency"]


def test_nobody_acknowledged_or_no_gitlab_no_issue(daemon, world, cast):
    d = daemon(services=GITLAB, **LONG)
    opened(d, world, cast)
    number, _ = acknowledged(d, world, cast)
    wait_issue(d, world, cast, number)
    d.stop()
    without = daemon(**LONG)
    number, _ = acknowledged(without, world, cast)
    without.restart()
    assert not [a for a in without.emergency(number)["actions"]
                if a["service"] == "gitlab"]
    assert len(issues(world, cast)) == 1


def test_a_dry_run_makes_none(daemon, world, cast):
    d = daemon(services=GITLAB, dry_run="yes", **LONG)
    number, _ = acknowledged(d, world, cast)
    wait_call(d, number, "dry")
    assert not world.gitlab.received("POST")


@pytest.mark.parametrize("path", ["support/emergency-runbook", "id"])
def test_the_project_is_named_by_path_or_number(daemon, world, cast, path):
    project = cast.project["id"] if path == "id" else path
    d = daemon(services=GITLAB, config={"gitlab": {"project": project}},
               **LONG)
    number, _ = acknowledged(d, world, cast)
    wait_issue(d, world, cast, number)


# -- what a customer wrote is no order -------------------------------------


@pytest.mark.parametrize("subject", [
    "/close", " /close", "x\n/close\n/confidential false", "\r/close",
    "\t/title Owned", "x -->\n/close", "<!-- /close", "@all /close",
    "```\n/close", "/" * 300])
def test_what_a_customer_wrote_is_no_order(daemon, world, cast, subject):
    """Neither the subject nor the organization's name."""
    template = "{{subject}}\n{{ subject }}\n  {{organization}}\nEnd"
    world.gitlab.add_template(cast.project, cast.template, template)
    organization = world.zendesk.create_organization("\n/close\n/title X")
    customer = world.zendesk.create_user("C", "c@c.example",
                                         organization=organization)
    d = daemon(services=GITLAB, **LONG)
    number, ticket = acknowledged(d, world, cast, subject=subject,
                                  requester=customer,
                                  organization=organization)
    issue = wait_issue(d, world, cast, number)
    assert issue["state"] == "opened" and issue["confidential"]
    assert issue["labels"] == []
    assert issue["title"].startswith(f"Emergency ticket #{ticket['id']}: ")
    assert "\n" not in issue["title"]
    text = issue["description"]
    assert not [line for line in text.split("\n")
                if line.strip().startswith("/")]
    assert text.count("<!--") == 1 and " @all" not in text
    assert text.rstrip().endswith("-->") and "\nEnd\n" in text


# -- trouble ---------------------------------------------------------------


def test_a_long_template_is_not_cut(daemon, world, cast):
    world.gitlab.add_template(cast.project, cast.template,
                              "x" * 300_000 + " {{subject}}\nTHE END")
    d = daemon(services=GITLAB, **LONG)
    number, ticket = acknowledged(d, world, cast)
    text = wait_issue(d, world, cast, number)["description"]
    assert f" {ticket['subject']}\nTHE END\n" in text
    assert "<!-- emergencyd " in text


def test_a_text_that_can_not_be_sent_stops_nothing_else(daemon, world, cast):
    """It should never be there: whatever comes in is UTF-8."""
    d = daemon(services=GITLAB, **LONG)
    number, ticket = opened(d, world, cast)
    d.stop()
    with contextlib.closing(sqlite3.connect(d.database)) as database:
        with database:
            database.execute("UPDATE emergency_detail SET organization = "
                             "CAST(x'41ff4142' AS TEXT)")
    d.start()
    order(d, number, "ack", by=cast.engineer_pd["name"])
    assert "not UTF-8" in wait_call(d, number, "parked")["error"]
    assert not issues(world, cast)
    order(d, number, "first-contact")
    wait_until(lambda: own_comments(world, cast, ticket), 15, "a comment")


def test_a_template_that_is_missing_is_told(daemon, world, cast):
    d = daemon(services=("slack", "gitlab"), config={
        "gitlab": {"template": "No such"}}, **LONG)
    number, ticket = acknowledged(d, world, cast)
    call = wait_call(d, number, "parked")
    assert "404" in call["error"]
    told = wait_reply(world, root_of(d, world, number), "gitlab answered 404")
    assert "@Eng One" in world.slack.text_of(told)
    assert not world.gitlab.received("POST")
    world.gitlab.add_template(cast.project, "No such", "Now there is.")
    status, answer = d.api_post(f"/api/outbox/{call['id']}/retry",
                                {"by": "Tess"})
    assert status == 200, answer
    assert "Now there is." in wait_issue(d, world, cast,
                                         number)["description"]


@pytest.mark.parametrize("name", TROUBLES)
def test_making_it_may_fail_in_any_way_once(daemon, world, cast, name):
    d = daemon(services=GITLAB, **LONG)
    number, _ = opened(d, world, cast)
    trouble = world.gitlab.fault("POST", ISSUES, **TROUBLES[name])
    acknowledge(d, world, cast, number)
    wait_issue(d, world, cast, number)
    assert trouble.hits == 1
    assert len(world.gitlab.received("POST", ISSUES)) == (
        1 if name in MAY_HAVE_TAKEN_EFFECT else 2)


@pytest.mark.parametrize("name", TROUBLES)
def test_reading_the_template_may_fail_in_any_way_once(daemon, world, cast,
                                                       name):
    d = daemon(services=GITLAB, **LONG)
    number, _ = opened(d, world, cast)
    trouble = world.gitlab.fault("GET", TEMPLATES, **TROUBLES[name])
    acknowledge(d, world, cast, number)
    wait_issue(d, world, cast, number)
    assert trouble.hits == 1


@pytest.mark.parametrize("name", TROUBLES)
def test_looking_for_it_may_fail_in_any_way_once(daemon, world, cast, name):
    d = daemon(services=GITLAB, **LONG)
    number, _ = opened(d, world, cast)
    world.gitlab.fault("POST", ISSUES, reset=True, after_effect=True)
    trouble = world.gitlab.fault("GET", ISSUES, **TROUBLES[name])
    acknowledge(d, world, cast, number)
    wait_issue(d, world, cast, number)
    assert trouble.hits == 1


def test_only_its_own_issue_is_found(daemon, world, cast):
    d = daemon(services=GITLAB, **LONG)
    first, _ = acknowledged(d, world, cast)
    wait_issue(d, world, cast, first)
    second, _ = opened(d, world, cast)
    world.gitlab.fault("POST", ISSUES, answer=Answer(502))
    acknowledge(d, world, cast, second)
    wait_call(d, second)
    assert len(issues(world, cast)) == 2
    told = {said(d, number, "Runbook issue: ")[0]["text"]
            for number in (first, second)}
    assert told == {f"Runbook issue: {issue['web_url']}"
                    for issue in issues(world, cast)}


@pytest.mark.parametrize("end", [FAILS, {}, UNSEEN],
                         ids=["in vain", "late", "unseen"])
def test_killed_while_it_makes_the_issue_there_is_one(daemon, world, cast,
                                                      end):
    d = daemon(services=GITLAB, **LONG)
    number, _ = opened(d, world, cast)
    killed = kill_at(d, world.gitlab, "POST", ISSUES, **end)
    acknowledge(d, world, cast, number)
    wait_killed(killed)
    d.start()
    wait_issue(d, world, cast, number)


@pytest.mark.parametrize("path", [TEMPLATES, ISSUES],
                         ids=["template", "looking"])
def test_killed_while_it_reads_there_is_one_issue(daemon, world, cast, path):
    d = daemon(services=GITLAB, **LONG)
    number, _ = opened(d, world, cast)
    if path == ISSUES:
        world.gitlab.fault("POST", ISSUES, reset=True, after_effect=True)
    killed = kill_at(d, world.gitlab, "GET", path)
    acknowledge(d, world, cast, number)
    wait_killed(killed)
    d.start()
    wait_issue(d, world, cast, number)


def test_issues_that_are_switched_off_are_told(daemon, world, cast):
    """403 for this, while GitLab lets us in."""
    cast.project["issues_enabled"] = False
    d = daemon(services=("slack", "gitlab"), **LONG)
    number, _ = acknowledged(d, world, cast)
    call = wait_call(d, number, "parked")
    assert "403" in call["error"]
    wait_reply(world, root_of(d, world, number), "gitlab answered 403")
    slack_idle(d)
    assert not world.slack.messages(MANAGERS)


@pytest.mark.parametrize("trouble", ["expired", "revoked"])
def test_a_token_that_has_ended_is_told_once_and_tried_again(
        daemon, world, cast, trouble):
    d = daemon(services=("slack", "gitlab"), **LONG)
    world.gitlab.spoil_token(trouble)
    numbers = [acknowledged(d, world, cast)[0] for _ in range(2)]
    world.slack.wait_for_message(MANAGERS, "gitlab refuses our credentials")
    for number in numbers:
        assert action(d.emergency(number), "runbook")["state"] == "pending"
    slack_idle(d)
    assert len([m for m in world.slack.messages(MANAGERS) if
                "gitlab refuses" in world.slack.text_of(m)]) == 1
    world.gitlab.spoil_token(None)
    d.restart()
    for number in numbers:
        wait_call(d, number)
    assert len(issues(world, cast)) == 2


def test_nothing_waits_for_gitlab(daemon, world, cast):
    """It is down: the first comment goes out, and the follow-up."""
    world.gitlab.go_down()
    d = daemon(services=("zoom", "gitlab"), first_contact="automatic",
               follow_up_after="1s", downgrade_after="10m")
    number, ticket = acknowledged(d, world, cast)
    d.wait_for_emergency(emergency_id=number, state="followed_up")
    assert len(own_comments(world, cast, ticket)) == 2
