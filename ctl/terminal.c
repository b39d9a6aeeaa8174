/*
 * Tables for people. An answer that is not what the contract says looks odd, but harms nobody.
 */
#include "ctl/terminal.h"

#include "lib/compiler.h"
#include "lib/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 9
#define CELL_MAX    48 /* bytes */

static uint32_t code_of(const char *text, size_t length)
{
    static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & lead_mask[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

static bool is_obeyed(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0)             /* control characters */
           || code == 0x061c || code == 0x200e || code == 0x200f || /* marks of direction */
           (code >= 0x2028 && code <= 0x202e)                       /* line ends, embeddings, overrides */
           || (code >= 0x2066 && code <= 0x2069);                   /* isolates */
}

void terminal_print(FILE *out, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        size_t n = text_utf8_char(text + i, length - i);
        uint32_t code = n > 0 ? code_of(text + i, n) : 0xfffd;
        if (n == 0 || is_obeyed(code))
            fprintf(out, "\\u%04x", (unsigned int)code);
        else
            fwrite(text + i, 1, n, out);
        i += n > 0 ? n : 1;
    }
}

/* --- values --- */

static const char *text_at(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && text[0] ? text : "-";
}

static long long number_at(json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* A number, or "-". */
static const char *number_text(json_t *object, const char *key, char out[24])
{
    if (!json_is_integer(json_object_get(object, key)))
        return "-";
    (void)snprintf(out, 24, "%lld", number_at(object, key));
    return out;
}

/* "follow_up in 6m12s" or "… 12s ago" */
static void next_text(json_t *emergency, char *out, size_t size)
{
    json_t *next = json_object_get(emergency, "next");
    if (!json_is_object(next)) {
        text_copy(out, size, "-");
        return;
    }
    long long s = number_at(next, "in_s");
    long long left = s < 0 ? -s : s;
    char period[32];
    if (left < 60)
        (void)snprintf(period, sizeof period, "%llds", left);
    else if (left < 3600)
        (void)snprintf(period, sizeof period, "%lldm%02llds", left / 60, left % 60);
    else
        (void)snprintf(period, sizeof period, "%lldh%02lldm", left / 3600, left / 60 % 60);
    (void)snprintf(out, size, s < 0 ? "%s %s ago" : "%s in %s", text_at(next, "step"), period);
}

/* --- tables --- */

struct table {
    const char *const *heads;
    size_t columns; /* the last is as long as it needs to be, the others are cut at CELL_MAX */
    char *(*rows)[COLUMNS_MAX];
    size_t count;
    size_t widths[COLUMNS_MAX];
};

static char *escaped(const char *text)
{
    char *copy = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&copy, &length);
    if (!out)
        return NULL;
    terminal_print(out, text);
    if (fclose(out) == 0)
        return copy;
    free(copy);
    return NULL;
}

size_t terminal_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static char *cell_of(const char *text, bool is_last)
{
    char cut[CELL_MAX];
    if (is_last)
        return escaped(text);
    text_copy(cut, sizeof cut, text);
    return escaped(cut);
}

static void table_add(struct table *table, const char *const cells[])
{
    void *rows = realloc(table->rows, (table->count + 1) * sizeof *table->rows);
    if (!rows)
        return;
    table->rows = rows;
    for (size_t i = 0; i < table->columns; i++) {
        char *cell = cell_of(cells[i], i + 1 == table->columns);
        size_t width = cell ? terminal_width(cell) : 0;
        table->rows[table->count][i] = cell;
        if (width > table->widths[i])
            table->widths[i] = width;
    }
    table->count++;
}

static void print_cell(const struct table *table, size_t column, const char *text)
{
    fputs(text, stdout);
    if (column + 1 == table->columns) {
        putchar('\n');
        return;
    }
    for (size_t n = terminal_width(text); n < table->widths[column] + 2; n++)
        putchar(' ');
}

