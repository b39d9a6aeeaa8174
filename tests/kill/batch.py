"""One world with many emergencies, whose daemon is killed many times; then
it is left in peace, and all must be well."""

import random
import shutil
import threading
import time
from dataclasses import dataclass, field
from pprint import pprint

from connections import connect
from evidence import MARK, Answers, History, Journal, effects
from harness import wait_until
from people import People, draw_story
from standins import Standins, acme
from verdict import (doubled_and_forgotten, doubled_payloads, expected,
                     is_settled, logged, lost_webhooks, resolved_twice,
                     wrong_in_story)
from victim import MODES, WEIGHTS, Victim, kept_folder, may_end

SETTLE_S = 40
# A life ends within this, whatever it was to end at.
LONGEST_LIFE_S = 0.4
MEAN_LIFE_S = 0.15
LATE_S = 0.8
# Requests that a kill waits for: service, method, path.
REQUESTS = (
    ("zendesk", "PUT", r"/tickets/\d+$"), ("zendesk", "PUT", r"/tickets/"),
    ("zendesk", "PUT", r"/tickets/"), ("zendesk", "GET", r"/tickets/\d+$"),
    ("zendesk", "GET", r"/comments"), ("zendesk", "GET", r"/audits"),
    ("pagerduty", "POST", r"/incidents$"),
    ("pagerduty", "POST", r"/incidents$"), ("pagerduty", "PUT", r"/inc"),
    ("pagerduty", "POST", r"/notes"), ("pagerduty", "GET", r"/incidents"),
    ("slack", "POST", r"/chat\.postMessage"), ("slack", "POST", r"/chat\."),
    ("slack", "GET", r"/conversations"), ("zoom", "POST", r"/meetings"),
    ("gitlab", "POST", r"/issues"))


@dataclass
class Plan:
    """What a batch's seed decides."""

    seed: int
    kills: int
    mode: str
    webhooks: str
    services: tuple
    automatic: bool
    resolves: bool
    follow_up_s: int = 1
    downgrade_s: int = 2

    @property
    def settings(self):
        return {"policy": {
            "follow_up_after": f"{self.follow_up_s}s",
            "downgrade_after": f"{self.downgrade_s}s",
            "page_if_missing": "300ms",
            "after_engineer_comment": "proceed",
            "first_contact": "automatic" if self.automatic else "manual",
            "resolve_on_contact": "yes" if self.resolves else "no"},
            "zendesk": {"poll_every": "1s"}}


@dataclass
class Outcome:
    """What became of a batch."""

    seed: int
    mode: str
    kills: int = 0
    accepted: int = 0
    actions: int = 0
    ends: int = 0
    violations: list = field(default_factory=list)


def draw_plan(seed, kills, mode=None):
    rng = random.Random(f"plan {seed}")
    [drawn] = rng.choices(MODES, [WEIGHTS[name] for name in MODES])
    return Plan(seed, kills, mode or drawn,
                rng.choice(("trigger", "events")),
                rng.choice(((), ("slack",), ("slack", "zoom", "gitlab"))),
                rng.random() < 0.25, rng.random() < 0.5)


def ladder(cast):
    """Two rungs: the manager on call, then a person."""
    return {"escalation manager": {
                "after": "1s", "schedule": cast.manager_schedule["id"],
                "service": cast.manager_service["id"]},
            "escalation head": {
                "after": "2s", "user": cast.second_manager["email"]}}


