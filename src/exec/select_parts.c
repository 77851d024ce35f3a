/* select_parts.c: the parts of a join's chunks (see weir_batch), taken one by one (select_impl.h).
 *
 * Siddhi hangs what the selector leaves of each part behind what it left of the part before, in a linked list
 * that remembers its last element. Taking away the last of several rows forgets to correct that memory, so
 * the rows of later parts are hung behind a row that is no longer there, and are lost. */
#include "exec/select_impl.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the parts of a chunk");
}

weir_status wr_parts_view(const weir_batch *b, weir_arena *arena, weir_batch *view, weir_error *err) {
    weir_origin *origins = wr_arena_array(arena, b->n_parts, sizeof *origins);
    uint32_t *keys = b->key_id ? wr_arena_array(arena, b->n_parts, sizeof *keys) : NULL;
    if (!origins || (b->key_id && !keys)) return no_memory(err);
    for (uint32_t part = 0, chunk = 0; part < b->n_parts; part++) {
        while (weir_batch_chunk_end(b, chunk) < b->part_end[part]) chunk++;
        origins[part] = weir_batch_origin(b, chunk);
        if (keys) keys[part] = b->key_id[chunk];
    }
    *view = *b;
    view->n_chunks = b->n_parts;
    view->chunk_end = b->n_parts == b->n_rows ? NULL : b->part_end;
    view->origin = origins;
    view->key_id = keys;
    return WEIR_OK;
}

weir_status wr_parts_last(const weir_batch *parts, const wr_picked *p, weir_arena *arena, uint32_t **last,
                          weir_error *err) {
    *last = wr_arena_array(arena, parts->n_chunks, sizeof **last);
    if (!*last) return no_memory(err);
    for (uint32_t i = 0, part = 0; i < p->n;) {
        part = wr_picked_chunk(parts, p, i, part);
        i = wr_picked_chunk_end(parts, p, i, part);
        (*last)[part] = p->rows[i - 1];
    }
    return WEIR_OK;
}

void wr_parts_lose(const weir_batch *whole, const weir_batch *parts, const uint32_t *last, wr_picked *p) {
    uint32_t n = 0, part = 0, lost_to = 0; /* rows below lost_to come after a part that was cut */
    for (uint32_t i = 0, end; i < p->n; i = end) {
        part = wr_picked_chunk(parts, p, i, part);
        end = wr_picked_chunk_end(parts, p, i, part);
        if (p->rows[i] < lost_to) continue;
        if (p->rows[end - 1] != last[part])
            lost_to = weir_batch_chunk_end(whole, wr_batch_chunk_of(whole, p->rows[i]));
        while (i < end) p->rows[n++] = p->rows[i++];
    }
    p->n = n;
}