/* Prints and frees what was added. */
static void table_print(struct table *table)
{
    for (size_t i = 0; i < table->columns; i++)
        if (table->widths[i] < strlen(table->heads[i]))
            table->widths[i] = strlen(table->heads[i]);
    for (size_t i = 0; i < table->columns; i++)
        print_cell(table, i, table->heads[i]);
    for (size_t row = 0; row < table->count; row++)
        for (size_t i = 0; i < table->columns; i++) {
            char *cell = table->rows[row][i];
            print_cell(table, i, cell ? cell : "?");
            free(cell);
        }
    free(table->rows);
}

/* --- answers --- */

static void add_emergency(struct table *table, json_t *emergency)
{
    char id[24], ticket_id[24], next[64];
    json_t *ticket = json_object_get(emergency, "ticket");
    next_text(emergency, next, sizeof next);
    const char *cells[] = {
        number_text(emergency, "id", id),
        text_at(emergency, "state"),
        text_at(emergency, "held"),
        number_text(ticket, "id", ticket_id),
        text_at(ticket, "priority"),
        next,
        text_at(json_object_get(emergency, "engineer"), "name"),
        text_at(json_object_get(emergency, "organization"), "name"),
        text_at(ticket, "subject"),
    };
    table_add(table, cells);
}

void terminal_print_list(json_t *answer)
{
    static const char *const heads[] = {"ID",   "STATE",    "HELD",         "TICKET", "PRIORITY",
                                        "NEXT", "ENGINEER", "ORGANIZATION", "SUBJECT"};
    struct table table = {.heads = heads, .columns = COUNT_OF(heads)};
    json_t *emergencies = json_object_get(answer, "emergencies");
    for (size_t i = 0; i < json_array_size(emergencies); i++)
        add_emergency(&table, json_array_get(emergencies, i));
    table_print(&table);
    const char *next_page = json_string_value(json_object_get(answer, "next_page"));
    if (next_page) {
        fputs("older ones: list --page ", stdout);
        terminal_print(stdout, next_page);
        putchar('\n');
    }
}

static void add_action(struct table *table, json_t *action)
{
    char id[24], emergency[24], attempts[24];
    const char *cells[] = {
        number_text(action, "id", id), number_text(action, "emergency", emergency),
        text_at(action, "service"),    text_at(action, "kind"),
        text_at(action, "state"),      number_text(action, "attempts", attempts),
        text_at(action, "next_at"),    text_at(action, "error"),
    };
    table_add(table, cells);
}

static struct table table_of_actions(void)
{
    static const char *const heads[] = {"ID",    "EMERGENCY", "SERVICE", "KIND",
                                        "STATE", "ATTEMPTS",  "NEXT",    "ERROR"};
    return (struct table){.heads = heads, .columns = COUNT_OF(heads)};
}

static void print_actions(json_t *actions)
{
    struct table table = table_of_actions();
    for (size_t i = 0; i < json_array_size(actions); i++)
        add_action(&table, json_array_get(actions, i));
    table_print(&table);
}

void terminal_print_outbox(json_t *answer)
{
    print_actions(json_object_get(answer, "actions"));
}

void terminal_print_action(json_t *action)
{
    struct table table = table_of_actions();
    add_action(&table, action);
    table_print(&table);
}

/* One of "now" and "next" of a schedule. */
static const char *turn_text(json_t *schedule, const char *which, const char *key)
{
    return text_at(json_object_get(schedule, which), key);
}

void terminal_print_oncall(json_t *answer)
{
    static const char *const heads[] = {"ROLE", "SCHEDULE", "NOW", "UNTIL", "NEXT", "FROM"};
    struct table table = {.heads = heads, .columns = COUNT_OF(heads)};
    json_t *schedules = json_object_get(answer, "oncall");
    for (size_t i = 0; i < json_array_size(schedules); i++) {
        json_t *schedule = json_array_get(schedules, i);
        const char *cells[] = {
            text_at(schedule, json_is_string(json_object_get(schedule, "rung")) ? "rung" : "role"),
            text_at(schedule, "schedule"),
            turn_text(schedule, "now", "name"),
            turn_text(schedule, "now", "until"),
            turn_text(schedule, "next", "name"),
            turn_text(schedule, "next", "from"),
        };
        table_add(&table, cells);
    }
    table_print(&table);
}

