"""PagerDuty's REST API: the routes and what they answer."""

import secrets

from . import pagerduty_shapes as shapes
from .clock import parse_iso
from .http_service import Answer, ApiError, HttpService
from .pagerduty_model import PagerDutyModel, id_of
from .pagerduty_oncalls import found_oncalls, rendered
from .pagerduty_webhooks import Subscription, ulid_like

ACCEPT = "application/vnd.pagerduty+json;version=2"
MAX_NOTES = 2000
MAX_PAGE = 100
ALREADY_RESOLVED = 1001
ALREADY_ACKNOWLEDGED = 1002
INVALID_STATUS = 1003
REQUESTER_NOT_FOUND = 1008
INVALID_INPUT = 2001
ARGUMENTS_ERROR = 2002
NOT_AUTHENTICATED = 2006
RATE_LIMITED = 2020
NOT_FOUND = 2100


class PagerDuty(PagerDutyModel, HttpService):
    """The PagerDuty stand-in."""

    routes = (
        ("POST", r"/incidents", "create_incident"),
        ("GET", r"/incidents", "list_incidents"),
        ("GET", r"/incidents/(\w+)", "show_incident"),
        ("PUT", r"/incidents/(\w+)", "put_incident"),
        ("GET", r"/incidents/(\w+)/notes", "list_notes"),
        ("POST", r"/incidents/(\w+)/notes", "create_note"),
        ("GET", r"/incidents/(\w+)/alerts", "list_alerts"),
        ("GET", r"/oncalls", "list_oncalls"),
        ("GET", r"/schedules", "list_schedules"),
        ("GET", r"/schedules/(\w+)", "show_schedule"),
        ("GET", r"/schedules/(\w+)/users", "list_schedule_users"),
        ("GET", r"/users/me", "show_me"),
        ("GET", r"/users/(\w+)", "show_user"),
        ("GET", r"/users", "list_users"),
        ("GET", r"/webhook_subscriptions", "list_subscriptions"),
        ("POST", r"/webhook_subscriptions", "create_subscription"),
        ("GET", r"/webhook_subscriptions/(\w+)", "show_subscription"),
        ("POST", r"/webhook_subscriptions/(\w+)/enable",
         "enable_subscription"),
        ("POST", r"/webhook_subscriptions/(\w+)/ping", "ping_subscription"),
    )

    def __init__(self, world):
        super().__init__(world)
        self.api_token = "u+" + secrets.token_hex(9)
        self.token_user = None

    def set_token_user(self, user):
        """The user to whom the API token belongs."""
        with self.world.changed:
            self.token_user = user

    def authorize(self, request):
        if request.headers.get("Authorization") != (
                f"Token token={self.api_token}"):
            raise _error(401, NOT_AUTHENTICATED, "Unauthorized",
                         "Invalid API key")
        if request.headers.get("Accept") != ACCEPT:
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         f"Accept header must be {ACCEPT}")
        if request.method != "GET" and request.body and not isinstance(
                request.json, dict):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "The body must be a JSON object")

    def error_body(self, status, text):
        codes = {404: NOT_FOUND, 429: RATE_LIMITED}
        return {"error": {"message": text,
                          "code": codes.get(status, 2000)}}

    def rate_headers(self, limit, remaining, wait_s):
        return {"ratelimit-limit": str(limit),
                "ratelimit-remaining": str(remaining),
                "ratelimit-reset": str(wait_s)}

    # -- incidents ---------------------------------------------------------

    def create_incident(self, request):
        requester = self._requester(request)
        given = _wrapped(request, "incident")
        service = id_of(given.get("service"))
        if (given.get("type") != "incident" or not given.get("title")
                or service not in self.services):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "Incident type, title and service are required")
        _check_body(given)
        key = given.get("incident_key")
        if key and self._open_duplicate(key, service):
            raise _error(400, ARGUMENTS_ERROR, "Arguments Caused Error",
                         "Open incident with matching dedup key already "
                         "exists on this service")
        assignees = self._given_assignees(given)
        policy = self._given_policy(given, assignees)
        incident = self.trigger(
            given["title"], service, incident_key=key, assignees=assignees,
            urgency=given.get("urgency", "high"), escalation_policy=policy,
            incident_type=given.get("incident_type", {}).get(
                "name", "incident_default"), agent=requester)
        if assignees and requester["id"] in assignees:
            self.acknowledge(incident, requester)
        return Answer(201, {"incident": incident})

    def list_incidents(self, request):
        key = request.arg("incident_key")
        statuses = request.query.get("statuses[]")
        services = request.query.get("service_ids[]")
        found = [
            incident for incident in self.incidents.values()
            if (key is None or key in self._keys(incident))
            and (statuses is None or incident["status"] in statuses)
            and (services is None or incident["service"]["id"] in services)]
        return Answer(200, _page(request, found, "incidents"))

    def show_incident(self, request, incident_id):
        return Answer(200, {"incident": self._incident(incident_id)})

    def put_incident(self, request, incident_id):
        requester = self._requester(request)
        incident = self._incident(incident_id)
        given = _wrapped(request, "incident")
        if given.get("type") not in ("incident", "incident_reference"):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "Incident type is required")
        assignees = self._given_assignees(given)
        policy = self._given_policy(given, assignees)
        level = given.get("escalation_level")
        if level and not self.responders(incident["escalation_policy"],
                                         level):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "Escalation level is not one of the policy")
        if "status" in given:
            self._put_status(incident, given, requester)
        for name in ("title", "urgency"):
            if name in given:
                incident[name] = given[name]
        if assignees:
            self.reassign(incident, assignees, requester)
        if policy:
            self.delegate(incident, policy, requester)
        if level:
            self.escalate(incident, requester, level=level)
        return Answer(200, {"incident": incident})

    def list_notes(self, request, incident_id):
        incident = self._incident(incident_id)
        return Answer(200, {"notes": self.notes[incident["id"]]})

    def create_note(self, request, incident_id):
        requester = self._requester(request)
        incident = self._incident(incident_id)
        content = _wrapped(request, "note").get("content")
        if not content or len(self.notes[incident["id"]]) >= MAX_NOTES:
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "Content is required, notes are at most 2000")
        note = self.annotate(incident, requester, content, channel="The "
                             "PagerDuty website or APIs")
        return Answer(200, {"note": note})

    def list_alerts(self, request, incident_id):
        incident = self._incident(incident_id)
        return Answer(200, _page(request, self.alerts[incident["id"]],
                                 "alerts"))

    # -- people ------------------------------------------------------------

    def list_oncalls(self, request):
        since = _moment(request, "since", self.clock.now())
        until = _moment(request, "until", since)
        found = found_oncalls(request, self.oncalls, since, until)
        if "users" in request.query.get("include[]", ()):
            found = [{**entry, "user": self.users[entry["user"]["id"]]}
                     for entry in found]
        return Answer(200, _page(request, found, "oncalls"))

    def list_schedules(self, request):
        wanted = request.arg("query", "").lower()
        found = [schedule for schedule in self.schedules.values()
                 if wanted in schedule["name"].lower()]
        return Answer(200, _page(request, found, "schedules"))

    def show_schedule(self, request, schedule_id):
        """The shifts are shown only for a time that was asked for."""
        schedule = self._schedule(schedule_id)
        since = _moment(request, "since", self.clock.now())
        until = _moment(request, "until", since)
        shifts = (self.shifts(schedule["id"], since, until)
                  if "since" in request.query else [])
        return Answer(200, {"schedule": rendered(schedule, shifts, since,
                                                 until)})

    def list_schedule_users(self, request, schedule_id):
        schedule = self._schedule(schedule_id)
        since = _moment(request, "since", self.clock.now())
        until = _moment(request, "until", since)
        found = {shift["user"]["id"]: self.users[shift["user"]["id"]]
                 for shift in self.shifts(schedule["id"], since, until)}
        return Answer(200, {"users": list(found.values())})

    def show_me(self, request):
        return Answer(200, {"user": self.token_user})

    def show_user(self, request, user_id):
        if user_id not in self.users:
            raise _not_found()
        return Answer(200, {"user": self.users[user_id]})

    def list_users(self, request):
        wanted = request.arg("query", "").lower()
        found = [user for user in self.users.values()
                 if wanted in user["name"].lower()
                 or wanted in user["email"].lower()]
        return Answer(200, _page(request, found, "users"))

    # -- webhook subscriptions ---------------------------------------------

    def list_subscriptions(self, request):
        return Answer(200, _page(
            request, [webhook.shape() for webhook in self.webhooks],
            "webhook_subscriptions"))

    def create_subscription(self, request):
        given = _wrapped(request, "webhook_subscription")
        method = given.get("delivery_method", {})
        target = given.get("filter", {})
        if (method.get("type") != "http_delivery_method"
                or not method.get("url") or not given.get("events")
                or target.get("type") not in ("service_reference",
                                              "account_reference")):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "delivery_method, events and filter are required")
        subscription = Subscription(
            self.world, method["url"], events=given["events"],
            service_id=target.get("id"),
            description=given.get("description"))
        self.webhooks.append(subscription)
        return Answer(201, {"webhook_subscription": subscription.shape(
            with_secret=True)})

    def show_subscription(self, request, subscription_id):
        return Answer(200, {"webhook_subscription":
                            self._subscription(subscription_id).shape()})

    def enable_subscription(self, request, subscription_id):
        subscription = self._subscription(subscription_id)
        subscription.enable()
        return Answer(200, {"webhook_subscription": subscription.shape()})

    def ping_subscription(self, request, subscription_id):
        payload = shapes.event(
            ulid_like(), "pagey.ping", "pagey", self.clock.now(), None,
            {"message": "Hello from your friend Pagey!", "type": "ping"})
        payload["event"]["agent"] = {"id": self.token_user["id"],
                                     "type": "user_reference"}
        self._subscription(subscription_id).post(payload, "pagey")
        return Answer(202)

    # -- details -----------------------------------------------------------

    def _requester(self, request):
        email = request.headers.get("From")
        for user in self.users.values():
            if user["email"] == email:
                return user
        raise _error(400, REQUESTER_NOT_FOUND, "Requester User Not Found",
                     "From header must be a valid user's email")

    def _incident(self, incident_id):
        for incident in self.incidents.values():
            if incident_id in (incident["id"],
                               str(incident["incident_number"])):
                return incident
        raise _not_found()

    def _schedule(self, schedule_id):
        if schedule_id not in self.schedules:
            raise _not_found()
        return self.schedules[schedule_id]

    def _subscription(self, subscription_id):
        for webhook in self.webhooks:
            if webhook.id == subscription_id:
                return webhook
        raise _not_found()

    def _keys(self, incident):
        return [incident["incident_key"]] + [
            alert["alert_key"] for alert in self.alerts[incident["id"]]]

    def _open_duplicate(self, key, service_id):
        return any(incident["status"] != "resolved"
                   and incident["service"]["id"] == service_id
                   and key in self._keys(incident)
                   for incident in self.incidents.values())

    def _given_assignees(self, given):
        ids = [id_of(entry.get("assignee"))
               for entry in given.get("assignments", ())]
        if any(user_id not in self.users for user_id in ids):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "Assignee is not a user")
        return ids or None

    def _given_policy(self, given, assignees):
        policy = id_of(given.get("escalation_policy"))
        if (policy and assignees) or policy not in (
                None, *self.escalation_policies):
            raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                         "Either assignments or one escalation policy")
        return policy

    def _put_status(self, incident, given, requester):
        status = given["status"]
        if status == "resolved":
            if incident["status"] == "resolved":
                raise _error(400, ALREADY_RESOLVED,
                             "Incident Already Resolved")
            self.resolve(incident, requester, note=given.get("resolution"))
        elif status == "acknowledged":
            if any(entry["acknowledger"]["id"] == requester["id"]
                   for entry in incident["acknowledgements"]):
                raise _error(400, ALREADY_ACKNOWLEDGED,
                             "Incident Already Acknowledged")
            self.acknowledge(incident, requester)
        elif status == "triggered":
            if incident["status"] == "resolved":
                self.reopen(incident, requester)
            elif incident["status"] == "acknowledged":
                self.unacknowledge(incident)
        else:
            raise _error(400, INVALID_STATUS, "Invalid Status Provided")


def _error(status, code, message, *errors):
    return ApiError(status, {"error": {"message": message, "code": code,
                                       "errors": list(errors)}})


def _not_found():
    return ApiError(404, {"error": {"message": "Not Found",
                                    "code": NOT_FOUND}})


def _wrapped(request, name):
    given = (request.json or {}).get(name)
    if not isinstance(given, dict):
        raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                     f"{name} is required")
    return given


def _check_body(given):
    body = given.get("body")
    if body is not None and not (
            isinstance(body, dict) and body.get("type") == "incident_body"
            and isinstance(body.get("details"), str)):
        raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                     "Body details must be a string")


def _moment(request, name, default):
    try:
        return parse_iso(request.arg(name, default.isoformat()))
    except ValueError:
        raise _error(400, INVALID_INPUT, "Invalid Input Provided",
                     f"{name} is not a time") from None


def _page(request, items, key):
    limit = min(int(request.arg("limit", "25")), MAX_PAGE)
    offset = int(request.arg("offset", "0"))
    return {key: items[offset:offset + limit], "limit": limit,
            "offset": offset, "total": None,
            "more": offset + limit < len(items)}
