/* tokenize.c: #str:tokenize, #list:tokenize and #map:tokenize: a row for each piece, member or entry. */
#include "base/arena.h"
#include "data/value.h"
#include "func/map/functions.h"
#include "base/regex.h"
#include "stream/functions.h"
#include "stream/give.h"

/* ---- str:tokenize ------------------------------------------------------------------------------------- */

typedef struct text_site {
    wr_regex_cache cache;
    wr_regex_pieces pieces;
    bool is_distinct;
} text_site;

static weir_status refuse(const weir_arg *arg, const char *why, weir_error *err) {
    weir_status status = weir_fail(err, WEIR_ETYPE, "%s", why);
    if (err && arg) {
        err->begin = arg->begin;
        err->end = arg->end;
    }
    return status;
}

static weir_status check_text(const weir_arg *args, uint32_t n_args, weir_stream_added *added,
                              uint32_t *n_added, weir_error *err) {
    bool fits = (n_args == 2 || n_args == 3) && args[0].type == WEIR_STRING && args[1].type == WEIR_STRING;
    if (!fits)
        return refuse(NULL, "#str:tokenize takes a string, a regular expression and perhaps a bool", err);
    if (n_args == 3 && (args[2].type != WEIR_BOOL || !args[2].is_const || args[2].value.is_null))
        return refuse(&args[2], "#str:tokenize: argument 3 must be true or false, a constant", err);
    *added = (weir_stream_added){"token", WEIR_STRING};
    *n_added = 1;
    return wr_regex_check_arg(&args[1], err);
}

static weir_status open_text(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)err;
    ((text_site *)self)->is_distinct = n_args == 3 && args[2].value.as.b;
    return WEIR_OK;
}

static void close_text(void *self) {
    text_site *t = self;
    wr_regex_cache_fini(&t->cache);
    wr_regex_pieces_fini(&t->pieces);
}

static bool is_among(const char *text, const struct wr_regex_piece *pieces, uint32_t n, uint32_t which) {
    size_t len = pieces[which].end - pieces[which].begin;
    for (uint32_t i = 0; i < n; i++)
        if (pieces[i].end - pieces[i].begin == len &&
            memcmp(text + pieces[i].begin, text + pieces[which].begin, len) == 0)
            return true;
    return false;
}

/* Tokens are parts of the text, which lives as long as the cycle. */
static weir_status give_tokens(text_site *t, weir_stream_call *call, uint32_t row, const weir_string *s) {
    const char *text = weir_string_data(s);
    const struct wr_regex_piece *pieces = t->pieces.items;
    for (uint32_t i = 0; i < t->pieces.n; i++) {
        if (t->is_distinct && is_among(text, pieces, i, i)) continue;
        weir_value token = wr_value_string(
            weir_string_view(text + pieces[i].begin, (uint32_t)(pieces[i].end - pieces[i].begin)));
        WR_TRY(wr_stream_give(call, row, &token));
    }
    return WEIR_OK;
}

static weir_status give_text(text_site *t, weir_stream_call *call, uint32_t row, const weir_string *s,
                             const weir_string *pattern) {
    weir_regex *regex;
    weir_error err;
    if (wr_regex_cache_get(&t->cache, weir_string_data(pattern), pattern->len, &regex, &err)) {
        const char *kept = wr_arena_strndup(call->arena, err.message, strlen(err.message));
        call->fail(call->fail_ctx, row, kept ? kept : "no regular expression");
        return WEIR_OK;
    }
    weir_status status = wr_regex_split(regex, weir_string_data(s), s->len, &t->pieces);
    if (status == WEIR_EVALUE) call->fail(call->fail_ctx, row, WR_REGEX_GIVEN_UP_TEXT);
    if (status) return status == WEIR_EVALUE ? WEIR_OK : status;
    return give_tokens(t, call, row, s);
}

static weir_status eval_text(void *self, weir_stream_call *call, weir_error *err) {
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel[k];
        if (weir_is_null(&call->args[0], row) || weir_is_null(&call->args[1], row))
            call->fail(call->fail_ctx, row, "an argument of #str:tokenize is null");
        else
            WR_TRY(give_text(self, call, row, (const weir_string *)call->args[0].data + row,
                             (const weir_string *)call->args[1].data + row));
    }
    return WEIR_OK;
}

const weir_stream_function_type wr_stream_str_tokenize = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "str",
    .name = "tokenize",
    .doc = "Cuts a string where a regular expression matches and gives the event once for each piece, as "
           "`token`.",
    .example = "from S#str:tokenize(s, ',') select token insert into Out",
    .params = (const weir_param_doc[]){{"str:tokenize(<string> text, <string> regex)",
                                        "Empty pieces at the end don't count. Null fails."},
                                       {"str:tokenize(<string> text, <string> regex, <bool> distinct)",
                                        "true, a constant: equal pieces once."},
                                       {NULL, NULL}},
    .check = check_text,
    .state_size = sizeof(text_site),
    .open = open_text,
    .close = close_text,
    .eval = eval_text,
    .can_fail = true,
    .splits_chunks = true,
};

/* ---- list:tokenize, map:tokenize ---------------------------------------------------------------------- */

static weir_status check_objects(const char *why, const weir_arg *args, uint32_t n_args, weir_error *err) {
    for (uint32_t i = 0; i < n_args; i++)
        if (args[i].type != WEIR_OBJECT) return refuse(&args[i], why, err);
    return n_args ? WEIR_OK : refuse(NULL, why, err);
}

