/* keyed_split.c: see keyed_split.h.
 *
 * A side's chunks are sorted by key (by counting: chunks of one key stay in order) and its rows moved
 * accordingly, once; each key's input is then a slice of the columns. */
#include "exec/keyed_split.h"

#include <stdlib.h>

#include "data/batch.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the rows of a partition");
}

/* ---- Which keys there are ---------------------------------------------------------------------------------
 */

/* The chunks of one side that have rows. keys NULL: of one key. */
typedef struct side_chunks {
    const weir_batch *in;
    wr_piece *pieces;
    uint32_t *key; /* the place of each piece's key */
    uint32_t n;
} side_chunks;

typedef struct key_list {
    uint32_t *ids, *place_of, limit, n;
} key_list;

static uint32_t place_of_key(key_list *keys, uint32_t id) {
    uint32_t place = keys->place_of[id];
    if (place < keys->n && keys->ids[place] == id) return place;
    keys->ids[keys->n] = id;
    return keys->place_of[id] = keys->n++;
}

static weir_status find_chunks(side_chunks *s, key_list *keys, weir_arena *arena, weir_error *err) {
    const weir_batch *b = s->in;
    uint32_t most = b->n_chunks < b->n_sel ? b->n_chunks : b->n_sel;
    s->pieces = wr_arena_array(arena, most, sizeof *s->pieces);
    s->key = wr_arena_array(arena, most, sizeof *s->key);
    if (!s->pieces || !s->key) return no_memory(err);
    for (uint32_t k = 0, c = 0; k < b->n_sel; s->n++) {
        uint32_t row = weir_batch_row(b, k), first = k;
        if (!b->chunk_end) c = row;
        while (weir_batch_chunk_end(b, c) <= row) c++;
        while (k < b->n_sel && weir_batch_row(b, k) < weir_batch_chunk_end(b, c)) k++;
        s->pieces[s->n] = (wr_piece){.chunk = c, .first = first, .n = k - first};
        if (keys) s->key[s->n] = place_of_key(keys, b->key_id[c]);
    }
    return WEIR_OK;
}

/* ---- Slices -----------------------------------------------------------------------------------------------
 */

/* A side's rows in the order of their keys. */
typedef struct sorted_side {
    weir_batch rows;
    uint32_t *first_chunk; /* by key, and one more */
    weir_origin *origin;   /* by chunk */
} sorted_side;

static weir_status sort_side(const side_chunks *s, uint32_t n_keys, weir_arena *arena, sorted_side *out,
                             weir_error *err) {
    uint32_t *first = wr_arena_zero(arena, n_keys + 2, sizeof *first);
    wr_piece *sorted = wr_arena_array(arena, s->n, sizeof *sorted);
    out->origin = wr_arena_array(arena, s->n, sizeof *out->origin);
    if (!first || !sorted || !out->origin) return no_memory(err);
    for (uint32_t i = 0; i < s->n; i++) first[s->key[i] + 2]++;
    for (uint32_t k = 2; k < n_keys + 2; k++) first[k] += first[k - 1];
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t at = first[s->key[i] + 1]++;
        sorted[at] = s->pieces[i];
        out->origin[at] = weir_batch_origin(s->in, s->pieces[i].chunk);
    }
    out->first_chunk = first;
    weir_status status = wr_batch_collect(&s->in, 1, sorted, s->n, arena, &out->rows);
    return status == WEIR_OK ? status : no_memory(err);
}

static weir_status slice_valid(const uint64_t *from, uint32_t first, uint32_t n, weir_arena *arena,
                               uint64_t **out, weir_error *err) {
    *out = NULL;
    if (!from) return WEIR_OK;
    size_t n_words = ((size_t)n + 63) / 64;
    uint64_t *bits = wr_arena_array(arena, n_words, sizeof *bits);
    if (!bits) return no_memory(err);
    memset(bits, 0xFF, n_words * sizeof *bits);
    for (uint32_t i = 0; i < n; i++)
        if (!(from[(first + i) >> 6] >> ((first + i) & 63) & 1)) bits[i >> 6] &= ~((uint64_t)1 << (i & 63));
    *out = bits;
    return WEIR_OK;
}

