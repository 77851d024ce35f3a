/* json_shape.c: see json_shape.h. */
#include "io/json_shape.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "io/json_text.h"

/* Reads the value at p. NULL: not a usual one. */
typedef const char *step_fn(const wr_json_step *step, wr_json_row *row, const char *p, const char *end);

struct wr_json_step {
    const uint64_t *words; /* the literal before the value, zeros behind it */
    uint64_t last_mask;    /* which bits of the last word count */
    uint32_t len, n_words;
    step_fn *read;
    const wr_json_node *leaf; /* NULL: the value is skipped */
    uint32_t column;
    unsigned depth; /* of the value */
};

struct wr_json_shape {
    uint32_t n_steps;     /* the last one has no value: it is what the event ends with */
    uint32_t lead, trail; /* bytes of the wrapper before and behind the event */
    uint32_t n_missing;
    uint32_t *missing; /* columns that get null */
    uint32_t n_words;
    wr_json_step steps[WR_JSON_SHAPE_STEPS];
    uint64_t words[WR_JSON_SHAPE_BYTES / 8];
};

/* ---- Numbers ------------------------------------------------------------------------------------------ */

WR_INLINE uint64_t load8(const char *p) {
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

#define NUMBER_ROOM 32 /* more bytes than are looked at from the beginning of a number */

/* Up to 8 digits at p: how many there are, and their value. Eight bytes at once, without a branch by digit.
 */
WR_INLINE unsigned take_digits(const char *p, uint64_t *value) {
    const uint64_t ones = 0x0101010101010101u;
    uint64_t w = load8(p) ^ (ones * '0');
    uint64_t other = ((w + ones * 0x76) | w) & (ones * 0x80); /* high bit of each byte that is no digit */
    unsigned n = other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
    if (WR_UNLIKELY(n == 0)) return 0;
    w <<= 64 - 8 * n; /* zeros in front */
    w = (w * 10 + (w >> 8)) & 0x00FF00FF00FF00FFu;
    w = (w * 100 + (w >> 16)) & 0x0000FFFF0000FFFFu;
    *value = (w * 10000 + (w >> 32)) & 0xFFFFFFFFu;
    return n;
}

static const uint64_t pow10_u64[] = {1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u};

/* Up to 16 digits at p; 0: none, or more, or a 0 before others. */
WR_INLINE unsigned take_whole(const char *p, uint64_t *value) {
    unsigned n = take_digits(p, value);
    if (WR_UNLIKELY(n > 1 && *p == '0')) return 0;
    if (n < 8) return n;
    uint64_t low;
    unsigned more = take_digits(p + 8, &low);
    if (more == 8) return 0;
    if (more) *value = *value * pow10_u64[more] + low;
    return n + more;
}

/* The end of what is read comes soon: the number is read from `room`, where zeros follow. */
WR_INLINE const char *with_room(const char *p, const char *end, char *room) {
    size_t left = (size_t)(end - p);
    if (WR_LIKELY(left >= NUMBER_ROOM)) return p;
    memset(room, 0, NUMBER_ROOM);
    memcpy(room, p, left);
    return room;
}

/* A sign and up to 16 digits. Returns how many bytes they are; 0: something else. */
WR_INLINE unsigned take_integer(const char *p, const char *end, int64_t *value) {
    char room[NUMBER_ROOM];
    uint64_t v;
    p = with_room(p, end, room);
    bool negative = *p == '-';
    unsigned n = take_whole(p + negative, &v);
    if (WR_UNLIKELY(!n)) return 0;
    *value = negative ? -(int64_t)v : (int64_t)v;
    return n + negative;
}

static const char *read_long(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    int64_t v;
    unsigned n = take_integer(p, end, &v);
    if (WR_UNLIKELY(!n)) return NULL;
    ((int64_t *)row->rows->cols[step->column].data)[row->rows->n] = v;
    return p + n;
}

static const char *read_int(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    int64_t v;
    unsigned n = take_integer(p, end, &v);
    if (WR_UNLIKELY(!n || v != (int32_t)v)) return NULL;
    ((int32_t *)row->rows->cols[step->column].data)[row->rows->n] = (int32_t)v;
    return p + n;
}

/* |value| = whole / 10^scale, both exact as doubles. */
typedef struct decimal {
    uint64_t whole;
    unsigned scale, n_bytes;
    bool negative;
} decimal;

/* A sign, digits, and a point with digits, 15 at most. False: something else. */
WR_INLINE bool take_decimal(const char *text, const char *end, decimal *d) {
    char room[NUMBER_ROOM];
    const char *first = with_room(text, end, room), *p = first;
    d->negative = *p == '-';
    p += d->negative;
    unsigned n = take_whole(p, &d->whole);
    if (WR_UNLIKELY(!n || n > 15)) return false;
    p += n;
    d->scale = 0;
    if (*p == '.') {
        uint64_t fraction;
        d->scale = take_digits(p + 1, &fraction);
        if (WR_UNLIKELY(!d->scale || n + d->scale > 15 || d->scale == 8)) return false;
        d->whole = d->whole * pow10_u64[d->scale] + fraction;
        p += 1 + d->scale;
    }
    d->n_bytes = (unsigned)(p - first);
    return true;
}

/* One division rounds correctly, since both sides are exact (Clinger 1990). */
static const char *read_double(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    static const double pow10[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};
    decimal d;
    if (WR_UNLIKELY(!take_decimal(p, end, &d))) return NULL;
    double v = (double)(int64_t)d.whole / pow10[d.scale];
    ((double *)row->rows->cols[step->column].data)[row->rows->n] = d.negative ? -v : v;
    return p + d.n_bytes;
}

static const char *read_float(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    static const float pow10[] = {1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    decimal d;
    if (WR_UNLIKELY(!take_decimal(p, end, &d) || d.whole >> 24)) return NULL;
    float v = (float)(int32_t)d.whole / pow10[d.scale];
    ((float *)row->rows->cols[step->column].data)[row->rows->n] = d.negative ? -v : v;
    return p + d.n_bytes;
}

/* ---- Other values ------------------------------------------------------------------------------------- */

static const char *read_bool(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    if (WR_UNLIKELY(end - p < 5)) return NULL;
    bool is_true = memcmp(p, "true", 4) == 0, is_false = memcmp(p, "fals", 4) == 0 && p[4] == 'e';
    if (WR_UNLIKELY(is_true == is_false)) return NULL;
    ((uint8_t *)row->rows->cols[step->column].data)[row->rows->n] = is_true;
    return p + 5 - is_true;
}

/* The closing quote of the string whose text begins at p; NULL: something unusual comes before it (an escape,
 * a byte beyond ASCII, the end). */
WR_INLINE const char *closing_quote(const char *p, const char *end) {
#ifdef __SSE2__
    const __m128i quotes = _mm_set1_epi8('"'), backslashes = _mm_set1_epi8('\\'), blank = _mm_set1_epi8(' ');
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        unsigned quote = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quotes));
        /* as signed bytes, controls and those beyond ASCII are both below the blank */
        unsigned odd = (unsigned)_mm_movemask_epi8(
            _mm_or_si128(_mm_cmplt_epi8(bytes, blank), _mm_cmpeq_epi8(bytes, backslashes)));
        if (WR_LIKELY(quote)) return odd & (quote ^ (quote - 1)) ? NULL : p + __builtin_ctz(quote);
        if (odd) return NULL;
    }
