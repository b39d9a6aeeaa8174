/*
 * signature: what the vendors' own examples say is signed is accepted, and nothing that differs from it.
 */

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "lib/signature.h"
#include "tests/unit/suites.h"

/* PagerDuty/go-pagerduty, webhookv3/webhookv3_test.go at d34fb98. */
static const char pagerduty_secret[] = "lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK";
#define PAGERDUTY_HEX "0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd"
#define OTHER_HEX     "7020c8a7ec668a9b7012bc3dd82e483394b038f4230acc6785efbf2a7d8bcaf5"
static const char pagerduty_body[] =
    "{\"event\":{\"id\":\"01BWDWL3NYY7LUFPZCC28QUCMK\",\"event_type\":\"incident.priority_updated\",\"reso"
    "urce_type\":\"incident\",\"occurred_at\":\"2021-04-26T17:36:27.458Z\",\"agent\":{\"html_url\":\"https:"
    "//acme.pagerduty.com/users/PLH1HKV\",\"id\":\"PLH1HKV\",\"self\":\"https://api.pagerduty.com/users"
    "/PLH1HKV\",\"summary\":\"Tenex "
    "Engineer\",\"type\":\"user_reference\"},\"client\":null,\"data\":{\"id\":\""
    "PGR0VU2\",\"type\":\"incident\",\"self\":\"https://api.pagerduty.com/incidents/PGR0VU2\",\"html_url\""
    ":\"https://acme.pagerduty.com/incidents/PGR0VU2\",\"number\":2,\"status\":\"triggered\",\"title\":\"A"
    " little bump in the road\",\"service\":{\"html_url\":\"https://acme.pagerduty.com/services/PF9KM"
    "XH\",\"id\":\"PF9KMXH\",\"self\":\"https://api.pagerduty.com/services/PF9KMXH\",\"summary\":\"API Serv"
    "ice\",\"type\":\"service_reference\"},\"assignees\":[{\"html_url\":\"https://acme.pagerduty.com/user"
    "s/PTUXL6G\",\"id\":\"PTUXL6G\",\"self\":\"https://api.pagerduty.com/users/PTUXL6G\",\"summary\":\"User"
    " 123\",\"type\":\"user_reference\"}],\"escalation_policy\":{\"html_url\":\"https://acme.pagerduty.co"
    "m/escalation_policies/PUS0KTE\",\"id\":\"PUS0KTE\",\"self\":\"https://api.pagerduty.com/escalation"
    "_policies/PUS0KTE\",\"summary\":\"Default\",\"type\":\"escalation_policy_reference\"},\"teams\":[{\"ht"
    "ml_url\":\"https://acme.pagerduty.com/teams/PFCVPS0\",\"id\":\"PFCVPS0\",\"self\":\"https://api.page"
    "rduty.com/teams/PFCVPS0\",\"summary\":\"Engineering\",\"type\":\"team_reference\"}],\"priority\":{\"ht"
    "ml_url\":\"https://acme.pagerduty.com/account/incident_priorities\",\"id\":\"PSO75BM\",\"self\":\"ht"
    "tps://api.pagerduty.com/priorities/PSO75BM\",\"summary\":\"P1\",\"type\":\"priority_reference\"},\"u"
    "rgency\":\"high\",\"conference_bridge\":{\"conference_number\":1000,\"conference_url\":\"https://exa"
    "mple.com\"},\"resolve_reason\":null}}}";

/* webhookx-io/webhookx, test/plugins/integration_auth_test.go at 83fa1c6. */
static const char zendesk_secret[] = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==";
static const char zendesk_timestamp[] = "1531420618";
static const char zendesk_signature[] = "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A=";
static const char zendesk_body[] = "{\"event_type\": \"foo.bar\",\"data\": {\"key\": \"value\"}}";

/* slackapi/python-slack-sdk, tests/slack_sdk/signature/test_signature_verifier.py at ae87985. */
static const char slack_secret[] = "8f742231b10e8888abcd99yyyzzz85a5";
static const char slack_hex[] = "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
static const char slack_body[] =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9"
    "T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&"
    "text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F9"
    "6rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b670"
    "3c";

static struct signature_key *new_key(const char *secret)
{
    struct signature_key *key = signature_key_new(secret);
    ck_assert_ptr_nonnull(key);
    return key;
}

/* Is the header right for the body under this secret alone? */
static bool pagerduty_ok(const char *secret, const char *header, const char *body, size_t len)
{
    struct signature_key *key = new_key(secret);
    const bool ok = signature_pagerduty_ok(&key, 1, header, body, len);
    signature_key_free(key);
    return ok;
}

static bool pagerduty_header_ok(const char *header)
{
    return pagerduty_ok(pagerduty_secret, header, pagerduty_body, strlen(pagerduty_body));
}

