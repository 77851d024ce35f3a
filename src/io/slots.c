/* slots.c: see slots.h. */
#include "io/slots.h"

#include <stdio.h>

#include "io/encode.h"

static bool grow_bytes(weir_encoded *e, size_t extra) {
    wr_slots *s = e->grow_ctx;
    size_t cap = WR_MAX(e->cap * 2, e->len + extra);
    if (extra > SIZE_MAX / 4 - e->len) return false;
    char *data = wr_realloc(s->account, e->data, e->cap, cap);
    if (!data) return false;
    e->data = data;
    e->cap = cap;
    return true;
}

static uint32_t count_templates(const weir_option *options, const weir_settings *settings) {
    uint32_t n = 0;
    for (uint32_t i = 0; options[i].name; i++)
        n += settings->of[i].given && wr_template_is(settings->of[i].text);
    return n;
}

static weir_status add_template(wr_slots *s, const char *what, const weir_option *o, weir_setting *set,
                                const weir_schema *schema, weir_arena *arena, weir_error *err) {
    char owner[160];
    if (o->kind != WEIR_OPTION_TEMPLATE)
        return weir_fail(err, WEIR_ECONFIG,
                         "%s: option '%s' is '%s', but it can't change from event to event", what, o->name,
                         set->text);
    snprintf(owner, sizeof owner, "%s: option '%s'", what, o->name);
    WR_TRY(wr_template_parse(owner, set->text, schema, arena, &s->of[s->n], err));
    set->slot = ++s->n;
    return WEIR_OK;
}

weir_status wr_slots_open(wr_slots *s, const char *what, const weir_option *options, weir_settings *settings,
                          const weir_schema *schema, weir_arena *arena, wr_account *account,
                          weir_error *err) {
    *s = (wr_slots){.account = account, .bytes = {.grow = grow_bytes, .grow_ctx = s}};
    s->of = wr_arena_zero(arena, count_templates(options, settings) + 1, sizeof *s->of);
    if (!s->of) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; options[i].name; i++) {
        weir_setting *set = (weir_setting *)&settings->of[i];
        if (set->given && wr_template_is(set->text))
            WR_TRY(add_template(s, what, &options[i], set, schema, arena, err));
    }
    return WEIR_OK;
}

weir_status wr_slots_add_attributes(wr_slots *s, const weir_schema *schema, weir_arena *arena,
                                    weir_error *err) {
    wr_template *all = wr_arena_zero(arena, s->n + schema->n_attributes, sizeof *all);
    if (!all) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (s->n) memcpy(all, s->of, s->n * sizeof *all);
    s->of = all;
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        char text[512];
        int n = snprintf(text, sizeof text, "{{%s}}", schema->attributes[i].name);
        if (n < 0 || (size_t)n >= sizeof text)
            return weir_fail(err, WEIR_ELIMIT, "the attribute's name is too long: '%s'",
                             schema->attributes[i].name);
        WR_TRY(wr_template_parse("attribute", text, schema, arena, &s->of[s->n], err));
        s->n++;
    }
    return WEIR_OK;
}

void wr_slots_share(wr_slots *s, const wr_slots *with) {
    *s = (wr_slots){
        .n = with->n, .of = with->of, .account = with->account, .bytes = {.grow = grow_bytes, .grow_ctx = s}};
}

void wr_slots_close(wr_slots *s) {
    wr_free(s->account, s->bytes.data, s->bytes.cap);
    wr_free(s->account, s->values, s->cap * sizeof *s->values);
}

bool wr_slots_add(wr_slots *s, const weir_batch *rows, uint32_t row) {
    if (!s->n) return true;
    if (wr_grow(s->account, &s->values, &s->cap, s->n_values + s->n, sizeof *s->values)) return false;
    for (uint32_t i = 0; i < s->n; i++) {
        size_t begin = s->bytes.len;
        if (!wr_template_put(&s->of[i], rows, row, wr_template_java_cell, &s->bytes)) return false;
        if (!weir_encoded_reserve(&s->bytes, 1)) return false;
        s->values[s->n_values + i] = (weir_text){NULL, s->bytes.len - begin};
        wr_encode_char(&s->bytes, 0);
    }
    s->n_values += s->n;
    return true;
}

/* Bytes that the values from..to-1 take. */
static size_t size_of(const wr_slots *s, uint32_t from, uint32_t to) {
    size_t size = 0;
    for (uint32_t i = from; i < to; i++) size += s->values[i].len + 1;
    return size;
}

void wr_slots_remove(wr_slots *s, uint32_t record) {
    uint32_t first = record * s->n, end = first + s->n;
    if (end > s->n_values || !s->n) return;
    size_t begin = size_of(s, 0, first), size = size_of(s, first, end);
    memmove(s->bytes.data + begin, s->bytes.data + begin + size, s->bytes.len - begin - size);
    memmove(s->values + first, s->values + end, (s->n_values - end) * sizeof *s->values);
    s->bytes.len -= size;
    s->n_values -= s->n;
}

void wr_slots_cut(wr_slots *s, uint32_t n_records) {
    uint32_t keep = n_records * s->n;
    if (keep >= s->n_values) return;
    s->bytes.len = keep ? s->bytes.len - size_of(s, keep, s->n_values) : 0;
    s->n_values = keep;
}

const weir_text *wr_slots_values(wr_slots *s) {
    const char *at = s->bytes.data;
    for (uint32_t i = 0; i < s->n_values; i++) {
        s->values[i].bytes = at;
        at += s->values[i].len + 1;
    }
    return s->n ? s->values : NULL;
}
