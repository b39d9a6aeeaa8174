"""What is in GitLab, and the control API by which tests change it.

Users, projects and issues are the dicts that the API shows; where a user or
a project is wanted, its id will do as well.
"""

import itertools
import re

from . import gitlab_shapes as shapes
from .clock import iso_millis

QUICK_ACTION = re.compile(r"^/([a-z_]+)[ \t]*(.*)$", re.MULTILINE)
LABEL = re.compile(r'~(?:"([^"]+)"|([^\s~"]+))')
TASK = re.compile(r"^\s*[-*+] \[([ xX])\] ", re.MULTILINE)


def id_of(thing):
    """The id of a dict or an id."""
    return thing["id"] if isinstance(thing, dict) else thing


class GitLabModel:
    """The state and the control API; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.users = {}
        self.projects = {}
        self.templates = {}
        self.issues = {}
        self.notes = {}
        self._ids = itertools.count(3001)

    # -- control API -------------------------------------------------------

    def create_user(self, name, username, email):
        with self.world.changed:
            new_id = next(self._ids)
            self.users[new_id] = shapes.user(new_id, name, username, email)
            return self.users[new_id]

    def create_project(self, path, *, has_issues=True):
        """path: group/project."""
        with self.world.changed:
            new_id = next(self._ids)
            self.projects[new_id] = shapes.project(
                new_id, path, has_issues, self.clock.now())
            self.templates[new_id] = {}
            self.issues[new_id] = []
            return self.projects[new_id]

    def add_template(self, project, name, content):
        """An issue template: .gitlab/issue_templates/<name>.md."""
        with self.world.changed:
            self.templates[id_of(project)][name] = content

    def create_issue(self, project, title, author, *, description=None,
                     labels=(), confidential=False, assignees=(),
                     issue_type="issue", due_date=None, at=None):
        """An issue; quick actions in its description take effect."""
        with self.world.changed:
            project = self.projects[id_of(project)]
            issues = self.issues[project["id"]]
            issue = shapes.issue(
                next(self._ids), len(issues) + 1, project, title,
                self.users[id_of(author)], at or self.clock.now())
            issue.update(labels=sorted(set(labels)), due_date=due_date,
                         confidential=confidential, issue_type=issue_type,
                         type=issue_type.upper())
            self._assign(issue, assignees)
            self._describe(issue, description)
            issues.append(issue)
            self.notes[issue["id"]] = []
            self.world.changed.notify_all()
            return issue

    def update_issue(self, issue, *, by, state=None, description=None,
                     assignees=None, at=None, **fields):
        """Changes an issue; state is opened or closed."""
        with self.world.changed:
            moment = at or self.clock.now()
            issue.update(fields, updated_at=iso_millis(moment))
            if assignees is not None:
                self._assign(issue, assignees)
            if description is not None:
                self._describe(issue, description)
            if state:
                closed = state == "closed"
                issue.update(
                    state=state,
                    closed_at=iso_millis(moment) if closed else None,
                    closed_by=shapes.reference(self.users[id_of(by)])
                    if closed else None)
            self.world.changed.notify_all()

    def add_note(self, issue, author, body, *, internal=False, at=None):
        """A comment on an issue; returns it."""
        with self.world.changed:
            note = shapes.note(next(self._ids), issue,
                               self.users[id_of(author)], body, internal,
                               at or self.clock.now())
            self.notes[issue["id"]].append(note)
            issue["user_notes_count"] += 1
            issue["updated_at"] = note["created_at"]
            self.world.changed.notify_all()
            return note

    # -- details -----------------------------------------------------------

    def _assign(self, issue, assignees):
        issue["assignees"] = [shapes.reference(self.users[id_of(user)])
                              for user in assignees]
        issue["assignee"] = (issue["assignees"] or [None])[0]

    def _describe(self, issue, description):
        issue["description"] = description and _act(issue, description)
        done = TASK.findall(issue["description"] or "")
        issue["has_tasks"] = bool(done)
        issue["task_completion_status"] = {
            "count": len(done),
            "completed_count": sum(mark != " " for mark in done)}


def _act(issue, description):
    """Does the quick actions that GitLab does; the text without them."""
    def act(match):
        name, argument = match.groups()
        if name in ("label", "labels"):
            labels = {quoted or plain
                      for quoted, plain in LABEL.findall(argument)}
            issue["labels"] = sorted(labels | set(issue["labels"]))
        elif name == "confidential":
            issue["confidential"] = True
        elif name == "due":
            issue["due_date"] = argument.strip()
        elif name == "title":
            issue["title"] = argument.strip()
        elif name == "close":
            issue["state"] = "closed"
        elif name not in ("assign", "cc", "todo", "milestone"):
            return match.group()
        return ""

    return QUICK_ACTION.sub(act, description).strip()
