"""The JSON shapes of PagerDuty's REST API and webhooks, in full."""

from .clock import iso_millis, iso_seconds

API = "https://api.pagerduty.com"
SITE = "https://acme.pagerduty.com"
# A reference's type → the folder of its addresses.
FOLDERS = {"user": "users", "service": "services", "incident": "incidents",
           "schedule": "schedules",
           "escalation_policy": "escalation_policies"}


def reference(thing):
    """How other objects show a thing; None stays None."""
    if thing is None:
        return None
    return {"id": thing["id"], "type": _kind(thing) + "_reference",
            "summary": thing["summary"], "self": thing["self"],
            "html_url": thing["html_url"]}


def named(kind, new_id, name, **more):
    """A user, service, schedule or escalation policy."""
    folder = FOLDERS[kind]
    return {"id": new_id, "type": kind, "summary": name,
            "self": f"{API}/{folder}/{new_id}",
            "html_url": f"{SITE}/{folder}/{new_id}", "name": name, **more}


def user(new_id, name, email, role, time_zone):
    """A user."""
    return named("user", new_id, name, email=email, time_zone=time_zone,
                 color="green", avatar_url=f"{SITE}/avatars/{new_id}.png",
                 billed=True, role=role, description=None,
                 invitation_sent=False, job_title=None, teams=[],
                 contact_methods=[], notification_rules=[],
                 coordinated_incidents=[])


def service(new_id, name, policy, moment):
    """A service."""
    return named("service", new_id, name, description=None,
                 created_at=iso_seconds(moment), status="active",
                 auto_resolve_timeout=None, acknowledgement_timeout=None,
                 teams=[], escalation_policy=reference(policy),
                 alert_creation="create_alerts_and_incidents",
                 integrations=[], addons=[])


def incident(new_id, number, title, of_service, policy, key, urgency,
             incident_type, moment):
    """A triggered incident, assigned to nobody yet."""
    created = iso_seconds(moment)
    return {
        "id": new_id, "type": "incident",
        "summary": f"[#{number}] {title}",
        "self": f"{API}/incidents/{new_id}",
        "html_url": f"{SITE}/incidents/{new_id}",
        "incident_number": number, "title": title, "created_at": created,
        "updated_at": created, "status": "triggered", "incident_key": key,
        "service": reference(of_service), "assignments": [],
        "assigned_via": "escalation_policy",
        "last_status_change_at": created,
        "last_status_change_by": reference(of_service),
        "resolved_at": None,
        "first_trigger_log_entry": {
            "id": "R" + new_id, "type": "trigger_log_entry_reference",
            "summary": "Triggered", "self": f"{API}/log_entries/R{new_id}",
            "html_url": f"{SITE}/incidents/{new_id}/log_entries/R{new_id}"},
        "alert_counts": {"all": 0, "triggered": 0, "resolved": 0},
        "is_mergeable": True, "incident_type": {"name": incident_type},
        "escalation_policy": reference(policy), "teams": [],
        "pending_actions": [], "acknowledgements": [],
        "alert_grouping": None, "priority": None, "resolve_reason": None,
        "incidents_responders": [], "responder_requests": [],
        "subscriber_requests": [], "urgency": urgency,
        "conference_bridge": None, "description": title}


def incident_data(shape, reopened_at):
    """How a webhook's data shows an incident."""
    return {
        "id": shape["id"], "type": "incident", "self": shape["self"],
        "html_url": shape["html_url"], "number": shape["incident_number"],
        "status": shape["status"], "incident_key": shape["incident_key"],
        "created_at": shape["created_at"], "reopened_at": reopened_at,
        "title": shape["title"], "service": shape["service"],
        "assignees": [entry["assignee"] for entry in shape["assignments"]],
        "escalation_policy": shape["escalation_policy"],
        "teams": shape["teams"], "priority": shape["priority"],
        "urgency": shape["urgency"],
        "conference_bridge": shape["conference_bridge"],
        "resolve_reason": shape["resolve_reason"],
        "incident_type": shape["incident_type"]}


def alert(new_id, of_incident, given, moment):
    """An alert; given: summary, details, severity, contexts, alert_key."""
    return {
        "id": new_id, "type": "alert", "summary": given["summary"],
        "self": f"{of_incident['self']}/alerts/{new_id}",
        "html_url": f"{SITE}/alerts/{new_id}",
        "created_at": iso_seconds(moment), "status": "triggered",
        "alert_key": given["alert_key"], "service": of_incident["service"],
        "body": {"type": "alert_body",
                 "contexts": given.get("contexts", []),
                 "details": given.get("details", {})},
        "incident": {"id": of_incident["id"], "type": "incident_reference"},
        "suppressed": False, "severity": given.get("severity", "critical"),
        "integration": {
            "id": "PQ12345",
            "type": "events_api_v2_inbound_integration_reference",
            "summary": "Events API v2",
            "self": f"{of_incident['service']['self']}/integrations/PQ12345",
            "html_url": f"{of_incident['service']['html_url']}"
                        "/integrations/PQ12345"}}


def note(new_id, author, content, channel, moment):
    """A note as REST shows it."""
    return {"id": new_id, "user": reference(author),
            "channel": {"summary": channel}, "content": content,
            "created_at": iso_seconds(moment)}


def note_data(of_incident, shape):
    """How a webhook's data shows a note."""
    return {"incident": reference(of_incident), "id": shape["id"],
            "content": shape["content"], "trimmed": False,
            "type": "incident_note"}


def oncall(on_user, schedule, policy, level, start, end):
    """Who is on call; start and end None: always."""
    return {"escalation_policy": reference(policy),
            "escalation_level": level, "schedule": reference(schedule),
            "user": reference(on_user),
            "start": None if start is None else iso_seconds(start),
            "end": None if end is None else iso_seconds(end)}


def event(event_id, event_type, resource_type, moment, agent, data):
    """The envelope of a V3 webhook."""
    return {"event": {
        "id": event_id, "event_type": event_type,
        "resource_type": resource_type, "occurred_at": iso_millis(moment),
        "agent": reference(agent), "client": None, "data": data}}


def _kind(thing):
    return thing["type"].removesuffix("_reference")
