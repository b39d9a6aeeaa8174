"""Proves what the flow tests rely on in the stand-in of Slack."""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import timedelta

import pytest

from standins import Answer, RateLimit
from standins.calling import Receiver
from standins.signing import slack_signature

JSON = "application/json; charset=utf-8"
# A public example of the vendor's Python SDK.
EXAMPLE_FORM = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain="
    b"testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id="
    b"U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
    b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
    b"397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015."
    b"47445629121.803a0bc887a14d10d2c447fce8b6703c")


class App(Receiver):
    """An app's HTTP server."""

    def will_answer(self, body, kind):
        """What the next request is answered with."""
        self.respond = lambda _: body
        self.answers.append((200, {"Content-Type": kind}))

    def form(self):
        """The fields of the last body."""
        return dict(urllib.parse.parse_qsl(self.got[-1][1].decode(),
                                           keep_blank_values=True))

    def payload(self):
        """The last interaction."""
        return json.loads(self.form()["payload"])


@pytest.fixture
def slack(world, cast):
    return world.slack


@pytest.fixture
def channel(cast):
    return cast.channels["support_self-managed"]["id"]


@pytest.fixture
def app(slack):
    server = App()
    slack.connect(server.url, "s3cret")
    yield server
    server.close()


def send(url, data=None, headers=None):
    """One request: (status, headers, text)."""
    request = urllib.request.Request(url, data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.fixture
def post(slack):
    """Calls a method with a JSON body: post("chat.postMessage", …)."""
    def call(method, **args):
        return json.loads(send(
            f"{slack.api_url}/{method}", json.dumps(args).encode(),
            {"Authorization": f"Bearer {slack.token}",
             "Content-Type": JSON})[2])

    return call


@pytest.fixture
def get(slack):
    """Calls a method with a query."""
    def call(method, **args):
        return json.loads(send(
            f"{slack.api_url}/{method}?{urllib.parse.urlencode(args)}",
            headers={"Authorization": f"Bearer {slack.token}"})[2])

    return call


def plain(text):
    return {"type": "plain_text", "text": text}


def section(text, **more):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text},
            **more}


def button(label="Take", **more):
    return {"type": "button", "text": plain(label), **more}


def actions(*elements, **more):
    return {"type": "actions", "elements": list(elements), **more}


@pytest.fixture
def asked(slack, post, channel):
    """A message with two buttons."""
    post("chat.postMessage", channel=channel, text="asked", blocks=[
        section("Downgrade?"),
        actions(button("Do it", action_id="do", value="7",
                       style="danger"),
                button("Extend", action_id="extend", value="7"),
                block_id="choices")])
    return slack.messages(channel)[-1]


# -- messages --------------------------------------------------------------


def test_a_message_and_its_thread(slack, post, get, channel):
    top = post("chat.postMessage", channel=channel, text="Thread")
    assert (top["ok"], top["channel"]) == (True, channel)
    assert top["message"]["bot_id"] == slack.bot_id
    reply = post("chat.postMessage", channel=channel, text="hello",
                 thread_ts=top["ts"])
    assert reply["message"]["thread_ts"] == top["ts"] != reply["ts"]
    assert [m["text"] for m in slack.messages(channel)] == ["Thread"]
    assert [m["text"] for m in slack.thread(channel, top["ts"])] == [
        "hello"]
    shown = get("conversations.replies", channel=channel, ts=top["ts"])
    assert [m["text"] for m in shown["messages"]] == ["Thread", "hello"]
    assert shown["messages"][0]["reply_count"] == 1
    assert shown["messages"][1]["parent_user_id"] == slack.bot["id"]
    alone = get("conversations.replies", channel=channel, ts=reply["ts"])
    assert [m["text"] for m in alone["messages"]] == ["hello"]


