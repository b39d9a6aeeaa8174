"""Emergencies that live their lives: page, acknowledgement, contact, and then
what their kind says; at the end each is looked at, and forgotten.

All of this runs in the loop of the stand-ins, so that nothing is locked for
long.
"""

import asyncio
import itertools
from dataclasses import dataclass, field

from lean import forget

AT_ONCE = 1500  # lives; on a crowded machine the next ones begin later
PEOPLE = 2000  # so many that nobody has two emergencies at a time
PATIENCE_S = 120  # far longer than any period
PAUSE_S = 1  # so long people take for the next thing
FORGOTTEN_AFTER_S = 10
TEXT = "It does not start any more since the upgrade of last night. " * 8

# kind: what the daemon writes into the ticket, and its priority at the end.
EXPECTED = {"silent": (2, "high"), "answers": (0, "urgent"),
            "answers late": (1, "urgent"), "answers too late": (2, "high"),
            "solved": (0, "urgent")}
KINDS = (["silent"] * 4 + ["answers"] * 2 + ["answers late"] * 2
         + ["answers too late", "solved"])


@dataclass
class Life:
    """One emergency."""

    number: int
    kind: str
    ticket: dict
    incident: dict
    customer: dict
    engineer: tuple  # in Zendesk, in PagerDuty
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Lives:
    """All of them."""

    def __init__(self, world, cast):
        self.begun = self.ended = self.lost = 0
        self.failures = []
        self._world = world
        self._cast = cast
        self._zendesk, self._pagerduty = world.zendesk, world.pagerduty
        self._by_ticket = {}
        self._people = [self._person(number) for number in range(PEOPLE)]
        self._listen_to_changes()
        for webhook in world.zendesk.webhooks + world.pagerduty.webhooks:
            self._listen_to_ends(webhook)

    def _listen_to_changes(self):
        change = self._zendesk.change

        def noticed(ticket, *args, **more):
            audit = change(ticket, *args, **more)
            if ticket["id"] in self._by_ticket:
                self._by_ticket[ticket["id"]].changed.set()
            return audit

        self._zendesk.change = noticed

    def _listen_to_ends(self, webhook):
        note_end = webhook.note_end

        def noticed(delivery):
            self.lost += delivery.state != "delivered"
            note_end(delivery)

        webhook.note_end = noticed

    async def run(self, count, seconds):
        """That many, evenly over the time if the machine can keep up;
        returns when all are over."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        tasks = set()
        for number in range(count):
            await asyncio.sleep(begin + number * seconds / count
                                - loop.time())
            while len(tasks) >= AT_ONCE:
                await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
            task = asyncio.create_task(self._live(number))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        while tasks:
            await asyncio.wait(tasks)

    def written(self, count):
        """How often the daemon writes for so many emergencies."""
        kinds = itertools.islice(itertools.cycle(KINDS), count)
        return sum(EXPECTED[kind][0] for kind in kinds)

    # -- one life ----------------------------------------------------------

    def _person(self, number):
        email = f"person{number}@example.com"
        name = f"Person {number}"
        customer = self._zendesk.create_user(
            f"Customer {number}", f"customer{number}@acme.example",
            organization=self._cast.acme)
        return customer, (
            self._zendesk.create_user(name, email, role="agent"),
            self._pagerduty.create_user(name, email))

    async def _live(self, number):
        life = self._begin(number)
        try:
            await asyncio.sleep(PAUSE_S)
            await self._go_on(life)
            await asyncio.sleep(PAUSE_S)
            self._solve(life)
            await asyncio.sleep(FORGOTTEN_AFTER_S)
            self._look_at(life)
        except TimeoutError:
            self._fail(life, "nothing happens any more")
        del self._by_ticket[life.ticket["id"]]
        forget(self._world, life.ticket, life.incident)
        self.ended += 1

    def _begin(self, number):
        self.begun += 1
        customer, engineer = self._people[number % PEOPLE]
        ticket = self._zendesk.create_ticket(
            f"Production {number} is down", customer, priority="urgent",
            description=TEXT)
        incident = self._pagerduty.trigger(
            f"Emergency, ticket #{ticket['id']}", self._cast.service)
        life = Life(number, KINDS[number % len(KINDS)], ticket, incident,
                    customer, engineer)
        self._by_ticket[ticket["id"]] = life
        return life

    async def _go_on(self, life):
        self._pagerduty.acknowledge(life.incident, life.engineer[1])
        self._zendesk.comment(life.ticket, life.engineer[0], TEXT)
        if life.kind == "answers":
            self._answer(life)
        elif life.kind != "solved":
            await self._written(life, 1)
            if life.kind == "answers late":
                self._answer(life)
            else:
                await self._written(life, 2)
        if life.kind == "answers too late":
            self._answer(life)

    def _answer(self, life):
        self._zendesk.comment(life.ticket, life.customer, TEXT)

    def _solve(self, life):
        self._zendesk.update(life.ticket, by=life.engineer[0],
                             status="solved")
        self._pagerduty.resolve(life.incident, life.engineer[1])

    async def _written(self, life, count):
        """Waits until the daemon has written so often."""
        async with asyncio.timeout(PATIENCE_S):
            while self._own_comments(life) < count:
                life.changed.clear()
                await life.changed.wait()

    def _own_comments(self, life):
        return sum(comment["author_id"] == self._cast.bot["id"] for comment
                   in self._zendesk.comments[life.ticket["id"]])

    # -- its end -----------------------------------------------------------

    def _look_at(self, life):
        found = self._own_comments(life), life.ticket["priority"]
        if found != EXPECTED[life.kind]:
            self._fail(life, f"comments and priority are {found}")

    def _fail(self, life, what):
        self.failures.append(f"emergency {life.number}, ticket "
                             f"{life.ticket['id']}, {life.kind}: {what}")
