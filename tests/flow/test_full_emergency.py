"""A whole emergency from page to notes, and a second one in the middle of
it: what everybody sees in the end, each thing exactly once."""

import re

import pytest
from full_story import (NOTE, PERIODS, SERVICES, STAGES, Story,
                        kill_and_start_at, people_free, reordered)
from scenes import seconds

# The replies in the threads: how each begins, in their order.
ACME_THREAD = (
    "@Eng One has acknowledged. Now, please:",
    "Runbook: https://",
    "The customer has been contacted. The page can be resolved now. Without "
    "an answer the follow-up comes at",
    "@Eng One No answer so far: the follow-up comes at",
    "The follow-up is in the ticket. Without an answer the downgrade comes "
    "at",
    "@Eng One No answer so far: the downgrade comes at",
    ":telephone_receiver: @Eng One A call with the customer has begun",
    f"@Eng One: {NOTE}",
    "The call has ended. @Eng Two, you are next on call",
    "The macro for the public notes",
    "All notes of the call are there.",
    "Closed: solved.")
GLOBEX_THREAD = (
    ":rotating_light: @Mona Manager @support-emea A second emergency: the "
    "engineer of #",
    "For saas: more people see this.",
    "@Eng Two has acknowledged. Now, please:",
    "Runbook: https://",
    "The customer has been contacted. The page can be resolved now. Without "
    "an answer the follow-up comes at",
    "@Eng Two No answer so far: the follow-up comes at",
    "The follow-up is in the ticket. Without an answer the downgrade comes "
    "at",
    "@Eng Two No answer so far: the downgrade comes at",
    "No answer: the bridge is closed and the ticket is set to high.")
AVAILABLE = re.compile(
    r"Eng One is here for you until \d\d:00 UTC \(\w+ \d\d:00 E[SD]T\), and "
    r"after that Eng Two until \d\d:00 UTC \(\w+ \d\d:00 E[SD]T\)\. ")


# -- what everybody sees in the end ----------------------------------------

def check(story):
    """Everything of both, once."""
    check_acme_ticket(story, story.acme)
    check_globex_ticket(story, story.globex)
    check_threads(story)
    check_channels(story)
    check_pages(story)
    check_notes_at_pages(story)
    check_manager_page(story)
    check_meetings(story)
    check_issues(story)
    check_acme_api(story.acme)
    check_globex_api(story.globex)
    assert not story.world.slack.failures


def authors(story, emergency):
    """(who wrote it, whether it is public) of each comment."""
    users = story.world.zendesk.users
    return [(users[comment["author_id"]]["name"], comment["public"])
            for comment in
            story.world.zendesk.comments[emergency.ticket["id"]]]


def check_own_audits(story, emergency, count):
    """So many changes by the daemon, each with a mark of its own."""
    marks = [audit["metadata"]["custom"].get("emergencyd") for audit
             in story.world.zendesk.audits[emergency.ticket["id"]]
             if audit["author_id"] == story.cast.bot["id"]]
    assert len(marks) == len(set(marks)) == count and all(marks), marks


def check_texts_for_customers(story, emergency):
    """They offer the bridge, and tell nothing of ours or of others."""
    for body in emergency.bot_comments()[:2]:
        assert emergency.meeting["join_url"] in body
    other = {story.acme: "Runners", story.globex: "Production"}[emergency]
    for body in emergency.bot_comments():
        assert not re.search(rf"Eng |slack|gitlab|PagerDuty|{other}", body)


def check_acme_ticket(story, acme):
    assert authors(story, acme) == [
        ("Carol Customer", True), ("Emergency Bot", True),
        ("Emergency Bot", True), ("Eng One", True), ("Eng One", False)]
    first, follow_up = acme.bot_comments()
    assert '"Production is down" and an engineer is looking' in first
    assert "We have not heard from you" in follow_up
    check_texts_for_customers(story, acme)
    check_own_audits(story, acme, 2)
    assert (acme.ticket["priority"], acme.ticket["status"],
            acme.ticket["tags"]) == ("urgent", "solved", [])


