/* group_keys.c: the keys of groups: hashing columns, comparing and storing rows. */
#include "base/hash.h"
#include "data/column.h"
#include "data/text.h"
#include "data/value.h"
#include "exec/groups_impl.h"

#define NULL_HASH  UINT64_C(0x243F6A8885A308D3) /* any constant */
#define NAN_FLOAT  UINT32_C(0x7FC00000)
#define NAN_DOUBLE UINT64_C(0x7FF8000000000000)

/* ---- Preparing columns --------------------------------------------------------------------------------- */

static weir_status text_of(const weir_column *in, uint32_t row, weir_arena *arena, weir_string *out,
                           weir_error *err) {
    weir_value v = wr_value_unbox(wr_column_get(in, row));
    wr_buf text = WR_BUF_INIT;
    wr_text_of_value(&text, &v);
    weir_status status = text.failed ? WEIR_ENOMEM : weir_arena_string(arena, text.data, text.len, out);
    wr_buf_fini(&text);
    return status == WEIR_OK ? status : weir_fail(err, status, "out of memory for the text of a group's key");
}

static weir_status prepare_text(const weir_column *in, const wr_row_list *list, weir_string *out,
                                weir_arena *arena, weir_error *err) {
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        WR_TRY(text_of(in, row, arena, &out[row], err));
    }
    return WEIR_OK;
}

static void prepare_nulls(const weir_column *in, const wr_row_list *list, weir_string *out) {
    const weir_string *text = in->data, null = weir_string_view("null", 4);
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        out[row] = weir_is_null(in, row) ? null : text[row];
    }
}

weir_status wr_group_keys_prepare(const wr_groups *g, const weir_column *columns, const wr_row_list *list,
                                  weir_arena *arena, const weir_column **out, weir_error *err) {
    weir_column *made = NULL;
    uint32_t n_rows = list->n ? wr_row_at(list, list->n - 1) + 1 : 0;
    *out = columns;
    for (uint32_t p = 0; p < g->n_parts; p++) {
        const weir_column *in = &columns[p];
        if (!g->parts[p].as_text && !(in->type == WEIR_STRING && in->valid)) continue;
        weir_string *text = wr_arena_array(arena, n_rows, sizeof *text);
        if (!made && (made = wr_arena_array(arena, g->n_parts, sizeof *made)))
            memcpy(made, columns, g->n_parts * sizeof *made);
        if (!text || !made) return weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of groups");
        if (g->parts[p].as_text)
            WR_TRY(prepare_text(in, list, text, arena, err));
        else
            prepare_nulls(in, list, text);
        made[p] = (weir_column){.type = WEIR_STRING, .data = text};
        *out = made;
    }
    return WEIR_OK;
}

/* ---- Bits and hashes ----------------------------------------------------------------------------------- */

/* A value of up to 8 bytes as bits that are equal when the keys are. */
static inline uint64_t bits_of(weir_type type, const void *value) {
    switch (type) {
    case WEIR_INT: return *(const uint32_t *)value;
    case WEIR_BOOL: return *(const uint8_t *)value;
    case WEIR_LONG: return *(const uint64_t *)value;
    case WEIR_FLOAT: {
        float f = *(const float *)value;
        uint32_t bits;
        memcpy(&bits, &f, sizeof bits);
        return f != f ? NAN_FLOAT : bits;
    }
    default: {
        double d = *(const double *)value;
        uint64_t bits;
        memcpy(&bits, &d, sizeof bits);
        return d != d ? NAN_DOUBLE : bits;
    }
    }
}

static inline uint64_t hash_string(const weir_string *s) {
    if (s->len > WEIR_STRING_INLINE) return wr_hash_bytes(s->u.ptr, s->len);
    uint64_t words[2];
    memcpy(words, s, sizeof words);
    return wr_hash_pair(words[0], words[1]);
}

static inline uint64_t hash_of(weir_type type, const void *value) {
    return type == WEIR_STRING ? hash_string(value) : wr_hash_u64(bits_of(type, value));
}

static inline const char *cell(const weir_column *c, const wr_group_part *part, uint32_t row) {
    return (const char *)c->data + (size_t)row * part->size;
}

/* One loop for each type, by inlining with a constant. */
WR_INLINE void hash_rows(weir_type type, size_t size, const weir_column *c, const wr_row_list *list,
                         bool first, uint64_t *hashes) {
    const char *data = c->data;
    for (uint32_t i = 0; i < list->n; i++) {
        uint32_t row = wr_row_at(list, i);
        uint64_t h = weir_is_null(c, row) ? NULL_HASH : hash_of(type, data + row * size);
        hashes[i] = first ? h : wr_hash_pair(hashes[i], h);
    }
}

static void hash_column(const wr_group_part *part, const weir_column *c, const wr_row_list *list, bool first,
                        uint64_t *hashes) {
    switch (part->type) {
    case WEIR_INT: hash_rows(WEIR_INT, 4, c, list, first, hashes); break;
    case WEIR_LONG: hash_rows(WEIR_LONG, 8, c, list, first, hashes); break;
    case WEIR_STRING: hash_rows(WEIR_STRING, 16, c, list, first, hashes); break;
    default: hash_rows(part->type, part->size, c, list, first, hashes); break;
    }
}

