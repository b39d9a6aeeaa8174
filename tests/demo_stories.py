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

    def __init__(self, world, cast, engineer, tell):
        self.world = world
        self.shown = None
        self.ticket = None
        self.incident = None
        self._service = cast.service
        self._engineer = getattr(cast, engineer)
        self._pager = getattr(cast, engineer + "_pd")
        self._tell = tell
        domain = f"{self.name.lower()}.example"
        self._customer = world.zendesk.create_user(
            self.customer_name,
            f"{self.customer_name.split()[0].lower()}@{domain}",
            organization=world.zendesk.create_organization(
                self.name, domains=[domain]))

    # -- what people do ----------------------------------------------------

    def open(self):
        """The customer opens a ticket, and PagerDuty pages for it."""
        self.ticket = self.world.zendesk.create_ticket(
            self.subject, self._customer, priority="urgent",
            description=f"{self.subject}. Please help!")
        self.say(f"{self.customer_name} opens urgent ticket "
                 f"{self.ticket['id']}: {self.subject}")
        self.incident = self.world.pagerduty.trigger(
            f"Emergency ticket #{self.ticket['id']}: {self.subject}",
            self._service)

    def acknowledge(self):
        self.say(f"{self._pager['name']} acknowledges the page in PagerDuty")
        self.world.pagerduty.acknowledge(self.incident, self._pager)

    def contact(self):
        self.say(f"{self._engineer['name']} writes to the customer")
        self.world.zendesk.comment(
            self.ticket, self._engineer,
            f"I am {self._engineer['name']} and am looking at it now. Shall "
            "we talk on Zoom?")

    def resolve_page(self):
        self.say(f"{self._pager['name']} resolves the page")
        self.world.pagerduty.resolve(self.incident, self._pager)

    def reply(self, text):
        self.say(f"{self.customer_name} answers")
        self.world.zendesk.comment(self.ticket, self._customer, text)

    def reply_unheard(self, text):
        """As reply(), but Zendesk's webhook about it never arrives."""
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

    def public_comments(self):
        """(author's name, comment) of each, oldest first."""
        users = self.world.zendesk.users
        return [(users[comment["author_id"]]["name"], comment)
                for comment in self.world.zendesk.comments[self.ticket["id"]]
                if comment["public"]]

    def own_comments(self):
        """How many comments the daemon wrote."""
        return sum(name == BOT for name, _ in self.public_comments())

    def deviations(self, period_s):
        """Sentences on what is not as it must be in the end."""
        raise NotImplementedError

    def _expect(self, state, priority, own_comments):
        ticket = self.stored_ticket()
        seen = {"state": self.state(), "priority": ticket["priority"],
                "comments of the daemon": self.own_comments(),
                "downgrade's tag": "emergency_downgraded" in ticket["tags"],
                "calls that wait or failed": sum(
                    action["state"] not in ("done", "cancelled")
                    for action in self.shown["actions"])}
        wanted = {"state": state, "priority": priority,
                  "comments of the daemon": own_comments,
                  "downgrade's tag": priority != "urgent",
                  "calls that wait or failed": 0}
        return [f"{what}: {seen[what]!r} instead of {wanted[what]!r}"
                for what in wanted if seen[what] != wanted[what]]


def in_state(state):
    return lambda story: story.state() == state


def after(seconds):
    end = time.monotonic() + seconds
    return lambda story: time.monotonic() >= end


class NobodyAnswers(Story):
    name = "Alder"
    about = "nobody answers"
    subject = "Production is down"
    customer_name = "Anna Alder"

    def play(self):
        self.open()
        yield in_state("paged")
        yield after(0.8)
        self.acknowledge()
        yield in_state("acknowledged")
        yield after(0.8)
        self.contact()
        yield in_state("contacted")
        yield after(0.5)
        self.resolve_page()
        yield in_state("downgraded")

    def deviations(self, period_s):
        found = self._expect("downgraded", "high", 2)
        if found:
            return found
        contacted, followed_up, downgraded = (
            _seconds(self.shown[key]) for key in (
                "contacted_at", "followed_up_at", "downgraded_at"))
        return [f"the {step} came after {gap:.1f} s already"
                for step, gap in (("follow-up", followed_up - contacted),
                                  ("downgrade", downgraded - followed_up))
                if gap < period_s]


class Answers(Story):
    name = "Birch"
    about = "the customer answers in time"
    subject = "Nobody can log in"
    customer_name = "Ben Birch"

    def play(self):
        yield after(0.4)
        self.open()
        yield in_state("paged")
        yield after(1.0)
        self.acknowledge()
        yield in_state("acknowledged")
        yield after(0.6)
        self.contact()
        yield in_state("contacted")
        yield after(2.0)
        self.reply("Yes please, I can join a call at once.")
        yield in_state("engaged")

    def deviations(self, period_s):
        return self._expect("engaged", "urgent", 0)


class AnswersUnheard(Story):
    name = "Cedar"
    about = ("the customer answers the follow-up, but Zendesk's webhook "
             "about it is lost")
    subject = "All pipelines are stuck"
    customer_name = "Cleo Cedar"
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

    def deviations(self, period_s):
        found = self._expect("engaged", "urgent", 1)
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


STORIES = (NobodyAnswers, Answers, AnswersUnheard)


def _seconds(iso):
    return parse_iso(iso).timestamp()