static weir_status slice_columns(const weir_batch *b, uint32_t first, uint32_t n, weir_arena *arena,
                                 weir_column **out, weir_error *err) {
    *out = wr_arena_array(arena, b->n_cols + 1, sizeof **out);
    if (!*out) return no_memory(err);
    for (uint32_t c = 0; c < b->n_cols; c++) {
        weir_column *col = &(*out)[c];
        *col = b->cols[c];
        if (!col->data) continue;
        col->data = (char *)col->data + first * wr_type_size(col->type, col->boxed);
        WR_TRY(slice_valid(b->cols[c].valid, first, n, arena, &col->valid, err));
    }
    return WEIR_OK;
}

/* Numbers from..to-1 of ends, counted from row `first`. */
static weir_status slice_ends(const uint32_t *ends, uint32_t from, uint32_t to, uint32_t first,
                              weir_arena *arena, const uint32_t **out, weir_error *err) {
    uint32_t *own = wr_arena_array(arena, to - from, sizeof *own);
    if (!own) return no_memory(err);
    for (uint32_t i = from; i < to; i++) own[i - from] = ends[i] - first;
    *out = own;
    return WEIR_OK;
}

static uint32_t first_end_above(const uint32_t *ends, uint32_t n, uint32_t row) {
    uint32_t low = 0, high = n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (ends[mid] > row)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

static weir_status slice_parts(const weir_batch *b, uint32_t first, uint32_t end, weir_arena *arena,
                               weir_batch *out, weir_error *err) {
    out->part_end = NULL;
    if (!b->part_end) return WEIR_OK;
    uint32_t from = first_end_above(b->part_end, b->n_parts, first),
             to = first_end_above(b->part_end, b->n_parts, end - 1) + 1;
    out->n_parts = to - from;
    return slice_ends(b->part_end, from, to, first, arena, &out->part_end, err);
}

static weir_status slice(const sorted_side *s, uint32_t key, weir_arena *arena, weir_batch *out,
                         weir_error *err) {
    uint32_t from = s->first_chunk[key], to = s->first_chunk[key + 1];
    if (from == to) return WEIR_OK;
    const weir_batch *b = &s->rows;
    uint32_t first = weir_batch_chunk_begin(b, from), end = weir_batch_chunk_end(b, to - 1);
    *out = *b;
    out->n_rows = out->n_sel = end - first;
    out->ts = b->ts + first;
    out->kind = b->kind ? b->kind + first : NULL;
    out->row_id = b->row_id ? b->row_id + first : NULL;
    out->n_chunks = to - from;
    out->origin = s->origin + from;
    out->chunk_end = NULL;
    WR_TRY(slice_columns(b, first, end - first, arena, &out->cols, err));
    if (out->n_chunks != out->n_rows)
        WR_TRY(slice_ends(b->chunk_end, from, to, first, arena, &out->chunk_end, err));
    return slice_parts(b, first, end, arena, out, err);
}

/* ---- Splitting --------------------------------------------------------------------------------------------
 */

static weir_status make_inputs(const key_list *keys, uint32_t n_in, weir_arena *arena, wr_keyed_input **out,
                               weir_error *err) {
    *out = wr_arena_array(arena, keys->n + 1, sizeof **out);
    weir_batch *sides = wr_arena_zero(arena, (size_t)keys->n * n_in + 1, sizeof *sides);
    if (!*out || !sides) return no_memory(err);
    for (uint32_t k = 0; k < keys->n; k++)
        (*out)[k] = (wr_keyed_input){keys->ids[k], sides + (size_t)k * n_in};
    return WEIR_OK;
}

/* All rows are of one key: they stay where they are, with their origins written out. */
static weir_status whole(const weir_batch *in, weir_arena *arena, weir_batch *out, weir_error *err) {
    *out = *in;
    out->key_id = NULL;
    if (in->origin) return WEIR_OK;
    weir_origin *origin = wr_arena_array(arena, in->n_chunks, sizeof *origin);
    if (!origin) return no_memory(err);
    for (uint32_t c = 0; c < in->n_chunks; c++) origin[c] = weir_batch_origin(in, c);
    out->origin = origin;
    return WEIR_OK;
}

weir_status wr_keyed_split(const weir_batch *const *in, uint32_t n_in, uint32_t limit, uint32_t *place_of,
                           weir_arena *arena, wr_keyed_input **out, uint32_t *n, weir_error *err) {
    side_chunks *sides = wr_arena_zero(arena, n_in, sizeof *sides);
    key_list keys = {.place_of = place_of, .limit = limit};
    uint64_t most = 0;
    for (uint32_t s = 0; s < n_in; s++) most += in[s] ? in[s]->n_sel : 0;
    if (most > limit) most = limit;
    keys.ids = wr_arena_array(arena, most + 1, sizeof *keys.ids);
    if (!sides || !keys.ids) return no_memory(err);
    for (uint32_t s = 0; s < n_in; s++) {
        sides[s].in = in[s];
        if (in[s]) WR_TRY(find_chunks(&sides[s], &keys, arena, err));
    }
    *n = keys.n;
    WR_TRY(make_inputs(&keys, n_in, arena, out, err));
    for (uint32_t s = 0; s < n_in; s++) {
        if (!in[s] || !sides[s].n) continue;
        if (keys.n == 1) {
            WR_TRY(whole(in[s], arena, &(*out)[0].side[s], err));
            continue;
        }
        sorted_side sorted = {0};
        WR_TRY(sort_side(&sides[s], keys.n, arena, &sorted, err));
        for (uint32_t k = 0; k < keys.n; k++) WR_TRY(slice(&sorted, k, arena, &(*out)[k].side[s], err));
    }
    return WEIR_OK;
}

/* ---- Copying ----------------------------------------------------------------------------------------------
 */

static weir_status own_text(weir_string *text, weir_arena *arena, weir_error *err) {
    if (text->len <= WEIR_STRING_INLINE) return WEIR_OK;
    if (weir_arena_string(arena, text->u.ptr, text->len, text) != WEIR_OK) return no_memory(err);
    return WEIR_OK;
}

static weir_status own_object(weir_object *object, weir_arena *arena, weir_error *err) {
    if (!object) return WEIR_OK;
    return weir_arena_own(arena, weir_object_ref(object)) == WEIR_OK ? WEIR_OK : no_memory(err);
}

static weir_status own_cells(weir_column *c, uint32_t n, weir_arena *arena, weir_error *err) {
    bool is_object = c->boxed || c->type == WEIR_OBJECT;
    if (!c->data || (!is_object && c->type != WEIR_STRING)) return WEIR_OK;
    for (uint32_t i = 0; i < n; i++) {
        if (weir_is_null(c, i)) continue;
        WR_TRY(is_object ? own_object(((weir_object **)c->data)[i], arena, err)
                         : own_text((weir_string *)c->data + i, arena, err));
    }
    return WEIR_OK;
}

weir_status wr_keyed_copy(const weir_batch *b, weir_arena *arena, weir_batch *out, weir_error *err) {
    side_chunks s = {.in = b};
    WR_TRY(find_chunks(&s, NULL, arena, err));
    weir_origin *origin = wr_arena_array(arena, s.n + 1, sizeof *origin);
    if (!origin) return no_memory(err);
    for (uint32_t i = 0; i < s.n; i++) origin[i] = weir_batch_origin(b, s.pieces[i].chunk);
    if (wr_batch_collect(&b, 1, s.pieces, s.n, arena, out) != WEIR_OK) return no_memory(err);
    out->origin = origin;
    for (uint32_t c = 0; c < out->n_cols; c++) WR_TRY(own_cells(&out->cols[c], out->n_rows, arena, err));
    return WEIR_OK;
}

/* ---- Putting together -------------------------------------------------------------------------------------
 */

/* A chunk of an output and its place. */
typedef struct placed {
    weir_origin origin; /* without the number, if a timer put it out: then that was due at */
    int64_t due;
    uint64_t birth;
    uint32_t seq; /* among the chunks of its output */
    wr_piece piece;
} placed;

static int by_place(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->origin != y->origin) return x->origin < y->origin ? -1 : 1;
    if (x->due != y->due) return x->due < y->due ? -1 : 1;
    if (x->birth != y->birth) return x->birth < y->birth ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

/* When the timer was due that fired at this arrival. *from: where the one before stood. */
static int64_t due_at(const wr_firings *f, uint32_t arrival, uint32_t *from) {
    while (*from < f->n && f->items[*from].arrival < arrival) ++*from;
    return *from < f->n && f->items[*from].arrival == arrival ? f->items[*from].due : INT64_MAX;
}

static uint32_t place_chunks(const wr_keyed_output *o, uint32_t number, uint32_t rank, placed *to) {
    const weir_batch *b = &o->batch;
    uint32_t n = 0, firing = 0;
    for (uint32_t k = 0, c = 0; k < b->n_sel; n++) {
        uint32_t row = weir_batch_row(b, k), first = k;
        if (!b->chunk_end) c = row;
        while (weir_batch_chunk_end(b, c) <= row) c++;
        while (k < b->n_sel && weir_batch_row(b, k) < weir_batch_chunk_end(b, c)) k++;
        weir_origin origin = weir_batch_origin(b, c);
        to[n] =
            (placed){.origin = origin, .birth = o->birth, .seq = n, .piece = {number, c, first, k - first}};
        if (weir_origin_phase(origin) != rank) continue;
        to[n].origin &= ~(weir_origin)0xFFFFFF;
        to[n].due = due_at(&o->firings, weir_origin_arrival(origin), &firing);
    }
    return n;
}

static bool is_sorted(const placed *p, uint32_t n) {
    for (uint32_t i = 1; i < n; i++)
        if (by_place(&p[i - 1], &p[i]) > 0) return false;
    return true;
}

static weir_status label(const wr_keyed_output *outputs, const placed *p, uint32_t n, uint32_t rank,
                         weir_arena *arena, weir_batch *out, weir_error *err) {
    weir_origin *origin = wr_arena_array(arena, n, sizeof *origin);
    uint32_t *key = wr_arena_array(arena, n, sizeof *key);
    if (!origin || !key) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        bool next = i && weir_origin_phase(p[i].origin) == rank && p[i].origin >> 24 == p[i - 1].origin >> 24;
        bool full = i && (origin[i - 1] & 0xFFFFFFu) == 0xFFFFFFu;
        origin[i] = !next ? p[i].origin : origin[i - 1] + !full;
        key[i] = outputs[p[i].piece.in].id;
    }
    out->origin = origin;
    out->key_id = key;
    return WEIR_OK;
}

