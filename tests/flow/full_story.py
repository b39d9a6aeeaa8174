"""Two emergencies from page to notes, as scripts for test_full_emergency.py.

Acme's: paged, acknowledged and answered by buttons in its thread, silence,
follow-up, a call, notes, solved.  Globex's comes in the middle of it, to the
same engineer; a second one takes it; nobody answers it.

Everything is done by webhooks and over the API; every stage waits until all
that it must bring about is there.  What it waits for may be late, and the
daemon may be away meanwhile.
"""

import threading
import time
from contextlib import contextmanager
from http.client import HTTPException

from harness import wait_until
from scenes import next_second, page_for, urgent_ticket

SERVICES = ("slack", "zoom", "gitlab")
PATIENCE_S = 20
LATE_S = 0.5
PERIODS = {"follow_up_after": "2s", "downgrade_after": "4s"}
NOTE = "The primary's disk is full."


class Emergency:
    """One customer's: its ticket, page and thread, and who looks after it.

    engineer: the name of a member of the cast.
    """

    def __init__(self, story, engineer, channel, **ticket):
        self._story = story
        self._world = story.world
        self._cast = story.cast
        self.engineer = engineer
        self.channel = story.cast.channels[channel]
        self._fields = ticket
        self.ticket = self.incident = self.root = None

    # -- who and what ------------------------------------------------------

    @property
    def zendesk_user(self):
        return getattr(self._cast, self.engineer)

    @property
    def pagerduty_user(self):
        return getattr(self._cast, self.engineer + "_pd")

    @property
    def slack_user(self):
        return getattr(self._cast, self.engineer + "_slack")

    @property
    def meeting(self):
        """Its only meeting, or None."""
        topic = f"Emergency ticket #{self.ticket['id']}"
        found = [meeting for meeting in self._world.zoom.meetings.values()
                 if meeting["topic"] == topic]
        assert len(found) < 2, found
        return found[0] if found else None

    @property
    def issue(self):
        """Its only issue, or None."""
        found = [issue for issue
                 in self._world.gitlab.issues[self._cast.project["id"]]
                 if f"ticket #{self.ticket['id']}:" in issue["title"]]
        assert len(found) < 2, found
        return found[0] if found else None

    def shown(self):
        """As the API shows it alone; None if it can't be seen now."""
        rows = self._story.see(lambda d: d.emergencies()) or []
        for row in rows:
            if row["ticket"] and row["ticket"]["id"] == self.ticket["id"]:
                return self._story.see(lambda d: d.emergency(row["id"]))
        return None

    def bot_comments(self):
        return [comment["body"] for comment
                in self._world.zendesk.comments[self.ticket["id"]]
                if comment["author_id"] == self._cast.bot["id"]]

    def replies(self):
        """The readable texts of its thread, without the first message."""
        slack = self._world.slack
        return [slack.text_of(message) for message
                in slack.thread(self.channel, self.root)]

    # -- what people do ----------------------------------------------------

    def opens(self):
        """An urgent ticket and its page, which bring about the thread."""
        self.ticket = urgent_ticket(self._world, self._cast, **self._fields)
        self.incident = page_for(self._world, self._cast, self.ticket,
                                 ago_s=0)
        self.root = self._world.slack.wait_for_message(
            self.channel, f"Thread for .*#{self.ticket['id']}",
            timeout=PATIENCE_S)
        self.wait(lambda: (self.shown() or {}).get("thread"), "the thread")

    def press(self, label, message=None, by=None):
        """A button, by default of the thread's first message, once it is
        there; by default its engineer's press."""
        slack = self._world.slack
        message = message or self.root
        self.wait(lambda: label in [
            button["text"]["text"] for button in slack.buttons(message)],
            f"the button {label}")
        self._story.give(lambda: slack.press(by or self.slack_user, message,
                                             label), label)

    def types(self, command, arguments=""):
        """Its engineer's slash command."""
        number = self.wait(self.shown, "the emergency")["id"]
        self._story.give(lambda: self._world.slack.command(
            self.slack_user, self.channel, "/emergency",
            f"{command} {number} {arguments}".strip()), command)

    def writes(self, body, **more):
        """Its engineer's comment."""
        return self._world.zendesk.comment(self.ticket, self.zendesk_user,
                                           body, **more)

    # -- what must come of it ----------------------------------------------

    def wait(self, found, what):
        return wait_until(found, PATIENCE_S, what, self.shown)

    def wait_state(self, state):
        self.wait(lambda: (e := self.shown()) and e["state"] == state,
                  f"state {state}")

    def wait_reply(self, pattern):
        """Waits for a message in the thread."""
        return self._world.slack.wait_for_message(
            self.channel, pattern, thread=self.root, timeout=PATIENCE_S)

    def wait_root(self, text):
        slack = self._world.slack
        wait_until(lambda: text in slack.text_of(self.root), PATIENCE_S,
                   f"{text!r} in the first message",
                   lambda: slack.text_of(self.root))

    def wait_bridge_and_runbook(self):
        self.wait(lambda: self.meeting and self.issue and (
            self.shown() or {}).get("bridge"), "bridge and runbook")
        self.wait_reply("^Runbook: ")


