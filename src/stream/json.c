/* json.c: #json:tokenize and #json:tokenizeAsObject: a row for each member of what a path finds. */
#include "data/json.h"
#include "data/value.h"
#include "func/json/document.h"
#include "stream/functions.h"
#include "stream/give.h"

typedef struct token_site {
    wr_json_site json;
    bool keeps_missing; /* rows where the path finds nothing */
} token_site;

/* ---- Checks ------------------------------------------------------------------------------------------- */

static weir_status refuse(const weir_arg *arg, const char *name, const char *why, weir_error *err) {
    weir_status status = weir_fail(err, WEIR_ETYPE, "#json:%s %s", name, why);
    if (err && arg) {
        err->begin = arg->begin;
        err->end = arg->end;
    }
    return status;
}

static weir_status check(const char *name, const weir_arg *args, uint32_t n_args, weir_error *err) {
    if (n_args < 2 || n_args > 3)
        return refuse(NULL, name, "takes a JSON document, a path and perhaps a bool", err);
    if (args[0].type != WEIR_STRING && args[0].type != WEIR_OBJECT)
        return refuse(&args[0], name, "takes a string or an object as argument 1", err);
    if (args[1].type != WEIR_STRING)
        return refuse(&args[1], name, "takes a path, a string, as argument 2", err);
    if (n_args == 3 && (args[2].type != WEIR_BOOL || !args[2].is_const || args[2].value.is_null))
        return refuse(&args[2], name, "takes true or false, a constant, as argument 3", err);
    return wr_json_check_path(&args[1], err);
}

static weir_status check_text(const weir_arg *args, uint32_t n_args, weir_stream_added *added,
                              uint32_t *n_added, weir_error *err) {
    *added = (weir_stream_added){"jsonElement", WEIR_STRING};
    *n_added = 1;
    return check("tokenize", args, n_args, err);
}

static weir_status check_object(const weir_arg *args, uint32_t n_args, weir_stream_added *added,
                                uint32_t *n_added, weir_error *err) {
    *added = (weir_stream_added){"jsonElement", WEIR_OBJECT};
    *n_added = 1;
    return check("tokenizeAsObject", args, n_args, err);
}

static weir_status open_site(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)err;
    ((token_site *)self)->keeps_missing = n_args == 3 && !args[2].value.as.b;
    return WEIR_OK;
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

/* An element as it is, or as JSON. */
static weir_status give(token_site *t, weir_stream_call *call, uint32_t row, const weir_value *v) {
    if (call->added->type == WEIR_OBJECT) return wr_stream_give(call, row, v);
    weir_value text = {.type = WEIR_STRING};
    wr_buf *written = &t->json.text;
    wr_buf_clear(written);
    wr_json_of_value(written, v, WR_JSON_HTML);
    if (written->failed) return WEIR_ENOMEM;
    WR_TRY(weir_arena_string(call->arena, written->data, written->len, &text.as.s));
    return wr_stream_give(call, row, &text);
}

static weir_status give_nothing(token_site *t, weir_stream_call *call, uint32_t row) {
    weir_value null = wr_value_null(WEIR_NONE);
    return t->keeps_missing ? wr_stream_give(call, row, &null) : WEIR_OK;
}

/* Siddhi gives no row for a number or bool. */
static weir_status give_found(token_site *t, weir_stream_call *call, uint32_t row, const weir_value *v) {
    if (v->is_null) return give_nothing(t, call, row);
    if (v->type == WEIR_STRING) return wr_stream_give(call, row, v);
    if (v->type != WEIR_OBJECT) return WEIR_OK;
    if (weir_object_get_kind(v->as.o) != WEIR_OBJECT_LIST) return give(t, call, row, v);
    uint32_t n = weir_object_list_size(v->as.o);
    for (uint32_t i = 0; i < n; i++) {
        weir_value member = weir_object_list_at(v->as.o, i);
        WR_TRY(give(t, call, row, &member));
    }
    return n ? WEIR_OK : give_nothing(t, call, row);
}

static weir_value arg_of(const weir_stream_call *call, uint32_t arg, uint32_t row) {
    return wr_value_unbox(wr_column_get(&call->args[arg], row));
}

static weir_status eval(void *self, weir_stream_call *call, weir_error *err) {
    token_site *t = self;
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel[k];
        weir_value from = arg_of(call, 0, row), path = arg_of(call, 1, row), document;
        wr_json_found found;
        weir_error why;
        weir_status status = wr_json_document(&from, call->arena, &document, &why);
        if (!status) status = wr_json_search_in(&t->json, &document, &path, true, call->arena, &found, &why);
        if (status == WEIR_EVALUE) {
            const char *kept = wr_arena_printf(call->arena, "#json:tokenize(): %s", why.message);
            call->fail(call->fail_ctx, row, kept ? kept : "no JSON");
            continue;
        }
        WR_TRY(status);
        WR_TRY(give_found(t, call, row, &found.value));
    }
    return WEIR_OK;
}

#define PATHS                                                                                                \
    "Each member of a list, or the map or string that is there. Where nothing is, and for numbers and "      \
    "bools, "                                                                                                \
    "no event. What is no JSON fails."

const weir_stream_function_type wr_stream_json_tokenize = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "json",
    .name = "tokenize",
    .doc = "Gives the event once for each member of what a path finds, as JSON in `jsonElement`.",
    .example = "from S#json:tokenize(s, '$.items') select jsonElement insert into Out",
    .params = (const weir_param_doc[]){{"json:tokenize(<string|object> json, <string> path)", PATHS},
                                       {"json:tokenize(<string|object> json, <string> path, <bool> fail)",
                                        "false, a constant: where nothing is, null."},
                                       {NULL, NULL}},
    .check = check_text,
    .state_size = sizeof(token_site),
    .open = open_site,
    .close = wr_json_site_close,
    .eval = eval,
    .can_fail = true,
};
const weir_stream_function_type wr_stream_json_tokenize_as_object = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "json",
    .name = "tokenizeAsObject",
    .doc = "Gives the event once for each member of what a path finds, as an object in `jsonElement`.",
    .example = "from S#json:tokenizeAsObject(s, '$.items') select jsonElement insert into Out",
    .params =
        (const weir_param_doc[]){{"json:tokenizeAsObject(<string|object> json, <string> path)", PATHS},
                                 {"json:tokenizeAsObject(<string|object> json, <string> path, <bool> fail)",
                                  "false, a constant: where nothing is, null."},
                                 {NULL, NULL}},
    .check = check_object,
    .state_size = sizeof(token_site),
    .open = open_site,
    .close = wr_json_site_close,
    .eval = eval,
    .can_fail = true,
};
