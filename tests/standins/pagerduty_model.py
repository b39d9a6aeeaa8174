"""What is in PagerDuty, and the control API by which tests change it.

Users, services, schedules, escalation policies and incidents are the dicts
that the API shows; wherever one of them is wanted, its id will do as well.
Tests and API calls change incidents through the same functions.
"""

import itertools
import secrets

from . import pagerduty_shapes as shapes
from .clock import iso_seconds
from .pagerduty_oncalls import OnCallModel, id_of
from .pagerduty_webhooks import Subscription, ulid_like

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class PagerDutyModel(OnCallModel):
    """The state and the control API; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.users = {}
        self.services = {}
        self.escalation_policies = {}
        self.incidents = {}
        self.alerts = {}
        self.notes = {}
        self._reopened_at = {}
        self._levels = {}
        self._ids = itertools.count(36**5 + secrets.randbelow(36**4))
        self._numbers = itertools.count(1)

    # -- control API: people and services ----------------------------------

    def create_user(self, name, email, *, role="user", time_zone="Etc/UTC"):
        with self.world.changed:
            return self._keep(self.users, shapes.user(
                self._new_id(), name, email, role, time_zone))

    def create_escalation_policy(self, name):
        with self.world.changed:
            return self._keep(self.escalation_policies, shapes.named(
                "escalation_policy", self._new_id(), name, num_loops=0,
                escalation_rules=[], services=[], teams=[],
                description=None))

    def create_service(self, name, escalation_policy):
        with self.world.changed:
            return self._keep(self.services, shapes.service(
                self._new_id(), name,
                self.escalation_policies[id_of(escalation_policy)],
                self.clock.now()))

    # -- control API: incidents --------------------------------------------

    def trigger(self, title, service, *, incident_key=None, alerts=(),
                urgency="high", assignees=None, escalation_policy=None,
                incident_type="incident_default", agent=None, at=None):
        """A new incident.

        alerts: dicts with summary, details (object or text), alert_key,
        severity, contexts, all optional.  An incident with alerts and no
        incident_key given has none.  assignees: default who is on call at
        level 1.  agent: the user who made it, if a person did.
        """
        with self.world.changed:
            moment = at or self.clock.now()
            service = self.services[id_of(service)]
            policy = self.escalation_policies[id_of(
                escalation_policy or service["escalation_policy"])]
            if incident_key is None and not alerts:
                incident_key = secrets.token_hex(16)
            incident = self._keep(self.incidents, shapes.incident(
                self._new_id(), next(self._numbers), title, service, policy,
                incident_key, urgency, incident_type, moment))
            self.notes[incident["id"]] = []
            self.alerts[incident["id"]] = [
                shapes.alert(self._new_id(), incident, {
                    "summary": title, "alert_key": secrets.token_hex(16),
                    **alert}, moment) for alert in alerts]
            self._count_alerts(incident)
            self._levels[incident["id"]] = 1
            self._assign(incident, assignees or self.responders(policy),
                         moment)
            self._emit("incident.triggered", incident, agent, moment)
            return incident

    def acknowledge(self, incident, by, *, at=None):
        """by: the user who acknowledges."""
        with self.world.changed:
            incident, moment, by = self._start(incident, by, at)
            if incident["status"] == "resolved":
                self._reopen(incident, by, moment)
            incident["acknowledgements"].append(
                {"at": iso_seconds(moment),
                 "acknowledger": shapes.reference(by)})
            self._assign(incident, [by], moment)
            self._set_status(incident, "acknowledged", by, moment)

    def unacknowledge(self, incident, *, at=None):
        """The acknowledgement timed out."""
        with self.world.changed:
            incident, moment, _ = self._start(incident, None, at)
            incident["acknowledgements"] = []
            self._set_status(incident, "triggered", None, moment,
                             "incident.unacknowledged")

    def resolve(self, incident, by=None, *, note=None, reason=None, at=None):
        """by: None for an integration; note: the resolution's note."""
        with self.world.changed:
            incident, moment, by = self._start(incident, by, at)
            incident.update(assignments=[], resolve_reason=reason,
                            acknowledgements=[],
                            resolved_at=iso_seconds(moment))
            for alert in self.alerts[incident["id"]]:
                alert["status"] = "resolved"
            self._count_alerts(incident)
            self._set_status(incident, "resolved", by, moment)
            if note:
                self.annotate(incident, by, f"Resolution Note: {note}",
                              at=at)

    def reopen(self, incident, by, *, at=None):
        with self.world.changed:
            incident, moment, by = self._start(incident, by, at)
            self._reopen(incident, by, moment)

    def reassign(self, incident, to, by=None, *, at=None):
        """to: the user, or a list of users, who must now look after it.

        As with escalating and delegating, nobody has acknowledged it then.
        """
        with self.world.changed:
            to = to if isinstance(to, (list, tuple)) else [to]
            self._pass_on("incident.reassigned", incident, to, by, at)

    def escalate(self, incident, by=None, *, level=None, at=None):
        """To a level of its policy, by default the next; by None: since
        nobody acknowledged it."""
        with self.world.changed:
            incident = self.incidents[id_of(incident)]
            level = level or self._levels[incident["id"]] + 1
            to = self.responders(incident["escalation_policy"], level)
            if not to:
                raise ValueError(f"nobody is on call at level {level}")
            self._levels[incident["id"]] = level
            self._pass_on("incident.escalated", incident, to, by, at)

    def delegate(self, incident, escalation_policy, by, *, at=None):
        """To another escalation policy."""
        with self.world.changed:
            incident = self.incidents[id_of(incident)]
            policy = self.escalation_policies[id_of(escalation_policy)]
            incident["escalation_policy"] = shapes.reference(policy)
            self._levels[incident["id"]] = 1
            self._pass_on("incident.delegated", incident,
                          self.responders(policy), by, at)

    def merge(self, incident, into, by, *, at=None):
        """The incident is resolved because it is merged into another."""
        with self.world.changed:
            target = self.incidents[id_of(into)]
            self.alerts[target["id"]] += self.alerts[id_of(incident)]
            self.alerts[id_of(incident)] = []
            self._count_alerts(target)
            self.resolve(incident, by, at=at, reason={
                "type": "merge_resolve_reason",
                "incident": shapes.reference(target)})

    def annotate(self, incident, by, content, *, channel="The PagerDuty "
                 "website", at=None):
        """A note; returns it."""
        with self.world.changed:
            incident, moment, by = self._start(incident, by, at)
            note = shapes.note(self._new_id(), by, content, channel, moment)
            self.notes[incident["id"]].append(note)
            self._emit("incident.annotated", incident, by, moment,
                       shapes.note_data(incident, note))
            return note

    def emit(self, event_type, incident, data, *, by=None, at=None):
        """Sends any other event about an incident."""
        with self.world.changed:
            incident, moment, by = self._start(incident, by, at)
            self._emit(event_type, incident, by, moment, data)

    def subscribe(self, url, *, secret=None, events=None, service=None):
        """A webhook subscription (a Webhook); its secret is .secret.

        events: the types wanted (None: all); service: only of this one.
        """
        with self.world.changed:
            subscription = Subscription(self.world, url, secret=secret,
                                        events=events,
                                        service_id=id_of(service))
            self.webhooks.append(subscription)
            return subscription

    # -- details -----------------------------------------------------------

    def _new_id(self):
        number, text = next(self._ids), ""
        while number:
            number, digit = divmod(number, 36)
            text = ALPHABET[digit] + text
        return "P" + text

    @staticmethod
    def _keep(things, shape):
        things[shape["id"]] = shape
        return shape

    def _start(self, incident, by, at):
        return (self.incidents[id_of(incident)], at or self.clock.now(),
                by and self.users[id_of(by)])

    def _assign(self, incident, users, moment):
        incident["assignments"] = [
            {"at": iso_seconds(moment),
             "assignee": shapes.reference(self.users[id_of(user)])}
            for user in users]

    def _pass_on(self, event_type, incident, to, by, at):
        incident, moment, by = self._start(incident, by, at)
        incident["acknowledgements"] = []
        self._assign(incident, to, moment)
        if incident["status"] == "triggered":
            self._emit(event_type, incident, by, moment)
        else:
            self._set_status(incident, "triggered", by, moment, event_type)

    def _count_alerts(self, incident):
        alerts = self.alerts[incident["id"]]
        resolved = sum(alert["status"] == "resolved" for alert in alerts)
        incident["alert_counts"] = {"all": len(alerts), "resolved": resolved,
                                    "triggered": len(alerts) - resolved}

    def _reopen(self, incident, by, moment):
        policy = self.escalation_policies[
            incident["escalation_policy"]["id"]]
        incident.update(resolved_at=None, resolve_reason=None)
        self._reopened_at[incident["id"]] = iso_seconds(moment)
        self._levels[incident["id"]] = 1
        self._assign(incident, self.responders(policy), moment)
        self._set_status(incident, "triggered", by, moment,
                         "incident.reopened")

    def _set_status(self, incident, status, by, moment, event_type=None):
        incident.update(
            status=status, last_status_change_at=iso_seconds(moment),
            last_status_change_by=(shapes.reference(by)
                                   or incident["service"]))
        self._emit(event_type or f"incident.{status}", incident, by, moment)

    def _emit(self, event_type, incident, agent, moment, data=None):
        incident["updated_at"] = iso_seconds(moment)
        if data is None:
            data = shapes.incident_data(
                incident, self._reopened_at.get(incident["id"]))
        payload = shapes.event(ulid_like(), event_type, "incident", moment,
                               agent, data)
        for webhook in self.webhooks:
            webhook.post(payload, incident["id"], incident["service"]["id"])
        self.world.changed.notify_all()
