"""Zendesk's search language, as far as it concerns tickets."""

import re

from .clock import parse_iso

ORDER = {"priority": ("low", "normal", "high", "urgent"),
         "status": ("new", "open", "pending", "hold", "solved", "closed")}
FIELDS = {"priority": "priority", "status": "status",
          "ticket_type": "type", "tags": "tags",
          "form": "ticket_form_id", "ticket_form_id": "ticket_form_id",
          "organization": "organization_id", "requester": "requester_id",
          "assignee": "assignee_id", "created": "created_at",
          "updated": "updated_at"}
TERM = re.compile(r'(-?)(?:(\w+)(:|<=|>=|<|>))?("[^"]*"|\S+)')


def search_tickets(tickets, query):
    """The tickets that a query finds; terms of one field are alternatives,
    excluded ones (with a minus) are not."""
    alternatives = {}
    tests = []
    for minus, name, operator, value in TERM.findall(query):
        value = value.strip('"')
        if (name, value) == ("type", "ticket"):
            continue
        if name not in FIELDS:
            tests.append(_words(value if not name else f"{name}:{value}"))
        elif minus:
            tests.append(_negated(_term(name, operator, value)))
        elif operator == ":":
            alternatives.setdefault(name, []).append(
                _term(name, operator, value))
        else:
            tests.append(_term(name, operator, value))
    tests.extend(_any(terms) for terms in alternatives.values())
    return [ticket for ticket in tickets
            if ticket["status"] != "deleted"
            and all(test(ticket) for test in tests)]


def _words(text):
    return lambda ticket: (text.lower() in ticket["subject"].lower()
                           or text.lower() in ticket["description"].lower())


def _negated(test):
    return lambda ticket: not test(ticket)


def _any(tests):
    return lambda ticket: any(test(ticket) for test in tests)


def _term(name, operator, value):
    def test(ticket):
        actual = ticket[FIELDS[name]]
        if isinstance(actual, list):
            return value.lower() in actual
        if actual is None:
            return value == "none"
        if operator == ":" and not FIELDS[name].endswith("_at"):
            return str(actual) == value
        return _compare(_rank(name, actual), operator, _rank(name, value))
    return test


def _rank(name, value):
    """What of a field's value < and > compare."""
    if name in ORDER:
        known = ORDER[name]
        return known.index(value) if value in known else -1
    if FIELDS[name].endswith("_at"):
        return parse_iso(value)
    return value


def _compare(left, operator, right):
    if operator == "<":
        return left < right
    if operator == ">":
        return left > right
    if operator == "<=":
        return left <= right
    if operator == ">=":
        return left >= right
    return left == right
