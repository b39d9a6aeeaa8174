"""Zendesk and PagerDuty as their documents describe them, over real HTTP.

Tests and the demo play the people; the stand-ins answer API calls and send
signed webhooks for every change, whoever made it.  They know nothing of what
emergencyd is or will send.  All functions may be called from any thread.

    world = Standins(); world.start(); …; world.stop()
    cast = acme(world)      customers, staff, services, on-calls: cast.py
    world.zendesk, world.pagerduty      below; each has .url and .clock
    world.wait_for(found, timeout, what)    waits for a change of the state

stop() raises what went wrong in a hook or in a stand-in.  Times given as
at= are datetimes, default now; where a thing is wanted, its id does as well.

Zendesk (zendesk_model.py, zendesk_auth.py); things are the API's own dicts
    create_organization(name, fields, tags, domains)
    create_user(name, email, role="end-user", organization)
    create_ticket(subject, requester, description, priority="normal",
                  status="open", organization, submitter, assignee, tags,
                  form, custom_fields={id: value}, email_ccs, followers,
                  public=True, channel="web", at)
    comment(ticket, author, body, public=True, channel, at, **changes)
    update(ticket, by=user, channel, at, **changes)    → audit
    merge(ticket, into, by=user); delete(ticket, by=user)
    suspend(author_name, author_email, subject, content, ticket, cause)
    tickets, comments, audits    by ticket id; unindexed: ids search misses
    client_id, client_secret, api_token; set_client_user(user);
    revoke_tokens()
    add_trigger_webhook(url, secret)    {"type", "ticket": {"id"}} bodies
    add_event_webhook(url, secret, big_sequence=False)
PagerDuty (pagerduty_model.py)
    create_user(name, email); create_service(name, escalation_policy)
    create_escalation_policy(name); create_schedule(name)
    add_oncall(user, schedule, escalation_policy=…, level=1, start, end)
    clear_oncalls()
    trigger(title, service, incident_key, alerts=[{summary, details, …}],
            urgency, assignees, escalation_policy, agent, at)
    acknowledge(incident, by); unacknowledge(incident); reopen(incident, by)
    resolve(incident, by=None, note, reason); reassign(incident, to, by)
    merge(incident, into, by); annotate(incident, by, content)
    emit(event_type, incident, data, by)    any other event
    subscribe(url, secret, events, service)
    incidents, notes, alerts    by incident id; api_token;
    set_token_user(user)
Webhooks (webhooks.py; also in <service>.webhooks)
    hold(), held, release(*deliveries), lose(*deliveries), flow()
    delay_s, copies, resend(delivery), timeout_s, retry_s
    deliveries    each with what, json, headers, state, statuses
    wait_held(what, count), wait_delivered(what, count), wait_idle()
    what: "incident.triggered", "ticket.urgent" or "comment_added"
    a subscription of PagerDuty: temporarily_disabled, enable()
Each service (http_service.py)
    requests; received(method, path); path is a regular expression to find
    wait_for_request(method, path, timeout, count=1, answered=False)
        → Request: method, path, query, headers, body, json, status (None:
        not answered), took_effect
    fault(method, path, times=1, after_effect=False, hook, delay_s, hold,
          answer=Answer(status, body, headers), reset, silent, cut_at)
        → Fault: wait_hit(count), release(), cancel(), hits
    clear_faults(); go_down(); come_up()
    rate_limit = RateLimit(limit, window_s); clock.offset_s; clock.ago(s)
"""

from .cast import acme
from .http_service import Answer, RateLimit
from .world import Standins

__all__ = ["Answer", "RateLimit", "Standins", "acme"]
