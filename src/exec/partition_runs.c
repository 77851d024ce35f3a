/* partition_runs.c: a partition's step, one input: the keys of its rows, and its chunks cut into runs of
 * equal keys. A row without a key is left out, and does not end a run. */
#include <stdlib.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "data/column.h"
#include "data/text.h"
#include "data/value.h"
#include "exec/partition_impl.h"

#define MOST_ROWS (UINT32_C(1) << 28) /* of one input in one cycle: rows to all keys may be many */

/* ---- Keys -------------------------------------------------------------------------------------------------
 */

static const wr_partition_side *side_of(const wr_cutting *c) { return &c->p->sides[c->side]; }

static weir_status text_of_row(const weir_column *in, uint32_t row, wr_buf *buf, weir_arena *arena,
                               weir_string *out, weir_error *err) {
    weir_value v = wr_value_unbox(wr_column_get(in, row));
    buf->len = 0;
    wr_text_of_value(buf, &v);
    if (buf->failed || weir_arena_string(arena, buf->data, buf->len, out) != WEIR_OK)
        return wr_partition_no_memory(err);
    return WEIR_OK;
}

/* The text of each value, where keys are compared by it. */
static weir_status key_as_text(wr_cutting *c, weir_error *err) {
    const weir_column in = c->key;
    weir_string *texts = wr_arena_zero(c->turn->arena, c->in->n_rows, sizeof *texts);
    if (!texts) return wr_partition_no_memory(err);
    wr_buf buf = WR_BUF_INIT;
    weir_status status = WEIR_OK;
    for (uint32_t k = 0; k < c->in->n_sel && status == WEIR_OK; k++) {
        uint32_t row = weir_batch_row(c->in, k);
        if (!weir_is_null(&in, row)) status = text_of_row(&in, row, &buf, c->turn->arena, &texts[row], err);
    }
    wr_buf_fini(&buf);
    c->key = (weir_column){.type = WEIR_STRING, .data = texts, .valid = in.valid};
    return status;
}

/* By range, a bit for each row that is in it. */
static weir_status note_matches(wr_cutting *c, const weir_column *conditions, weir_error *err) {
    uint32_t n = side_of(c)->plan->n_ranges;
    c->matches = wr_arena_array(c->turn->arena, n, sizeof *c->matches);
    if (!c->matches) return wr_partition_no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        c->matches[i] = wr_arena_zero(c->turn->arena, wr_valid_words(c->in->n_rows), sizeof **c->matches);
        if (!c->matches[i]) return wr_partition_no_memory(err);
        const uint8_t *is_true = conditions[i].data;
        for (uint32_t k = 0; k < c->in->n_sel; k++) {
            uint32_t row = weir_batch_row(c->in, k);
            if (!weir_is_null(&conditions[i], row) && is_true[row])
                c->matches[i][row >> 6] |= (uint64_t)1 << (row & 63);
        }
    }
    return WEIR_OK;
}

weir_status wr_cutting_begin(wr_cutting *c, weir_error *err) {
    const wr_partition_side *side = side_of(c);
    if (!side->keys) return WEIR_OK;
    uint32_t n = WR_MAX(side->plan->n_ranges, 1u);
    weir_column *keys = wr_arena_zero(c->turn->arena, n, sizeof *keys);
    c->gid = wr_arena_array(c->turn->arena, c->in->n_rows, sizeof *c->gid);
    if (!keys || !c->gid) return wr_partition_no_memory(err);
    c->faults = (wr_chunk_faults){.turn = c->turn, .in = c->in};
    wr_eval ev = {.in = c->in,
                  .cycle = c->turn->cycle,
                  .arena = c->turn->arena,
                  .fail = wr_chunk_faults_note,
                  .fail_ctx = &c->faults};
    WR_TRY(wr_program_run(side->keys, &ev, keys, err));
    WR_TRY(wr_chunk_faults_status(&c->faults, err));
    if (side->plan->n_ranges) return note_matches(c, keys, err);
    c->key = keys[0];
    bool as_text = c->p->plan->key_type == WEIR_STRING && (c->key.type != WEIR_STRING || c->key.boxed);
    return as_text ? key_as_text(c, err) : WEIR_OK;
}

/* ---- Ids --------------------------------------------------------------------------------------------------
 */

