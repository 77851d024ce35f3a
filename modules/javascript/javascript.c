/* javascript.c: functions in JavaScript (ECMAScript 5 and parts of later), run by Duktape.
 *
 * The text of a function is the body of `function NAME(data)`; data is an array of the arguments. It sees the
 * language and nothing else: no files, no network, no modules, and no Date, whose answers would differ from
 * run to run. */
#include <duktape.h>
#include <stdio.h>

#include "../script/sandbox.h"
#include "weir_module.h"

#define MOST_DEPTH 60

typedef struct interpreter {
    script_function f;
    duk_context *js;
    weir_object *building[MOST_DEPTH + 1]; /* containers that are being filled, the outermost first */
    uint32_t n_building;
} interpreter;

/* ---- Memory ------------------------------------------------------------------------------------------- */

static void *js_alloc(void *box, duk_size_t size) { return size ? sandbox_alloc(box, size) : NULL; }
static void *js_realloc(void *box, void *block, duk_size_t size) {
    if (size) return sandbox_realloc(box, block, size);
    sandbox_free(box, block);
    return NULL;
}
static void js_free(void *box, void *block) { sandbox_free(box, block); }

/* ---- Values in ---------------------------------------------------------------------------------------- */

static void push_value(duk_context *js, const weir_value *v);

static void push_list(duk_context *js, const weir_object *list) {
    duk_push_array(js);
    for (uint32_t i = 0; i < weir_object_list_size(list); i++) {
        weir_value member = weir_object_list_at(list, i);
        push_value(js, &member);
        duk_put_prop_index(js, -2, i);
    }
}

static void push_map(duk_context *js, const weir_object *map) {
    uint32_t cursor = 0;
    weir_value key, value;
    char text[256];
    duk_push_object(js);
    while (weir_object_map_next(map, &cursor, &key, &value)) {
        size_t n = weir_value_text(&key, text, sizeof text);
        push_value(js, &value);
        duk_put_prop_lstring(js, -2, text, n < sizeof text ? n : sizeof text - 1);
    }
}

static void push_object(duk_context *js, const weir_object *o) {
    duk_require_stack(js, 4);
    switch (weir_object_get_kind(o)) {
    case WEIR_OBJECT_LIST: push_list(js, o); break;
    case WEIR_OBJECT_MAP: push_map(js, o); break;
    default: duk_push_null(js);
    }
}

static void push_value(duk_context *js, const weir_value *v) {
    if (v->is_null) {
        duk_push_null(js);
        return;
    }
    switch (v->type) {
    case WEIR_INT: duk_push_int(js, v->as.i); break;
    case WEIR_LONG: duk_push_number(js, (double)v->as.l); break;
    case WEIR_FLOAT: duk_push_number(js, (double)v->as.f); break;
    case WEIR_DOUBLE: duk_push_number(js, v->as.d); break;
    case WEIR_BOOL: duk_push_boolean(js, v->as.b); break;
    case WEIR_STRING: duk_push_lstring(js, weir_string_data(&v->as.s), v->as.s.len); break;
    default: push_object(js, v->as.o);
    }
}

/* ---- Values out --------------------------------------------------------------------------------------- */

static void drop_building(interpreter *in) {
    while (in->n_building) weir_object_unref(in->building[--in->n_building]);
}

/* All of it runs under duk_safe_call: a getter of the script may throw anywhere. Containers that are being
 * filled are noted in the interpreter, which lets them go then. */
static bool take_value(interpreter *in, duk_idx_t at, weir_value *out);

static bool add_member(interpreter *in, weir_object *list, duk_uarridx_t i) {
    duk_context *js = in->js;
    weir_value v;
    duk_get_prop_index(js, -1, i);
    bool done = take_value(in, -1, &v);
    if (done) done = weir_object_list_add(list, &v) == WEIR_OK;
    if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
    duk_pop(js);
    return done;
}

