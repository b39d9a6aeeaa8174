"""Webhooks that tests make and sign themselves, and what comes of them."""

import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from harness import pagerduty_headers, zendesk_headers
from standins.clock import Clock, iso_millis
from wire import ask

CAPTURED = Path(__file__).parent / "captured"
PAGERDUTY = "/webhooks/pagerduty"
ZENDESK = "/webhooks/zendesk"
NEW = {"accepted": True, "duplicate": False}
REPEATED = {"accepted": True, "duplicate": True}


def captured(name):
    """The bytes of a body in captured/."""
    return (CAPTURED / name).read_bytes()


def pagerduty(d, body, **changes):
    """(headers, body), signed as PagerDuty's but for the changes."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    secret = d.settings["pagerduty"]["webhook_secret"]
    return {**pagerduty_headers(secret, body), **changes}, body


def zendesk(d, body, timestamp=None, **changes):
    """(headers, body), signed as Zendesk's but for the changes."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    secret = d.settings["zendesk"]["webhook_secret"]
    headers = zendesk_headers(secret, body, timestamp=timestamp)
    return {**headers, **changes}, body


def post(d, path, signed):
    """Posts what pagerduty() or zendesk() made."""
    return ask(d.port, "POST", path, *signed)


def page(number=1, **event):
    """The body of an incident that was triggered just now."""
    body = json.loads(captured("pagerduty/incident.triggered.json"))
    body["event"].update({"id": f"01PAGE{number:020d}",
                          "occurred_at": iso_millis(Clock().now())}, **event)
    return body


def emergency_page(cast, number=1, **data):
    """The body of an incident that opens an emergency."""
    body = page(number)
    body["event"]["data"].update({
        "id": f"QPAGE{number:05d}", "title": f"Page {number}",
        "service": {"id": cast.service["id"]}, **data})
    return body


def ticket_event(number=1, name="ticket.priority_changed", **fields):
    """The body of an event of Zendesk's, of just now."""
    body = json.loads(captured(f"zendesk/{name}.json"))
    body.update({"id": f"5e000000-0000-4000-8000-{number:012d}",
                 "time": iso_millis(Clock().now())}, **fields)
    return body


def trigger(ticket_id="4711", kind="ticket.urgent"):
    """The body that the README puts into triggers."""
    return {"type": kind, "ticket": {"id": ticket_id}}


def accepted(answer, expected=None):
    """Asserts that a webhook was taken."""
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == (NEW if expected is None else expected)


def counter(d, name):
    """A counter without labels of /metrics."""
    status, text = d.api_get("/metrics")
    assert status == 200
    return int(re.search(rf"^{name} (\d+)$", text, re.M).group(1))


def kept_bodies(d):
    """Ends the daemon and returns the bodies in its journal."""
    d.stop()
    database = sqlite3.connect(f"file:{d.database}?mode=ro", uri=True)
    try:
        return [row[0] for row in database.execute(
            "SELECT body FROM payload ORDER BY event")]
    finally:
        database.close()


def opened(d, cast, count, first=1):
    """Opens so many emergencies by pages; returns their ids."""
    before = {row["id"] for row in all_pages(d)}

    def send(number):
        status, answer = d.post_pagerduty(emergency_page(cast, number))
        assert (status, answer) == (200, NEW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(first, first + count)))
    return [row["id"] for row in all_pages(d) if row["id"] not in before]


def opened_one(d, cast, number=1):
    """Opens an emergency by a page; returns its id."""
    return opened(d, cast, 1, number)[0]


def all_pages(d, start=None):
    """The whole list, page by page, or what follows from a next_page on."""
    rows, page_mark = [], start
    while True:
        mark = f"?page={page_mark}" if page_mark else ""
        status, answer = d.api_get(f"/api/emergencies{mark}")
        assert status == 200, answer
        assert set(answer) == {"emergencies", "next_page"}
        assert len(answer["emergencies"]) <= 100
        rows += answer["emergencies"]
        page_mark = answer["next_page"]
        if page_mark is None:
            return rows
        assert len(answer["emergencies"]) == 100


def urgent_and_contacted(d, world, cast):
    """An emergency with a ticket whose customer was contacted."""
    ticket = world.zendesk.create_ticket(
        subject="Production is down", requester=cast.customer,
        organization=cast.acme, priority="urgent")
    e = d.wait_for_emergency(ticket=ticket["id"])
    status, answer = d.command(e["id"], "contacted")
    assert status == 200, answer
    return ticket, e["id"]
