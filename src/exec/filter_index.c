#include "exec/filter_index.h"

#include <stdlib.h>

#include "base/hash.h"

/* One constant of an order comparison. Rows whose place is above the boundary's number are >= (or >) it. */
typedef struct boundary {
    double d;
    int64_t l;
    bool strict;    /* >, not >= */
    bool wants_low; /* < or <=: the rows below are wanted */
    uint32_t member;
} boundary;

typedef struct constant { /* of an equality; those that are equal follow one another */
    double d;
    int64_t l;
    weir_string s;
    uint64_t hash;
    uint32_t member;
} constant;

struct wr_filter_index {
    wr_account *account;
    uint32_t column, n;
    weir_type type, column_type;
    bool by_double, equality;
    boundary *bounds;
    constant *constants; /* by hash slot; member == UINT32_MAX: free */
    uint32_t n_slots;    /* a power of two, at least twice n */
    uint32_t *next;      /* by member: the next one with an equal constant, or UINT32_MAX */
};

#define NO_MEMBER UINT32_MAX

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an index of filters");
}

/* ---- Which conditions ---- */

static bool is_column(const wr_expr *e, uint32_t *column) {
    if (e->kind == WR_EXPR_CONVERT) e = e->a;
    *column = e->u.column;
    return e->kind == WR_EXPR_COLUMN && !e->boxed && e->type != WEIR_OBJECT;
}

static bool is_nan(const weir_value *v) {
    return (v->type == WEIR_DOUBLE && v->as.d != v->as.d) || (v->type == WEIR_FLOAT && v->as.f != v->as.f);
}

static bool is_constant(const wr_expr *e, weir_value *value) {
    if (e->kind != WR_EXPR_CONST || e->u.constant.is_null || is_nan(&e->u.constant)) return false;
    *value = e->u.constant;
    return true;
}

static wr_compare mirrored(wr_compare c) {
    switch (c) {
    case WR_LT: return WR_GT;
    case WR_LE: return WR_GE;
    case WR_GT: return WR_LT;
    case WR_GE: return WR_LE;
    default: return c;
    }
}

bool wr_filter_index_takes(const wr_expr *e, wr_indexed_filter *out) {
    if (e->kind != WR_EXPR_COMPARE || e->u.compare == WR_NE) return false;
    weir_type t = e->a->type;
    bool orders = t == WEIR_INT || t == WEIR_LONG || t == WEIR_FLOAT || t == WEIR_DOUBLE;
    if (!orders && t != WEIR_STRING) return false;
    out->compare = e->u.compare;
    out->type = t;
    if (is_column(e->a, &out->column) && is_constant(e->b, &out->constant)) return true;
    out->compare = mirrored(e->u.compare);
    return is_column(e->b, &out->column) && is_constant(e->a, &out->constant);
}

bool wr_filter_index_fits(const wr_indexed_filter *a, const wr_indexed_filter *b) {
    return a->column == b->column && a->type == b->type && (a->compare == WR_EQ) == (b->compare == WR_EQ);
}

/* ---- Making ---- */

static int64_t as_long(const weir_value *v) { return v->type == WEIR_INT ? v->as.i : v->as.l; }

static double as_double(const weir_value *v) {
    switch (v->type) {
    case WEIR_FLOAT: return (double)v->as.f;
    case WEIR_DOUBLE: return v->as.d;
    default: return (double)as_long(v);
    }
}

static uint64_t hash_double(double d) {
    d += 0.0; /* -0.0 becomes 0.0 */
    uint64_t bits;
    memcpy(&bits, &d, 8);
    return wr_hash_u64(bits);
}

static bool same_constant(const wr_filter_index *x, const constant *a, const constant *b) {
    if (x->type == WEIR_STRING) return weir_string_equal(&a->s, &b->s);
    return x->by_double ? a->d == b->d : a->l == b->l;
}

