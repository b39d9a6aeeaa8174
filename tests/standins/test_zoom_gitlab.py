"""Proves what the flow tests rely on in the stand-ins of Zoom and GitLab."""

import base64
import hashlib
import hmac
import json
import urllib.parse

import pytest

from standins import RateLimit
from standins.calling import call
from standins.clock import parse_iso

SECRET = "zoom-secret-token"
FORM = "application/x-www-form-urlencoded"


def zoom_token(service, *, secret=None, account_id=None, kind=FORM,
               grant_type="account_credentials"):
    """Asks for a token: (status, headers, parsed body)."""
    pair = f"{service.client_id}:{secret or service.client_secret}"
    given = urllib.parse.urlencode({
        "grant_type": grant_type,
        "account_id": account_id or service.account_id})
    return call("POST", service.oauth_url, given.encode(), {
        "Content-Type": kind,
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})


@pytest.fixture
def zoom(world, cast):
    """Calls Zoom with a token: zoom("GET", "/users/me")."""
    token = zoom_token(world.zoom)[2]["access_token"]
    return lambda method, path, body=None: call(
        method, world.zoom.api_url + path, body,
        {"Authorization": f"Bearer {token}"})


@pytest.fixture
def webhook(world, receiver):
    return world.zoom.connect(receiver.url, SECRET)


@pytest.fixture
def meeting(world, cast):
    """One that people may enter before the host."""
    return world.zoom.create_meeting(cast.zoom_host, "Emergency 4711",
                                     settings={"join_before_host": True})


@pytest.fixture
def gitlab(world, cast):
    """Calls GitLab as the bot, in the cast's project."""
    project = urllib.parse.quote(cast.project["path_with_namespace"],
                                 safe="")
    return lambda method, path, body=None: call(
        method, f"{world.gitlab.api_url}/projects/{project}{path}", body,
        {"PRIVATE-TOKEN": world.gitlab.api_token})


def sent(webhook):
    return [delivery.what for delivery in webhook.deliveries]


# -- Zoom: tokens ----------------------------------------------------------


def test_token_needs_the_right_client_and_form(world):
    for wrong, error in (({"secret": "x"}, "invalid_client"),
                         ({"account_id": "x"}, "invalid_request"),
                         ({"grant_type": "x"}, "unsupported_grant_type"),
                         ({"kind": "text/plain"}, "unsupported_grant_type")):
        status, _, answer = zoom_token(world.zoom, **wrong)
        assert (status, answer["error"]) == (400, error)
    token = zoom_token(world.zoom)[2]
    assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
    assert "meeting:write:admin" in token["scope"].split()


def test_tokens_end(zoom, world, cast):
    assert zoom("GET", "/users/me")[0] == 200
    world.zoom.clock.offset_s = 3601
    status, _, answer = zoom("GET", "/users/me")
    assert (status, answer["code"]) == (401, 124)
    world.zoom.clock.offset_s = 0
    world.zoom.revoke_tokens()
    status, _, answer = zoom("GET", "/users/me")
    assert (status, answer) == (401, {"code": 124, "message":
                                      "Invalid access token."})


