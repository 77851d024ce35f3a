/* case_compare.c: rows that came against rows that must come. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/case.h"

#define SHOWN_DIFFERENCES 5
/* Relative, and absolute near 0: sums over long sliding windows drift. */
#define DOUBLE_TOLERANCE 1e-9
#define FLOAT_TOLERANCE  1e-5

static bool near(double a, double b, double tolerance) {
    if (a == b) return true;
    double scale = fmax(fabs(a), fabs(b));
    return fabs(a - b) <= tolerance * fmax(scale, 1.0) || (isinf(a) && isinf(b) && (a > 0) == (b > 0));
}

static bool equal_values(const json *want, const json *got) {
    if (want->kind != got->kind) return false;
    switch (want->kind) {
    case JSON_NULL: return true;
    case JSON_BOOL: return want->truth == got->truth;
    case JSON_STRING: return want->len == got->len && !memcmp(want->text, got->text, want->len);
    case JSON_NUMBER:
        if (json_is_whole(want) != json_is_whole(got)) return false;
        if (json_is_whole(want)) return strtoll(want->text, NULL, 10) == strtoll(got->text, NULL, 10);
        return near(strtod(want->text, NULL), strtod(got->text, NULL),
                    got->truth ? FLOAT_TOLERANCE : DOUBLE_TOLERANCE);
    default: break;
    }
    if (want->n != got->n) return false;
    for (uint32_t i = 0; i < want->n; i++) {
        if (want->kind == JSON_OBJECT && strcmp(want->keys[i], got->keys[i]) != 0) return false;
        if (!equal_values(want->items[i], got->items[i])) return false;
    }
    return true;
}

/* A text that grows up to its end and then stays. */
typedef struct text {
    char *at;
    size_t left;
} text;

static void say(text *t, const char *label, const json *row) {
    char *bytes = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&bytes, &len);
    if (!f) return;
    fputs(label, f);
    if (row)
        json_write(row, f);
    else
        fputs("(nothing)", f);
    fputc('\n', f);
    fclose(f);
    size_t n = len < t->left ? len : t->left ? t->left - 1 : 0;
    memcpy(t->at, bytes, n);
    t->at += n;
    t->left -= n;
    if (t->left) *t->at = 0;
    free(bytes);
}

static bool is_unordered(const json *c, const char *key) {
    const json *list = json_get(c, "unordered");
    for (uint32_t i = 0; list && i < list->n; i++)
        if (json_text(list->items[i]) && !strcmp(list->items[i]->text, key)) return true;
    return false;
}

static bool compare_multisets(const json *want, const json *got, text *t) {
    bool *used = calloc(got->n + 1, sizeof *used), same = used != NULL;
    for (uint32_t i = 0; used && i < want->n; i++) {
        uint32_t k = 0;
        while (k < got->n && (used[k] || !equal_values(want->items[i], got->items[k]))) k++;
        if (k < got->n) {
            used[k] = true;
            continue;
        }
        if (same) say(t, "      missing   ", want->items[i]);
        same = false;
    }
    for (uint32_t k = 0; used && k < got->n; k++)
        if (!used[k]) {
            if (same || got->n > want->n) say(t, "      too much  ", got->items[k]);
            same = false;
        }
    free(used);
    return same;
}

static bool compare_lists(const json *want, const json *got, text *t) {
    int shown = 0;
    uint32_t most = want->n > got->n ? want->n : got->n;
    for (uint32_t i = 0; i < most; i++) {
        const json *w = i < want->n ? want->items[i] : NULL, *g = i < got->n ? got->items[i] : NULL;
        if (w && g && equal_values(w, g)) continue;
        if (shown++ >= SHOWN_DIFFERENCES) break;
        char label[64];
        snprintf(label, sizeof label, "      row %u: expected ", i + 1);
        say(t, label, w);
        say(t, "             received ", g);
    }
    return shown == 0;
}

/* What was said about something that proved the same is taken back. */
static void keep_if(bool differs, text *t, const text *own) {
    if (differs)
        *t = *own;
    else if (t->left)
        *t->at = 0;
}

static bool compare_one(const json *c, const char *key, const json *want, const json *got, text *t) {
    static const json nothing = {.kind = JSON_ARRAY};
    char label[256], counts[96];
    text own = *t;
    snprintf(counts, sizeof counts, " (%u rows expected, %u received):", want->n, got ? got->n : 0);
    snprintf(label, sizeof label, "    %.120s%s", key, counts);
    json heading = {.kind = JSON_NUMBER, .text = ""};
    say(&own, label, &heading);
    if (!got) got = &nothing;
    bool same = is_unordered(c, key) ? compare_multisets(want, got, &own) : compare_lists(want, got, &own);
    keep_if(!same, t, &own);
    return same;
}

/* The answer to one query: rows, or that it must fail. */
static bool compare_answer(const json *c, uint32_t number, const json *want, const json *got, text *t) {
    char label[96];
    text own = *t;
    const json *want_error = json_get(want, "error"), *got_error = got ? json_get(got, "error") : NULL;
    if (want_error && got_error) return true;
    snprintf(label, sizeof label, "    answer %u:", number + 1);
    json heading = {.kind = JSON_NUMBER, .text = ""};
    say(&own, label, &heading);
    bool same = false;
    if (want_error || got_error || !got) {
        say(&own, "      expected ", want);
        say(&own, "      received ", got);
    } else {
        same =
            is_unordered(c, "answers") ? compare_multisets(want, got, &own) : compare_lists(want, got, &own);
    }
    keep_if(!same, t, &own);
    return same;
}

static bool compare_answers(const json *c, const json *want, const json *got, text *t) {
    bool same = true;
    for (uint32_t i = 0; i < want->n; i++)
        same &= compare_answer(c, i, want->items[i], got && i < got->n ? got->items[i] : NULL, t);
    return same;
}

bool case_compare(const json *c, const case_result *r, char *why, size_t size) {
    const json *expect = json_get(c, "expect"), *answers = json_get(c, "answers");
    text t = {why, size};
    bool same = true;
    for (uint32_t i = 0; expect && i < expect->n; i++)
        same &= compare_one(c, expect->keys[i], expect->items[i], json_get(r->got, expect->keys[i]), &t);
    if (answers) same &= compare_answers(c, answers, r->answers, &t);
    if (same && size) *why = 0;
    return same;
}
