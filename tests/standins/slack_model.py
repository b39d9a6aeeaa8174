"""What is in Slack, and the control API by which tests look and act.

Users, channels and user groups are the dicts that the API shows; wherever
one of them is wanted, its id will do as well, for a channel also its
"#name" and a user (the app's direct messages with them).  A message is a
dict with ts, text, blocks, user, metadata, thread_ts, channel and versions:
text and blocks as they were posted and after each update.
"""

import itertools
import re
import secrets

from . import slack_shapes as shapes
from .slack_blocks import completed, elements_of
from .slack_text import name_of, text_of

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def id_of(thing):
    """The id of a dict or an id."""
    return thing["id"] if isinstance(thing, dict) else thing


def ts_of(thing):
    """The ts of a message or a ts."""
    return thing["ts"] if isinstance(thing, dict) else thing


class SlackModel:
    """The state and the control API; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self._ids = itertools.count(36**7 + secrets.randbelow(36**6))
        self.team = {"id": self._new_id("T"), "name": "Acme Support",
                     "domain": "acme-support"}
        self.app_id = self._new_id("A")
        self.bot_id = self._new_id("B")
        self.users = {}
        self.channels = {}
        self.members = {}
        self.user_groups = {}
        self.ephemerals = []
        self._messages = {}
        self._used_ts = set()
        self.bot = self._keep(self.users, shapes.user(
            self._new_id("U"), self.team["id"], "Emergency Bot",
            "emergency_bot", None, bot=self.bot_id))

    # -- control API: who and where ----------------------------------------

    def create_user(self, name, email):
        with self.world.changed:
            return self._keep(self.users, shapes.user(
                self._new_id("U"), self.team["id"], name,
                email.partition("@")[0], email))

    def create_channel(self, name, members=(), *, bot=True):
        """A public channel; bot: whether the app is a member as well."""
        with self.world.changed:
            channel = self._keep(self.channels, shapes.channel(
                self._new_id("C"), self.team["id"], name, self.bot["id"],
                self.clock.now()))
            self._messages[channel["id"]] = []
            self.members[channel["id"]] = {id_of(user) for user in members}
            if bot:
                self.join(channel, self.bot)
            return channel

    def create_user_group(self, name, handle, users=()):
        with self.world.changed:
            return self._keep(self.user_groups, shapes.user_group(
                self._new_id("S"), self.team["id"], name, handle,
                [id_of(user) for user in users], self.bot["id"],
                self.clock.now()))

    def join(self, channel, user):
        """The user (or slack.bot) is a member of the channel from now on."""
        with self.world.changed:
            self.members[self._channel_id(channel)].add(id_of(user))

    def leave(self, channel, user):
        with self.world.changed:
            self.members[self._channel_id(channel)].discard(id_of(user))

    def archive(self, channel):
        with self.world.changed:
            self.channels[self._channel_id(channel)]["is_archived"] = True

    # -- control API: messages ---------------------------------------------

    def messages(self, channel):
        """The top-level messages of a channel, oldest first."""
        with self.world.changed:
            return [message for message in self._of(channel)
                    if not message["thread_ts"]]

    def thread(self, channel, ts):
        """The replies to a message, oldest first, without the message."""
        with self.world.changed:
            return [message for message in self._of(channel)
                    if message["thread_ts"] == ts_of(ts)]

    def buttons(self, message):
        """The buttons that a message has now, each with its block_id."""
        with self.world.changed:
            return [element for element in self.elements(message)
                    if element["type"] == "button"]

    def elements(self, message, version=-1):
        """All elements that a message has, or had in one of its versions,
        each with its block_id."""
        with self.world.changed:
            return [{**element, "block_id": block["block_id"]}
                    for block in message["versions"][version]["blocks"]
                    for element in elements_of(block)]

    def text_of(self, message):
        """What people read: blocks as lines, buttons in brackets, mentions
        and links resolved."""
        with self.world.changed:
            return text_of(self, message)

    def wait_for_message(self, channel, pattern, *, thread=None, count=1,
                         timeout=10):
        """Waits for the count-th message whose readable text has the
        pattern: a reply in the thread, or else a top-level message."""
        def present():
            return (self.thread(channel, thread) if thread
                    else self.messages(channel))

        def found():
            matching = [message for message in present()
                        if re.search(pattern, self.text_of(message))]
            return matching[count - 1] if len(matching) >= count else None

        return self.world.wait_for(
            found, timeout, f"message {count} with {pattern!r}",
            lambda: [self.text_of(message) for message in present()])

    def wait_for_ephemeral(self, user, pattern, timeout=10):
        """Waits for a message that only the user sees; returns it."""
        return self.world.wait_for(
            lambda: next((message for message in self.ephemerals
                          if message["ephemeral_for"] == id_of(user)
                          and re.search(pattern, self.text_of(message))),
                         None),
            timeout, f"ephemeral message with {pattern!r}",
            lambda: [self.text_of(message) for message in self.ephemerals])

    def post(self, user, channel, text, *, thread=None):
        """A person writes; thread: the message or ts replied to."""
        with self.world.changed:
            return self._post(self._channel_id(channel), id_of(user), text,
                              thread_ts=ts_of(thread))

    def delete(self, message):
        """Someone deletes a message or, if it is ephemeral, dismisses it."""
        with self.world.changed:
            for listing in (self.ephemerals,
                            self._messages[message["channel"]]):
                if message in listing:
                    listing.remove(message)
            self.world.changed.notify_all()

    def transcript(self, channel, thread=None):
        """A channel, or one thread of it, as people see it: lines of
        "name: text", replies indented."""
        with self.world.changed:
            lines = []
            for top in self._visible(channel, None):
                if thread is None or top["ts"] == ts_of(thread):
                    lines += self._lines(top, "")
                    for reply in self._visible(channel, top["ts"]):
                        lines += self._lines(reply, "    ")
            return "\n".join(lines)

    # -- details -----------------------------------------------------------

    def _new_id(self, prefix):
        number, text = next(self._ids), ""
        while number:
            number, digit = divmod(number, 36)
            text = ALPHABET[digit] + text
        return f"{prefix}0{text}"

    @staticmethod
    def _keep(things, shape):
        things[shape["id"]] = shape
        return shape

    def _new_ts(self):
        micros = int(self.clock.now().timestamp() * 1_000_000)
        while micros in self._used_ts:
            micros += 1
        self._used_ts.add(micros)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def _channel_id(self, channel):
        """The id for a channel, its id, its name, or a user; or None."""
        wanted = id_of(channel)
        if wanted in self.users:
            return self._direct(wanted)
        for known in self.channels.values():
            if wanted in (known["id"], known["name"], "#" + known["name"]):
                return known["id"]
        return None

    def _direct(self, user_id):
        for channel in self.channels.values():
            if channel.get("user") == user_id:
                return channel["id"]
        channel = self._keep(self.channels, shapes.direct_channel(
            self._new_id("D"), self.team["id"], user_id, self.clock.now()))
        self._messages[channel["id"]] = []
        self.members[channel["id"]] = {user_id, self.bot["id"]}
        return channel["id"]

    def _of(self, channel):
        return self._messages[self._channel_id(channel)]

    def _message(self, channel_id, ts):
        """The message of a channel that has this ts, or None."""
        return next((message for message in self._messages[channel_id]
                     if message["ts"] == ts), None)

    def _new_message(self, channel_id, user_id, text, blocks, thread_ts,
                     metadata, ephemeral_for):
        blocks = completed(blocks or [])
        by_bot = user_id == self.bot["id"]
        return {
            "type": "message", "subtype": None, "user": user_id,
            "ts": self._new_ts(), "team": self.team["id"],
            "bot_id": self.bot_id if by_bot else None,
            "app_id": self.app_id if by_bot else None, "text": text,
            "blocks": blocks, "thread_ts": thread_ts,
            "parent_user_id": None, "edited": None, "metadata": metadata,
            "channel": channel_id, "ephemeral_for": ephemeral_for,
            "versions": [{"text": text, "blocks": blocks}]}

    def _post(self, channel_id, user_id, text, blocks=None, *,
              thread_ts=None, metadata=None, broadcast=False):
        message = self._new_message(channel_id, user_id, text, blocks,
                                    thread_ts, metadata, None)
        if thread_ts:
            message["parent_user_id"] = self._message(channel_id,
                                                      thread_ts)["user"]
            if broadcast:
                message["subtype"] = "thread_broadcast"
        self._messages[channel_id].append(message)
        self.world.changed.notify_all()
        return message

    def _post_ephemeral(self, channel_id, for_user, text, blocks=None, *,
                        thread_ts=None):
        message = self._new_message(channel_id, self.bot["id"], text, blocks,
                                    thread_ts, None, for_user)
        self.ephemerals.append(message)
        self.world.changed.notify_all()
        return message

    def _change(self, message, text, blocks):
        message.update(text=text, blocks=completed(blocks), edited={
            "user": self.bot["id"], "ts": self._new_ts()})
        message["versions"].append({"text": text,
                                    "blocks": message["blocks"]})
        self.world.changed.notify_all()

    def _visible(self, channel, thread_ts):
        """The messages of a thread (None: of none) in their order, also
        those that only one person sees."""
        shown = [message for message in self._of(channel) + self.ephemerals
                 if message["channel"] == self._channel_id(channel)
                 and message["thread_ts"] == thread_ts]
        return sorted(shown, key=lambda message: message["ts"])

    def _lines(self, message, indent):
        name = name_of(self.users[message["user"]])
        if message["ephemeral_for"]:
            seer = name_of(self.users[message["ephemeral_for"]])
            name = f"{name} (only to {seer})"
        first, *others = text_of(self, message).split("\n")
        return [f"{indent}{name}: {first}"] + [
            f"{indent}    {line}" for line in others]
