/* options.c: see options.h. */
#include "io/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/number.h"
#include "io/siddhi_keys.h"

#define LONGEST_NAME 63 /* longer keys are not compared for suggestions */

/* Insertions, deletions and changes that make b of a; two rows of the usual table. */
static unsigned edit_distance(const char *a, const char *b) {
    unsigned row[LONGEST_NAME + 1];
    size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST_NAME || nb > LONGEST_NAME) return LONGEST_NAME;
    for (size_t j = 0; j <= nb; j++) row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = WR_MIN(change, WR_MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[nb];
}

static void suggest(const char *key, const weir_option *options, const char **best, unsigned *best_cost) {
    for (const weir_option *o = options; o && o->name; o++) {
        unsigned cost = edit_distance(key, o->name);
        if (cost >= *best_cost) continue;
        *best_cost = cost;
        *best = o->name;
    }
}

static bool names(const weir_option *o, const char *key) {
    size_t len = strlen(o->name);
    if (len > 2 && strcmp(o->name + len - 2, ".*") == 0)
        return strncmp(o->name, key, len - 1) == 0 && key[len - 1];
    return strcmp(o->name, key) == 0;
}

static bool is_known(const weir_option *options, const char *key) {
    for (const weir_option *o = options; o && o->name; o++)
        if (names(o, key)) return true;
    return false;
}

static weir_status fail_at(const weir_pair *pair, weir_error *err, weir_status status) {
    if (err) err->begin = pair->begin, err->end = pair->end;
    return status;
}

static weir_status refuse_unknown(const char *what, const weir_option *options, const weir_option *also,
                                  const weir_pair *pair, weir_error *err) {
    if (!pair->key[0])
        return fail_at(pair, err, weir_fail(err, WEIR_ECONFIG, "%s: '%s' has no key", what, pair->value));
    const char *best = NULL;
    unsigned cost = (unsigned)strlen(pair->key) / 3 + 2;
    suggest(pair->key, options, &best, &cost);
    suggest(pair->key, also, &best, &cost);
    weir_fail(err, WEIR_ENAME, "%s has no option '%s'", what, pair->key);
    if (err && best) snprintf(err->hint, sizeof err->hint, "did you mean '%s'?", best);
    return fail_at(pair, err, WEIR_ENAME);
}

static weir_status refuse_siddhi(const char *what, const wr_siddhi_key *key, const weir_pair *pair,
                                 weir_error *err) {
    weir_fail(err, WEIR_EUNSUPPORTED, "%s: %s='%s' is not supported: %s", what, key->name, pair->value,
              key->why);
    return fail_at(pair, err, WEIR_EUNSUPPORTED);
}

void wr_suggest_attribute(const char *wanted, const weir_schema *schema, weir_error *err) {
    const char *best = NULL;
    unsigned best_cost = (unsigned)strlen(wanted) / 3 + 2;
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        unsigned cost = edit_distance(wanted, schema->attributes[i].name);
        if (cost >= best_cost) continue;
        best_cost = cost;
        best = schema->attributes[i].name;
    }
    if (err && best) snprintf(err->hint, sizeof err->hint, "did you mean '%s'?", best);
}

static bool parse_choice(const char *choices, const char *text, int64_t *out) {
    size_t len = strlen(text);
    int64_t number = 0;
    for (const char *p = choices;; p++, number++) {
        size_t n = strcspn(p, "|");
        if (n == len && strncasecmp(p, text, n) == 0) {
            *out = number;
            return true;
        }
        p += n;
        if (!*p) return false;
    }
}

static bool parse_value(const weir_option *o, const char *text, weir_setting *s) {
    switch (o->kind) {
    case WEIR_OPTION_TEXT:
    case WEIR_OPTION_TEMPLATE: return true;
    case WEIR_OPTION_BOOL:
        s->as.b = strcasecmp(text, "true") == 0;
        return s->as.b || strcasecmp(text, "false") == 0;
    case WEIR_OPTION_LONG: return wr_parse_long(text, strlen(text), &s->as.l) == WR_NUMBER_OK;
    case WEIR_OPTION_DOUBLE:
        return wr_parse_double(text, strlen(text), &s->as.d) == WR_NUMBER_OK && isfinite(s->as.d);
    case WEIR_OPTION_TIME: return wr_parse_time_span(text, &s->as.l);
    case WEIR_OPTION_BYTES: return wr_parse_bytes(text, &s->as.l);
    case WEIR_OPTION_CHOICE: return parse_choice(o->choices, text, &s->as.l);
    }
    return false;
}

