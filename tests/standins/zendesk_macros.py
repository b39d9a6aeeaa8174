"""What Zendesk's macros would do to a ticket; applying changes nothing."""

import copy
import html
import re

PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
CUSTOM = "custom_fields_"
PLAIN = ("subject", "priority", "status", "type", "group_id",
         "ticket_form_id")


def changes(macro, caller):
    """The fields that a macro sets, as GET /macros/{id}/apply shows them.

    Tags that it adds or removes depend on a ticket and are not among them.
    """
    result = {}
    custom = []
    for action in macro["actions"]:
        name, value = action["field"], action["value"]
        if name in PLAIN:
            result[name] = value
        elif name == "assignee_id":
            result[name] = caller["id"] if value == "current_user" else value
        elif name == "set_tags":
            result["tags"] = value.split()
        elif name.startswith(CUSTOM):
            custom.append({"id": int(name.removeprefix(CUSTOM)),
                           "value": value})
    comment = _comment(macro)
    if comment:
        result["comment"] = comment
    if custom:
        # As documented, one is not in a list.
        result["fields"] = custom[0] if len(custom) == 1 else custom
    return result


def ticket_after(macro, ticket, caller, names):
    """The whole ticket as it would be, and the comment to put into it.

    names: what placeholders stand for, {"ticket.id": …}.
    """
    result = {**copy.deepcopy(ticket), **changes(macro, caller)}
    custom = {item["id"]: item["value"] for item in ticket["custom_fields"]}
    tags = result["tags"]
    for action in macro["actions"]:
        name, value = action["field"], action["value"]
        if name.startswith(CUSTOM):
            custom[int(name.removeprefix(CUSTOM))] = value
        elif name == "current_tags":
            tags = tags + value.split()
        elif name == "remove_tags":
            tags = [tag for tag in tags if tag not in value.split()]
    result["tags"] = sorted(set(tags))
    result["custom_fields"] = result["fields"] = [
        {"id": field_id, "value": value} for field_id, value
        in custom.items()]
    if "comment" in result:
        result["comment"] = _filled(result["comment"], names)
    return result


def _comment(macro):
    actions = {action["field"]: action["value"]
               for action in macro["actions"]}
    public = str(actions.get("comment_mode_is_public", "true")) == "true"
    if "comment_value_html" in actions:
        rich = actions["comment_value_html"]
        text = html.unescape(re.sub(r"<[^>]+>", "", rich))
        return {"body": text, "html_body": rich, "public": public,
                "scoped_body": [["channel:all", rich]]}
    if "comment_value" not in actions:
        return None
    value = actions["comment_value"]
    channel, text = (value if isinstance(value, list)
                     else ("channel:all", value))
    return {"body": text, "public": public, "scoped_body": [[channel, text]]}


def _filled(comment, names):
    def fill(text):
        return PLACEHOLDER.sub(
            lambda match: str(names.get(match.group(1), "")), text)

    filled = {name: fill(value) if isinstance(value, str) else value
              for name, value in comment.items()}
    filled["scoped_body"] = [[channel, fill(text)]
                             for channel, text in comment["scoped_body"]]
    return filled
