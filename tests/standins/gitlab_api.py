"""GitLab's HTTP API: the routes and what they answer."""

import secrets
from urllib.parse import parse_qs, unquote

from . import gitlab_shapes as shapes
from .gitlab_model import GitLabModel
from .http_service import Answer, ApiError, HttpService

PROJECT = r"/api/v4/projects/([^/]+)"
LONGEST = {"title": 255, "description": 1_048_576}
ISSUE_TYPES = ("issue", "incident", "test_case", "task")
UPDATES = ("title", "description", "labels", "add_labels", "remove_labels",
           "state_event", "confidential", "assignee_ids", "due_date",
           "discussion_locked", "issue_type", "milestone_id")
MAX_PAGE = 100


class GitLab(GitLabModel, HttpService):
    """The GitLab stand-in."""

    routes = (
        ("GET", r"/api/v4/user", "show_user"),
        ("GET", PROJECT, "show_project"),
        ("GET", PROJECT + r"/templates/issues", "list_templates"),
        ("GET", PROJECT + r"/templates/issues/([^/]+)", "show_template"),
        ("GET", PROJECT + r"/issues", "list_issues"),
        ("POST", PROJECT + r"/issues", "post_issue"),
        ("GET", PROJECT + r"/issues/(\d+)", "show_issue"),
        ("PUT", PROJECT + r"/issues/(\d+)", "put_issue"),
        ("GET", PROJECT + r"/issues/(\d+)/notes", "list_notes"),
        ("POST", PROJECT + r"/issues/(\d+)/notes", "post_note"),
    )

    def __init__(self, world):
        super().__init__(world)
        self.api_token = "glpat-" + secrets.token_urlsafe(15)
        self.token_user = None
        self.token_scopes = ["api"]
        self.token_trouble = None

    @property
    def api_url(self):
        """What stands before /projects."""
        return self.url + "/api/v4"

    # -- control API -------------------------------------------------------

    def set_token_user(self, user):
        """The user to whom the API token belongs."""
        with self.world.changed:
            self.token_user = user

    def spoil_token(self, trouble):
        """trouble: "expired" or "revoked"; None makes it good again."""
        with self.world.changed:
            self.token_trouble = trouble

    # -- for all requests --------------------------------------------------

    def routed_path(self, request):
        """As it came: an encoded path of a project is one segment."""
        return request.raw_path

    def authorize(self, request):
        kind, _, bearer = request.headers.get("Authorization",
                                              "").partition(" ")
        given = request.headers.get("PRIVATE-TOKEN") or (
            bearer if kind == "Bearer" else None)
        if given != self.api_token:
            raise ApiError(401, {"message": "401 Unauthorized"})
        if self.token_trouble:
            raise ApiError(401, {
                "error": "invalid_token", "error_description": {
                    "expired": "Token is expired. You can either do "
                    "re-authorization or token refresh.",
                    "revoked": "Token was revoked. You have to "
                    "re-authorize from the user."}[self.token_trouble]})
        wanted = "read_api" if request.method == "GET" else "api"
        if not {wanted, "api"} & set(self.token_scopes):
            raise ApiError(403, {
                "error": "insufficient_scope", "error_description":
                "The request requires higher privileges than provided by "
                "the access token.", "scope": "api"})

    def error_body(self, status, text):
        if status == 429:
            return {"message": {"error": "This endpoint has been requested "
                                "too many times. Try again later."}}
        if status == 404:
            return {"error": "404 Not Found"}
        return {"message": f"{status} {text}"}

    def rate_headers(self, limit, remaining, wait_s):
        return {"RateLimit-Limit": str(limit),
                "RateLimit-Name": "throttle_authenticated_api",
                "RateLimit-Observed": str(limit - remaining),
                "RateLimit-Remaining": str(remaining),
                "RateLimit-Reset": str(
                    int(self.clock.now().timestamp()) + wait_s)}

    # -- users, projects and templates -------------------------------------

    def show_user(self, request):
        return Answer(200, self.token_user)

    def show_project(self, request, project_id):
        return Answer(200, self._project(project_id))

    def list_templates(self, request, project_id):
        project = self._project(project_id)
        return _page(request, [{"key": name, "name": name} for name in
                               sorted(self.templates[project["id"]])])

    def show_template(self, request, project_id, name):
        project = self._project(project_id)
        name = unquote(name)
        if name not in self.templates[project["id"]]:
            raise ApiError(404, {"message": "404 Template Not Found"})
        return Answer(200, {
            "name": name, "content": self.templates[project["id"]][name]})

    # -- issues ------------------------------------------------------------

    def list_issues(self, request, project_id):
        """Newest first, unless sort=asc."""
        project = self._project(project_id, for_issues=True)
        found = [issue for issue in self.issues[project["id"]]
                 if _matches(request, issue)]
        if request.arg("sort", "desc") == "desc":
            found.reverse()
        return _page(request, found)

    def show_issue(self, request, project_id, iid):
        return Answer(200, self._issue(project_id, iid))

    def post_issue(self, request, project_id):
        project = self._project(project_id, for_issues=True)
        given = _given(request)
        if "title" not in given:
            raise ApiError(400, {"error": "title is missing"})
        _check(given)
        return Answer(201, self.create_issue(
            project, given["title"], self.token_user,
            description=given.get("description"),
            labels=_names(given.get("labels", "")),
            confidential=_true(given.get("confidential")),
            assignees=self._users(given.get("assignee_ids", ())),
            issue_type=given.get("issue_type", "issue"),
            due_date=given.get("due_date")))

    def put_issue(self, request, project_id, iid):
        issue = self._issue(project_id, iid)
        given = _given(request)
        if not any(name in given for name in UPDATES):
            raise ApiError(400, {"error": ", ".join(UPDATES) + " are "
                                 "missing, at least one parameter must be "
                                 "provided"})
        _check(given)
        fields = {name: given[name] for name in (
            "title", "due_date", "discussion_locked") if name in given}
        if "confidential" in given:
            fields["confidential"] = _true(given["confidential"])
        labels = set(_names(given["labels"]) if "labels" in given
                     else issue["labels"])
        labels |= set(_names(given.get("add_labels", "")))
        labels -= set(_names(given.get("remove_labels", "")))
        assignees = (self._users(given["assignee_ids"])
                     if "assignee_ids" in given else None)
        self.update_issue(
            issue, by=self.token_user, description=given.get("description"),
            assignees=assignees, labels=sorted(labels),
            state={"close": "closed", "reopen": "opened"}.get(
                given.get("state_event")), **fields)
        return Answer(200, issue)

    def list_notes(self, request, project_id, iid):
        issue = self._issue(project_id, iid)
        found = list(self.notes[issue["id"]])
        if request.arg("sort", "desc") == "desc":
            found.reverse()
        return _page(request, found)

    def post_note(self, request, project_id, iid):
        issue = self._issue(project_id, iid)
        given = _given(request)
        if "body" not in given:
            raise ApiError(400, {"error": "body is missing"})
        if not given["body"].strip():
            raise ApiError(400, {"message": "400 Bad request - Note "
                                 "{:note=>[\"can't be blank\"]}"})
        return Answer(201, self.add_note(
            issue, self.token_user, given["body"],
            internal=_true(given.get("internal"))))

    # -- details -----------------------------------------------------------

    def _project(self, project_id, *, for_issues=False):
        wanted = unquote(project_id)
        for project in self.projects.values():
            if wanted in (str(project["id"]),
                          project["path_with_namespace"]):
                if for_issues and not project["issues_enabled"]:
                    raise ApiError(403, {"message": "403 Forbidden"})
                return project
        raise ApiError(404, {"message": "404 Project Not Found"})

    def _issue(self, project_id, iid):
        project = self._project(project_id, for_issues=True)
        for issue in self.issues[project["id"]]:
            if issue["iid"] == int(iid):
                return issue
        raise ApiError(404, {"message": "404 Not found"})

    def _users(self, ids):
        return [int(user_id) for user_id in ids
                if int(user_id) in self.users]


