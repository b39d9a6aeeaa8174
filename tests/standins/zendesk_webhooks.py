"""Zendesk's webhooks: connected to triggers, or subscribed to events.

Jobs run independently: no order, no queue.  Retried are only 409 (3 times),
429 and 503 with a Retry-After below 60 s, and time-outs (5 times).
"""

import itertools
import json
import uuid

from .clock import iso_nanos, iso_seconds
from .signing import zendesk_signature
from .webhooks import Webhook

RETRIES_OF_409 = 3
RETRIES_OF_TIMEOUT = 5
HIGHEST_RETRY_AFTER_S = 60
EVENT_PREFIX = "zen:event-type:ticket."
# The audit's name of a field → the event's.
EVENT_NAMES = {"priority": "priority_changed", "status": "status_changed",
               "subject": "subject_changed", "type": "type_changed",
               "requester_id": "requester_changed",
               "assignee_id": "agent_assignment_changed",
               "group_id": "group_assignment_changed",
               "organization_id": "organization_changed",
               "external_id": "external_id_changed",
               "ticket_form_id": "form_changed"}
UPPER_CASE = ("priority", "status", "type")


def _ulid_like(value):
    return "01" + uuid.UUID(int=value).hex[-24:].upper()


class ZendeskWebhook(Webhook):
    """What both kinds share: headers, signature, retries."""

    timeout_s = 12.0
    # How long Zendesk waits before it repeats a 409 or a time-out is not
    # documented; short, to keep tests quick.
    retry_s = 0.3

    def __init__(self, zendesk, url, secret):
        super().__init__(zendesk.world, url, secret)
        self._zendesk = zendesk
        self._webhook_id = _ulid_like(uuid.uuid4().int)

    def retry_wait_s(self, delivery, status, headers, attempt):
        if status == 409:
            return self.retry_s if attempt <= RETRIES_OF_409 else None
        if status == "timeout":
            return self.retry_s if attempt <= RETRIES_OF_TIMEOUT else None
        after = headers.get("Retry-After", "")
        if status in (429, 503) and after.isdigit():
            return (int(after) if int(after) < HIGHEST_RETRY_AFTER_S
                    else None)
        return None

    def post(self, what, payload):
        """Signs a body and sends it as an invocation of its own."""
        body = json.dumps(payload).encode()
        timestamp = iso_seconds(self._zendesk.clock.now())
        invocation = _ulid_like(uuid.uuid4().int)
        self.emit(what, body, {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(self._zendesk.account_id),
            "X-Zendesk-Webhook-Id": self._webhook_id,
            "X-Zendesk-Webhook-Invocation-Id": invocation,
            "X-Zendesk-Webhook-Signature":
                zendesk_signature(self.secret, timestamp, body),
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        }, invocation)

    def ticket_changed(self, ticket, audit, moment):
        """Told of every update; world's lock held."""
        raise NotImplementedError

    def ticket_merged(self, ticket, target_id, actor_id):
        """Told after the updates that a merge consists of."""


class TriggerWebhook(ZendeskWebhook):
    """Connected to the three triggers of add_trigger_webhook()."""

    def ticket_changed(self, ticket, audit, moment):
        events = audit["events"]
        created = any(event["type"] == "Create" for event in events)
        kinds = []
        if any(event.get("field_name") == "priority"
               and event["value"] == "urgent" for event in events):
            kinds.append("ticket.urgent")
        if not created:
            if any(event["type"] == "Comment" for event in events):
                kinds.append("ticket.comment")
            if any(event["type"] == "Change" for event in events):
                kinds.append("ticket.updated")
        for kind in kinds:
            self.post(kind, {"type": kind,
                             "ticket": {"id": str(ticket["id"])}})


class EventWebhook(ZendeskWebhook):
    """Subscribed to zen:event-type:ticket.*; Delivery.what has no prefix."""

    def __init__(self, zendesk, url, secret, big_sequence):
        super().__init__(zendesk, url, secret)
        self._big_sequence = big_sequence
        self._sequences = itertools.count(2**64 + 4711)

    def ticket_changed(self, ticket, audit, moment):
        events = audit["events"]
        if any(event["type"] == "Create" for event in events):
            self._post_events(ticket, audit["author_id"], moment,
                              [("created", {})])
            return
        self._post_events(ticket, audit["author_id"], moment,
                          [self._event_of(event) for event in events
                           if event["type"] in ("Comment", "Change")])

    def ticket_merged(self, ticket, target_id, actor_id):
        self._post_events(ticket, actor_id, self._zendesk.clock.now(),
                          [("merged", {"target_ticket_id": str(target_id)})])

    def _post_events(self, ticket, actor_id, moment, events):
        sequence = next(self._sequences)
        for position, (name, event) in enumerate(events, 1):
            if self._big_sequence:
                event["meta"] = {"sequence": {"id": sequence,
                                              "position": position}}
            self.post(name, {
                "account_id": self._zendesk.account_id,
                "detail": _detail(ticket, actor_id), "event": event,
                "id": str(uuid.uuid4()),
                "subject": f"zen:ticket:{ticket['id']}",
                "time": iso_nanos(moment), "type": EVENT_PREFIX + name,
                "zendesk_event_version": "2022-11-06"})

    def _event_of(self, event):
        """(name, event object) of an audit's event."""
        if event["type"] == "Comment":
            return "comment_added", {"comment": self._comment_of(event)}
        name = event["field_name"]
        value, previous = event["value"], event["previous_value"]
        if name == "tags":
            return "tags_changed", {
                "tags_added": sorted(set(value) - set(previous)),
                "tags_removed": sorted(set(previous) - set(value))}
        if name == "status" and value == "deleted":
            return "soft_deleted", {}
        if name in UPPER_CASE:
            value, previous = _upper(value), _upper(previous)
        if name in EVENT_NAMES:
            return EVENT_NAMES[name], {"current": value,
                                       "previous": previous}
        return "custom_field_changed", {
            "current": {"value": value}, "previous": {"value": previous},
            "custom_field": {"id": name, "title": f"Field {name}",
                             "type": "text"}}

    def _comment_of(self, comment):
        author_id = comment["author_id"]
        author = self._zendesk.users.get(author_id, {"name": "System"})
        return {"id": str(comment["id"]), "body": comment["body"],
                "html_body": comment["html_body"],
                "is_public": comment["public"],
                "author": {"id": str(author_id), "name": author["name"],
                           "is_staff": self._zendesk.is_staff(author_id)}}


def _detail(ticket, actor_id):
    return {
        "actor_id": str(actor_id),
        "assignee_id": _text(ticket["assignee_id"]),
        "brand_id": _text(ticket["brand_id"]),
        "created_at": ticket["created_at"],
        "custom_status": _text(ticket["custom_status_id"]),
        "description": ticket["description"],
        "external_id": ticket["external_id"],
        "form_id": _text(ticket["ticket_form_id"]),
        "group_id": _text(ticket["group_id"]),
        "id": str(ticket["id"]),
        "is_public": ticket["is_public"],
        "organization_id": _text(ticket["organization_id"]),
        "priority": _upper(ticket["priority"]),
        "requester_id": _text(ticket["requester_id"]),
        "status": _upper(ticket["status"]),
        "subject": ticket["subject"],
        "submitter_id": _text(ticket["submitter_id"]),
        "tags": ticket["tags"] or None,
        "type": _upper(ticket["type"]),
        "updated_at": ticket["updated_at"],
        "via": {"channel": ticket["via"]["channel"]}}


def _text(value):
    return None if value is None else str(value)


def _upper(value):
    return None if value is None else value.upper()