def test_metadata_comes_back_whole_only_when_asked_for(post, get, channel):
    metadata = {"event_type": "action_sent",
                "event_payload": {"id": "a-1", "try": 2}}
    top = post("chat.postMessage", channel=channel, text="x",
               metadata=metadata)
    where = {"channel": channel, "ts": top["ts"]}
    without = get("conversations.replies", **where)["messages"][0]
    assert without["metadata"] == {"event_type": "action_sent"}
    for method in ("conversations.replies", "conversations.history"):
        shown = get(method, **where, include_all_metadata="true")
        assert shown["messages"][0]["metadata"] == metadata


@pytest.mark.parametrize("metadata, error", [
    ("{", "invalid_metadata_format"), ([1], "invalid_metadata_format"),
    ({"event_type": "x"}, "invalid_metadata_schema"),
    ({"event_type": "x", "event_payload": {"a": {}}},
     "invalid_metadata_schema"),
    ({"event_type": "x", "event_payload": {}, "y": 1},
     "invalid_metadata_schema"),
    ({"event_type": "x", "event_payload": {"a": "b" * 9000}},
     "metadata_too_large")])
def test_wrong_metadata_is_refused(post, channel, metadata, error):
    answer = post("chat.postMessage", channel=channel, text="x",
                  metadata=metadata)
    assert (answer["ok"], answer["error"]) == (False, error)


def test_metadata_with_a_dot_in_its_type_is_dropped(slack, post, channel):
    assert post("chat.postMessage", channel=channel, text="x", metadata={
        "event_type": "a.b", "event_payload": {}})["ok"]
    assert slack.messages(channel)[0]["metadata"] is None


def test_update_keeps_the_versions(slack, post, channel, asked):
    answer = post("chat.update", channel=channel, ts=asked["ts"],
                  text="done", blocks=[section("Done")])
    assert (answer["ok"], answer["text"]) == (True, "done")
    assert answer["message"]["edited"]["user"] == slack.bot["id"]
    assert [v["text"] for v in asked["versions"]] == ["asked", "done"]
    assert slack.buttons(asked) == []
    post("chat.update", channel=channel, ts=asked["ts"], text="only text")
    assert (asked["text"], asked["blocks"]) == ("only text", [])


def test_what_can_not_be_updated(slack, post, cast, channel):
    person = slack.post(cast.engineer_slack, channel, "mine")
    cases = [({"ts": person["ts"]}, "cant_update_message"),
             ({"ts": "1700000000.000100"}, "message_not_found"),
             ({"ts": "1"}, "message_not_found"),
             ({"ts": person["ts"], "channel": "#support_self-managed"},
              "channel_not_found")]
    for wrong, error in cases:
        answer = post("chat.update", **{"channel": channel, "text": "x",
                                        **wrong})
        assert answer["error"] == error


@pytest.mark.parametrize("wrong, error", [
    ({"channel": "C1"}, "channel_not_found"),
    ({"channel": None}, "channel_not_found"),
    ({"text": ""}, "no_text"), ({"text": " "}, "no_text"),
    ({"text": "x" * 40001}, "msg_too_long"),
    ({"text": 7}, "invalid_arguments"),
    ({"thread_ts": "1700000000.000100"}, "thread_not_found"),
    ({"thread_ts": 1700000000.0001}, "invalid_thread_ts"),
    ({"thread_ts": "0"}, "invalid_thread_ts"),
    ({"blocks": "{"}, "invalid_blocks_format"),
    ({"blocks": {"type": "divider"}}, "invalid_blocks_format")])
def test_what_can_not_be_posted(slack, post, channel, wrong, error):
    answer = post("chat.postMessage", **{"channel": channel, "text": "x",
                                         **wrong})
    assert (answer["ok"], answer["error"]) == (False, error)
    assert slack.messages(channel) == []
    assert slack.received()[-1].took_effect is False