static void narrow_tags(const wr_group_part *part, const weir_column *c, const wr_row_list *list,
                        uint32_t *tags) {
    for (uint32_t i = 0; i < list->n; i++)
        tags[i] = (uint32_t)bits_of(part->type, cell(c, part, wr_row_at(list, i)));
}

static bool hashed_tags(const wr_groups *g, const weir_column *columns, const wr_row_list *list,
                        weir_arena *arena, uint32_t *tags) {
    uint64_t *hashes = wr_arena_array(arena, list->n, sizeof *hashes);
    if (!hashes) return false;
    for (uint32_t p = 0; p < g->n_parts; p++) hash_column(&g->parts[p], &columns[p], list, p == 0, hashes);
    for (uint32_t i = 0; i < list->n; i++) tags[i] = (uint32_t)hashes[i];
    return true;
}

const uint32_t *wr_group_keys_tags(const wr_groups *g, const weir_column *columns, const wr_row_list *list,
                                   weir_arena *arena) {
    if (g->narrow && g->parts[0].type == WEIR_INT && !list->rows)
        return (const uint32_t *)columns[0].data + list->first;
    uint32_t *tags = wr_arena_array(arena, list->n, sizeof *tags);
    if (!tags) return NULL;
    if (g->narrow)
        narrow_tags(&g->parts[0], &columns[0], list, tags);
    else if (!hashed_tags(g, columns, list, arena, tags))
        return NULL;
    return tags;
}

uint32_t wr_group_keys_tag_of(const wr_groups *g, uint32_t id) {
    const char *record = wr_group_record(g, id);
    uint32_t marks = *wr_group_marks(g, id);
    if (g->narrow) return (uint32_t)bits_of(g->parts[0].type, record + g->parts[0].offset);
    uint64_t hash = 0;
    for (uint32_t p = 0; p < g->n_parts; p++) {
        const wr_group_part *part = &g->parts[p];
        uint64_t h = marks >> p & 1 ? NULL_HASH : hash_of(part->type, record + part->offset);
        hash = p ? wr_hash_pair(hash, h) : h;
    }
    return (uint32_t)hash;
}

/* ---- Comparing and storing ------------------------------------------------------------------------------
 */

bool wr_group_keys_equal(const wr_groups *g, uint32_t id, const weir_column *columns, uint32_t row) {
    const char *record = wr_group_record(g, id);
    uint32_t marks = *wr_group_marks(g, id);
    for (uint32_t p = 0; p < g->n_parts; p++) {
        const wr_group_part *part = &g->parts[p];
        const void *ours = record + part->offset, *theirs = cell(&columns[p], part, row);
        bool is_null = weir_is_null(&columns[p], row);
        if (is_null != (marks >> p & 1)) return false;
        if (is_null) continue;
        if (part->type == WEIR_STRING ? !weir_string_equal(ours, theirs)
                                      : bits_of(part->type, ours) != bits_of(part->type, theirs))
            return false;
    }
    return true;
}

static bool own_string(wr_groups *g, weir_string *s) {
    if (s->len <= WEIR_STRING_INLINE) return true;
    char *text = wr_alloc(g->account, s->len);
    if (!text) return false;
    memcpy(text, s->u.ptr, s->len);
    s->u.ptr = text;
    return true;
}

static void drop_strings(wr_groups *g, uint32_t id, uint32_t n_parts) {
    for (uint32_t p = 0; p < n_parts; p++) {
        if (g->parts[p].type != WEIR_STRING) continue;
        weir_string *s = (weir_string *)(void *)(wr_group_record(g, id) + g->parts[p].offset);
        if (s->len > WEIR_STRING_INLINE) wr_free(g->account, (void *)(uintptr_t)s->u.ptr, s->len);
    }
}

bool wr_group_keys_store(wr_groups *g, uint32_t id, const weir_column *columns, uint32_t row) {
    char *record = wr_group_record(g, id);
    memset(record, 0, g->stride);
    for (uint32_t p = 0; p < g->n_parts; p++) {
        const wr_group_part *part = &g->parts[p];
        if (weir_is_null(&columns[p], row)) {
            *wr_group_marks(g, id) |= UINT32_C(1) << p;
            continue;
        }
        memcpy(record + part->offset, cell(&columns[p], part, row), part->size);
        if (part->type != WEIR_STRING || own_string(g, (weir_string *)(void *)(record + part->offset)))
            continue;
        drop_strings(g, id, p);
        *wr_group_marks(g, id) = 0;
        return false;
    }
    *wr_group_marks(g, id) |= WR_GROUP_IN_USE;
    return true;
}

void wr_group_keys_drop(wr_groups *g, uint32_t id) {
    drop_strings(g, id, g->n_parts);
    *wr_group_marks(g, id) = 0;
}

weir_value wr_group_keys_value(const wr_groups *g, uint32_t part, uint32_t id) {
    const wr_group_part *p = &g->parts[part];
    if (*wr_group_marks(g, id) >> part & 1) return wr_value_null(p->type);
    weir_column c = {.type = p->type, .data = wr_group_record(g, id) + p->offset};
    return wr_column_get(&c, 0);
}
