#ifndef EMERGENCYD_MESSAGE_H
#define EMERGENCYD_MESSAGE_H
/*
 * The names of all texts that the daemon writes. What they say, and who reads each, is in messages.c.
 */

/* X(NAME, name of the template's file) */
#define MESSAGES(X)                                                                                          \
    /* for the customer */                                                                                   \
    X(FIRST_CONTACT, "first_contact")                                                                        \
    X(FOLLOW_UP, "follow_up")                                                                                \
    X(DOWNGRADE, "downgrade")                                                                                \
    X(AVAILABILITY, "availability")                                                                          \
    /* for PagerDuty, Zoom and GitLab */                                                                     \
    X(PAGE_TITLE, "page_title")                                                                              \
    X(PAGE_DETAILS, "page_details")                                                                          \
    X(SUMMON_TITLE, "summon_title")                                                                          \
    X(SUMMON_DETAILS, "summon_details")                                                                      \
    X(SERVICE_REFUSED_TITLE, "service_refused_title")                                                        \
    X(SERVICE_REFUSED_DETAILS, "service_refused_details")                                                    \
    X(NOTE_THREAD, "note_thread")                                                                            \
    X(NOTE_DOWNGRADED, "note_downgraded")                                                                    \
    X(MEETING_TOPIC, "meeting_topic")                                                                        \
    X(RUNBOOK_TITLE, "runbook_title")                                                                        \
    X(RUNBOOK_HEAD, "runbook_head")                                                                          \
    /* for Slack */                                                                                          \
    X(THREAD, "thread")                                                                                      \
    X(CC, "cc")                                                                                              \
    X(PRODUCT, "product")                                                                                    \
    X(LINK, "link")                                                                                          \
    X(ACKNOWLEDGED, "acknowledged")                                                                          \
    X(TAKEN_OVER, "taken_over")                                                                              \
    X(UNACKNOWLEDGED, "unacknowledged")                                                                      \
    X(RESOLVED_EARLY, "resolved_early")                                                                      \
    X(CONTACTED, "contacted")                                                                                \
    X(NOT_CONTACTED, "not_contacted")                                                                        \
    X(WARNING, "warning")                                                                                    \
    X(ASKED, "asked")                                                                                        \
    X(HOURS_END, "hours_end")                                                                                \
    X(REMINDED, "reminded")                                                                                  \
    X(DOUBTED, "doubted")                                                                                    \
    X(FOLLOWED_UP, "followed_up")                                                                            \
    X(DOWNGRADED, "downgraded")                                                                              \
    X(ANSWERED, "answered")                                                                                  \
    X(ANSWERED_LATE, "answered_late")                                                                        \
    X(BACK_TO_URGENT, "back_to_urgent")                                                                      \
    X(CLOSED, "closed")                                                                                      \
    X(REOPENED, "reopened")                                                                                  \
    X(PAUSED, "paused")                                                                                      \
    X(RESUMED, "resumed")                                                                                    \
    X(EXTENDED, "extended")                                                                                  \
    X(NOTE, "note")                                                                                          \
    X(NOT_TAKEN, "not_taken")                                                                                \
    X(NOBODY_CONTACTED, "nobody_contacted")                                                                  \
    X(NOBODY_DECIDED, "nobody_decided")                                                                      \
    X(SECOND, "second")                                                                                      \
    X(SECOND_MANAGERS, "second_managers")                                                                    \
    X(NOT_EMERGENCY, "not_emergency")                                                                        \
    X(MANAGER_CALLED, "manager_called")                                                                      \
    X(PERSON_PAGED, "person_paged")                                                                          \
    X(DUTY, "duty")                                                                                          \
    X(COLLEAGUE, "colleague")                                                                                \
    X(CALL_STARTED, "call_started")                                                                          \
    X(CALL_ENDED, "call_ended")                                                                              \
    X(MACRO, "macro")                                                                                        \
    X(NOTES_MISSING, "notes_missing")                                                                        \
    X(NOTES_COMPLETE, "notes_complete")                                                                      \
    X(SHIFT, "shift")                                                                                        \
    X(HANDOFF, "handoff")                                                                                    \
    X(BULK_HELD, "bulk_held")                                                                                \
    X(BULK_LIFTED, "bulk_lifted")                                                                            \
    X(BULK_ANSWERED, "bulk_answered")                                                                        \
    X(STUCK, "stuck")                                                                                        \
    X(PARKED, "parked")                                                                                      \
    X(RUNBOOK, "runbook")                                                                                    \
    X(SERVICE_REFUSED, "service_refused")                                                                    \
    X(HELP, "help")                                                                                          \
    X(ONCALL, "oncall")                                                                                      \
    X(LISTED, "listed")

enum message {
    MESSAGE_NONE,
#define MESSAGE_ENUM(name, file) MESSAGE_##name,
    MESSAGES(MESSAGE_ENUM)
#undef MESSAGE_ENUM
        MESSAGE_COUNT
};

#endif
