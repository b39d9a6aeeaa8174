"""What is in Zendesk, and the control API by which tests change it.

Users, organizations and tickets are the dicts that the API shows; wherever
one of them is wanted, its id will do as well.  Every change of a ticket,
by a test or by an API call, goes through change(): one audit, one set of
webhooks.
"""

import itertools

from . import zendesk_shapes as shapes
from .clock import iso_seconds
from .zendesk_webhooks import EventWebhook, TriggerWebhook

# Fields that an update may set and that its audit and webhooks show.
CHANGEABLE = ("subject", "priority", "status", "type", "requester_id",
              "assignee_id", "organization_id", "group_id", "external_id",
              "ticket_form_id", "tags")
SYSTEM_AUTHOR_ID = -1


def id_of(thing):
    """The id of a dict or an id."""
    return thing["id"] if isinstance(thing, dict) else thing


class ZendeskModel:
    """The state and the control API; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.account_id = 22129848
        self.users = {}
        self.organizations = {}
        self.macros = {}
        self.tickets = {}
        self.comments = {}
        self.audits = {}
        self.suspended_tickets = []
        self.unindexed = set()
        self._ids = itertools.count(360001)
        self._ticket_ids = itertools.count(4711)

    # -- control API -------------------------------------------------------

    def create_organization(self, name, *, fields=None, tags=(), domains=()):
        """fields: the organization's own fields, by key."""
        with self.world.changed:
            new_id = next(self._ids)
            self.organizations[new_id] = shapes.organization(
                self.url, new_id, name, dict(fields or {}), list(tags),
                list(domains), self.clock.now())
            return self.organizations[new_id]

    def set_organization_fields(self, organization, **fields):
        """Changes the organization's own fields, by key."""
        with self.world.changed:
            self.organizations[id_of(organization)][
                "organization_fields"].update(fields)

    def create_user(self, name, email, *, role="end-user", organization=None,
                    time_zone="UTC", iana_time_zone="Etc/UTC"):
        """role: end-user, agent or admin; time_zone: Zendesk's own name,
        such as Eastern Time (US & Canada)."""
        with self.world.changed:
            new_id = next(self._ids)
            self.users[new_id] = shapes.user(
                self.url, new_id, name, email, role,
                id_of(organization), (time_zone, iana_time_zone),
                self.clock.now())
            return self.users[new_id]

    def create_macro(self, title, **actions):
        """A macro: create_macro("…", comment_value="…", status="pending").

        Also comment_value_html, comment_mode_is_public ("true"), set_tags,
        current_tags (adds), remove_tags, custom_fields_<id> and more.
        """
        with self.world.changed:
            new_id = next(self._ids)
            self.macros[new_id] = shapes.macro(
                self.url, new_id, title,
                [{"field": name, "value": value}
                 for name, value in actions.items()], self.clock.now())
            return self.macros[new_id]

    def create_ticket(self, subject, requester, *, description=None,
                      priority="normal", status="open", organization=None,
                      submitter=None, assignee=None, tags=(), form=None,
                      custom_fields=None, email_ccs=(), followers=(),
                      public=True, channel="web", at=None):
        """A new ticket, whose description is its first comment.

        organization: the requester's unless given; custom_fields: {id:
        value}; at: the moment (a datetime), default now.
        """
        with self.world.changed:
            moment = at or self.clock.now()
            requester = self.users[id_of(requester)]
            ticket = shapes.ticket(self.url, next(self._ticket_ids), moment)
            ccs = [id_of(user) for user in email_ccs]
            watching = [id_of(user) for user in followers]
            ticket.update(
                description=description or subject,
                via=shapes.via(channel), is_public=public,
                submitter_id=id_of(submitter or requester),
                email_cc_ids=ccs, follower_ids=watching,
                collaborator_ids=ccs + watching)
            self.tickets[ticket["id"]] = ticket
            self.comments[ticket["id"]] = []
            self.audits[ticket["id"]] = []
            fields = {
                "subject": subject, "priority": priority, "status": status,
                "type": "incident", "requester_id": requester["id"],
                "assignee_id": id_of(assignee),
                "organization_id": (id_of(organization)
                                    or requester["organization_id"]),
                "tags": list(tags), "ticket_form_id": id_of(form),
                "custom_fields": custom_fields or {}}
            self.change(ticket, ticket["submitter_id"], fields=fields,
                        comment={"body": ticket["description"],
                                 "public": public},
                        channel=channel, at=at, created=True)
            return ticket

    def comment(self, ticket, author, body, *, public=True, channel=None,
                macro=None, at=None, **fields):
        """A comment, perhaps with changes: comment(t, a, "…", status=…).

        author: a user, or SYSTEM_AUTHOR_ID.  channel: by default email for
        end-users and web for staff.  macro: that the audit is to name.
        Returns the comment.
        """
        with self.world.changed:
            ticket = self.tickets[id_of(ticket)]
            self.change(ticket, id_of(author), fields=fields,
                        comment={"body": body, "public": public},
                        macros=[id_of(macro)] if macro else (),
                        channel=channel, at=at)
            return self.comments[ticket["id"]][-1]

    def update(self, ticket, *, by, channel=None, at=None, **fields):
        """Changes fields: update(t, by=agent, priority="high").

        custom_fields: {id: value}.  Returns the audit.
        """
        with self.world.changed:
            return self.change(self.tickets[id_of(ticket)], id_of(by),
                               fields=fields, channel=channel, at=at)

    def merge(self, ticket, into, *, by, at=None):
        """Merges a ticket into another, with the notes Zendesk writes."""
        with self.world.changed:
            source = self.tickets[id_of(ticket)]
            target = self.tickets[id_of(into)]
            number, wanted = source["id"], target["id"]
            origin = shapes.via("system", "merge", {"ticket_id": number})
            self.change(target, id_of(by), via=origin, at=at, comment={
                "body": f"Request #{number} \"{source['subject']}\" was "
                        "closed and merged into this request.",
                "public": False})
            self.change(source, id_of(by), via=origin, at=at, comment={
                "body": "This request was closed and merged into request "
                        f"#{wanted} \"{target['subject']}\".",
                "public": False},
                fields={"status": "closed",
                        "tags": source["tags"] + ["closed_by_merge"]})
            for webhook in self.webhooks:
                webhook.ticket_merged(source, wanted, id_of(by))

    def delete(self, ticket, *, by, at=None):
        """Deletes a ticket: the API no longer finds it."""
        self.update(ticket, by=by, at=at, status="deleted")

    def suspend(self, author_name, author_email, subject, content, *,
                ticket=None, cause="Detected as spam"):
        """A message that Zendesk caught instead of making it a comment."""
        with self.world.changed:
            author = {"name": author_name, "email": author_email}
            self.suspended_tickets.append(shapes.suspended_ticket(
                self.url, next(self._ids), author, subject, content,
                id_of(ticket), cause, self.clock.now()))

    def add_trigger_webhook(self, url, secret):
        """Connects a webhook to three triggers; their bodies hold ids only.

        ticket.urgent: created with or changed to urgent; ticket.comment: a
        comment on an existing ticket; ticket.updated: its fields changed.
        """
        return self._add_webhook(TriggerWebhook(self, url, secret))

    def add_event_webhook(self, url, secret, *, big_sequence=False):
        """Subscribes a webhook to the ticket events.

        big_sequence: event.meta.sequence.id is a number beyond 2^64.
        """
        return self._add_webhook(
            EventWebhook(self, url, secret, big_sequence))

    # -- for the API and the webhooks --------------------------------------

    def change(self, ticket, author_id, *, fields=None, comment=None,
               metadata=None, macros=(), channel=None, via=None, at=None,
               created=False):
        """Changes a ticket as one update and returns its audit.

        comment: {body or html_body, public, author_id?}; macros: ids of
        those applied; channel or via (the whole shape) say where it came
        from; world's lock held.
        """
        moment = at or self.clock.now()
        origin = via or shapes.via(channel or self._channel_of(author_id))
        audit = shapes.audit(next(self._ids), ticket["id"], author_id,
                             origin, moment, metadata or {})
        fields = dict(fields or {})
        if comment:
            self._add_comment(ticket, audit, comment)
            if not created:
                self._reopen_on_answer(ticket, audit, fields)
        self._set_fields(ticket, audit, fields, created)
        audit["events"] += [
            shapes.macro_event(next(self._ids), self.macros[macro_id])
            for macro_id in macros if macro_id in self.macros]
        if audit["events"] or metadata:
            ticket["updated_at"] = iso_seconds(moment)
            ticket["generated_timestamp"] = int(moment.timestamp())
            self.audits[ticket["id"]].append(audit)
            for webhook in self.webhooks:
                webhook.ticket_changed(ticket, audit, moment)
            self.world.changed.notify_all()
        return audit

    def is_staff(self, user_id):
        """Whether this is an agent or an admin."""
        return (user_id in self.users
                and self.users[user_id]["role"] != "end-user")

    def _channel_of(self, author_id):
        return "web" if self.is_staff(author_id) else "email"

    def _add_comment(self, ticket, audit, given):
        author_id = given.get("author_id", audit["author_id"])
        shape = shapes.comment(next(self._ids), audit, author_id,
                               given.get("body"), given.get("html_body"),
                               given["public"])
        self.comments[ticket["id"]].append(shape)
        audit["events"].append(shapes.comment_event(shape))

    def _reopen_on_answer(self, ticket, audit, fields):
        comment = audit["events"][0]
        if (comment["public"] and comment["author_id"] in self.users
                and not self.is_staff(comment["author_id"])
                and ticket["status"] in ("pending", "hold", "solved")):
            fields.setdefault("status", "open")

    def _set_fields(self, ticket, audit, fields, created):
        custom = fields.pop("custom_fields", {})
        for name, value in fields.items():
            if name not in CHANGEABLE:
                raise ValueError(f"no such ticket field: {name}")
            if name == "tags":
                value = sorted({tag.lower() for tag in value})
            self._note_field(audit, name, value, ticket[name], created)
            ticket[name] = value
        ticket["raw_subject"] = ticket["subject"]
        ticket["custom_status_id"] = shapes.CUSTOM_STATUS_IDS[
            ticket["status"]]
        known = {item["id"]: item["value"]
                 for item in ticket["custom_fields"]}
        for field_id, value in custom.items():
            self._note_field(audit, str(field_id), value,
                             known.get(field_id), created)
            known[field_id] = value
        ticket["custom_fields"] = [{"id": field_id, "value": value}
                                   for field_id, value in known.items()]
        ticket["fields"] = ticket["custom_fields"]

    def _note_field(self, audit, name, value, previous, created):
        if value != previous or (created and name == "status"):
            audit["events"].append(shapes.field_event(
                next(self._ids), name, value, previous, created))

    def _add_webhook(self, webhook):
        with self.world.changed:
            self.webhooks.append(webhook)
        return webhook
