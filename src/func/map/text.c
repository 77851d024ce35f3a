/* text.c: maps to JSON and XML, and of JSON. */
#include "data/json.h"
#include "data/object.h"
#include "data/text.h"
#include "func/containers.h"
#include "func/map/functions.h"

/* ---- createFromJSON ----------------------------------------------------------------------------------- */

WR_CHECK(check_from_json, wr_map_create_from_json, WEIR_OBJECT, {1, false, {WR_T_STRING}})

static weir_status put_parsed(const weir_call *call, uint32_t row, wr_text s) {
    static const wr_json_reading reading = {.order = WEIR_MAP_HASHED, .lenient = true};
    weir_value v;
    weir_error err;
    weir_status status = wr_json_to_value(s.p, s.n, &reading, call->arena, &v, &err);
    bool is_map = !status && v.type == WEIR_OBJECT && !v.is_null && v.as.o->kind == WEIR_OBJECT_MAP;
    if (status == WEIR_ENOMEM) return status;
    if (is_map) return wr_put_object(call, row, v.as.o, WEIR_OK);
    if (!status && v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
    wr_call_fail(call, row, "map:createFromJSON(): %s", status ? err.message : "the text is no JSON object");
    return WEIR_OK;
}

static weir_status eval_from_json(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (wr_text_needed(call, 0, row, "map:createFromJSON", &s)) WR_TRY(put_parsed(call, row, s));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_map_create_from_json, "map", "createFromJSON", check_from_json, eval_from_json,
            "Makes a map of a JSON object.",
            "map:size(map:createFromJSON(\"{'symbol' : 'IBM', 'price' : 200, 'volume' : 100}\")) -> 3",
            {"map:createFromJSON(<string> json)",
             "Strings may stand in single quotes. What is no JSON object fails."});

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* Writes the map of argument 0; the row's result, unless the row has failed. */
typedef weir_status put_map(const weir_call *call, uint32_t row, const weir_object *map, wr_buf *text);

static weir_status write_rows(const weir_call *call, const char *function, put_map *put) {
    wr_buf text = WR_BUF_INIT;
    weir_status status = WEIR_OK;
    for (uint32_t k = 0; k < call->n_sel && !status; k++) {
        uint32_t row = wr_call_row(call, k);
        const weir_object *map = wr_map_arg(call, 0, row, function);
        if (map) status = put(call, row, map, &text);
    }
    wr_buf_fini(&text);
    return status;
}

/* ---- toJSON ------------------------------------------------------------------------------------------- */

WR_CHECK(check_to_json, wr_map_to_json, WEIR_STRING, {1, false, {WR_T_OBJECT}})

/* Entries whose value is null are left out, as in Siddhi. */
static weir_status put_json(const weir_call *call, uint32_t row, const weir_object *map, wr_buf *text) {
    uint32_t cursor = 0;
    weir_value key, value;
    bool is_first = true;
    wr_buf_putc(text, '{');
    while (weir_object_map_next(map, &cursor, &key, &value)) {
        if (value.is_null) continue;
        if (!is_first) wr_buf_putc(text, ',');
        is_first = false;
        wr_json_of_key(text, &key, WR_JSON_TAGS);
        wr_buf_putc(text, ':');
        wr_json_of_value(text, &value, WR_JSON_TAGS);
    }
    wr_buf_putc(text, '}');
    return wr_put_buf(call, row, text);
}

WR_EVAL(eval_to_json, write_rows(call, "map:toJSON", put_json))

WR_FUNCTION(wr_map_to_json, "map", "toJSON", check_to_json, eval_to_json, "Writes a map as a JSON object.",
            "map:toJSON(map:create('symbol', 'wso2')) -> \"\"\"{\"symbol\":\"wso2\"}\"\"\"",
            {"map:toJSON(<object> map)", "Entries whose value is null are left out. What is no map fails."});

/* ---- toXML -------------------------------------------------------------------------------------------- */

WR_CHECK(check_to_xml, wr_map_to_xml, WEIR_STRING, {1, false, {WR_T_OBJECT}},
         {2, false, {WR_T_OBJECT, WR_T_STRING}})

static void put_escaped(wr_buf *out, const weir_value *v) {
    wr_buf text = WR_BUF_INIT;
    wr_text_of_value(&text, v);
    out->failed |= text.failed;
    for (size_t i = 0; i < text.len; i++) switch (text.data[i]) {
        case '&': wr_buf_puts(out, "&amp;"); break;
        case '<': wr_buf_puts(out, "&lt;"); break;
        case '>': wr_buf_puts(out, "&gt;"); break;
        default: wr_buf_putc(out, text.data[i]);
        }
    wr_buf_fini(&text);
}

/* A map in the map is an element that holds others. */
static void put_elements(wr_buf *out, const weir_object *map) {
    uint32_t cursor = 0;
    weir_value key, value;
    while (weir_object_map_next(map, &cursor, &key, &value)) {
        wr_buf_putc(out, '<');
        wr_text_of_value(out, &key);
        wr_buf_putc(out, '>');
        bool is_map = value.type == WEIR_OBJECT && !value.is_null &&
                      weir_object_get_kind(value.as.o) == WEIR_OBJECT_MAP;
        if (is_map)
            put_elements(out, value.as.o);
        else if (!value.is_null)
            put_escaped(out, &value);
        wr_buf_puts(out, "</");
        wr_text_of_value(out, &key);
        wr_buf_putc(out, '>');
    }
}

static weir_status put_xml(const weir_call *call, uint32_t row, const weir_object *map, wr_buf *text) {
    wr_text root = {NULL, 0};
    if (call->n_args == 2 && !wr_text_needed(call, 1, row, "map:toXML", &root)) return WEIR_OK;
    if (root.n) wr_buf_printf(text, "<%.*s>", (int)root.n, root.p);
    put_elements(text, map);
    if (root.n) wr_buf_printf(text, "</%.*s>", (int)root.n, root.p);
    return wr_put_buf(call, row, text);
}

WR_EVAL(eval_to_xml, write_rows(call, "map:toXML", put_xml))

WR_FUNCTION(wr_map_to_xml, "map", "toXML", check_to_xml, eval_to_xml, "Writes a map as XML elements.",
            "map:toXML(map:create('symbol', 'wso2'), 'a') -> '<a><symbol>wso2</symbol></a>'",
            {"map:toXML(<object> map)", "An element for each entry."},
            {"map:toXML(<object> map, <string> root)", "In an element of that name."});