/* Nothing to put together: but each chunk gets its key. */
static weir_status pass_on(const wr_keyed_output *o, weir_arena *arena, weir_batch *out, weir_error *err) {
    uint32_t *key = wr_arena_array(arena, o->batch.n_chunks, sizeof *key);
    if (!key) return no_memory(err);
    for (uint32_t c = 0; c < o->batch.n_chunks; c++) key[c] = o->id;
    *out = o->batch;
    out->key_id = key;
    return WEIR_OK;
}

weir_status wr_keyed_gather(const wr_keyed_output *outputs, uint32_t n, uint32_t rank, weir_arena *arena,
                            weir_batch *out, weir_error *err) {
    if (n == 1) return pass_on(outputs, arena, out, err);
    uint64_t most = 0;
    for (uint32_t i = 0; i < n; i++) most += WR_MIN(outputs[i].batch.n_chunks, outputs[i].batch.n_sel);
    placed *chunks = wr_arena_array(arena, most + 1, sizeof *chunks);
    wr_piece *pieces = wr_arena_array(arena, most + 1, sizeof *pieces);
    const weir_batch **in = wr_arena_array(arena, n + 1, sizeof *in);
    if (!chunks || !pieces || !in) return no_memory(err);
    uint32_t n_chunks = 0;
    for (uint32_t i = 0; i < n; i++) {
        in[i] = &outputs[i].batch;
        n_chunks += place_chunks(&outputs[i], i, rank, chunks + n_chunks);
    }
    if (!n_chunks) return WEIR_OK;
    if (!is_sorted(chunks, n_chunks)) qsort(chunks, n_chunks, sizeof *chunks, by_place);
    for (uint32_t i = 0; i < n_chunks; i++) pieces[i] = chunks[i].piece;
    weir_status status = wr_batch_collect(in, n, pieces, n_chunks, arena, out);
    if (status != WEIR_OK) return weir_fail(err, status, "can't put the rows of a partition together");
    return label(outputs, chunks, n_chunks, rank, arena, out, err);
}