/* Ids that have just been given out begin to live, and all these are in use now. */
static weir_status note_use(wr_partition *p, const uint32_t *ids, uint32_t n, int64_t now, weir_error *err) {
    if (!p->plan->purge_ms) return WEIR_OK;
    if (!wr_partition_make_room(p, wr_groups_limit(p->ids))) return wr_partition_no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        wr_key_life *life = &p->life[ids[i]];
        if (!life->birth) life->birth = ++p->n_born;
        if (life->last_ms < now || life->birth == p->n_born) life->last_ms = now;
    }
    return WEIR_OK;
}

static int64_t clock_of(const wr_cutting *c, uint32_t chunk) {
    return c->turn->cycle->clock[weir_origin_arrival(weir_batch_origin(c->in, chunk))];
}

static bool is_left_out(const wr_cutting *c, uint32_t chunk) {
    return c->faults.n_failed && wr_chunk_has_failed(&c->faults, chunk);
}

/* No two chunks share an origin. */
static bool are_apart(const weir_batch *b) {
    for (uint32_t c = 1; b->origin && c < b->n_chunks; c++)
        if (b->origin[c] == b->origin[c - 1]) return false;
    return true;
}

/* The rows with a key among logical rows from..to-1; their ids go into c->gid. */
static weir_status assign(wr_cutting *c, uint32_t from, uint32_t to, wr_row_list *list, weir_error *err) {
    *list = (wr_row_list){.n = to - from, .rows = c->in->sel ? c->in->sel + from : NULL, .first = from};
    if (c->key.valid || c->faults.n_failed) {
        uint32_t *rows = wr_arena_array(c->turn->arena, to - from, sizeof *rows), n = 0;
        if (!rows) return wr_partition_no_memory(err);
        for (uint32_t k = from; k < to; k++) {
            uint32_t row = weir_batch_row(c->in, k);
            if (weir_is_null(&c->key, row)) continue;
            if (c->faults.n_failed && is_left_out(c, wr_batch_chunk_of(c->in, row))) continue;
            rows[n++] = row;
        }
        *list = (wr_row_list){.n = n, .rows = rows};
    }
    return wr_groups_assign(c->p->ids, &c->key, list, c->turn->arena, c->gid, err);
}

/* ---- Runs -------------------------------------------------------------------------------------------------
 */

static bool make_room(wr_runs *r, uint32_t rows, weir_arena *arena) {
    if (r->n_rows + (uint64_t)rows > MOST_ROWS) return false;
    if (r->n_rows + rows > r->cap_rows) {
        uint32_t cap = WR_MAX(r->cap_rows * 2, r->n_rows + rows + 64);
        if (!wr_arena_widen(arena, &r->rows, r->n_rows, cap, sizeof *r->rows)) return false;
        r->cap_rows = cap;
    }
    if (r->n_chunks < r->cap_chunks) return true;
    uint32_t cap = r->cap_chunks * 2 + 64;
    r->cap_chunks = cap;
    return wr_arena_widen(arena, &r->chunk_end, r->n_chunks, cap, sizeof *r->chunk_end) &&
           wr_arena_widen(arena, &r->key_id, r->n_chunks, cap, sizeof *r->key_id) &&
           wr_arena_widen(arena, &r->origin, r->n_chunks, cap, sizeof *r->origin);
}

static void add_row(wr_runs *r, uint32_t row) {
    r->repeats |= r->n_rows && r->rows[r->n_rows - 1] >= row;
    r->rows[r->n_rows++] = row;
}

/* A new run of the chunk. */
static weir_status begin_run(wr_cutting *c, uint32_t chunk, uint32_t id, weir_error *err) {
    wr_runs *r = &c->runs;
    if (!make_room(r, 1, c->turn->arena)) return wr_partition_no_memory(err);
    WR_TRY(
        wr_partition_note_run(c->p, c->turn, weir_batch_origin(c->in, chunk), &r->origin[r->n_chunks], err));
    r->key_id[r->n_chunks++] = id;
    return WEIR_OK;
}

