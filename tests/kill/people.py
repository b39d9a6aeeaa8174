"""What people do: stories of emergencies, played beside the kills.

A story is drawn from its seed before anything happens.  What became of it
is read from the stand-ins (verdict.py), never from the daemon.
"""

import heapq
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException

from scenes import comment, page_for, urgent_ticket

# Comments of one second can't be told apart by Zendesk's times.
A_SECOND_LATER_S = 1.1
ORDER_RETRY_S = 0.1
NOISE_A_SECOND = 25
# Longer than any period: it takes nothing away from one.
EXTENSION = "3s"


@dataclass(eq=False)
class Story:
    """One emergency: its ticket, its page, and the orders of people."""

    number: int
    by_page: bool = True
    ticket: dict = None
    incident: dict = None
    closed: bool = False
    # Texts of notes: whether the daemon has confirmed them.
    notes: dict = field(default_factory=dict)
    steps: list = field(default_factory=list)

    @property
    def name(self):
        return f"story {self.number}, ticket {self.ticket['id']}"


def draw_story(rng, number, length_s):
    """A story that begins within length_s seconds."""
    story = Story(number, by_page=rng.random() < 0.8)
    at = rng.uniform(0, length_s)

    def step(after_s, what, chance):
        if rng.random() < chance:
            story.steps.append((at + after_s, what))
            return True
        return False

    story.steps.append((at, "open"))
    contact_s = rng.uniform(0.2, 1.5)
    step(rng.uniform(0.05, 1.0), rng.choice(("acknowledge", "acknowledge",
                                             "press")), 0.7)
    if step(contact_s, "contact", 0.8):
        step(contact_s + A_SECOND_LATER_S + rng.uniform(0, 5), "answer", 0.4)
        step(contact_s + rng.uniform(1, 4), "comment_again", 0.2)
        step(contact_s + rng.uniform(0.1, 2), "extend", 0.15)
    step(rng.uniform(0.3, 5), "pend", 0.2)
    step(rng.uniform(0.1, 5), "note", 0.3)
    step(rng.uniform(0.1, 5), "call_somebody", 0.15)
    step(rng.uniform(0.1, 4), "resolve", 0.2)
    step(rng.uniform(0.5, 7), rng.choice(("solve", "lower", "close")), 0.2)
    return story