static bool zendesk_ok(const char *secret, const char *header, const char *timestamp, const char *body)
{
    struct signature_key *key = new_key(secret);
    const bool ok = signature_zendesk_ok(&key, 1, header, timestamp, body, strlen(body));
    signature_key_free(key);
    return ok;
}

START_TEST(an_empty_secret_makes_no_key)
{
    ck_assert_ptr_null(signature_key_new(""));
    signature_key_free(NULL);
}
END_TEST

START_TEST(parts_are_signed_as_one_message_and_a_key_serves_many)
{
    struct signature_key *key = new_key(slack_secret);
    const struct signature_part parts[] = {
        {"v0:", 3}, {"1531420618", 10}, {":", 1}, {slack_body, strlen(slack_body)}};
    for (int round = 0; round < 3; round++) {
        unsigned char mac[SIGNATURE_HMAC_SIZE];
        char hex[2 * SIGNATURE_HMAC_SIZE + 1];
        ck_assert(signature_hmac(key, parts, COUNT_OF(parts), mac));
        for (size_t i = 0; i < sizeof(mac); i++)
            snprintf(hex + 2 * i, 3, "%02x", mac[i]);
        ck_assert_str_eq(hex, slack_hex);
    }
    signature_key_free(key);
}
END_TEST

START_TEST(pagerduty_signature_of_the_vendor_is_accepted)
{
    ck_assert(pagerduty_header_ok("v1=" PAGERDUTY_HEX));
    ck_assert(!pagerduty_header_ok("v1=" OTHER_HEX));
}
END_TEST

START_TEST(pagerduty_any_of_several_signatures_may_match)
{
    ck_assert(pagerduty_header_ok("v1=" OTHER_HEX ",v1=" PAGERDUTY_HEX));
    ck_assert(pagerduty_header_ok("v1=" PAGERDUTY_HEX ",v1=" OTHER_HEX));
    ck_assert(pagerduty_header_ok("v2=abc, v1=" OTHER_HEX " ,\tv1=" PAGERDUTY_HEX " "));
    ck_assert(!pagerduty_header_ok("v1=" OTHER_HEX ", v1=" OTHER_HEX));
}
END_TEST

