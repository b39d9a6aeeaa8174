"""The time as one stand-in sees it: the machine's, moved by an offset."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime


class Clock:
    """A service's clock; offset_s makes its server early (< 0) or late."""

    def __init__(self):
        self.offset_s = 0.0

    def now(self):
        """The service's present time, in UTC."""
        return datetime.now(timezone.utc) + timedelta(seconds=self.offset_s)

    def ago(self, seconds):
        """The service's time some seconds ago."""
        return self.now() - timedelta(seconds=seconds)


def iso_seconds(moment):
    """2026-11-23T12:00:00Z: the resolution of both services' APIs."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(moment):
    """2026-11-23T12:00:00.123Z: PagerDuty's webhooks."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{moment.microsecond // 1000:03d}Z")


def iso_nanos(moment):
    """2026-11-23T12:00:00.123456789Z: Zendesk's event webhooks."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def parse_iso(text):
    """The moment an ISO 8601 text names; ValueError if it names none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment


def http_date(moment):
    """The form of the Date header."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)