def test_scopes_are_needed(world, cast):
    world.zoom.scopes = ["user:read:admin"]
    token = zoom_token(world.zoom)[2]["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    users = world.zoom.api_url + "/users/"
    assert call("GET", users + "me", None, bearer)[0] == 200
    status, _, answer = call("POST", users + "me/meetings", {}, bearer)
    assert (status, answer["code"]) == (400, 4711)


# -- Zoom: meetings --------------------------------------------------------


def test_meeting_is_made_for_its_host(zoom, world, cast):
    email = urllib.parse.quote(cast.zoom_host["email"])
    status, headers, made = zoom("POST", f"/users/{email}/meetings", {
        "topic": "Emergency 4711", "type": 2, "duration": 30,
        "agenda": "marker", "settings": {"join_before_host": True}})
    assert status == 201
    assert headers["X-RateLimit-Remaining"] == "99"
    assert made["id"] > 2**32
    assert len(base64.b64decode(made["uuid"])) == 16
    assert (made["host_id"], made["host_email"]) == (
        cast.zoom_host["id"], cast.zoom_host["email"])
    assert (made["status"], made["duration"]) == ("waiting", 30)
    assert str(made["id"]) in made["join_url"]
    assert made["settings"]["join_before_host"] is True
    assert made["settings"]["waiting_room"] is False
    assert zoom("GET", f"/meetings/{made['id']}")[2] == made
    listed = zoom("GET", f"/users/{email}/meetings")[2]["meetings"]
    assert [(entry["id"], entry["agenda"]) for entry in listed] == [
        (made["id"], "marker")]


def test_errors_of_zoom(zoom, meeting):
    for method, path, body, status, code in (
            ("POST", "/users/nobody@example.com/meetings", {}, 404, 1001),
            ("GET", "/users/nobody", None, 404, 1001),
            ("GET", "/meetings/85746065", None, 404, 3001),
            ("GET", "/meetings/x", None, 400, 300),
            ("POST", "/users/me/meetings", {"type": 9}, 400, 300),
            ("POST", "/users/me/meetings", {"topic": "x" * 201}, 400, 300),
            ("POST", "/users/me/meetings", [], 400, 300),
            ("PUT", f"/meetings/{meeting['id']}/status", {}, 400, 300),
            ("GET", "/nothing", None, 404, 2300)):
        answered = zoom(method, path, body)
        assert (answered[0], answered[2]["code"]) == (status, code)


def test_changes_and_deletion(zoom, meeting):
    path = f"/meetings/{meeting['id']}"
    assert zoom("PATCH", path, {"topic": "New", "settings": {
        "mute_upon_entry": True}})[0] == 204
    shown = zoom("GET", path)[2]
    assert (shown["topic"], shown["settings"]["mute_upon_entry"]) == (
        "New", True)
    assert zoom("DELETE", path)[0] == 204
    assert zoom("GET", path)[2]["code"] == 3001
    assert zoom("PUT", path + "/status", {"action": "recover"})[0] == 204
    assert zoom("GET", path)[0] == 200


def test_meeting_runs_and_ends(zoom, world, meeting):
    path = f"/meetings/{meeting['id']}"
    world.zoom.join(meeting, "Carol")
    assert zoom("GET", path)[2]["status"] == "started"
    assert zoom("DELETE", path)[2]["code"] == 3002
    live = zoom("GET", "/users/me/meetings?type=live")[2]
    assert live["total_records"] == 1
    assert zoom("PUT", path + "/status", {"action": "end"})[0] == 204
    assert zoom("GET", path)[2]["status"] == "waiting"


def test_instant_meeting_is_gone_at_its_end(zoom, world, cast):
    instant = zoom("POST", "/users/me/meetings", {"type": 1})[2]
    world.zoom.host_joins(instant["id"])
    world.zoom.end(instant["id"])
    assert zoom("GET", f"/meetings/{instant['id']}")[0] == 404


def test_limit_of_the_day(zoom, world):
    world.zoom.daily_limit = 1
    assert zoom("POST", "/users/me/meetings", {})[0] == 201
    status, headers, answer = zoom("POST", "/users/me/meetings", {})
    assert (status, answer["code"]) == (429, 429)
    wait = parse_iso(headers["Retry-After"]) - world.zoom.clock.now()
    assert 0 <= wait.total_seconds() <= 24 * 3600
    world.zoom.clock.offset_s = wait.total_seconds() + 1
    world.zoom.token_life_s = 10**6
    token = zoom_token(world.zoom)[2]["access_token"]
    assert call("POST", world.zoom.api_url + "/users/me/meetings", {},
                {"Authorization": f"Bearer {token}"})[0] == 201


def test_limit_of_the_second(zoom, world):
    world.zoom.rate_limit = RateLimit(1, window_s=30)
    zoom("GET", "/users/me")
    status, headers, _ = zoom("GET", "/users/me")
    assert status == 429
    assert headers["Retry-After"].isdigit()


# -- Zoom: webhooks --------------------------------------------------------


def test_zoom_signature(world, webhook, receiver, meeting):
    world.zoom.join(meeting, "Carol")
    webhook.wait_delivered("meeting.participant_joined")
    headers, body = receiver.got[0]
    signed = f"v0:{headers['x-zm-request-timestamp']}:".encode() + body
    digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["x-zm-signature"] == "v0=" + digest


def test_guest_and_host_in_events(world, webhook, meeting, cast):
    guest = world.zoom.join(meeting, "Carol", "carol@acme.example")
    host = world.zoom.host_joins(meeting)
    started, first, second = [d.json for d in webhook.deliveries]
    assert started["event"] == "meeting.started"
    assert abs(started["event_ts"] / 1000
               - world.zoom.clock.now().timestamp()) < 5
    shown = first["payload"]["object"]
    assert (shown["id"], shown["uuid"]) == (str(meeting["id"]),
                                            meeting["uuid"])
    assert shown["participant"] == guest
    assert (guest["id"], guest["email"]) == ("", "carol@acme.example")
    assert second["payload"]["object"]["participant"] == host
    assert (host["id"], host["email"]) == (cast.zoom_host["id"],
                                           cast.zoom_host["email"])


def test_last_one_ends_the_meeting(world, webhook, meeting):
    first = world.zoom.join(meeting, "Carol")
    second = world.zoom.join(meeting, "Eng")
    run = meeting["uuid"]
    world.zoom.leave(meeting, first)
    world.zoom.leave(meeting, second)
    assert sent(webhook)[3:] == ["meeting.participant_left"] * 2 + [
        "meeting.ended"]
    left, _, ended = [d.json["payload"]["object"]
                      for d in webhook.deliveries[3:]]
    assert left["participant"]["user_id"] == first["user_id"]
    assert "leave_time" in left["participant"]
    assert "end_time" in ended
    world.zoom.join(meeting, "Carol")
    assert webhook.deliveries[-1].json["payload"]["object"]["uuid"] != run


def test_end_comes_before_the_leaving(world, webhook, meeting):
    world.zoom.join(meeting, "Carol")
    world.zoom.end(meeting)
    world.zoom.end(meeting)
    assert sent(webhook)[2:] == ["meeting.ended", "meeting.participant_left"]


def test_nobody_enters_before_the_host(world, webhook, cast):
    closed = world.zoom.create_meeting(cast.zoom_host, "Emergency")
    guest = world.zoom.join(closed, "Carol")
    assert (closed["status"], world.zoom.waiting[closed["id"]]) == (
        "waiting", [guest])
    world.zoom.host_joins(closed)
    assert sent(webhook) == [
        "meeting.participant_jbh_waiting", "meeting.started",
        "meeting.participant_joined", "meeting.participant_joined"]


def test_waiting_room(world, webhook, meeting):
    meeting["settings"]["waiting_room"] = True
    guest = world.zoom.join(meeting, "Carol")
    world.zoom.host_joins(meeting)
    world.zoom.admit(meeting, guest)
    assert sent(webhook) == [
        "meeting.participant_joined_waiting_room", "meeting.started",
        "meeting.participant_joined", "meeting.participant_joined"]


@pytest.mark.parametrize("statuses, state", [
    ([500, 202, 204], "delivered"), ([401] * 4, "dropped")])
def test_zoom_repeats_three_times(world, webhook, receiver, meeting,
                                  statuses, state):
    webhook.retry_pauses_s = (0.01, 0.02, 0.03)
    receiver.answers = [(status, {}) for status in statuses]
    world.zoom.emit("meeting.updated", meeting)
    webhook.wait_idle()
    assert (webhook.deliveries[0].statuses, webhook.deliveries[0].state) == (
        statuses, state)
    assert all(got[1] == receiver.got[0][1] for got in receiver.got)


def test_zoom_webhooks_can_be_held_and_lost(world, webhook, receiver,
                                            meeting):
    webhook.hold()
    world.zoom.join(meeting, "Carol")
    started, joined = webhook.held
    webhook.lose(started)
    webhook.copies = 2
    webhook.release(joined)
    webhook.wait_idle()
    assert [json.loads(body)["event"] for _, body in receiver.got] == [
        "meeting.participant_joined"] * 2


def test_validation_checks_the_answer(world, webhook, receiver):
    def right(body):
        plain = json.loads(body)["payload"]["plainToken"]
        return json.dumps({
            "plainToken": plain, "encryptedToken": hmac.new(
                SECRET.encode(), plain.encode(),
                hashlib.sha256).hexdigest()}).encode()

    assert world.zoom.validate_url() is False
    receiver.respond = right
    assert world.zoom.validate_url() is True
    receiver.answers = [(204, {})]
    assert world.zoom.validate_url() is False
    assert len(receiver.got) == 3


# -- GitLab ----------------------------------------------------------------


def test_project_by_number_and_path(gitlab, world, cast):
    shown = gitlab("GET", "")[2]
    assert shown["id"] == cast.project["id"]
    base = world.gitlab.api_url
    token = {"PRIVATE-TOKEN": world.gitlab.api_token}
    assert call("GET", f"{base}/projects/{shown['id']}", None, token)[
        2] == shown
    path = shown["path_with_namespace"]
    assert call("GET", f"{base}/projects/{path}", None, token)[0] == 404
    assert call("GET", f"{base}/projects/x%2Fy", None, token)[2] == {
        "message": "404 Project Not Found"}
    assert call("GET", f"{base}/user", None, token)[2]["username"] == (
        "emergency-bot")


def test_templates(gitlab, cast):
    assert gitlab("GET", "/templates/issues")[2] == [
        {"key": "Emergency", "name": "Emergency"}]
    template = gitlab("GET", "/templates/issues/Emergency")[2]
    assert template["name"] == "Emergency"
    assert "`<link to the ticket>`" in template["content"]
    assert gitlab("GET", "/templates/issues/Other")[0] == 404


def test_issue_from_a_template(gitlab, cast):
    content = gitlab("GET", "/templates/issues/Emergency")[2]["content"]
    status, _, issue = gitlab("POST", "/issues", {
        "title": "Emergency 4711", "description": content,
        "labels": "a,b"})
    assert status == 201
    assert (issue["iid"], issue["state"]) == (1, "opened")
    assert issue["web_url"].endswith("/emergency-runbook/-/issues/1")
    assert issue["labels"] == ["a", "b", "emergency", "severity::1"]
    assert issue["confidential"] is True
    assert "/label" not in issue["description"]
    assert issue["task_completion_status"] == {"count": 4,
                                               "completed_count": 0}
    assert gitlab("GET", "/issues/1")[2] == issue
    assert gitlab("GET", "/issues/2")[0] == 404


@pytest.mark.parametrize("query, found", [
    ("search=4711", [2, 1]), ("search=4711&in=title", [1]),
    ("search=emergency+4711&in=title", [1]), ("search=4712", []),
    ("labels=x", [2]), ("labels=x,y", []), ("state=closed", [2]),
    ("state=opened&sort=asc", [1, 3]), ("iids[]=3", [3]),
    ("per_page=2&page=2", [1])])
def test_issue_search(gitlab, world, cast, query, found):
    for title, description, labels in (
            ("Emergency 4711", "first", []), ("Other", "see 4711", ["x"]),
            ("Third", None, [])):
        issue = world.gitlab.create_issue(
            cast.project, title, cast.gitlab_bot, description=description,
            labels=labels)
        if labels:
            world.gitlab.update_issue(issue, by=cast.gitlab_bot,
                                      state="closed")
    issues = gitlab("GET", "/issues?" + query)[2]
    assert [issue["iid"] for issue in issues] == found


def test_issue_changes(gitlab):
    gitlab("POST", "/issues", {"title": "x", "labels": ["a", "b"]})
    issue = gitlab("PUT", "/issues/1", {
        "add_labels": "c", "remove_labels": "a", "state_event": "close",
        "description": "- [x] done\n- [ ] not"})[2]
    assert (issue["labels"], issue["state"]) == (["b", "c"], "closed")
    assert issue["closed_by"]["username"] == "emergency-bot"
    assert issue["task_completion_status"]["completed_count"] == 1
    assert gitlab("PUT", "/issues/1", {"state_event": "reopen"})[2][
        "closed_at"] is None


def test_notes_of_an_issue(gitlab):
    gitlab("POST", "/issues", {"title": "x"})
    status, _, note = gitlab("POST", "/issues/1/notes", {"body": "hi"})
    assert (status, note["body"], note["noteable_iid"]) == (201, "hi", 1)
    gitlab("POST", "/issues/1/notes", {"body": "ho", "internal": True})
    notes = gitlab("GET", "/issues/1/notes")[2]
    assert [(n["body"], n["internal"]) for n in notes] == [
        ("ho", True), ("hi", False)]
    assert gitlab("GET", "/issues/1")[2]["user_notes_count"] == 2


@pytest.mark.parametrize("method, path, body, answer", [
    ("POST", "/issues", {}, {"error": "title is missing"}),
    ("POST", "/issues", {"title": " "},
     {"message": {"title": ["can't be blank"]}}),
    ("POST", "/issues", {"title": "x" * 256}, {"message": {
        "title": ["is too long (maximum is 255 characters)"]}}),
    ("POST", "/issues/1/notes", {}, {"error": "body is missing"})])
def test_bad_requests_of_gitlab(gitlab, method, path, body, answer):
    gitlab("POST", "/issues", {"title": "x"})
    answered = gitlab(method, path, body)
    assert (answered[0], answered[2]) == (400, answer)


def test_who_may_call_gitlab(gitlab, world, cast):
    url = world.gitlab.api_url + "/user"
    assert call("GET", url)[2] == {"message": "401 Unauthorized"}
    world.gitlab.token_scopes = ["read_api"]
    assert gitlab("GET", "/issues")[0] == 200
    status, _, answer = gitlab("POST", "/issues", {"title": "x"})
    assert (status, answer["error"]) == (403, "insufficient_scope")
    world.gitlab.spoil_token("revoked")
    status, _, answer = gitlab("GET", "/issues")
    assert (status, answer["error"]) == (401, "invalid_token")


def test_issues_can_be_off(world, cast):
    project = world.gitlab.create_project("support/quiet", has_issues=False)
    status, _, answer = call(
        "POST", f"{world.gitlab.api_url}/projects/{project['id']}/issues",
        {"title": "x"}, {"PRIVATE-TOKEN": world.gitlab.api_token})
    assert (status, answer) == (403, {"message": "403 Forbidden"})