def check_globex_ticket(story, globex):
    assert authors(story, globex) == [("Gina Globex", True)] + [
        ("Emergency Bot", True)] * 3
    closing = globex.bot_comments()[2]
    assert "have closed the call for now and set this request to high" in (
        closing)
    check_texts_for_customers(story, globex)
    check_own_audits(story, globex, 3)
    assert (globex.ticket["priority"], globex.ticket["status"],
            globex.ticket["tags"]) == (
                "high", "open", ["emergency_downgraded", "saas"])


def check_replies(emergency, wanted):
    replies = emergency.replies()
    assert [reply for reply, beginning in zip(replies, wanted)
            if not reply.startswith(beginning)] == []
    assert len(replies) == len(wanted), replies


def check_threads(story):
    acme, globex, slack = story.acme, story.globex, story.world.slack
    check_replies(acme, ACME_THREAD)
    check_replies(globex, GLOBEX_THREAD)
    first = slack.text_of(acme.root)
    assert "Customer: Acme · cc @Tamara Account" in first
    assert "State: *closed* · @Eng One has it" in first
    assert acme.meeting["join_url"] in first
    assert acme.issue["web_url"] in first
    first = slack.text_of(globex.root)
    assert "Customer: Globex\n" in first and "cc " not in first
    assert "State: *downgraded* · @Eng Two has it" in first
    assert "Bridge" not in first
    replies = acme.replies()
    begun, ended, macro = replies[6], replies[8], replies[9]
    assert AVAILABLE.search(begun) and AVAILABLE.search(ended)
    assert "Hi Carol,\n\nthank you for the call." in macro
    # Globex's speaks of Acme's once, by its link.
    assert "Globex" not in "".join(replies)
    assert "Acme" not in "".join(globex.replies())
    assert f"#{acme.ticket['id']}" in globex.replies()[0]
    assert f"#{acme.ticket['id']}" not in "".join(globex.replies()[1:])


def check_channels(story):
    """What is outside of the threads."""
    slack, channels = story.world.slack, story.cast.channels
    shown = {name: [slack.text_of(message) for message
                    in slack.messages(channel)]
             for name, channel in channels.items()}
    [_, colleague] = shown["support_self-managed"]
    assert colleague.startswith("@Eng One is on a call about #")
    assert story.acme.meeting["join_url"] in colleague
    [_] = shown["support_gitlab-com"]
    [second] = shown["support_managers"]
    assert second.startswith(
        ":rotating_light: @Mona Manager A second emergency: the engineer of "
        f"#{story.globex.ticket['id']}")
    assert f"is busy with #{story.acme.ticket['id']}" in second
    assert shown["support_duty"] == []


def changes(story, emergency):
    """(what, by whom) of each change of the state of its page."""
    return [(event["event_type"], (event["agent"] or {}).get("summary"))
            for event in (delivery.json["event"] for delivery
                          in story.d.pagerduty_webhook.deliveries)
            if event["data"]["id"] == emergency.incident["id"]
            and event["event_type"] != "incident.annotated"]


def check_pages(story):
    """Acme's in the name of who pressed; Globex's, whose engineer pressed
    nothing, is left alone."""
    assert changes(story, story.acme) == [
        ("incident.triggered", None), ("incident.acknowledged", "Eng One"),
        ("incident.resolved", "Eng One")]
    assert changes(story, story.globex) == [
        ("incident.triggered", None), ("incident.acknowledged", "Eng Two")]
    assert len(story.world.pagerduty.incidents) == 3


def check_notes_at_pages(story):
    notes = {emergency: [note["content"] for note in
                         story.world.pagerduty.notes[
                             emergency.incident["id"]]]
             for emergency in (story.acme, story.globex)}
    for emergency, texts in notes.items():
        path = emergency.root["ts"].replace(".", "")
        assert re.fullmatch(
            rf"Slack thread: https://\S+/{emergency.channel['id']}/p{path}",
            texts.pop(0))
    assert notes[story.acme] == []
    assert notes[story.globex] == [
        f"No answer from the customer: ticket #{story.globex.ticket['id']} "
        "was set to high and the bridge closed."]


