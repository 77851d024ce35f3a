/* config.c: see config.h.
 *
 * Values may hold ${NAME} or ${env:NAME}, which the environment has: so that no password stands in the file.
 */
#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

typedef struct check {
    config *c;
    const char *file;
    bool failed;
} check;

static void wrong(check *k, const yaml_tree *t, const char *what, const char *name, const char *hint) {
    fprintf(stderr, "%s:%u:%u: error: ", k->file, t->line, t->column);
    fprintf(stderr, what, name);
    fprintf(stderr, "\n%s%s%s", hint ? "hint: " : "", hint ? hint : "", hint ? "\n" : "");
    k->failed = true;
}

/* ---- Keys ---- */

/* How many letters differ (insertions, deletions, changes), up to 32 letters. */
static unsigned distance(const char *a, const char *b) {
    unsigned row[33];
    size_t n_a = strlen(a), n_b = strlen(b);
    if (n_a > 32 || n_b > 32) return 32;
    for (unsigned j = 0; j <= n_b; j++) row[j] = j;
    for (unsigned i = 1; i <= n_a; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= n_b; j++) {
            unsigned above = row[j], changed = corner + (a[i - 1] != b[j - 1]);
            unsigned one_more = (above < row[j - 1] ? above : row[j - 1]) + 1;
            row[j] = changed < one_more ? changed : one_more;
            corner = above;
        }
    }
    return row[n_b];
}

typedef struct elsewhere {
    const char *key, *hint;
} elsewhere;

/* Of Siddhi's runner: what has another place here. */
static const elsewhere others[] = {
    {"dataSources", "give the connection to a ref: refs: - ref: {name: …, type: rdbms, properties: {…}}"},
    {"wso2.datasources",
     "give the connection to a ref: refs: - ref: {name: …, type: rdbms, properties: {…}}"},
    {"transports", "weir run --admin ADDRESS serves queries, metrics and deployment"},
    {"siddhi.stores.query.api", "weir run --admin ADDRESS answers on-demand queries"},
    {"metrics", "weir run --admin ADDRESS serves /metrics to Prometheus"},
    {"wso2.metrics", "weir run --admin ADDRESS serves /metrics to Prometheus"},
    {"statistics", "@app:statistics in the app, or weir run --admin ADDRESS: /metrics"},
    {"auth.configs", "weir run --token TOKEN guards the admin server"},
    {"siddhi", "write refs, extensions and properties at the outermost level"},
    {NULL, NULL}};

static void unknown_key(check *k, const yaml_tree *t, unsigned i, const char *const *keys) {
    char hint[128];
    const char *best = NULL;
    for (const elsewhere *e = others; e->key; e++)
        if (!strcmp(e->key, t->keys[i])) {
            wrong(k, t->of[i], "there is no '%s' here", t->keys[i], e->hint);
            return;
        }
    for (; *keys; keys++)
        if (distance(t->keys[i], *keys) <= 2 && !best) best = *keys;
    snprintf(hint, sizeof hint, "did you mean '%s'?", best ? best : "");
    wrong(k, t->of[i], "there is no '%s' here", t->keys[i], best ? hint : NULL);
}

/* A mapping that has no keys but these; NULL at the end. */
static bool is_mapping(check *k, const yaml_tree *t, const char *name, const char *const *keys) {
    if (t->kind != YAML_MAPPING) {
        wrong(k, t, "'%s' must have keys and values", name, NULL);
        return false;
    }
    for (unsigned i = 0; keys && i < t->n; i++) {
        const char *const *key = keys;
        while (*key && strcmp(*key, t->keys[i]) != 0) key++;
        if (!*key) unknown_key(k, t, i, keys);
    }
    return true;
}

/* ---- Values ---- */

static const char *environment(check *k, const yaml_tree *t, const char *name, size_t len) {
    char copy[256];
    if (len > 4 && !strncmp(name, "env:", 4)) {
        name += 4;
        len -= 4;
    }
    snprintf(copy, sizeof copy, "%.*s", (int)len, name);
    const char *value = getenv(copy);
    if (!value) wrong(k, t, "the environment has no '%s'", copy, "set it, or write the value itself");
    return value;
}

