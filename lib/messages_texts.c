/*
 * The built-in texts. Those for customers are written as kind support people write; those for engineers are
 * short. `{{…}}` are the fields of messages.c. Nothing here fails.
 */
#include "lib/messages_internal.h"

const struct message_text message_texts[MESSAGE_COUNT] = {
    [MESSAGE_FIRST_CONTACT] =
        {"Hello,\n\n"
         "We have received your emergency request{{#subject}} \"{{subject}}\"{{/subject}} and an engineer is "
         "looking at it right now.\n\n"
         "{{#bridge}}We would like to work on it together with you. Please join us on Zoom as soon as you "
         "can:\n\n{{bridge}}\n\n{{/bridge}}"
         "{{^bridge}}We would like to work on it with you on a Zoom call: please answer this message if that "
         "suits you, and we will send the link at once.\n\n{{/bridge}}"
         "If you would rather continue here, tell us what has changed since you wrote, and anything that you "
         "have tried so far.\n\n"
         "Best regards,\nYour support team",
         FOR_OTHERS},
    [MESSAGE_FOLLOW_UP] =
        {"Hello,\n\n"
         "We have not heard from you for {{follow_up_after}}, so here is how things stand:\n\n"
         "{{#bridge}}* We are still here and ready to join you on a call: {{bridge}}\n{{/bridge}}"
         "{{^bridge}}* We are still here and ready to join you on a call: answer this message and we will "
         "send the link.\n{{/bridge}}"
         "* If now is not a good time, tell us what suits you better and we will arrange it.\n"
         "* If we do not hear from you within the next {{downgrade_after}}, we will close the call and "
         "continue with this request at {{priority}} priority.\n"
         "* Should you need us urgently again after that, please open a new emergency request: you are "
         "always "
         "welcome to.\n\n"
         "Best regards,\nYour support team",
         FOR_OTHERS},
    [MESSAGE_DOWNGRADE] =
        {"Hello,\n\n"
         "As we have not heard back from you, we have closed the call for now and set this request to "
         "{{priority}} priority. It stays open, and we will go on with it here as soon as you answer.\n\n"
         "If the situation is still an emergency, please open a new emergency request and we will be with "
         "you "
         "at once.\n\n"
         "Best regards,\nYour support team",
         FOR_OTHERS},
    [MESSAGE_AVAILABILITY] =
        {"{{#on_call}}{{on_call}} is here for you until {{on_call_until}}{{#next}}, and after that {{next}}"
         "{{#next_until}} until {{next_until}}{{/next_until}}{{/next}}.{{/on_call}}"
         "{{^on_call}}Our emergency service is here for you around the clock.{{/on_call}}"
         " If it happens again, please open a new emergency request.",
         FOR_OTHERS},

    [MESSAGE_PAGE_TITLE] = {"Emergency ticket #{{ticket}}: {{subject}}{{^subject}}(no subject){{/subject}}",
                            FOR_OTHERS},
    [MESSAGE_PAGE_DETAILS] = {"{{ticket_url}}", FOR_OTHERS},
    [MESSAGE_SUMMON_TITLE] =
        {"You are needed: {{#ticket}}emergency ticket #{{ticket}}{{/ticket}}{{^ticket}}emergency {{id}}"
         "{{/ticket}}{{#organization}} of {{organization}}{{/organization}}",
         FOR_OTHERS},
    [MESSAGE_SUMMON_DETAILS] = {"{{why}}\n"
                                "{{#ticket_url}}Ticket: {{ticket_url}}\n{{/ticket_url}}"
                                "{{#other_url}}Its engineer's other emergency: {{other_url}}\n{{/other_url}}"
                                "{{#thread_url}}Thread: {{thread_url}}\n{{/thread_url}}"
                                "{{#paste}}To be written by hand:\n\n{{paste}}\n{{/paste}}",
                                FOR_OTHERS},
    [MESSAGE_SERVICE_REFUSED_TITLE] = {"emergencyd: {{service}} refuses our credentials", FOR_OTHERS},
    [MESSAGE_SERVICE_REFUSED_DETAILS] =
        {"Nothing can be done at {{service}} until its credentials are mended: calls wait and are tried each "
         "minute. Until then please do by hand what the board and the threads ask for.",
         FOR_OTHERS},
    [MESSAGE_NOTE_THREAD] = {"Slack thread: {{thread_url}}", FOR_OTHERS},
    [MESSAGE_NOTE_DOWNGRADED] =
        {"No answer from the customer: ticket #{{ticket}} was set to {{priority}} and "
         "the bridge closed.",
         FOR_OTHERS},
    [MESSAGE_MEETING_TOPIC] = {"Emergency{{#ticket}} ticket #{{ticket}}{{/ticket}}", FOR_OTHERS},
    [MESSAGE_RUNBOOK_TITLE] = {"Emergency{{#ticket}} ticket #{{ticket}}{{/ticket}}{{#organization}}: "
                               "{{organization}}{{/organization}}",
                               FOR_OTHERS},
    [MESSAGE_RUNBOOK_HEAD] = {"{{#ticket_url}}* Ticket: {{ticket_url}}\n{{/ticket_url}}"
                              "{{#organization}}* Customer: {{organization}}\n{{/organization}}"
                              "{{#engineer}}* Engineer: {{engineer}}\n{{/engineer}}"
                              "{{#thread_url}}* Thread: {{thread_url}}\n{{/thread_url}}"
                              "{{#bridge}}* Bridge: {{bridge}}\n{{/bridge}}",
                              FOR_GITLAB},

    [MESSAGE_THREAD] =
        {"*Thread for emergency ticket {{ticket_link}}{{^ticket_link}}(not known yet){{/ticket_link}}*\n"
         "{{#subject}}{{subject}}\n{{/subject}}"
         "{{#organization}}Customer: {{organization}}{{#tam}} · cc {{tam}}{{/tam}}\n{{/organization}}"
         "{{^organization}}{{#tam}}cc {{tam}}\n{{/tam}}{{/organization}}"
         "State: *{{state}}*{{#engineer}} · {{engineer}} has it{{/engineer}}\n"
         "{{#held}}Held: {{held}}\n{{/held}}"
         "{{#due}}Next: {{step}} at {{due}}\n{{/due}}"
         "{{#bridge}}Bridge: {{bridge}}\n{{/bridge}}"
         "{{#runbook}}Runbook: {{runbook}}\n{{/runbook}}"
         "{{#checklist}}After the call: {{checklist}}\n{{/checklist}}"
         "{{#dry_run}}_Dry run: nothing is sent._\n{{/dry_run}}",
         FOR_SLACK},
    [MESSAGE_CC] = {"cc {{tam}}", FOR_SLACK},
    [MESSAGE_PRODUCT] = {"For {{product}}: more people see this. Declare an incident if others may be hit "
                         "too, and escalate to infrastructure or development when you are stuck.\n{{links}}",
                         FOR_SLACK},
    [MESSAGE_LINK] = {"{{#why}}{{why}} {{/why}}Which ticket is this page about? `/emergency link {{id}} "
                      "TICKET`",
                      FOR_SLACK},
    [MESSAGE_ACKNOWLEDGED] =
        {"{{engineer}}{{^engineer}}Somebody{{/engineer}} has acknowledged. Now, please:\n"
         "• check it against the definition of an emergency, and assume good intent\n"
         "{{^contacted}}• write to the customer and offer a call{{#bridge}}: {{bridge}}{{/bridge}}, or let "
         "me post the prepared comment\n{{/contacted}}"
         "• hand over your FRT or SLA Hawk shift, if you have one",
         FOR_SLACK},
    [MESSAGE_TAKEN_OVER] = {"{{engineer}} has it now.", FOR_SLACK},
    [MESSAGE_UNACKNOWLEDGED] = {"The page is no longer acknowledged: who takes it?", FOR_SLACK},
    [MESSAGE_RESOLVED_EARLY] = {":warning: {{by}}{{^by}}Somebody{{/by}} resolved the page, but the customer "
                                "has not been contacted yet. Please write to them first; the clocks are not "
                                "touched by this.",
                                FOR_SLACK},
    [MESSAGE_CONTACTED] = {"The customer has been contacted.{{#resolvable}} The page can be resolved now."
                           "{{/resolvable}}{{#due}} Without an answer {{step}} comes at {{due}}.{{/due}}",
                           FOR_SLACK},
    [MESSAGE_NOT_CONTACTED] =
        {":warning: {{#engineer}}{{engineer}} {{/engineer}}Nobody has contacted the customer yet.",
         FOR_SLACK},
    [MESSAGE_WARNING] =
        {"{{#engineer}}{{engineer}} {{/engineer}}No answer so far: {{step}} comes at {{due}}.", FOR_SLACK},
    [MESSAGE_ASKED] = {":question: {{#engineer}}{{engineer}} {{/engineer}}{{held}}", FOR_SLACK},
    [MESSAGE_HOURS_END] = {":question: {{#engineer}}{{engineer}} {{/engineer}}The hours of {{hours}} end "
                           "before {{step}} is due. Do it "
                           "now, extend, or leave it: what is left of the period then runs from the next "
                           "opening.",
                           FOR_SLACK},
    [MESSAGE_REMINDED] =
        {":question: {{#engineer}}{{engineer}} {{/engineer}}Still waiting for your word: {{held}}",
         FOR_SLACK},
    [MESSAGE_DOUBTED] = {"{{#engineer}}{{engineer}} {{/engineer}}{{why}}", FOR_SLACK},
    [MESSAGE_FOLLOWED_UP] = {"The follow-up is in the ticket.{{#due}} Without an answer {{step}} comes at "
                             "{{due}}.{{/due}}",
                             FOR_SLACK},
    [MESSAGE_DOWNGRADED] = {"No answer: the bridge is closed and the ticket is set to {{priority}}.",
                            FOR_SLACK},
    [MESSAGE_ANSWERED] = {":wave: {{#engineer}}{{engineer}} {{/engineer}}The customer answered: the clocks "
                          "are stopped. Find a "
                          "colleague to join you on the call{{#bridge}}: {{bridge}}{{/bridge}}.",
                          FOR_SLACK},
    [MESSAGE_ANSWERED_LATE] =
        {":wave: {{#engineer}}{{engineer}} {{/engineer}}The customer answered after the downgrade. Back to "
         "urgent?",
         FOR_SLACK},
    [MESSAGE_BACK_TO_URGENT] = {"The ticket is urgent again.", FOR_SLACK},
    [MESSAGE_CLOSED] = {"Closed: {{closed_why}}.", FOR_SLACK},
    [MESSAGE_REOPENED] = {"Open again: it goes on where it was.", FOR_SLACK},
    [MESSAGE_PAUSED] = {"{{by}} paused the clocks.", FOR_SLACK},
    [MESSAGE_RESUMED] = {"{{by}} let the clocks go on.{{#due}} Next: {{step}} at {{due}}.{{/due}}",
                         FOR_SLACK},
    [MESSAGE_EXTENDED] = {"{{by}} extended the period.{{#due}} Next: {{step}} at {{due}}.{{/due}}",
                          FOR_SLACK},
    [MESSAGE_NOTE] = {"{{by}}: {{text}}", FOR_SLACK},
    [MESSAGE_NOT_TAKEN] =
        {":rotating_light: {{called}}{{^called}}Whoever is on call{{/called}}: nobody has "
         "taken {{ticket_link}}{{^ticket_link}}emergency {{id}}{{/ticket_link}} yet. Please "
         "see to it.",
         FOR_SLACK},
    [MESSAGE_NOBODY_CONTACTED] =
        {":rotating_light: {{called}}{{^called}}Whoever is on call{{/called}}: nobody "
         "has contacted the customer of "
         "{{ticket_link}}{{^ticket_link}}emergency {{id}}{{/ticket_link}} yet.",
         FOR_SLACK},
    [MESSAGE_NOBODY_DECIDED] = {":rotating_light: {{called}}{{^called}}Whoever is on call{{/called}}: a "
                                "decision is needed for "
                                "{{ticket_link}}{{^ticket_link}}emergency {{id}}{{/ticket_link}}. {{held}}",
                                FOR_SLACK},
    [MESSAGE_SECOND] =
        {":rotating_light: {{manager}}{{#group}} {{group}}{{/group}} A second emergency: the engineer of "
         "{{ticket_link}}{{^ticket_link}}emergency {{id}}{{/ticket_link}} is busy with "
         "{{other_link}}{{^other_link}}another{{/other_link}}. Who can take this one?",
         FOR_SLACK},
    [MESSAGE_SECOND_MANAGERS] =
        {":rotating_light: {{manager}} A second emergency: the engineer of "
         "{{ticket_link}}{{^ticket_link}}emergency {{id}}{{/ticket_link}} is busy with "
         "{{other_link}}{{^other_link}}another{{/other_link}}. Please find a second "
         "engineer.{{#thread_url}} <{{thread_url}}|Thread>{{/thread_url}}",
         FOR_SLACK},
    [MESSAGE_NOT_EMERGENCY] = {"{{by}} doubts that {{ticket_link}}"
                               "{{^ticket_link}}number {{id}}{{/ticket_link}} is an emergency. Its SLA "
                               "goes on unless a manager says otherwise.{{#manager}} cc {{manager}}"
                               "{{/manager}}{{#tam}} cc {{tam}}{{/tam}}",
                               FOR_SLACK},
    [MESSAGE_MANAGER_CALLED] = {"{{manager}}{{^manager}}Manager on call{{/manager}}: {{by}} needs you for "
                                "{{ticket_link}}{{^ticket_link}}emergency {{id}}{{/ticket_link}}."
                                "{{#thread_url}} <{{thread_url}}|Thread>{{/thread_url}}",
                                FOR_SLACK},
    [MESSAGE_PERSON_PAGED] = {"{{by}} pages {{called}}{{^called}}whoever is on call{{/called}}.", FOR_SLACK},
    [MESSAGE_DUTY] =
        {"{{by}} is on an emergency ({{ticket_link}}{{^ticket_link}}{{id}}{{/ticket_link}}): who "
         "takes over their FRT or SLA Hawk shift?",
         FOR_SLACK},
    [MESSAGE_COLLEAGUE] = {"{{#group}}{{group}} {{/group}}{{by}} is on a call about {{ticket_link}}"
                           "{{^ticket_link}}emergency {{id}}{{/ticket_link}} and would like a colleague to "
                           "join{{#bridge}}: {{bridge}}{{/bridge}}",
                           FOR_SLACK},
    [MESSAGE_CALL_STARTED] =
        {":telephone_receiver: {{#engineer}}{{engineer}} {{/engineer}}A call with the customer has begun: no "
         "clock runs. Find a "
         "colleague to "
         "join you{{#bridge}}: {{bridge}}{{/bridge}}, and keep notes here "
         "(`/emergency note {{id}} …`).\n"
         "• before a screenshot or recording tell the customer; nothing sensitive in it\n"
         "• give options, and ask the customer before a rollback or anything that may lose data\n"
         "• before you end the call, say: _{{availability}}_",
         FOR_SLACK},
    [MESSAGE_CALL_ENDED] =
        {"The call has ended. {{next_called}}{{#next_called}}, you are next on call: please read on from "
         "here.{{/next_called}}\n"
         "For the customer: _{{availability}}_\n"
         "Still to do: public notes of the call in {{ticket_link}}, and an internal note.",
         FOR_SLACK},
    [MESSAGE_MACRO] = {"The macro for the public notes ({{macro}}; choose it in "
                       "{{ticket_link}}){{#text}}:\n```{{text}}```{{/text}}",
                       FOR_SLACK},
    [MESSAGE_NOTES_MISSING] =
        {"{{#engineer}}{{engineer}} {{/engineer}}After the call there is still to do: {{checklist}}",
         FOR_SLACK},
    [MESSAGE_NOTES_COMPLETE] = {"All notes of the call are there. Thank you!", FOR_SLACK},
    [MESSAGE_SHIFT] =
        {"The shift changes: {{by}}{{^by}}whoever is next{{/by}}, this is yours now.\n{{summary}}",
         FOR_SLACK},
    [MESSAGE_HANDOFF] = {"{{by}} hands over to {{called}}.\n{{summary}}", FOR_SLACK},
    [MESSAGE_BULK_HELD] =
        {"It belongs to *{{bulk}}*: its clocks rest until the incident is over. One command "
         "answers all of them: `/emergency bulk {{id}} {{bulk}} TEXT`",
         FOR_SLACK},
    [MESSAGE_BULK_LIFTED] = {"It belongs to no incident any more: its clocks go on.", FOR_SLACK},
    [MESSAGE_BULK_ANSWERED] = {"The answer for all of {{bulk}} is in the ticket.", FOR_SLACK},
    [MESSAGE_STUCK] = {":rotating_light: {{#engineer}}{{engineer}} {{/engineer}}{{step}} of {{ticket_link}} "
                       "can't be sent: {{service}} "
                       "does not take it. Please do it by hand{{#paste}}; here is the text:\n"
                       "```{{paste}}```{{/paste}}",
                       FOR_SLACK},
    [MESSAGE_PARKED] = {":warning: {{#engineer}}{{engineer}} {{/engineer}}{{#ticket_link}}{{ticket_link}}: "
                        "{{/ticket_link}}{{text}}",
                        FOR_SLACK},
    [MESSAGE_RUNBOOK] = {"Runbook: {{runbook}}", FOR_SLACK},
    [MESSAGE_SERVICE_REFUSED] = {":rotating_light: {{service}} refuses our credentials: nothing can be done "
                                 "there until that is mended.",
                                 FOR_SLACK},
    [MESSAGE_HELP] =
        {"*Stuck?* \"Let me get a colleague to look at this with me.\" · \"I need a few minutes to check "
         "this, I will be back at …\" · \"Here is what we know, and what we do next.\"\n"
         "Manager on call: {{manager}}{{^manager}}not known{{/manager}} (`/emergency manager ID`)\n"
         "Engineer on call: {{on_call}}{{^on_call}}not known{{/on_call}}\n"
         "{{links}}\n"
         "`/emergency COMMAND [ID] …`: {{commands}}; and `oncall`, `list`",
         FOR_SLACK},
    [MESSAGE_LISTED] = {"*{{id}}* {{summary}}{{#engineer}} · {{engineer}}{{/engineer}}", FOR_SLACK},
    [MESSAGE_ONCALL] = {"{{oncall}}{{^oncall}}Nobody is known to be on call.{{/oncall}}", FOR_SLACK},
};