def check_manager_page(story):
    [page] = story.summons()
    [assignment] = page["assignments"]
    assert assignment["assignee"]["summary"] == "Mona Manager"
    assert page["title"].startswith(
        f"You are needed: emergency ticket #{story.globex.ticket['id']}")
    request = story.world.pagerduty.received("POST", "/incidents$")[-1]
    details = request.json["incident"]["body"]["details"]
    for emergency in (story.globex, story.acme):
        assert f"/agent/tickets/{emergency.ticket['id']}\n" in details + "\n"


def check_meetings(story):
    """One each; Globex's, in which its engineer waited, was ended once."""
    zoom = story.world.zoom
    assert len(zoom.meetings) == 2
    for emergency in (story.acme, story.globex):
        assert not zoom.participants[emergency.meeting["id"]]
        assert len([delivery for delivery in story.d.zoom_webhook.deliveries
                    if delivery.what == "meeting.ended"
                    and str(delivery.json["payload"]["object"]["id"])
                    == str(emergency.meeting["id"])]) == 1
    assert not zoom.received("PUT", f"/{story.acme.meeting['id']}/status")


def check_issues(story):
    issues = story.world.gitlab.issues[story.cast.project["id"]]
    assert len(issues) == 2
    for emergency, customer, engineer in (
            (story.acme, "Acme", "Eng One"),
            (story.globex, "Globex", "Eng Two")):
        issue = emergency.issue
        assert issue["title"] == (
            f"Emergency ticket #{emergency.ticket['id']}: {customer}")
        for text in (f"Customer: {customer}", f"Engineer: {engineer}",
                     f"/agent/tickets/{emergency.ticket['id']}",
                     emergency.root["ts"].replace(".", ""),
                     emergency.meeting["join_url"], "### Checklist"):
            assert text in issue["description"], text
        assert issue["confidential"] and "emergency" in issue["labels"]


def check_shown(shown, emergency, **wanted):
    """What the API says of any of them, and fields as wanted."""
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["ticket"]["id"] == emergency.ticket["id"]
    assert shown["thread"] == {"channel": emergency.channel["id"],
                               "ts": emergency.root["ts"]}
    assert [page["incident_id"] for page in shown["pages"]] == [
        emergency.incident["id"]]
    assert (shown["held"], shown["next"], shown["dry_run"]) == (
        None, None, False)
    assert {action["state"] for action in shown["actions"]} <= {
        "done", "cancelled"}
    times = [shown[name] for name in (
        "opened_at", "acknowledged_at", "contacted_at", "followed_up_at")]
    assert times == sorted(times)


def check_acme_api(acme):
    shown = acme.shown()
    check_shown(shown, acme, state="closed", closed_why="solved",
                downgraded_at=None,
                engineer={"name": "Eng One", "email": "engineer@example.com"},
                bridge={"url": acme.meeting["join_url"]})
    assert shown["pages"][0]["status"] == "resolved"
    # A follow-up whose answer was lost counts as sent at its second's end.
    assert seconds(shown["followed_up_at"], shown["answered_at"]) > -1
    assert shown["answered_at"] < shown["closed_at"]
    assert [item["item"] for item in shown["checklist"]
            if item["done_at"]] == [
                "public notes", "internal note", "next on call tagged"]


def check_globex_api(globex):
    shown = globex.shown()
    check_shown(shown, globex, state="downgraded", answered_at=None,
                closed_at=None, bridge=None, checklist=[],
                engineer={"name": "Eng Two", "email": "second@example.com"})
    assert shown["pages"][0]["status"] == "acknowledged"
    assert shown["followed_up_at"] < shown["downgraded_at"]


# -- the story --------------------------------------------------------------

@pytest.mark.parametrize("webhook", ["trigger", "events"])
def test_two_emergencies_from_page_to_notes(daemon, world, cast, webhook):
    d = daemon(services=SERVICES, zendesk_webhook=webhook, **PERIODS)
    story = Story(d, world, cast)
    story.play()
    check(story)


@pytest.mark.parametrize("webhook", ["trigger", "events"])
def test_doubled_webhooks_change_nothing(daemon, world, cast, webhook):
    d = daemon(services=SERVICES, zendesk_webhook=webhook, **PERIODS)
    for each in people_free(world) + world.slack.webhooks:
        each.copies = 2
    story = Story(d, world, cast)
    story.play()
    check(story)


