"""Scenes in Slack: the thread of an emergency, its buttons, commands."""

import json
from urllib.parse import urlencode

from harness import wait_until
from scenes import LONG, calls_ended, opened
from standins.clock import Clock
from standins.signing import slack_signature
from wire import ask

SLACK = ("slack",)
SELF_MANAGED = "support_self-managed"
SAAS = "support_gitlab-com"
MANAGERS = "support_managers"
DUTY = "support_duty"


def root_of(d, world, number):
    """The thread's first message, once the daemon knows of it."""
    e = wait_until(
        lambda: (e := d.emergency(number))["thread"] and e, 10,
        f"the thread of {number}", lambda: d.emergency(number))
    [root] = [m for m in world.slack.messages(e["thread"]["channel"])
              if m["ts"] == e["thread"]["ts"]]
    return root


def wait_root(world, root, *patterns, without=()):
    """Waits until people read all of these, and none of those, in it."""
    def shows():
        text = world.slack.text_of(root).replace("*", "")
        return (all(each in text for each in patterns)
                and not any(each in text for each in without))

    wait_until(shows, 10, f"{patterns} in the thread's first message",
               lambda: world.slack.text_of(root))


def wait_reply(world, root, pattern, count=1):
    """The count-th reply in the thread that people read this in."""
    return world.slack.wait_for_message(root["channel"], pattern,
                                        thread=root["ts"], count=count)


def replies(world, root):
    """What people read in the thread, below its first message."""
    return [world.slack.text_of(m)
            for m in world.slack.thread(root["channel"], root["ts"])]


def labels(world, message):
    """What is written on a message's buttons."""
    return {button["text"]["text"] for button in world.slack.buttons(message)}


def roots(world, channel=SELF_MANAGED):
    """All threads' first messages in a channel."""
    return [m for m in world.slack.messages(channel)
            if world.slack.text_of(m).startswith("*Thread for emergency")]


def threaded(daemon, world, cast, config=None, scene=opened, **more):
    """(daemon, id, ticket, first message) of an emergency with a thread."""
    d = daemon(services=SLACK, config=config, **{**LONG, **more})
    number, ticket = scene(d, world, cast)
    return d, number, ticket, root_of(d, world, number)


def press(world, user, message, what, **more):
    """Presses a button: Slack gets an empty 200."""
    assert world.slack.press(user, message, what, **more) == (200, "")


def type_in(world, user, text, channel=SELF_MANAGED):
    """Types a slash command; returns what only they read."""
    status, answer = world.slack.command(user, channel, "/emergency", text)
    assert status == 200 and answer["response_type"] == "ephemeral", answer
    return answer["text"]


def page_of(d, world, number):
    """The incident of an emergency's first page."""
    [page] = d.emergency(number)["pages"][:1]
    return world.pagerduty.incidents[page["incident_id"]]


def slack_idle(d):
    """Waits until every call to Slack has ended."""
    calls_ended(d, "slack")


# -- webhooks made by hand -------------------------------------------------

ROUTE = "/webhooks/slack"
FORM = "application/x-www-form-urlencoded"


def signed(d, fields, at=None, secret=None, **changes):
    """(headers, body) of a form, signed as Slack's but for the changes."""
    body = fields if isinstance(fields, bytes) else urlencode(fields).encode()
    at = str(int(Clock().now().timestamp()) if at is None else at)
    secret = secret or d.settings["slack"]["signing_secret"]
    return {"Content-Type": FORM, "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": slack_signature(secret, at, body),
            **changes}, body


def send(d, fields, **more):
    """Posts a form; returns the wire's Answer."""
    return ask(d.port, "POST", ROUTE, *signed(d, fields, **more))


def typed(cast, text, trigger="1.2.abc", **changes):
    """The form of a slash command."""
    return {"command": "/emergency", "text": text, "trigger_id": trigger,
            "channel_id": cast.channels[SELF_MANAGED]["id"],
            "user_id": cast.engineer_slack["id"], "user_name": "eng1",
            **changes}


def pressed(cast, action, value, trigger="1.2.abc", **changes):
    """The form of a button that was pressed."""
    return {"payload": json.dumps({
        "type": "block_actions", "trigger_id": trigger,
        "user": {"id": cast.engineer_slack["id"], "name": "eng1"},
        "channel": {"id": cast.channels[SELF_MANAGED]["id"]},
        "container": {"message_ts": "1700000000.000100"},
        "actions": [{"type": "button", "action_id": action, "block_id": "b",
                     "value": value, "action_ts": "1700000001.5"}],
        **changes})}
