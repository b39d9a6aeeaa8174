/*
 * HMAC-SHA256 by libcrypto. Its context keeps the key's two prepared hash states, so that a message costs
 * only itself.
 *
 * A wrong signature is a result, not a warning: the listener counts and reports it. A libcrypto that fails
 * makes every signature wrong, and a key that cannot be made is for the caller to treat as fatal.
 */

#include "lib/signature.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define HEX_LEN    (2 * SIGNATURE_HMAC_SIZE)
#define BASE64_LEN (4 * ((SIGNATURE_HMAC_SIZE + 2) / 3))

struct signature_key {
    EVP_MAC_CTX *context; /* keyed; initialised anew for each message */
};

static bool context_init(EVP_MAC_CTX *context, const char *secret)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_init(context, (const unsigned char *)secret, strlen(secret), params) == 1;
}

struct signature_key *signature_key_new(const char *secret)
{
    EVP_MAC *mac = NULL;
    struct signature_key *key = calloc(1, sizeof(*key));
    if (!key || secret[0] == '\0')
        goto failed;
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (!mac)
        goto failed;
    key->context = EVP_MAC_CTX_new(mac); /* holds a reference of its own to the algorithm */
    if (!key->context || !context_init(key->context, secret))
        goto failed;
    EVP_MAC_free(mac);
    return key;
failed:
    EVP_MAC_free(mac);
    signature_key_free(key);
    return NULL;
}

void signature_key_free(struct signature_key *key)
{
    if (!key)
        return;
    EVP_MAC_CTX_free(key->context); /* wipes the key */
    free(key);
}

bool signature_hmac(struct signature_key *key, const struct signature_part parts[], size_t n,
                    unsigned char out[SIGNATURE_HMAC_SIZE])
{
    size_t written = 0;
    if (EVP_MAC_init(key->context, NULL, 0, NULL) != 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (EVP_MAC_update(key->context, parts[i].data, parts[i].len) != 1)
            return false;
    return EVP_MAC_final(key->context, out, &written, SIGNATURE_HMAC_SIZE) == 1 &&
           written == SIGNATURE_HMAC_SIZE;
}

static void hex_write(const unsigned char mac[SIGNATURE_HMAC_SIZE], char out[HEX_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SIGNATURE_HMAC_SIZE; i++) {
        out[2 * i] = digits[mac[i] >> 4];
        out[2 * i + 1] = digits[mac[i] & 0xF];
    }
}

bool signature_hex(struct signature_key *key, const char *text, char out[SIGNATURE_HEX_SIZE])
{
    const struct signature_part part = {text, strlen(text)};
    unsigned char mac[SIGNATURE_HMAC_SIZE];
    if (!signature_hmac(key, &part, 1, mac))
        return false;
    hex_write(mac, out);
    out[HEX_LEN] = '\0';
    return true;
}

/* Is one of the header's signatures this one? */
static bool pagerduty_header_has(const char *header, const char hex[HEX_LEN])
{
    static const char version[] = "v1=";
    const size_t version_len = sizeof(version) - 1;
    for (const char *item = header; *item;) {
        item += strspn(item, ", \t");
        const size_t len = strcspn(item, ", \t");
        if (len == version_len + HEX_LEN && memcmp(item, version, version_len) == 0 &&
            CRYPTO_memcmp(item + version_len, hex, HEX_LEN) == 0)
            return true;
        item += len;
    }
    return false;
}

bool signature_pagerduty_ok(struct signature_key *const keys[], size_t n_keys, const char *header,
                            const void *body, size_t len)
{
    const struct signature_part part = {body, len};
    for (size_t i = 0; i < n_keys; i++) {
        unsigned char mac[SIGNATURE_HMAC_SIZE];
        char hex[HEX_LEN];
        if (!signature_hmac(keys[i], &part, 1, mac))
            return false;
        hex_write(mac, hex);
        if (pagerduty_header_has(header, hex))
            return true;
    }
    return false;
}

bool signature_zendesk_ok(struct signature_key *const keys[], size_t n_keys, const char *header,
                          const char *timestamp, const void *body, size_t len)
{
    const struct signature_part parts[] = {{timestamp, strlen(timestamp)}, {body, len}};
    if (strlen(header) != BASE64_LEN)
        return false;
    for (size_t i = 0; i < n_keys; i++) {
        unsigned char mac[SIGNATURE_HMAC_SIZE];
        unsigned char base64[BASE64_LEN + 1];
        if (!signature_hmac(keys[i], parts, COUNT_OF(parts), mac))
            return false;
        EVP_EncodeBlock(base64, mac, SIGNATURE_HMAC_SIZE);
        if (CRYPTO_memcmp(header, base64, BASE64_LEN) == 0)
            return true;
    }
    return false;
}

bool signature_v0_ok(struct signature_key *const keys[], size_t n_keys, const char *header,
                     const char *timestamp, const void *body, size_t len)
{
    static const char version[] = "v0=";
    const size_t version_len = sizeof(version) - 1;
    const struct signature_part parts[] = {{"v0:", 3}, {timestamp, strlen(timestamp)}, {":", 1}, {body, len}};
    if (strlen(header) != version_len + HEX_LEN || memcmp(header, version, version_len) != 0)
        return false;
    for (size_t i = 0; i < n_keys; i++) {
        unsigned char mac[SIGNATURE_HMAC_SIZE];
        char hex[HEX_LEN];
        if (!signature_hmac(keys[i], parts, COUNT_OF(parts), mac))
            return false;
        hex_write(mac, hex);
        if (CRYPTO_memcmp(header + version_len, hex, HEX_LEN) == 0)
            return true;
    }
    return false;
}
