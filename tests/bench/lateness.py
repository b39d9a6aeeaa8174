"""How late deadlines are: the real program with 10,000 emergencies whose
follow-ups fall due within one second, while webhooks about others arrive.

lateness.py [--json] [--rate N] [--emergencies N]: rate is of the webhooks, a
second; half of what the program can take unless given.  EMERGENCYD is the
program, SENDER tests/bench/sender.c's.

Late is what has passed from the moment at which a follow-up is due to the one
at which another process could see in the database that it was decided: then
it is on disk.  Looking every millisecond is part of the figure.  Exit 1 when
a follow-up was not decided, or early, or a webhook was refused.
"""

import argparse
import itertools
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from bisect import bisect_left
from datetime import datetime, timezone
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "flow"), str(TESTS / "soak")]

from connections import connect  # noqa: E402
from harness import Daemon, wait_until  # noqa: E402
from lean import make_lean  # noqa: E402
from standins import Standins, acme  # noqa: E402
from standins.clock import iso_millis, iso_seconds  # noqa: E402
from webhooks import (PAGERDUTY, ZENDESK, captured, pagerduty,  # noqa: E402
                      zendesk)
from wire import request_bytes  # noqa: E402

SENDER = os.environ.get("SENDER") or TESTS.parent / "build/tests/bench/sender"
FOLLOW_UP_S = 600
READ_S, PREPARE_S = 60, 15  # until tickets are read; for all that follows
LOAD_BEFORE_S, LOAD_AFTER_S = 2, 3
OTHERS = 1000  # emergencies that the webhooks are about
RATE_TRIED = 10_000
ZENDESK_TAKES_S = 0.2  # for a call
LOOK_EVERY_S = 0.001
EVENT_WAKE = 9  # lib/event.h
SETTINGS = {
    "policy": {"follow_up_after": f"{FOLLOW_UP_S}s", "downgrade_after": "1h"},
    # It calls us, we don't call it.
    "pagerduty": dict.fromkeys(("api_url", "api_token", "from",
                                "page_service", "engineer_schedule",
                                "manager_schedule"))}


# -- webhooks --------------------------------------------------------------

def moment(at_ms):
    """Milliseconds as a datetime."""
    return datetime.fromtimestamp(at_ms / 1000, timezone.utc)


class Requests:
    """Makes webhooks, each with an id of its own, as bytes to be sent."""

    def __init__(self, d, cast):
        self._d, self._cast = d, cast
        self._numbers = itertools.count(1)
        self._bodies = {}

    def page(self, event, ticket, at_ms):
        """What happened to the incident of a ticket."""
        body = self._body(f"pagerduty/incident.{event}.json")
        body["event"].update({"id": f"01PAGE{next(self._numbers):020d}",
                              "occurred_at": iso_millis(moment(at_ms))})
        body["event"]["data"].update({
            "id": f"QPAGE{ticket}", "title": f"Ticket #{ticket}: it is down",
            "service": {"id": self._cast.service["id"]}})
        return request_bytes("POST", PAGERDUTY, *pagerduty(self._d, body))

    def contact(self, ticket, at_ms):
        """An engineer's public comment."""
        return self._event("comment_added", ticket, at_ms, comment={
            "id": str(9_200_000_000_000 + next(self._numbers)),
            "body": "We are looking into it. Please join the call.",
            "is_public": True, "author": {
                "id": str(self._cast.engineer["id"]), "is_staff": True,
                "name": self._cast.engineer["name"]}})

    def status(self, ticket, at_ms):
        """The ticket became pending."""
        return self._event("status_changed", ticket, at_ms,
                           current="PENDING", previous="OPEN")

    def _event(self, name, ticket, at_ms, **event):
        body = self._body(f"zendesk/ticket.{name}.json")
        body.update({
            "id": f"5e000000-0000-4000-8000-{next(self._numbers):012d}",
            "subject": f"zen:ticket:{ticket}",
            "time": iso_millis(moment(at_ms))})
        body["detail"]["id"] = str(ticket)
        body["event"].update(event)
        return request_bytes("POST", ZENDESK, *zendesk(
            self._d, body, iso_seconds(moment(at_ms))))

    def _body(self, name):
        if name not in self._bodies:
            self._bodies[name] = json.loads(captured(name))
        return self._bodies[name]