def test_the_channel_must_be_open_to_the_app(slack, post, cast, channel):
    slack.leave(channel, slack.bot)
    assert post("chat.postMessage", channel=channel, text="x")[
        "error"] == "not_in_channel"
    slack.join(channel, slack.bot)
    slack.archive(channel)
    assert post("chat.postMessage", channel=channel, text="x")[
        "error"] == "is_archived"
    name = "#support_duty"
    assert post("chat.postMessage", channel=name, text="x")["ok"]
    direct = post("chat.postMessage", channel=cast.engineer_slack["id"],
                  text="psst")
    assert direct["channel"].startswith("D")
    assert slack.messages(cast.engineer_slack)[0]["text"] == "psst"


def test_a_reply_has_no_thread_of_its_own(slack, post, cast, channel):
    top = slack.post(cast.engineer_slack, channel, "top")
    reply = slack.post(cast.second_slack, channel, "reply", thread=top)
    assert post("chat.postMessage", channel=channel, text="x",
                thread_ts=reply["ts"])["error"] == "cannot_reply_to_message"
    slack.delete(top)
    assert post("chat.postMessage", channel=channel, text="x",
                thread_ts=top["ts"])["error"] == "thread_not_found"


def test_ephemeral_messages(slack, post, get, cast, channel):
    answer = post("chat.postEphemeral", channel=channel, text="only you",
                  user=cast.engineer_slack["id"])
    message = slack.wait_for_ephemeral(cast.engineer_slack, "only")
    assert answer["message_ts"] == message["ts"]
    assert get("conversations.history", channel=channel)["messages"] == []
    assert post("chat.update", channel=channel, ts=message["ts"],
                text="x")["error"] == "message_not_found"
    slack.leave(channel, cast.engineer_slack)
    assert post("chat.postEphemeral", channel=channel, text="x",
                user=cast.engineer_slack["id"])[
                    "error"] == "user_not_in_channel"


def test_history_pages_and_ranges(slack, post, get, cast, channel):
    stamps = [slack.post(cast.engineer_slack, channel, f"m{number}")["ts"]
              for number in range(4)]
    post("chat.postMessage", channel=channel, text="both",
         thread_ts=stamps[0], reply_broadcast=True)
    first = get("conversations.history", channel=channel, limit=2)
    assert [m["text"] for m in first["messages"]] == ["both", "m3"]
    assert first["has_more"] is True
    second = get("conversations.history", channel=channel, limit=9,
                 cursor=first["response_metadata"]["next_cursor"])
    assert [m["text"] for m in second["messages"]] == ["m2", "m1", "m0"]
    assert second["has_more"] is False
    between = {"channel": channel, "oldest": stamps[1], "latest": stamps[3]}
    assert [m["text"] for m in get("conversations.history", **between)[
        "messages"]] == ["m2"]
    assert [m["text"] for m in get(
        "conversations.history", **between, inclusive="true")[
            "messages"]] == ["m3", "m2", "m1"]
    assert get("conversations.history", channel=channel, cursor="x")[
        "error"] == "invalid_cursor"


def test_stamps_differ_though_the_clock_stands(slack, cast, channel,
                                               monkeypatch):
    now = slack.clock.now()
    monkeypatch.setattr(slack.clock, "now", lambda: now)
    stamps = {slack.post(cast.engineer_slack, channel, "x")["ts"]
              for _ in range(3)}
    assert len(stamps) == 3
    assert all(len(ts.partition(".")[2]) == 6 for ts in stamps)


# -- Block Kit -------------------------------------------------------------


def test_blocks_are_completed_and_found(slack, post, channel):
    post("chat.postMessage", channel=channel, blocks=[
        section("a", accessory=button("One")), {"type": "divider"},
        {"type": "header", "text": plain("b")},
        {"type": "context", "elements": [plain("c")]},
        actions(button("Two"), {
            "type": "static_select", "placeholder": plain("Who"),
            "options": [{"text": plain("A"), "value": "a"}]}),
        section("x" * 3000)], text="fallback")
    message = slack.messages(channel)[0]
    assert len({b["block_id"] for b in message["blocks"]}) == 6
    one, two = slack.buttons(message)
    assert one["action_id"] and one["block_id"] != two["block_id"]
    assert [one["text"]["text"], two["text"]["text"]] == ["One", "Two"]


