"""What must be true of a world in the end, however often its daemon was
killed: each check yields sentences on what is wrong, with the story, if it
is of one."""

from collections import Counter

from evidence import (CANCELLED, DONE, MARKED, PARKED, effects, is_new,
                      seconds)

STATES = {0: "pending", 1: "sending", 2: "unknown", DONE: "done", 4: "dry",
          PARKED: "parked", CANCELLED: "cancelled"}


# A poll may want these at any time, up to the end.
READS = {7, 8, 13, 14, 20, 24, 25}


def expected(history, story):
    """The (state, held) that a story's emergency must come to; several
    where nobody can tell."""
    ticket, incident = story.ticket, story.incident
    if story.closed or history.lowered or ticket["status"] in (
            "solved", "closed"):
        return {("closed", None)}
    if history.answered(after_s=1):
        return {("engaged", None)}
    maybe = {("engaged", None)} if history.answered(after_s=0) else set()
    if history.contact and not history.person_contact:
        return maybe | {("followed_up", "asked")}  # nobody was there
    if history.contact:
        return maybe | {("downgraded", None)}
    if incident and incident["status"] != "triggered":
        return {("acknowledged", None)}
    return {("paged", None)}


def is_settled(row, history, story):
    """Whether an emergency (as the list shows it, or None) is where it must
    come to."""
    if row is None:  # nothing opens for a ticket that was not seen urgent
        return not story.by_page and expected(history, story) == {
            ("closed", None)}
    return (row["state"], row["held"]) in expected(history, story)


# -- webhooks ---------------------------------------------------------------

def lost_webhooks(answers, journal):
    """A webhook answered 200 is never lost, and is new once."""
    for key, given in answers.of.items():
        if not journal.has(key):
            yield f"answered 200, not in the journal: {key[1][:500]!r}"
        if sum(map(is_new, given)) > 1:
            yield f"new more than once: {given} to {key[1][:500]!r}"


def doubled_payloads(journal):
    """What came again is not kept again.  Triggers' bodies are alike."""
    for payload, count in journal.payloads.items():
        if count > 1 and b'"type": "ticket.' not in payload:
            yield f"{count} times in the journal: {payload[:500]!r}"


# -- effects ----------------------------------------------------------------

def doubled_and_forgotten(world, journal, late):
    """Each write took effect once, and the outbox knows it.

    late: marks of attempts that arrived after the death of their daemon.
    One that was withdrawn meanwhile, since it was neither there nor wanted
    any more, may be there all the same: nobody can know.
    """
    marks = Counter()
    told = {}
    for mark, what in effects(world):
        marks[mark] += 1
        told.setdefault(mark, []).append(what)
    numbers = {int(mark.rpartition("-")[2]): mark for mark in marks}
    for mark, count in marks.items():
        if count > 1:
            yield f"took effect {count} times: {told[mark]}, mark {mark}"
    for number, mark in numbers.items():
        action = journal.actions.get(number)
        allowed = (DONE, CANCELLED) if mark in late else (DONE,)
        if action is None or action[2] not in allowed:
            state = STATES[action[2]] if action else "no row at all"
            yield (f"took effect, but the outbox has {state}: {told[mark]}, "
                   f"mark {mark}")
    for number, (emergency, kind, state, error) in journal.actions.items():
        name = MARKED.get(kind, f"kind {kind}")
        if state not in (DONE, CANCELLED) and kind not in READS:
            yield (f"call {number} of emergency {emergency}, {name}, is "
                   f"{STATES[state]}: {error}")
        elif state == DONE and kind in MARKED and number not in numbers:
            yield (f"call {number} of emergency {emergency}, {name}, is "
                   "done, but nothing came of it")


def resolved_twice(world, cast):
    """By us, a page is resolved once."""
    times = Counter()
    for webhook in world.pagerduty.webhooks:
        for delivery in webhook.deliveries:
            event = delivery.json["event"]
            if delivery.what == "incident.resolved" and (
                    event["agent"] or {}).get("id") == cast.bot_pd["id"]:
                times[event["data"]["id"]] += 1
    for incident, count in times.items():
        if count > 1:
            yield f"page {incident} was resolved {count} times"


# What no killing brings about.
NEVER_LOGGED = ("ITEM-UNDONE", "WEBHOOK-ASIDE", "WEBHOOK-UNSIGNED",
                "CALL-PARKED", "Sanitizer", "runtime error:")


def logged(text):
    """Lines of the log that must not be there."""
    for line in text.splitlines():
        if any(word in line for word in NEVER_LOGGED):
            yield f"logged: {line}"


# -- one story --------------------------------------------------------------

def wrong_in_story(world, story, rows, history, plan):
    """rows: its emergencies, alone with all that they have."""
    if len(rows) > 1:
        yield f"{len(rows)} emergencies"
    row = rows[0] if rows else None
    if not is_settled(row, history, story):
        yield (f"is {row and (row['state'], row['held'])}, should be "
               f"{expected(history, story)}")
    yield from wrong_steps(history, plan)
    if row:
        yield from wrong_orders(story, row)
        yield from wrong_pages(story, row)
        yield from wrong_thread(world, row)


def wrong_steps(history, plan):
    """Follow-up and downgrade: once, in time, and never after an answer."""
    for name, made in (("first contact", history.first_contacts),
                       ("follow-up", history.follow_ups),
                       ("downgrade", history.downgrades)):
        if len(made) > 1:
            yield f"{len(made)} times {name}"
        for audit in made:
            if any(answer["id"] < audit["id"]
                   and seconds(history.contact, answer) >= 1
                   for answer in history.answers):
                yield f"{name} after an answer"
    if history.downgrades and not history.follow_ups:
        yield "downgraded without a follow-up"
    if history.follow_ups and seconds(
            history.contact, history.follow_ups[0]) < plan.follow_up_s - 1:
        yield "the first period was cut"
    if history.downgrades and seconds(
            history.follow_ups[0], history.downgrades[0]) < (
                plan.downgrade_s - 1):
        yield "the second period was cut"


def wrong_orders(story, row):
    """What was confirmed happened once; the rest at most once."""
    for text, confirmed in story.notes.items():
        times = sum(text in entry["text"] for entry in row["timeline"])
        if times > 1 or (confirmed and times == 0):
            yield (f"note {text!r} is there {times} times, "
                   f"{'' if confirmed else 'not '}confirmed")


def wrong_pages(story, row):
    """Its pages are known, as they are."""
    if story.incident is None:
        return
    shown = {page["incident_id"]: page["status"] for page in row["pages"]}
    status = shown.get(story.incident["id"])
    if status != story.incident["status"] and row["state"] != "closed":
        yield (f"its page is {story.incident['status']}, the daemon says "
               f"{status}")


def wrong_thread(world, row):
    """The thread's first message shows how things are."""
    if row["thread"] is None:
        return
    found = [message for message in
             world.slack.messages(row["thread"]["channel"])
             if message["ts"] == row["thread"]["ts"]]
    if len(found) != 1:
        yield f"its thread is there {len(found)} times"
    elif f"State: {row['state']}" not in world.slack.text_of(
            found[0]).replace("*", ""):
        yield (f"it is {row['state']}, its thread says "
               f"{world.slack.text_of(found[0])!r}")
