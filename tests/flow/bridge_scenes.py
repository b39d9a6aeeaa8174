"""Scenes with a bridge: who acknowledges, who joins, what Zoom was asked."""

from harness import wait_until
from scenes import (LONG, calls_ended, comment, opened, page_for, read,
                    urgent_ticket)
from slack_scenes import page_of

ZOOM = ("zoom",)
WITH_SLACK = ("slack", "zoom")
MEETINGS = r"/v2/users/[^/]+/meetings$"
STATUS = r"/v2/meetings/\d+/status$"


def acknowledge(d, world, cast, number):
    """The engineer acknowledges the emergency's page in PagerDuty."""
    world.pagerduty.acknowledge(page_of(d, world, number), cast.engineer_pd)


def acknowledged(d, world, cast, **fields):
    """(id, ticket) of an emergency that the engineer has acknowledged."""
    number, ticket = opened(d, world, cast, **fields)
    acknowledge(d, world, cast, number)
    wait_until(lambda: d.emergency(number)["acknowledged_at"], 10,
               "the acknowledgement")
    return number, ticket


def meeting_of(d, world, number):
    """The meeting of an emergency, once it has a bridge."""
    e = wait_until(lambda: (e := d.emergency(number))["bridge"] and e, 10,
                   f"the bridge of {number}", lambda: d.emergency(number))
    [meeting] = [meeting for meeting in world.zoom.meetings.values()
                 if meeting["join_url"] == e["bridge"]["url"]]
    return meeting


def bridged(daemon, world, cast, services=ZOOM, config=None, **more):
    """(daemon, id, ticket, meeting): acknowledged, nobody contacted."""
    d = daemon(services=services, config=config, **{**LONG, **more})
    number, ticket = acknowledged(d, world, cast)
    return d, number, ticket, meeting_of(d, world, number)


def met(daemon, world, cast, services=ZOOM, config=None, before=None,
        **more):
    """(daemon, id, ticket, meeting): the engineer wrote just now; before is
    called with the daemon first."""
    d = daemon(services=services, config=config, **{**LONG, **more})
    if before:
        before(d)
    number, ticket = acknowledged(d, world, cast)
    meeting = meeting_of(d, world, number)
    comment(world, ticket, cast.engineer)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    return d, number, ticket, meeting


def greeted(daemon, world, cast, services=ZOOM, config=None, **more):
    """(daemon, id, ticket, meeting): the daemon wrote, and nobody else."""
    d = daemon(services=services, config=config, first_contact="automatic",
               **{**LONG, **more})
    number, ticket = acknowledged(d, world, cast)
    d.wait_for_emergency(emergency_id=number, state="contacted")
    return d, number, ticket, meeting_of(d, world, number)


def join(world, meeting, user):
    """A user of Zendesk's joins with the address that they have there."""
    return world.zoom.join(meeting, user["name"], user["email"])


def asked_for(world, method, path):
    """How often Zoom was asked for something."""
    return len(world.zoom.received(method, path))


def zoom_idle(d):
    """Waits until all calls to Zoom have ended."""
    calls_ended(d, "zoom")


def checklist(d, number):
    """The items of the checklist that are done, and those that are not."""
    items = d.emergency(number)["checklist"]
    return ({each["item"] for each in items if each["done_at"]},
            {each["item"] for each in items if not each["done_at"]})


def page_and_read(d, world, cast, **fields):
    """(id, ticket) of a further emergency, not acknowledged."""
    ticket = urgent_ticket(world, cast, **fields)
    page_for(world, cast, ticket)
    return read(d, ticket), ticket