@pytest.mark.parametrize("blocks, problem", [
    ([{"type": "divider"}] * 51, "no more than 50 items"),
    ([{"type": "fancy"}], "unsupported type: fancy"),
    ([7], "unsupported type: None"),
    ([section("x" * 3001)], "less than 3001 characters"),
    ([section("")], "more than 0 characters"),
    ([{"type": "section"}], "missing required field: text"),
    ([section("x", color="red")], "invalid additional property: color"),
    ([section("x", fields=[plain("x")] * 11)], "no more than 10 items"),
    ([{"type": "header", "text": plain("x" * 151)}], "less than 151"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
     "unsupported type: mrkdwn"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "no more than 10"),
    ([{"type": "context", "elements": [button()]}], "unsupported type"),
    ([actions()], "at least 1 item"),
    ([actions(*[button()] * 26)], "no more than 25 items"),
    ([actions(button("x" * 76))], "less than 76 characters"),
    ([actions(button(action_id="x" * 256))], "less than 256 characters"),
    ([actions(button(value="x" * 2001))], "less than 2001 characters"),
    ([actions(button(value=7))], "must be a string"),
    ([actions(button(url="x" * 3001))], "less than 3001 characters"),
    ([actions(button(style="green"))], "must be one of primary, danger"),
    ([actions(button(action_id="a"), button("x", action_id="a"))],
     "action_id a is not unique"),
    ([actions(button(confirm={"title": plain("x")}))],
     "missing required field: text"),
    ([actions(button(confirm={
        "title": plain("x" * 101), "text": plain("x"),
        "confirm": plain("x"), "deny": plain("x")}))], "less than 101"),
    ([section("x", block_id="b"), section("y", block_id="b")],
     "block_id b is not unique"),
    ([section("x", block_id="x" * 256)], "less than 256 characters"),
    ([actions({"type": "static_select", "options": [
        {"text": plain("x"), "value": "x"}] * 101})], "no more than 100"),
    ([actions({"type": "static_select"})], "missing required field")])
def test_wrong_blocks_are_refused(slack, post, channel, blocks, problem):
    answer = post("chat.postMessage", channel=channel, text="x",
                  blocks=blocks)
    assert answer["error"] == "invalid_blocks"
    assert any(problem in text for text in answer["errors"])
    assert answer["response_metadata"]["messages"][0].startswith("[ERROR] ")
    assert slack.messages(channel) == []


# -- how it is called ------------------------------------------------------


def test_tokens_and_scopes(slack, get):
    url = slack.api_url + "/auth.test"
    assert json.loads(send(url)[2]) == {"ok": False, "error": "not_authed"}
    status, _, body = send(url, headers={"Authorization": "Bearer xoxb-1"})
    assert (status, json.loads(body)["error"]) == (200, "invalid_auth")
    assert get("auth.test")["user_id"] == slack.bot["id"]
    slack.scopes.remove("users:read")
    answer = get("users.info", user=slack.bot["id"])
    assert (answer["error"], answer["needed"]) == ("missing_scope",
                                                   "users:read")
    assert get("no.method")["error"] == "unknown_method"


def test_bodies(slack, channel):
    url = slack.api_url + "/chat.postMessage"
    form = urllib.parse.urlencode({
        "channel": channel, "text": "x",
        "blocks": json.dumps([section("y")])}).encode()
    text = json.dumps({"channel": channel, "text": "z"}).encode()
    token = {"Authorization": f"Bearer {slack.token}"}
    for body, kind, error in [
            (form, "application/x-www-form-urlencoded", None),
            (text, "application/json", None), (b"{", JSON, "invalid_json"),
            (b"[]", JSON, "json_not_object"),
            (text, "text/xml", "invalid_post_type"),
            (text, "application/json; charset=utf-7", "invalid_charset")]:
        answer = json.loads(send(url, body, {**token,
                                             "Content-Type": kind})[2])
        assert answer.get("error") == error
        assert answer.get("warning") == (None if error
                                         else "missing_charset")
    assert len(slack.messages(channel)) == 2


