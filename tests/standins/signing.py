"""How the two services sign their webhooks."""

import base64
import hashlib
import hmac


def pagerduty_signature(secret, body):
    """The value of X-PagerDuty-Signature for a body (bytes)."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return "v1=" + digest


def zendesk_signature(secret, timestamp, body):
    """The value of X-Zendesk-Webhook-Signature: over timestamp + body."""
    signed = timestamp.encode() + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()
