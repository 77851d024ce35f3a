/* path.h: JSON paths as Jayway's JsonPath 2 understands them: what people write, that is.
 *
 *   $.a.b  $['a']['b']  $['a','b']  $.l[0]  $.l[-1]  $.l[0,2]  $.l[1:3]  $.l[*]  $.*  $..a  $.length()
 *   $.l[?(@.n < 5 && (@.s == 'x' || !@.t))]
 *
 * A path without $ begins at the root. Filters compare (== != < <= > >= === !==) fields of @ or $ with each
 * other or with numbers, strings, lists, maps, true, false and null; they match them with patterns (=~
 * /a.*c/i), look into lists and strings (in, nin, contains, size, empty, subsetof, anyof, noneof), and
 * combine by && || !. What else JsonPath has (other functions) is refused with an error that names it.
 *
 * A path is definite if it names one place: then it reads as what stands there, and fails if nothing does.
 * Any other reads as the list of what it finds. */
#ifndef WR_JSON_PATH_H
#define WR_JSON_PATH_H

#include "base/arena.h"
#include "base/compiler.h"
#include "weir_ext.h"

typedef struct wr_json_path wr_json_path;

/* WEIR_EPARSE names what is wrong, or not supported. */
weir_status wr_json_path_new(const char *text, size_t len, wr_json_path **out, weir_error *err) WR_NODISCARD;
void wr_json_path_free(wr_json_path *path); /* NULL is fine */
bool wr_json_path_is_definite(const wr_json_path *path);

/* A place that a path has found: member `index` of list `in`, or what map `in` has, or may get, under `key`.
 * The root is in nothing. */
typedef struct wr_json_place {
    const weir_object *in;
    uint32_t index;
    weir_value key;
    weir_value value;
} wr_json_place;

typedef struct wr_json_found {
    wr_json_place *places; /* in the arena */
    uint32_t n, cap;
    bool is_missing; /* a definite path, or definite steps at the front of another, and nothing there */
    /* Of a definite path: what stands there. Of another, with as_list: a list of what was found, an arena's.
     */
    weir_value value;
} wr_json_found;

/* Finds what the path names in a document, whose objects stay as they are while `found` is used. WEIR_EVALUE:
 * a filter is put on what is neither list nor map, or the search takes too many steps. */
weir_status wr_json_path_find(const wr_json_path *path, const weir_value *document, bool as_list,
                              weir_arena *arena, wr_json_found *found, weir_error *err) WR_NODISCARD;

/* The paths of one call site, compiled when they first come. */
#define WR_JSON_PATH_CACHE 8u
typedef struct wr_json_path_cache {
    struct wr_json_path_cached {
        char *text;
        size_t len;
        wr_json_path *path;
    } of[WR_JSON_PATH_CACHE];
} wr_json_path_cache;
void wr_json_path_cache_fini(wr_json_path_cache *cache);
weir_status wr_json_path_cache_get(wr_json_path_cache *cache, const char *text, size_t len,
                                   wr_json_path **out, weir_error *err) WR_NODISCARD;

#endif