class People:
    """Plays stories in a thread of its own, and noise beside them."""

    PATIENCE_S = 60

    def __init__(self, d, world, cast, rng):
        self.d, self.world, self.cast = d, world, cast
        self._rng = rng
        self._due = []
        self._threads = []
        self.customers = {}
        self.engineers = [(cast.engineer, cast.engineer_pd),
                          (cast.second, cast.second_pd)]

    def play(self, stories, length_s):
        """Begins; wait() for the end."""
        for story in stories:
            self._prepare(story)
            for at, what in story.steps:
                self._push(at, getattr(self, "_" + what), story)
        for _ in range(int(NOISE_A_SECOND * length_s)):
            self._push(self._rng.uniform(0, length_s), self._noise, None)
        self._start(self._run)

    def finish(self):
        """Waits until every story is at its end and every order is
        answered, or has been given up by whoever gave it."""
        while self._threads:
            self._threads.pop().join()

    # -- the thread --------------------------------------------------------

    def _push(self, at, act, story):
        heapq.heappush(self._due, (at, len(self._due), act, story))

    def _start(self, function, *args):
        thread = threading.Thread(target=self._guard, args=(function, *args))
        self._threads.append(thread)
        thread.start()

    def _guard(self, function, *args):
        try:
            function(*args)
        except Exception as error:  # shown when the world is stopped
            self.world.errors.append(error)

    def _run(self):
        began = time.monotonic()
        while self._due:
            at, _, act, story = heapq.heappop(self._due)
            time.sleep(max(0, began + at - time.monotonic()))
            act(story)

    # -- what people do ----------------------------------------------------

    def _prepare(self, story):
        """Every story has a customer of its own, and mostly an engineer."""
        zendesk, pagerduty = self.world.zendesk, self.world.pagerduty
        organization = zendesk.create_organization(f"Org {story.number}")
        self.customers[story] = zendesk.create_user(
            f"Customer {story.number}", f"c{story.number}@customers.example",
            organization=organization)
        if self._rng.random() < 0.7:
            email = f"eng{story.number}@example.com"
            name = f"Engineer {story.number}"
            self.engineers.append((
                zendesk.create_user(name, email, role="agent"),
                pagerduty.create_user(name, email)))

    def _open(self, story):
        story.ticket = urgent_ticket(
            self.world, self.cast, 0, requester=self.customers[story],
            subject=f"Story {story.number}",
            tags=["saas"] if self._rng.random() < 0.3 else [])
        if story.by_page:
            story.incident = page_for(self.world, self.cast, story.ticket, 0)

    def _engineer(self, story):
        return self.engineers[story.number % len(self.engineers)]

    def _acknowledge(self, story):
        if story.incident:
            self.world.pagerduty.acknowledge(story.incident,
                                             self._engineer(story)[1])

    def _contact(self, story):
        comment(self.world, story.ticket, self._engineer(story)[0])

    def _comment_again(self, story):
        if self._is_open(story):
            comment(self.world, story.ticket, self._engineer(story)[0],
                    body="Still looking.")

    def _answer(self, story):
        if self._is_open(story):
            comment(self.world, story.ticket, self.customers[story],
                    body="Here I am.")

    def _resolve(self, story):
        if story.incident and story.incident["status"] != "resolved":
            self.world.pagerduty.resolve(story.incident,
                                         self._engineer(story)[1])

    def _pend(self, story):
        if self._is_open(story):
            self.world.zendesk.update(
                story.ticket, by=self._engineer(story)[0], status="pending")

    def _solve(self, story):
        if self._is_open(story):
            self.world.zendesk.update(
                story.ticket, by=self._engineer(story)[0], status="solved")

    def _lower(self, story):
        with self.world.changed:
            if self._is_open(story) and story.ticket["priority"] == "urgent":
                self.world.zendesk.update(
                    story.ticket, by=self._engineer(story)[0],
                    priority="normal")

    def _is_open(self, story):
        return story.ticket["status"] not in ("solved", "closed")

    def _noise(self, _):
        """What is none of the daemon's business, and what comes again."""
        what = self._rng.randrange(6)
        webhooks = [self.d.zendesk_webhook, self.d.pagerduty_webhook]
        if what == 0:
            self.world.zendesk.create_ticket(
                "A question", self.cast.customer, priority="normal")
        elif what in (1, 2) and self.world.pagerduty.incidents:
            with self.world.changed:
                incident = self._rng.choice(
                    list(self.world.pagerduty.incidents.values()))
            self.world.pagerduty.annotate(incident, self.cast.second_pd,
                                          "Hm.")
        else:
            webhook = self._rng.choice(webhooks)
            with self.world.changed:
                done = [each for each in webhook.deliveries
                        if each.state in ("delivered", "dropped")]
            if done:
                webhook.resend(self._rng.choice(done))

    # -- orders: until they are answered -----------------------------------

    def _note(self, story):
        self._start(self._order, story, "note", self._note_once)

    def _note_once(self, story, number):
        text = f"Note {story.number}.{len(story.notes)}."
        story.notes[text] = False
        status, _ = self.d.command(number, "note", text=text)
        story.notes[text] = status == 200
        return status

    def _call_somebody(self, story):
        self._start(self._order, story, "page", self._page_once)

    def _page_once(self, _, number):
        return self.d.command(number, "page", who="manager")[0]

    def _extend(self, story):
        self._start(self._order, story, "extend", self._extend_once)

    def _extend_once(self, _, number):
        return self.d.command(number, "extend", for_=EXTENSION)[0]

    def _press(self, story):
        if story.incident and self.d.slack_webhook:
            self._start(self._order, story, "ack", self._press_once)
        else:
            self._acknowledge(story)

    def _press_once(self, story, number):
        """The thread's button, once there is a thread; None: again."""
        shown = self.d.emergency(number)
        thread = shown["thread"]
        if not thread:  # nor will there be one of what is over
            return 409 if shown["state"] == "closed" else None
        [root] = [message for message
                  in self.world.slack.messages(thread["channel"])
                  if message["ts"] == thread["ts"]]
        try:
            return self.world.slack.press(self.cast.second_slack, root,
                                          "Acknowledge")[0]
        except AssertionError:  # there is no such button any more
            return 409

    def _close(self, story):
        self._start(self._order, story, "close", self._close_once)

    def _close_once(self, story, number):
        """409: it is closed already, or something is being sent."""
        status, _ = self.d.command(number, "close", why="a test")
        story.closed = status == 200 or (
            status == 409 and self.d.emergency(number)["state"] == "closed")
        return 200 if story.closed else None

    def _order(self, story, what, once):
        """An order is given again until it is clear what became of it."""
        end = time.monotonic() + self.PATIENCE_S
        while time.monotonic() < end:
            status, number = None, self._number(story)
            try:
                status = number and once(story, number)
            except (OSError, HTTPException):
                pass
            if status in (200, 409):
                return
            if not number and not story.by_page and not (
                    self._is_open(story)
                    and story.ticket["priority"] == "urgent"):
                return  # it may never have been seen urgent
            time.sleep(ORDER_RETRY_S)
        raise AssertionError(f"{story.name}: {what} is never answered")

    def _number(self, story):
        try:
            rows = self.d.emergencies()
        except (OSError, HTTPException, AssertionError):
            return None
        for row in rows:
            if row["ticket"] and row["ticket"]["id"] == story.ticket["id"]:
                return row["id"]
        return None