/* Puts in what ${…} stands for. */
static void expand(check *k, yaml_tree *t) {
    char *text = NULL;
    size_t len = 0;
    if (t->kind != YAML_SCALAR || !strstr(t->text, "${")) return;
    FILE *f = open_memstream(&text, &len);
    for (const char *p = t->text; f && *p;) {
        const char *end = p[0] == '$' && p[1] == '{' ? strchr(p, '}') : NULL;
        const char *value = end ? environment(k, t, p + 2, (size_t)(end - p) - 2) : NULL;
        if (end)
            fputs(value ? value : "", f);
        else
            fputc(*p, f);
        p = end ? end + 1 : p + 1;
    }
    if (!f || fclose(f)) return;
    free(t->text);
    t->text = text;
}

static void expand_all(check *k, yaml_tree *t) {
    expand(k, t);
    for (unsigned i = 0; i < t->n; i++) expand_all(k, t->of[i]);
}

static const char *text_of(check *k, const yaml_tree *t, const char *key, bool is_needed) {
    const yaml_tree *v = yaml_get(t, key);
    if (!v && is_needed) wrong(k, t, "'%s' is missing", key, NULL);
    if (v && v->kind != YAML_SCALAR) wrong(k, v, "'%s' must be one value", key, NULL);
    return v && v->kind == YAML_SCALAR ? v->text : NULL;
}

static long long number_of(check *k, const yaml_tree *t, const char *key, long long most) {
    const char *text = text_of(k, t, key, false);
    char *end;
    if (!text) return 0;
    long long n = strtoll(text, &end, 10);
    if (*text && !*end && n > 0 && n <= most) return n;
    wrong(k, yaml_get(t, key), "'%s' must be a whole number above 0", key, NULL);
    return 0;
}

static bool is_texts(check *k, const yaml_tree *t, const char *name) {
    if (!is_mapping(k, t, name, NULL)) return false;
    for (unsigned i = 0; i < t->n; i++)
        if (t->of[i]->kind != YAML_SCALAR) wrong(k, t->of[i], "'%s' must be one value", t->keys[i], NULL);
    return true;
}

/* ---- Parts ---- */

static bool add_ref(check *k, const yaml_tree *t, const char *name, const char *kind, const char *type) {
    config *c = k->c;
    const yaml_tree *p = yaml_get(t, "properties");
    weir_ref *refs = realloc(c->refs, (c->n_refs + 1) * sizeof *refs);
    if (refs) c->refs = refs;
    if (!refs || (p && !is_texts(k, p, "properties"))) return false;
    uint32_t n = p ? p->n : 0;
    weir_pair *pairs = calloc(n + 1, sizeof *pairs);
    for (uint32_t i = 0; pairs && i < n; i++)
        pairs[i] = (weir_pair){.key = p->keys[i], .value = p->of[i]->text ? p->of[i]->text : ""};
    c->refs[c->n_refs++] =
        (weir_ref){.name = name, .kind = kind, .type = type, .settings = pairs, .n_settings = pairs ? n : 0};
    return pairs != NULL;
}

static void read_ref(check *k, const yaml_tree *t) {
    static const char *const keys[] = {"name", "type", "properties", NULL};
    if (!is_mapping(k, t, "ref", keys)) return;
    const char *name = text_of(k, t, "name", true), *type = text_of(k, t, "type", true);
    for (uint32_t i = 0; name && i < k->c->n_refs; i++)
        if (k->c->refs[i].name && !strcmp(k->c->refs[i].name, name))
            wrong(k, t, "there are two refs '%s'", name, NULL);
    if (name && type) add_ref(k, t, name, NULL, type);
}

