/* row_index.c: see row_index.h. */
#include "exec/row_index.h"

#include <math.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct link {
    uint32_t hash; /* WR_NO_HASH: in the index, but never found */
    uint32_t next, prev;
    uint32_t bucket_mark; /* 1 while the row is in a chain */
} link;

typedef struct bucket {
    uint32_t head, tail;
} bucket;

struct wr_row_index {
    const wr_row_store *store;
    wr_account *account;
    wr_index_kind kind;
    uint32_t n_columns;
    uint32_t *columns;
    link *links;
    uint32_t cap_links;
    bucket *buckets;
    uint32_t n_buckets; /* a power of two */
    uint32_t n_rows;
};

#define ONE_CHAIN 1u /* the hash of every row when there is no key */

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9E3779B97F4A7C15ull;
    return h ^ (h >> 32);
}

static double plus_zero(double v) { return v == 0 ? 0.0 : v; }

static double real_of(weir_type type, const void *cell) {
    float f;
    double d;
    if (type == WEIR_DOUBLE) {
        memcpy(&d, cell, sizeof d);
        return d;
    }
    memcpy(&f, cell, sizeof f);
    return (double)f;
}

/* Folds the cell of a column into the hash (NULL: null); false when it equals nothing. */
static bool hash_cell(wr_index_kind kind, weir_type type, const void *cell, uint64_t *h) {
    if (!cell) {
        *h = mix(*h, 0x6e756c6c);
        return kind == WR_INDEX_IDENTITY;
    }
    switch (type) {
    case WEIR_INT: {
        int32_t i;
        memcpy(&i, cell, sizeof i);
        *h = mix(*h, (uint64_t)(int64_t)i);
        return true;
    }
    case WEIR_LONG: {
        uint64_t l;
        memcpy(&l, cell, sizeof l);
        *h = mix(*h, l);
        return true;
    }
    case WEIR_BOOL: *h = mix(*h, *(const uint8_t *)cell != 0); return true;
    case WEIR_FLOAT:
    case WEIR_DOUBLE: {
        double d = plus_zero(real_of(type, cell));
        uint64_t bits;
        memcpy(&bits, &d, 8);
        *h = mix(*h, isnan(d) ? 0x6e616e : bits);
        return !isnan(d) || kind == WR_INDEX_IDENTITY;
    }
    case WEIR_STRING: {
        const weir_string *s = cell;
        *h = mix(*h, XXH3_64bits(weir_string_data(s), s->len));
        return true;
    }
    default: return false; /* objects have no equality */
    }
}

static bool reals_equal(wr_index_kind kind, double a, double b) {
    return a == b || (kind == WR_INDEX_IDENTITY && isnan(a) && isnan(b));
}

static bool cells_equal(wr_index_kind kind, weir_type type, const void *a, const void *b) {
    switch (type) {
    case WEIR_INT: return !memcmp(a, b, 4);
    case WEIR_LONG: return !memcmp(a, b, 8);
    case WEIR_FLOAT:
    case WEIR_DOUBLE: return reals_equal(kind, real_of(type, a), real_of(type, b));
    case WEIR_BOOL: return (*(const uint8_t *)a != 0) == (*(const uint8_t *)b != 0);
    case WEIR_STRING: return weir_string_equal(a, b);
    default: return false;
    }
}

static uint32_t fold(uint64_t h, bool findable) {
    if (!findable) return WR_NO_HASH;
    uint32_t folded = (uint32_t)(h ^ (h >> 29));
    return folded == WR_NO_HASH ? ONE_CHAIN : folded;
}

/* What the language calls it, or OBJECT where objects are held. */
static weir_type type_of(const weir_column *c) { return c->boxed ? WEIR_OBJECT : c->type; }

static const void *cell_of(const weir_column *c, uint32_t row) {
    if (weir_is_null(c, row)) return NULL;
    return (const char *)c->data + (size_t)row * wr_type_size(c->type, c->boxed);
}

