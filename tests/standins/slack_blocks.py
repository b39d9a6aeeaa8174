"""Block Kit: the blocks of a message, strictly checked and completed.

The rules are functions rule(problems, value, where); where is the JSON
pointer that Slack names with a problem.  Known are the blocks and elements
that messages usually have; all others are refused as unsupported.
"""

import copy
import secrets

MAX_BLOCKS = 50
INTERACTIVE = ("button", "static_select", "users_select", "overflow")


def problems_of(blocks):
    """What is wrong with a message's blocks, in Slack's words."""
    problems = []
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    if len(blocks) > MAX_BLOCKS:
        _say(problems, f"no more than {MAX_BLOCKS} items allowed", "/blocks")
    for number, block in enumerate(blocks):
        BLOCK(problems, block, f"/blocks/{number}")
    if not problems:
        _check_unique(problems, [block.get("block_id") for block in blocks],
                      "block_id", "/blocks")
    return problems


def completed(blocks):
    """A copy as Slack keeps it: with block and action ids everywhere."""
    blocks = copy.deepcopy(blocks)
    for block in blocks:
        block.setdefault("block_id", secrets.token_urlsafe(4)[:5])
        for element in elements_of(block):
            if element["type"] in INTERACTIVE:
                element.setdefault("action_id",
                                   secrets.token_urlsafe(4)[:5])
    _add_defaults(blocks)
    return blocks


def elements_of(block):
    """A block's elements, its accessory among them."""
    accessory = block.get("accessory")
    return block.get("elements", []) + ([accessory] if accessory else [])


def _add_defaults(value):
    if isinstance(value, list):
        for item in value:
            _add_defaults(item)
    elif isinstance(value, dict):
        if value.get("type") == "plain_text":
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn":
            value.setdefault("verbatim", False)
        for item in value.values():
            _add_defaults(item)


# -- rules -----------------------------------------------------------------


def _say(problems, text, where):
    problems.append(f"{text} [json-pointer:{where}]")


def _check_unique(problems, ids, name, where):
    given = [item for item in ids if item is not None]
    for item in sorted({item for item in given if given.count(item) > 1}):
        _say(problems, f"{name} {item} is not unique", where)


def _flag(problems, value, where):
    if not isinstance(value, bool):
        _say(problems, "must be a boolean", where)


def _string(most, least=1):
    def rule(problems, value, where):
        if not isinstance(value, str):
            _say(problems, "must be a string", where)
        elif len(value) < least:
            _say(problems, f"must be more than {least - 1} characters",
                 where)
        elif len(value) > most:
            _say(problems, f"must be less than {most + 1} characters", where)

    return rule


def _one_of(*allowed):
    def rule(problems, value, where):
        if value not in allowed:
            _say(problems, f"must be one of {', '.join(allowed)}", where)

    return rule


def _items(item_rule, most, unique=None):
    def rule(problems, value, where):
        if not isinstance(value, list):
            _say(problems, "must be an array", where)
            return
        if not value:
            _say(problems, "must have at least 1 item", where)
        if len(value) > most:
            _say(problems, f"no more than {most} items allowed", where)
        for number, item in enumerate(value):
            item_rule(problems, item, f"{where}/{number}")
        if unique:
            _check_unique(problems, [item.get(unique) for item in value
                                     if isinstance(item, dict)],
                          unique, where)

    return rule


def _shape(required=(), either=(), **fields):
    """An object with these fields; either: one of these is required."""
    def rule(problems, value, where):
        if not isinstance(value, dict):
            _say(problems, "must be an object", where)
            return
        for name in required:
            if name not in value:
                _say(problems, f"missing required field: {name}", where)
        if either and sum(name in value for name in either) == 0:
            _say(problems, f"missing required field: {either[0]}", where)
        for name, item in value.items():
            if name in fields:
                fields[name](problems, item, f"{where}/{name}")
            elif name != "type":
                _say(problems, f"invalid additional property: {name}", where)

    return rule


def _typed(**rules):
    """An object that is of one of these types."""
    def rule(problems, value, where):
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in rules:
            _say(problems, f"unsupported type: {kind}", f"{where}/type")
        else:
            rules[kind](problems, value, where)

    return rule


def _plain(most):
    return _typed(plain_text=_shape(("text",), text=_string(most),
                                    emoji=_flag))


def _text(most):
    return _typed(
        plain_text=_shape(("text",), text=_string(most), emoji=_flag),
        mrkdwn=_shape(("text",), text=_string(most), verbatim=_flag))


# -- what there is ---------------------------------------------------------

CONFIRM = _shape(
    ("title", "text", "confirm", "deny"), title=_plain(100),
    text=_text(300), confirm=_plain(30), deny=_plain(30),
    style=_one_of("primary", "danger"))
OPTION = _shape(("text", "value"), text=_plain(75), value=_string(150),
                description=_plain(75))
IMAGE = {"image_url": _string(3000), "alt_text": _string(2000)}
ELEMENTS = {
    "button": _shape(
        ("text",), text=_plain(75), action_id=_string(255),
        url=_string(3000), value=_string(2000, 0), confirm=CONFIRM,
        style=_one_of("primary", "danger"),
        accessibility_label=_string(75)),
    "static_select": _shape(
        either=("options", "option_groups"), placeholder=_plain(150),
        action_id=_string(255), options=_items(OPTION, 100),
        option_groups=_items(_shape(
            ("label", "options"), label=_plain(75),
            options=_items(OPTION, 100)), 100),
        initial_option=OPTION, confirm=CONFIRM, focus_on_load=_flag),
    "users_select": _shape(
        placeholder=_plain(150), action_id=_string(255),
        initial_user=_string(255), confirm=CONFIRM, focus_on_load=_flag),
    "overflow": _shape(("options",), action_id=_string(255),
                       options=_items(OPTION, 5), confirm=CONFIRM)}
BLOCK = _typed(
    section=_shape(
        either=("text", "fields"), text=_text(3000),
        fields=_items(_text(2000), 10), block_id=_string(255),
        accessory=_typed(image=_shape(tuple(IMAGE), **IMAGE), **ELEMENTS),
        expand=_flag),
    header=_shape(("text",), text=_plain(150), block_id=_string(255)),
    divider=_shape(block_id=_string(255)),
    image=_shape(tuple(IMAGE), **IMAGE, title=_plain(2000),
                 block_id=_string(255)),
    context=_shape(
        ("elements",), block_id=_string(255), elements=_items(_typed(
            image=_shape(tuple(IMAGE), **IMAGE),
            plain_text=_text(3000), mrkdwn=_text(3000)), 10)),
    actions=_shape(
        ("elements",), block_id=_string(255),
        elements=_items(_typed(**ELEMENTS), 25, unique="action_id")))
