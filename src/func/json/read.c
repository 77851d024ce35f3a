/* read.c: what a path names in a document: the get… functions and isExists. */
#include "data/json.h"
#include "data/text.h"
#include "func/json/functions.h"
#include "func/json/site.h"

#define EVAL(name) static weir_status name(void *self, const weir_call *call, weir_error *err)

bool wr_json_find_row(wr_json_site *site, const weir_call *call, uint32_t row, const char *function,
                      bool as_list, weir_value *document, wr_json_found *found, weir_status *status) {
    weir_error why;
    weir_value from = wr_call_get(call, 0, row), path = wr_call_get(call, 1, row);
    *status = wr_json_document(&from, call->arena, document, &why);
    if (!*status) *status = wr_json_search_in(site, document, &path, as_list, call->arena, found, &why);
    if (*status != WEIR_EVALUE) return !*status;
    wr_call_fail(call, row, "%s(): %s", function, why.message);
    *status = WEIR_OK;
    return false;
}

/* What a function makes of the value found. */
typedef weir_status put_value(wr_json_site *site, const weir_call *call, uint32_t row, const weir_value *v);

static weir_status read_rows(wr_json_site *site, const weir_call *call, const char *function,
                             put_value *put) {
    WR_FOR_ROWS(call, row) {
        weir_value document;
        wr_json_found found;
        weir_status status;
        if (wr_json_find_row(site, call, row, function, true, &document, &found, &status))
            status = put(site, call, row, &found.value);
        WR_TRY(status);
    }
    return WEIR_OK;
}

static weir_status check_read(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                              weir_error *err) {
    static const wr_overload overloads[] = {{2, false, {WR_T_JSON, WR_T_STRING}}};
    WR_TRY(wr_check_overloads(t, overloads, 1, args, n_args, err));
    return wr_json_check_path(&args[1], err);
}

