/* schema_references.c: see schema_references.h. */
#include "io/schema_references.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "io/number.h"

#define MOST_EDGES   2000
#define LONGEST_NAME 1000

typedef struct wr_reference_edge {
    uint32_t of, to;
} edge;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a schema");
}

static char *copy(const char *text) {
    size_t n = strlen(text) + 1;
    char *out = wr_alloc(NULL, n);
    return out ? memcpy(out, text, n) : NULL;
}

void wr_references_fini(wr_references *r) {
    for (uint32_t i = 0; i < r->n; i++) {
        wr_free(NULL, r->of[i].name, 0);
        wr_free(NULL, r->of[i].subject, 0);
        wr_free(NULL, r->of[i].text, 0);
    }
    wr_free(NULL, r->of, 0);
    wr_free(NULL, r->edges, 0);
    *r = (wr_references){0};
}

/* ---- Who needs whom ------------------------------------------------------------------------------------ */

static weir_status add_one(wr_references *r, const char *name, const char *subject, int32_t version,
                           uint32_t *out, weir_error *err) {
    for (*out = 0; *out < r->n; ++*out)
        if (r->of[*out].version == version && strcmp(r->of[*out].subject, subject) == 0) return WEIR_OK;
    if (r->n >= WR_MOST_REFERENCES)
        return weir_fail(err, WEIR_ECONFIG, "it refers to more than %d other schemas", WR_MOST_REFERENCES);
    if (wr_grow(NULL, &r->of, &r->cap, r->n + 1, sizeof *r->of)) return no_memory(err);
    wr_reference *one = &r->of[r->n];
    *one = (wr_reference){.name = copy(name), .subject = copy(subject), .version = version};
    r->n++;
    return one->name && one->subject ? WEIR_OK : no_memory(err);
}

static weir_status add_edge(wr_references *r, uint32_t of, uint32_t to, weir_error *err) {
    if (r->n_edges >= MOST_EDGES)
        return weir_fail(err, WEIR_ECONFIG, "its schemas refer to each other more than %d times", MOST_EDGES);
    if (wr_grow(NULL, &r->edges, &r->cap_edges, r->n_edges + 1, sizeof *r->edges)) return no_memory(err);
    r->edges[r->n_edges++] = (edge){of, to};
    return WEIR_OK;
}

/* {"name":"com.x.Address","subject":"address","version":1} */
static weir_status add_entry(wr_references *r, uint32_t of, const wr_json_tree *j, weir_error *err) {
    const char *name = wr_json_tree_text(j, "name"), *subject = wr_json_tree_text(j, "subject");
    const wr_json_tree *number = wr_json_tree_get(j, "version");
    int32_t version;
    uint32_t to;
    bool has_version = number && number->kind == WR_JSON_NUMBER &&
                       wr_parse_int(number->text, strlen(number->text), &version) == WR_NUMBER_OK &&
                       version > 0;
    if (!name || !subject || !*subject || !has_version)
        return weir_fail(err, WEIR_ECONFIG, "a reference of it lacks name, subject or version");
    if (strlen(name) > LONGEST_NAME || strlen(subject) > LONGEST_NAME)
        return weir_fail(err, WEIR_ECONFIG, "it refers to a subject whose name is longer than %d bytes",
                         LONGEST_NAME);
    WR_TRY(add_one(r, name, subject, version, &to, err));
    return add_edge(r, of, to, err);
}

weir_status wr_references_add(wr_references *r, uint32_t of, const wr_json_tree *list, weir_error *err) {
    if (!list || list->kind == WR_JSON_NULL) return WEIR_OK;
    if (list->kind != WR_JSON_ARRAY) return weir_fail(err, WEIR_ECONFIG, "its references are no list");
    for (const wr_json_tree *j = list->children; j; j = j->next) WR_TRY(add_entry(r, of, j, err));
    return WEIR_OK;
}