weir_status wr_row_index_new(const wr_row_store *store, const uint32_t *columns, uint32_t n_columns,
                             wr_index_kind kind, wr_account *account, wr_row_index **out, weir_error *err) {
    wr_row_index *x = wr_alloc_zero(account, sizeof *x);
    *out = NULL;
    if (!x) return weir_fail(err, WEIR_ENOMEM, "out of memory for an index");
    x->store = store;
    x->account = account;
    x->kind = kind;
    x->n_columns = n_columns;
    x->n_buckets = 16;
    x->columns = wr_alloc(account, (n_columns + 1) * sizeof *x->columns);
    x->buckets = wr_alloc(account, x->n_buckets * sizeof *x->buckets);
    if (!x->columns || !x->buckets) {
        wr_row_index_free(x);
        return weir_fail(err, WEIR_ENOMEM, "out of memory for an index");
    }
    if (n_columns) memcpy(x->columns, columns, n_columns * sizeof *columns);
    memset(x->buckets, 0xFF, x->n_buckets * sizeof *x->buckets);
    *out = x;
    return WEIR_OK;
}

void wr_row_index_free(wr_row_index *x) {
    if (!x) return;
    if (x->columns) wr_free(x->account, x->columns, (x->n_columns + 1) * sizeof *x->columns);
    if (x->buckets) wr_free(x->account, x->buckets, x->n_buckets * sizeof *x->buckets);
    wr_free(x->account, x->links, x->cap_links * sizeof *x->links);
    wr_free(x->account, x, sizeof *x);
}

void wr_row_index_clear(wr_row_index *x) {
    memset(x->buckets, 0xFF, x->n_buckets * sizeof *x->buckets);
    if (x->links) memset(x->links, 0, x->cap_links * sizeof *x->links);
    x->n_rows = 0;
}

static bucket *bucket_of(const wr_row_index *x, uint32_t hash) {
    return &x->buckets[hash & (x->n_buckets - 1)];
}

static void append(wr_row_index *x, uint32_t id) {
    bucket *b = bucket_of(x, x->links[id].hash);
    x->links[id].prev = b->tail;
    x->links[id].next = WR_NO_SLOT;
    if (b->tail == WR_NO_SLOT)
        b->head = id;
    else
        x->links[b->tail].next = id;
    b->tail = id;
}

/* Doubles the buckets. Old chains are walked in order, so equal keys keep theirs. */
static int spread(wr_row_index *x) {
    uint32_t n = x->n_buckets, wanted = n * 2;
    bucket *old = x->buckets, *fresh = wr_alloc(x->account, wanted * sizeof *fresh);
    if (!fresh) return -1;
    memset(fresh, 0xFF, wanted * sizeof *fresh);
    x->buckets = fresh;
    x->n_buckets = wanted;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t id = old[i].head, next; id != WR_NO_SLOT; id = next) {
            next = x->links[id].next;
            append(x, id);
        }
    wr_free(x->account, old, n * sizeof *old);
    return 0;
}

static uint32_t hash_of_row(const wr_row_index *x, weir_row_id id) {
    if (!x->n_columns) return ONE_CHAIN;
    uint64_t h = 0;
    for (uint32_t i = 0; i < x->n_columns; i++) {
        const void *cell = wr_row_store_cell(x->store, id, x->columns[i]);
        if (!hash_cell(x->kind, wr_row_store_type(x->store, x->columns[i]), cell, &h)) return WR_NO_HASH;
    }
    return fold(h, true);
}

weir_status wr_row_index_add(wr_row_index *x, weir_row_id id, weir_error *err) {
    uint32_t slot = (uint32_t)id;
    if (slot >= x->cap_links) {
        uint32_t before = x->cap_links;
        if (wr_grow(x->account, &x->links, &x->cap_links, slot + 1, sizeof *x->links))
            return weir_fail(err, WEIR_ENOMEM, "out of memory for an index of %u rows", slot + 1);
        memset(x->links + before, 0, (x->cap_links - before) * sizeof *x->links);
    }
    if (x->n_columns && x->n_rows >= x->n_buckets && spread(x))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for an index of %u rows", x->n_rows);
    if (x->links[slot].bucket_mark) return weir_fail(err, WEIR_ESTATE, "row %u is in the index twice", slot);
    x->links[slot].hash = hash_of_row(x, id);
    x->links[slot].bucket_mark = 1;
    x->n_rows++;
    if (x->links[slot].hash != WR_NO_HASH) append(x, slot);
    return WEIR_OK;
}