static void print_field(const char *name, const char *text)
{
    printf("%-14s ", name);
    terminal_print(stdout, text);
    putchar('\n');
}

static void print_ticket(json_t *ticket)
{
    char id[24];
    if (!json_is_object(ticket))
        return;
    print_field("ticket", number_text(ticket, "id", id));
    print_field("  subject", text_at(ticket, "subject"));
    print_field("  priority", text_at(ticket, "priority"));
    print_field("  status", text_at(ticket, "status"));
    print_field("  url", text_at(ticket, "url"));
}

static void print_pages(json_t *pages)
{
    for (size_t i = 0; i < json_array_size(pages); i++) {
        json_t *page = json_array_get(pages, i);
        print_field("page", text_at(page, "incident_id"));
        print_field("  status", text_at(page, "status"));
        print_field("  url", text_at(page, "url"));
    }
}

static void print_timeline(json_t *timeline)
{
    static const char *const heads[] = {"AT", "KIND", "BY", "TEXT"};
    struct table table = {.heads = heads, .columns = COUNT_OF(heads)};
    for (size_t i = 0; i < json_array_size(timeline); i++) {
        json_t *entry = json_array_get(timeline, i);
        const char *cells[] = {text_at(entry, "at"), text_at(entry, "kind"), text_at(entry, "by"),
                               text_at(entry, "text")};
        table_add(&table, cells);
    }
    table_print(&table);
}

static void print_checklist(json_t *checklist)
{
    for (size_t i = 0; i < json_array_size(checklist); i++) {
        json_t *row = json_array_get(checklist, i);
        print_field(i == 0 ? "checklist" : "", text_at(row, "item"));
        print_field("  done", text_at(row, "done_at"));
    }
}

static void print_times(json_t *emergency)
{
    static const char *const keys[] = {"opened_at",   "acknowledged_at", "contacted_at", "followed_up_at",
                                       "answered_at", "downgraded_at",   "closed_at",    "closed_why"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (json_is_string(json_object_get(emergency, keys[i])))
            print_field(keys[i], text_at(emergency, keys[i]));
}

void terminal_print_emergency(json_t *emergency)
{
    char id[24], next[64];
    print_field("emergency", number_text(emergency, "id", id));
    print_field("state", text_at(emergency, "state"));
    if (json_is_string(json_object_get(emergency, "held"))) {
        print_field("held", text_at(emergency, "held"));
        print_field("  why", text_at(emergency, "held_why"));
    }
    next_text(emergency, next, sizeof next);
    print_field("next", next);
    if (json_is_true(json_object_get(emergency, "dry_run")))
        print_field("dry run", "nothing is sent");
    print_ticket(json_object_get(emergency, "ticket"));
    print_pages(json_object_get(emergency, "pages"));
    print_field("organization", text_at(json_object_get(emergency, "organization"), "name"));
    print_field("engineer", text_at(json_object_get(emergency, "engineer"), "name"));
    if (json_is_object(json_object_get(emergency, "bridge")))
        print_field("bridge", text_at(json_object_get(emergency, "bridge"), "url"));
    print_times(emergency);
    print_checklist(json_object_get(emergency, "checklist"));
    putchar('\n');
    print_timeline(json_object_get(emergency, "timeline"));
    if (json_array_size(json_object_get(emergency, "actions")) > 0) {
        putchar('\n');
        print_actions(json_object_get(emergency, "actions"));
    }
}

void terminal_print_summary(json_t *emergency)
{
    char next[64];
    json_t *held = json_object_get(emergency, "held_why");
    next_text(emergency, next, sizeof next);
    printf("E%lld: ", number_at(emergency, "id"));
    terminal_print(stdout, text_at(emergency, "state"));
    if (json_is_string(held)) {
        fputs(", held: ", stdout);
        terminal_print(stdout, json_string_value(held));
    }
    if (strcmp(next, "-") != 0) {
        fputs(", next: ", stdout);
        terminal_print(stdout, next);
    }
    putchar('\n');
}