def test_reading_methods_take_no_json(post, cast, channel):
    answer = post("users.lookupByEmail", email="engineer@example.com")
    assert answer["error"] == "invalid_arguments"
    assert "missing required field: email" in answer["response_metadata"][
        "messages"][0]
    assert post("conversations.history", channel=channel)[
        "error"] == "channel_not_found"


def test_people_are_found(get, cast):
    for name in ("engineer", "second", "manager", "account_manager"):
        email = getattr(cast, name)["email"]
        user = getattr(cast, name + "_slack")
        found = get("users.lookupByEmail", email=email.upper())
        assert found["user"]["id"] == user["id"]
        assert get("users.info", user=user["id"])["user"][
            "profile"]["email"] == email
    assert get("users.lookupByEmail", email="bot@example.com")[
        "error"] == "users_not_found"
    assert get("users.info", user="U1")["error"] == "user_not_found"
    groups = get("usergroups.list", include_users="true")["usergroups"]
    assert groups[0]["id"] == cast.region_group["id"]
    assert cast.engineer_slack["id"] in groups[0]["users"]


def test_rate_limits(slack, channel, cast):
    url = slack.api_url + "/chat.postMessage?text=x&channel="
    token = {"Authorization": f"Bearer {slack.token}"}
    slack.limit_posts(1, 30)
    assert send(url + channel, headers=token)[0] == 200
    status, headers, body = send(url + channel, headers=token)
    assert (status, json.loads(body)["error"]) == (429, "ratelimited")
    assert 0 < int(headers["Retry-After"]) <= 31
    other = cast.channels["support_duty"]["id"]
    assert send(url + other, headers=token)[0] == 200
    slack.rate_limit = RateLimit(0)
    assert send(slack.api_url + "/auth.test", headers=token)[0] == 429


def test_faults(slack, post, channel):
    slack.fault("POST", "postMessage",
                answer=slack.failure("internal_error"))
    assert post("chat.postMessage", channel=channel, text="a")[
        "error"] == "internal_error"
    assert slack.messages(channel) == []
    slack.fault("POST", "postMessage", reset=True, after_effect=True)
    with pytest.raises(OSError):
        post("chat.postMessage", channel=channel, text="b")
    assert [m["text"] for m in slack.messages(channel)] == ["b"]
    assert slack.received("POST", "postMessage")[-1].took_effect is True
    slack.fault("POST", "postMessage", answer=Answer(503, b""))
    with pytest.raises(ValueError):
        post("chat.postMessage", channel=channel, text="c")


# -- presses and commands --------------------------------------------------


def test_signature_of_the_vendors_example():
    assert slack_signature(
        "8f742231b10e8888abcd99yyyzzz85a5", "1531420618", EXAMPLE_FORM) == (
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69"
            "b503")


def test_a_press_is_signed_and_complete(slack, cast, app, channel, asked):
    assert slack.press(cast.engineer_slack, asked, "Do it") == (200, "")
    headers, body = app.got[0]
    assert headers["X-Slack-Signature"] == slack_signature(
        "s3cret", headers["X-Slack-Request-Timestamp"], body)
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    payload = app.payload()
    assert payload["type"] == "block_actions"
    assert payload["user"]["id"] == cast.engineer_slack["id"]
    assert payload["container"] == {
        "type": "message", "message_ts": asked["ts"],
        "channel_id": channel, "is_ephemeral": False}
    assert payload["channel"] == {"id": channel,
                                  "name": "support_self-managed"}
    assert payload["message"]["ts"] == asked["ts"]
    pressed, = payload["actions"]
    assert {name: pressed[name] for name in (
        "action_id", "block_id", "value", "type", "style")} == {
            "action_id": "do", "block_id": "choices", "value": "7",
            "type": "button", "style": "danger"}
    assert pressed["action_ts"] and payload["trigger_id"]
    assert payload["response_url"].startswith(slack.url + "/actions/")
    assert payload["team"]["id"] == slack.team["id"]