void wr_row_index_remove(wr_row_index *x, weir_row_id id) {
    link *l = &x->links[(uint32_t)id];
    if (!l->bucket_mark) return;
    l->bucket_mark = 0;
    x->n_rows--;
    if (l->hash == WR_NO_HASH) return;
    bucket *b = bucket_of(x, l->hash);
    if (l->prev == WR_NO_SLOT)
        b->head = l->next;
    else
        x->links[l->prev].next = l->next;
    if (l->next == WR_NO_SLOT)
        b->tail = l->prev;
    else
        x->links[l->next].prev = l->prev;
}

uint32_t wr_row_index_hash_one(const wr_row_index *x, const weir_column *keys, uint32_t row) {
    uint64_t h = 0;
    bool findable = true;
    if (!x->n_columns) return ONE_CHAIN;
    for (uint32_t i = 0; i < x->n_columns && findable; i++)
        findable = hash_cell(x->kind, type_of(&keys[i]), cell_of(&keys[i], row), &h);
    return fold(h, findable);
}

/* The key of most tables: one column of longs or ints without nulls. */
#define HASH_NUMBERS(type)                                                                                   \
    for (uint32_t k = 0; k < b->n_sel; k++) {                                                                \
        uint32_t row = weir_batch_row(b, k);                                                                 \
        hashes[row] = fold(mix(0, (uint64_t)(int64_t)((const type *)key->data)[row]), true);                 \
    }

void wr_row_index_hash(const wr_row_index *x, const weir_column *keys, const weir_batch *b,
                       uint32_t *hashes) {
    const weir_column *key = x->n_columns == 1 && !keys->valid ? keys : NULL;
    if (key && type_of(key) == WEIR_LONG) {
        HASH_NUMBERS(int64_t)
    } else if (key && type_of(key) == WEIR_INT) {
        HASH_NUMBERS(int32_t)
    } else {
        for (uint32_t k = 0; k < b->n_sel; k++) {
            uint32_t row = weir_batch_row(b, k);
            hashes[row] = wr_row_index_hash_one(x, keys, row);
        }
    }
}

void wr_row_index_prefetch_bucket(const wr_row_index *x, uint32_t hash) {
    __builtin_prefetch(bucket_of(x, hash));
}

void wr_row_index_prefetch_row(const wr_row_index *x, uint32_t hash) {
    uint32_t id = bucket_of(x, hash)->head;
    if (id == WR_NO_SLOT) return;
    __builtin_prefetch(&x->links[id]);
    for (uint32_t i = 0; i < x->n_columns; i++) wr_row_store_prefetch(x->store, id, x->columns[i]);
}

static bool matches(const wr_row_index *x, const weir_column *keys, uint32_t row, uint32_t id) {
    for (uint32_t i = 0; i < x->n_columns; i++) {
        const void *held = wr_row_store_cell(x->store, id, x->columns[i]), *asked = cell_of(&keys[i], row);
        if (!held || !asked) {
            if (held || asked || x->kind != WR_INDEX_IDENTITY) return false;
        } else if (!cells_equal(x->kind, type_of(&keys[i]), held, asked)) {
            return false;
        }
    }
    return true;
}

static uint32_t seek(const wr_row_index *x, const weir_column *keys, uint32_t row, uint32_t hash,
                     uint32_t id) {
    while (id != WR_NO_SLOT && (x->links[id].hash != hash || !matches(x, keys, row, id)))
        id = x->links[id].next;
    return id;
}

uint32_t wr_row_index_first(const wr_row_index *x, const weir_column *keys, uint32_t row, uint32_t hash) {
    return hash == WR_NO_HASH ? WR_NO_SLOT : seek(x, keys, row, hash, bucket_of(x, hash)->head);
}

uint32_t wr_row_index_next(const wr_row_index *x, const weir_column *keys, uint32_t row, uint32_t hash,
                           uint32_t id) {
    return seek(x, keys, row, hash, x->links[id].next);
}

uint32_t wr_row_index_last(const wr_row_index *x) { return bucket_of(x, ONE_CHAIN)->tail; }

uint32_t wr_row_index_before(const wr_row_index *x, uint32_t id) { return x->links[id].prev; }
