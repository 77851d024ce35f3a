/* percentile.c: math:percentile, of the values in order: with n values, number p * n / 100, rounded; if that
 * is a whole number, the mean of it and the next, as Siddhi has it. */
#include <math.h>

#include "agg/fold.h"
#include "agg/table.h"
#include "base/alloc.h"
#include "data/type.h"
#include "data/value.h"

/* The values of a group in ascending order: a sorted array, into which each is inserted. */
typedef struct sorted {
    double *values;
    uint32_t n, cap;
} sorted;

typedef struct percentiles {
    sorted *cells;
    uint32_t cap;
    size_t value_bytes;
    double p;
} percentiles;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_DOUBLE;
    bool fits = n_args == 2 && wr_type_is_numeric(args[0].type) && args[1].type == WEIR_DOUBLE;
    if (!fits) return weir_fail(err, WEIR_ETYPE, "math:percentile() takes a number and a double");
    const weir_arg *p = &args[1];
    if (p->is_const && !p->value.is_null && p->value.as.d > 0 && p->value.as.d <= 100) return WEIR_OK;
    if (err) {
        err->begin = p->begin;
        err->end = p->end;
    }
    return weir_fail(err, WEIR_ETYPE,
                     "math:percentile(): argument 2 must be a constant above 0 and up to 100");
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    ((percentiles *)self)->p = args->n_args > 1 ? args->args[1].value.as.d : 50;
    return WEIR_OK;
}

static void clear(percentiles *x, sorted *s) {
    x->value_bytes -= s->cap * sizeof *s->values;
    wr_free(NULL, s->values, s->cap * sizeof *s->values);
    *s = (sorted){0};
}

static void close(void *self) {
    percentiles *x = self;
    for (uint32_t g = 0; g < x->cap; g++) clear(x, &x->cells[g]);
    wr_free(NULL, x->cells, x->cap * sizeof *x->cells);
}

static weir_status reserve(void *self, uint32_t n_groups, weir_error *err) {
    percentiles *x = self;
    return wr_group_array_reserve(&x->cells, &x->cap, n_groups, sizeof *x->cells, err);
}

static void reset_all(void *self, uint32_t n_groups) {
    percentiles *x = self;
    for (uint32_t g = 0; g < n_groups; g++) clear(x, &x->cells[g]);
}

static bool release(void *self, uint32_t group) {
    percentiles *x = self;
    if (x->cells[group].n) return false;
    clear(x, &x->cells[group]);
    return true;
}

/* NaN stands behind all numbers. */
static bool is_less(double a, double b) { return a < b || (a == a && b != b); }

static uint32_t place_of(const sorted *s, double v) {
    uint32_t low = 0, high = s->n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (is_less(s->values[mid], v))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static weir_status insert(percentiles *x, sorted *s, double v) {
    uint32_t at = place_of(s, v), before = s->cap;
    if (wr_grow(NULL, &s->values, &s->cap, s->n + 1, sizeof *s->values)) return WEIR_ENOMEM;
    x->value_bytes += (s->cap - before) * sizeof *s->values;
    memmove(s->values + at + 1, s->values + at, (s->n - at) * sizeof *s->values);
    s->values[at] = v;
    s->n++;
    return WEIR_OK;
}

static void take_out(sorted *s, double v) {
    uint32_t at = place_of(s, v);
    if (at == s->n || (s->values[at] != v && v == v)) return;
    s->n--;
    memmove(s->values + at, s->values + at + 1, (s->n - at) * sizeof *s->values);
}

static double percentile(const sorted *s, double p) {
    double place = p * s->n / 100.0;
    uint32_t at = (uint32_t)floor(place + 0.5);
    if (at < 1) return s->values[0];
    if (place == floor(place) && at < s->n) return (s->values[at - 1] + s->values[at]) / 2;
    return s->values[WR_MIN(at, s->n) - 1];
}

static double number_of(const weir_value *v) {
    switch (v->type) {
    case WEIR_INT: return v->as.i;
    case WEIR_LONG: return (double)v->as.l;
    case WEIR_FLOAT: return (double)v->as.f;
    default: return v->as.d;
    }
}

static weir_status update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    percentiles *x = self;
    for (uint32_t i = 0; i < rows->n; i++) {
        uint32_t row = wr_agg_row(rows, i);
        sorted *s = &x->cells[wr_agg_group(rows, row)];
        weir_value v = wr_column_get(&rows->args[0], row);
        if (v.is_null)
            rows->fail(rows->fail_ctx, row, "math:percentile() is given null");
        else if (wr_agg_expired(rows, row))
            take_out(s, number_of(&v));
        else if (insert(x, s, number_of(&v)))
            return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of math:percentile()");
        weir_value y = s->n ? wr_value_double(percentile(s, x->p)) : wr_value_null(WEIR_DOUBLE);
        if (out) wr_column_set(out, row, &y);
    }
    return WEIR_OK;
}

static size_t bytes(const void *self) {
    const percentiles *x = self;
    return x->cap * sizeof *x->cells + x->value_bytes;
}

static void save(const void *self, uint32_t n_groups, weir_writer *w) {
    const percentiles *x = self;
    for (uint32_t g = 0; g < n_groups; g++) {
        weir_write_u32(w, x->cells[g].n);
        for (uint32_t i = 0; i < x->cells[g].n; i++) weir_write_f64(w, x->cells[g].values[i]);
    }
}

static weir_status load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err) {
    percentiles *x = self;
    if (weir_reader_left(r) / 4 < n_groups)
        return weir_fail(err, WEIR_ESTATE, "saved state of math:percentile() ends before its %u groups",
                         n_groups);
    WR_TRY(reserve(x, n_groups, err));
    reset_all(x, x->cap);
    for (uint32_t g = 0; g < n_groups; g++) {
        uint32_t n = weir_read_u32(r);
        if (n > weir_reader_left(r) / 8)
            return weir_fail(err, WEIR_ESTATE, "saved state of math:percentile() ends before its values");
        for (; n; n--)
            if (insert(x, &x->cells[g], weir_read_f64(r)))
                return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of math:percentile()");
    }
    return weir_reader_status(r, err);
}

const weir_aggregator_type wr_agg_percentile = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "math",
    .name = "percentile",
    .doc = "The value below which p percent of the values lie; null for none.",
    .example = "percentile(x, 50.0) of 3, 6, 7 -> 6.0",
    .params = (const weir_param_doc[]){{"math:percentile(<int|long|float|double> x, <double> p)",
                                        "p is a constant above 0, up to 100. A null x fails."},
                                       {NULL, NULL}},
    .check = check,
    .state_size = sizeof(percentiles),
    .open = open,
    .close = close,
    .reserve = reserve,
    .update = update,
    .reset_all = reset_all,
    .release = release,
    .bytes = bytes,
    .save = save,
    .load = load,
    .can_fail = true,
};
