"""Zendesk's two kinds of paging: by cursor, and by page number."""

import base64
from urllib.parse import urlencode

from .http_service import ApiError

MAX_PAGE = 100


def page_of(service, request, items, key):
    """One page of items (oldest first) under key, as the request asks.

    page[size] (or page[after], page[before]) asks for a cursor; sort=-…
    and sort_order=desc for the newest first.
    """
    newest_first = (request.arg("sort", "").startswith("-")
                    or request.arg("sort_order") == "desc")
    items = list(reversed(items)) if newest_first else list(items)
    if any(name.startswith("page[") for name in request.query):
        return _cursor_page(service, request, items, key)
    return numbered_page(service, request, items, key)


def numbered_page(service, request, items, key):
    """One page of items as they are, by page and per_page."""
    size = min(_number(request, "per_page", MAX_PAGE), MAX_PAGE)
    page = _number(request, "page", 1)
    first = (page - 1) * size
    more = first + size < len(items)
    return {key: items[first:first + size], "count": len(items),
            "next_page": _link(service, request, page=page + 1)
            if more else None,
            "previous_page": _link(service, request, page=page - 1)
            if page > 1 else None}


def _cursor_page(service, request, items, key):
    size = _number(request, "page[size]", MAX_PAGE)
    if size > MAX_PAGE:
        raise _refused("page[size] must not be greater than 100")
    ids = [item["id"] for item in items]
    before = request.arg("page[before]")
    if before is not None:
        end = ids.index(_cursor_id(before, ids))
        first = max(0, end - size)
    else:
        after = request.arg("page[after]")
        first = 0 if after is None else ids.index(
            _cursor_id(after, ids)) + 1
        end = min(first + size, len(items))
    shown = items[first:end]
    after, before = (_cursor(shown[-1]), _cursor(shown[0])) if shown else (
        None, None)
    return {key: shown,
            "meta": {"has_more": end < len(items), "after_cursor": after,
                     "before_cursor": before},
            "links": {
                "next": _link(service, request, **{"page[after]": after})
                if end < len(items) else None,
                "prev": _link(service, request, **{"page[before]": before})
                if first > 0 else None}}


def _cursor(item):
    return base64.urlsafe_b64encode(f"o:{item['id']}".encode()).decode()


def _cursor_id(cursor, ids):
    try:
        found = int(base64.urlsafe_b64decode(cursor).decode()[2:])
    except ValueError:
        found = None
    if found not in ids:
        raise _refused("the cursor is not valid")
    return found


def _number(request, name, default):
    text = request.arg(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise _refused(f"{name} must be a positive integer")
    return int(text)


def _link(service, request, **changed):
    query = {name: values[0] for name, values in request.query.items()
             if not name.startswith("page[")}
    size = request.arg("page[size]")
    if size and "page" not in changed:
        query["page[size]"] = size
    query.update({name: value for name, value in changed.items()
                  if value is not None})
    return f"{service.url}{request.path}?{urlencode(query)}"


def _refused(detail):
    return ApiError(400, {"errors": [
        {"code": "InvalidPaginationParameter",
         "title": "Invalid pagination parameter", "detail": detail}]})