static void read_extension(check *k, const yaml_tree *t) {
    static const char *const keys[] = {"name", "namespace", "properties", NULL};
    static const char *const kinds[] = {"source", "sink", "store", "sourceMapper", "sinkMapper", NULL};
    if (!is_mapping(k, t, "extension", keys)) return;
    const char *name = text_of(k, t, "name", true), *space = text_of(k, t, "namespace", true);
    const char *const *kind = kinds;
    while (space && *kind && strcasecmp(*kind, space) != 0) kind++;
    if (space && !*kind)
        wrong(k, yaml_get(t, "namespace"), "extensions of the namespace '%s' have no settings", space,
              "source, sink, store, sourceMapper and sinkMapper have");
    else if (space && name)
        add_ref(k, t, NULL, *kind, name);
}

/* A sequence of mappings with one key each. */
static void read_list(check *k, const yaml_tree *list, const char *name, const char *one,
                      void (*read)(check *, const yaml_tree *)) {
    const char *const keys[] = {one, NULL};
    if (!list) return;
    if (list->kind != YAML_SEQUENCE) {
        wrong(k, list, "'%s' must be a list", name, NULL);
        return;
    }
    for (unsigned i = 0; i < list->n; i++)
        if (is_mapping(k, list->of[i], one, keys) && yaml_get(list->of[i], one))
            read(k, yaml_get(list->of[i], one));
}

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && !strcmp(text + n - n_end, end);
}

static void read_persistence(check *k, const yaml_tree *t) {
    static const char *const keys[] = {"enabled",          "intervalInMin", "revisionsToKeep",
                                       "persistenceStore", "config",        NULL};
    static const char *const places[] = {"location", NULL};
    if (!t || !is_mapping(k, t, "state.persistence", keys)) return;
    const char *enabled = text_of(k, t, "enabled", false), *store = text_of(k, t, "persistenceStore", false);
    const yaml_tree *place = yaml_get(t, "config");
    long long minutes = number_of(k, t, "intervalInMin", 1440);
    k->c->keep = number_of(k, t, "revisionsToKeep", 1000000);
    if (enabled && strcasecmp(enabled, "true") != 0 && strcasecmp(enabled, "false") != 0)
        wrong(k, yaml_get(t, "enabled"), "'%s' is true or false", "enabled", NULL);
    if (store && !ends_with(store, "FileSystemPersistenceStore"))
        wrong(k, yaml_get(t, "persistenceStore"), "there is no persistence store '%s'", store,
              "state is kept in files: FileSystemPersistenceStore or IncrementalFileSystemPersistenceStore");
    if (place && !is_mapping(k, place, "config", places)) return;
    if (!enabled || strcasecmp(enabled, "true") != 0) return;
    k->c->checkpoint_ms = minutes * 60000;
    k->c->state_dir = place ? text_of(k, place, "location", false) : NULL;
    if (!k->c->state_dir) k->c->state_dir = "siddhi-app-persistence"; /* as Siddhi's runner */
}

static void read_all(check *k) {
    static const char *const keys[] = {"properties", "extensions", "refs", "state.persistence", NULL};
    config *c = k->c;
    expand_all(k, c->tree);
    if (!is_mapping(k, c->tree, "the file", keys)) return;
    read_list(k, yaml_get(c->tree, "refs"), "refs", "ref", read_ref);
    read_list(k, yaml_get(c->tree, "extensions"), "extensions", "extension", read_extension);
    read_persistence(k, yaml_get(c->tree, "state.persistence"));
    c->properties = yaml_get(c->tree, "properties");
    if (c->properties && !is_texts(k, c->properties, "properties")) c->properties = NULL;
}

bool config_read(config *c, const char *file) {
    size_t len;
    check k = {.c = c, .file = file};
    char *text = cli_read_file(file, &len);
    c->tree = text ? yaml_read(file, text, len) : NULL;
    free(text);
    if (c->tree) read_all(&k);
    return c->tree && !k.failed;
}

void config_free(config *c) {
    for (uint32_t i = 0; i < c->n_refs; i++) free((void *)(uintptr_t)c->refs[i].settings);
    free(c->refs);
    yaml_free(c->tree);
    *c = (config){0};
}

const char *config_property(const config *c, const char *name) {
    const yaml_tree *t = yaml_get(c->properties, name);
    return t ? t->text : NULL;
}
