"""The JSON shapes of Zoom's Meeting API and webhooks, in full."""

import secrets

from .clock import iso_seconds

SITE = "https://us05web.zoom.us"
INSTANT = 1
SCHEDULED = 2
# What a new meeting has unless its creator says otherwise.
DEFAULT_SETTINGS = {
    "host_video": False, "participant_video": False, "cn_meeting": False,
    "in_meeting": False, "join_before_host": False, "jbh_time": 0,
    "mute_upon_entry": False, "watermark": False, "use_pmi": False,
    "approval_type": 2, "audio": "both", "auto_recording": "none",
    "enforce_login": False, "enforce_login_domains": "",
    "alternative_hosts": "", "alternative_host_update_polls": False,
    "close_registration": False, "show_share_button": False,
    "allow_multiple_devices": False,
    "registrants_confirmation_email": True, "waiting_room": False,
    "request_permission_to_unmute_participants": False,
    "registrants_email_notification": True,
    "meeting_authentication": False, "encryption_type": "enhanced_encryption",
    "approved_or_denied_countries_or_regions": {"enable": False},
    "breakout_room": {"enable": False}, "internal_meeting": False,
    "continuous_meeting_chat": {"enable": False},
    "participant_focused_meeting": False, "push_change_to_calendar": False,
    "resources": [], "auto_start_meeting_summary": False,
    "alternative_hosts_email_notification": True,
    "show_join_info": False, "device_testing": False,
    "focus_mode": False, "enable_dedicated_group_chat": False,
    "private_meeting": False, "email_notification": True,
    "host_save_video_order": False, "sign_language_interpretation": {
        "enable": False},
    "email_in_attendee_report": False}
LISTED = ("uuid", "id", "host_id", "topic", "type", "start_time", "duration",
          "timezone", "agenda", "created_at", "join_url")


def user(user_id, account_id, name, email, timezone, moment):
    """A licensed user."""
    first, _, last = name.partition(" ")
    created = iso_seconds(moment)
    return {
        "id": user_id, "first_name": first, "last_name": last,
        "display_name": name, "email": email, "type": 2,
        "role_name": "Member", "pmi": 4_000_000_000 + secrets.randbelow(
            10**9), "use_pmi": False,
        "personal_meeting_url": f"{SITE}/j/4000000000", "timezone": timezone,
        "verified": 1, "dept": "", "created_at": created,
        "user_created_at": created, "last_login_time": created,
        "last_client_version": "", "cms_user_id": "", "jid": (
            f"{user_id.lower()}@xmpp.zoom.us"), "group_ids": [],
        "im_group_ids": [], "account_id": account_id, "language": "en-US",
        "phone_country": "", "phone_number": "", "status": "active",
        "job_title": "", "cost_center": "", "company": "", "location": "",
        "login_types": [100], "role_id": "2", "account_number": 10001,
        "cluster": "us05"}


def meeting(number, uuid, host, topic, kind, settings, moment):
    """A meeting that nobody has joined yet."""
    password = secrets.token_hex(3)
    encrypted = secrets.token_urlsafe(24)
    created = iso_seconds(moment)
    shape = {
        "uuid": uuid, "id": number, "host_id": host["id"],
        "host_email": host["email"], "topic": topic, "type": kind,
        "status": "waiting", "duration": 60, "timezone": (
            host["timezone"] or "UTC"), "agenda": "", "created_at": created,
        "start_url": f"{SITE}/s/{number}?zak={secrets.token_urlsafe(160)}",
        "join_url": f"{SITE}/j/{number}?pwd={encrypted}.1",
        "password": password, "h323_password": password,
        "pstn_password": password, "encrypted_password": encrypted,
        "settings": settings, "creation_source": "open_api",
        "pre_schedule": False}
    if kind == SCHEDULED:
        shape["start_time"] = created
    return shape


def listed(shape):
    """How the list of a user's meetings shows one."""
    return {name: shape[name] for name in LISTED if name in shape}


def participant(number, name, email, user_id, moment):
    """Who is in a meeting; user_id is empty for those not signed in."""
    return {
        "user_id": str(number), "user_name": name, "registrant_id": None,
        "participant_user_id": user_id, "id": user_id,
        "participant_uuid": secrets.token_urlsafe(16), "email": email,
        "join_time": iso_seconds(moment), "phone_number": "",
        "customer_key": ""}


def left(shape, moment, reason):
    """How meeting.participant_left shows a participant."""
    return {**{name: value for name, value in shape.items()
               if name != "join_time"},
            "leave_time": iso_seconds(moment),
            "leave_reason": f"{shape['user_name']} left the meeting."
                            f"<br>Reason: {reason}"}


def event(name, account_id, of_meeting, started_at, moment, more):
    """The body of a webhook; more: what its object has besides."""
    return {
        "payload": {"account_id": account_id, "object": {
            "uuid": of_meeting["uuid"], **more, "id": str(of_meeting["id"]),
            "type": of_meeting["type"], "topic": of_meeting["topic"],
            "host_id": of_meeting["host_id"],
            "duration": (0 if of_meeting["type"] == INSTANT
                         else of_meeting["duration"]),
            "start_time": iso_seconds(started_at or moment),
            "timezone": ("" if of_meeting["type"] == INSTANT
                         else of_meeting["timezone"])}},
        "event_ts": int(moment.timestamp() * 1000), "event": name}
