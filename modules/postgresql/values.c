/* values.c: values to PostgreSQL and back, as text; objects as bytes. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgresql.h"

/* ---- Parameters ---------------------------------------------------------------------------------------- */

static void drop_owned(pg_params *p) {
    for (uint32_t i = 0; i < p->n; i++) {
        free(p->owned[i]);
        p->owned[i] = NULL;
    }
}

void pg_params_begin(pg_params *p) {
    drop_owned(p);
    p->n = 0;
    p->bytes = 0;
    p->failed = false;
}

void pg_params_fini(pg_params *p) {
    drop_owned(p);
    free(p->values);
    free(p->lengths);
    free(p->formats);
    free(p->room);
    free(p->owned);
    *p = (pg_params){0};
}

static bool grow(void *array_ptr, size_t n, size_t size) {
    void **array = array_ptr, *bigger = realloc(*array, n * size);
    if (bigger) *array = bigger;
    return bigger != NULL;
}

static bool make_room(pg_params *p) {
    if (p->n < p->cap) return true;
    size_t cap = p->cap ? p->cap * 2u : 32;
    if (!grow(&p->values, cap, sizeof *p->values) || !grow(&p->lengths, cap, sizeof *p->lengths) ||
        !grow(&p->formats, cap, sizeof *p->formats) || !grow(&p->owned, cap, sizeof *p->owned))
        return false;
    /* Values point into it. */
    char(*room)[40] = malloc(cap * sizeof *room);
    if (!room) return false;
    for (uint32_t i = 0; i < p->n; i++) {
        memcpy(room[i], p->room[i], sizeof *room);
        if (p->values[i] == p->room[i]) p->values[i] = room[i];
    }
    free(p->room);
    p->room = room;
    p->cap = (uint32_t)cap;
    return true;
}

static void add(pg_params *p, const char *value, int length, int format, void *owned) {
    p->values[p->n] = value;
    p->lengths[p->n] = length;
    p->formats[p->n] = format;
    p->owned[p->n++] = owned;
    p->bytes += (size_t)length + 8;
}

static void print_real(char *to, size_t size, double d, int digits) {
    if (isnan(d))
        snprintf(to, size, "NaN");
    else if (isinf(d))
        snprintf(to, size, d > 0 ? "Infinity" : "-Infinity");
    else
        snprintf(to, size, "%.*g", digits, d);
}