/* The row has this key: it goes on with the run of its chunk (the last one, if `open`), or begins another. */
static weir_status add_to_run(wr_cutting *c, uint32_t chunk, bool open, uint32_t row, uint32_t id,
                              weir_error *err) {
    wr_runs *r = &c->runs;
    bool again = open && r->rows[r->n_rows - 1] == row; /* two of the ranges have one name */
    if (!open || again || r->key_id[r->n_chunks - 1] != id) WR_TRY(begin_run(c, chunk, id, err));
    if (!make_room(r, 1, c->turn->arena)) return wr_partition_no_memory(err);
    add_row(r, row);
    r->chunk_end[r->n_chunks - 1] = r->n_rows;
    return WEIR_OK;
}

/* One input whose rows are chunks each: nothing is to be cut, and origins stay as they are. */
static bool is_plain(const wr_cutting *c, uint32_t end) {
    return c->p->head.plan->n_in == 1 && !c->in->chunk_end && c->chunk == 0 && end == c->in->n_chunks &&
           !c->p->plan->purge_ms && are_apart(c->in);
}

static weir_status cut_by_value(wr_cutting *c, uint32_t end, weir_error *err) {
    uint32_t from = c->place, to = from, chunk = c->chunk;
    if (end == c->in->n_chunks)
        to = c->in->n_sel;
    else
        while (to < c->in->n_sel && weir_batch_row(c->in, to) < weir_batch_chunk_end(c->in, end - 1)) to++;
    wr_row_list list;
    WR_TRY(assign(c, from, to, &list, err));
    c->place = to;
    if (is_plain(c, end)) {
        c->runs.plain = true;
        c->runs.n_rows = list.n;
        c->runs.rows = list.n == c->in->n_rows ? NULL : (uint32_t *)(uintptr_t)list.rows;
        c->chunk = end;
        return WEIR_OK;
    }
    bool open = false;
    for (uint32_t i = 0; i < list.n; i++) {
        uint32_t row = wr_row_at(&list, i), id = c->gid[row];
        while (weir_batch_chunk_end(c->in, chunk) <= row) {
            chunk++;
            open = false;
        }
        WR_TRY(add_to_run(c, chunk, open, row, id, err));
        WR_TRY(note_use(c->p, &id, 1, clock_of(c, chunk), err));
        open = true;
    }
    c->chunk = end;
    return WEIR_OK;
}

static weir_status add_to_range(wr_cutting *c, uint32_t range, uint32_t row, bool *open, weir_error *err) {
    wr_row_list one = {.n = 1, .first = range};
    uint32_t ids[256], *gid = side_of(c)->plan->n_ranges <= WR_COUNT(ids)
                                  ? ids
                                  : wr_arena_array(c->turn->arena, side_of(c)->plan->n_ranges, sizeof *gid);
    if (!gid) return wr_partition_no_memory(err);
    WR_TRY(wr_groups_assign(c->p->ids, &side_of(c)->labels, &one, c->turn->arena, gid, err));
    WR_TRY(add_to_run(c, c->chunk, *open, row, gid[range], err));
    *open = true;
    return note_use(c->p, &gid[range], 1, clock_of(c, c->chunk), err);
}

/* Each row goes to every range that it is in, in the order of the ranges. */
static weir_status cut_by_range(wr_cutting *c, uint32_t end, weir_error *err) {
    for (; c->chunk < end; c->chunk++) {
        bool open = false, skip = is_left_out(c, c->chunk);
        for (; c->place < c->in->n_sel; c->place++) {
            uint32_t row = weir_batch_row(c->in, c->place);
            if (row >= weir_batch_chunk_end(c->in, c->chunk)) break;
            for (uint32_t i = 0; i < side_of(c)->plan->n_ranges && !skip; i++)
                if (c->matches[i][row >> 6] >> (row & 63) & 1) WR_TRY(add_to_range(c, i, row, &open, err));
        }
    }
    return WEIR_OK;
}

/* ---- To all keys ------------------------------------------------------------------------------------------
 */

typedef struct living {
    uint64_t birth;
    uint32_t id;
} living;

static int by_birth(const void *a, const void *b) {
    const living *x = a, *y = b;
    return (x->birth > y->birth) - (x->birth < y->birth);
}

