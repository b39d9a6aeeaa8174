"""The JSON shapes of Slack's Web API and interaction payloads, in full."""

SITE = "https://acme-support.slack.com"
# What the stand-in remembers of a message and Slack does not show.
HIDDEN = ("channel", "versions", "ephemeral_for", "metadata")


def user(new_id, team_id, name, handle, email, *, bot=None):
    """A user; bot: the id of the bot whose user it is."""
    avatar = f"{SITE}/avatars/{new_id}"
    profile = {"title": "", "phone": "", "skype": "", "real_name": name,
               "real_name_normalized": name, "display_name": "",
               "display_name_normalized": "", "status_text": "",
               "status_emoji": "", "status_expiration": 0,
               "avatar_hash": new_id.lower(), "team": team_id,
               **{f"image_{size}": f"{avatar}-{size}.png"
                  for size in (24, 32, 48, 72, 192, 512)}}
    if bot:
        profile.update(bot_id=bot, always_active=True)
    else:
        profile["email"] = email
    return {
        "id": new_id, "team_id": team_id, "name": handle, "deleted": False,
        "color": "9f69e7", "real_name": name, "tz": "Etc/UTC",
        "tz_label": "Coordinated Universal Time", "tz_offset": 0,
        "profile": profile, "is_admin": False, "is_owner": False,
        "is_primary_owner": False, "is_restricted": False,
        "is_ultra_restricted": False, "is_bot": bool(bot),
        "is_app_user": False, "updated": 1700000000,
        "is_email_confirmed": not bot,
        "who_can_share_contact_card": "EVERYONE"}


def channel(new_id, team_id, name, creator, moment):
    """A public channel."""
    return {
        "id": new_id, "name": name, "name_normalized": name,
        "is_channel": True, "is_group": False, "is_im": False,
        "is_mpim": False, "is_private": False,
        "created": int(moment.timestamp()), "creator": creator,
        "is_archived": False, "is_general": False, "unlinked": 0,
        "is_shared": False, "is_ext_shared": False, "is_org_shared": False,
        "context_team_id": team_id, "shared_team_ids": [team_id],
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": []}


def direct_channel(new_id, team_id, with_user, moment):
    """The conversation of the app with one user."""
    return {"id": new_id, "name": "directmessage", "is_im": True,
            "is_channel": False, "is_archived": False, "user": with_user,
            "created": int(moment.timestamp()), "context_team_id": team_id}


def user_group(new_id, team_id, name, handle, users, creator, moment):
    """A user group, with its users."""
    created = int(moment.timestamp())
    return {
        "id": new_id, "team_id": team_id, "is_usergroup": True,
        "is_subteam": True, "name": name, "description": "",
        "handle": handle, "is_external": False, "date_create": created,
        "date_update": created, "date_delete": 0, "auto_type": None,
        "auto_provision": False, "enterprise_subteam_id": "",
        "created_by": creator, "updated_by": creator, "deleted_by": None,
        "prefs": {"channels": [], "groups": []}, "users": users,
        "user_count": len(users), "channel_count": 0}


def message(kept, replies=(), *, payloads=False):
    """A message as the API shows it.

    payloads: with the whole metadata; without, only its type is shown.
    """
    shown = {name: value for name, value in kept.items()
             if name not in HIDDEN and value not in (None, [])}
    if kept["metadata"]:
        shown["metadata"] = kept["metadata"] if payloads else {
            "event_type": kept["metadata"]["event_type"]}
    if replies:
        users = list(dict.fromkeys(reply["user"] for reply in replies))
        shown.update(
            thread_ts=kept["ts"], reply_count=len(replies),
            reply_users_count=len(users), reply_users=users,
            latest_reply=replies[-1]["ts"], is_locked=False,
            subscribed=False)
    return shown


def action(block_id, element, chosen, action_ts):
    """An entry of a payload's actions; chosen: an option or a user's id."""
    shown = {"action_id": element["action_id"], "block_id": block_id}
    for name in ("text", "value", "url", "style", "placeholder", "confirm"):
        if name in element:
            shown[name] = element[name]
    if element["type"] == "users_select":
        shown["selected_user"] = chosen
    elif element["type"] != "button":
        shown["selected_option"] = chosen
    return {**shown, "type": element["type"], "action_ts": action_ts}


def block_actions(slack, by, kept, state, actions, trigger_id, url):
    """The payload for a press; state: the values of the selects."""
    container = {"type": "message", "message_ts": kept["ts"],
                 "channel_id": kept["channel"],
                 "is_ephemeral": kept["ephemeral_for"] is not None}
    if kept["thread_ts"]:
        container["thread_ts"] = kept["thread_ts"]
    payload = {
        "type": "block_actions",
        "user": {"id": by["id"], "username": by["name"],
                 "name": by["name"], "team_id": by["team_id"]},
        "api_app_id": slack.app_id, "token": slack.verification_token,
        "container": container, "trigger_id": trigger_id,
        "team": {"id": slack.team["id"], "domain": slack.team["domain"]},
        "enterprise": None, "is_enterprise_install": False,
        "channel": {"id": kept["channel"],
                    "name": slack.channels[kept["channel"]]["name"]}}
    if kept["ephemeral_for"] is None:
        payload["message"] = message(kept, slack.thread(
            kept["channel"], kept["ts"]), payloads=True)
    return {**payload, "state": {"values": state}, "response_url": url,
            "actions": actions}


def command(slack, by, channel_shape, name, text, trigger_id, url):
    """The form of a slash command."""
    return {
        "token": slack.verification_token, "team_id": slack.team["id"],
        "team_domain": slack.team["domain"],
        "channel_id": channel_shape["id"],
        "channel_name": channel_shape["name"], "user_id": by["id"],
        "user_name": by["name"], "command": name, "text": text,
        "api_app_id": slack.app_id, "is_enterprise_install": "false",
        "response_url": url, "trigger_id": trigger_id}