static weir_status check_list(const weir_arg *args, uint32_t n_args, weir_stream_added *added,
                              uint32_t *n_added, weir_error *err) {
    added[0] = (weir_stream_added){"index", WEIR_INT};
    added[1] = (weir_stream_added){"value", WEIR_OBJECT};
    *n_added = 2;
    return check_objects("#list:tokenize takes lists, which are objects", args, n_args, err);
}

static weir_status check_map(const weir_arg *args, uint32_t n_args, weir_stream_added *added,
                             uint32_t *n_added, weir_error *err) {
    added[0] = (weir_stream_added){"key", WEIR_OBJECT};
    added[1] = (weir_stream_added){"value", WEIR_OBJECT};
    *n_added = 2;
    return check_objects("#map:tokenize takes maps, which are objects", args, n_args, err);
}

/* The objects of a kind that all arguments must be; false: the row has failed. */
static bool find_objects(const weir_stream_call *call, uint32_t row, weir_object_kind kind,
                         weir_object **objects) {
    for (uint32_t i = 0; i < call->n_args; i++) {
        const weir_column *c = &call->args[i];
        objects[i] = weir_is_null(c, row) ? NULL : ((weir_object **)c->data)[row];
        if (objects[i] && weir_object_get_kind(objects[i]) == kind) continue;
        call->fail(call->fail_ctx, row,
                   kind == WEIR_OBJECT_LIST ? "an argument of #list:tokenize is no list"
                                            : "an argument of #map:tokenize is no map");
        return false;
    }
    return true;
}

/* The members in one place: of one list as it is, of several as a list. */
static weir_status member_at(weir_stream_call *call, weir_object *const *lists, uint32_t place,
                             weir_value *out) {
    *out = weir_object_list_at(lists[0], place);
    if (call->n_args == 1) return WEIR_OK;
    weir_object *members = weir_object_new_list();
    weir_status status = members ? WEIR_OK : WEIR_ENOMEM;
    for (uint32_t i = 0; i < call->n_args && !status; i++) {
        weir_value v = weir_object_list_at(lists[i], place);
        status = weir_object_list_add(members, &v);
    }
    if (status) {
        weir_object_unref(members);
        return status;
    }
    *out = wr_value_object(members);
    return weir_arena_own(call->arena, members);
}

static weir_status give_members(weir_stream_call *call, uint32_t row, weir_object *const *lists) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < call->n_args; i++) n = WR_MAX(n, weir_object_list_size(lists[i]));
    for (uint32_t place = 0; place < n; place++) {
        weir_value v[2] = {wr_value_int((int32_t)place)};
        WR_TRY(member_at(call, lists, place, &v[1]));
        WR_TRY(wr_stream_give(call, row, v));
    }
    return WEIR_OK;
}

static weir_status eval_list(void *self, weir_stream_call *call, weir_error *err) {
    (void)self;
    (void)err;
    weir_object **lists = wr_arena_array(call->arena, call->n_args, sizeof *lists);
    if (!lists) return WEIR_ENOMEM;
    for (uint32_t k = 0; k < call->n_sel; k++)
        if (find_objects(call, call->sel[k], WEIR_OBJECT_LIST, lists))
            WR_TRY(give_members(call, call->sel[k], lists));
    return WEIR_OK;
}

static weir_status give_entries(weir_stream_call *call, uint32_t row, weir_object *const *maps) {
    const weir_object *map = maps[0];
    uint32_t cursor = 0;
    weir_value v[2];
    if (call->n_args > 1) {
        weir_status status;
        weir_object *combined = wr_map_combine(maps, call->n_args, &status);
        if (!combined) return WEIR_ENOMEM;
        WR_TRY(weir_arena_own(call->arena, combined));
        if (status) return status;
        map = combined;
    }
    while (weir_object_map_next(map, &cursor, &v[0], &v[1])) WR_TRY(wr_stream_give(call, row, v));
    return WEIR_OK;
}

static weir_status eval_map(void *self, weir_stream_call *call, weir_error *err) {
    (void)self;
    (void)err;
    weir_object **maps = wr_arena_array(call->arena, call->n_args, sizeof *maps);
    if (!maps) return WEIR_ENOMEM;
    for (uint32_t k = 0; k < call->n_sel; k++)
        if (find_objects(call, call->sel[k], WEIR_OBJECT_MAP, maps))
            WR_TRY(give_entries(call, call->sel[k], maps));
    return WEIR_OK;
}

const weir_stream_function_type wr_stream_list_tokenize = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "list",
    .name = "tokenize",
    .doc = "Gives the event once for each member of a list, as `index` and `value`.",
    .example = "from S#list:tokenize(list:create(s, 'b')) select index, value insert into Out",
    .params = (const weir_param_doc[]){{"list:tokenize(<object> list)", "What is no list fails."},
                                       {"list:tokenize(<object> list, <object> ...)",
                                        "Of several lists: `value` is the list of what stands in the place."},
                                       {NULL, NULL}},
    .check = check_list,
    .eval = eval_list,
    .can_fail = true,
};
const weir_stream_function_type wr_stream_map_tokenize = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "map",
    .name = "tokenize",
    .doc = "Gives the event once for each entry of a map, as `key` and `value`.",
    .example = "from S#map:tokenize(map:create('a', s)) select key, value insert into Out",
    .params =
        (const weir_param_doc[]){{"map:tokenize(<object> map)", "What is no map fails."},
                                 {"map:tokenize(<object> map, <object> ...)",
                                  "Of several maps: `value` is the list of what they have for the key."},
                                 {NULL, NULL}},
    .check = check_map,
    .eval = eval_map,
    .can_fail = true,
};
