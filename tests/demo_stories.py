"""The three emergencies of the demo: who does what, and what must come of it.

A story's play() does what the people do.  It is a generator: it yields what
it waits for, a function of the story that says whether it is there.
"""

import time

from standins.clock import parse_iso

BOT = "Emergency Bot"


class Story:
    """One emergency; .shown is how the daemon showed it last, or None.

    tell(story, text) prints what a person does, or an explanation.
    """

    name = ""
    about = ""
    subject = ""
    customer_name = ""
    engineer = ""  # the member of the cast who looks after it
    paged = ""     # and the one to whom the page goes
    channel = "support_self-managed"
    tags = ()

    def __init__(self, world, cast, tell):
        self.world = world
        self.cast = cast
        self.shown = None
        self.ticket = None
        self.incident = None
        self._engineer = getattr(cast, self.engineer)
        self._pager = getattr(cast, self.engineer + "_pd")
        self._slack_user = getattr(cast, self.engineer + "_slack")
        self._tell = tell
        domain = f"{self.name.lower()}.example"
        self._customer = world.zendesk.create_user(
            self.customer_name,
            f"{self.customer_name.split()[0].lower()}@{domain}",
            time_zone="Eastern Time (US & Canada)",
            iana_time_zone="America/New_York",
            organization=world.zendesk.create_organization(
                self.name, domains=[domain],
                fields={"account_manager": cast.account_manager["email"]}))

    # -- what people do ----------------------------------------------------

    def open(self):
        """The customer opens a ticket, and PagerDuty pages for it."""
        self.ticket = self.world.zendesk.create_ticket(
            self.subject, self._customer, priority="urgent",
            description=f"{self.subject}. Please help!", tags=self.tags)
        self.say(f"{self.customer_name} opens urgent ticket "
                 f"{self.ticket['id']}: {self.subject}")
        self.incident = self.world.pagerduty.trigger(
            f"Emergency ticket #{self.ticket['id']}: {self.subject}",
            self.cast.service,
            assignees=[getattr(self.cast, self.paged + "_pd")])

    def acknowledge(self):
        self.say(f"{self._pager['name']} acknowledges the page in PagerDuty")
        self.world.pagerduty.acknowledge(self.incident, self._pager)

    def contact(self):
        self.say(f"{self._engineer['name']} writes to the customer")
        self.world.zendesk.comment(
            self.ticket, self._engineer,
            f"I am {self._engineer['name']} and am looking at it now. Shall "
            "we talk on Zoom?")

    def press(self, label):
        """The engineer presses a button of the thread that offers it."""
        self.say(f"{self._pager['name']} presses [{label}] in the thread")
        status, _ = self.world.slack.press(
            self._slack_user, self.message_with(label), label)
        assert status == 200, f"{label} was answered {status}"

    def type(self, command):
        self.say(f"{self._pager['name']} types: /emergency {command}")
        status, answer = self.world.slack.command(
            self._slack_user, self.cast.channels[self.channel],
            "/emergency", command)
        assert status == 200, f"{command} was answered {status}: {answer}"

    def join_bridge(self):
        self.say(f"{self.customer_name} and {self._engineer['name']} join "
                 "the bridge")
        for user in (self._engineer, self._customer):
            self.world.zoom.join(self.meeting(), user["name"], user["email"])

    def hang_up(self):
        self.say("The call ends")
        self.world.zoom.end(self.meeting())

    def write_notes(self):
        self.say(f"{self._engineer['name']} writes notes of the call, for "
                 "the customer and for colleagues")
        self.world.zendesk.comment(
            self.ticket, self._engineer, "In summary: it was the cache.",
            macro=self.cast.post_call_macro)
        self.world.zendesk.comment(self.ticket, self._engineer,
                                   "Watch the cache.", public=False)

    def solve(self):
        self.say(f"{self._engineer['name']} solves the ticket")
        self.world.zendesk.update(self.ticket, by=self._engineer,
                                  status="solved")

    def reply_unheard(self, text):
        """The customer answers, but the webhook about it never arrives."""
        self.say(f"{self.customer_name} answers, but Zendesk's webhook gets "
                 "lost")
        webhook = self.world.zendesk.webhooks[0]
        with self.world.changed:  # so that no other webhook is held
            webhook.hold()
            self.world.zendesk.comment(self.ticket, self._customer, text)
            webhook.lose()
            webhook.flow()

    def say(self, text):
        self._tell(self, f"> {text}")

    def explain(self, text):
        self._tell(self, f"[{text}]")

    # -- for checks --------------------------------------------------------

    def state(self):
        return self.shown and self.shown["state"]

    def stored_ticket(self):
        return self.world.zendesk.tickets[self.ticket["id"]]

    def comments(self):
        """(author's name, comment) of each, oldest first."""
        users = self.world.zendesk.users
        return [(users[comment["author_id"]]["name"], comment)
                for comment in self.world.zendesk.comments[self.ticket["id"]]]

    def own_comments(self):
        """How many comments the daemon wrote."""
        return sum(name == BOT for name, _ in self.comments())

    def thread(self):
        """The messages of its thread in Slack, the first one first."""
        slack, channel = self.world.slack, self.cast.channels[self.channel]
        for message in slack.messages(channel):
            if self.ticket and f"ticket #{self.ticket['id']} " in (
                    slack.text_of(message)):
                return [message, *slack.thread(channel, message)]
        return []

    def says(self, text):
        """How many replies in the thread say this."""
        return sum(text in self.world.slack.text_of(message)
                   for message in self.thread()[1:])

    def message_with(self, label):
        """The message of the thread with this button, best the first."""
        return next((message for message in self.thread()
                     if any(button["text"]["text"] == label for button
                            in self.world.slack.buttons(message))), None)

    def meetings(self):
        return self._named_by_ticket(self.world.zoom.meetings.values(),
                                     "topic")

    def meeting(self):
        return self.meetings()[0]

    def issues(self):
        return self._named_by_ticket(
            self.world.gitlab.issues[self.cast.project["id"]], "title")

    def summons(self):
        """The pages by which the daemon called others."""
        return [incident for incident in self._named_by_ticket(
                    self.world.pagerduty.incidents.values(), "title")
                if incident is not self.incident]

    def _named_by_ticket(self, things, name):
        return [thing for thing in things
                if f"ticket #{self.ticket['id']}" in thing[name]]

    def deviations(self, period_s):
        """Sentences on what is not as it must be in the end."""
        raise NotImplementedError

    def _expect(self, **wanted):
        """Deviations from what is wanted, and from what always must be."""
        ticket = self.stored_ticket()
        texts = [self.world.slack.text_of(message)
                 for message in self.thread()]
        seen = {"state": self.state(), "priority": ticket["priority"],
                "page": self.incident["status"],
                "own_comments": self.own_comments(),
                "summons": len(self.summons()),
                "downgrade_tag": "emergency_downgraded" in ticket["tags"],
                "meetings": len(self.meetings()),
                "issues": len(self.issues()),
                "threads": min(1, len(texts)),
                "doubled_messages": len(texts) - len(set(texts)),
                "unfinished_calls": sum(not is_over(action) for action
                                        in self.shown["actions"])}
        wanted = {"meetings": 1, "issues": 1, "threads": 1, "summons": 0,
                  "downgrade_tag": wanted["priority"] != "urgent",
                  "doubled_messages": 0, "unfinished_calls": 0, **wanted}
        return [f"{what}: {seen[what]!r} instead of {wanted[what]!r}"
                for what in wanted if seen[what] != wanted[what]]


