/* filter_operand.c: what stands at the sides of an operator in a filter of a JSON path:
 *
 *   @.a.b  $.x  12  -1.5  'text'  "text"  true  false  null  [1, 'a']  {'a': 1}  /pattern/flags */
#include <math.h>
#include <string.h>

#include "data/text.h"
#include "data/value.h"
#include "func/json/path_impl.h"

static weir_status parse_constant(wr_json_parser *r, weir_value *out);

static weir_status no_memory(wr_json_parser *r) {
    return weir_fail(r->err, WEIR_ENOMEM, "out of memory while a JSON path is read");
}

/* As the numbers of a document: an int if it fits. */
static weir_status parse_number(wr_json_parser *r, weir_value *out) {
    const char *begin = r->p;
    while (r->p < r->end && (strchr("+-.eE", *r->p) || (*r->p >= '0' && *r->p <= '9'))) r->p++;
    size_t len = (size_t)(r->p - begin);
    out->type = WEIR_INT;
    if (wr_text_to_int(begin, len, &out->as.i)) return WEIR_OK;
    out->type = WEIR_LONG;
    if (wr_text_to_long(begin, len, &out->as.l)) return WEIR_OK;
    out->type = WEIR_DOUBLE;
    if (wr_text_to_double(begin, len, &out->as.d) && isfinite(out->as.d)) return WEIR_OK;
    return wr_json_refuse_path(r, "no number");
}

/* ---- Lists and maps ----------------------------------------------------------------------------------- */

static weir_status parse_entry(wr_json_parser *r, weir_object *map) {
    weir_value key, value;
    wr_json_skip_blanks(r);
    if (r->p == r->end || (*r->p != '\'' && *r->p != '"')) return wr_json_refuse_path(r, "no quoted key");
    key = (weir_value){.type = WEIR_STRING};
    WR_TRY(wr_json_parse_quoted(r, &key.as.s));
    wr_json_skip_blanks(r);
    if (!wr_json_take(r, ":", 1)) return wr_json_refuse_path(r, "no : behind a key");
    WR_TRY(parse_constant(r, &value));
    return weir_object_map_put(map, &key, &value) == WEIR_OK ? WEIR_OK : no_memory(r);
}

static weir_status parse_member(wr_json_parser *r, weir_object *list) {
    weir_value value;
    WR_TRY(parse_constant(r, &value));
    if (value.type == WEIR_OBJECT && !value.is_null)
        return wr_json_refuse_path(r, "a list in a list, which JsonPath can't read");
    return weir_object_list_add(list, &value) == WEIR_OK ? WEIR_OK : no_memory(r);
}

/* Behind its first bracket. */
static weir_status parse_container(wr_json_parser *r, bool is_map, weir_value *out) {
    weir_object *o = is_map ? weir_object_new_map(WEIR_MAP_LINKED) : weir_object_new_list();
    const char *close = is_map ? "}" : "]";
    if (!o || weir_arena_own(r->arena, o) != WEIR_OK) return no_memory(r);
    *out = (weir_value){.type = WEIR_OBJECT, .as.o = o};
    wr_json_skip_blanks(r);
    if (wr_json_take(r, close, 1)) return WEIR_OK;
    do {
        WR_TRY(is_map ? parse_entry(r, o) : parse_member(r, o));
        wr_json_skip_blanks(r);
    } while (wr_json_take(r, ",", 1));
    return wr_json_take(r, close, 1) ? WEIR_OK : wr_json_refuse_path(r, is_map ? "no }" : "no ]");
}

static weir_status parse_nested(wr_json_parser *r, bool is_map, weir_value *out) {
    if (++r->depth > WR_JSON_FILTER_MOST) return wr_json_refuse_path(r, "constants nested too deep");
    weir_status status = parse_container(r, is_map, out);
    r->depth--;
    return status;
}

static weir_status parse_constant(wr_json_parser *r, weir_value *out) {
    wr_json_skip_blanks(r);
    char c = r->p < r->end ? *r->p : 0;
    *out = (weir_value){.type = WEIR_STRING};
    if (c == '\'' || c == '"') return wr_json_parse_quoted(r, &out->as.s);
    if (wr_json_take(r, "[", 1)) return parse_nested(r, false, out);
    if (wr_json_take(r, "{", 1)) return parse_nested(r, true, out);
    if (wr_json_take(r, "true", 4))
        *out = wr_value_bool(true);
    else if (wr_json_take(r, "false", 5))
        *out = wr_value_bool(false);
    else if (wr_json_take(r, "null", 4))
        *out = wr_value_null(WEIR_NONE);
    else if (c == '-' || (c >= '0' && c <= '9'))
        return parse_number(r, out);
    else
        return wr_json_refuse_path(r,
                                   "neither a path nor a number, string, list, pattern, true, false or null");
    return WEIR_OK;
}

/* ---- Patterns ----------------------------------------------------------------------------------------- */

/* The flags go in front, as Java's (?i). */
static weir_status compile(wr_json_parser *r, const char *pattern, size_t len, const char *flags,
                           size_t n_flags, weir_regex **out) {
    size_t room = len + n_flags + 4, at = 0;
    char *text = weir_arena_alloc(r->arena, room);
    wr_json_regex *kept = wr_arena_zero(r->arena, 1, sizeof *kept);
    if (!text || !kept) return no_memory(r);
    if (n_flags) {
        memcpy(text, "(?", 2);
        memcpy(text + 2, flags, n_flags);
        text[2 + n_flags] = ')';
        at = n_flags + 3;
    }
    memcpy(text + at, pattern, len);
    WR_TRY(weir_regex_new(text, at + len, &kept->regex, r->err));
    *out = kept->regex;
    kept->next = r->regexes;
    r->regexes = kept;
    return WEIR_OK;
}

/* Behind the first slash. */
static weir_status parse_pattern(wr_json_parser *r, weir_regex **out) {
    const char *begin = r->p;
    while (r->p < r->end && *r->p != '/') r->p += *r->p == '\\' && r->p + 1 < r->end ? 2 : 1;
    if (r->p == r->end) return wr_json_refuse_path(r, "a pattern without a second /");
    size_t len = (size_t)(r->p++ - begin);
    const char *flags = r->p;
    while (r->p < r->end && *r->p && strchr("dixmsuU", *r->p)) r->p++;
    return compile(r, begin, len, flags, (size_t)(r->p - flags), out);
}

/* ---- Any of them -------------------------------------------------------------------------------------- */

weir_status wr_json_parse_operand(wr_json_parser *r, wr_json_operand *out) {
    wr_json_skip_blanks(r);
    if (wr_json_take(r, "/", 1)) return parse_pattern(r, &out->regex);
    out->from_root = r->p < r->end && *r->p == '$';
    out->is_path = out->from_root || (r->p < r->end && *r->p == '@');
    if (!out->is_path) return parse_constant(r, &out->value);
    r->p++;
    return wr_json_parse_steps(r, true, &out->steps, &out->is_definite);
}