static bool take_array(interpreter *in, duk_idx_t at, weir_object *list) {
    bool done = true;
    duk_dup(in->js, at);
    for (duk_uarridx_t i = 0, n = (duk_uarridx_t)duk_get_length(in->js, -1); done && i < n; i++)
        done = !sandbox_is_late(&in->f.box) && add_member(in, list, i);
    duk_pop(in->js);
    return done;
}

static bool put_entry(interpreter *in, weir_object *map) {
    duk_context *js = in->js;
    weir_value v, key = {.type = WEIR_STRING};
    size_t n;
    const char *text = duk_to_lstring(js, -2, &n);
    key.as.s = weir_string_view(text, (uint32_t)n);
    bool done = take_value(in, -1, &v);
    if (done) done = weir_object_map_put(map, &key, &v) == WEIR_OK;
    if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
    return done;
}

static bool take_map(interpreter *in, duk_idx_t at, weir_object *map) {
    bool done = true;
    duk_enum(in->js, at, DUK_ENUM_OWN_PROPERTIES_ONLY);
    while (done && duk_next(in->js, -1, 1)) {
        done = !sandbox_is_late(&in->f.box) && put_entry(in, map);
        duk_pop_2(in->js);
    }
    duk_pop(in->js);
    return done;
}

static bool take_container(interpreter *in, duk_idx_t at, weir_value *out) {
    bool is_array = duk_is_array(in->js, at);
    weir_object *o = is_array ? weir_object_new_list() : weir_object_new_map(WEIR_MAP_HASHED);
    if (!o) return false;
    in->building[in->n_building++] = o;
    bool done = is_array ? take_array(in, at, o) : take_map(in, at, o);
    in->n_building--;
    *out = (weir_value){.type = WEIR_OBJECT, .as.o = o};
    return done;
}

/* Strings point into the interpreter. False: memory or time is out, or it is nested too deep. */
static bool take_value(interpreter *in, duk_idx_t at, weir_value *out) {
    duk_context *js = in->js;
    *out = (weir_value){.is_null = true};
    if (in->n_building > MOST_DEPTH || !duk_check_stack(js, 8)) return false;
    size_t n;
    const char *text;
    switch (duk_get_type(js, at)) {
    case DUK_TYPE_BOOLEAN:
        *out = (weir_value){.type = WEIR_BOOL, .as.b = duk_get_boolean(js, at)};
        return true;
    case DUK_TYPE_NUMBER:
        *out = (weir_value){.type = WEIR_DOUBLE, .as.d = duk_get_number(js, at)};
        return true;
    case DUK_TYPE_STRING:
        text = duk_get_lstring(js, at, &n);
        *out = (weir_value){.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)n)};
        return true;
    case DUK_TYPE_OBJECT: return take_container(in, at, out);
    default: return true; /* undefined, null */
    }
}

/* A whole number becomes one: JavaScript knows only doubles. */
static void settle_number(weir_value *v) {
    double d = v->as.d;
    if (v->type == WEIR_DOUBLE && d >= -9007199254740992.0 && d <= 9007199254740992.0 &&
        d == (double)(int64_t)d)
        *v = (weir_value){.type = WEIR_LONG, .as.l = (int64_t)d};
}

/* ---- Calls -------------------------------------------------------------------------------------------- */

/* Under duk_safe_call: [] -> [result] */
static duk_ret_t call_function(duk_context *js, void *ctx) {
    interpreter *in = ctx;
    duk_push_global_stash(js);
    duk_get_prop_string(js, -1, "f");
    duk_push_array(js);
    for (uint32_t i = SCRIPT_DATA; i < in->f.call->n_args; i++) {
        weir_value v = script_value(&in->f.call->args[i], in->f.row);
        push_value(js, &v);
        duk_put_prop_index(js, -2, i - SCRIPT_DATA);
    }
    duk_call(js, 1);
    return 1;
}

/* Under duk_safe_call: [result] -> [result], whose strings live on there. */
static duk_ret_t take_result(duk_context *js, void *ctx) {
    interpreter *in = ctx;
    (void)js;
    if (!take_value(in, -1, &in->f.result))
        script_note_error(&in->f, in->f.box.late ? "it takes too long and was ended"
                                                 : "its result is nested too deep or too large");
    return 1;
}