#endif
    for (; p < end && *p != '"'; p++)
        if ((signed char)*p < ' ' || *p == '\\') return NULL;
    return p < end ? p : NULL;
}

/* A string of up to WEIR_STRING_INLINE bytes, of which 16 can be read. */
WR_INLINE void store_short(weir_string *out, const char *text, uint32_t len) {
    uint64_t first = load8(text), second = load8(text + 8);
    first = len >= 8 ? first : first & (((uint64_t)1 << (8 * len)) - 1);
    second = len > 8 ? second & (((uint64_t)1 << (8 * (len - 8))) - 1) : 0;
    out->len = len;
    memcpy(out->head, &first, 4);
    first >>= 32;
    first |= second << 32;
    memcpy(out->u.tail, &first, 8);
}

static const char *read_string(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    if (WR_UNLIKELY(p == end || *p != '"')) return NULL;
    const char *text = p + 1, *quote = closing_quote(text, end);
    if (WR_UNLIKELY(!quote)) return NULL;
    size_t len = (size_t)(quote - text);
    weir_string *out = (weir_string *)row->rows->cols[step->column].data + row->rows->n;
    if (WR_LIKELY(len <= WEIR_STRING_INLINE && end - text >= 16)) {
        store_short(out, text, (uint32_t)len);
        return quote + 1;
    }
    if (WR_UNLIKELY(len > UINT32_MAX)) return NULL;
    char *copy = wr_string_heap_take(&row->heap, len);
    if (!copy) return NULL;
    memcpy(copy, text, len);
    *out = weir_string_view(copy, (uint32_t)len);
    return quote + 1;
}

