"""The JSON shapes of Zendesk's Ticketing API, in full."""

import html

from .clock import iso_seconds

CUSTOM_STATUS_IDS = {"new": 8447320465701, "open": 8447320465702,
                     "pending": 8447320465703, "hold": 8447320465704,
                     "solved": 8447320465705, "closed": 8447320465706,
                     "deleted": 8447320465707}
BRAND_ID = 8447346621310
GROUP_ID = 8447320466430
SYSTEM = {"client": "Mozilla/5.0 (X11; Linux x86_64)",
          "ip_address": "192.0.2.7", "location": "London, United Kingdom",
          "latitude": 51.5, "longitude": -0.1}


def via(channel, rel=None, origin=None):
    """Where something came from."""
    return {"channel": channel,
            "source": {"from": origin or {}, "to": {}, "rel": rel}}


def user(base, user_id, name, email, role, organization_id, time_zones,
         moment):
    """A user; role is end-user, agent or admin; time_zones: Zendesk's own
    name and IANA's."""
    created = iso_seconds(moment)
    return {
        "id": user_id, "url": f"{base}/api/v2/users/{user_id}.json",
        "name": name, "email": email, "created_at": created,
        "updated_at": created, "time_zone": time_zones[0],
        "iana_time_zone": time_zones[1], "phone": None,
        "shared_phone_number": None, "photo": None, "locale_id": 1,
        "locale": "en-US", "organization_id": organization_id, "role": role,
        "verified": True, "external_id": None, "tags": [], "alias": None,
        "active": True, "shared": False, "shared_agent": False,
        "last_login_at": created, "two_factor_auth_enabled": None,
        "signature": None, "details": None, "notes": None,
        "role_type": None if role == "end-user" else 0,
        "custom_role_id": None, "moderator": role != "end-user",
        "ticket_restriction": "requested" if role == "end-user" else None,
        "only_private_comments": False, "restricted_agent": False,
        "suspended": False, "default_group_id": None, "report_csv": False,
        "user_fields": {}}


def organization(base, organization_id, name, fields, tags, domains, moment):
    """An organization; fields: keyed by the field's key."""
    created = iso_seconds(moment)
    return {
        "url": f"{base}/api/v2/organizations/{organization_id}.json",
        "id": organization_id, "name": name, "shared_tickets": False,
        "shared_comments": False, "external_id": None, "created_at": created,
        "updated_at": created, "domain_names": domains, "details": None,
        "notes": None, "group_id": None, "tags": tags,
        "organization_fields": fields}


def ticket(base, ticket_id, moment):
    """A ticket without what its creator says."""
    created = iso_seconds(moment)
    return {
        "url": f"{base}/api/v2/tickets/{ticket_id}.json", "id": ticket_id,
        "external_id": None, "via": via("web"), "created_at": created,
        "updated_at": created, "generated_timestamp": int(moment.timestamp()),
        "type": "incident", "subject": "", "raw_subject": "",
        "description": "", "priority": None, "status": "new",
        "recipient": None, "requester_id": None, "submitter_id": None,
        "assignee_id": None, "organization_id": None, "group_id": GROUP_ID,
        "collaborator_ids": [], "follower_ids": [], "email_cc_ids": [],
        "forum_topic_id": None, "problem_id": None, "has_incidents": False,
        "is_public": True, "due_at": None, "tags": [], "custom_fields": [],
        "satisfaction_rating": None, "sharing_agreement_ids": [],
        "custom_status_id": CUSTOM_STATUS_IDS["new"],
        "encoded_id": f"QX{ticket_id}-{ticket_id}", "fields": [],
        "followup_ids": [], "ticket_form_id": None, "brand_id": BRAND_ID,
        "allow_channelback": False, "allow_attachments": True,
        "from_messaging_channel": False}


def audit(audit_id, ticket_id, author_id, origin, moment, custom):
    """An audit without events; custom: what the update's metadata said."""
    return {
        "id": audit_id, "ticket_id": ticket_id,
        "created_at": iso_seconds(moment), "author_id": author_id,
        "metadata": {"system": SYSTEM, "custom": custom}, "events": [],
        "via": origin}


def comment(comment_id, audit_of, author_id, body, html_body, public):
    """A comment; of body and html_body one may be None."""
    if html_body is None:
        html_body = ('<div class="zd-comment" dir="auto">'
                     + html.escape(body).replace("\n", "<br>") + "</div>")
    elif body is None:
        body = html_body
    return {
        "id": comment_id, "type": "Comment", "author_id": author_id,
        "body": body, "html_body": html_body, "plain_body": body,
        "public": public, "attachments": [], "audit_id": audit_of["id"],
        "via": audit_of["via"], "created_at": audit_of["created_at"],
        "metadata": {"system": SYSTEM,
                     "custom": audit_of["metadata"]["custom"]}}


def comment_event(shape):
    """How an audit shows a comment."""
    return {key: shape[key] for key in (
        "id", "type", "author_id", "body", "html_body", "plain_body",
        "public", "attachments", "audit_id")}


def field_event(event_id, name, value, previous, created):
    """How an audit shows a field: Create or Change, numbers as text."""
    event = {"id": event_id, "type": "Create" if created else "Change",
             "field_name": name, "value": _audit_value(value)}
    if not created:
        event["previous_value"] = _audit_value(previous)
    return event


def macro(base, macro_id, title, actions, moment):
    """A macro; actions: [{field, value}]."""
    created = iso_seconds(moment)
    return {
        "url": f"{base}/api/v2/macros/{macro_id}.json", "id": macro_id,
        "title": title, "raw_title": title, "active": True,
        "default": False, "created_at": created, "updated_at": created,
        "position": macro_id, "description": None, "actions": actions,
        "restriction": None}


def macro_event(event_id, of_macro):
    """How an audit shows that a macro was applied."""
    return {"id": event_id, "type": "AgentMacroReference",
            "macro_id": str(of_macro["id"]),
            "macro_title": of_macro["title"], "macro_deleted": False}


def _audit_value(value):
    return str(value) if type(value) is int else value


def suspended_ticket(base, suspended_id, author, subject, content, ticket_id,
                     cause, moment):
    """A suspended message; author: {name, email}."""
    created = iso_seconds(moment)
    return {
        "url": f"{base}/api/v2/suspended_tickets/{suspended_id}.json",
        "id": suspended_id,
        "author": {"id": None, "name": author["name"],
                   "email": author["email"]},
        "subject": subject, "content": content, "cause": cause,
        "cause_id": 0, "error_messages": None, "message_id": None,
        "ticket_id": ticket_id, "recipient": "support@example.com",
        "created_at": created, "updated_at": created, "attachments": [],
        "brand_id": BRAND_ID,
        "via": via("email", origin={"address": author["email"],
                                    "name": author["name"]})}
