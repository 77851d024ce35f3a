/* join_index.c: see join_index.h. Open addressing with linear probing; an entry goes with its last row, and
 * the table is closed up behind it (Knuth, TAOCP 6.4, algorithm R). */
#include "exec/join_index.h"

#include "data/value.h"

#include <math.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define NO_ENTRY UINT32_MAX

typedef struct entry {
    uint64_t word;
    uint32_t first, last; /* rows, as the low half of their ids */
    uint32_t n;           /* 0: free, and first is the next free entry */
} entry;

typedef struct link {
    uint32_t next, prev;
    uint32_t entry; /* NO_ENTRY: never found */
} link;

struct wr_join_index {
    const wr_row_store *store;
    wr_account *account;
    uint32_t n_columns;
    uint32_t *columns;
    bool is_exact; /* the word is the key */
    link *links;   /* by id modulo cap_links, a power of two above the span of the ids */
    uint32_t cap_links;
    weir_row_id oldest, newest; /* all ids lie from the one to the other */
    entry *entries;
    uint32_t n_entries, cap_entries, free_entry;
    uint32_t *table; /* entry + 1; 0: none */
    uint32_t bits;   /* of its size */
    uint32_t n_used;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the index of a join");
}

/* ---- Keys ---------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9E3779B97F4A7C15ull;
    return h ^ (h >> 32);
}

static uint64_t double_word(double v) {
    uint64_t word;
    if (v == 0) v = 0.0;
    memcpy(&word, &v, sizeof word);
    return word;
}

static bool is_word(weir_type type) {
    return type == WEIR_INT || type == WEIR_LONG || type == WEIR_BOOL || type == WEIR_FLOAT ||
           type == WEIR_DOUBLE;
}

#define EACH_ROW(expression)                                                                                 \
    for (uint32_t k = 0; k < b->n_sel; k++) {                                                                \
        uint32_t r = weir_batch_row(b, k);                                                                   \
        words[r] = (expression);                                                                             \
    }
#define NOT_A_NUMBER(type)                                                                                   \
    for (uint32_t k = 0; k < b->n_sel; k++) {                                                                \
        uint32_t r = weir_batch_row(b, k);                                                                   \
        if (isnan(((const type *)c->data)[r])) never[r] = 1;                                                 \
    }

static void column_words(const weir_column *c, const weir_batch *b, uint64_t *words) {
    switch (c->boxed ? WEIR_OBJECT : c->type) {
    case WEIR_INT: EACH_ROW((uint64_t)(int64_t)((const int32_t *)c->data)[r]) break;
    case WEIR_LONG: EACH_ROW(((const uint64_t *)c->data)[r]) break;
    case WEIR_BOOL: EACH_ROW(((const uint8_t *)c->data)[r]) break;
    case WEIR_FLOAT: EACH_ROW(double_word(((const float *)c->data)[r])) break;
    case WEIR_DOUBLE: EACH_ROW(double_word(((const double *)c->data)[r])) break;
    case WEIR_STRING: {
        const weir_string *s = c->data;
        EACH_ROW(XXH3_64bits(weir_string_data(&s[r]), s[r].len)) break;
    }
    default: EACH_ROW(0) break;
    }
}

/* Marks the rows whose value equals nothing. Objects have no equality. */
static void column_never(const weir_column *c, const weir_batch *b, uint8_t *never) {
    for (uint32_t k = 0; c->valid && k < b->n_sel; k++) {
        uint32_t r = weir_batch_row(b, k);
        if (weir_is_null(c, r)) never[r] = 1;
    }
    if (c->boxed || c->type == WEIR_OBJECT)
        for (uint32_t k = 0; k < b->n_sel; k++) never[weir_batch_row(b, k)] = 1;
    else if (c->type == WEIR_FLOAT)
        NOT_A_NUMBER(float)
    else if (c->type == WEIR_DOUBLE)
        NOT_A_NUMBER(double)
}

