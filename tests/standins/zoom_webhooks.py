"""Zoom's event subscriptions.

Delivered means 200 or 204 within 3 seconds; anything else is repeated three
times, byte for byte the same.  Nothing is sent in order, and no header names
the delivery.
"""

import json
import secrets

from .signing import zoom_signature, zoom_url_token
from .webhooks import Webhook

VALIDATION = "endpoint.url_validation"


class ZoomWebhook(Webhook):
    """One event subscription of the app."""

    timeout_s = 3.0
    # 5, 20 and 60 minutes, each from the attempt before; short, to keep
    # tests quick.
    retry_pauses_s = (0.3, 0.4, 0.5)

    def __init__(self, zoom, url, secret):
        super().__init__(zoom.world, url, secret)
        self._zoom = zoom

    def accepts(self, delivery, status):
        if delivery.what == VALIDATION:
            return status == 200 and self._is_valid(delivery)
        return status in (200, 204)

    def retry_wait_s(self, delivery, status, headers, attempt):
        if delivery.what == VALIDATION or attempt > len(self.retry_pauses_s):
            return None
        return self.retry_pauses_s[attempt - 1]

    def post(self, payload):
        """Signs and sends an event; returns its Delivery."""
        body = json.dumps(payload).encode()
        timestamp = str(int(self._zoom.clock.now().timestamp()))
        self.emit(payload["event"], body, {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zoom Marketplace/1.0a",
            "clientid": self._zoom.client_id,
            "x-zm-request-timestamp": timestamp,
            "x-zm-signature": zoom_signature(self.secret, timestamp, body),
            "x-zm-trackingid": "WEB_" + secrets.token_hex(16),
        }, secrets.token_hex(8))
        return self.deliveries[-1]

    def post_validation(self):
        """Asks the receiver to prove that it knows the secret."""
        moment = self._zoom.clock.now()
        return self.post({
            "payload": {"plainToken": secrets.token_urlsafe(16)},
            "event_ts": int(moment.timestamp() * 1000),
            "event": VALIDATION})

    def _is_valid(self, delivery):
        plain = delivery.json["payload"]["plainToken"]
        try:
            return json.loads(delivery.answer) == {
                "plainToken": plain,
                "encryptedToken": zoom_url_token(self.secret, plain)}
        except ValueError:
            return False
