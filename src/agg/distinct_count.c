/* distinct_count.c: distinctCount(x): how many different values a group holds; null is one of them. */
#include "agg/check.h"
#include "agg/fold.h"
#include "agg/table.h"
#include "agg/tally.h"
#include "base/alloc.h"
#include "data/value.h"

typedef struct distinct {
    wr_tally tally; /* of all groups */
    int64_t *n;     /* by group: values in the tally */
    uint32_t cap;
} distinct;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_LONG;
    return wr_agg_check_one("distinctCount", WR_NUMERIC_BITS | WR_TYPE_BIT(WEIR_STRING), args, n_args, err);
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)self, (void)args, (void)err;
    return WEIR_OK;
}

static void close(void *self) {
    distinct *d = self;
    wr_tally_fini(&d->tally);
    wr_free(NULL, d->n, d->cap * sizeof *d->n);
    d->n = NULL;
    d->cap = 0;
}

static weir_status reserve(void *self, uint32_t n_groups, weir_error *err) {
    distinct *d = self;
    return wr_group_array_reserve(&d->n, &d->cap, n_groups, sizeof *d->n, err);
}

static bool take_in(distinct *d, uint32_t group, const weir_value *v) {
    wr_tally_entry *e = wr_tally_put(&d->tally, group, v);
    if (!e) return false;
    d->n[group] += e->count == 0;
    e->count++;
    return true;
}

static void take_out(distinct *d, uint32_t group, const weir_value *v) {
    wr_tally_entry *e = wr_tally_find(&d->tally, group, v);
    if (!e || --e->count) return;
    e->count = 1; /* erase wants a live entry */
    wr_tally_erase(&d->tally, e);
    d->n[group]--;
}

static weir_status update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    distinct *d = self;
    int64_t *y = out ? out->data : NULL;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t row = wr_agg_row(rows, i), group = wr_agg_group(rows, row);
        weir_value v = wr_column_get(&rows->args[0], row);
        if (wr_agg_expired(rows, row))
            take_out(d, group, &v);
        else if (!take_in(d, group, &v))
            return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of distinctCount()");
        if (y) y[row] = d->n[group];
    }
    return WEIR_OK;
}

static void reset_all(void *self, uint32_t n_groups) {
    distinct *d = self;
    wr_tally_clear(&d->tally);
    if (n_groups) memset(d->n, 0, n_groups * sizeof *d->n);
}

static bool release(void *self, uint32_t group) {
    distinct *d = self;
    return d->n[group] == 0;
}

static size_t bytes(const void *self) {
    const distinct *d = self;
    return wr_tally_bytes(&d->tally) + d->cap * sizeof *d->n;
}

static void save(const void *self, uint32_t n_groups, weir_writer *w) {
    const distinct *d = self;
    (void)n_groups;
    wr_tally_save(&d->tally, w);
}

static weir_status load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err) {
    distinct *d = self;
    WR_TRY(reserve(d, n_groups, err));
    reset_all(d, d->cap);
    WR_TRY(wr_tally_load(&d->tally, n_groups, r, err));
    for (uint32_t i = 0; i < d->tally.cap; i++)
        if (d->tally.entries[i].count) d->n[d->tally.entries[i].group]++;
    return WEIR_OK;
}

static const weir_param_doc params[] = {
    {"distinctCount(<int|long|float|double|string> x)", "The number of different values, as long."},
    {NULL, NULL}};

const weir_aggregator_type wr_agg_distinct_count = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "",
    .name = "distinctCount",
    .doc = "The number of different values; null counts as a value.",
    .example = "distinctCount(x) of 'a', 'b', 'a', null -> 3",
    .params = params,
    .check = check,
    .state_size = sizeof(distinct),
    .open = open,
    .close = close,
    .reserve = reserve,
    .update = update,
    .reset_all = reset_all,
    .release = release,
    .bytes = bytes,
    .save = save,
    .load = load,
};
