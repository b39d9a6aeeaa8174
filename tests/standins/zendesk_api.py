"""Zendesk's HTTP API: the routes and what they answer."""

from .clock import parse_iso
from .http_service import Answer, ApiError, HttpService
from .paging import numbered_page, page_of
from .zendesk_auth import ZendeskAuth
from .zendesk_macros import changes, ticket_after
from .zendesk_model import CHANGEABLE, ZendeskModel
from .zendesk_search import search_tickets

ALLOWED = {"priority": (None, "low", "normal", "high", "urgent"),
           "status": ("new", "open", "pending", "hold", "solved", "closed"),
           "type": (None, "problem", "incident", "question", "task")}
MAX_COMMENTS = 5000
MAX_SEARCH_RESULTS = 1000
MAX_SHOW_MANY = 100


class Zendesk(ZendeskModel, ZendeskAuth, HttpService):
    """The Zendesk stand-in."""

    routes = (
        ("POST", r"/oauth/tokens", "create_token"),
        ("GET", r"/api/v2/tickets/(\d+)(?:\.json)?", "show_ticket"),
        ("PUT", r"/api/v2/tickets/(\d+)(?:\.json)?", "put_ticket"),
        ("GET", r"/api/v2/tickets/(\d+)/comments(?:\.json)?",
         "list_comments"),
        ("GET", r"/api/v2/tickets/(\d+)/audits(?:\.json)?", "list_audits"),
        ("GET", r"/api/v2/tickets/show_many(?:\.json)?", "show_tickets"),
        ("GET", r"/api/v2/users/me(?:\.json)?", "show_me"),
        ("GET", r"/api/v2/users/show_many(?:\.json)?", "show_users"),
        ("GET", r"/api/v2/users/search(?:\.json)?", "search_users"),
        ("GET", r"/api/v2/users/(\d+)(?:\.json)?", "show_user"),
        ("GET", r"/api/v2/organizations/(\d+)(?:\.json)?",
         "show_organization"),
        ("GET", r"/api/v2/macros/(\d+)(?:\.json)?", "show_macro"),
        ("GET", r"/api/v2/macros/(\d+)/apply(?:\.json)?", "apply_macro"),
        ("GET", r"/api/v2/tickets/(\d+)/macros/(\d+)/apply(?:\.json)?",
         "apply_macro_to_ticket"),
        ("GET", r"/api/v2/search(?:\.json)?", "search"),
        ("GET", r"/api/v2/suspended_tickets(?:\.json)?",
         "list_suspended_tickets"),
    )

    def error_body(self, status, text):
        names = {404: "InvalidEndpoint", 429: "APIRateLimitExceeded"}
        return {"error": names.get(status, "InternalError"),
                "description": text}

    def rate_headers(self, limit, remaining, wait_s):
        return {"X-Rate-Limit": str(limit),
                "X-Rate-Limit-Remaining": str(remaining),
                "ratelimit-limit": str(limit),
                "ratelimit-remaining": str(remaining),
                "ratelimit-reset": str(wait_s)}

    # -- tickets -----------------------------------------------------------

    def show_ticket(self, request, number):
        return Answer(200, {"ticket": self._ticket(number)})

    def show_tickets(self, request):
        found = _many(request, self.tickets)
        found = [t for t in found if t["status"] != "deleted"]
        return Answer(200, {"tickets": found, "count": len(found),
                            "next_page": None, "previous_page": None})

    def put_ticket(self, request, number):
        """Fields the stand-in does not know are ignored, as Zendesk does."""
        ticket = self._ticket(number)
        given = request.json.get("ticket") if isinstance(
            request.json, dict) else None
        if not isinstance(given, dict):
            raise ApiError(400, {"error": {
                "title": "Invalid attribute", "message":
                "You passed an invalid value for the ticket attribute. "
                "Invalid parameter: ticket must be an object"}})
        if ticket["status"] == "closed":
            raise _invalid("status", "closed prevents ticket update")
        _check_stamp(ticket, given)
        comment = self._given_comment(ticket, given)
        audit = self.change(ticket, self.caller(request)["id"],
                            fields=_given_fields(given), comment=comment,
                            metadata=given.get("metadata"),
                            macros=given.get("macro_ids") or (),
                            channel="api")
        return Answer(200, {"ticket": ticket, "audit": audit})

    def list_comments(self, request, number):
        ticket = self._ticket(number)
        return Answer(200, self._listing(
            request, self.comments[ticket["id"]], "comments"))

    def list_audits(self, request, number):
        ticket = self._ticket(number)
        return Answer(200, self._listing(
            request, self.audits[ticket["id"]], "audits"))

    def search(self, request):
        query = request.arg("query")
        if not query:
            raise ApiError(422, {"error": "invalid", "description":
                                 "Invalid search: query is missing"})
        indexed = [ticket for number, ticket in self.tickets.items()
                   if number not in self.unindexed]
        found = [{**ticket, "result_type": "ticket"}
                 for ticket in search_tickets(indexed, query)]
        key = request.arg("sort_by", "updated_at")
        found.sort(key=lambda ticket: str(ticket.get(key)),
                   reverse=request.arg("sort_order", "desc") == "desc")
        page = numbered_page(self, request, found, "results")
        size = int(request.arg("per_page", "100"))
        if int(request.arg("page", "1")) * size > MAX_SEARCH_RESULTS:
            raise ApiError(422, {"error": "invalid", "description":
                                 "Invalid search: Requested response size "
                                 "was greater than Search Response Limits"})
        return Answer(200, {**page, "facets": None})

    # -- people ------------------------------------------------------------

    def show_me(self, request):
        return Answer(200, {"user": self.caller(request)})

    def show_user(self, request, number):
        return Answer(200, {"user": _find(self.users, number)})

    def show_users(self, request):
        found = _many(request, self.users)
        return Answer(200, {"users": found, "count": len(found),
                            "next_page": None, "previous_page": None})

    def search_users(self, request):
        """By email:… exactly, or by a name, a word of it or an e-mail."""
        wanted = request.arg("query", "").lower()
        email = wanted.removeprefix("email:").strip('"')
        found = [user for user in self.users.values()
                 if email == user["email"].lower()
                 or wanted in (user["name"].lower(),
                               *user["name"].lower().split())]
        return Answer(200, numbered_page(self, request, found, "users"))

    def show_organization(self, request, number):
        return Answer(200, {"organization": _find(self.organizations,
                                                  number)})

    # -- macros ------------------------------------------------------------

    def show_macro(self, request, number):
        return Answer(200, {"macro": _find(self.macros, number)})

    def apply_macro(self, request, number):
        macro = _find(self.macros, number)
        return Answer(200, {"result": {
            "ticket": changes(macro, self.caller(request))}})

    def apply_macro_to_ticket(self, request, ticket_number, number):
        ticket = self._ticket(ticket_number)
        macro = _find(self.macros, number)
        caller = self.caller(request)
        return Answer(200, {"result": {"ticket": ticket_after(
            macro, ticket, caller, self._names(ticket, caller))}})

    # -- suspended tickets -------------------------------------------------

    def list_suspended_tickets(self, request):
        if self.caller(request)["role"] != "admin":
            raise ApiError(403, {"error": "Forbidden", "description":
                                 "You do not have access to this page."})
        return Answer(200, page_of(self, request, self.suspended_tickets,
                                   "suspended_tickets"))

    # -- details -----------------------------------------------------------

    def _ticket(self, number):
        ticket = _find(self.tickets, number)
        if ticket["status"] == "deleted":
            raise _not_found()
        return ticket

    def _names(self, ticket, caller):
        """What the placeholders in a macro's texts stand for."""
        requester = self.users[ticket["requester_id"]]
        organization = self.organizations.get(ticket["organization_id"],
                                              {"name": ""})
        return {
            "ticket.id": ticket["id"], "ticket.title": ticket["subject"],
            "ticket.requester.name": requester["name"],
            "ticket.requester.first_name": requester["name"].split()[0],
            "ticket.organization.name": organization["name"],
            "current_user.name": caller["name"],
            "current_user.first_name": caller["name"].split()[0]}

    def _listing(self, request, items, key):
        answer = page_of(self, request, items, key)
        if "users" in request.arg("include", "").split(","):
            authors = {item["author_id"] for item in answer[key]}
            answer["users"] = [self.users[author] for author in
                               sorted(authors) if author in self.users]
        return answer

    def _given_comment(self, ticket, given):
        comment = given.get("comment")
        if not isinstance(comment, dict) or not (
                comment.get("body") or comment.get("html_body")):
            return None
        comments = self.comments[ticket["id"]]
        if len(comments) >= MAX_COMMENTS:
            raise _invalid("base", "Ticket has too many comments")
        if comment.get("author_id") not in (None, *self.users):
            raise _invalid("author", "is invalid")
        # "The initial value set on ticket creation persists."
        kept = {"public": comment.get("public", comments[0]["public"])}
        for name in ("body", "html_body", "author_id"):
            if comment.get(name):
                kept[name] = comment[name]
        return kept