def test_delayed_webhooks_change_nothing(daemon, world, cast):
    d = daemon(services=SERVICES, **PERIODS)
    for number, each in enumerate(people_free(world), 1):
        each.delay_s = 0.2 * number
    story = Story(d, world, cast)
    story.play()
    check(story)


@pytest.mark.parametrize("webhook", ["trigger", "events"])
def test_reordered_webhooks_change_nothing(daemon, world, cast, webhook):
    d = daemon(services=SERVICES, zendesk_webhook=webhook, **PERIODS)
    story = Story(d, world, cast)
    with reordered(world):
        story.play()
    check(story)


# The request in a stage at which the daemon is killed, and whether it has
# taken effect by then, or does so only when the daemon runs again.
UNSEEN, LATE = True, False
MESSAGE = ("slack", "POST", "/chat.postMessage")
MOMENTS = {
    "the thread opens": ("acme_is_paged", *MESSAGE, LATE),
    "the page is acknowledged":
        ("acme_is_acknowledged", "pagerduty", "PUT", "/incidents/", LATE),
    "the bridge is made":
        ("acme_is_acknowledged", "zoom", "POST", "/meetings", LATE),
    "the runbook is made":
        ("acme_is_acknowledged", "gitlab", "POST", "/issues", LATE),
    "the first comment is posted":
        ("acme_is_contacted", "zendesk", "PUT", "/tickets/", LATE),
    "the page is resolved":
        ("acme_page_is_resolved", "pagerduty", "PUT", "/incidents/", UNSEEN),
    "the follow-up is sent":
        ("acme_is_silent", "zendesk", "PUT", "/tickets/", UNSEEN),
    "the manager is paged":
        ("globex_is_paged", "pagerduty", "POST", "/incidents$", LATE),
    "the managers are told": ("globex_is_paged", *MESSAGE, UNSEEN),
    "the second is told what to do":
        ("globex_is_taken_by_a_second", *MESSAGE, LATE),
    "it is asked who joined":
        ("acme_joins_the_bridge", "zendesk", "GET", "/search", UNSEEN),
    "the other's first comment is posted":
        ("globex_is_contacted", "zendesk", "PUT", "/tickets/", UNSEEN),
    "a colleague is asked": ("acme_is_on_a_call", *MESSAGE, LATE),
    "the call's end is told": ("acme_hangs_up", *MESSAGE, UNSEEN),
    "the macro is read":
        ("acme_hangs_up", "zendesk", "GET", "/macros/", UNSEEN),
    "the checklist is ticked":
        ("acme_notes_are_written", "slack", "POST", "/chat.update", LATE),
    "its end is told": ("acme_is_solved", *MESSAGE, LATE),
    "the ticket is downgraded":
        ("globex_is_downgraded", "zendesk", "PUT", "/tickets/", UNSEEN),
    "the bridge is closed":
        ("globex_is_downgraded", "zoom", "PUT", "/status", UNSEEN),
    "the page gets a note":
        ("globex_is_downgraded", "pagerduty", "POST", "/notes", LATE),
}


def test_a_moment_for_every_stage():
    assert {moment[0] for moment in MOMENTS.values()} == (
        set(STAGES) - {"globex_is_silent", "all_is_done"})


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while(daemon, world, cast, moment):
    """Started again at once, also while what it had begun is unfinished."""
    wanted, service, method, path, after_effect = MOMENTS[moment]
    # Zendesk does not repeat what it could not deliver; and who looks for
    # a message lets it settle first.
    d = daemon(services=SERVICES, config={"zendesk": {"poll_every": "1s"}},
               follow_up_after="2s", downgrade_after="8s")
    story = Story(d, world, cast)
    faults = []

    def arm(stage):
        if stage == wanted:
            story.all_is_done()  # so that it meets the one that is meant
            faults.append(kill_and_start_at(
                d, getattr(world, service), method, path, after_effect))

    story.play(arm)
    assert faults[0].hits == 1
    check(story)