static const char *read_any(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    return p < end ? wr_json_read_leaf(row, step->leaf, p, end, step->depth) : NULL;
}

static const char *skip_any(const wr_json_step *step, wr_json_row *row, const char *p, const char *end) {
    (void)row;
    decimal d;
    if (WR_UNLIKELY(p == end)) return NULL;
    if (*p == '"') {
        const char *quote = closing_quote(p + 1, end);
        if (WR_LIKELY(quote != NULL)) return quote + 1;
    } else if (take_decimal(p, end, &d)) {
        p += d.n_bytes;
        if (WR_LIKELY(p == end || ((*p | 32) != 'e' && *p != '.'))) return p;
        return NULL;
    }
    return wr_json_skip_value(p, end, step->depth);
}

static step_fn *const by_type[WEIR_N_TYPES] = {
    [WEIR_INT] = read_int,       [WEIR_LONG] = read_long, [WEIR_FLOAT] = read_float,
    [WEIR_DOUBLE] = read_double, [WEIR_BOOL] = read_bool, [WEIR_STRING] = read_string,
    [WEIR_OBJECT] = read_any};

/* ---- Reading ------------------------------------------------------------------------------------------ */

WR_INLINE bool literal_is(const wr_json_step *s, const char *p, const char *end) {
    size_t left = (size_t)(end - p);
    if (WR_UNLIKELY(left < (size_t)s->n_words * 8)) return left >= s->len && memcmp(p, s->words, s->len) == 0;
    uint64_t differs = 0;
    uint32_t last = s->n_words - 1;
    for (uint32_t i = 0; i < last; i++) differs |= load8(p + 8 * i) ^ s->words[i];
    return !(differs | ((load8(p + 8 * last) ^ s->words[last]) & s->last_mask));
}

static const char *read_by(const wr_json_shape *shape, wr_json_row *row, const char *p, const char *end) {
    const wr_json_step *s = shape->steps, *last = s + shape->n_steps - 1;
    for (; s < last; s++) {
        if (WR_UNLIKELY(!literal_is(s, p, end))) return NULL;
        p += s->len;
        const char *next = s->read(s, row, p, end);
        if (WR_UNLIKELY(!next)) {
            if (!s->leaf) return NULL;
            next = read_any(s, row, p, end);
            if (!next || row->fault.what != WR_JSON_FAULT_NONE) return NULL;
        }
        p = next;
    }
    if (WR_UNLIKELY(!literal_is(last, p, end) || row->fault.what != WR_JSON_FAULT_NONE)) return NULL;
    for (uint32_t i = 0; i < shape->n_missing; i++) {
        weir_column *c = &row->rows->cols[shape->missing[i]];
        if (c->data) wr_cell_set_null(c, row->rows->n);
    }
    return p + last->len;
}

const char *wr_json_shapes_read(wr_json_shapes *s, wr_json_row *row, const char *p, const char *end,
                                wr_json_extent *event) {
    if (WR_UNLIKELY(s->rest)) {
        s->rest--;
        return NULL;
    }
    for (unsigned i = 0; i < WR_JSON_SHAPES; i++) {
        unsigned k = (s->likely + i) % WR_JSON_SHAPES;
        if (!s->of[k] || !s->of[k]->n_steps) continue;
        row->fault.what = WR_JSON_FAULT_NONE;
        const char *next = read_by(s->of[k], row, p, end);
        if (WR_UNLIKELY(!next)) continue;
        s->likely = k;
        s->n_hits++;
        *event = (wr_json_extent){p + s->of[k]->lead, next - s->of[k]->trail};
        return next;
    }
    s->n_misses++;
    return NULL;
}

/* ---- Learning ----------------------------------------------------------------------------------------- */

typedef struct learner {
    wr_json_shape *shape;
    const weir_rows *rows;
    const char *end;
    const char *literal; /* where the literal that has not been taken begins */
    uint64_t *seen;      /* by column: two values for one have no shape */
} learner;

/* The literal up to p, which becomes the next step. */
static wr_json_step *add_step(learner *l, const char *p) {
    wr_json_shape *shape = l->shape;
    size_t len = (size_t)(p - l->literal), n_words = (len + 7) / 8;
    if (!len || shape->n_steps == WR_JSON_SHAPE_STEPS || shape->n_words + n_words > WR_COUNT(shape->words))
        return NULL;
    wr_json_step *s = &shape->steps[shape->n_steps++];
    uint64_t *words = shape->words + shape->n_words, mask = 0;
    memset(words, 0, n_words * 8);
    memcpy(words, l->literal, len);
    memset(&mask, 0xFF, len - (n_words - 1) * 8);
    *s =
        (wr_json_step){.words = words, .last_mask = mask, .len = (uint32_t)len, .n_words = (uint32_t)n_words};
    shape->n_words += (uint32_t)n_words;
    return s;
}