class Batch:
    """A world, its daemon, its people and its killer."""

    def __init__(self, plan, world):
        self.plan, self.world = plan, world
        self.rng = random.Random(f"batch {plan.seed}")
        self.cast = acme(world)
        self.d = Victim(plan.mode, random.Random(f"disk {plan.seed}"))
        connect(self.d, world, self.cast, plan.webhooks, plan.services)
        self.d.configure({**ladder(self.cast), **plan.settings})
        self.d.write_config()
        self.wrong = []
        self.late = set()  # marks of attempts whose daemon was dead then
        self.guilty = {}  # rows of the emergencies, by ticket
        self.answers = Answers(world)
        for service in (world.zendesk, world.pagerduty, world.slack):
            for webhook in service.webhooks:
                self.answers.watch(webhook)
        for service in (world.zendesk, world.pagerduty):
            for webhook in service.webhooks:
                webhook.copies = 1 + (self.rng.random() < 0.3)
        self.length_s = max(2.0, plan.kills * MEAN_LIFE_S)
        self.stories = [draw_story(self.rng, number, self.length_s)
                        for number in range(max(6, plan.kills // 3))]
        self.people = People(self.d, world, self.cast,
                             random.Random(f"people {plan.seed}"))

    # -- kills -------------------------------------------------------------

    def run(self):
        """All of it; what is wrong is in self.wrong."""
        for _ in range(self.rng.randrange(4)):  # while it makes its database
            self.d.launch()
            time.sleep(self.rng.uniform(0, 0.08))
            self.d.kill_now()
        self._start()
        # Zendesk's times are cut to the second: what opens now must be
        # later than the first start.
        time.sleep(1.1)
        self.people.play(self.stories, self.length_s)
        while self.d.kills < self.plan.kills:
            self._one_life()
        for service in self._services():
            service.clear_faults()
        self.d.kill_now()
        self.d.mend()
        self._start()
        try:
            self._come_to_rest()
        except AssertionError as error:
            self.wrong.append(f"it does not come to rest: {error}")
        self._check_stories()
        self.d.stop()
        self._check_database()
        self.wrong += [f"it ended with {status}" for status in self.d.ends
                       if not may_end(self.plan.mode, status)]

    def _start(self):
        self.d.launch()
        if not self.d.wait_ready():
            raise AssertionError("it does not start: " + self.d.stderr())

    def _services(self):
        return [self.world.zendesk, self.world.pagerduty, self.world.slack,
                self.world.zoom, self.world.gitlab]

    def _one_life(self):
        how = self.rng.choice((
            self._after_a_while, self._after_a_while, self._at_a_request,
            self._at_a_request, self._at_a_request, self._after_answers,
            self._while_it_starts, self._while_it_stops))
        has_trouble = self.rng.random() < 0.4
        if not self.d.running:
            self.d.kill_now()  # only to note how it ended
            self.d.launch()
        how(has_trouble)
        if not self.d.kill_now():
            self.d.mend()  # else it might never start again
        if self.rng.random() < 0.5:
            self.d.mend()

    def _live(self, has_trouble):
        """Up and running, or ended for its disk's sake; then trouble, for
        this life and perhaps for more."""
        if self.d.wait_ready() and has_trouble:
            self.d.trouble()

    def _after_a_while(self, has_trouble):
        self._live(has_trouble)
        time.sleep(self.rng.expovariate(1 / 0.08) % LONGEST_LIFE_S)

    def _after_answers(self, has_trouble):
        self._live(has_trouble)
        self.answers.wait_for_more(self.rng.randrange(1, 9), LONGEST_LIFE_S)

    def _while_it_starts(self, has_trouble):
        time.sleep(self.rng.uniform(0, 0.02))

    def _while_it_stops(self, has_trouble):
        self._live(has_trouble)
        time.sleep(self.rng.uniform(0, 0.1))
        self.d.terminate()
        time.sleep(self.rng.uniform(0, 0.03))

    def _at_a_request(self, has_trouble):
        """The request takes effect before the kill, after it, or never."""
        name, method, path = self.rng.choice(REQUESTS)
        end = self.rng.choice(({"after_effect": True}, {}, {},
                               {"reset": True}))
        late_s = self.rng.choice((0, 0, self.rng.uniform(0, LATE_S)))
        life, killed = self.d.starts, threading.Event()

        def kill(request):
            self.d.kill_now(life)
            killed.set()
            if not end:
                self.late |= {mark.decode() for mark
                              in MARK.findall(request.body)}
                time.sleep(late_s)

        fault = getattr(self.world, name).fault(method, path, hook=kill,
                                                **end)
        self._live(has_trouble)
        killed.wait(LONGEST_LIFE_S)
        fault.cancel()

    # -- peace -------------------------------------------------------------

    def _come_to_rest(self):
        self.people.finish()
        wait_until(self._is_at_rest, SETTLE_S, "peace", self._unsettled)

    def _is_at_rest(self):
        webhooks = [webhook for service in self._services()
                    for webhook in service.webhooks]
        with self.world.changed:
            if any(delivery.state == "queued" for webhook in webhooks
                   for delivery in webhook.deliveries):
                return False
        return not self._unsettled() and not self._outbox()

    def _outbox(self):
        return self.d.api_get("/api/outbox")[1]["actions"]

    def _rows(self):
        rows, query = [], ""
        while query is not None:
            answer = self.d.api_get("/api/emergencies" + query)[1]
            rows += answer["emergencies"]
            query = answer["next_page"] and f"?page={answer['next_page']}"
        return rows

    @staticmethod
    def _rows_of(story, rows):
        return [row for row in rows if row["ticket"]
                and row["ticket"]["id"] == story.ticket["id"]]

    def _unsettled(self):
        rows = self._rows()
        found = []
        for story in self.stories:
            history = History(self.world, self.cast, story)
            of_it = self._rows_of(story, rows)
            row = of_it[0] if of_it else None
            if not is_settled(row, history, story):
                found.append(f"{story.name}: {row and row['state']}, held "
                             f"{row and row['held']}, should be "
                             f"{expected(history, story)}")
        return found

    # -- the check ---------------------------------------------------------

    def _check_stories(self):
        rows = [self.d.emergency(row["id"]) for row in self._rows()]
        for story in self.stories:
            history = History(self.world, self.cast, story)
            of_it = self._rows_of(story, rows)
            for text in wrong_in_story(
                    self.world, story, of_it, history, self.plan):
                self.wrong.append(f"{story.name}: {text}")
                self.guilty[story.ticket["id"]] = of_it

    def _check_database(self):
        """The daemon has ended."""
        journal = Journal(self.d.database)
        if journal.integrity != ["ok"]:
            self.wrong.append(f"the database: {journal.integrity}")
        for found in (lost_webhooks(self.answers, journal),
                      doubled_payloads(journal),
                      doubled_and_forgotten(self.world, journal,
                                            self.late),
                      resolved_twice(self.world, self.cast),
                      logged(self.d.stderr())):
            self.wrong += found

    def outcome(self):
        plan, d = self.plan, self.d
        return Outcome(plan.seed, plan.mode, d.kills,
                       accepted=self.answers.count,
                       actions=len(effects(self.world)),
                       ends=len(d.ends), violations=self.wrong)

    def keep(self):
        """Keeps the daemon's directory, and tells the guilty stories."""
        folder = kept_folder(f"{self.plan.seed}-{self.plan.mode}")
        shutil.copytree(self.d.directory, folder, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("*.sock", "notify"))
        with open(folder / "stories.txt", "w") as out:
            print(self.plan, *self.wrong, sep="\n", file=out)
            for ticket, rows in self.guilty.items():
                print(f"\n== ticket {ticket}", file=out)
                pprint(self.world.zendesk.audits[ticket], out, width=110)
                pprint(rows, out, width=110)
                for service in self._services():
                    for request in service.received(None, rf"/{ticket}\b"):
                        print(request.method, request.raw_path,
                              request.status, request.body, file=out)
        self.wrong.append(f"kept: {folder}")


def run_batch(seed, kills, mode=None):
    """Plays one batch; returns its outcome."""
    plan = draw_plan(seed, kills, mode)
    world = Standins()
    world.start()
    batch = Batch(plan, world)
    try:
        try:
            batch.run()
        except AssertionError as error:
            batch.wrong.append(str(error))
        batch.wrong += [f"in another thread: {error!r}"
                        for error in world.errors]
        world.errors.clear()
        if batch.wrong:
            batch.keep()
    finally:
        batch.d.put_away()
        world.stop()
    return batch.outcome()
