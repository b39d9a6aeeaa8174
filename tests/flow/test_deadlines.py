"""Many deadlines at once."""

from concurrent.futures import ThreadPoolExecutor

from harness import wait_until
from scenes import LONG
from standins.clock import iso_millis
from webhooks import NEW, counter, emergency_page

MANY = 600  # more than the ledger takes in a batch


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