/* The result, or what was thrown, is on the stack until the next call: strings in it live on. */
static void run_row(void *ctx) {
    interpreter *in = ctx;
    duk_set_top(in->js, 0);
    if (duk_safe_call(in->js, call_function, in, 0, 1)) {
        script_note_error(&in->f, duk_safe_to_string(in->js, -1));
    } else if (in->f.call->out->type == WEIR_STRING && !duk_is_null_or_undefined(in->js, -1)) {
        size_t n;
        const char *text = duk_safe_to_lstring(in->js, -1, &n);
        in->f.result = (weir_value){.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)n)};
    } else if (duk_safe_call(in->js, take_result, in, 1, 1)) {
        drop_building(in);
        script_note_error(&in->f, duk_safe_to_string(in->js, -1));
    }
    if (in->f.call->out->type == WEIR_OBJECT) settle_number(&in->f.result);
}

/* ---- Making ------------------------------------------------------------------------------------------- */

/* Under duk_safe_call. */
static duk_ret_t compile(duk_context *js, void *ctx) {
    interpreter *in = ctx;
    static const char *const hidden[] = {"Date", "Duktape", "performance"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        duk_push_global_object(js);
        duk_del_prop_string(js, -1, hidden[i]);
    }
    duk_push_global_stash(js);
    duk_push_sprintf(js, "(function %s(data) {", in->f.name);
    duk_push_lstring(js, in->f.body, in->f.body_len);
    duk_push_string(js, "\n})");
    duk_concat(js, 3);
    duk_push_string(js, in->f.name);
    duk_compile(js, DUK_COMPILE_EVAL);
    duk_call(js, 0);
    duk_put_prop_string(js, -2, "f");
    return 0;
}

static void start(void *ctx) {
    interpreter *in = ctx;
    drop_building(in); /* of a row that was left */
    in->js = duk_create_heap(js_alloc, js_realloc, js_free, &in->f.box, NULL);
    if (!in->js)
        script_note_error(&in->f, "no memory for its interpreter");
    else if (duk_safe_call(in->js, compile, in, 0, 1))
        script_note_error(&in->f, duk_safe_to_string(in->js, -1));
}

static const script_language language = {"JavaScript", sizeof(interpreter), start, run_row};

static weir_status check_js(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return script_check(&language, args, n_args, result, err);
}

static weir_status open_js(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)n_args;
    return script_open(self, &language, args, err);
}

static void close_js(void *self) { script_close(self); }

static weir_status eval_js(void *self, const weir_call *call, weir_error *err) {
    return script_eval(self, call, err);
}

static const weir_param_doc params[] = {{"javascript(<string> body, <string> type, <string> name, <any> ...)",
                                         "What a function that an app defines in JavaScript becomes: `define "
                                         "function f[JavaScript] return int { return "
                                         "data[0] + 1; };` and `f(a)`."},
                                        {NULL, NULL}};

#define SCRIPT_TYPE_OF(variable, name_text)                                                                  \
    static const weir_function_type variable = {                                                             \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "script",                                                                                      \
        .name = name_text,                                                                                   \
        .doc = "Runs a function in JavaScript; `data` is the array of its arguments.",                       \
        .example = "script:javascript('return data[0] + 1', 'int', 'f', 2) -> 3",                            \
        .params = params,                                                                                    \
        .check = check_js,                                                                                   \
        .state_size = sizeof(interpreter),                                                                   \
        .open = open_js,                                                                                     \
        .close = close_js,                                                                                   \
        .eval = eval_js,                                                                                     \
        .not_pure = true,                                                                                    \
        .can_fail = true,                                                                                    \
    };
SCRIPT_TYPE_OF(javascript_function, "javascript")
SCRIPT_TYPE_OF(js_function, "js")

static weir_status start_module(weir_engine *engine, weir_error *err) {
    weir_status status = weir_register_function(engine, &javascript_function, err);
    return status ? status : weir_register_function(engine, &js_function, err);
}

WEIR_MODULE("javascript", start_module)