static bool can_equal_nothing(const weir_column *c) {
    return c->valid || c->boxed || c->type == WEIR_OBJECT || c->type == WEIR_FLOAT || c->type == WEIR_DOUBLE;
}

weir_status wr_join_keys_of(const weir_column *cols, uint32_t n_keys, const weir_batch *b, weir_arena *arena,
                            wr_join_keys *out, weir_error *err) {
    uint64_t *words = wr_arena_array(arena, b->n_rows + 1, sizeof *words), *more = NULL;
    *out = (wr_join_keys){.cols = cols, .words = words};
    if (!words) return no_memory(err);
    if (!n_keys) memset(words, 0, b->n_rows * sizeof *words);
    for (uint32_t i = 0; i < n_keys; i++) {
        if (i == 1 && !(more = wr_arena_array(arena, b->n_rows + 1, sizeof *more))) return no_memory(err);
        column_words(&cols[i], b, i ? more : words);
        for (uint32_t k = 0; i && k < b->n_sel; k++) {
            uint32_t r = weir_batch_row(b, k);
            words[r] = mix(words[r], more[r]);
        }
        if (!can_equal_nothing(&cols[i])) continue;
        if (!out->never && !(out->never = wr_arena_zero(arena, b->n_rows + 1, 1))) return no_memory(err);
        column_never(&cols[i], b, out->never);
    }
    return WEIR_OK;
}

