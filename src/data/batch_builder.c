/* batch_builder.c: see batch_builder.h. */
#include "data/batch_builder.h"

#include "data/column.h"
#include "data/value.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to queue rows");
}

weir_status wr_batch_builder_init(wr_batch_builder *b, const wr_schema *schema, wr_account *account,
                                  weir_error *err) {
    memset(b, 0, sizeof *b);
    b->schema = schema;
    b->account = account;
    wr_arena_init(&b->held, account);
    b->cols = wr_alloc_zero(account, schema->n_attrs * sizeof *b->cols);
    b->view = wr_alloc_zero(account, schema->n_attrs * sizeof *b->view);
    if (b->cols && b->view) return WEIR_OK;
    wr_batch_builder_fini(b);
    return no_memory(err);
}

static size_t cell_size(const wr_batch_builder *b, uint32_t c) {
    return wr_type_size(b->schema->attrs[c].type, b->schema->attrs[c].boxed);
}

void wr_batch_builder_fini(wr_batch_builder *b) {
    if (!b->schema) return;
    for (uint32_t c = 0; b->cols && c < b->schema->n_attrs; c++) {
        wr_builder_column *col = &b->cols[c];
        wr_free(b->account, col->data, col->cap_data * cell_size(b, c));
        wr_free(b->account, col->valid, col->cap_valid * sizeof *col->valid);
    }
    wr_free(b->account, b->cols, b->schema->n_attrs * sizeof *b->cols);
    wr_free(b->account, b->view, b->schema->n_attrs * sizeof *b->view);
    wr_free(b->account, b->ts, b->cap_rows * sizeof *b->ts);
    wr_free(b->account, b->chunk_end, b->cap_chunks * sizeof *b->chunk_end);
    wr_free(b->account, b->origin, b->cap_origins * sizeof *b->origin);
    wr_arena_fini(&b->held);
    memset(b, 0, sizeof *b);
}

