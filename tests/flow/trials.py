"""Trials: emergencies whose outgoing calls meet trouble, and what must be
true of each of them in the end.

A trial's periods are short and its first contact lies in the past, so that
the follow-up is due as soon as the ticket is read, and the downgrade 2 s
later, which is when Zendesk's stamp of the follow-up is old enough.
"""

from dataclasses import dataclass

from harness import wait_until
from scenes import comment, own_comments, page_for, urgent_ticket
from standins import Answer
from standins.http_service import ApiError

SHORT = {"follow_up_after": "1s", "downgrade_after": "2s"}
NOT_JSON = Answer(200, b"<html>Sorry!</html>")
# What one call may meet, but for a time-out, which takes 10 s.
TROUBLES = {
    "429": {"answer": Answer(429)},
    "429, Retry-After": {"answer": Answer(429, headers={"Retry-After": "1"})},
    "500": {"answer": Answer(500)},
    "500 after it took effect": {"answer": Answer(500), "after_effect": True},
    "503, Retry-After": {"answer": Answer(503, headers={"Retry-After": "2"})},
    "reset": {"reset": True},
    "reset after it took effect": {"reset": True, "after_effect": True},
    "no JSON": {"answer": NOT_JSON, "after_effect": True},
    "half an answer": {"cut_at": 7},
}


@dataclass
class Trial:
    """A ticket with its own organization, and its page."""

    name: str
    ticket: dict
    organization: dict
    incident: dict = None

    def path(self, kind):
        """A regular expression for the paths of this trial's calls."""
        number = self.ticket["id"]
        return {"ticket": rf"/tickets/{number}$",
                "comments": rf"/tickets/{number}/comments",
                "audits": rf"/tickets/{number}/audits",
                "organization":
                    rf"/organizations/{self.organization['id']}$"}[kind]


def prepare(world, cast, name, contacted_ago_s=10):
    """A trial without a page yet; contacted_ago_s None: no first contact."""
    zendesk = world.zendesk
    organization = zendesk.create_organization(f"Organization {name}")
    customer = zendesk.create_user(
        f"Customer {name}", f"c{organization['id']}@customers.example",
        organization=organization)
    ticket = urgent_ticket(world, cast, subject=name, requester=customer,
                           organization=organization)
    if contacted_ago_s is not None:
        comment(world, ticket, cast.engineer, contacted_ago_s)
    return Trial(name, ticket, organization)


def begin(world, cast, trial, **page):
    """The page that opens the trial's emergency."""
    trial.incident = page_for(world, cast, trial.ticket, **page)


def started(world, cast, name="Production is down", **prepared):
    """A trial that has begun."""
    trial = prepare(world, cast, name, **prepared)
    begin(world, cast, trial)
    return trial


def emergency_of(d, trial):
    """The trial's emergency as shown alone, or None."""
    for row in d.emergencies():
        if row["ticket"] and row["ticket"]["id"] == trial.ticket["id"]:
            return d.emergency(row["id"])
    return None


def wait_state(d, trial, state, timeout=15):
    """Waits until the trial's emergency is in a state; returns it."""
    return wait_until(
        lambda: (e := emergency_of(d, trial)) and e["state"] == state and e,
        timeout, f"{trial.name}: {state}", lambda: emergency_of(d, trial))


def action(e, kind):
    """The newest outgoing call of a kind, as an emergency shows it."""
    found = [each for each in e["actions"] if each["kind"] == kind]
    assert found, (kind, e["actions"])
    return found[-1]


def wait_action(d, trial, kind, state, timeout=15):
    """Waits until a call is in a state; returns it."""
    def found():
        e = emergency_of(d, trial)
        return e and next((each for each in reversed(e["actions"]) if (
            each["kind"], each["state"]) == (kind, state)), None)

    return wait_until(found, timeout, f"{trial.name}: {kind} {state}",
                      lambda: emergency_of(d, trial))


def followed_up(world, cast, trial):
    """How many follow-ups the customer got."""
    return len([c for c in own_comments(world, cast, trial.ticket)
                if "We have not heard from you" in c["body"]])


def lowered(world, trial):
    """How often the ticket's priority was set to high."""
    return len([event for audit in world.zendesk.audits[trial.ticket["id"]]
                for event in audit["events"]
                if event.get("field_name") == "priority"
                and event["value"] == "high"])


def own_audits(world, cast, trial):
    """The marks of the changes that the daemon made."""
    return [audit["metadata"]["custom"].get("emergencyd")
            for audit in world.zendesk.audits[trial.ticket["id"]]
            if audit["author_id"] == cast.bot["id"]]


def assert_whole_story_once(world, cast, trial):
    """One follow-up and one downgrade, each with a mark of its own."""
    marks = own_audits(world, cast, trial)
    assert (followed_up(world, cast, trial), lowered(world, trial),
            len(own_comments(world, cast, trial.ticket))) == (1, 1, 2)
    assert len(marks) == len(set(marks)) == 2 and all(marks), marks
    assert trial.ticket["priority"] == "high"


def after(service, steps, then):
    """Calls then() once these requests, as (method, path), have been served
    one after the other; at once if there are none."""
    if not steps:
        then()
        return
    service.fault(*steps[0], after_effect=True,
                  hook=lambda request: after(service, steps[1:], then))


def in_turn(service, method, path, troubles):
    """The next matching requests meet these troubles, one each; returns a
    function that says how many have."""
    met = []

    def arm(left):
        if left:
            service.fault(method, path, **left[0], hook=lambda request: (
                met.append(request), arm(left[1:])))

    arm(list(troubles))
    return lambda: len(met)


def take_effect_late(world, request):
    """What a call whose connection broke does after all, now.

    Returns whether Zendesk accepted it.
    """
    number = request.path.rpartition("/")[2]
    with world.changed:
        try:
            world.zendesk.put_ticket(request, number)
        except ApiError:
            return False
        return True


def log_lines(d, name):
    """The lines of the log with this message id."""
    return [line for line in d.stderr().splitlines() if f" {name} " in line]


def all_incidents(d):
    """The ids of the pages of all emergencies."""
    found, query = [], ""
    while query is not None:
        status, answer = d.api_get("/api/emergencies" + query)
        assert status == 200, answer
        found += [page["incident_id"] for row in answer["emergencies"]
                  for page in row["pages"]]
        query = answer["next_page"] and f"?page={answer['next_page']}"
    return found
