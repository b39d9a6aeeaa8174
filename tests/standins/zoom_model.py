"""What is in Zoom, and the control API by which tests change it.

Users and meetings are the dicts that the API shows; wherever one of them is
wanted, its id will do as well.  Participants are dicts as the webhooks show
them.
"""

import base64
import copy
import itertools
import secrets

from . import zoom_shapes as shapes
from .clock import iso_seconds
from .zoom_webhooks import ZoomWebhook


def id_of(thing):
    """The id of a dict or an id."""
    return thing["id"] if isinstance(thing, dict) else thing


def new_uuid():
    """The uuid of one run of a meeting."""
    return base64.b64encode(secrets.token_bytes(16)).decode()


class ZoomModel:
    """The state and the control API; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.account_id = secrets.token_urlsafe(16)
        self.users = {}
        self.meetings = {}
        self.participants = {}
        self.waiting = {}
        self.default_settings = copy.deepcopy(shapes.DEFAULT_SETTINGS)
        self._started_at = {}
        self._deleted = {}
        self._numbers = itertools.count(
            86_000_000_000 + secrets.randbelow(10**9))
        self._participant_numbers = itertools.count(16778240, 1024)

    # -- control API: users and meetings -----------------------------------

    def create_user(self, name, email, *, timezone=""):
        """The first one is whom "me" means."""
        with self.world.changed:
            new_id = secrets.token_urlsafe(16)
            self.users[new_id] = shapes.user(
                new_id, self.account_id, name, email, timezone,
                self.clock.now())
            return self.users[new_id]

    def create_meeting(self, host, topic, *, kind=shapes.SCHEDULED,
                       settings=None, at=None, **fields):
        """A meeting; kind is its type, settings differ from the defaults,
        fields are more of what the API shows."""
        with self.world.changed:
            meeting = shapes.meeting(
                next(self._numbers), new_uuid(), self.users[id_of(host)],
                topic, kind, {**copy.deepcopy(self.default_settings),
                              **(settings or {})}, at or self.clock.now())
            meeting.update(fields)
            self.meetings[meeting["id"]] = meeting
            self.participants[meeting["id"]] = []
            self.waiting[meeting["id"]] = []
            self.world.changed.notify_all()
            return meeting

    def delete(self, meeting):
        """Deletes a meeting: the API no longer finds it."""
        with self.world.changed:
            number = id_of(meeting)
            self._deleted[number] = self.meetings.pop(number)

    def recover(self, meeting):
        """Brings a deleted meeting back."""
        with self.world.changed:
            number = id_of(meeting)
            self.meetings[number] = self._deleted.pop(number)

    # -- control API: who comes and goes -----------------------------------

    def join(self, meeting, name, email="", user_id="", *, at=None):
        """Someone comes; returns the participant.

        email: as far as Zoom knows it; user_id: of a signed-in user of
        Zoom, empty for guests.  Who may not enter before the host waits
        for host_joins(), who is in the waiting room for admit().
        """
        with self.world.changed:
            meeting, moment = self._find(meeting, at)
            if user_id in self.users:
                email = email or self.users[user_id]["email"]
            participant = shapes.participant(
                next(self._participant_numbers), name, email, user_id,
                moment)
            self._arrive(meeting, participant, moment)
            return participant

    def host_joins(self, meeting, *, at=None):
        """The host comes, and lets in who waited for that."""
        meeting = self.meetings[id_of(meeting)]
        host = self.users[meeting["host_id"]]
        return self.join(meeting, host["display_name"], user_id=host["id"],
                         at=at)

    def admit(self, meeting, participant, *, at=None):
        """The host lets someone in from the waiting room."""
        with self.world.changed:
            meeting, moment = self._find(meeting, at)
            self.waiting[meeting["id"]].remove(participant)
            self._enter(meeting, participant, moment)

    def leave(self, meeting, participant, *, at=None,
              reason="left the meeting."):
        """Someone goes; the last one ends the meeting."""
        with self.world.changed:
            meeting, moment = self._find(meeting, at)
            if participant in self.waiting[meeting["id"]]:
                self.waiting[meeting["id"]].remove(participant)
                return
            present = self.participants[meeting["id"]]
            present.remove(participant)
            self._emit("meeting.participant_left", meeting, moment, {
                "participant": shapes.left(participant, moment, reason)})
            if not present:
                self._finish(meeting, moment)

    def end(self, meeting, *, at=None):
        """Ends a running meeting for all; of one that is not, nothing.

        As observed, meeting.ended comes before the participants' leaving.
        """
        with self.world.changed:
            meeting, moment = self._find(meeting, at)
            if meeting["status"] == "started":
                self._finish(meeting, moment)

    # -- control API: webhooks ---------------------------------------------

    def connect(self, url, secret):
        """Subscribes a webhook (a Webhook) to the events of meetings."""
        with self.world.changed:
            webhook = ZoomWebhook(self, url, secret)
            self.webhooks.append(webhook)
            return webhook

    def validate_url(self, timeout=10):
        """Sends endpoint.url_validation to each webhook and waits for the
        answers; whether all were right."""
        with self.world.changed:
            sent = [webhook.post_validation() for webhook in self.webhooks]
        self.world.wait_for(
            lambda: all(delivery.state in ("delivered", "dropped")
                        for delivery in sent),
            timeout, "the validation of the URL")
        return all(delivery.state == "delivered" for delivery in sent)

    def emit(self, event, meeting, more=None, *, at=None):
        """Sends any other event; more: what its object has besides."""
        with self.world.changed:
            meeting, moment = self._find(meeting, at)
            self._emit(event, meeting, moment, more)

    # -- details -----------------------------------------------------------

    def _find(self, meeting, at):
        return self.meetings[id_of(meeting)], at or self.clock.now()

    def _arrive(self, meeting, participant, moment):
        settings = meeting["settings"]
        is_host = participant["id"] == meeting["host_id"]
        host_is_there = any(present["id"] == meeting["host_id"] for present
                            in self.participants[meeting["id"]])
        if not is_host and settings["waiting_room"]:
            self._wait("meeting.participant_joined_waiting_room", meeting,
                       participant, moment)
        elif not (is_host or host_is_there or _opens_alone(meeting)):
            self._wait("meeting.participant_jbh_waiting", meeting,
                       participant, moment)
        else:
            self._enter(meeting, participant, moment)
        if is_host and not settings["waiting_room"]:
            for waiting in list(self.waiting[meeting["id"]]):
                self.admit(meeting, waiting, at=moment)

    def _wait(self, event, meeting, participant, moment):
        self.waiting[meeting["id"]].append(participant)
        self._emit(event, meeting, moment, {"participant": participant})

    def _enter(self, meeting, participant, moment):
        if meeting["status"] == "waiting":
            self._begin(meeting, moment)
        participant["join_time"] = iso_seconds(moment)
        self.participants[meeting["id"]].append(participant)
        self._emit("meeting.participant_joined", meeting, moment,
                   {"participant": participant})

    def _begin(self, meeting, moment):
        if meeting["id"] in self._started_at:
            meeting["uuid"] = new_uuid()
        meeting["status"] = "started"
        self._started_at[meeting["id"]] = moment
        self._emit("meeting.started", meeting, moment)

    def _finish(self, meeting, moment):
        meeting["status"] = "waiting"
        self._emit("meeting.ended", meeting, moment,
                   {"end_time": iso_seconds(moment)})
        for participant in self.participants[meeting["id"]]:
            self._emit("meeting.participant_left", meeting, moment, {
                "participant": shapes.left(participant, moment,
                                           "Host ended the meeting.")})
        self.participants[meeting["id"]] = []
        if meeting["type"] == shapes.INSTANT:
            self.delete(meeting)

    def _emit(self, event, meeting, moment, more=None):
        payload = shapes.event(event, self.account_id, meeting,
                               self._started_at.get(meeting["id"]), moment,
                               more or {})
        for webhook in self.webhooks:
            webhook.post(payload)
        self.world.changed.notify_all()


def _opens_alone(meeting):
    """Whether people may enter before the host; instant ones never let."""
    return (meeting["type"] != shapes.INSTANT
            and meeting["settings"]["join_before_host"])