void wr_batch_builder_clear(wr_batch_builder *b) {
    b->n_rows = b->n_chunks = 0;
    b->has_long_chunks = b->has_other_origins = false;
    for (uint32_t c = 0; c < b->schema->n_attrs; c++) b->cols[c].has_nulls = false;
    wr_arena_reset(&b->held);
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

static weir_status reserve_rows(wr_batch_builder *b, uint32_t more, weir_error *err) {
    if (more > UINT32_MAX - b->n_rows)
        return weir_fail(err, WEIR_ELIMIT, "more rows are queued than a batch can hold");
    uint32_t need = b->n_rows + more;
    if (wr_grow(b->account, &b->ts, &b->cap_rows, need, sizeof *b->ts)) return no_memory(err);
    for (uint32_t c = 0; c < b->schema->n_attrs; c++)
        if (wr_grow(b->account, &b->cols[c].data, &b->cols[c].cap_data, need, cell_size(b, c)))
            return no_memory(err);
    return WEIR_OK;
}

/* A bitmap over `rows` rows in which those from `first_new` on are set (all, if there was none). */
static weir_status reserve_valid(wr_batch_builder *b, wr_builder_column *col, uint32_t first_new,
                                 uint32_t rows, weir_error *err) {
    uint32_t words = (uint32_t)wr_valid_words(rows);
    if (wr_grow(b->account, &col->valid, &col->cap_valid, words, sizeof *col->valid)) return no_memory(err);
    if (!col->has_nulls) first_new = 0;
    col->has_nulls = true;
    uint32_t from = first_new / 64;
    uint64_t keep = ((uint64_t)1 << (first_new % 64)) - 1;
    if (from < words) col->valid[from] = (col->valid[from] & keep) | ~keep;
    for (uint32_t w = from + 1; w < words; w++) col->valid[w] = UINT64_MAX;
    return WEIR_OK;
}

/* Makes *v fit for column c: the type is checked, strings are copied, object columns get objects. */
static weir_status adopt_value(wr_batch_builder *b, uint32_t c, weir_value *v, weir_error *err) {
    const wr_attr *attr = &b->schema->attrs[c];
    if (v->is_null) return WEIR_OK;
    if (attr->boxed || attr->type == WEIR_OBJECT) {
        weir_object *o = weir_object_new_value(v);
        if (!o || weir_arena_own(&b->held, o)) return no_memory(err);
        *v = wr_value_object(o);
        return WEIR_OK;
    }
    if (v->type != attr->type)
        return weir_fail(err, WEIR_ETYPE, "attribute '%s' is of type %s, but the value is of type %s",
                         attr->name, weir_type_name(attr->type), weir_type_name(v->type));
    if (v->type != WEIR_STRING || v->as.s.len <= WEIR_STRING_INLINE) return WEIR_OK;
    return weir_arena_string(&b->held, v->as.s.u.ptr, v->as.s.len, &v->as.s) ? no_memory(err) : WEIR_OK;
}

/* Puts v, already adopted, into the row that is being made. */
static weir_status put_value(wr_batch_builder *b, uint32_t c, const weir_value *v, weir_error *err) {
    wr_builder_column *col = &b->cols[c];
    uint32_t row = b->n_rows;
    if (v->is_null || col->has_nulls) WR_TRY(reserve_valid(b, col, row, row + 1, err));
    weir_column to = {.type = b->schema->attrs[c].type,
                      .boxed = b->schema->attrs[c].boxed,
                      .data = col->data,
                      .valid = col->has_nulls ? col->valid : NULL};
    wr_column_set(&to, row, v);
    return WEIR_OK;
}

weir_status wr_batch_builder_append(wr_batch_builder *b, int64_t ts, const weir_value *values,
                                    uint32_t n_values, weir_error *err) {
    if (n_values != b->schema->n_attrs)
        return weir_fail(err, WEIR_EUSAGE, "a row has %u values, but the stream has %u attributes", n_values,
                         b->schema->n_attrs);
    WR_TRY(reserve_rows(b, 1, err));
    b->ts[b->n_rows] = ts;
    for (uint32_t c = 0; c < n_values; c++) {
        weir_value v = values[c];
        WR_TRY(adopt_value(b, c, &v, err));
        WR_TRY(put_value(b, c, &v, err));
    }
    b->n_rows++;
    return WEIR_OK;
}

/* ---- Chunks ------------------------------------------------------------------------------------------- */

static uint32_t closed_rows(const wr_batch_builder *b) {
    return b->n_chunks ? b->chunk_end[b->n_chunks - 1] : 0;
}

weir_status wr_batch_builder_end_chunk(wr_batch_builder *b, weir_origin origin, weir_error *err) {
    uint32_t rows = b->n_rows - closed_rows(b);
    if (!rows) return WEIR_OK;
    if (wr_grow(b->account, &b->chunk_end, &b->cap_chunks, b->n_chunks + 1, sizeof *b->chunk_end) ||
        wr_grow(b->account, &b->origin, &b->cap_origins, b->n_chunks + 1, sizeof *b->origin))
        return no_memory(err);
    uint32_t arrival =
        b->n_chunks ? weir_origin_arrival(b->origin[0]) + b->n_chunks : weir_origin_arrival(origin);
    if (origin != WEIR_ORIGIN(arrival, WEIR_PHASE_EVENT, 0)) b->has_other_origins = true;
    if (rows > 1) b->has_long_chunks = true;
    b->origin[b->n_chunks] = origin;
    b->chunk_end[b->n_chunks++] = b->n_rows;
    return WEIR_OK;
}

void wr_batch_builder_drop_chunk(wr_batch_builder *b) { b->n_rows = closed_rows(b); }

void wr_batch_builder_view(wr_batch_builder *b, weir_batch *out) {
    memset(out, 0, sizeof *out);
    for (uint32_t c = 0; c < b->schema->n_attrs; c++)
        b->view[c] = (weir_column){.type = b->schema->attrs[c].type,
                                   .boxed = b->schema->attrs[c].boxed,
                                   .data = b->cols[c].data,
                                   .valid = b->cols[c].has_nulls ? b->cols[c].valid : NULL};
    out->n_rows = out->n_sel = closed_rows(b);
    out->ts = b->ts;
    out->n_cols = b->schema->n_attrs;
    out->cols = b->view;
    out->n_chunks = b->n_chunks;
    out->chunk_end = b->has_long_chunks ? b->chunk_end : NULL;
    out->origin = b->has_other_origins ? b->origin : NULL;
    if (b->n_chunks) out->first_arrival = weir_origin_arrival(b->origin[0]);
}
