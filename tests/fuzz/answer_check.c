/* Promises of answers; a broken one ends the run. */
#include "tests/fuzz/answer_check.h"

#include "lib/json_fields.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/promise.h"

static bool read_once(const struct answer_kind *kind, struct answer *answer)
{
    answer->error[0] = '\0';
    const bool good = kind->read(answer);
    promise_text(answer->error, sizeof answer->error, kind->word);
    PROMISE(good || kind->silent || answer->error[0], "%s: refused without a word", kind->word);
    return good;
}

void answer_check(const struct answer_kind kinds[], size_t count, const uint8_t *data, size_t size)
{
    static struct json_reader *reader;
    struct input input = input_of(data, size);
    char *word = input_line(&input);
    size_t length = 0;
    char *text = input_rest(&input, &length);
    if (!reader)
        reader = json_reader_new();
    struct answer answer = {.reader = reader, .text = text, .length = length};
    PROMISE(reader, "no memory");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(kinds[i].word, word) != 0)
            continue;
        const bool good = read_once(&kinds[i], &answer);
        PROMISE(read_once(&kinds[i], &answer) == good, "%s: another time it is %d", word, !good);
    }
    free(word);
    free(text);
}
