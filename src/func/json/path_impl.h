/* path_impl.h: a compiled JSON path: a list of steps, and the trees of its filters. All of it is in the
 * path's arena. */
#ifndef WR_JSON_PATH_IMPL_H
#define WR_JSON_PATH_IMPL_H

#include "func/json/path.h"
#include "base/regex.h"

#define WR_JSON_STEPS_MOST  64u /* of a path, its filters' included */
#define WR_JSON_FILTER_MOST 16u /* how deep filters nest */

typedef enum wr_json_step_kind {
    WR_JSON_KEYS,    /* .a or ['a','b'] */
    WR_JSON_INDEXES, /* [0] or [0,2] */
    WR_JSON_SLICE,   /* [1:3] */
    WR_JSON_ALL,     /* * */
    WR_JSON_DEEP,    /* .. : the next step, here and in all that is below */
    WR_JSON_FILTER,  /* [?(…)] */
    WR_JSON_LENGTH   /* .length() */
} wr_json_step_kind;

typedef struct wr_json_filter wr_json_filter;

typedef struct wr_json_step {
    struct wr_json_step *next; /* NULL: the last */
    wr_json_step_kind kind;
    bool is_definite;   /* leads to one place, or reads several keys as one map */
    bool from_definite; /* all steps before are */
    uint32_t n;
    weir_string *keys; /* KEYS */
    int32_t *indexes;  /* INDEXES; SLICE: from and to */
    bool has_from, has_to;
    wr_json_filter *filter;
} wr_json_step;

typedef enum wr_json_filter_kind {
    WR_JSON_AND,
    WR_JSON_OR,
    WR_JSON_NOT,
    WR_JSON_EXISTS, /* left is a path that finds something */
    WR_JSON_EQ,
    WR_JSON_NE,
    WR_JSON_SAME, /* === : of one type, too */
    WR_JSON_NOT_SAME,
    WR_JSON_LT,
    WR_JSON_LE,
    WR_JSON_GT,
    WR_JSON_GE,
    WR_JSON_MATCHES,  /* =~ */
    WR_JSON_IN,       /* left is a member of right */
    WR_JSON_NOT_IN,   /* nin */
    WR_JSON_CONTAINS, /* right is a member, or a part, of left */
    WR_JSON_SIZE,     /* left, a list or a string, is so long */
    WR_JSON_EMPTY,    /* left, likewise, has nothing in it; or has */
    WR_JSON_SUBSET_OF,
    WR_JSON_ANY_OF,
    WR_JSON_NONE_OF
} wr_json_filter_kind;

/* Patterns of a path, to be freed with it. */
typedef struct wr_json_regex {
    struct wr_json_regex *next;
    weir_regex *regex;
} wr_json_regex;

/* A constant, which may be a list or a map; a pattern; or a path from @ or $. */
typedef struct wr_json_operand {
    weir_regex *regex; /* NULL: it is no pattern */
    bool is_path, from_root;
    wr_json_step *steps; /* NULL: @ or $ itself */
    bool is_definite;
    weir_value value;
} wr_json_operand;

struct wr_json_filter {
    wr_json_filter_kind kind;
    wr_json_filter *a, *b;       /* AND, OR, NOT */
    wr_json_operand left, right; /* the others */
};

struct wr_json_path {
    weir_arena arena;
    wr_json_regex *regexes;
    wr_json_step *steps; /* NULL: the document */
    bool is_definite;
};

/* One search, with the searches of its filters. */
typedef struct wr_json_search {
    const weir_value *root;
    weir_arena *arena;
    wr_json_found *found; /* of the path in hand */
    uint64_t *steps_left;
    bool keeps_all; /* all places of a definite path that reads several keys, not the map of them */
    weir_error *err;
} wr_json_search;

/* Runs steps from a place; WEIR_ENAME: a definite path comes to nothing. */
weir_status wr_json_run(wr_json_search *s, const wr_json_step *step, const wr_json_place *place) WR_NODISCARD;
/* Does the value pass? */
weir_status wr_json_filter_test(wr_json_search *s, const wr_json_filter *f, const weir_value *value,
                                bool *passes) WR_NODISCARD;

/* Does a value equal another, as == of JsonPath sees it? */
bool wr_json_equals(const weir_value *a, const weir_value *b);
/* filter_members.c: MATCHES and what follows it. A value that isn't there is NULL. WEIR_EVALUE: a pattern
 * took too many steps. */
weir_status wr_json_test_members(const wr_json_filter *f, const weir_value *a, const weir_value *b,
                                 bool *passes, weir_error *err) WR_NODISCARD;

/* Parses what stands behind "[?(", up to and with its ")". *at moves on. */
typedef struct wr_json_parser {
    const char *text, *p, *end;
    weir_arena *arena;
    uint32_t n_steps, depth;
    wr_json_regex *regexes;
    weir_error *err;
} wr_json_parser;
/* filter_operand.c */
weir_status wr_json_parse_operand(wr_json_parser *r, wr_json_operand *out) WR_NODISCARD;
weir_status wr_json_parse_filter(wr_json_parser *r, wr_json_filter **out) WR_NODISCARD;
/* Steps up to the end of the text or, in a filter, to what can't be part of a path. */
weir_status wr_json_parse_steps(wr_json_parser *r, bool in_filter, wr_json_step **out,
                                bool *is_definite) WR_NODISCARD;
weir_status wr_json_parse_quoted(wr_json_parser *r, weir_string *out) WR_NODISCARD;
weir_status wr_json_refuse_path(wr_json_parser *r, const char *why);
static inline void wr_json_skip_blanks(wr_json_parser *r) {
    while (r->p < r->end && *r->p == ' ') r->p++;
}
static inline bool wr_json_take(wr_json_parser *r, const char *what, size_t len) {
    if ((size_t)(r->end - r->p) < len || memcmp(r->p, what, len) != 0) return false;
    r->p += len;
    return true;
}

#endif
