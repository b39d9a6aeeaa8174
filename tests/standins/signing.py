"""How the services sign their webhooks."""

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


def slack_signature(secret, timestamp, body):
    """The value of X-Slack-Signature: over v0:timestamp:body."""
    return _v0_signature(secret, timestamp, body)


def zoom_signature(secret, timestamp, body):
    """The value of x-zm-signature: over v0:timestamp:body."""
    return _v0_signature(secret, timestamp, body)


def zoom_url_token(secret, plain_token):
    """The encryptedToken that answers Zoom's validation of a URL."""
    return hmac.new(secret.encode(), plain_token.encode(),
                    hashlib.sha256).hexdigest()


def _v0_signature(secret, timestamp, body):
    signed = b"v0:" + timestamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return "v0=" + digest
