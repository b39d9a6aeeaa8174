"""The services as their documents describe them, over real HTTP.

Tests and the demo play the people; the stand-ins answer API calls and send
signed webhooks for every change, whoever made it.  They know nothing of what
emergencyd is or will send.  All functions may be called from any thread.

    world = Standins(); world.start(); …; world.stop()
    cast = acme(world)      customers, staff, services, on-calls: cast.py
    world.zendesk, .pagerduty, .slack, .zoom, .gitlab      below; each has
        .url and .clock
    world.wait_for(found, timeout, what)    waits for a change of the state

stop() raises what went wrong in a hook or in a stand-in.  Times given as
at= are datetimes, default now; where a thing is wanted, its id does as well.

Zendesk (zendesk_model.py, zendesk_auth.py); things are the API's own dicts
    create_organization(name, fields, tags, domains)
    set_organization_fields(organization, **fields)
    create_user(name, email, role="end-user", organization, time_zone,
                iana_time_zone)
    create_macro(title, comment_value="…", status=…, **actions)
    create_ticket(subject, requester, description, priority="normal",
                  status="open", organization, submitter, assignee, tags,
                  form, custom_fields={id: value}, email_ccs, followers,
                  public=True, channel="web", at)
    comment(ticket, author, body, public=True, channel, macro, at,
            **changes)
    update(ticket, by=user, channel, at, **changes)    → audit
    merge(ticket, into, by=user); delete(ticket, by=user)
    suspend(author_name, author_email, subject, content, ticket, cause)
    tickets, comments, audits    by ticket id; unindexed: ids search misses
    client_id, client_secret, api_token; set_client_user(user);
    revoke_tokens()
    add_trigger_webhook(url, secret)    {"type", "ticket": {"id"}} bodies
    add_event_webhook(url, secret, big_sequence=False)
PagerDuty (pagerduty_model.py, pagerduty_oncalls.py)
    create_user(name, email, time_zone); create_escalation_policy(name)
    create_service(name, escalation_policy)
    create_schedule(name, escalation_policy, level=1)
    set_shift(schedule, user, start, end)    takes the time from others
    add_oncall(user, schedule, escalation_policy=…, level=1, start, end)
    clear_oncalls(schedule=None); responders(policy, level=1)
    trigger(title, service, incident_key, alerts=[{summary, details, …}],
            urgency, assignees, escalation_policy, agent, at)
    acknowledge(incident, by); unacknowledge(incident); reopen(incident, by)
    resolve(incident, by=None, note, reason)
    reassign(incident, to, by=None)    to: a user or a list of users
    escalate(incident, by=None, level=None); delegate(incident, policy, by)
    merge(incident, into, by); annotate(incident, by, content)
    emit(event_type, incident, data, by)    any other event
    subscribe(url, secret, events, service)
    incidents, notes, alerts    by incident id; api_token;
    set_token_user(user)
Slack (slack_model.py, slack_webhooks.py); api_url is what has /METHOD
    create_user(name, email); create_channel(name, members, bot=True)
    create_user_group(name, handle, users); join(channel, user);
    leave(channel, user); archive(channel); channels, users, user_groups
    post(user, channel, text, thread=None); delete(message)
    messages(channel), thread(channel, ts)    lists of messages: ts, text,
        blocks, user, metadata, thread_ts, versions; ephemerals: a list
    buttons(message); elements(message, version=-1); text_of(message)
    wait_for_message(channel, pattern, thread=None, count=1)
    wait_for_ephemeral(user, pattern); transcript(channel, thread=None)
    connect(url, signing_secret)    → Webhook; "block_actions", "/command"
    press(user, message, action_id or label, value=None, version=-1,
          wait=True)    → (status, answer), or with wait=False a Delivery
    command(user, channel, "/command", text="", wait=True); the same
    ssl_check(signed=True); timeouts; failures: what people saw go wrong
    token, scopes, signing_secret; limit_posts(limit, window_s) per channel
    failure(error)    → Answer for a fault: 200 {"ok": false, …}
Zoom (zoom_model.py, zoom_auth.py); api_url, oauth_url
    create_user(name, email); create_meeting(host, topic, kind=2, settings)
    join(meeting, name, email="", user_id="")    → participant; guests have
        no user_id; who came before the host waits, unless the meeting has
        join_before_host and is not instant
    host_joins(meeting); admit(meeting, participant)    from a waiting room
    leave(meeting, participant, reason); end(meeting); delete(meeting);
    recover(meeting); emit(event, meeting, more)
    connect(url, secret)    → Webhook: timeout_s, retry_pauses_s
    validate_url()    → whether every webhook's answer was right
    users, meetings, participants, waiting    by id of the meeting
    account_id, client_id, client_secret, scopes, token_life_s;
    revoke_tokens(); daily_limit; default_settings
GitLab (gitlab_model.py); api_url
    create_user(name, username, email); set_token_user(user)
    create_project(path, has_issues=True); add_template(project, name, text)
    create_issue(project, title, author, description, labels, …)
    update_issue(issue, by=user, state="closed", **fields)
    add_note(issue, author, body, internal=False)
    issues    lists by project's id; notes by issue's id; api_token,
    token_scopes; spoil_token("expired" or "revoked")
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