def is_over(action):
    return action["state"] in ("done", "cancelled")


def in_state(state):
    return lambda story: story.state() == state


def offers(label):
    """The thread has a button with this label."""
    return lambda story: story.message_with(label)


def told(text):
    return lambda story: story.says(text)


def quiet(story):
    """All calls that it caused have ended."""
    return all(is_over(action) for action in story.shown["actions"])


def after(seconds):
    end = time.monotonic() + seconds
    return lambda story: time.monotonic() >= end


class NobodyAnswers(Story):
    name = "Alder"
    about = "nobody answers"
    subject = "Production is down"
    customer_name = "Anna Alder"
    engineer = paged = "engineer"

    def play(self):
        self.open()
        yield offers("Acknowledge")
        yield after(0.5)
        self.press("Acknowledge")
        yield offers("Post it")
        yield after(0.5)
        self.press("Post it")
        yield offers("Resolve the page")
        yield after(0.3)
        self.press("Resolve the page")
        yield in_state("downgraded")
        yield told("the bridge is closed")
        yield quiet

    def deviations(self, period_s):
        found = self._expect(state="downgraded", priority="high",
                             page="resolved", own_comments=3)
        if found:
            return found
        contacted, followed_up, downgraded = (
            _seconds(self.shown[key]) for key in (
                "contacted_at", "followed_up_at", "downgraded_at"))
        return [f"the {step} came after {gap:.1f} s already"
                for step, gap in (("follow-up", followed_up - contacted),
                                  ("downgrade", downgraded - followed_up))
                if gap < period_s]


