"""What is known of a world after its last kill: what the stand-ins answered
and have, and what the database of the stopped daemon says."""

import json
import re
import sqlite3
from collections import Counter, defaultdict

from standins.clock import parse_iso

OWN_KEY = "emergencyd-"
MARK = re.compile(rb"[0-9a-f]{24}-\d+")
IN_ISSUE = re.compile(r"<!-- emergencyd (\S+) -->")
DONE, PARKED, CANCELLED = 3, 5, 6
# Writes that leave a mark where they took effect, by their numbers in the
# database (enum action_kind).
MARKED = {1: "first_contact", 2: "follow_up", 3: "downgrade", 4: "urgent",
          5: "create_page", 11: "summon", 15: "open_thread", 17: "reply",
          18: "post", 21: "create_meeting", 23: "runbook"}


class Answers:
    """What the daemon answered to webhooks, as their senders saw it.

    of[key]: the answers to one webhook, repeats and all; what the daemon
    knows a repeat by is in the key.
    """

    def __init__(self, world):
        self._world = world
        self.count = 0
        self.of = defaultdict(list)

    def watch(self, webhook):
        """Notes every answer that this webhook's sender gets."""
        accepts = webhook.accepts

        def accepts_and_notes(delivery, status):
            if status == 200:
                self.count += 1
                self.of[key_of(delivery)].append(delivery.answer)
            return accepts(delivery, status)

        webhook.accepts = accepts_and_notes

    def wait_for_more(self, count, timeout_s):
        """Waits for so many further 200s; whether they came."""
        wanted = self.count + count
        try:
            self._world.wait_for(lambda: self.count >= wanted, timeout_s, "")
        except AssertionError:
            return False
        return True


def key_of(delivery):
    """(signature of a trigger's, else "", body)."""
    signature = ""
    if delivery.what.startswith("ticket."):
        signature = delivery.headers["X-Zendesk-Webhook-Signature"]
    return signature, delivery.body


def is_new(answer):
    """Whether an answer says that the webhook came for the first time."""
    try:
        return json.loads(answer).get("duplicate") is False
    except (ValueError, AttributeError):
        return False


def effects(world):
    """All that the daemon's writes brought about: [(mark, what)]."""
    found = []
    for number, audits in world.zendesk.audits.items():
        for audit in audits:
            mark = audit["metadata"]["custom"].get("emergencyd")
            if mark:
                found.append((mark, f"a write to ticket {number}"))
    for incident in world.pagerduty.incidents.values():
        key = incident["incident_key"] or ""
        if key.startswith(OWN_KEY):
            found.append((key.removeprefix(OWN_KEY),
                          f"page {incident['id']}, {incident['title']!r}"))
    # Not from the messages: the first one's mark changes with each edit.
    for request in world.slack.received("POST", "/chat.postMessage$"):
        if request.took_effect:
            found.append((
                request.json["metadata"]["event_payload"]["action"],
                f"message {request.json['text'][:60]!r}"))
    for meeting in world.zoom.meetings.values():
        found.append((meeting["agenda"], f"meeting {meeting['topic']!r}"))
    for issues in world.gitlab.issues.values():
        for issue in issues:
            mark = IN_ISSUE.search(issue["description"])
            found.append((mark.group(1), f"issue {issue['title']!r}"))
    return found


class Journal:
    """The database, once its daemon has ended."""

    def __init__(self, path):
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            self.integrity = [row[0] for row in database.execute(
                "PRAGMA integrity_check")]
            rows = database.execute(
                "SELECT body, repeat_key FROM payload "
                "JOIN event ON event.id = payload.event").fetchall()
            self.actions = {row[0]: row[1:] for row in database.execute(
                "SELECT id, emergency, kind, state, error FROM action")}
            self.open_of_ticket = Counter(
                row[0] for row in database.execute(
                    "SELECT ticket_id FROM emergency WHERE ticket_id > 0 "
                    "AND joined_into = 0"))
        finally:
            database.close()
        self.payloads = Counter(bytes(row[0]) for row in rows)
        self.repeat_keys = {row[1] for row in rows}

    def has(self, key):
        """Whether a webhook is there."""
        signature, body = key
        return (f"zt {signature}" in self.repeat_keys if signature
                else body in self.payloads)


class History:
    """What happened to a story's ticket, in order, as Zendesk has it."""

    def __init__(self, world, cast, story):
        number = story.ticket["id"]
        self.audits = world.zendesk.audits[number]
        self._world, self._bot = world, cast.bot["id"]
        own = [audit for audit in self.audits if self._is_own(audit)]
        self.follow_ups = [audit for audit in own if self._says(
            audit, "We have not heard from you")]
        self.downgrades = [audit for audit in own
                           if self._sets(audit, "priority", "high")]
        self.first_contacts = [audit for audit in own if audit not in
                               self.follow_ups + self.downgrades]
        contacts = [audit for audit in self.audits[1:]
                    if self._comments(audit, staff=True)]
        self.contact = contacts[0] if contacts else None
        self.person_contact = any(not self._is_own(audit)
                                  for audit in contacts)
        self.answers = [audit for audit in self.audits[1:]
                        if self._comments(audit, staff=False)]
        self.lowered = any(not self._is_own(audit) and
                           self._sets(audit, "priority", "normal")
                           for audit in self.audits[1:])

    def _is_own(self, audit):
        return audit["author_id"] == self._bot

    @staticmethod
    def _says(audit, text):
        return any(event["type"] == "Comment" and text in event["body"]
                   for event in audit["events"])

    def _comments(self, audit, staff):
        return any(event["type"] == "Comment" and event["public"]
                   and self._world.zendesk.is_staff(event["author_id"])
                   == staff for event in audit["events"])

    @staticmethod
    def _sets(audit, name, value):
        return any(event.get("field_name") == name
                   and event["value"] == value for event in audit["events"])

    def answered(self, after_s):
        """Whether the customer wrote so long after support, or later."""
        return self.contact is not None and any(
            seconds(self.contact, answer) >= after_s
            for answer in self.answers)


def seconds(before, after):
    """From one audit to another; both are cut to the second."""
    return (parse_iso(after["created_at"])
            - parse_iso(before["created_at"])).total_seconds()