def _given(request):
    """The parameters of a body, JSON or form."""
    if isinstance(request.json, dict):
        return request.json
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    if kind == "application/x-www-form-urlencoded":
        form = parse_qs(request.body.decode(), keep_blank_values=True)
        return {name.removesuffix("[]"):
                values if name.endswith("[]") else values[0]
                for name, values in form.items()}
    if request.body:
        raise ApiError(400, {"error": "Problems parsing JSON"})
    return {}


def _check(given):
    for name, longest in LONGEST.items():
        if len(given.get(name) or "") > longest:
            raise ApiError(400, {"message": {name: [
                f"is too long (maximum is {longest} characters)"]}})
    if "title" in given and not str(given["title"]).strip():
        raise ApiError(400, {"message": {"title": ["can't be blank"]}})
    if given.get("issue_type", "issue") not in ISSUE_TYPES:
        raise ApiError(400, {
            "error": "issue_type does not have a valid value"})
    if given.get("state_event", "close") not in ("close", "reopen"):
        raise ApiError(400, {
            "error": "state_event does not have a valid value"})


def _names(labels):
    """The names in a list, or in text with commas."""
    parts = labels.split(",") if isinstance(labels, str) else labels
    return [part.strip() for part in parts if part.strip()]


def _true(value):
    return value in (True, "true", "1", 1)


def _matches(request, issue):
    state = request.arg("state", "all")
    wanted = set(_names(request.arg("labels", "")))
    iids = request.query.get("iids[]")
    confidential = request.arg("confidential")
    return (state in ("all", issue["state"])
            and wanted <= set(issue["labels"])
            and (iids is None or str(issue["iid"]) in iids)
            and (confidential is None
                 or _true(confidential) == issue["confidential"])
            and _found(request, issue))


def _found(request, issue):
    """Whether each word of search is in one of the fields that in names."""
    text = " ".join(
        issue[name] or "" for name in ("title", "description")
        if name in request.arg("in", "title,description").split(","))
    search = request.arg("search", "")
    phrases = search.split('"')[1::2] + " ".join(
        search.split('"')[::2]).split()
    return all(phrase.lower() in text.lower() for phrase in phrases)


def _page(request, items):
    size = min(int(request.arg("per_page", "20")), MAX_PAGE)
    page = int(request.arg("page", "1"))
    pages = max(1, -(-len(items) // size))
    following = str(page + 1) if page < pages else ""
    headers = {
        "X-Total": str(len(items)), "X-Total-Pages": str(pages),
        "X-Page": str(page), "X-Per-Page": str(size),
        "X-Next-Page": following,
        "X-Prev-Page": str(page - 1) if page > 1 else ""}
    if following:
        headers["Link"] = (f"<{shapes.SITE}{request.raw_path}?page="
                           f"{following}&per_page={size}>; rel=\"next\"")
    return Answer(200, items[(page - 1) * size:page * size], headers)
