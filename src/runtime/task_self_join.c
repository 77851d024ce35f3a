/* task_self_join.c: a stream that is both sides of one join.
 *
 * Siddhi hands such a join the rows of a chunk one by one, each to the left side and then to the right. Here
 * each row becomes a chunk with an origin of its own, for this query alone: the running number of its origin
 * counts rows, so that the join, which goes by origins, takes the sides by turns. What leaves the query gets
 * its true origin back. */
#include "runtime/task_internal.h"

bool wr_task_is_self_join(const wr_plan_query *q) {
    if (q->merge && q->merge->kind == WR_OP_JOIN && q->merge->u.join.window[0] != WR_NONE_ID) return false;
    return q->n_sides == 2 && q->side[0].kind == WR_SIDE_STREAM && q->side[1].kind == WR_SIDE_STREAM &&
           q->side[0].stream == q->side[1].stream;
}

/* Every row is a chunk already, and no two share an origin. */
static bool are_apart(const weir_batch *b) {
    if (b->chunk_end) return false;
    for (uint32_t c = 1; b->origin && c < b->n_chunks; c++)
        if (b->origin[c] == b->origin[c - 1]) return false;
    return true;
}

static bool same_moment(weir_origin a, weir_origin b) { return a >> 24 == b >> 24; }

weir_status wr_task_rows_apart(wr_turn *turn, const weir_batch *whole, weir_batch *out, weir_error *err) {
    *out = *whole;
    if (are_apart(whole)) return WEIR_OK;
    weir_origin *origins = wr_arena_array(turn->arena, whole->n_rows, sizeof *origins);
    uint32_t *keys = whole->key_id ? wr_arena_array(turn->arena, whole->n_rows, sizeof *keys) : NULL;
    if (!origins || (whole->key_id && !keys))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for a join of a stream with itself");
    for (uint32_t row = 0, chunk = 0, seq = 0; row < whole->n_rows; row++) {
        while (chunk + 1 < whole->n_chunks && weir_batch_chunk_end(whole, chunk) <= row) chunk++;
        if (keys) keys[row] = whole->key_id[chunk];
        weir_origin o = weir_batch_origin(whole, chunk);
        seq = row && same_moment(o, origins[row - 1]) ? seq + 1 : 0;
        origins[row] = WEIR_ORIGIN(weir_origin_arrival(o), weir_origin_phase(o), seq);
    }
    out->n_chunks = whole->n_rows;
    out->chunk_end = NULL;
    out->origin = origins;
    out->key_id = keys;
    return WEIR_OK;
}

/* The origin that `given` stands for; a timer of the query has no row in `apart` and keeps its own. */
static weir_origin true_origin(const weir_batch *whole, const weir_batch *apart, weir_origin given) {
    uint32_t low = 0, high = apart->n_chunks;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (apart->origin[mid] < given)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == apart->n_chunks || apart->origin[low] != given) return given;
    return weir_batch_origin(whole, wr_batch_chunk_of(whole, low));
}

weir_status wr_task_true_origins(wr_turn *turn, const weir_batch *whole, const weir_batch *apart,
                                 weir_batch *out, weir_error *err) {
    if (apart->origin == whole->origin) return WEIR_OK;
    for (uint32_t i = 0; i < turn->faults.n; i++) {
        weir_origin *o = &turn->faults.items[i].origin;
        *o = true_origin(whole, apart, *o);
    }
    if (!out->n_sel || !out->origin) return WEIR_OK;
    weir_origin *origins = wr_arena_array(turn->arena, out->n_chunks, sizeof *origins);
    if (!origins) return weir_fail(err, WEIR_ENOMEM, "out of memory for a join of a stream with itself");
    for (uint32_t c = 0; c < out->n_chunks; c++) origins[c] = true_origin(whole, apart, out->origin[c]);
    out->origin = origins;
    return WEIR_OK;
}