def _given_fields(given):
    fields = {name: given[name] for name in CHANGEABLE if name in given}
    for name, allowed in ALLOWED.items():
        if name in fields and fields[name] not in allowed:
            raise _invalid(name, f"{fields[name]} is not included in the "
                                 "list")
    if not isinstance(fields.get("tags", []), list):
        raise _invalid("tags", "is invalid")
    if given.get("custom_fields"):
        fields["custom_fields"] = {item["id"]: item["value"]
                                   for item in given["custom_fields"]}
    return fields


def _check_stamp(ticket, given):
    if not given.get("safe_update"):
        return
    try:
        stamp = parse_iso(given["updated_stamp"])
    except (KeyError, TypeError, ValueError):
        raise ApiError(400, {
            "error": "InvalidValue", "description":
            "safe_update requires a valid updated_stamp"}) from None
    if stamp != parse_iso(ticket["updated_at"]):
        raise ApiError(409, {
            "error": "UpdateConflict", "description":
            "Safe Update prevented the update due to outdated ticket data. "
            "Please fetch the latest ticket data and try again."})


def _many(request, things):
    ids = [part for part in request.arg("ids", "").split(",") if part]
    if not ids or len(ids) > MAX_SHOW_MANY:
        raise ApiError(400, {"error": "InvalidValue", "description":
                             "ids must name 1 to 100 records"})
    return [things[int(part)] for part in ids
            if part.isdigit() and int(part) in things]


def _find(things, number):
    if int(number) not in things:
        raise _not_found()
    return things[int(number)]


def _not_found():
    return ApiError(404, {"error": "RecordNotFound",
                          "description": "Not found"})


def _invalid(name, description):
    text = f"{name.capitalize()}: {description}"
    return ApiError(422, {
        "error": "RecordInvalid", "description": "Record validation errors",
        "details": {name: [{"description": text,
                            "error": "InvalidValue"}]}})