static constant *slot_of(const wr_filter_index *x, const constant *wanted) {
    for (uint32_t i = (uint32_t)wanted->hash & (x->n_slots - 1);; i = (i + 1) & (x->n_slots - 1)) {
        constant *c = &x->constants[i];
        if (c->member == NO_MEMBER || (c->hash == wanted->hash && same_constant(x, c, wanted))) return c;
    }
}

static void fill_key(const wr_filter_index *x, constant *c) {
    if (x->type == WEIR_STRING)
        c->hash = wr_hash_bytes(weir_string_data(&c->s), c->s.len);
    else
        c->hash = x->by_double ? hash_double(c->d) : wr_hash_u64((uint64_t)c->l);
}

static void add_constant(wr_filter_index *x, const weir_value *v, uint32_t member) {
    constant c = {.member = member};
    if (x->type == WEIR_STRING)
        c.s = v->as.s;
    else if (x->by_double)
        c.d = as_double(v);
    else
        c.l = as_long(v);
    fill_key(x, &c);
    constant *slot = slot_of(x, &c);
    x->next[member] = slot->member;
    *slot = c;
}

/* Ascending; of equal constants >= comes before >. */
static int by_place(const void *a, const void *b) {
    const boundary *p = a, *q = b;
    if (p->d != q->d) return p->d < q->d ? -1 : 1;
    if (p->l != q->l) return p->l < q->l ? -1 : 1;
    return (int)p->strict - (int)q->strict;
}

static weir_status make_equality(wr_filter_index *x, const wr_indexed_filter *filters, weir_error *err) {
    x->n_slots = 8;
    while (x->n_slots < 2 * x->n) x->n_slots *= 2;
    x->constants = wr_alloc(x->account, x->n_slots * sizeof *x->constants);
    x->next = wr_alloc(x->account, x->n * sizeof *x->next);
    if (!x->constants || !x->next) return no_memory(err);
    for (uint32_t i = 0; i < x->n_slots; i++) x->constants[i].member = NO_MEMBER;
    for (uint32_t i = 0; i < x->n; i++) add_constant(x, &filters[i].constant, i);
    return WEIR_OK;
}

static weir_status make_bounds(wr_filter_index *x, const wr_indexed_filter *filters, weir_error *err) {
    x->bounds = wr_alloc_zero(x->account, x->n * sizeof *x->bounds);
    if (!x->bounds) return no_memory(err);
    for (uint32_t i = 0; i < x->n; i++) {
        wr_compare c = filters[i].compare;
        boundary *b = &x->bounds[i];
        /* v < c is: not v >= c; v <= c: not v > c. */
        *b = (boundary){
            .strict = c == WR_GT || c == WR_LE, .wants_low = c == WR_LT || c == WR_LE, .member = i};
        if (x->by_double)
            b->d = as_double(&filters[i].constant);
        else
            b->l = as_long(&filters[i].constant);
    }
    qsort(x->bounds, x->n, sizeof *x->bounds, by_place);
    return WEIR_OK;
}

weir_status wr_filter_index_new(const wr_indexed_filter *filters, uint32_t n, weir_type column_type,
                                wr_account *account, wr_filter_index **out, weir_error *err) {
    wr_filter_index *x = wr_alloc_zero(account, sizeof *x);
    *out = NULL;
    if (!x) return no_memory(err);
    x->account = account;
    x->column = filters[0].column;
    x->column_type = column_type;
    x->type = filters[0].type;
    x->n = n;
    x->equality = filters[0].compare == WR_EQ;
    x->by_double = x->type == WEIR_FLOAT || x->type == WEIR_DOUBLE;
    weir_status st = x->equality ? make_equality(x, filters, err) : make_bounds(x, filters, err);
    if (st != WEIR_OK)
        wr_filter_index_free(x);
    else
        *out = x;
    return st;
}

void wr_filter_index_free(wr_filter_index *x) {
    if (!x) return;
    wr_free(x->account, x->bounds, x->n * sizeof *x->bounds);
    wr_free(x->account, x->constants, x->n_slots * sizeof *x->constants);
    wr_free(x->account, x->next, x->n * sizeof *x->next);
    wr_free(x->account, x, sizeof *x);
}

/* ---- Keys of a batch ---- */

