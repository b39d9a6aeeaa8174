"""Scenes that flow tests begin with: an emergency of Acme's, set so far.

Times in the past are set by at=, so that no test waits for a period.  A
ticket older than the daemon opens nothing by itself; a page does.
"""

from datetime import timedelta

from harness import wait_until
from standins.clock import parse_iso

LONG = {"follow_up_after": "10m", "downgrade_after": "10m"}
STATES = ("paged", "acknowledged", "contacted", "followed_up", "downgraded",
          "engaged", "closed")


def urgent_ticket(world, cast, ago_s=60, **fields):
    """An urgent ticket of Carol's, created ago_s seconds ago."""
    return world.zendesk.create_ticket(**{
        "subject": "Production is down", "requester": cast.customer,
        "priority": "urgent", "at": world.zendesk.clock.ago(ago_s),
        **fields})


def page_for(world, cast, ticket, ago_s=60, **more):
    """A page that names the ticket in its title."""
    return world.pagerduty.trigger(
        f"Emergency, ticket #{ticket['id']}", cast.service,
        at=world.pagerduty.clock.ago(ago_s), **more)


def comment(world, ticket, author, ago_s=0, body="Let me see.", **more):
    """A comment, written ago_s seconds ago."""
    return world.zendesk.comment(ticket, author, body,
                                 at=world.zendesk.clock.ago(ago_s), **more)


def opened(d, world, cast, ago_s=60, **fields):
    """(id, ticket) of an emergency with a page, once its ticket is read."""
    ticket = urgent_ticket(world, cast, ago_s, **fields)
    page_for(world, cast, ticket, ago_s)
    return read(d, ticket), ticket


def read(d, ticket):
    """The id of the ticket's emergency, once the ticket is read."""
    def found():
        for row in d.emergencies():
            if row["ticket"] and row["ticket"]["id"] == ticket["id"] and (
                    row["organization"] or {}).get("name"):
                return row["id"]
        return None

    return wait_until(found, 10, "an emergency whose ticket is read",
                      d.emergencies)


def contacted(d, world, cast, ago_s=30, **fields):
    """(id, ticket): the engineer wrote to the customer ago_s seconds ago."""
    ticket = urgent_ticket(world, cast, ago_s + 30, **fields)
    comment(world, ticket, cast.engineer, ago_s)
    page_for(world, cast, ticket, ago_s + 20)
    number = read(d, ticket)
    wait_until(lambda: d.emergency(number)["contacted_at"], 10, "contact")
    return number, ticket


def in_state(d, world, cast, state):
    """(id, ticket) in one of STATES; every period must be LONG."""
    if state in ("paged", "acknowledged", "closed"):
        number, ticket = opened(d, world, cast)
    else:
        number, ticket = contacted(d, world, cast)
    if state == "acknowledged":
        incident = d.emergency(number)["pages"][0]["incident_id"]
        world.pagerduty.acknowledge(incident, cast.engineer_pd)
    commands = {"followed_up": "followed-up", "downgraded": "downgrade",
                "engaged": "replied", "closed": "close"}
    if state in commands:
        order(d, number, commands[state])
    d.wait_for_emergency(emergency_id=number, state=state)
    return number, ticket


def order(d, number, command, **args):
    """Gives a command that must be accepted; returns the emergency."""
    status, answer = d.command(number, command, **args)
    assert status == 200, (command, answer)
    return answer


def refuse(d, number, command, code=409, **args):
    """Gives a command that must be refused; returns the error."""
    status, answer = d.command(number, command, **args)
    assert (status, list(answer)) == (code, ["error"]), (command, answer)
    return answer["error"]


def own_comments(world, cast, ticket):
    """The comments that the daemon wrote."""
    return [c for c in world.zendesk.comments[ticket["id"]]
            if c["author_id"] == cast.bot["id"]]


def writes(world, ticket):
    """The requests by which the daemon changed the ticket."""
    return world.zendesk.received("PUT", rf"/tickets/{ticket['id']}\b")


def said(d, number, text):
    """The entries of the timeline in which a text occurs."""
    return [entry for entry in d.emergency(number)["timeline"]
            if text in entry["text"]]


def wait_said(d, number, text, count=1):
    """Waits until the timeline says something for the count-th time."""
    return wait_until(
        lambda: (found := said(d, number, text))[count - 1:] and found,
        10, f"{text!r} in the timeline",
        lambda: d.emergency(number)["timeline"])[count - 1]


def moment(text):
    """A time of the API."""
    return parse_iso(text)


def seconds(before, after):
    """From one time of the API to another."""
    return (moment(after) - moment(before)) / timedelta(seconds=1)


def wait_asked(d, number, step):
    """Waits until a step is asked; returns the emergency."""
    e = d.wait_for_emergency(emergency_id=number, held="asked")
    assert e["next"]["step"] == step, e
    return e


def later_follow_up(d, world, cast):
    """Shows that time goes on: another emergency, whose customer is
    contacted now, gets its follow-up."""
    ticket = urgent_ticket(world, cast, subject="A later one")
    comment(world, ticket, cast.engineer)
    page_for(world, cast, ticket)
    wait_until(lambda: own_comments(world, cast, ticket), 15,
               "the later follow-up", d.emergencies)


def two_polls(world):
    """Waits until Zendesk was searched twice more, the last one answered."""
    seen = len(world.zendesk.received("GET", "/search"))
    world.zendesk.wait_for_request("GET", "/search", count=seen + 3)


def next_second(world):
    """Waits until what Zendesk's API has stamped so far is past: it cuts
    its times to the second."""
    start = int(world.zendesk.clock.now().timestamp())
    wait_until(lambda: int(world.zendesk.clock.now().timestamp()) > start)


def all_read(d):
    """Waits until nothing that was said so far is still to be read."""
    d.zendesk_webhook.wait_idle()
    wait_until(lambda: not [action for action in
                            d.api_get("/api/outbox")[1]["actions"]
                            if action["kind"].startswith("read_")],
               10, "the end of all reads")


def calls_ended(d, service=None):
    """Waits until every call, or every one to a service, has ended."""
    def left():
        return [a for a in d.api_get("/api/outbox")[1]["actions"]
                if service in (None, a["service"])]

    wait_until(lambda: not left(), 10, "the end of all calls", left)
