"""Many at once: deadlines, and calls."""

import re
from concurrent.futures import ThreadPoolExecutor

from harness import wait_until
from scenes import LONG, urgent_ticket
from standins.clock import iso_millis
from webhooks import NEW, counter, emergency_page

MANY = 600  # more than the ledger takes in a batch
AT_ONCE = 16  # calls to a service
TICKET = re.compile(r"/api/v2/tickets/(\d+)$")


def test_none_of_many_that_are_due_at_once_is_forgotten(daemon, world, cast):
    d = daemon(contact_within="1m", **LONG)
    opened_at = iso_millis(world.pagerduty.clock.ago(55))

    def send(number):
        body = emergency_page(cast, number)
        body["event"]["occurred_at"] = opened_at
        assert d.post_pagerduty(body) == (200, NEW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(MANY)))
    wait_until(lambda: counter(d, "emergencyd_deadlines_total") == MANY, 15,
               "all to be handled",
               lambda: counter(d, "emergencyd_deadlines_total"))
    [newest] = [row for row in d.emergencies() if row["id"] == MANY]
    assert any("contacted" in entry["text"]
               for entry in d.emergency(newest["id"])["timeline"])


def test_calls_that_wait_for_a_place_leave_in_their_order(daemon, world,
                                                          cast):
    tickets = [urgent_ticket(world, cast)["id"] for _ in range(10 * AT_ONCE)]
    d = daemon(**LONG)
    gate = world.zendesk.fault("GET", TICKET.pattern, times=None, hold=True)
    world.zendesk.fault("GET", TICKET.pattern, times=None, delay_s=0.01)
    for number, ticket in enumerate(tickets):
        page = emergency_page(cast, number, title=f"Ticket #{ticket}")
        assert d.post_pagerduty(page) == (200, NEW)
    gate.cancel()

    def read():
        """The tickets in the order of their first reading."""
        asked = [TICKET.search(request.path)
                 for request in list(world.zendesk.requests)]
        return list(dict.fromkeys(int(match[1]) for match in asked if match))

    wait_until(lambda: len(read()) == len(tickets), 20, "all to be read",
               read)
    for place, ticket in enumerate(read()):
        assert abs(place - tickets.index(ticket)) < AT_ONCE, read()
