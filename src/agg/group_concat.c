/* group_concat.c: str:groupConcat: the strings of a group, joined. */
#include <strings.h>

#include "agg/bag.h"
#include "agg/fold.h"
#include "agg/table.h"
#include "data/text.h"
#include "data/value.h"

static bool is_text(const weir_string *s, const char *text) {
    return s->len == strlen(text) && strncasecmp(weir_string_data(s), text, s->len) == 0;
}

static weir_status refuse(const weir_arg *arg, const char *why, weir_error *err) {
    weir_status status = weir_fail(err, WEIR_ETYPE, "str:groupConcat(): %s", why);
    if (err) {
        err->begin = arg->begin;
        err->end = arg->end;
    }
    return status;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const weir_type types[] = {WEIR_STRING, WEIR_STRING, WEIR_BOOL, WEIR_STRING};
    *result = WEIR_STRING;
    if (n_args < 1 || n_args > 4)
        return weir_fail(err, WEIR_ETYPE, "str:groupConcat() takes one to four arguments, but has %u here",
                         n_args);
    for (uint32_t i = 0; i < n_args; i++) {
        if (args[i].type != types[i]) return refuse(&args[i], "an argument of another type", err);
        if (i >= 2 && (!args[i].is_const || args[i].value.is_null))
            return refuse(&args[i], "distinct and order must be constants", err);
    }
    if (n_args == 4 && !is_text(&args[3].value.as.s, "asc") && !is_text(&args[3].value.as.s, "desc"))
        return refuse(&args[3], "the order is 'ASC' or 'DESC'", err);
    return WEIR_OK;
}

/* With a separator a null counts as the text "null", without one it is left out: as in Siddhi. */
static weir_status take(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row) {
    weir_value v = wr_column_get(&rows->args[0], row), no_key = wr_value_null(WEIR_NONE);
    if (v.is_null && rows->n_args == 1) return WEIR_OK;
    if (v.is_null) v = wr_value_text("null");
    return wr_bag_change(b, bag, rows, row, &no_key, &v);
}

static weir_status show(wr_bags *b, const wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                        weir_column *out) {
    weir_value separator = rows->n_args > 1 ? wr_column_get(&rows->args[1], row) : wr_value_text(",");
    bool is_first = true;
    wr_buf_clear(&b->text);
    for (uint32_t i = 0; i < bag->n; i++) {
        const wr_bag_entry *e = &bag->entries[bag->begin + i];
        for (uint32_t k = b->is_distinct ? 1 : e->count; k; k--, is_first = false) {
            if (!is_first) wr_text_of_value(&b->text, &separator);
            wr_text_of_value(&b->text, &e->value);
        }
    }
    if (b->text.failed) return WEIR_ENOMEM;
    return weir_arena_string(rows->arena, b->text.data ? b->text.data : "", b->text.len,
                             (weir_string *)out->data + row);
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    wr_bags *b = self;
    b->take = take;
    b->show = show;
    b->order = WR_BAG_COUNTED;
    if (args->n_args == 4)
        b->order = is_text(&args->args[3].value.as.s, "asc") ? WR_BAG_ASCENDING : WR_BAG_DESCENDING;
    b->is_distinct = args->n_args > 2 && args->args[2].value.as.b;
    return WEIR_OK;
}

static const weir_param_doc params[] = {
    {"str:groupConcat(<string> text)", "With ',' between; nulls are left out."},
    {"str:groupConcat(<string> text, <string> separator)", "A null is the text 'null'."},
    {"str:groupConcat(<string> text, <string> separator, <bool> distinct)", "true: equal texts once."},
    {"str:groupConcat(<string> text, <string> separator, <bool> distinct, <string> order)",
     "Sorted: 'ASC' or 'DESC'."},
    {NULL, NULL}};

const weir_aggregator_type wr_agg_group_concat = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "str",
    .name = "groupConcat",
    .doc = "The strings joined, equal ones side by side.",
    .example = "groupConcat(s) of 'A', 'B', 'A' -> 'A,A,B'",
    .params = params,
    .check = check,
    .state_size = sizeof(wr_bags),
    .open = open,
    WR_BAG_FUNCTIONS,
};
