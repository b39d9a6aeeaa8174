"""A cast of customers and colleagues that tests and the demo begin with."""

from datetime import timedelta
from types import SimpleNamespace

SHIFT = timedelta(hours=8)
TEMPLATE = """\
## Emergency

- Ticket: `<link to the ticket>`
- Customer: `<organization>`
- Engineer: `<who is in charge>`
- Bridge: `<link to the call>`

### Checklist

- [ ] Customer was contacted
- [ ] Page was resolved
- [ ] Summary was posted after the call
- [ ] Next on-call knows

### Notes

`<what happened, with times in UTC>`

/label ~emergency ~"severity::1"
/confidential
"""


def acme(world):
    """Fills the stand-ins and returns the cast by name.

    Staff are in all services, under one e-mail address: <name> is the
    Zendesk user, <name>_pd the PagerDuty user, <name>_slack the Slack user;
    the account manager is not in PagerDuty, the bot not among Slack's users
    but slack.bot.  channels: Slack's, by name; region_group: a user group.
    """
    zendesk, pagerduty = world.zendesk, world.pagerduty
    cast = SimpleNamespace()
    cast.account_manager = zendesk.create_user(
        "Tamara Account", "tam@example.com", role="agent")
    email = cast.account_manager["email"]
    cast.acme = zendesk.create_organization(
        "Acme", fields={"tam": email, "account_manager": email},
        domains=["acme.example"])
    cast.customer = zendesk.create_user(
        "Carol Customer", "carol@acme.example", organization=cast.acme,
        time_zone="Eastern Time (US & Canada)",
        iana_time_zone="America/New_York")
    cast.colleague = zendesk.create_user(
        "Colin Colleague", "colin@acme.example", organization=cast.acme)
    cast.globex = zendesk.create_organization("Globex",
                                              domains=["globex.example"])
    cast.globex_customer = zendesk.create_user(
        "Gina Globex", "gina@globex.example", organization=cast.globex)
    cast.outsider = zendesk.create_user("Otto Outsider", "otto@other.example")
    for name, full_name, role in (
            ("engineer", "Eng One", "agent"),
            ("second", "Eng Two", "agent"),
            ("manager", "Mona Manager", "admin"),
            ("second_manager", "Max Manager", "admin"),
            ("bot", "Emergency Bot", "agent")):
        email = f"{name}@example.com"
        setattr(cast, name, zendesk.create_user(full_name, email, role=role))
        setattr(cast, name + "_pd", pagerduty.create_user(full_name, email))
    zendesk.set_client_user(cast.bot)
    pagerduty.set_token_user(cast.bot_pd)
    cast.post_call_macro = zendesk.create_macro(
        "Support::Customer Calls::Call Completed - Summary",
        comment_value="Hi {{ticket.requester.first_name}},\n\nthank you for "
        "the call. In summary:\n\n<summary of the call>",
        current_tags="call_completed")
    _duties(pagerduty, cast)
    _bridge_and_runbook(world, cast)
    _workspace(world.slack, cast)
    return cast


def _duties(pagerduty, cast):
    cast.policy = pagerduty.create_escalation_policy("Emergencies")
    cast.service = pagerduty.create_service("Emergencies", cast.policy)
    cast.manager_policy = pagerduty.create_escalation_policy("Managers")
    cast.manager_service = pagerduty.create_service("Managers",
                                                    cast.manager_policy)
    cast.engineer_schedule = pagerduty.create_schedule(
        "Engineers", escalation_policy=cast.policy)
    cast.manager_schedule = pagerduty.create_schedule(
        "Managers", escalation_policy=cast.manager_policy)
    start = pagerduty.clock.now().replace(minute=0, second=0, microsecond=0)
    cast.shift_end = start + SHIFT / 2
    for schedule, now, following in (
            (cast.engineer_schedule, cast.engineer_pd, cast.second_pd),
            (cast.manager_schedule, cast.manager_pd,
             cast.second_manager_pd)):
        pagerduty.set_shift(schedule, now, cast.shift_end - SHIFT,
                            cast.shift_end)
        pagerduty.set_shift(schedule, following, cast.shift_end,
                            cast.shift_end + SHIFT)


def _bridge_and_runbook(world, cast):
    cast.zoom_host = world.zoom.create_user("Bridge Host",
                                            "bridge@example.com")
    gitlab = world.gitlab
    cast.gitlab_bot = gitlab.create_user("Emergency Bot", "emergency-bot",
                                         "bot@example.com")
    gitlab.set_token_user(cast.gitlab_bot)
    cast.project = gitlab.create_project("support/emergency-runbook")
    cast.template = "Emergency"
    gitlab.add_template(cast.project, cast.template, TEMPLATE)


def _workspace(slack, cast):
    """All staff of PagerDuty but the bot, and Acme's account manager, are
    in all Slack channels, as <name>_slack."""
    for name, user in list(vars(cast).items()):
        if name.endswith("_pd") and user is not cast.bot_pd:
            setattr(cast, name.removesuffix("_pd") + "_slack",
                    slack.create_user(user["name"], user["email"]))
    manager = cast.account_manager
    cast.account_manager_slack = slack.create_user(manager["name"],
                                                   manager["email"])
    people = [user for name, user in vars(cast).items()
              if name.endswith("_slack")]
    cast.channels = {name: slack.create_channel(name, people) for name in (
        "support_self-managed", "support_gitlab-com", "support_managers",
        "support_duty")}
    cast.region_group = slack.create_user_group(
        "Support EMEA", "support-emea", people[:2])