def load(requests, tickets, begin_ms, rate, seconds):
    """Webhooks.  The tickets take turns, so that those that overtake each
    other are never about the same one."""
    kinds = itertools.cycle((
        lambda *about: requests.page("acknowledged", *about),
        requests.contact, requests.status))
    tickets = itertools.cycle(tickets)
    for number in range(rate * seconds):
        yield next(kinds)(next(tickets), begin_ms + 1000 * number // rate)


def send(d, requests, *options):
    """Starts the sender."""
    path = d.directory / "requests"
    with open(path, "wb") as file:
        for request in requests:
            file.write(len(request).to_bytes(4, "little") + request)
    return subprocess.Popen([SENDER, *map(str, options), str(d.port),
                             str(path)], stdout=subprocess.PIPE)


def result_of(sender):
    """What it says at its end."""
    output, _ = sender.communicate()
    assert sender.returncode == 0, output
    return json.loads(output)


# -- emergencies -----------------------------------------------------------

def urgent_tickets(world, cast, count):
    """The ids of new tickets."""
    return [world.zendesk.create_ticket(
        "It is down", cast.customer, priority="urgent",
        at=world.zendesk.clock.ago(3600))["id"] for _ in range(count)]


def calls_waiting(d):
    """How many there are."""
    return sum(map(int, re.findall(r"^emergencyd_outbox{.*} (\d+)$",
                                   d.api_get("/metrics")[1], re.M)))


def open_emergencies(d, requests, tickets):
    """By a page each; returns when the tickets were read."""
    opened_ms = 1000 * (time.time() - FOLLOW_UP_S - 60)
    result_of(send(d, (requests.page("triggered", ticket, opened_ms)
                       for ticket in tickets)))
    wait_until(lambda: calls_waiting(d) == 0, READ_S,
               "all tickets to be read", lambda: calls_waiting(d))


def contact_customers(d, requests, due_of):
    """Each at the right time for its follow-up."""
    result_of(send(d, (requests.contact(ticket, due_ms - 1000 * FOLLOW_UP_S)
                       for ticket, due_ms in due_of.items())))


def highest_rate(d, requests, tickets):
    """How many webhooks a second the program can take."""
    return result_of(send(d, load(requests, tickets, 1000 * time.time(),
                                  RATE_TRIED, 2)))["rate"]


def look_until(d, end_ms):
    """When which was the newest event: [(ms, its id)…]."""
    database = sqlite3.connect(f"file:{d.database}?mode=ro", uri=True)
    looks = [(0, 0)]
    while looks[-1][0] < end_ms:
        [newest] = database.execute("SELECT max(id) FROM event").fetchone()
        looks.append((1000 * time.time(), newest))
        time.sleep(LOOK_EVERY_S)
    database.close()
    return looks


def lateness(d, looks, due_of):
    """Of each follow-up, in ms, sorted."""
    database = sqlite3.connect(f"file:{d.database}?mode=ro", uri=True)
    rows = database.execute(
        "SELECT event.id, event.now_ms, emergency.ticket_id FROM event, "
        "emergency WHERE emergency.id = event.emergency AND event.type = ? "
        "AND event.id > ?", (EVENT_WAKE, looks[1][1])).fetchall()
    database.close()
    woken = [ticket for _, _, ticket in rows]
    assert sorted(woken) == sorted(due_of), (
        f"{len(woken)} wake-ups for {len(due_of)} deadlines")
    late = []
    for event, now_ms, ticket in rows:
        look = bisect_left(looks, event, key=lambda look: look[1])
        assert look < len(looks), "a deadline was handled after the end"
        assert now_ms >= due_of[ticket], "a deadline was handled early"
        late.append(looks[look][0] - due_of[ticket])
    return sorted(late)


# -- all of it -------------------------------------------------------------

def prepare(world, d, count):
    """(requests, tickets, others): open emergencies."""
    cast = acme(world)
    tickets = urgent_tickets(world, cast, count + OTHERS)
    ours, others = tickets[:count], tickets[count:]
    connect(d, world, cast, "events")
    d.configure(SETTINGS)
    d.start()
    requests = Requests(d, cast)
    open_emergencies(d, requests, tickets)
    now_ms = 1000 * time.time()
    contact_customers(d, requests, dict.fromkeys(
        others, now_ms + 500 * FOLLOW_UP_S))
    world.zendesk.answers_after_s = ZENDESK_TAKES_S
    return requests, ours, others


def measure(world, d, count, rate):
    """What main() tells."""
    requests, ours, others = prepare(world, d, count)
    highest = None if rate else highest_rate(d, requests, others)
    rate = rate or highest // 2
    first_ms = int(1000 * (time.time() + PREPARE_S))
    due_of = {ticket: first_ms + 1000 * number // count
              for number, ticket in enumerate(ours)}
    contact_customers(d, requests, due_of)
    begin_ms = first_ms - 1000 * LOAD_BEFORE_S
    sender = send(d, load(requests, others, begin_ms, rate,
                          LOAD_BEFORE_S + LOAD_AFTER_S),
                  "--rate", rate, "--begin", begin_ms)
    assert 1000 * time.time() < begin_ms, "the preparations took too long"
    looks = look_until(d, first_ms + 1000 * LOAD_AFTER_S)
    webhooks = result_of(sender)
    late = lateness(d, looks, due_of)
    return {"deadlines": count, "late_ms": {
        name: round(late[int(share * (count - 1))], 1)
        for name, share in (("p50", .5), ("p99", .99), ("max", 1))},
        "highest_rate": highest, "webhooks": webhooks}


def shown(result):
    """The result for people."""
    late, webhooks = result["late_ms"], result["webhooks"]
    answers = webhooks["answer_ms"]
    most = result["highest_rate"]
    return (f"{result['deadlines']} deadlines within one second: p50 "
            f"{late['p50']} ms late, p99 {late['p99']}, at most "
            f"{late['max']}\nmeanwhile {webhooks['rate']} webhooks a second"
            f"{f' of {most} that it could take' if most else ''}, answered "
            f"within {answers['p50']} ms (p50), {answers['p99']} (p99), "
            f"{answers['max']} (at most)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rate", type=int)
    parser.add_argument("--emergencies", type=int, default=10_000)
    args = parser.parse_args()
    world = Standins()
    make_lean(world)
    world.start()
    d = Daemon()
    try:
        result = measure(world, d, args.emergencies, args.rate)
    finally:
        d.close()
        world.stop()
    print(json.dumps(result) if args.json else shown(result))


if __name__ == "__main__":
    main()