#define CHECK(name, function, result_type)                                                                   \
    static weir_status name(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {     \
        *result = (result_type);                                                                             \
        return check_read(&(function), args, n_args, err);                                                   \
    }
CHECK(check_bool, wr_json_get_bool, WEIR_BOOL)
CHECK(check_double, wr_json_get_double, WEIR_DOUBLE)
CHECK(check_exists, wr_json_is_exists, WEIR_BOOL)
CHECK(check_float, wr_json_get_float, WEIR_FLOAT)
CHECK(check_int, wr_json_get_int, WEIR_INT)
CHECK(check_long, wr_json_get_long, WEIR_LONG)
CHECK(check_object, wr_json_get_object, WEIR_OBJECT)
CHECK(check_string, wr_json_get_string, WEIR_STRING)

static bool is_list(const weir_value *v) {
    return v->type == WEIR_OBJECT && !v->is_null && weir_object_get_kind(v->as.o) == WEIR_OBJECT_LIST;
}

/* ---- Numbers and bools -------------------------------------------------------------------------------- */

/* The text of a value, or of the only member of a list; false: there is none, or it is a map or list. */
static bool scalar_text(wr_json_site *site, const weir_value *found, wr_text *out) {
    weir_value v = *found;
    if (is_list(&v))
        v = weir_object_list_size(v.as.o) == 1 ? weir_object_list_at(v.as.o, 0)
                                               : (weir_value){.is_null = true};
    if (v.is_null || v.type == WEIR_OBJECT) return false;
    wr_buf_clear(&site->text);
    wr_text_of_value(&site->text, &v);
    *out = (wr_text){site->text.data, site->text.len};
    return !site->text.failed;
}

#define PUT_NUMBER(name, type, parse)                                                                        \
    static weir_status name(wr_json_site *site, const weir_call *call, uint32_t row, const weir_value *v) {  \
        wr_text s;                                                                                           \
        if (!scalar_text(site, v, &s) || !parse(s.p, s.n, (type *)call->out->data + row))                    \
            wr_put_null(call, row);                                                                          \
        return site->text.failed ? WEIR_ENOMEM : WEIR_OK;                                                    \
    }
PUT_NUMBER(put_int, int32_t, wr_text_to_int)
PUT_NUMBER(put_long, int64_t, wr_text_to_long)
PUT_NUMBER(put_float, float, wr_text_to_float)
PUT_NUMBER(put_double, double, wr_text_to_double)

static bool is_word(wr_text s, const char *word) {
    size_t i = 0;
    while (i < s.n && word[i] && (s.p[i] | 0x20) == word[i]) i++;
    return i == s.n && !word[i];
}

static bool text_to_bool(const char *p, size_t n, uint8_t *out) {
    *out = is_word((wr_text){p, n}, "true");
    return *out || is_word((wr_text){p, n}, "false");
}
PUT_NUMBER(put_bool, uint8_t, text_to_bool)

EVAL(eval_int) {
    (void)err;
    return read_rows(self, call, "json:getInt", put_int);
}
EVAL(eval_long) {
    (void)err;
    return read_rows(self, call, "json:getLong", put_long);
}
EVAL(eval_float) {
    (void)err;
    return read_rows(self, call, "json:getFloat", put_float);
}
EVAL(eval_double) {
    (void)err;
    return read_rows(self, call, "json:getDouble", put_double);
}
EVAL(eval_bool) {
    (void)err;
    return read_rows(self, call, "json:getBool", put_bool);
}

#define SCALAR                                                                                               \
    "Null where the path finds nothing, several values, or none of this type (a string that writes one "     \
    "is). What is no JSON fails."

WR_JSON_FUNCTION(wr_json_get_bool, "getBool", check_bool, eval_bool, "Gives the bool that a path finds.",
                 "json:getBool(\"{'a':true}\", '$.a') -> true",
                 {"json:getBool(<string|object> json, <string> path)",
                  SCALAR " (A bool that is null is false.)"});
WR_JSON_FUNCTION(wr_json_get_double, "getDouble", check_double, eval_double,
                 "Gives the number that a path finds, as a double.",
                 "json:getDouble(\"{'a':{'b':1.5}}\", '$.a.b') -> 1.5",
                 {"json:getDouble(<string|object> json, <string> path)", SCALAR});
WR_JSON_FUNCTION(wr_json_get_float, "getFloat", check_float, eval_float,
                 "Gives the number that a path finds, as a float.",
                 "json:getFloat(\"{'a':1.5}\", '$.a') -> 1.5f",
                 {"json:getFloat(<string|object> json, <string> path)", SCALAR});
WR_JSON_FUNCTION(wr_json_get_int, "getInt", check_int, eval_int, "Gives the int that a path finds.",
                 "json:getInt(\"{'a':[1,2]}\", '$.a[-1]') -> 2",
                 {"json:getInt(<string|object> json, <string> path)", SCALAR});
WR_JSON_FUNCTION(wr_json_get_long, "getLong", check_long, eval_long, "Gives the long that a path finds.",
                 "json:getLong(\"{'a':12345678901}\", '$.a') -> 12345678901L",
                 {"json:getLong(<string|object> json, <string> path)", SCALAR});

/* ---- Strings, objects, existence ---------------------------------------------------------------------- */

static weir_status put_string(wr_json_site *site, const weir_call *call, uint32_t row, const weir_value *v) {
    if (v->is_null) {
        wr_put_null(call, row);
        return WEIR_OK;
    }
    if (v->type == WEIR_STRING) return wr_call_put(call, row, v);
    wr_buf_clear(&site->text);
    wr_json_of_value(&site->text, v, WR_JSON_HTML);
    return wr_put_buf(call, row, &site->text);
}

static weir_status put_object(wr_json_site *site, const weir_call *call, uint32_t row, const weir_value *v) {
    (void)site;
    weir_value only;
    if (is_list(v) && weir_object_list_size(v->as.o) == 1) {
        only = weir_object_list_at(v->as.o, 0);
        v = &only;
    }
    return wr_call_put(call, row, v);
}

EVAL(eval_string) {
    (void)err;
    return read_rows(self, call, "json:getString", put_string);
}
EVAL(eval_object) {
    (void)err;
    return read_rows(self, call, "json:getObject", put_object);
}

EVAL(eval_exists) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        weir_value document;
        wr_json_found found;
        weir_status status;
        if (wr_json_find_row(self, call, row, "json:isExists", true, &document, &found, &status))
            wr_put_bool(call, row, !found.is_missing);
        WR_TRY(status);
    }
    return WEIR_OK;
}

WR_JSON_FUNCTION(
    wr_json_get_object, "getObject", check_object, eval_object, "Gives what a path finds.",
    "json:toString(json:getObject(\"{'a':{'b':[1,2]}}\", '$.a')) -> \"\"\"{\"b\":[1,2]}\"\"\"",
    {"json:getObject(<string|object> json, <string> path)",
     "A map, list or plain value; of a list with one member, that. Null where nothing is. What is no "
     "JSON fails."});
WR_JSON_FUNCTION(
    wr_json_get_string, "getString", check_string, eval_string,
    "Gives what a path finds: a string as it is, anything else as JSON.",
    "json:getString(\"{'a':[{'n':1},{'n':2}]}\", '$.a[?(@.n > 1)].n') -> '[2]'",
    {"json:getString(<string|object> json, <string> path)",
     "Paths: $.a.b, ['a b'], [0], [-1], [1:3], [*], ..a, [?(@.n < 5 && @.s == 'x')], length(). Null "
     "where nothing is. What is no JSON fails."});
WR_JSON_FUNCTION(wr_json_is_exists, "isExists", check_exists, eval_exists, "Does a path find something?",
                 "json:isExists(\"{'name':'John'}\", '$.salary') -> false",
                 {"json:isExists(<string|object> json, <string> path)",
                  "A path that may name several places does, but where it has to go through what isn't "
                  "there. What is no JSON fails."});