static int64_t long_at(const wr_filter_index *x, const weir_column *c, uint32_t row) {
    return x->column_type == WEIR_INT ? ((const int32_t *)c->data)[row] : ((const int64_t *)c->data)[row];
}

static double double_at(const wr_filter_index *x, const weir_column *c, uint32_t row) {
    switch (x->column_type) {
    case WEIR_DOUBLE: return ((const double *)c->data)[row];
    case WEIR_FLOAT: return (double)((const float *)c->data)[row];
    default: {
        int64_t v = long_at(x, c, row);
        return x->type == WEIR_FLOAT ? (double)(float)v : (double)v;
    }
    }
}

/* ---- Order comparisons ---- */

/* How many boundaries the value is above of. */
static uint32_t place_of_double(const wr_filter_index *x, double v) {
    const boundary *b = x->bounds;
    uint32_t low = 0, n = x->n;
    while (n > 0) {
        uint32_t half = n / 2;
        bool above = b[low + half].strict ? v > b[low + half].d : v >= b[low + half].d;
        low = above ? low + half + 1 : low;
        n = above ? n - half - 1 : half;
    }
    return low;
}

static uint32_t place_of_long(const wr_filter_index *x, int64_t v) {
    const boundary *b = x->bounds;
    uint32_t low = 0, n = x->n;
    while (n > 0) {
        uint32_t half = n / 2;
        bool above = b[low + half].strict ? v > b[low + half].l : v >= b[low + half].l;
        low = above ? low + half + 1 : low;
        n = above ? n - half - 1 : half;
    }
    return low;
}

typedef struct placed { /* the rows of a batch, sorted by place */
    uint32_t *rows;
    uint32_t *end; /* by place: where its rows end */
    uint32_t n;
} placed;

static weir_status place_rows(const wr_filter_index *x, const weir_batch *b, weir_arena *arena, placed *out,
                              weir_error *err) {
    const weir_column *c = &b->cols[x->column];
    uint32_t *place = wr_arena_array(arena, b->n_sel, sizeof *place);
    out->rows = wr_arena_array(arena, b->n_sel, sizeof *out->rows);
    out->end = wr_arena_zero(arena, (size_t)x->n + 2, sizeof *out->end);
    if (!place || !out->rows || !out->end) return no_memory(err);
    uint32_t *start = out->end + 1; /* shifted by one, so that filling leaves the ends */
    out->n = 0;
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        place[k] = NO_MEMBER;
        if (weir_is_null(c, row)) continue;
        double d = x->by_double ? double_at(x, c, row) : 0;
        if (d != d) continue;
        place[k] = x->by_double ? place_of_double(x, d) : place_of_long(x, long_at(x, c, row));
        start[place[k]]++;
        out->n++;
    }
    for (uint32_t p = 0, sum = 0; p <= x->n; p++) {
        uint32_t count = start[p];
        start[p] = sum;
        sum += count;
    }
    for (uint32_t k = 0; k < b->n_sel; k++)
        if (place[k] != NO_MEMBER) out->rows[start[place[k]]++] = weir_batch_row(b, k);
    out->end = start;
    return WEIR_OK;
}

static weir_status rows_of_bits(const uint64_t *bits, uint32_t n_words, uint32_t n, weir_arena *arena,
                                const uint32_t **sel, weir_error *err) {
    uint32_t *rows = wr_arena_array(arena, n, sizeof *rows), k = 0;
    if (!rows) return no_memory(err);
    for (uint32_t w = 0; w < n_words && k < n; w++)
        for (uint64_t word = bits[w]; word; word &= word - 1)
            rows[k++] = w * 64 + (uint32_t)__builtin_ctzll(word);
    *sel = rows;
    return WEIR_OK;
}

/* Goes through the boundaries, from the highest down for > and >=, from the lowest up for < and <=, the set
 * of rows growing on the way. */