def test_a_press_in_a_thread_and_in_an_ephemeral(slack, post, cast, app,
                                                 channel, asked):
    me = cast.engineer_slack
    post("chat.postMessage", channel=channel, thread_ts=asked["ts"],
         blocks=[actions(button("Go", action_id="go"))], metadata={
             "event_type": "mark", "event_payload": {"id": 1}})
    reply, = slack.thread(channel, asked["ts"])
    slack.press(me, reply, "go")
    assert app.payload()["container"]["thread_ts"] == asked["ts"]
    assert app.payload()["message"]["metadata"]["event_payload"] == {"id": 1}
    post("chat.postEphemeral", channel=channel, user=me["id"],
         blocks=[actions(button("Yes"))])
    slack.press(me, slack.ephemerals[0], "Yes")
    assert app.payload()["container"]["is_ephemeral"] is True
    assert "message" not in app.payload()


def test_what_is_not_there_can_not_be_pressed(slack, post, cast, app,
                                              channel, asked):
    post("chat.update", channel=channel, ts=asked["ts"], text="done")
    with pytest.raises(AssertionError, match="no 'Do it'"):
        slack.press(cast.engineer_slack, asked, "Do it")
    assert slack.press(cast.engineer_slack, asked, "Do it",
                       version=0) == (200, "")


def test_menus(slack, post, cast, app, channel):
    post("chat.postMessage", channel=channel, blocks=[actions(
        {"type": "static_select", "action_id": "for", "options": [
            {"text": plain("15 minutes"), "value": "15m"}]},
        {"type": "users_select", "action_id": "to"})])
    message, = slack.messages(channel)
    slack.press(cast.engineer_slack, message, "for", "15m")
    assert app.payload()["actions"][0]["selected_option"]["value"] == "15m"
    slack.press(cast.engineer_slack, message, "to", cast.second_slack)
    chosen = app.payload()["actions"][0]
    assert chosen["selected_user"] == cast.second_slack["id"]
    assert app.payload()["state"]["values"][chosen["block_id"]]["to"][
        "selected_user"] == cast.second_slack["id"]


def test_a_command_and_its_answer(slack, cast, app, channel):
    app.will_answer(b'{"text": "Use it so"}', JSON)
    assert slack.command(cast.engineer_slack, channel, "/emergency",
                         "help") == (200, {"text": "Use it so"})
    form = app.form()
    assert (form["command"], form["text"]) == ("/emergency", "help")
    assert form["user_id"] == cast.engineer_slack["id"]
    assert form["channel_id"] == channel
    assert set(form) == {
        "token", "team_id", "team_domain", "channel_id", "channel_name",
        "user_id", "user_name", "command", "text", "api_app_id",
        "is_enterprise_install", "response_url", "trigger_id"}
    assert slack.wait_for_ephemeral(cast.engineer_slack, "Use it so")
    app.will_answer(b'{"text": "all", "response_type": "in_channel"}', JSON)
    slack.command(cast.engineer_slack, channel, "/emergency")
    assert slack.messages(channel)[0]["text"] == "all"
    app.will_answer(b'{"accepted": true}', JSON)
    slack.command(cast.engineer_slack, channel, "/emergency")
    assert slack.failures == [
        ("/emergency", "invalid_command_response (no_text)")]
    app.will_answer(b"plain", "text/plain")
    assert slack.command(cast.engineer_slack, channel, "/emergency") == (
        200, "plain")


def test_slack_waits_three_seconds_and_repeats_nothing(slack, cast, app,
                                                       asked):
    slack.webhooks[0].timeout_s = 0.2
    assert type(slack.webhooks[0]).timeout_s == 3.0
    app.respond = lambda body: time.sleep(0.4) or b""
    assert slack.press(cast.engineer_slack, asked, "do") == ("timeout", "")
    app.respond = lambda body: b""
    app.answers.append((503, {}))
    assert slack.press(cast.engineer_slack, asked, "do")[0] == 503
    assert [d.what for d in slack.timeouts] == ["block_actions"]
    assert [why for _, why in slack.failures] == ["operation_timeout",
                                                  "http_status_503"]
    assert len(app.got) == 2


