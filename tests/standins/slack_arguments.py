"""How a call of Slack's Web API carries its arguments, and its refusals.

Failures are HTTP 200 with {"ok": false, "error": …}; only a rate limit has
a status of its own.
"""

import json
import re
from decimal import Decimal
from urllib.parse import parse_qs

from .http_service import ApiError
from .slack_blocks import problems_of

MAX_TEXT = 40000
MAX_METADATA_BYTES = 8192
TS = re.compile(r"\d{1,10}\.\d{6}")
EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]+")
CHARSETS = ("utf-8", "iso-8859-1")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def refused(error, *messages, **more):
    """The ApiError for a call that fails."""
    body = {"ok": False, "error": error, **more}
    if messages:
        body["response_metadata"] = {
            "messages": [f"[ERROR] {message}" for message in messages]}
    return ApiError(200, body)


def missing(name):
    """The ApiError for a required argument that is not there."""
    return refused("invalid_arguments", f"missing required field: {name}")


def given_token(request):
    """The token in the header or in a form, None if there is none."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind == "Bearer" and token:
        return token
    if _content_type(request)[0] == FORM:
        return _form(request).get("token")
    return None


def arguments(request, takes_json):
    """(arguments, warnings) of a call: from the query, and from the body as
    a form or, where the method takes it, as a JSON object."""
    args = {name: values[0] for name, values in request.query.items()}
    if request.method == "GET" or not request.body:
        return args, []
    content_type, charset = _content_type(request)
    if not content_type or content_type == "application/octet-stream":
        raise refused("missing_post_type")
    if content_type not in (FORM, JSON):
        raise refused("invalid_post_type")
    if charset not in (None, *CHARSETS):
        raise refused("invalid_charset")
    warnings = [] if charset else ["missing_charset"]
    if content_type == FORM:
        return {**args, **_form(request)}, warnings
    if not takes_json:  # a body that is not read
        return args, warnings
    if request.json is None:
        raise refused("invalid_json")
    if not isinstance(request.json, dict):
        raise refused("json_not_object")
    return {**args, **request.json}, warnings


def truth(args, name):
    """A boolean argument, by default false."""
    return args.get(name) in (True, 1, "true", "1")


def number(args, name, default, most):
    """A positive number, at most most."""
    try:
        value = int(args.get(name, default))
    except (TypeError, ValueError):
        value = 0
    if not 0 < value <= most:
        raise refused("invalid_limit")
    return value


def moment(args, name):
    """The bound of a time range, or None."""
    if not args.get(name):
        return None
    try:
        return Decimal(str(args[name]))
    except ArithmeticError:
        raise refused(f"invalid_ts_{name}") from None


def given_blocks(args):
    """The checked blocks; None if the argument is not there."""
    blocks = _decoded(args, "blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise refused("invalid_blocks_format")
    problems = problems_of(blocks)
    if problems:
        raise refused("invalid_blocks", *problems, errors=problems)
    return blocks


def given_text(args, blocks):
    """The checked text; it may be empty beside blocks."""
    text = args.get("text")
    if text is not None and not isinstance(text, str):
        raise refused("invalid_arguments",
                      "must be a string [json-pointer:/text]")
    if not (text or "").strip() and not blocks:
        raise refused("no_text")
    if len(text or "") > MAX_TEXT:
        raise refused("msg_too_long")
    return text


def given_metadata(args):
    """The checked metadata; None if the argument is not there, {} if it is
    empty, or if the name of its type makes Slack drop it silently."""
    metadata = _decoded(args, "metadata", "invalid_metadata_format")
    if not metadata:
        return metadata
    if not isinstance(metadata, dict):
        raise refused("invalid_metadata_format")
    event_type = metadata.get("event_type")
    payload = metadata.get("event_payload")
    if (set(metadata) != {"event_type", "event_payload"}
            or not isinstance(event_type, str) or not event_type
            or not isinstance(payload, dict)
            or not all(isinstance(value, (str, int, float, bool))
                       for value in payload.values())):
        raise refused("invalid_metadata_schema")
    if len(json.dumps(metadata).encode()) > MAX_METADATA_BYTES:
        raise refused("metadata_too_large")
    return metadata if EVENT_TYPE.fullmatch(event_type) else {}


def given_ts(args, name, error):
    """A message's ts; None if the argument is not there."""
    ts = args.get(name)
    if ts is None or (isinstance(ts, str) and TS.fullmatch(ts)):
        return ts
    raise refused(error, f"{ts} is not a valid {name}")


def _decoded(args, name, error):
    """An argument that is JSON in a JSON body, and JSON's text in a form."""
    value = args.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise refused(error) from None


def _content_type(request):
    kind, *others = request.headers.get("Content-Type", "").split(";")
    charset = next((other.strip()[8:].strip('"').lower() for other in others
                    if other.strip().lower().startswith("charset=")), None)
    return kind.strip().lower(), charset


def _form(request):
    return {name: values[0] for name, values in parse_qs(
        request.body.decode(errors="replace"),
        keep_blank_values=True).items()}
