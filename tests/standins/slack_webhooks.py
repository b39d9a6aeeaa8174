"""What Slack sends to the app: presses, slash commands, certificate checks;
and the response URLs by which the app may answer them later.

Slack waits three seconds and repeats nothing.  For people, an answer that
is late or not 200 is an error: slack.failures.
"""

import itertools
import json
import secrets
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

from . import slack_shapes as shapes
from .http_service import Answer, ApiError
from .signing import slack_signature
from .slack_blocks import INTERACTIVE, problems_of
from .slack_model import id_of
from .slack_text import label_of
from .webhooks import Webhook

MAX_USES = 5
RESPONSE_URL_LIFE = timedelta(minutes=30)


class RequestUrl(Webhook):
    """The app's request URL, for interactivity and for slash commands."""

    timeout_s = 3.0

    def __init__(self, slack, url, secret):
        super().__init__(slack.world, url, secret)
        self._slack = slack
        self._numbers = itertools.count(1)
        self._types = {}

    def retry_wait_s(self, delivery, status, headers, attempt):
        return None

    def accepts(self, delivery, status):
        return status == 200

    def note_end(self, delivery):
        status = delivery.statuses[-1] if delivery.statuses else None
        if status is None:  # lost by the test
            return
        if status != 200:
            self._slack.fail(delivery, {
                "timeout": "operation_timeout",
                "connection": "connection_failed"}.get(
                    status, f"http_status_{status}"))
        elif delivery.what.startswith("/") and delivery.answer:
            self._slack.show_answer(delivery, self._types[delivery])

    def post(self, what, fields, signed=True):
        """Sends a form; returns the delivery; world's lock held."""
        body = urlencode(fields).encode()
        timestamp = str(int(self._slack.clock.now().timestamp()))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json,*/*",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if signed:
            headers.update({
                "X-Slack-Request-Timestamp": timestamp,
                "X-Slack-Signature": slack_signature(self.secret, timestamp,
                                                     body)})
        self.emit(what, body, headers, str(next(self._numbers)))
        return self.deliveries[-1]

    async def _post(self, delivery):
        status, headers = await super()._post(delivery)
        self._types[delivery] = headers.get("Content-Type", "")
        return status, headers


class SlackWebhooks:
    """Presses, commands and response URLs; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.signing_secret = secrets.token_hex(16)
        self.verification_token = secrets.token_urlsafe(18)[:24]
        self.failures = []
        self._response_urls = {}

    # -- control API -------------------------------------------------------

    def connect(self, url, signing_secret=None):
        """The app's request URL (a Webhook) for buttons and commands."""
        with self.world.changed:
            self.signing_secret = signing_secret or self.signing_secret
            request_url = RequestUrl(self, url, self.signing_secret)
            self.webhooks[:] = [request_url]
            return request_url

    @property
    def timeouts(self):
        """The deliveries that were not answered in three seconds."""
        with self.world.changed:
            return [delivery for webhook in self.webhooks
                    for delivery in webhook.deliveries
                    if "timeout" in delivery.statuses]

    def press(self, user, message, what, value=None, *, version=-1,
              wait=True):
        """A user presses a button or chooses from a menu.

        what: the action_id or the label; value: that of the button, if
        several are alike, or of the option, or a user; version: 0 for the
        message as it was posted: what was pressed may be gone meanwhile.
        Returns (status, answer): "timeout" or "connection" in place of a
        status, an answer's JSON parsed; without wait, the Delivery.
        """
        with self.world.changed:
            element, chosen = self._pressed(message, what, value, version)
            action = shapes.action(element["block_id"], element, chosen,
                                   self._new_ts())
            state = {}
            if element["type"] != "button":
                state = {action["block_id"]: {action["action_id"]: {
                    name: action[name] for name in action
                    if name in ("type", "selected_option",
                                "selected_user")}}}
            payload = shapes.block_actions(
                self, self.users[id_of(user)], message, state, [action],
                self._trigger_id(), self._new_response_url(
                    "actions", message["channel"], user, message))
            delivery = self._request_url.post(
                "block_actions", {"payload": json.dumps(payload)})
        return self._outcome(delivery, wait)

    def command(self, user, channel, command, text="", *, wait=True):
        """A user types a slash command; returns what press() returns."""
        with self.world.changed:
            channel = self.channels[self._channel_id(channel)]
            fields = shapes.command(
                self, self.users[id_of(user)], channel, command, text,
                self._trigger_id(), self._new_response_url(
                    "commands", channel["id"], user, None))
            delivery = self._request_url.post(command, fields)
        return self._outcome(delivery, wait)

    def ssl_check(self, *, signed=True):
        """Slack checks the certificate; returns what press() returns."""
        with self.world.changed:
            delivery = self._request_url.post("ssl_check", {
                "ssl_check": "1", "token": self.verification_token}, signed)
        return self._outcome(delivery, True)

    # -- what comes back ---------------------------------------------------

    def fail(self, delivery, why):
        """Something went wrong that the person sees."""
        self.failures.append((delivery.what, why))
        self.world.changed.notify_all()

    def show_answer(self, delivery, content_type):
        """A command's answer, if it has a body, is shown as a message."""
        form = parse_qs(delivery.body.decode())
        answer = {"text": delivery.answer.decode()}
        if content_type.partition(";")[0] == "application/json":
            answer = _parsed(delivery.answer)
        error = _error_of(answer)
        if error:
            self.fail(delivery, f"invalid_command_response ({error})")
        else:
            self._show(answer, form["channel_id"][0], form["user_id"][0])

    def respond(self, request):
        """A POST to a response URL."""
        link = self._response_urls.get(request.path)
        if link is None or self.clock.now() > link["end"]:
            raise ApiError(404, {"ok": False, "error": "expired_url"})
        if link["uses"] == MAX_USES:
            raise ApiError(404, {"ok": False, "error": "used_url"})
        given = request.json
        original = link["message"]
        deleting = isinstance(given, dict) and given.get("delete_original")
        error = None if deleting else _error_of(given)
        if error:
            raise ApiError(400, {"ok": False, "error": error})
        link["uses"] += 1
        if original and deleting:
            self.delete(original)
        elif original and given.get("replace_original"):
            self._change(original, given.get("text", ""),
                         given.get("blocks") or [])
        elif not deleting:
            self._show(given, link["channel"], link["user"])
        return Answer(200, b"ok", {"Content-Type": "text/html"})

    # -- details -----------------------------------------------------------

    @property
    def _request_url(self):
        assert self.webhooks, "slack.connect() comes first"
        return self.webhooks[0]

    def _outcome(self, delivery, wait):
        if not wait:
            return delivery
        self.world.wait_for(lambda: delivery.state != "queued", 10,
                            f"an answer to {delivery.what}")
        if not delivery.statuses:
            return delivery.state, ""
        try:
            return delivery.statuses[-1], json.loads(delivery.answer)
        except ValueError:
            return delivery.statuses[-1], delivery.answer.decode()

    def _pressed(self, message, what, value, version):
        """(element, chosen option or user), or AssertionError."""
        present = [element for element in self.elements(message, version)
                   if element["type"] in INTERACTIVE]
        for element in present:
            if what not in (element["action_id"], label_of(element)):
                continue
            if element["type"] == "users_select":
                return element, id_of(value)
            if element["type"] == "button":
                if value in (None, element.get("value")):
                    return element, None
            for option in _options(element):
                if value in (option["value"], option["text"]["text"]):
                    return element, option
        raise AssertionError(f"no {what!r} (value {value!r}) among " + str(
            [(element["action_id"], label_of(element), element.get("value"))
             for element in present]))

    def _trigger_id(self):
        numbers = (secrets.randbelow(10**12) for _ in range(2))
        return ".".join([*map(str, numbers), secrets.token_hex(16)])

    def _new_response_url(self, kind, channel_id, user, message):
        path = (f"/{kind}/{self.team['id']}/{secrets.randbelow(10**12)}/"
                f"{secrets.token_hex(12)}")
        self._response_urls[path] = {
            "channel": channel_id, "user": id_of(user), "message": message,
            "uses": 0, "end": self.clock.now() + RESPONSE_URL_LIFE}
        return self.url + path

    def _show(self, answer, channel_id, user_id):
        text, blocks = answer.get("text", ""), answer.get("blocks")
        thread = answer.get("thread_ts")
        if not self._message(channel_id, thread):
            thread = None
        if answer.get("response_type") == "in_channel":
            self._post(channel_id, self.bot["id"], text, blocks,
                       thread_ts=thread)
        else:
            self._post_ephemeral(channel_id, user_id, text, blocks,
                                 thread_ts=thread)


def _options(element):
    return element.get("options", []) + [
        option for group in element.get("option_groups", [])
        for option in group["options"]]


def _parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def _error_of(answer):
    """What Slack has against an answer's body; None: nothing."""
    if not isinstance(answer, dict):
        return "invalid_payload"
    if answer.get("response_type", "ephemeral") not in ("ephemeral",
                                                        "in_channel"):
        return "invalid_response_type"
    if not isinstance(answer.get("text", ""), str):
        return "invalid_payload"
    blocks = answer.get("blocks")
    if blocks and problems_of(blocks):
        return "invalid_blocks"
    if not blocks and not answer.get("text", "").strip():
        return "no_text"
    return None
