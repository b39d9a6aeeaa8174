"""What people see of the daemon's calls for them: threads, mentions, pages;
and an emergency's row set back in time, for periods that are constants."""

import sqlite3
import struct
from datetime import timedelta
from pathlib import Path

from harness import wait_until
from scenes import opened, order
from standins.clock import Clock, parse_iso
from standins.slack_text import readable

OWN_KEY = "emergencyd-"


def ladder(cast, first="1s", second="3s"):
    """Settings of two rungs: the manager on call, on a service and in a
    channel of its own; then a person by address, on the page service."""
    return {
        "escalation manager": {
            "after": first, "schedule": cast.manager_schedule["id"],
            "service": cast.manager_service["id"]},
        "escalation head": {
            "after": second, "user": cast.second_manager["email"]}}


def ladder_with_slack(cast, **times):
    """The same; the first rung has its channel."""
    rungs = ladder(cast, **times)
    rungs["escalation manager"]["slack"] = (
        cast.channels["support_managers"]["id"])
    return rungs


def thread_of(d, number):
    """(channel, ts) of the emergency's thread, once it is open."""
    e = d.emergency(number)
    thread = e["thread"] or wait_until(
        lambda: d.emergency(number)["thread"], 10, "the thread",
        lambda: d.emergency(number))
    return thread["channel"], thread["ts"]


def texts(world, channel, thread=None):
    """What people read: messages of a channel, or of a thread."""
    found = (world.slack.thread(channel, thread) if thread
             else world.slack.messages(channel))
    return [world.slack.text_of(message) for message in found]


def replies(d, world, number, part=""):
    """The replies in the emergency's thread that have this part."""
    return [text for text in texts(world, *thread_of(d, number))
            if part in text]


def wait_reply(d, world, number, pattern, count=1, timeout=10):
    """Waits for a reply in the emergency's thread; returns the message."""
    channel, ts = thread_of(d, number)
    return world.slack.wait_for_message(channel, pattern, thread=ts,
                                        count=count, timeout=timeout)


def told(world, cast, channel, part=""):
    """The top-level messages of a channel (by name) that have this part."""
    return [text for text in texts(world, cast.channels[channel])
            if part in text]


def wait_told(world, cast, channel, pattern):
    """Waits for such a message in a channel; returns it."""
    return world.slack.wait_for_message(cast.channels[channel], pattern)


def mentions(world, message):
    """The people and groups whom a message mentions, as @name."""
    return [readable(world.slack, f"<{inside}>")
            for inside in _controls(message)
            if inside[:1] == "@" or inside.startswith("!subteam^")]


def _controls(message):
    text = str([block.get("text") for block in message["blocks"]]
               or message["text"])
    return [part.split(">")[0] for part in text.split("<")[1:]]


def own_pages(world, service=None):
    """The pages that the daemon made, oldest first."""
    return [incident for incident in world.pagerduty.incidents.values()
            if (incident["incident_key"] or "").startswith(OWN_KEY)
            and service in (None, incident["service"]["id"])]


def wait_own_pages(world, count, timeout=10):
    """Waits until the daemon has made so many pages; returns them."""
    return world.wait_for(
        lambda: (found := own_pages(world))[count - 1:] and found, timeout,
        f"{count} pages of our own",
        lambda: [page["title"] for page in own_pages(world)])


def assignees(page):
    """The ids of those who are to look after a page."""
    return [each["assignee"]["id"] for each in page["assignments"]]


def page_texts(world):
    """The texts of all pages that the daemon has asked for."""
    return [request.json["incident"]["body"]["details"] for request in
            world.pagerduty.received("POST", r"/incidents$")]


def acknowledged(d, world, number, by):
    """Somebody acknowledges the emergency's page; waits until it shows."""
    [page] = d.emergency(number)["pages"]
    world.pagerduty.acknowledge(page["incident_id"], by)
    return wait_until(
        lambda: (e := d.emergency(number))["pages"][0]["status"]
        == "acknowledged" and e, 10, "the acknowledgement")


def ticket_url(world, ticket):
    """The address at which people open a ticket."""
    return f"{world.zendesk.url}/agent/tickets/{ticket['id']}"


def set_back(d, statement, *values):
    """Changes rows while the daemon is stopped, as if time had passed."""
    assert not d.running
    database = sqlite3.connect(d.database)
    try:
        with database:
            assert database.execute(statement, values).rowcount > 0
    finally:
        database.close()


def written_at(message):
    """When a message of Slack's was written, in seconds."""
    return float(message["ts"])


def oncalls_read(world, count=1):
    """Waits until PagerDuty has told so often who is on call."""
    world.pagerduty.wait_for_request("GET", "/oncalls", count=count,
                                     answered=True)


def closed(d, number):
    """A person closes the emergency."""
    return order(d, number, "close", why="a test")


def time_of(text):
    """A time of an API, in seconds since 1970."""
    return parse_iso(text).timestamp()


def odd_zone(monkeypatch, directory, at):
    """A time zone in which a full minute begins at a moment: its name, and
    its offset.  For daemons that are started after this."""
    seconds = -at.second % 60
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    zone = Path(directory) / "Test" / "Odd"
    zone.parent.mkdir()
    zone.write_bytes(b"TZif" + bytes(16) + counts
                     + struct.pack(">lBB", seconds, 0, 0) + b"ODD\0")
    monkeypatch.setenv("TZDIR", str(directory))
    return "Test/Odd", timedelta(seconds=seconds)


def soon(in_s):
    """A full second, so many from now."""
    return (Clock().now() + timedelta(seconds=in_s)).replace(microsecond=0)


def busy_engineer(d, world, cast):
    """(id, ticket): an emergency of Acme's that Eng One has."""
    number, ticket = opened(d, world, cast, 0)
    acknowledged(d, world, number, cast.engineer_pd)
    wait_until(lambda: (d.emergency(number)["engineer"] or {}).get("email"),
               10, "the engineer's address")
    return number, ticket
