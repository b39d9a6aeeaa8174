"""Who is on call in PagerDuty: schedules and their shifts.

An entry is on call at one level of an escalation policy, by a schedule or
directly, from start to end; None is always.
"""

from . import pagerduty_shapes as shapes
from .clock import iso_seconds, parse_iso


def id_of(thing):
    """The id of a dict or an id."""
    return thing["id"] if isinstance(thing, dict) else thing


class OnCallModel:
    """The state and the control API; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.schedules = {}
        self.oncalls = []
        self._places = {}

    # -- control API -------------------------------------------------------

    def create_schedule(self, name, *, escalation_policy=None, level=1,
                        time_zone="Etc/UTC"):
        """escalation_policy, level: where the schedule's people are paged;
        add_oncall() can say it as well."""
        with self.world.changed:
            schedule = self._keep(self.schedules, shapes.named(
                "schedule", self._new_id(), name, time_zone=time_zone,
                description=None, escalation_policies=[], users=[],
                teams=[]))
            self._places[schedule["id"]] = []
            if escalation_policy:
                self._place(schedule, id_of(escalation_policy), level)
            return schedule

    def add_oncall(self, user, *, schedule=None, escalation_policy, level=1,
                   start=None, end=None):
        """Someone is on call; schedule None: assigned directly; start and
        end (datetimes) None: always."""
        with self.world.changed:
            schedule = schedule and self.schedules[id_of(schedule)]
            user = self.users[id_of(user)]
            policy_id = id_of(escalation_policy)
            if schedule:
                self._place(schedule, policy_id, level)
                self._note_user(schedule, user)
            self.oncalls.append(shapes.oncall(
                user, schedule, self.escalation_policies[policy_id], level,
                start, end))

    def set_shift(self, schedule, user, start, end):
        """From start to end (datetimes) this user has the shift.

        As an override does, it takes that time from whoever had it.
        """
        with self.world.changed:
            schedule = self.schedules[id_of(schedule)]
            places = self._places[schedule["id"]]
            if not places:
                raise ValueError("the schedule is in no escalation policy")
            self.oncalls = [
                piece for entry in self.oncalls
                for piece in _without(entry, schedule, start, end)]
            for policy_id, level in places:
                self.add_oncall(user, schedule=schedule, level=level,
                                escalation_policy=policy_id, start=start,
                                end=end)

    def clear_oncalls(self, schedule=None):
        """Nobody is on call, anywhere or by one schedule."""
        with self.world.changed:
            self.oncalls = [
                entry for entry in self.oncalls
                if schedule and not _is_by(entry, id_of(schedule))]

    # -- for the incidents and the API -------------------------------------

    def responders(self, policy, level=1):
        """The users on call now at a level of an escalation policy."""
        now = self.clock.now()
        return [entry["user"] for entry in self.oncalls
                if entry["escalation_policy"]["id"] == id_of(policy)
                and entry["escalation_level"] == level
                and is_within(entry, now, now)]

    def shifts(self, schedule_id, since, until):
        """The schedule's entries in a time, in order, each once."""
        first_place = self._places[schedule_id][:1]
        found = [entry for entry in self.oncalls
                 if _is_by(entry, schedule_id)
                 and [(entry["escalation_policy"]["id"],
                       entry["escalation_level"])] == first_place
                 and is_within(entry, since, until)]
        return sorted(found, key=lambda entry: entry["start"] or "")

    # -- details -----------------------------------------------------------

    def _place(self, schedule, policy_id, level):
        policy = shapes.reference(self.escalation_policies[policy_id])
        if (policy_id, level) not in self._places[schedule["id"]]:
            self._places[schedule["id"]].append((policy_id, level))
        if policy not in schedule["escalation_policies"]:
            schedule["escalation_policies"].append(policy)

    @staticmethod
    def _note_user(schedule, user):
        if shapes.reference(user) not in schedule["users"]:
            schedule["users"].append(shapes.reference(user))


def is_within(entry, since, until):
    """Whether an entry overlaps with a time; since = until: that moment."""
    return ((entry["start"] is None or parse_iso(entry["start"]) <= until)
            and (entry["end"] is None or parse_iso(entry["end"]) > since))


def found_oncalls(request, entries, since, until):
    """The entries that a request for GET /oncalls is about, in order."""
    found = [entry for entry in entries if _matches(request, entry)
             and is_within(entry, since, until)]
    found.sort(key=lambda entry: entry["start"] or "")
    if request.arg("earliest") == "true":
        return _earliest(found)
    return found


def rendered(schedule, entries, since, until):
    """A schedule as GET /schedules/{id} shows it; entries: its shifts.

    Without since and until nothing is rendered.
    """
    shown = [{"start": entry["start"] or iso_seconds(since),
              "end": entry["end"] or iso_seconds(until),
              "user": entry["user"]} for entry in entries]
    part = {"rendered_coverage_percentage": None,
            "rendered_schedule_entries": []}
    return {**schedule, "http_cal_url": None, "web_cal_url": None,
            "overrides_subschedule": {"name": "Overrides", **part},
            "schedule_layers": [],
            "final_schedule": {
                "name": "Final Schedule", **part,
                "rendered_schedule_entries": shown}}


def _is_by(entry, schedule_id):
    return (entry["schedule"] is not None
            and entry["schedule"]["id"] == schedule_id)


def _without(entry, schedule, start, end):
    """What is left of an entry without the time from start to end."""
    if not _is_by(entry, schedule["id"]):
        return [entry]
    start, end = iso_seconds(start), iso_seconds(end)
    pieces = []
    if entry["start"] is None or entry["start"] < start:
        pieces.append({**entry, "end": min(entry["end"] or start, start)})
    if entry["end"] is None or entry["end"] > end:
        pieces.append({**entry, "start": max(entry["start"] or end, end)})
    return pieces


def _matches(request, entry):
    for argument, name in (("escalation_policy_ids[]", "escalation_policy"),
                           ("schedule_ids[]", "schedule"),
                           ("user_ids[]", "user")):
        wanted = request.query.get(argument)
        if wanted and (entry[name] is None
                       or entry[name]["id"] not in wanted):
            return False
    return True


def _earliest(entries):
    """The first of each policy, level and user, as PagerDuty has it."""
    first = {}
    for entry in entries:
        first.setdefault((entry["escalation_policy"]["id"],
                          entry["escalation_level"],
                          entry["user"]["id"]), entry)
    return list(first.values())