class Story:
    """Both.  STAGES are played in their order."""

    def __init__(self, d, world, cast):
        self.d, self.world, self.cast = d, world, cast
        self.acme = Emergency(self, "engineer", "support_self-managed")
        self.globex = Emergency(
            self, "second", "support_gitlab-com", tags=["saas"],
            subject="Runners are gone", requester=cast.globex_customer)

    def play(self, before=lambda stage: None):
        """before(stage) is called before each."""
        for stage in STAGES:
            before(stage)
            getattr(self, stage)()

    def see(self, look):
        """What look(daemon) returns; None while the daemon is away."""
        try:
            return look(self.d)
        except (OSError, HTTPException):
            return None

    def give(self, order, what):
        """Somebody presses or types, and again if Slack shows that it did
        not arrive."""
        def given():
            status, answer = order()
            assert status in (200, "connection"), (status, answer)
            return status == 200

        wait_until(given, PATIENCE_S, f"an answer to {what}")

    # -- stages ------------------------------------------------------------

    def acme_is_paged(self):
        self.acme.opens()

    def acme_is_acknowledged(self):
        self.acme.press("Acknowledge")
        self.acme.wait_reply("has acknowledged")
        self.acme.wait(lambda: self.acme.incident["status"]
                       == "acknowledged", "the acknowledgement")
        self.acme.wait_bridge_and_runbook()

    def acme_is_contacted(self):
        self.acme.press("Post it")
        self.acme.wait(self.acme.bot_comments, "the first comment")
        self.acme.wait_reply("has been contacted")

    def acme_page_is_resolved(self):
        told = self.acme.wait_reply("has been contacted")
        self.acme.press("Resolve the page", told)
        self.acme.wait(lambda: self.acme.incident["status"] == "resolved",
                       "the resolve")

    def acme_is_silent(self):
        self.acme.wait_reply("follow-up is in the ticket")

    def globex_is_paged(self):
        self.globex.opens()
        self.globex.wait_reply("A second emergency")
        self.globex.wait(self.summons, "the manager's page")

    def globex_is_taken_by_a_second(self):
        self.world.pagerduty.acknowledge(self.globex.incident,
                                         self.cast.second_pd)
        self.globex.wait_reply("@Eng Two has acknowledged")
        self.globex.wait_bridge_and_runbook()

    def acme_joins_the_bridge(self):
        acme = self.acme
        self.world.zoom.join(acme.meeting, "Eng One",
                             acme.zendesk_user["email"])
        self.world.zoom.join(acme.meeting, self.cast.customer["name"],
                             self.cast.customer["email"])
        acme.wait_reply("A call with the customer has begun")
        acme.wait_state("engaged")

    def globex_is_contacted(self):
        self.globex.press("Post it")
        self.globex.wait_reply("has been contacted")
        self.world.zoom.join(self.globex.meeting, "Eng Two",
                             self.globex.zendesk_user["email"])

    def acme_is_on_a_call(self):
        told = self.acme.wait_reply("A call with the customer has begun")
        self.acme.press("Find a colleague", told)
        self.world.slack.wait_for_message(
            self.acme.channel, "would like a colleague", timeout=PATIENCE_S)
        self.acme.types("note", NOTE)
        self.acme.wait_reply(f"Eng One: {NOTE}")

    def acme_hangs_up(self):
        self.world.zoom.end(self.acme.meeting)
        self.acme.wait_reply("The call has ended")
        self.acme.wait_reply("The macro for the public notes")
        self.acme.wait_root("✗ public notes, ✗ internal note, "
                            "✓ next on call tagged")

    def acme_notes_are_written(self):
        next_second(self.world)  # Zendesk must show that they came after it
        self.acme.writes("In summary: the disk is larger now.",
                         macro=self.cast.post_call_macro)
        self.acme.wait_root("✓ public notes, ✗ internal note")
        self.acme.writes("Log rotation was off.", public=False)
        self.acme.wait_reply("All notes of the call are there")
        self.acme.wait_root("✓ public notes, ✓ internal note, "
                            "✓ next on call tagged")

    def acme_is_solved(self):
        self.world.zendesk.update(self.acme.ticket, status="solved",
                                  by=self.acme.zendesk_user)
        self.acme.wait_reply("^Closed: solved")
        self.acme.wait_state("closed")

    def globex_is_silent(self):
        self.globex.wait_reply("follow-up is in the ticket")

    def globex_is_downgraded(self):
        self.globex.wait_reply("the bridge is closed")
        self.globex.wait_state("downgraded")

    def all_is_done(self):
        """Nothing is on its way any more."""
        self.acme.wait(lambda: self.see(lambda d: d.api_get(
            "/api/outbox")[1]["actions"]) == [], "an empty outbox")

    # -- for checks --------------------------------------------------------

    def summons(self):
        """The pages of the daemon's own making."""
        return [incident for incident
                in self.world.pagerduty.incidents.values()
                if (incident["incident_key"] or "").startswith("emergencyd")]