/* The value at p is one of the shape's; leaf NULL: nobody's. Returns its end. */
static const char *add_value(learner *l, const wr_json_node *leaf, const char *p, unsigned depth) {
    wr_json_step *s = add_step(l, p);
    if (!s || (leaf && leaf->also)) return NULL;
    s->depth = depth;
    s->read = skip_any;
    if (leaf) {
        uint64_t bit = (uint64_t)1 << (leaf->column & 63);
        if (l->seen[leaf->column >> 6] & bit) return NULL;
        l->seen[leaf->column >> 6] |= bit;
        s->column = leaf->column;
        s->leaf = leaf->is_wanted ? leaf : NULL;
        if (leaf->is_wanted) s->read = by_type[l->rows->cols[leaf->column].type];
    }
    return l->literal = wr_json_skip_value(p, l->end, depth);
}

static const wr_json_node *member(const wr_json_node *node, const char *name, size_t len) {
    for (const wr_json_node *c = node->children; c; c = c->next)
        if (c->name && c->name_len == len && memcmp(c->name, name, len) == 0) return c;
    return NULL;
}

/* The object that opens at p, depth deep. Returns its end; NULL: it has no shape. */
static const char *add_object(learner *l, const wr_json_node *node, const char *p, unsigned depth) {
    const char *name, *at_end;
    size_t len;
    p++;
    for (bool first = true; p; first = false) {
        const char *value = wr_json_next_member(p, l->end, first, &name, &len, &at_end);
        if (!value) return at_end;
        const wr_json_node *c = memchr(name, '\\', len) ? NULL : member(node, name, len);
        if (memchr(name, '\\', len) || (c && c->children && *value != '{')) return NULL;
        p = c && c->children ? add_object(l, c, value, depth + 1) : add_value(l, c, value, depth + 1);
    }
    return NULL;
}

static bool fill(learner *l, const wr_json_node *root, const char *text, wr_json_extent inner) {
    wr_json_shape *shape = l->shape;
    shape->n_steps = shape->n_words = shape->n_missing = 0;
    const char *p = add_object(l, root, inner.begin, 0);
    if (p != inner.end || !add_step(l, l->end)) return false;
    shape->lead = (uint32_t)(inner.begin - text);
    shape->trail = (uint32_t)(l->end - inner.end);
    for (uint32_t i = 0; i < l->rows->n_cols; i++)
        if (!(l->seen[i >> 6] >> (i & 63) & 1)) shape->missing[shape->n_missing++] = i;
    return true;
}

static wr_json_shape *make(uint32_t n_cols, weir_arena *arena) {
    wr_json_shape *shape = wr_arena_zero(arena, 1, sizeof *shape);
    if (shape) shape->missing = wr_arena_zero(arena, n_cols, sizeof *shape->missing);
    return shape && shape->missing ? shape : NULL;
}

/* Whether now is the time: not too often where nothing comes of it. */
static bool is_due(wr_json_shapes *s) {
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || s->rest || s->n_misses < s->patience) return false;
    bool was_worth_it = s->n_hits > s->n_misses;
    s->patience = was_worth_it ? 1 : WR_MIN(s->patience * 2 + 1, (uint32_t)WR_JSON_SHAPE_PATIENCE);
    s->rest = was_worth_it ? 0 : s->patience / 2;
    s->n_hits = s->n_misses = 0;
    return true;
}

void wr_json_shapes_learn(wr_json_shapes *s, const wr_json_node *root, const weir_rows *rows,
                          const uint64_t *not_ours, const char *text, const char *end, wr_json_extent inner,
                          weir_arena *arena) {
    uint64_t seen[WR_JSON_SHAPE_COLUMNS / 64];
    if (!is_due(s) || rows->n_cols > WR_JSON_SHAPE_COLUMNS) return;
    unsigned k = (s->likely + 1) % WR_JSON_SHAPES;
    wr_json_shape *shape = s->of[k] ? s->of[k] : make(rows->n_cols, arena);
    if (!shape) return;
    memcpy(seen, not_ours, (rows->n_cols + 63) / 64 * sizeof *seen);
    learner l = {.shape = shape, .rows = rows, .end = end, .literal = text, .seen = seen};
    s->of[k] = shape;
    if (!fill(&l, root, text, inner)) shape->n_steps = 0;
    s->likely = k;
}
