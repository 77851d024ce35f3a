/* template.c: fillTemplate: {{1}} or {{key}} in a text, replaced. */
#include "data/object.h"
#include "data/text.h"
#include "func/overloads.h"
#include "func/str/functions.h"
#include "func/texts.h"

#define WR_T_PLAIN (WR_T_ANY & ~WR_T_OBJECT)

WR_CHECK(check_fill, wr_str_fill_template, WEIR_STRING, {2, false, {WR_T_STRING, WR_T_OBJECT}},
         {2, true, {WR_T_STRING, WR_T_PLAIN}})

/* What stands between the braces, without blanks at its ends. */
static wr_text trimmed(const char *begin, const char *end) {
    while (begin < end && *begin == ' ') begin++;
    while (end > begin && end[-1] == ' ') end--;
    return (wr_text){begin, (size_t)(end - begin)};
}

/* A key that the map lacks, or has null for, stands for itself. */
static bool put_entry(wr_buf *out, const weir_object *map, wr_text key) {
    weir_value name = wr_value_string(weir_string_view(key.p, (uint32_t)key.n)), value;
    if (weir_object_map_get(map, &name, &value) && !value.is_null)
        wr_text_of_value(out, &value);
    else
        wr_buf_put(out, key.p, key.n);
    return true;
}

/* Argument number 1 is the one behind the template; a null is written as its number. */
static bool put_argument(wr_buf *out, const weir_call *call, uint32_t row, wr_text key) {
    int32_t number;
    if (!wr_text_to_int(key.p, key.n, &number) || number < 1 || (uint32_t)number >= call->n_args) {
        wr_call_fail(call, row, "str:fillTemplate(): there is no argument {{%.*s}}", (int)WR_MIN(key.n, 40u),
                     key.p);
        return false;
    }
    weir_value v = wr_column_get(&call->args[number], row);
    if (v.is_null)
        wr_buf_put(out, key.p, key.n);
    else
        wr_text_of_value(out, &v);
    return true;
}

static bool fill(wr_buf *out, const weir_call *call, uint32_t row, wr_text s, const weir_object *map) {
    const char *p = s.p, *end = s.p + s.n;
    for (;;) {
        const char *open = memmem(p, (size_t)(end - p), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        if (!close) break;
        wr_buf_put(out, p, (size_t)(open - p));
        wr_text key = trimmed(open + 2, close);
        if (!(map ? put_entry(out, map, key) : put_argument(out, call, row, key))) return false;
        p = close + 2;
    }
    wr_buf_put(out, p, (size_t)(end - p));
    return true;
}

/* NULL where the object is no map: told. */
static const weir_object *map_arg(const weir_call *call, uint32_t row) {
    const weir_object *o =
        weir_is_null(&call->args[1], row) ? NULL : ((weir_object **)call->args[1].data)[row];
    if (o && weir_object_get_kind(o) == WEIR_OBJECT_MAP) return o;
    wr_call_fail(call, row, "str:fillTemplate(): argument 2 is no map");
    return NULL;
}

static weir_status eval_fill(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    bool by_map = call->args[1].type == WEIR_OBJECT;
    wr_buf text = WR_BUF_INIT;
    weir_status status = WEIR_OK;
    for (uint32_t k = 0; k < call->n_sel && !status; k++) {
        uint32_t row = wr_call_row(call, k);
        wr_text s;
        const weir_object *map = NULL;
        wr_buf_clear(&text);
        if (!wr_text_needed(call, 0, row, "str:fillTemplate", &s)) continue;
        if (by_map && !(map = map_arg(call, row))) continue;
        if (fill(&text, call, row, s, map)) status = wr_put_buf(call, row, &text);
    }
    wr_buf_fini(&text);
    return status;
}

const weir_function_type wr_str_fill_template = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "fillTemplate",
    .doc = "Fills the places {{1}}, {{2}}, … or {{key}} of a text.",
    .example = "str:fillTemplate('{{1}} is {{2}} years', 'John', 25) -> 'John is 25 years'",
    .params =
        (const weir_param_doc[]){
            {"str:fillTemplate(<string> template, <int|long|float|double|bool|string> ...)",
             "{{1}} is the first of the values; a number beyond them fails."},
            {"str:fillTemplate(<string> template, <object> map)",
             "Keys of the map; one that is not there stays."},
            {NULL, NULL}},
    .check = check_fill,
    .eval = eval_fill,
    .can_fail = true,
};