static bool values_equal(const weir_value *a, const weir_value *b) {
    switch (a->type) {
    case WEIR_INT: return a->as.i == b->as.i;
    case WEIR_LONG: return a->as.l == b->as.l;
    case WEIR_FLOAT: return a->as.f == b->as.f;
    case WEIR_DOUBLE: return a->as.d == b->as.d;
    case WEIR_BOOL: return a->as.b == b->as.b;
    case WEIR_STRING: return weir_string_equal(&a->as.s, &b->as.s);
    default: return false;
    }
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

weir_status wr_join_index_new(const wr_row_store *store, const uint32_t *columns, uint32_t n_columns,
                              wr_account *account, wr_join_index **out, weir_error *err) {
    wr_join_index *x = *out = wr_alloc_zero(account, sizeof *x);
    if (!x) return no_memory(err);
    x->store = store;
    x->account = account;
    x->n_columns = n_columns;
    x->bits = 4;
    x->free_entry = NO_ENTRY;
    x->is_exact = !n_columns || (n_columns == 1 && is_word(wr_row_store_type(store, columns[0])));
    x->columns = wr_alloc(account, (n_columns + 1) * sizeof *x->columns);
    x->table = wr_alloc_zero(account, sizeof *x->table << x->bits);
    if (!x->columns || !x->table) {
        wr_join_index_free(x);
        *out = NULL;
        return no_memory(err);
    }
    if (n_columns) memcpy(x->columns, columns, n_columns * sizeof *columns);
    return WEIR_OK;
}

void wr_join_index_free(wr_join_index *x) {
    if (!x) return;
    if (x->columns) wr_free(x->account, x->columns, (x->n_columns + 1) * sizeof *x->columns);
    if (x->table) wr_free(x->account, x->table, sizeof *x->table << x->bits);
    wr_free(x->account, x->links, x->cap_links * sizeof *x->links);
    wr_free(x->account, x->entries, x->cap_entries * sizeof *x->entries);
    wr_free(x->account, x, sizeof *x);
}

void wr_join_index_clear(wr_join_index *x) {
    memset(x->table, 0, sizeof *x->table << x->bits);
    x->n_entries = x->n_used = 0;
    x->free_entry = NO_ENTRY;
    x->oldest = x->newest = 0;
}

/* ---- The table ----------------------------------------------------------------------------------------- */

static uint32_t home_of(const wr_join_index *x, uint64_t word) {
    return (uint32_t)((word * 0x9E3779B97F4A7C15ull) >> (64 - x->bits));
}

static weir_row_id whole_id(const wr_join_index *x, uint32_t low) {
    return x->oldest + (uint32_t)(low - (uint32_t)x->oldest);
}

static bool has_keys(const wr_join_index *x, const entry *e, const wr_join_keys *keys, uint32_t row) {
    weir_row_id id = whole_id(x, e->first);
    for (uint32_t i = 0; i < x->n_columns; i++) {
        weir_value held = wr_row_store_value(x->store, id, x->columns[i]);
        weir_value asked = wr_column_get(&keys->cols[i], row);
        if (!values_equal(&held, &asked)) return false;
    }
    return true;
}

/* Where in the table the key is, or the free place where it would be. */
static uint32_t seek(const wr_join_index *x, const wr_join_keys *keys, uint32_t row) {
    uint64_t word = keys->words[row];
    uint32_t mask = (1u << x->bits) - 1, at = home_of(x, word);
    for (; x->table[at]; at = (at + 1) & mask) {
        const entry *e = &x->entries[x->table[at] - 1];
        if (e->word == word && (x->is_exact || has_keys(x, e, keys, row))) break;
    }
    return at;
}

static weir_status widen_table(wr_join_index *x, weir_error *err) {
    uint32_t bits = x->bits + 1, mask = (1u << bits) - 1;
    uint32_t *wide = wr_alloc_zero(x->account, sizeof *wide << bits);
    if (!wide) return no_memory(err);
    wr_free(x->account, x->table, sizeof *x->table << x->bits);
    x->table = wide;
    x->bits = bits;
    for (uint32_t e = 0; e < x->n_entries; e++) {
        if (!x->entries[e].n) continue;
        uint32_t at = home_of(x, x->entries[e].word);
        while (wide[at]) at = (at + 1) & mask;
        wide[at] = e + 1;
    }
    return WEIR_OK;
}

static weir_status new_entry(wr_join_index *x, uint64_t word, uint32_t at, uint32_t *out, weir_error *err) {
    uint32_t e = x->free_entry;
    if (e == NO_ENTRY) {
        if (wr_grow(x->account, &x->entries, &x->cap_entries, x->n_entries + 1, sizeof *x->entries))
            return no_memory(err);
        e = x->n_entries++;
    } else {
        x->free_entry = x->entries[e].first;
    }
    x->entries[e] = (entry){.word = word};
    x->table[at] = e + 1;
    x->n_used++;
    *out = e;
    return WEIR_OK;
}

/* Takes an entry out of the table; those behind it that would no longer be found move up. */
static void drop_entry(wr_join_index *x, uint32_t e) {
    uint32_t mask = (1u << x->bits) - 1, hole = home_of(x, x->entries[e].word);
    while (x->table[hole] != e + 1) hole = (hole + 1) & mask;
    for (uint32_t at = (hole + 1) & mask; x->table[at]; at = (at + 1) & mask) {
        uint32_t home = home_of(x, x->entries[x->table[at] - 1].word);
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        x->table[hole] = x->table[at];
        hole = at;
    }
    x->table[hole] = 0;
    x->n_used--;
    x->entries[e].first = x->free_entry;
    x->free_entry = e;
}

/* ---- Rows ---------------------------------------------------------------------------------------------- */

static link *link_of(const wr_join_index *x, uint32_t low) { return &x->links[low & (x->cap_links - 1)]; }

/* Room for the links of ids from `oldest` to id. */
static weir_status span_links(wr_join_index *x, weir_row_id id, weir_row_id oldest, weir_error *err) {
    if (x->cap_links && id - oldest < x->cap_links) return WEIR_OK;
    if (id - oldest >= UINT32_MAX / 2) return weir_fail(err, WEIR_ELIMIT, "a join holds too many rows");
    uint32_t cap = x->cap_links ? x->cap_links : 16;
    while (id - oldest >= cap) cap *= 2;
    link *wide = wr_alloc(x->account, cap * sizeof *wide);
    if (!wide) return no_memory(err);
    for (weir_row_id i = oldest; x->cap_links && i <= x->newest && i - oldest < x->cap_links; i++)
        wide[i & (cap - 1)] = *link_of(x, (uint32_t)i);
    wr_free(x->account, x->links, x->cap_links * sizeof *x->links);
    x->links = wide;
    x->cap_links = cap;
    return WEIR_OK;
}

weir_status wr_join_index_add(wr_join_index *x, weir_row_id id, weir_row_id oldest, const wr_join_keys *keys,
                              uint32_t row, weir_error *err) {
    uint32_t low = (uint32_t)id, e = NO_ENTRY;
    WR_TRY(span_links(x, id, oldest, err));
    x->oldest = oldest;
    if (id > x->newest) x->newest = id;
    link *l = link_of(x, low);
    *l = (link){.entry = NO_ENTRY};
    if (keys->never && keys->never[row]) return WEIR_OK;
    if (4 * (x->n_used + 1) > 1u << x->bits) WR_TRY(widen_table(x, err)); /* a probe mostly hits at once */
    uint32_t at = seek(x, keys, row);
    if (x->table[at])
        e = x->table[at] - 1;
    else
        WR_TRY(new_entry(x, keys->words[row], at, &e, err));
    entry *chain = &x->entries[e];
    *l = (link){.prev = chain->last, .entry = e};
    if (chain->n++)
        link_of(x, chain->last)->next = low;
    else
        chain->first = low;
    chain->last = low;
    return WEIR_OK;
}

void wr_join_index_remove(wr_join_index *x, weir_row_id id) {
    uint32_t low = (uint32_t)id;
    const link *l = link_of(x, low);
    if (l->entry == NO_ENTRY) return;
    entry *chain = &x->entries[l->entry];
    if (!--chain->n) {
        drop_entry(x, l->entry);
        return;
    }
    if (chain->first == low)
        chain->first = l->next;
    else
        link_of(x, l->prev)->next = l->next;
    if (chain->last == low)
        chain->last = l->prev;
    else
        link_of(x, l->next)->prev = l->prev;
}

wr_join_chain wr_join_index_find(const wr_join_index *x, const wr_join_keys *keys, uint32_t row) {
    if (!x->n_used || (keys->never && keys->never[row])) return (wr_join_chain){0, 0};
    uint32_t at = seek(x, keys, row);
    if (!x->table[at]) return (wr_join_chain){0, 0};
    const entry *e = &x->entries[x->table[at] - 1];
    return (wr_join_chain){e->n, e->first};
}

void wr_join_index_take(const wr_join_index *x, wr_join_chain chain, weir_row_id *ids) {
    const link *links = x->links;
    const uint32_t mask = x->cap_links - 1;
    const weir_row_id oldest = x->oldest;
    for (uint32_t i = 0, low = chain.first; i < chain.n; i++) {
        ids[i] = oldest + (uint32_t)(low - (uint32_t)oldest);
        low = links[low & mask].next;
    }
}

void wr_join_index_take_all(const wr_join_index *x, wr_join_taking *chains, uint32_t n) {
    const link *links = x->links;
    const uint32_t mask = x->cap_links - 1, low = (uint32_t)x->oldest;
    const weir_row_id oldest = x->oldest;
    for (uint32_t i = 0; i < n; i++) chains[i].ids[0] = oldest + (uint32_t)((uint32_t)chains[i].ids[0] - low);
    while (n) {
        uint32_t n_left = 0;
        for (uint32_t i = 0; i < n; i++) {
            wr_join_taking c = chains[i];
            if (c.n == 1) continue;
            c.ids[1] = oldest + (uint32_t)(links[c.ids[0] & mask].next - low);
            chains[n_left++] = (wr_join_taking){c.ids + 1, c.n - 1};
        }
        n = n_left;
    }
}

bool wr_join_index_is_far(const wr_join_index *x) { return x && x->bits > 13; }

void wr_join_index_prefetch(const wr_join_index *x, const wr_join_keys *keys, uint32_t row, bool sooner) {
    const uint32_t *at = &x->table[home_of(x, keys->words[row])];
    if (!sooner)
        __builtin_prefetch(at);
    else if (*at)
        __builtin_prefetch(&x->entries[*at - 1]);
}
