"""Zoom's HTTP API: the routes and what they answer."""

from datetime import timedelta

from . import zoom_shapes as shapes
from .clock import iso_seconds, parse_iso
from .http_service import Answer, ApiError, HttpService
from .zoom_auth import ZoomAuth
from .zoom_model import ZoomModel

KINDS = (1, 2, 3, 8, 10)
LONGEST = {"topic": 200, "agenda": 2000, "password": 10}
SETTABLE = ("topic", "type", "start_time", "duration", "timezone",
            "password", "agenda", "tracking_fields")
MAX_PAGE = 300
VALIDATION_FAILED = 300
USER_NOT_FOUND = 1001
UNKNOWN_ENDPOINT = 2300
MEETING_NOT_FOUND = 3001
IN_PROGRESS = 3002


class Zoom(ZoomModel, ZoomAuth, HttpService):
    """The Zoom stand-in; serves /oauth/token and /v2."""

    routes = (
        ("POST", r"/oauth/token", "create_token"),
        ("GET", r"/v2/users/([^/]+)", "show_user"),
        ("POST", r"/v2/users/([^/]+)/meetings", "post_meeting"),
        ("GET", r"/v2/users/([^/]+)/meetings", "list_meetings"),
        ("GET", r"/v2/meetings/([^/]+)", "show_meeting"),
        ("PATCH", r"/v2/meetings/([^/]+)", "patch_meeting"),
        ("DELETE", r"/v2/meetings/([^/]+)", "delete_meeting"),
        ("PUT", r"/v2/meetings/([^/]+)/status", "put_status"),
    )

    def __init__(self, world):
        super().__init__(world)
        self.daily_limit = 100
        self._used = {}

    @property
    def api_url(self):
        """What stands before /users and /meetings."""
        return self.url + "/v2"

    @property
    def oauth_url(self):
        """Where tokens are."""
        return self.url + "/oauth/token"

    def error_body(self, status, text):
        if status == 429:
            return {"code": 429, "message": "You have reached the maximum "
                    "per-second rate limit for this API. Try again later."}
        if status == 404:
            return {"code": UNKNOWN_ENDPOINT,
                    "message": "This API endpoint is not recognized."}
        return {"code": status, "message": text}

    def rate_headers(self, limit, remaining, wait_s):
        return {"X-RateLimit-Category": "Light", "X-RateLimit-Type": "QPS",
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": str(remaining)}

    # -- users -------------------------------------------------------------

    def show_user(self, request, user_id):
        return Answer(200, self._user(user_id))

    def list_meetings(self, request, user_id):
        """Instant meetings are only among those that run."""
        user = self._user(user_id)
        live = request.arg("type", "scheduled") == "live"
        found = [shapes.listed(meeting) for meeting in self.meetings.values()
                 if meeting["host_id"] == user["id"]
                 and (meeting["status"] == "started" if live
                      else meeting["type"] != shapes.INSTANT)]
        return Answer(200, _page(request, found))

    # -- meetings ----------------------------------------------------------

    def post_meeting(self, request, user_id):
        user = self._user(user_id)
        given = _given(request)
        headers = self._count_change(user)
        fields = {name: given[name] for name in SETTABLE
                  if name in given and name not in ("topic", "type")}
        meeting = self.create_meeting(
            user, given.get("topic") or "Zoom Meeting",
            kind=given.get("type", shapes.SCHEDULED),
            settings=given.get("settings"), **fields)
        return Answer(201, meeting, headers)

    def show_meeting(self, request, number):
        return Answer(200, self._meeting(number))

    def patch_meeting(self, request, number):
        meeting = self._meeting(number)
        given = _given(request)
        headers = self._count_change(self.users[meeting["host_id"]])
        meeting.update({name: given[name] for name in SETTABLE
                        if name in given})
        meeting["settings"].update(given.get("settings", {}))
        self.world.changed.notify_all()
        return Answer(204, headers=headers)

    def delete_meeting(self, request, number):
        meeting = self._meeting(number)
        if meeting["status"] == "started":
            raise _error(400, IN_PROGRESS, "Sorry, you cannot delete this "
                         "meeting since it's in progress.")
        self.delete(meeting)
        return Answer(204)

    def put_status(self, request, number):
        action = _object(request).get("action")
        if action == "recover" and _number(number) in self._deleted:
            self.recover(_number(number))
            return Answer(204)
        meeting = self._meeting(number)
        if action not in ("end", "recover"):
            raise _invalid("action", "Invalid field.")
        if action == "end":
            self.end(meeting)
        return Answer(204)

    # -- details -----------------------------------------------------------

    def _user(self, user_id):
        for user in self.users.values():
            if user_id in (user["id"], user["email"], "me"):
                return user
        raise _error(404, USER_NOT_FOUND,
                     f"User does not exist: {user_id}.")

    def _meeting(self, number):
        if _number(number) not in self.meetings:
            raise _error(404, MEETING_NOT_FOUND,
                         f"Meeting does not exist: {number}.")
        return self.meetings[_number(number)]

    def _count_change(self, user):
        """Counts a create or update; the headers, or the day's end."""
        now = self.clock.now()
        key = (user["id"], now.date())
        used = self._used.get(key, 0)
        headers = {"X-RateLimit-Category": "Light",
                   "X-RateLimit-Type": "Daily-limit",
                   "X-RateLimit-Limit": str(self.daily_limit)}
        if used >= self.daily_limit:
            midnight = now.replace(hour=0, minute=0, second=0) + timedelta(1)
            raise _error(
                429, 429, "You have exceeded the daily rate limit "
                f"({self.daily_limit}) of Meeting Create/Update API requests "
                "permitted for this particular user. You may resume these "
                "requests at GMT 00:00:00.",
                headers={**headers, "X-RateLimit-Remaining": "0",
                         "Retry-After": iso_seconds(midnight)})
        self._used[key] = used + 1
        return {**headers,
                "X-RateLimit-Remaining": str(self.daily_limit - used - 1)}


def _error(status, code, message, *, headers=None):
    return ApiError(status, {"code": code, "message": message}, headers)


def _invalid(field, message):
    return ApiError(400, {
        "code": VALIDATION_FAILED, "message": "Validation Failed.",
        "errors": [{"field": field, "message": message}]})


def _number(text):
    if not str(text).isdigit():
        raise _error(400, VALIDATION_FAILED, "Invalid meeting id.")
    return int(text)


def _object(request):
    if not isinstance(request.json, dict):
        raise _error(400, VALIDATION_FAILED,
                     "Request Body should be a valid JSON object.")
    return request.json


def _given(request):
    """The fields of a create or update, checked."""
    given = _object(request)
    if given.get("type", shapes.SCHEDULED) not in KINDS:
        raise _invalid("type", "Invalid field.")
    for name, longest in LONGEST.items():
        value = given.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            raise _invalid(name, f"{name.capitalize()} should be less than "
                                 f"or equal to {longest} characters.")
    if not isinstance(given.get("duration", 60), int):
        raise _invalid("duration", "Invalid field.")
    if not isinstance(given.get("settings", {}), dict):
        raise _invalid("settings", "Invalid field.")
    try:
        parse_iso(given.get("start_time", "2026-11-23T12:00:00Z"))
    except (TypeError, ValueError):
        raise _invalid("start_time", "Invalid field.") from None
    return given


def _page(request, items):
    size = min(int(request.arg("page_size", "30")), MAX_PAGE)
    first = int(request.arg("next_page_token") or "0")
    following = first + size
    return {"page_count": -(-len(items) // size), "page_number": 1,
            "page_size": size, "total_records": len(items),
            "next_page_token": (str(following) if following < len(items)
                                else ""),
            "meetings": items[first:following]}
