"""PagerDuty's webhook subscriptions.

A queue for each incident; 5xx, 429, time-outs and failing connections are
repeated, other answers drop the webhook, and three drops in a row switch the
subscription off.
"""

import itertools
import json
import secrets

from .signing import pagerduty_signature
from .webhooks import Webhook

DROPS_UNTIL_DISABLED = 3
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid_like():
    """An id of 26 characters, as live events have."""
    return "01" + "".join(secrets.choice(ALPHABET) for _ in range(24))


class Subscription(Webhook):
    """One webhook subscription of the account."""

    timeout_s = 5.0
    # "Periodically, for up to 48 hours"; short, to keep tests quick.
    retry_s = 0.3
    _numbers = itertools.count(1)

    def __init__(self, world, url, *, secret=None, events=None,
                 service_id=None, description=None):
        super().__init__(world, url, secret or secrets.token_urlsafe(48))
        self.id = f"PWEB{next(self._numbers):03d}"
        self.temporarily_disabled = False
        self._events = events
        self._service_id = service_id
        self._description = description
        self._drops_in_a_row = 0

    def retry_wait_s(self, delivery, status, headers, attempt):
        if status in ("timeout", "connection", 429) or status >= 500:
            return self.retry_s
        return None

    def note_end(self, delivery):
        if delivery.state == "delivered":
            self._drops_in_a_row = 0
        elif delivery.state == "dropped":
            self._drops_in_a_row += 1
            if self._drops_in_a_row >= DROPS_UNTIL_DISABLED:
                self.temporarily_disabled = True
                for queued in self.deliveries:
                    if queued.state == "queued":
                        queued.state = "dropped"

    def enable(self):
        """Ends the temporary disablement."""
        with self._world.changed:
            self.temporarily_disabled = False
            self._drops_in_a_row = 0

    def post(self, payload, lane, service_id=None):
        """Signs and sends an event, if the subscription is for it."""
        what = payload["event"]["event_type"]
        if self.temporarily_disabled or not self._wants(what, service_id):
            return
        body = json.dumps(payload).encode()
        self.emit(what, body, {
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-PagerDuty-Signature": pagerduty_signature(self.secret, body),
            "X-Webhook-Id": ulid_like(),
            "X-Webhook-Subscription": self.id}, lane)

    def shape(self, with_secret=False):
        """As REST shows it; the secret only in the answer to its making."""
        return {
            "id": self.id, "type": "webhook_subscription", "active": True,
            "delivery_method": {
                "id": "D" + self.id, "type": "http_delivery_method",
                "url": self.url, "custom_headers": [],
                "secret": self.secret if with_secret else None,
                "temporarily_disabled": self.temporarily_disabled},
            "description": self._description,
            "events": self._events or [],
            "filter": ({"type": "service_reference", "id": self._service_id}
                       if self._service_id else
                       {"type": "account_reference"})}

    def _wants(self, what, service_id):
        if what == "pagey.ping":
            return True
        return ((not self._events or what in self._events)
                and self._service_id in (None, service_id))