class JoinsTheBridge(Story):
    name = "Birch"
    about = ("a second emergency for the same engineer; another one takes "
             "it, and the customer joins the bridge")
    subject = "Nobody can log in"
    customer_name = "Ben Birch"
    engineer = "second"
    paged = "engineer"
    channel = "support_gitlab-com"
    tags = ("saas",)

    def play(self):
        yield after(1.2)
        self.open()
        yield told("A second emergency")
        yield after(0.8)
        self.press("Acknowledge")
        yield offers("Post it")
        yield after(0.5)
        self.press("Post it")
        yield in_state("contacted")
        yield after(0.8)
        self.join_bridge()
        yield offers("Find a colleague")
        yield after(0.5)
        self.press("Find a colleague")
        yield after(0.5)
        self.type(f"note {self.shown['id']} It was the cache.")
        yield told("It was the cache.")
        yield after(0.5)
        self.hang_up()
        yield told("The macro for the public notes")
        yield after(1.5)
        self.write_notes()
        yield told("All notes of the call are there")
        yield after(0.5)
        self.solve()
        yield in_state("closed")
        yield quiet

    def deviations(self, period_s):
        found = self._expect(state="closed", priority="urgent",
                             page="acknowledged", own_comments=1, summons=1)
        missing = [item["item"] for item in self.shown["checklist"]
                   if not item["done_at"]]
        if missing or not self.shown["checklist"]:
            found.append(f"after the call there is still to do: {missing}")
        return found


class AnswersUnheard(Story):
    name = "Cedar"
    about = ("the customer answers the follow-up, but Zendesk's webhook "
             "about it is lost")
    subject = "All pipelines are stuck"
    customer_name = "Cleo Cedar"
    engineer = paged = "manager"
    noticed_s = None

    def play(self):
        yield after(0.8)
        self.open()
        yield in_state("paged")
        yield after(1.0)
        self.acknowledge()
        yield in_state("acknowledged")
        yield after(0.6)
        self.contact()
        yield in_state("followed_up")
        yield after(1.0)
        self.reply_unheard("Sorry, I was away. It is still broken.")
        yield in_state("engaged")
        self.noticed_s = time.time()
        self.explain("found by the look right before the downgrade, which "
                     "is not done")
        yield quiet

    def deviations(self, period_s):
        found = self._expect(state="engaged", priority="urgent",
                             page="acknowledged", own_comments=1)
        waited = self.noticed_s - _seconds(self.shown["followed_up_at"])
        if waited < period_s:
            found.append(f"the answer was found {waited:.1f} s after the "
                         "follow-up, not by the look before the downgrade")
        lost = [delivery.what for delivery
                in self.world.zendesk.webhooks[0].deliveries
                if delivery.state == "lost"]
        if lost != ["ticket.comment"]:
            found.append(f"lost webhooks: {lost}, not the reply's")
        return found


STORIES = (NobodyAnswers, JoinsTheBridge, AnswersUnheard)


def _seconds(iso):
    return parse_iso(iso).timestamp()