/* NAME=SUBJECT:VERSION, between blanks. */
static weir_status parse_one(wr_references *r, char *one, weir_error *err) {
    int32_t version = 0;
    char *equals = strchr(one, '='), *colon = strrchr(one, ':');
    bool ok = equals && colon && equals > one && colon > equals + 1 &&
              wr_parse_int(colon + 1, strlen(colon + 1), &version) == WR_NUMBER_OK && version > 0;
    uint32_t to;
    if (!ok)
        return weir_fail(err, WEIR_ECONFIG, "schema.references: '%.100s' is no NAME=SUBJECT:VERSION", one);
    *equals = *colon = '\0';
    WR_TRY(add_one(r, one, equals + 1, version, &to, err));
    return add_edge(r, WR_REFERENCE_ROOT, to, err);
}

weir_status wr_references_parse(wr_references *r, const char *text, weir_error *err) {
    char *all = copy(text), *save = NULL;
    weir_status st = all ? WEIR_OK : no_memory(err);
    for (char *one = all; st == WEIR_OK && (one = strtok_r(one, ", \t\n", &save)); one = NULL)
        st = parse_one(r, one, err);
    wr_free(NULL, all, 0);
    return st;
}

uint32_t wr_references_missing(const wr_references *r) {
    uint32_t i = 0;
    while (i < r->n && r->of[i].text) i++;
    return i;
}

weir_status wr_references_set(wr_references *r, uint32_t i, const char *text, weir_error *err) {
    size_t len = strlen(text);
    if (len > WR_REFERENCES_BYTES - r->bytes)
        return weir_fail(err, WEIR_ECONFIG, "the schemas that it refers to have more than %d MB",
                         (int)(WR_REFERENCES_BYTES >> 20));
    if (!(r->of[i].text = copy(text))) return no_memory(err);
    r->of[i].len = len;
    r->bytes += len;
    return WEIR_OK;
}

/* ---- Order --------------------------------------------------------------------------------------------- */

typedef struct walk {
    const wr_references *r;
    uint8_t seen[WR_MOST_REFERENCES]; /* 1: those that it needs are being looked at; 2: it is in `order` */
    uint32_t order[WR_MOST_REFERENCES], n;
    weir_error *err;
} walk;

/* Those that `of` needs, and then itself. */
static weir_status visit(walk *w, uint32_t of, unsigned depth) {
    const wr_references *r = w->r;
    if (depth > WR_DEEPEST_REFERENCE)
        return weir_fail(w->err, WEIR_ECONFIG,
                         "subject '%.80s', to which it refers, is more than %d references away",
                         r->of[of].subject, WR_DEEPEST_REFERENCE);
    if (of != WR_REFERENCE_ROOT && w->seen[of] == 1)
        return weir_fail(w->err, WEIR_ECONFIG, "references go in a circle at subject '%.80s' version %d",
                         r->of[of].subject, (int)r->of[of].version);
    if (of != WR_REFERENCE_ROOT && w->seen[of]) return WEIR_OK;
    if (of != WR_REFERENCE_ROOT) w->seen[of] = 1;
    for (uint32_t i = 0; i < r->n_edges; i++)
        if (r->edges[i].of == of) WR_TRY(visit(w, r->edges[i].to, depth + 1));
    if (of == WR_REFERENCE_ROOT) return WEIR_OK;
    w->seen[of] = 2;
    w->order[w->n++] = of;
    return WEIR_OK;
}

weir_status wr_references_order(wr_references *r, weir_error *err) {
    walk w = {.r = r, .err = err};
    if (!r->n_edges) return WEIR_OK; /* none, or it was done before */
    WR_TRY(visit(&w, WR_REFERENCE_ROOT, 0));
    wr_reference *sorted = wr_alloc_zero(NULL, r->n * sizeof *sorted);
    if (!sorted) return no_memory(err);
    for (uint32_t i = 0; i < w.n; i++) sorted[i] = r->of[w.order[i]];
    wr_free(NULL, r->of, 0);
    r->of = sorted;
    r->cap = r->n;
    r->n_edges = 0; /* they spoke of the old places */
    return WEIR_OK;
}
