/* convert.c: json:toObject and json:toString. */
#include "data/json.h"
#include "func/json/functions.h"
#include "func/json/site.h"

#define EVAL(name) static weir_status name(void *self, const weir_call *call, weir_error *err)

WR_CHECK(check_object, wr_json_to_object, WEIR_OBJECT, {1, false, {WR_T_STRING}})
WR_CHECK(check_string, wr_json_to_string, WEIR_STRING, {1, false, {WR_T_JSON}})

static weir_status put_parsed(const weir_call *call, uint32_t row, wr_text s) {
    static const wr_json_reading reading = {
        .order = WEIR_MAP_HASHED, .json_maps = true, .smart = true, .loose = true};
    weir_value v;
    weir_error why;
    weir_status status = wr_json_to_value(s.p, s.n, &reading, call->arena, &v, &why);
    if (status == WEIR_EPARSE) {
        wr_put_null(call, row);
        return WEIR_OK;
    }
    WR_TRY(status);
    if (v.type == WEIR_OBJECT && !v.is_null) return wr_put_object(call, row, v.as.o, WEIR_OK);
    return wr_call_put(call, row, &v);
}

EVAL(eval_object) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (wr_text_needed(call, 0, row, "json:toObject", &s)) WR_TRY(put_parsed(call, row, s));
    }
    return WEIR_OK;
}

EVAL(eval_string) {
    wr_json_site *site = self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        weir_value v = wr_call_get(call, 0, row);
        wr_json_of_value(&site->text, &v, WR_JSON_HTML);
        WR_TRY(wr_put_buf(call, row, &site->text));
    }
    return WEIR_OK;
}

WR_JSON_FUNCTION(
    wr_json_to_object, "toObject", check_object, eval_object, "Reads JSON: maps, lists and plain values.",
    "json:toString(json:toObject(\"{a: 'x'}\")) -> \"\"\"{\"a\":\"x\"}\"\"\"",
    {"json:toObject(<string> json)",
     "As generous as json-smart: 'single quotes', no quotes, too many commas. What is no JSON gives "
     "null; null fails."});
WR_JSON_FUNCTION(wr_json_to_string, "toString", check_string, eval_string, "Writes a value as JSON.",
                 "json:toString(map:create('a', list:create(1, 'x'))) -> \"\"\"{\"a\":[1,\"x\"]}\"\"\"",
                 {"json:toString(<string|object> value)", "< > & = and ' are written as \\u003c and so on."});
