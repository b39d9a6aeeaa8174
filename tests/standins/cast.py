"""A cast of customers and colleagues that tests and the demo begin with."""

from types import SimpleNamespace


def acme(world):
    """Fills the stand-ins and returns the cast by name.

    Staff are in both services, under one e-mail address: <name> is the
    Zendesk user, <name>_pd the PagerDuty user.
    """
    zendesk, pagerduty = world.zendesk, world.pagerduty
    cast = SimpleNamespace()
    cast.acme = zendesk.create_organization(
        "Acme", fields={"tam": "tam@example.com"}, domains=["acme.example"])
    cast.customer = zendesk.create_user(
        "Carol Customer", "carol@acme.example", organization=cast.acme)
    cast.colleague = zendesk.create_user(
        "Colin Colleague", "colin@acme.example", organization=cast.acme)
    cast.outsider = zendesk.create_user("Otto Outsider", "otto@other.example")
    for name, full_name, role in (
            ("engineer", "Eng One", "agent"),
            ("second", "Eng Two", "agent"),
            ("manager", "Mona Manager", "admin"),
            ("bot", "Emergency Bot", "agent")):
        email = f"{name}@example.com"
        setattr(cast, name, zendesk.create_user(full_name, email, role=role))
        setattr(cast, name + "_pd", pagerduty.create_user(full_name, email))
    zendesk.set_client_user(cast.bot)
    pagerduty.set_token_user(cast.bot_pd)
    _duties(pagerduty, cast)
    return cast


def _duties(pagerduty, cast):
    cast.policy = pagerduty.create_escalation_policy("Emergencies")
    cast.service = pagerduty.create_service("Emergencies", cast.policy)
    cast.manager_policy = pagerduty.create_escalation_policy("Managers")
    cast.manager_service = pagerduty.create_service("Managers",
                                                    cast.manager_policy)
    cast.engineer_schedule = pagerduty.create_schedule("Engineers")
    cast.manager_schedule = pagerduty.create_schedule("Managers")
    pagerduty.add_oncall(cast.engineer_pd, schedule=cast.engineer_schedule,
                         escalation_policy=cast.policy)
    pagerduty.add_oncall(cast.manager_pd, schedule=cast.manager_schedule,
                         escalation_policy=cast.manager_policy)