/* The length of the character of UTF-8 that begins here, as the server takes it; 0: there is none. */
static uint32_t character(const unsigned char *s, uint32_t left) {
    static const unsigned char least[] = {0, 0, 0xC2, 0xE0, 0xF0};
    uint32_t n = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (n == 1) return s[0] ? 1 : 0;
    if (n > left || s[0] < least[n] || s[0] > 0xF4) return 0;
    for (uint32_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    bool is_overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool is_outside = (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF4 && s[1] > 0x8F);
    return is_overlong || is_outside ? 0 : n;
}

bool pg_is_text(const weir_string *s) {
    const unsigned char *bytes = (const unsigned char *)weir_string_data(s);
    for (uint32_t i = 0, n; i < s->len; i += n)
        if (!(n = character(bytes + i, s->len - i))) return false;
    return true;
}

static void add_string(pg_params *p, const weir_string *s) {
    char *copy = malloc((size_t)s->len + 1);
    if (!copy) {
        p->failed = true;
        return;
    }
    memcpy(copy, weir_string_data(s), s->len);
    copy[s->len] = 0;
    add(p, copy, (int)s->len, 1, copy);
}

void pg_params_add_owned(pg_params *p, char *text, size_t len) {
    if (make_room(p))
        add(p, text, (int)len, 0, text);
    else {
        free(text);
        p->failed = true;
    }
}

static void add_object(pg_params *p, const weir_object *o) {
    void *bytes;
    size_t len;
    if (weir_object_save(o, &bytes, &len, NULL) != WEIR_OK)
        p->failed = true;
    else
        add(p, bytes, (int)len, 1, bytes);
}

void pg_params_add(pg_params *p, const weir_value *v) {
    if (p->failed || !make_room(p)) {
        p->failed = true;
        return;
    }
    char *room = p->room[p->n];
    const size_t size = sizeof p->room[0];
    if (v->is_null) {
        add(p, NULL, 0, 0, NULL);
        return;
    }
    switch (v->type) {
    case WEIR_INT: snprintf(room, size, "%" PRId32, v->as.i); break;
    case WEIR_LONG: snprintf(room, size, "%" PRId64, v->as.l); break;
    case WEIR_FLOAT: print_real(room, size, (double)v->as.f, 9); break;
    case WEIR_DOUBLE: print_real(room, size, v->as.d, 17); break;
    case WEIR_BOOL: snprintf(room, size, v->as.b ? "t" : "f"); break;
    case WEIR_STRING: add_string(p, &v->as.s); return;
    default: add_object(p, v->as.o); return;
    }
    add(p, room, (int)strlen(room), 0, NULL);
}

/* A ctid is a block and a place in it. */
int64_t pg_ctid(const char *text) {
    unsigned long block = 0, place = 0;
    if (sscanf(text, "(%lu,%lu)", &block, &place) != 2) return 0;
    return (int64_t)(block << 16 | place);
}

void pg_params_add_ctid(pg_params *p, int64_t number) {
    if (p->failed || !make_room(p)) {
        p->failed = true;
        return;
    }
    char *room = p->room[p->n];
    snprintf(room, sizeof p->room[0], "(%lu,%lu)", (unsigned long)((uint64_t)number >> 16),
             (unsigned long)(number & 0xFFFF));
    add(p, room, (int)strlen(room), 0, NULL);
}

/* ---- Results ------------------------------------------------------------------------------------------- */

static bool read_whole(const char *text, weir_type type, weir_value *out) {
    char *end;
    errno = 0;
    long long l = strtoll(text, &end, 10);
    if (errno || *end || end == text) return false;
    out->as.l = l;
    if (type == WEIR_LONG) return true;
    out->as.i = (int32_t)l;
    return l >= INT32_MIN && l <= INT32_MAX;
}

static bool read_real(const char *text, weir_type type, weir_value *out) {
    char *end;
    if (type == WEIR_FLOAT)
        out->as.f = strtof(text, &end);
    else
        out->as.d = strtod(text, &end);
    return *text && !*end;
}

static bool read_object(const char *text, weir_value *out, weir_object **object) {
    size_t len;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &len);
    bool ok = bytes && weir_object_load(bytes, len, object, NULL) == WEIR_OK && *object;
    if (ok) out->as.o = *object;
    PQfreemem(bytes);
    return ok;
}

static bool read_cell(const PGresult *r, int row, int at, weir_type type, weir_value *out,
                      weir_object **object) {
    const char *text = PQgetvalue(r, row, at);
    *out = (weir_value){.type = type, .is_null = PQgetisnull(r, row, at)};
    if (out->is_null) return true;
    switch (type) {
    case WEIR_INT:
    case WEIR_LONG: return read_whole(text, type, out);
    case WEIR_FLOAT:
    case WEIR_DOUBLE: return read_real(text, type, out);
    case WEIR_BOOL: out->as.b = *text == 't'; return true;
    case WEIR_STRING: out->as.s = weir_string_view(text, (uint32_t)PQgetlength(r, row, at)); return true;
    default: return read_object(text, out, object);
    }
}

static void tell_misfit(pg_store *s, uint32_t column) {
    char line[256];
    if (s->n_misfits++ || !s->args->host->log) return;
    snprintf(line, sizeof line,
             "table '%.60s': a value in column '%.60s' is no %s and is read as null (told once)",
             s->args->table, s->columns[column], weir_type_name(s->args->columns[column].type));
    s->args->host->log(s->args->host->log_ctx, WEIR_LOG_WARN, line);
}

weir_status pg_give_rows(pg_store *s, const PGresult *result, weir_error *err) {
    const weir_store_args *a = s->args;
    weir_status st = WEIR_OK;
    for (int row = 0; row < PQntuples(result) && st == WEIR_OK; row++) {
        for (uint32_t i = 0; i < a->n_columns; i++) {
            weir_type type = a->columns[i].type;
            if (read_cell(result, row, (int)i + 1, type, &s->values[i], &s->objects[i])) continue;
            tell_misfit(s, i);
            s->values[i] = (weir_value){.type = type, .is_null = true};
        }
        st = s->search->visit(s->search->ctx, s->values, a->n_key ? 0 : pg_ctid(PQgetvalue(result, row, 0)),
                              err);
        for (uint32_t i = 0; i < a->n_columns; i++) {
            weir_object_unref(s->objects[i]);
            s->objects[i] = NULL;
        }
    }
    return st;
}