/* The ids in use, in the order of their birth. */
static weir_status all_ids(wr_cutting *c, living **ids, uint32_t *n, weir_error *err) {
    uint32_t limit = wr_groups_limit(c->p->ids);
    *n = 0;
    *ids = wr_arena_array(c->turn->arena, limit + 1, sizeof **ids);
    if (!*ids) return wr_partition_no_memory(err);
    for (uint32_t id = 0; id < limit; id++)
        if (wr_groups_in_use(c->p->ids, id))
            (*ids)[(*n)++] = (living){wr_partition_birth(&c->p->head, id), id};
    if (c->p->life) qsort(*ids, *n, sizeof **ids, by_birth);
    return WEIR_OK;
}

static weir_status cut_for_all(wr_cutting *c, uint32_t end, weir_error *err) {
    living *ids;
    uint32_t n;
    WR_TRY(all_ids(c, &ids, &n, err));
    for (; c->chunk < end; c->chunk++) {
        uint32_t from = c->place;
        while (c->place < c->in->n_sel &&
               weir_batch_row(c->in, c->place) < weir_batch_chunk_end(c->in, c->chunk))
            c->place++;
        for (uint32_t i = 0; i < n && c->place > from; i++) {
            WR_TRY(begin_run(c, c->chunk, ids[i].id, err));
            if (!make_room(&c->runs, c->place - from, c->turn->arena)) return wr_partition_no_memory(err);
            for (uint32_t k = from; k < c->place; k++) add_row(&c->runs, weir_batch_row(c->in, k));
            c->runs.chunk_end[c->runs.n_chunks - 1] = c->runs.n_rows;
        }
    }
    return WEIR_OK;
}

weir_status wr_cutting_take(wr_cutting *c, uint32_t end, weir_error *err) {
    if (!side_of(c)->keys) return cut_for_all(c, end, err);
    return c->matches ? cut_by_range(c, end, err) : cut_by_value(c, end, err);
}

/* ---- The output -------------------------------------------------------------------------------------------
 */

static weir_status copy_rows(wr_cutting *c, weir_batch *out, weir_error *err) {
    const wr_runs *r = &c->runs;
    weir_arena *arena = c->turn->arena;
    int64_t *ts = wr_arena_array(arena, r->n_rows, sizeof *ts);
    uint8_t *kind = c->in->kind ? wr_arena_array(arena, r->n_rows, sizeof *kind) : NULL;
    out->cols = wr_arena_zero(arena, out->n_cols, sizeof *out->cols);
    if (!ts || !out->cols || (c->in->kind && !kind)) return wr_partition_no_memory(err);
    if (kind) wr_gather_data(kind, c->in->kind, r->rows, r->n_rows, sizeof *kind);
    wr_gather_data(ts, c->in->ts, r->rows, r->n_rows, sizeof *ts);
    for (uint32_t i = 0; i < out->n_cols; i++)
        if (wr_column_gather(&c->in->cols[i], r->rows, r->n_rows, arena, &out->cols[i]))
            return wr_partition_no_memory(err);
    out->ts = ts;
    out->kind = kind;
    out->n_rows = r->n_rows;
    out->sel = NULL;
    return WEIR_OK;
}

/* Rows in their order stay where they are: ends of chunks are then by physical row. */
static void select_rows(wr_cutting *c, weir_batch *out) {
    wr_runs *r = &c->runs;
    for (uint32_t i = 0; i < r->n_chunks; i++) r->chunk_end[i] = r->rows[r->chunk_end[i] - 1] + 1;
    r->chunk_end[r->n_chunks - 1] = out->n_rows;
    out->sel = r->n_rows == out->n_rows ? NULL : r->rows;
}

weir_status wr_cutting_finish(wr_cutting *c, weir_batch *out, weir_error *err) {
    wr_runs *r = &c->runs;
    if (!r->n_rows) return WEIR_OK;
    *out = *c->in;
    out->n_sel = r->n_rows;
    if (r->plain) {
        out->sel = r->rows;
        out->key_id = c->gid;
        return WEIR_OK;
    }
    if (r->repeats)
        WR_TRY(copy_rows(c, out, err));
    else
        select_rows(c, out);
    out->n_chunks = r->n_chunks;
    out->chunk_end = r->chunk_end;
    if (!out->sel && r->n_chunks == out->n_rows) out->chunk_end = NULL;
    out->origin = r->origin;
    out->key_id = r->key_id;
    return WEIR_OK;
}