START_TEST(pagerduty_signature_must_be_written_as_pagerduty_writes_it)
{
    static const char *const wrong[] = {
        "",
        ",",
        ", ,",
        "v1=",
        "v1=,v1=",
        PAGERDUTY_HEX,
        "v0=" PAGERDUTY_HEX,
        "v2=" PAGERDUTY_HEX,
        "V1=" PAGERDUTY_HEX,
        "v1 =" PAGERDUTY_HEX,
        "v1=" PAGERDUTY_HEX "0",
        "v1=" PAGERDUTY_HEX "=",
        "v1=0C0B9495B893A39E70D1FEA2FE11FBE0A825F88B9F67846F6CC07DD2BC5476CD",
        "v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476c",
        "v1=0c0b9495b893a39e70d1fea2fe11fbe0,a825f88b9f67846f6cc07dd2bc5476cd",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        ck_assert_msg(!pagerduty_header_ok(wrong[i]), "accepted: %s", wrong[i]);
}
END_TEST

START_TEST(pagerduty_any_changed_digit_or_byte_is_refused)
{
    char header[] = "v1=" PAGERDUTY_HEX;
    for (size_t i = 3; i < sizeof(header) - 1; i++) {
        const char digit = header[i];
        header[i] = digit == '0' ? '1' : '0';
        ck_assert(!pagerduty_header_ok(header));
        header[i] = digit;
    }
    char body[sizeof(pagerduty_body)];
    memcpy(body, pagerduty_body, sizeof(body));
    const size_t len = sizeof(body) - 1;
    for (size_t i = 0; i < len; i += 97) {
        body[i] ^= 1;
        ck_assert(!pagerduty_ok(pagerduty_secret, header, body, len));
        body[i] ^= 1;
    }
    ck_assert(pagerduty_ok(pagerduty_secret, header, body, len));
    ck_assert(!pagerduty_ok(pagerduty_secret, header, body, len - 1));
    ck_assert(!pagerduty_ok(pagerduty_secret, header, body, len + 1));
    ck_assert(!pagerduty_ok("another secret", header, body, len));
}
END_TEST

START_TEST(every_valid_key_is_tried_and_none_accepts_nothing)
{
    struct signature_key *keys[] = {new_key("old"), new_key(pagerduty_secret), new_key(zendesk_secret)};
    const size_t len = strlen(pagerduty_body);
    ck_assert(signature_pagerduty_ok(keys, 3, "v1=" PAGERDUTY_HEX, pagerduty_body, len));
    ck_assert(!signature_pagerduty_ok(keys, 1, "v1=" PAGERDUTY_HEX, pagerduty_body, len));
    ck_assert(!signature_pagerduty_ok(keys, 0, "v1=" PAGERDUTY_HEX, pagerduty_body, len));
    ck_assert(signature_zendesk_ok(keys, 3, zendesk_signature, zendesk_timestamp, zendesk_body,
                                   strlen(zendesk_body)));
    ck_assert(!signature_zendesk_ok(keys, 2, zendesk_signature, zendesk_timestamp, zendesk_body,
                                    strlen(zendesk_body)));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        signature_key_free(keys[i]);
}
END_TEST

START_TEST(zendesk_signature_covers_timestamp_and_body)
{
    ck_assert(zendesk_ok(zendesk_secret, zendesk_signature, zendesk_timestamp, zendesk_body));
    ck_assert(!zendesk_ok("another", zendesk_signature, zendesk_timestamp, zendesk_body));
    ck_assert(!zendesk_ok(zendesk_secret, zendesk_signature, "1531420619", zendesk_body));
    ck_assert(!zendesk_ok(zendesk_secret, zendesk_signature, "", zendesk_body));
    ck_assert(!zendesk_ok(zendesk_secret, zendesk_signature, zendesk_timestamp, ""));
}
END_TEST

START_TEST(zendesk_signature_must_be_the_one_base64_text)
{
    static const char *const wrong[] = {
        "",
        "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A",   /* not padded */
        "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2B=",  /* other unused bits */
        "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A==", /* padded twice */
        " qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A=",
        "qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A=\n",
        "Qtmu3iClLKujnujOBkwe7yjI34o5CzsLD04Uy4LbE2A=",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        ck_assert_msg(!zendesk_ok(zendesk_secret, wrong[i], zendesk_timestamp, zendesk_body), "accepted: %s",
                      wrong[i]);
}
END_TEST

static bool v0_ok(const char *secret, const char *header, const char *timestamp, const char *body)
{
    struct signature_key *keys[] = {new_key("another"), new_key(secret)};
    const bool ok = signature_v0_ok(keys, COUNT_OF(keys), header, timestamp, body, strlen(body));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        signature_key_free(keys[i]);
    return ok;
}

#define V0 "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"

START_TEST(v0_signature_covers_timestamp_and_body)
{
    ck_assert(v0_ok(slack_secret, V0, "1531420618", slack_body));
    ck_assert(!v0_ok("yet another", V0, "1531420618", slack_body));
    ck_assert(!v0_ok(slack_secret, V0, "1531420619", slack_body));
    ck_assert(!v0_ok(slack_secret, V0, "1531420618", ""));
    ck_assert(!signature_v0_ok(NULL, 0, V0, "1531420618", slack_body, strlen(slack_body)));
}
END_TEST

START_TEST(v0_signature_must_be_written_as_its_senders_write_it)
{
    static const char *const wrong[] = {
        "",
        &V0[3],
        V0 " ",
        " " V0,
        "V0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        V0 "0",
        "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        V0 "," V0,
        "v0=A2114D57B48EAC39B9AD189DD8316235A7B4A8D21A10BD27519666489C69B503",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        ck_assert_msg(!v0_ok(slack_secret, wrong[i], "1531420618", slack_body), "accepted: %s", wrong[i]);
    char header[] = V0;
    for (size_t i = 3; i < sizeof(header) - 1; i++) {
        const char digit = header[i];
        header[i] = digit == '0' ? '1' : '0';
        ck_assert(!v0_ok(slack_secret, header, "1531420618", slack_body));
        header[i] = digit;
    }
}
END_TEST

/* RFC 4231, test case 2. */
START_TEST(a_text_is_signed_in_hex)
{
    char hex[SIGNATURE_HEX_SIZE];
    struct signature_key *key = new_key("Jefe");
    ck_assert(signature_hex(key, "what do ya want for nothing?", hex));
    ck_assert_str_eq(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    signature_key_free(key);
}
END_TEST

Suite *signature_suite(void)
{
    Suite *suite = suite_create("signature");
    TCase *all = tcase_create("all");
    tcase_add_test(all, an_empty_secret_makes_no_key);
    tcase_add_test(all, parts_are_signed_as_one_message_and_a_key_serves_many);
    tcase_add_test(all, pagerduty_signature_of_the_vendor_is_accepted);
    tcase_add_test(all, pagerduty_any_of_several_signatures_may_match);
    tcase_add_test(all, pagerduty_signature_must_be_written_as_pagerduty_writes_it);
    tcase_add_test(all, pagerduty_any_changed_digit_or_byte_is_refused);
    tcase_add_test(all, every_valid_key_is_tried_and_none_accepts_nothing);
    tcase_add_test(all, zendesk_signature_covers_timestamp_and_body);
    tcase_add_test(all, zendesk_signature_must_be_the_one_base64_text);
    tcase_add_test(all, v0_signature_covers_timestamp_and_body);
    tcase_add_test(all, v0_signature_must_be_written_as_its_senders_write_it);
    tcase_add_test(all, a_text_is_signed_in_hex);
    suite_add_tcase(suite, all);
    return suite;
}