def test_presses_can_be_held_and_repeated(slack, cast, app, asked):
    url = slack.webhooks[0]
    url.hold()
    assert slack.press(cast.engineer_slack, asked, "do") == ("held", "")
    slack.press(cast.second_slack, asked, "do")
    first, second = url.held
    url.release(second)
    url.wait_idle()
    url.release(first)
    url.wait_idle()
    assert app.payload()["user"]["id"] == cast.engineer_slack["id"]
    url.resend(first)
    url.wait_idle()
    assert app.got[1] == app.got[2]


def test_ssl_checks(slack, app):
    assert slack.ssl_check() == (200, "")
    assert app.form()["ssl_check"] == "1"
    assert "X-Slack-Signature" in app.got[0][0]
    slack.ssl_check(signed=False)
    assert "X-Slack-Signature" not in app.got[1][0]


def test_response_urls(slack, cast, app, channel, asked):
    def respond(**body):
        return send(url, json.dumps(body).encode(),
                    {"Content-Type": "application/json"})[0]

    slack.press(cast.engineer_slack, asked, "do")
    url = app.payload()["response_url"]
    assert respond(text="") == 400
    assert respond(text="for you") == 200
    assert slack.ephemerals[0]["ephemeral_for"] == cast.engineer_slack["id"]
    assert respond(text="for all", response_type="in_channel") == 200
    assert slack.messages(channel)[-1]["text"] == "for all"
    assert respond(text="other", replace_original=True) == 200
    assert [v["text"] for v in asked["versions"]] == ["asked", "other"]
    assert respond(delete_original=True) == 200
    assert asked not in slack.messages(channel)
    assert respond(text="fifth") == 200
    assert respond(text="sixth") == 404
    slack.command(cast.engineer_slack, channel, "/emergency")
    url = app.form()["response_url"]
    slack.clock.offset_s = timedelta(minutes=31).total_seconds()
    assert respond(text="late") == 404


# -- for people ------------------------------------------------------------


def test_transcript(slack, post, cast, channel):
    me = cast.engineer_slack
    slack.post(me, channel, "before")
    top = post("chat.postMessage", channel=channel, text="fallback", blocks=[
        {"type": "header", "text": plain("Emergency")},
        section(f"<@{me['id']}> <!subteam^{cast.region_group['id']}> see "
                "<https://z.example/1|#1 &lt;Acme &amp; Co&gt;>"),
        actions(button("Take"), button("Not an emergency"))])
    slack.post(me, channel, "I do", thread=top["ts"])
    post("chat.postEphemeral", channel=channel, user=me["id"], text="psst",
         thread_ts=top["ts"])
    slack.post(cast.second_slack, channel, f"in <#{channel}> <!here>")
    whole = slack.transcript(channel)
    assert whole.split("\n") == [
        "Eng One: before",
        "Emergency Bot: Emergency",
        "    @Eng One @support-emea see #1 <Acme & Co> (https://z.example/1)",
        "    [Take] [Not an emergency]",
        "    Eng One: I do",
        "    Emergency Bot (only to Eng One): psst",
        "Eng Two: in #support_self-managed @here"]
    assert slack.transcript(channel, top["ts"]) == "\n".join(
        whole.split("\n")[1:-1])


def test_waiting_for_a_message(slack, post, cast, channel):
    top = slack.post(cast.engineer_slack, channel, "top")
    threading.Timer(0.1, post, ("chat.postMessage",), {
        "channel": channel, "thread_ts": top["ts"],
        "blocks": [section("*Engaged*")]}).start()
    reply = slack.wait_for_message(channel, "Engaged", thread=top)
    assert reply["thread_ts"] == top["ts"]
    with pytest.raises(AssertionError, match="top"):
        slack.wait_for_message(channel, "nothing", timeout=0.05)