STAGES = ("acme_is_paged", "acme_is_acknowledged", "acme_is_contacted",
          "acme_page_is_resolved", "acme_is_silent", "globex_is_paged",
          "globex_is_taken_by_a_second", "acme_joins_the_bridge",
          "globex_is_contacted", "acme_is_on_a_call", "acme_hangs_up",
          "acme_notes_are_written", "acme_is_solved", "globex_is_silent",
          "globex_is_downgraded", "all_is_done")


# -- trouble ---------------------------------------------------------------

def people_free(world):
    """The webhooks that no person waits for: all but Slack's."""
    return [webhook for service in (world.zendesk, world.pagerduty,
                                    world.zoom)
            for webhook in service.webhooks]


@contextmanager
def reordered(world):
    """What is sent within a quarter of a second arrives the other way
    round."""
    webhooks = people_free(world)
    over = threading.Event()

    def turn_round():
        while not over.wait(0.25):
            for webhook in webhooks:
                webhook.release(*reversed(webhook.held))

    for webhook in webhooks:
        webhook.hold()
    thread = threading.Thread(target=turn_round)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for webhook in webhooks:
            webhook.flow()


def kill_and_start_at(d, service, method, path, after_effect):
    """Has the daemon killed and started anew when this request arrives.

    after_effect: it has taken effect, but the answer is lost; else it takes
    effect only when the daemon runs again.  Returns the fault.
    """
    def kill_and_start(request):
        d.slack_webhook.wait_idle()  # else people would press once more
        d.kill()
        d.start()
        if not after_effect:
            time.sleep(LATE_S)

    return service.fault(method, path, after_effect=after_effect,
                         hook=kill_and_start)
