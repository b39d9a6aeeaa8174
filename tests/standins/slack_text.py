"""Slack's messages as plain text, for people who read along."""

import re

from .slack_blocks import INTERACTIVE, elements_of

CONTROL = re.compile(r"<([^<>]+)>")
ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def text_of(slack, shown):
    """A message's text as people see it: its blocks, or else its text."""
    if not shown["blocks"]:
        return readable(slack, shown["text"])
    lines = [_block_text(slack, block) for block in shown["blocks"]]
    return "\n".join(line for line in lines if line)


def readable(slack, mrkdwn):
    """A text with its mentions and links resolved."""
    text = CONTROL.sub(lambda match: _control(slack, match[1]), mrkdwn)
    for entity, character in ENTITIES:
        text = text.replace(entity, character)
    return text


def label_of(element):
    """What is written on a button or a menu."""
    text = element.get("text") or element.get("placeholder") or {}
    return text.get("text", element["type"])


def name_of(user):
    """The name Slack shows for a user."""
    return user["profile"]["display_name"] or user["real_name"]


def _control(slack, inside):
    target, _, label = inside.partition("|")
    kind, name = target[:1], target[1:]
    if kind == "@" and name in slack.users:
        return "@" + name_of(slack.users[name])
    if kind == "#" and name in slack.channels:
        return "#" + slack.channels[name]["name"]
    if target.startswith("!subteam^"):
        group = slack.user_groups.get(target.removeprefix("!subteam^"))
        return "@" + group["handle"] if group else label or target
    if kind == "!":
        return label or "@" + name.partition("^")[0]
    if kind in "@#":
        return target
    return f"{label} ({target})" if label else target


def _block_text(slack, block):
    if block["type"] == "divider":
        return "---"
    if block["type"] == "image":
        return f"({block['alt_text']})"
    parts = [block.get("text"), *block.get("fields", [])]
    lines = [_object_text(slack, part) for part in parts if part]
    row = [_element_text(slack, element) for element in elements_of(block)]
    return "\n".join(lines + ([" ".join(row)] if row else []))


def _element_text(slack, element):
    if element["type"] in INTERACTIVE:
        return f"[{label_of(element)}]"
    if element["type"] == "image":
        return f"({element['alt_text']})"
    return _object_text(slack, element)


def _object_text(slack, text):
    if text["type"] == "mrkdwn":
        return readable(slack, text["text"])
    return text["text"]
