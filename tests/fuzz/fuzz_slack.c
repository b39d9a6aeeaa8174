/* Slack's webhooks: any body is read or refused with its reason; see webhook_check.h. */
#include "tests/fuzz/promise.h"
#include "tests/fuzz/webhook_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    webhook_check(&slack_service, data, size);
    return 0;
}
