/* range_index.c: see range_index.h. */
#include "exec/range_index.h"

#include <math.h>

#define BLOCK_ROWS 512u

/* Entries are ordered by key, then by id, so that each can be found again. */
typedef struct entry {
    uint64_t key;
    uint32_t id;
} entry;

typedef struct block {
    uint32_t n;
    entry entries[BLOCK_ROWS];
} block;

struct wr_range_index {
    const wr_row_store *store;
    wr_account *account;
    uint32_t column;
    weir_type type; /* of the column; NONE as long as no row has been seen */
    block **blocks; /* none is empty */
    entry *tops;    /* the last entry of each */
    uint32_t n, cap_blocks, cap_tops;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for an index");
}

/* ---- Keys ---- */

#define SIGN ((uint64_t)1 << 63)

/* Doubles sort as their bits do, once the negative ones are turned round. */
static uint64_t key_of_double(double d) {
    uint64_t bits;
    d = d == 0 ? 0.0 : d; /* -0.0 equals 0.0 */
    memcpy(&bits, &d, sizeof bits);
    return bits & SIGN ? ~bits : bits | SIGN;
}

static double double_of_key(uint64_t key) {
    uint64_t bits = key & SIGN ? key & ~SIGN : ~key;
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* False: null or NaN. */
static bool key_of(const weir_value *v, uint64_t *key) {
    if (v->is_null) return false;
    switch (v->type) {
    case WEIR_INT: *key = (uint64_t)(int64_t)v->as.i ^ SIGN; return true;
    case WEIR_LONG: *key = (uint64_t)v->as.l ^ SIGN; return true;
    case WEIR_FLOAT: *key = key_of_double((double)v->as.f); return !isnan(v->as.f);
    case WEIR_DOUBLE: *key = key_of_double(v->as.d); return !isnan(v->as.d);
    default: return false;
    }
}

static bool is_less(const entry *a, const entry *b) {
    return a->key != b->key ? a->key < b->key : a->id < b->id;
}

/* ---- Life ---- */

weir_status wr_range_index_new(const wr_row_store *store, uint32_t column, wr_account *account,
                               wr_range_index **out, weir_error *err) {
    wr_range_index *x = *out = wr_alloc_zero(account, sizeof *x);
    if (!x) return no_memory(err);
    x->store = store;
    x->account = account;
    x->column = column;
    return WEIR_OK;
}

void wr_range_index_clear(wr_range_index *x) {
    for (uint32_t i = 0; i < x->n; i++) wr_free(x->account, x->blocks[i], sizeof(block));
    x->n = 0;
}

void wr_range_index_free(wr_range_index *x) {
    if (!x) return;
    wr_range_index_clear(x);
    wr_free(x->account, x->blocks, x->cap_blocks * sizeof(*x->blocks));
    wr_free(x->account, x->tops, x->cap_tops * sizeof(*x->tops));
    wr_free(x->account, x, sizeof *x);
}

/* ---- Finding places ---- */

/* The first block whose last entry is not below e; n when all are. */
static uint32_t find_block(const wr_range_index *x, const entry *e) {
    uint32_t low = 0, high = x->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (is_less(&x->tops[mid], e))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static uint32_t find_entry(const block *b, const entry *e) {
    uint32_t low = 0, high = b->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (is_less(&b->entries[mid], e))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* ---- Adding and removing ---- */

static weir_status add_block(wr_range_index *x, uint32_t at, weir_error *err) {
    if (wr_grow(x->account, &x->blocks, &x->cap_blocks, x->n + 1, sizeof(*x->blocks)) ||
        wr_grow(x->account, &x->tops, &x->cap_tops, x->n + 1, sizeof(*x->tops)))
        return no_memory(err);
    block *b = wr_alloc(x->account, sizeof *b);
    if (!b) return no_memory(err);
    b->n = 0;
    memmove(x->blocks + at + 1, x->blocks + at, (x->n - at) * sizeof(*x->blocks));
    memmove(x->tops + at + 1, x->tops + at, (x->n - at) * sizeof(*x->tops));
    x->blocks[at] = b;
    x->n++;
    return WEIR_OK;
}

/* The upper half of a full block goes into one of its own. At the very end only the last entry does: rows
 * whose values ascend then fill each block. */
static weir_status cut_block(wr_range_index *x, uint32_t at, const entry *coming, weir_error *err) {
    WR_TRY(add_block(x, at + 1, err));
    block *full = x->blocks[at], *upper = x->blocks[at + 1];
    bool ascends = at + 2 == x->n && !is_less(coming, &full->entries[full->n - 1]);
    uint32_t kept = ascends ? full->n - 1 : full->n / 2;
    upper->n = full->n - kept;
    memcpy(upper->entries, full->entries + kept, upper->n * sizeof(entry));
    full->n = kept;
    x->tops[at + 1] = x->tops[at];
    x->tops[at] = full->entries[kept - 1];
    return WEIR_OK;
}

weir_status wr_range_index_add(wr_range_index *x, weir_row_id id, weir_error *err) {
    weir_value v = wr_row_store_value(x->store, id, x->column);
    entry e = {.id = (uint32_t)id};
    x->type = v.type;
    if (!key_of(&v, &e.key)) return WEIR_OK;
    if (!x->n) {
        WR_TRY(add_block(x, 0, err));
        x->tops[0] = e;
    }
    uint32_t at = find_block(x, &e);
    if (at == x->n) at--;
    if (x->blocks[at]->n == BLOCK_ROWS) {
        WR_TRY(cut_block(x, at, &e, err));
        if (is_less(&x->tops[at], &e)) at++;
    }
    block *b = x->blocks[at];
    uint32_t place = find_entry(b, &e);
    memmove(b->entries + place + 1, b->entries + place, (b->n - place) * sizeof e);
    b->entries[place] = e;
    b->n++;
    x->tops[at] = b->entries[b->n - 1];
    return WEIR_OK;
}

static void drop_block(wr_range_index *x, uint32_t at) {
    wr_free(x->account, x->blocks[at], sizeof(block));
    x->n--;
    memmove(x->blocks + at, x->blocks + at + 1, (x->n - at) * sizeof(*x->blocks));
    memmove(x->tops + at, x->tops + at + 1, (x->n - at) * sizeof(*x->tops));
}

void wr_range_index_remove(wr_range_index *x, weir_row_id id) {
    weir_value v = wr_row_store_value(x->store, id, x->column);
    entry e = {.id = (uint32_t)id};
    if (!key_of(&v, &e.key)) return;
    uint32_t at = find_block(x, &e);
    if (at == x->n) return;
    block *b = x->blocks[at];
    uint32_t place = find_entry(b, &e);
    if (place == b->n || b->entries[place].key != e.key || b->entries[place].id != e.id) return;
    b->n--;
    memmove(b->entries + place, b->entries + place + 1, (b->n - place) * sizeof e);
    if (b->n)
        x->tops[at] = b->entries[b->n - 1];
    else
        drop_block(x, at);
}

/* ---- Ranges ---- */

/* Is the key's value below the bound's (-1), equal (0) or above (1)? Converting keeps the order, so that
 * halving works in the bound's type as well. */
static int compare(const wr_range_index *x, uint64_t key, const weir_value *bound) {
    bool whole = x->type == WEIR_INT || x->type == WEIR_LONG;
    int64_t l = (int64_t)(key ^ SIGN);
    double d = whole ? (double)l : double_of_key(key), other;
    switch (bound->type) {
    case WEIR_INT:
    case WEIR_LONG: {
        int64_t limit = bound->type == WEIR_INT ? bound->as.i : bound->as.l;
        if (whole) return (l > limit) - (l < limit);
        other = (double)limit;
        break;
    }
    case WEIR_FLOAT: {
        float f = whole ? (float)l : (float)d;
        return (f > bound->as.f) - (f < bound->as.f);
    }
    default: other = bound->as.d; break;
    }
    return (d > other) - (d < other);
}

/* Does the key lie before the range that begins there? */
static bool is_before(const wr_range_index *x, uint64_t key, const wr_bound *low) {
    if (!low->is_set) return false;
    int order = compare(x, key, &low->value);
    return order < 0 || (order == 0 && low->is_open);
}

static bool is_behind(const wr_range_index *x, uint64_t key, const wr_bound *high) {
    if (!high->is_set) return false;
    int order = compare(x, key, &high->value);
    return order > 0 || (order == 0 && high->is_open);
}

static bool is_hopeless(const wr_bound *b) {
    uint64_t key;
    return b->is_set && !key_of(&b->value, &key);
}

static uint32_t at_cursor(const wr_range_cursor *c) {
    const wr_range_index *x = c->index;
    if (c->block >= x->n) return WR_NO_SLOT;
    const entry *e = &x->blocks[c->block]->entries[c->at];
    return is_behind(x, e->key, &c->high) ? WR_NO_SLOT : e->id;
}

uint32_t wr_range_index_first(const wr_range_index *x, const wr_bound *low, const wr_bound *high,
                              wr_range_cursor *cursor) {
    *cursor = (wr_range_cursor){.index = x, .high = *high};
    if (is_hopeless(low) || is_hopeless(high)) return WR_NO_SLOT;
    uint32_t first = 0, end = x->n;
    while (first < end) {
        uint32_t mid = first + (end - first) / 2;
        if (is_before(x, x->tops[mid].key, low))
            first = mid + 1;
        else
            end = mid;
    }
    cursor->block = first;
    if (first == x->n) return WR_NO_SLOT;
    const block *b = x->blocks[first];
    uint32_t at = 0, top = b->n;
    while (at < top) {
        uint32_t mid = at + (top - at) / 2;
        if (is_before(x, b->entries[mid].key, low))
            at = mid + 1;
        else
            top = mid;
    }
    cursor->at = at;
    return at_cursor(cursor);
}

uint32_t wr_range_index_next(wr_range_cursor *c) {
    const wr_range_index *x = c->index;
    if (c->block < x->n && ++c->at >= x->blocks[c->block]->n) {
        c->block++;
        c->at = 0;
    }
    return at_cursor(c);
}
