/* document.c: see document.h. */
#include "func/json/document.h"

#include "data/json.h"
#include "data/value.h"

/* Siddhi's own: Gson. */
static weir_status write_object(const weir_value *v, weir_arena *arena, weir_string *out, weir_error *err) {
    wr_buf text = WR_BUF_INIT;
    wr_json_of_value(&text, v, WR_JSON_HTML);
    weir_status status = text.failed ? WEIR_ENOMEM : weir_arena_string(arena, text.data, text.len, out);
    wr_buf_fini(&text);
    return status ? weir_fail(err, status, "out of memory while JSON is written") : WEIR_OK;
}

weir_status wr_json_document(const weir_value *v, weir_arena *arena, weir_value *out, weir_error *err) {
    static const wr_json_reading reading = {.order = WEIR_MAP_LINKED, .smart = true, .loose = true};
    weir_string text;
    if (v->is_null) return weir_fail(err, WEIR_EVALUE, "the JSON is null");
    if (v->type == WEIR_STRING)
        text = v->as.s;
    else
        WR_TRY(write_object(v, arena, &text, err));
    if (text.len == 0) return weir_fail(err, WEIR_EVALUE, "the JSON is empty");
    /* Of a short text the bytes would lie on the stack. */
    const char *bytes = weir_arena_alloc(arena, text.len);
    if (!bytes) return weir_fail(err, WEIR_ENOMEM, "out of memory while JSON is read");
    memcpy((char *)(uintptr_t)bytes, weir_string_data(&text), text.len);
    weir_status status = wr_json_to_value(bytes, text.len, &reading, arena, out, err);
    if (status == WEIR_EPARSE) return WEIR_EVALUE;
    WR_TRY(status);
    if (out->is_null) return weir_fail(err, WEIR_EVALUE, "the JSON is null");
    return out->type == WEIR_OBJECT ? weir_arena_own(arena, out->as.o) : WEIR_OK;
}

weir_status wr_json_site_open(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self, (void)args, (void)n_args, (void)err;
    return WEIR_OK;
}

void wr_json_site_close(void *self) {
    wr_json_site *site = self;
    wr_json_path_cache_fini(&site->paths);
    wr_buf_fini(&site->text);
}

weir_status wr_json_search_in(wr_json_site *site, const weir_value *document, const weir_value *path,
                              bool as_list, weir_arena *arena, wr_json_found *found, weir_error *err) {
    wr_json_path *p;
    if (path->is_null) return weir_fail(err, WEIR_EVALUE, "the path is null");
    weir_status status =
        wr_json_path_cache_get(&site->paths, weir_string_data(&path->as.s), path->as.s.len, &p, err);
    if (status == WEIR_EPARSE) return WEIR_EVALUE;
    WR_TRY(status);
    return wr_json_path_find(p, document, as_list || !wr_json_path_is_definite(p), arena, found, err);
}

weir_status wr_json_check_path(const weir_arg *arg, weir_error *err) {
    wr_json_path *path;
    if (!arg->is_const || arg->type != WEIR_STRING || arg->value.is_null) return WEIR_OK;
    weir_status status =
        wr_json_path_new(weir_string_data(&arg->value.as.s), arg->value.as.s.len, &path, err);
    wr_json_path_free(path);
    if (status && err) {
        err->begin = arg->begin;
        err->end = arg->end;
    }
    return status;
}
