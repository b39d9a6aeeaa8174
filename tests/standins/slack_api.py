"""Slack's Web API: the methods and what they answer."""

import base64
import json
import secrets
from decimal import Decimal

from . import slack_shapes as shapes
from .http_service import Answer, ApiError, HttpService, RateLimit
from .slack_arguments import (
    arguments, given_blocks, given_metadata, given_text, given_token,
    given_ts, missing, moment, number, refused, truth)
from .slack_model import SlackModel
from .slack_webhooks import SlackWebhooks

# The method → (function, whether it takes a JSON body, scope).
METHODS = {
    "auth.test": ("auth_test", True, None),
    "chat.postMessage": ("post_message", True, "chat:write"),
    "chat.update": ("update_message", True, "chat:write"),
    "chat.postEphemeral": ("post_ephemeral", True, "chat:write"),
    "conversations.history": ("history", False, "channels:history"),
    "conversations.replies": ("replies", False, "channels:history"),
    "users.info": ("user_info", False, "users:read"),
    "users.lookupByEmail": ("lookup_by_email", False, "users:read.email"),
    "usergroups.list": ("list_user_groups", False, "usergroups:read"),
}
CURSOR = "next_ts:"


class Slack(SlackModel, SlackWebhooks, HttpService):
    """The Slack stand-in."""

    routes = (
        ("GET", r"/api/([\w.]+)", "call"),
        ("POST", r"/api/([\w.]+)", "call"),
        ("POST", r"/(?:actions|commands)/\w+/\d+/\w+", "respond"),
    )

    def __init__(self, world):
        super().__init__(world)
        self.token = "xoxb-" + secrets.token_hex(20)
        self.scopes = {scope for _, _, scope in METHODS.values() if scope}
        self.post_rate = None
        self._post_limits = {}

    @property
    def api_url(self):
        """What stands for https://slack.com/api."""
        return self.url + "/api"

    def limit_posts(self, limit, window_s):
        """At most so many new messages in each channel."""
        with self.world.changed:
            self.post_rate = (limit, window_s)
            self._post_limits = {}

    @staticmethod
    def failure(error):
        """The Answer for a call that fails, to be used in a fault."""
        return refused(error).answer

    def authorize(self, request):
        if not request.path.startswith("/api/"):
            return
        token = given_token(request)
        if token is None:
            raise refused("not_authed")
        if token != self.token:
            raise refused("invalid_auth")

    def error_body(self, status, text):
        names = {404: "not_found", 405: "not_found", 429: "ratelimited"}
        return {"ok": False, "error": names.get(status, "internal_error")}

    def rate_headers(self, limit, remaining, wait_s):
        return {}

    def tells_of_success(self, answer):
        if answer.status >= 400 or not answer.body.startswith(b"{"):
            return answer.status < 400
        return json.loads(answer.body)["ok"]

    def call(self, request, method):
        if method not in METHODS:
            raise refused("unknown_method", req_method=method)
        name, takes_json, scope = METHODS[method]
        args, warnings = arguments(request, takes_json)
        if scope and scope not in self.scopes:
            raise refused("missing_scope", needed=scope,
                          provided=",".join(sorted(self.scopes)))
        body = {"ok": True, **getattr(self, name)(args)}
        if warnings:
            body["warning"] = ",".join(warnings)
            body.setdefault("response_metadata", {})["warnings"] = warnings
        return Answer(200, body,
                      {"X-OAuth-Scopes": ",".join(sorted(self.scopes))})

    # -- messages ----------------------------------------------------------

    def post_message(self, args):
        channel_id = self._writable_channel(args, names=True)
        blocks = given_blocks(args)
        text = given_text(args, blocks)
        metadata = given_metadata(args)
        thread_ts = self._given_thread(args, channel_id)
        self._admit_post(channel_id)
        message = self._post(
            channel_id, self.bot["id"], text or "", blocks,
            thread_ts=thread_ts, metadata=metadata or None,
            broadcast=truth(args, "reply_broadcast"))
        return {"channel": channel_id, "ts": message["ts"],
                "message": shapes.message(message)}

    def update_message(self, args):
        channel_id = self._channel(args)
        ts = given_ts(args, "ts", "message_not_found")
        message = ts and self._message(channel_id, ts)
        if not message:
            raise refused("message_not_found")
        if message["user"] != self.bot["id"]:
            raise refused("cant_update_message")
        if self.channels[channel_id]["is_archived"]:
            raise refused("is_archived")
        blocks = given_blocks(args)
        text = given_text(args, blocks)
        metadata = given_metadata(args)
        if text is None:
            text = message["text"]
        if metadata is not None:
            message["metadata"] = metadata or None
        # Without blocks, the text replaces those that there were.
        self._change(message, text, blocks or [])
        return {"channel": channel_id, "ts": ts, "text": text,
                "message": shapes.message(message)}

    def post_ephemeral(self, args):
        channel_id = self._writable_channel(args, names=True)
        if not args.get("user"):
            raise missing("user")
        if args["user"] not in self.members[channel_id]:
            raise refused("user_not_in_channel")
        blocks = given_blocks(args)
        text = given_text(args, blocks)
        message = self._post_ephemeral(
            channel_id, args["user"], text or "", blocks,
            thread_ts=self._given_thread(args, channel_id))
        return {"message_ts": message["ts"]}

    def replies(self, args):
        """A thread: its first message, then the replies; only the message
        named, if it is a reply itself."""
        channel_id = self._readable_channel(args)
        ts = given_ts(args, "ts", "thread_not_found")
        first = ts and self._message(channel_id, ts)
        if not first:
            raise refused("thread_not_found")
        found = self._within(args, self.thread(channel_id, ts))
        return self._page(args, [first, *found], 1000)

    def history(self, args):
        """The messages that a channel shows outside its threads, the newest
        first."""
        channel_id = self._readable_channel(args)
        shown = [message for message in self._messages[channel_id]
                 if not message["thread_ts"]
                 or message["subtype"] == "thread_broadcast"]
        return self._page(args, self._within(args, shown[::-1]), 100)

    # -- people ------------------------------------------------------------

    def auth_test(self, args):
        return {"url": shapes.SITE + "/", "team": self.team["name"],
                "user": self.bot["name"], "team_id": self.team["id"],
                "user_id": self.bot["id"], "bot_id": self.bot_id,
                "is_enterprise_install": False}

    def user_info(self, args):
        if not args.get("user"):
            raise missing("user")
        if args["user"] not in self.users:
            raise refused("user_not_found")
        return {"user": self.users[args["user"]]}

    def lookup_by_email(self, args):
        if not args.get("email"):
            raise missing("email")
        for user in self.users.values():
            email = user["profile"].get("email", "")
            if (email.lower() == args["email"].lower()
                    and not user["deleted"]):
                return {"user": user}
        raise refused("users_not_found")

    def list_user_groups(self, args):
        hidden = {name for name, argument in (
            ("users", "include_users"), ("user_count", "include_count"))
            if not truth(args, argument)}
        return {"usergroups": [
            {name: value for name, value in group.items()
             if name not in hidden} for group in self.user_groups.values()]}

    # -- details -----------------------------------------------------------

    def _channel(self, args, names=False):
        """The id of the channel; names: "#name" and users' ids as well."""
        wanted = args.get("channel")
        if names and isinstance(wanted, str):
            wanted = self._channel_id(wanted)
        if not isinstance(wanted, str) or wanted not in self.channels:
            raise refused("channel_not_found")
        return wanted

    def _readable_channel(self, args):
        channel_id = self._channel(args)
        if self.bot["id"] not in self.members[channel_id]:
            raise refused("not_in_channel")
        return channel_id

    def _writable_channel(self, args, names):
        channel_id = self._channel(args, names)
        if self.channels[channel_id]["is_archived"]:
            raise refused("is_archived")
        if self.bot["id"] not in self.members[channel_id]:
            raise refused("not_in_channel")
        return channel_id

    def _given_thread(self, args, channel_id):
        thread_ts = given_ts(args, "thread_ts", "invalid_thread_ts")
        if thread_ts is None:
            return None
        parent = self._message(channel_id, thread_ts)
        if not parent:
            raise refused("thread_not_found")
        # "Avoid using a reply's ts value; use its parent instead."
        if parent["thread_ts"]:
            raise refused("cannot_reply_to_message")
        return thread_ts

    def _admit_post(self, channel_id):
        if self.post_rate is None:
            return
        limit = self._post_limits.setdefault(channel_id,
                                             RateLimit(*self.post_rate))
        admitted, _, wait_s = limit.admit()
        if not admitted:
            raise ApiError(429, self.error_body(429, ""),
                           {"Retry-After": str(wait_s)})

    @staticmethod
    def _within(args, messages):
        oldest, latest = moment(args, "oldest"), moment(args, "latest")
        bounds = [bound for bound in (oldest, latest) if bound is not None]
        if truth(args, "inclusive"):
            return [message for message in messages
                    if (oldest is None or Decimal(message["ts"]) >= oldest)
                    and (latest is None or Decimal(message["ts"]) <= latest)]
        return [message for message in messages
                if Decimal(message["ts"]) not in bounds
                and (oldest is None or Decimal(message["ts"]) > oldest)
                and (latest is None or Decimal(message["ts"]) < latest)]

    def _page(self, args, messages, default):
        first = 0
        if args.get("cursor"):
            first = _position(args["cursor"], messages)
        end = first + number(args, "limit", default, 1000)
        payloads = truth(args, "include_all_metadata")
        body = {"messages": [
            shapes.message(message,
                           self.thread(message["channel"], message["ts"]),
                           payloads=payloads)
            for message in messages[first:end]],
            "has_more": end < len(messages)}
        if body["has_more"]:
            body["response_metadata"] = {
                "next_cursor": _cursor(messages[end])}
        return body


def _cursor(message):
    return base64.b64encode((CURSOR + message["ts"]).encode()).decode()


def _position(cursor, messages):
    try:
        wanted = base64.b64decode(cursor).decode().removeprefix(CURSOR)
        return [message["ts"] for message in messages].index(wanted)
    except ValueError:
        raise refused("invalid_cursor") from None