static weir_status sweep(const wr_filter_index *x, const weir_batch *b, const placed *rows, bool low,
                         weir_arena *arena, const uint32_t **sel, uint32_t *n_sel, weir_error *err) {
    uint32_t n_words = b->n_rows / 64 + 1, n = 0;
    uint64_t *bits = wr_arena_zero(arena, n_words, sizeof *bits);
    const uint32_t *last = NULL; /* the selection at n == last_n */
    uint32_t last_n = 0;
    if (!bits) return no_memory(err);
    for (uint32_t i = 0; i < x->n; i++) {
        uint32_t at = low ? i : x->n - 1 - i, place = low ? at : at + 1;
        uint32_t from = place ? rows->end[place - 1] : 0;
        for (uint32_t k = from; k < rows->end[place]; k++, n++)
            bits[rows->rows[k] / 64] |= UINT64_C(1) << (rows->rows[k] % 64);
        const boundary *bound = &x->bounds[at];
        if (bound->wants_low != low || !n) continue;
        if (n != last_n) WR_TRY(rows_of_bits(bits, n_words, n, arena, &last, err));
        last_n = n;
        sel[bound->member] = last;
        n_sel[bound->member] = n;
    }
    return WEIR_OK;
}

static weir_status run_bounds(const wr_filter_index *x, const weir_batch *b, weir_arena *arena,
                              const uint32_t **sel, uint32_t *n_sel, weir_error *err) {
    placed rows;
    WR_TRY(place_rows(x, b, arena, &rows, err));
    WR_TRY(sweep(x, b, &rows, false, arena, sel, n_sel, err));
    return sweep(x, b, &rows, true, arena, sel, n_sel, err);
}

/* ---- Equalities ---- */

/* The first member whose constant a row has; NO_MEMBER: none. */
static uint32_t member_at(const wr_filter_index *x, const weir_column *c, uint32_t row) {
    if (weir_is_null(c, row)) return NO_MEMBER;
    constant key = {.member = 0};
    if (x->type == WEIR_STRING)
        key.s = ((const weir_string *)c->data)[row];
    else if (x->by_double)
        key.d = double_at(x, c, row);
    else
        key.l = long_at(x, c, row);
    if (key.d != key.d) return NO_MEMBER;
    fill_key(x, &key);
    return slot_of(x, &key)->member;
}

static weir_status run_equality(const wr_filter_index *x, const weir_batch *b, weir_arena *arena,
                                const uint32_t **sel, uint32_t *n_sel, weir_error *err) {
    const weir_column *c = &b->cols[x->column];
    uint32_t *found = wr_arena_array(arena, b->n_sel, sizeof *found);
    uint32_t *rows = wr_arena_array(arena, b->n_sel, sizeof *rows);
    uint32_t *fill = wr_arena_zero(arena, x->n, sizeof *fill);
    if (!found || !rows || !fill) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        found[k] = member_at(x, c, weir_batch_row(b, k));
        if (found[k] != NO_MEMBER) n_sel[found[k]]++;
    }
    for (uint32_t i = 0, sum = 0; i < x->n; i++) {
        fill[i] = sum;
        if (n_sel[i]) sel[i] = rows + sum;
        sum += n_sel[i];
    }
    for (uint32_t k = 0; k < b->n_sel; k++)
        if (found[k] != NO_MEMBER) rows[fill[found[k]]++] = weir_batch_row(b, k);
    for (uint32_t i = x->n; i-- > 0;) { /* a chain goes from later members to earlier ones */
        if (!n_sel[i] || x->next[i] == NO_MEMBER) continue;
        sel[x->next[i]] = sel[i];
        n_sel[x->next[i]] = n_sel[i];
    }
    return WEIR_OK;
}

weir_status wr_filter_index_run(wr_filter_index *x, const weir_batch *b, weir_arena *arena,
                                const uint32_t **sel, uint32_t *n_sel, weir_error *err) {
    memset(sel, 0, x->n * sizeof *sel);
    memset(n_sel, 0, x->n * sizeof *n_sel);
    if (!b->n_sel) return WEIR_OK;
    return x->equality ? run_equality(x, b, arena, sel, n_sel, err)
                       : run_bounds(x, b, arena, sel, n_sel, err);
}
