"""The JSON shapes of GitLab's REST API, in full."""

from .clock import iso_millis

SITE = "https://gitlab.example.com"


def user(user_id, name, username, email):
    """A user, as /user shows the token's own."""
    return {
        "id": user_id, "username": username, "name": name,
        "state": "active", "locked": False, "avatar_url": None,
        "web_url": f"{SITE}/{username}", "email": email,
        "public_email": None, "bot": False, "is_admin": False,
        "can_create_group": False, "can_create_project": True,
        "two_factor_enabled": True, "external": False}


def reference(shape):
    """How other objects show a user; None stays None."""
    if shape is None:
        return None
    return {name: shape[name] for name in (
        "id", "username", "name", "state", "locked", "avatar_url",
        "web_url")}


def project(project_id, path, has_issues, moment):
    """A project; path has its namespace."""
    namespace, _, name = path.rpartition("/")
    created = iso_millis(moment)
    return {
        "id": project_id, "description": None, "name": name,
        "name_with_namespace": path.replace("/", " / "), "path": name,
        "path_with_namespace": path, "created_at": created,
        "default_branch": "main", "tag_list": [], "topics": [],
        "ssh_url_to_repo": f"git@gitlab.example.com:{path}.git",
        "http_url_to_repo": f"{SITE}/{path}.git",
        "web_url": f"{SITE}/{path}", "readme_url": None,
        "avatar_url": None, "forks_count": 0, "star_count": 0,
        "last_activity_at": created, "visibility": "private",
        "archived": False, "empty_repo": False,
        "namespace": {"id": 2, "name": namespace, "path": namespace,
                      "kind": "group", "full_path": namespace,
                      "parent_id": None, "avatar_url": None,
                      "web_url": f"{SITE}/groups/{namespace}"},
        "_links": {"self": f"{SITE}/api/v4/projects/{project_id}",
                   "issues": f"{SITE}/api/v4/projects/{project_id}/issues"},
        "issues_enabled": has_issues, "merge_requests_enabled": True,
        "issues_access_level": "enabled" if has_issues else "disabled",
        "open_issues_count": 0, "permissions": {
            "project_access": {"access_level": 30, "notification_level": 3},
            "group_access": None}}


def issue(issue_id, iid, of_project, title, author, moment):
    """An open issue without what its creator says besides."""
    created = iso_millis(moment)
    path = of_project["path_with_namespace"]
    api = f"{SITE}/api/v4/projects/{of_project['id']}"
    return {
        "id": issue_id, "iid": iid, "project_id": of_project["id"],
        "title": title, "description": None, "state": "opened",
        "created_at": created, "updated_at": created, "closed_at": None,
        "closed_by": None, "labels": [], "milestone": None,
        "assignees": [], "author": reference(author), "type": "ISSUE",
        "assignee": None, "user_notes_count": 0, "merge_requests_count": 0,
        "upvotes": 0, "downvotes": 0, "due_date": None,
        "confidential": False, "discussion_locked": None,
        "issue_type": "issue",
        "web_url": f"{SITE}/{path}/-/issues/{iid}",
        "time_stats": {"time_estimate": 0, "total_time_spent": 0,
                       "human_time_estimate": None,
                       "human_total_time_spent": None},
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_tasks": False, "severity": "UNKNOWN", "subscribed": True,
        "moved_to_id": None, "service_desk_reply_to": None,
        "references": {"short": f"#{iid}", "relative": f"#{iid}",
                       "full": f"{path}#{iid}"},
        "_links": {"self": f"{api}/issues/{iid}",
                   "notes": f"{api}/issues/{iid}/notes",
                   "award_emoji": f"{api}/issues/{iid}/award_emoji",
                   "project": api, "closed_as_duplicate_of": None}}


def note(note_id, of_issue, author, body, internal, moment):
    """A comment on an issue."""
    created = iso_millis(moment)
    return {
        "id": note_id, "type": None, "body": body,
        "author": reference(author), "created_at": created,
        "updated_at": created, "system": False,
        "noteable_id": of_issue["id"], "noteable_type": "Issue",
        "project_id": of_issue["project_id"],
        "noteable_iid": of_issue["iid"], "resolvable": False,
        "confidential": internal, "internal": internal, "imported": False,
        "imported_from": "none", "commands_changes": {}}