static const char *expected(const weir_option *o) {
    static const char *const texts[] = {
        [WEIR_OPTION_TEXT] = "text",
        [WEIR_OPTION_TEMPLATE] = "text",
        [WEIR_OPTION_BOOL] = "'true' or 'false'",
        [WEIR_OPTION_LONG] = "a whole number",
        [WEIR_OPTION_DOUBLE] = "a number",
        [WEIR_OPTION_TIME] = "a time such as '5 sec', or a number of milliseconds",
        [WEIR_OPTION_BYTES] = "a size such as '64 MB', or a number of bytes",
    };
    return o->kind == WEIR_OPTION_CHOICE ? o->choices : texts[o->kind];
}

static weir_status set_one(const char *what, const weir_option *o, const weir_pair *pair, weir_setting *s,
                           weir_arena *arena, weir_error *err) {
    s->text = pair ? pair->value : o->fallback;
    if (!s->text) return WEIR_OK;
    s->given = true;
    if (!parse_value(o, s->text, s)) {
        weir_fail(err, WEIR_ECONFIG, "%s: option '%s' is '%s'; it takes %s", what, o->name, s->text,
                  expected(o));
        return pair ? fail_at(pair, err, WEIR_ECONFIG) : WEIR_ECONFIG;
    }
    s->text = wr_arena_strndup(arena, s->text, strlen(s->text));
    return s->text ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory");
}

/* Of keys that are no options here some are Siddhi's. */
static weir_status check_unknown(const char *what, const weir_option *options, const weir_option *also,
                                 const weir_pair *pair, weir_error *err) {
    const wr_siddhi_key *siddhi = wr_siddhi_key_find(what, pair->key);
    if (!siddhi) return refuse_unknown(what, options, also, pair, err);
    return wr_siddhi_key_takes(siddhi, pair->value) ? WEIR_OK : refuse_siddhi(what, siddhi, pair, err);
}

static const weir_pair *find_pair(const weir_pair *pairs, uint32_t n, const char *key) {
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(pairs[i].key, key) == 0) return &pairs[i];
    return NULL;
}

static weir_status check_keys(const char *what, const weir_option *options, const weir_option *also,
                              const weir_pair *pairs, uint32_t n_pairs, weir_error *err) {
    for (uint32_t i = 0; i < n_pairs; i++) {
        if (!is_known(options, pairs[i].key) && !is_known(also, pairs[i].key))
            WR_TRY(check_unknown(what, options, also, &pairs[i], err));
        if (find_pair(pairs, i, pairs[i].key))
            return fail_at(&pairs[i], err,
                           weir_fail(err, WEIR_ENAME, "%s: option '%s' is given twice", what, pairs[i].key));
    }
    return WEIR_OK;
}

weir_status wr_pairs_copy(const weir_pair *pairs, uint32_t n, weir_arena *arena, weir_settings *out,
                          weir_error *err) {
    weir_pair *copy = wr_arena_zero(arena, n, sizeof *copy);
    bool failed = !copy;
    for (uint32_t i = 0; i < n && !failed; i++) {
        copy[i] = pairs[i];
        copy[i].key = wr_arena_strndup(arena, pairs[i].key, strlen(pairs[i].key));
        copy[i].value = wr_arena_strndup(arena, pairs[i].value, strlen(pairs[i].value));
        failed = !copy[i].key || !copy[i].value;
    }
    if (failed) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    out->pairs = copy;
    out->n_pairs = n;
    return WEIR_OK;
}

weir_status wr_settings_check(const char *what, const weir_option *options, const weir_option *also,
                              const weir_pair *pairs, uint32_t n_pairs, weir_arena *arena, weir_settings *out,
                              weir_error *err) {
    size_t n = 0;
    while (options[n].name) n++;
    WR_TRY(check_keys(what, options, also, pairs, n_pairs, err));
    WR_TRY(wr_pairs_copy(pairs, n_pairs, arena, out, err));
    weir_setting *set = wr_arena_zero(arena, n + 1, sizeof *set);
    if (!set) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const weir_pair *pair = find_pair(pairs, n_pairs, options[i].name);
        WR_TRY(set_one(what, &options[i], pair, &set[i], arena, err));
        if (options[i].required && !set[i].given)
            return weir_fail(err, WEIR_ECONFIG, "%s needs the option '%s'", what, options[i].name);
    }
    out->of = set;
    return WEIR_OK;
}

weir_status wr_setting_limit(const weir_setting *set, const char *what, size_t *out, weir_error *err) {
    if (set->as.l < 16 || set->as.l > 1 << 30)
        return weir_fail(err, WEIR_ECONFIG, "%s must be from 16 bytes to 1 GB", what);
    *out = (size_t)set->as.l;
    return WEIR_OK;
}
