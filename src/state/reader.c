/* reader.c: the reading half of writer.h. */
#include <stdarg.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "data/object.h"
#include "state/encoding.h"
#include "state/writer.h"

void wr_reader_init(weir_reader *r, const void *bytes, size_t len) {
    memset(r, 0, sizeof *r);
    r->bytes = bytes ? bytes : (const unsigned char *)"";
    r->end = len;
}

weir_status weir_reader_status(const weir_reader *r, weir_error *err) {
    if (r->error.code && err) *err = r->error;
    return r->error.code;
}

weir_status wr_reader_fail(weir_reader *r, const char *format, ...) {
    if (r->error.code) return WEIR_ESTATE;
    char text[sizeof r->error.message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return weir_fail(&r->error, WEIR_ESTATE, "%s", text);
}

static weir_status no_memory(weir_reader *r) {
    if (!r->error.code) weir_fail(&r->error, WEIR_ENOMEM, "no memory to load state");
    return WEIR_ENOMEM;
}

size_t weir_reader_left(const weir_reader *r) { return r->error.code ? 0 : r->end - r->at; }

/* The next len bytes, or NULL after an error. */
static const unsigned char *take(weir_reader *r, size_t len) {
    if (r->error.code) return NULL;
    if (r->end - r->at < len) {
        wr_reader_fail(r, "saved state ends early: %zu bytes are wanted at byte %zu, %zu are left", len,
                       r->at, r->end - r->at);
        return NULL;
    }
    const unsigned char *p = r->bytes + r->at;
    r->at += len;
    return p;
}

void weir_read_bytes(weir_reader *r, void *bytes, size_t len) {
    const unsigned char *p = len ? take(r, len) : NULL;
    if (p)
        memcpy(bytes, p, len);
    else if (len)
        memset(bytes, 0, len);
}

uint8_t wr_read_u8(weir_reader *r) {
    const unsigned char *p = take(r, 1);
    return p ? *p : 0;
}

uint32_t weir_read_u32(weir_reader *r) {
    const unsigned char *p = take(r, 4);
    return p ? wr_get_u32(p) : 0;
}

uint64_t wr_read_u64(weir_reader *r) {
    const unsigned char *p = take(r, 8);
    return p ? wr_get_u64(p) : 0;
}

int64_t weir_read_i64(weir_reader *r) { return (int64_t)wr_read_u64(r); }

double weir_read_f64(weir_reader *r) {
    uint64_t bits = wr_read_u64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

weir_status weir_read_string(weir_reader *r, weir_arena *arena, weir_string *out) {
    uint32_t len = weir_read_u32(r);
    const char *p = (const char *)take(r, len);
    *out = weir_string_view("", 0);
    if (!p) return r->error.code;
    return weir_arena_string(arena, p, len, out) ? no_memory(r) : WEIR_OK;
}

const char *wr_read_text(weir_reader *r, weir_arena *arena) {
    uint32_t len = weir_read_u32(r);
    const char *p = (const char *)take(r, len);
    if (p && memchr(p, 0, len)) {
        wr_reader_fail(r, "saved state has a NUL in a name at byte %zu", r->at - len);
        p = NULL;
    }
    const char *copy = p ? wr_arena_strndup(arena, p, len) : NULL;
    if (p && !copy) no_memory(r);
    return copy ? copy : "";
}

uint32_t wr_read_count(weir_reader *r, size_t least_bytes) {
    uint32_t n = weir_read_u32(r);
    if (!least_bytes || n <= weir_reader_left(r) / least_bytes) return n;
    wr_reader_fail(r, "saved state has a count of %u at byte %zu, more than what follows can hold", n,
                   r->at - 4);
    return 0;
}

/* ---- Values ------------------------------------------------------------------------------------------- */

/* Any value but an object. Strings are copied into the arena. */
static weir_status read_plain(weir_reader *r, weir_arena *arena, weir_value *out) {
    uint8_t tag = wr_read_u8(r), type = tag & (WR_VALUE_NULL - 1);
    uint32_t half;
    *out = (weir_value){.type = (weir_type)type, .is_null = (tag & WR_VALUE_NULL) != 0};
    if (type >= WEIR_N_TYPES) {
        out->type = WEIR_NONE;
        return wr_reader_fail(r, "saved state has a value of unknown type %u at byte %zu", type, r->at - 1);
    }
    if (out->is_null) return r->error.code;
    switch (out->type) {
    case WEIR_INT: out->as.i = (int32_t)weir_read_u32(r); break;
    case WEIR_LONG: out->as.l = weir_read_i64(r); break;
    case WEIR_FLOAT:
        half = weir_read_u32(r);
        memcpy(&out->as.f, &half, sizeof half);
        break;
    case WEIR_DOUBLE: out->as.d = weir_read_f64(r); break;
    case WEIR_BOOL: out->as.b = wr_read_u8(r) != 0; break;
    case WEIR_STRING: return weir_read_string(r, arena, &out->as.s);
    case WEIR_NONE: return wr_reader_fail(r, "saved state has a value without a type at byte %zu", r->at - 1);
    default: break;
    }
    return r->error.code;
}

static weir_status read_set(weir_reader *r, weir_arena *arena, weir_object **out) {
    uint32_t n = wr_read_count(r, 1);
    weir_object *set = weir_object_new_set();
    if (!set) return no_memory(r);
    *out = set;
    for (uint32_t i = 0; i < n; i++) {
        weir_value v;
        WR_TRY(read_plain(r, arena, &v));
        weir_status status = weir_object_set_add(set, &v);
        if (status == WEIR_ENOMEM) return no_memory(r);
        if (status) return wr_reader_fail(r, "saved state has an object in a set at byte %zu", r->at);
    }
    return WEIR_OK;
}

static weir_status read_boxed(weir_reader *r, weir_arena *arena, weir_object_kind kind, weir_object **out) {
    weir_value v;
    WR_TRY(read_plain(r, arena, &v));
    if (v.type == WEIR_OBJECT && !v.is_null)
        return wr_reader_fail(r, "saved state has an object in a box at byte %zu", r->at);
    if (kind == WEIR_OBJECT_VALUE) {
        *out = weir_object_new_value(&v);
    } else {
        if (v.type != WEIR_STRING || v.is_null)
            return wr_reader_fail(r, "saved state has an error without a message at byte %zu", r->at);
        *out = wr_object_new_error_text(weir_string_data(&v.as.s), v.as.s.len);
    }
    return *out ? WEIR_OK : no_memory(r);
}

static weir_status read_member(weir_reader *r, weir_arena *arena, uint32_t depth, weir_value *out);

/* What came of putting something read into a container. */
static weir_status put_status(weir_reader *r, weir_status status) {
    if (status == WEIR_ENOMEM) return no_memory(r);
    return status ? wr_reader_fail(r, "saved state has a damaged list or map at byte %zu", r->at) : WEIR_OK;
}

static weir_status read_list(weir_reader *r, weir_arena *arena, uint32_t depth, weir_object **out) {
    uint8_t is_json = wr_read_u8(r);
    uint32_t n = wr_read_count(r, 1);
    weir_object *list = weir_object_new_list();
    if (!list) return no_memory(r);
    *out = list;
    list->is_json = is_json != 0;
    for (uint32_t i = 0; i < n; i++) {
        weir_value v;
        WR_TRY(read_member(r, arena, depth, &v));
        WR_TRY(put_status(r, weir_object_list_add(list, &v)));
    }
    return WEIR_OK;
}

static weir_status read_map(weir_reader *r, weir_arena *arena, uint32_t depth, weir_object **out) {
    uint8_t flags = wr_read_u8(r), order = flags & (WR_SAVED_JSON - 1);
    uint32_t n_buckets = weir_read_u32(r), n = wr_read_count(r, 2);
    bool is_sound = order <= WEIR_MAP_LINKED && (n_buckets & (n_buckets - 1)) == 0 &&
                    (n_buckets == 0 || n_buckets >= 16) && n_buckets <= wr_map_most_buckets(n);
    if (!is_sound) return put_status(r, WEIR_ESTATE);
    weir_object *map = weir_object_new_map((weir_map_order)order);
    if (!map) return no_memory(r);
    *out = map;
    map->is_json = (flags & WR_SAVED_JSON) != 0;
    WR_TRY(put_status(r, wr_map_reserve(&map->u.map, n_buckets)));
    for (uint32_t i = 0; i < n; i++) {
        weir_value key, value;
        WR_TRY(read_member(r, arena, depth, &key));
        WR_TRY(read_member(r, arena, depth, &value));
        WR_TRY(put_status(r, weir_object_map_put(map, &key, &value)));
    }
    return WEIR_OK;
}

static weir_status read_object(weir_reader *r, weir_arena *arena, uint32_t depth, weir_object **out) {
    uint8_t kind = wr_read_u8(r);
    *out = NULL;
    if (r->error.code) return r->error.code;
    if (depth >= WEIR_OBJECT_DEPTH)
        return wr_reader_fail(r, "saved state has objects in objects, too deep, at byte %zu", r->at);
    switch (kind) {
    case WEIR_OBJECT_SET: return read_set(r, arena, out);
    case WEIR_OBJECT_LIST: return read_list(r, arena, depth + 1, out);
    case WEIR_OBJECT_MAP: return read_map(r, arena, depth + 1, out);
    case WEIR_OBJECT_VALUE:
    case WEIR_OBJECT_ERROR: return read_boxed(r, arena, (weir_object_kind)kind, out);
    default:
        return wr_reader_fail(r, "saved state has an object of unknown kind %u at byte %zu", kind, r->at - 1);
    }
}

static weir_status read_member(weir_reader *r, weir_arena *arena, uint32_t depth, weir_value *out) {
    weir_status status = read_plain(r, arena, out);
    if (status) *out = (weir_value){.type = out->type, .is_null = true};
    if (status || out->is_null || out->type != WEIR_OBJECT) return status;
    weir_object *object = NULL;
    status = read_object(r, arena, depth, &object);
    if (status) {
        weir_object_unref(object);
        *out = (weir_value){.type = WEIR_OBJECT, .is_null = true};
        return status;
    }
    if (weir_arena_own(arena, object)) {
        *out = (weir_value){.type = WEIR_OBJECT, .is_null = true};
        return no_memory(r);
    }
    out->as.o = object;
    return WEIR_OK;
}

weir_status weir_read_value(weir_reader *r, weir_arena *arena, weir_value *out) {
    return read_member(r, arena, 0, out);
}

/* ---- Sections ----------------------------------------------------------------------------------------- */

/* A tag as text, for messages: its letters, with '?' for what can't be printed. */
static void tag_text(uint32_t tag, char out[5]) {
    for (int i = 0; i < 4; i++) {
        char c = (char)(tag >> (8 * i) & 0xFF);
        out[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    out[4] = 0;
}

uint32_t wr_reader_peek_tag(const weir_reader *r) {
    return weir_reader_left(r) >= WR_SECTION_HEADER ? wr_get_u32(r->bytes + r->at) : 0;
}

static weir_status enter(weir_reader *r, uint32_t tag, uint32_t newest_version, uint32_t *version) {
    char want[5], got[5];
    tag_text(tag, want);
    if (r->depth == WR_SECTION_DEPTH) return wr_reader_fail(r, "saved state nests too deep at '%s'", want);
    size_t start = r->at;
    const unsigned char *h = take(r, WR_SECTION_HEADER);
    if (!h) return r->error.code;
    uint64_t len = wr_get_u64(h + 8);
    tag_text(wr_get_u32(h), got);
    if (wr_get_u32(h) != tag)
        return wr_reader_fail(r, "saved state has section '%s' at byte %zu where '%s' is expected", got,
                              start, want);
    if (len > r->end - r->at)
        return wr_reader_fail(r, "section '%s' of the saved state is cut short: %llu bytes of %llu are there",
                              want, (unsigned long long)(r->end - r->at), (unsigned long long)len);
    if (XXH3_64bits(r->bytes + r->at, (size_t)len) != wr_get_u64(h + 16))
        return wr_reader_fail(r, "section '%s' of the saved state is damaged: its checksum is wrong", want);
    *version = wr_get_u32(h + 4);
    if (*version > newest_version)
        return wr_reader_fail(r, "section '%s' of the saved state has version %u, this weir reads up to %u",
                              want, *version, newest_version);
    r->ends[r->depth++] = r->end;
    r->end = r->at + (size_t)len;
    return WEIR_OK;
}

weir_status wr_reader_begin_section(weir_reader *r, uint32_t tag, uint32_t newest_version, uint32_t *version,
                                    weir_error *err) {
    *version = 0;
    if (!r->error.code && enter(r, tag, newest_version, version) == WEIR_OK) return WEIR_OK;
    return weir_reader_status(r, err);
}

weir_status wr_reader_end_section(weir_reader *r, weir_error *err) {
    if (!r->error.code && r->at != r->end)
        wr_reader_fail(r, "saved state has %zu bytes too many at byte %zu", r->end - r->at, r->at);
    if (r->error.code) return weir_reader_status(r, err);
    wr_reader_skip_section(r);
    return WEIR_OK;
}

void wr_reader_skip_section(weir_reader *r) {
    if (r->error.code || !r->depth) return;
    r->at = r->end;
    r->end = r->ends[--r->depth];
}
