-- A webhook of Zendesk's is known again by its time and its id, no longer by the id alone, which is random: what comes
-- in now has its place beside what came in just before, instead of anywhere in the index. Where its time was not taken
-- as it is (by Zendesk's skew, or as it lay in the future), a repeat of a webhook from before this migration is not known
-- as one.

UPDATE event SET repeat_key = 'ze ' || at_ms || substr(repeat_key, 3) WHERE repeat_key GLOB 'ze *' AND ticket_id > 0;
