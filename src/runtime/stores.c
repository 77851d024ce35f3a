/* stores.c: see stores.h. */
#include "runtime/stores.h"

#include <stdio.h>
#include <strings.h>

#include "io/options.h"

struct wr_stores {
    wr_stores_options options;
    weir_io_host host;
    weir_arena arena;
    wr_store **of_table; /* by plan index; NULL: in memory */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a store");
}

/* ---- Settings ---- */

static weir_pair *pairs_of(wr_stores *s, const wr_option *options, uint32_t n) {
    weir_pair *pairs = wr_arena_array(&s->arena, n + 1, sizeof *pairs);
    for (uint32_t i = 0; pairs && i < n; i++)
        pairs[i] = (weir_pair){options[i].key, options[i].value, options[i].begin, options[i].end};
    return pairs;
}

static const char *option_text(const wr_plan_store *p, const char *key) {
    for (uint32_t i = 0; i < p->n_options; i++)
        if (!strcmp(p->options[i].key, key)) return p->options[i].value;
    return NULL;
}

/* type='rdbms' is what its JDBC URL says. */
static weir_status type_name(const wr_plan_store *p, const char **out, weir_error *err) {
    *out = p->type;
    if (strcasecmp(p->type, "rdbms") != 0) return WEIR_OK;
    static const char *const refused[] = {"datasource", "jndi.resource"};
    for (uint32_t i = 0; i < WR_COUNT(refused); i++)
        if (option_text(p, refused[i]))
            return weir_fail(
                err, WEIR_EUNSUPPORTED,
                "@store(type='rdbms'): '%s' names a setting of a Java server, which weir has not: write "
                "jdbc.url, username and password",
                refused[i]);
    const char *url = option_text(p, "jdbc.url");
    if (!url) return weir_fail(err, WEIR_ECONFIG, "@store(type='rdbms') needs the option 'jdbc.url'");
    if (!strncasecmp(url, "jdbc:sqlite:", 12))
        *out = "sqlite";
    else if (!strncasecmp(url, "jdbc:postgresql:", 16))
        *out = "postgresql";
    else {
        weir_fail(err, WEIR_EUNSUPPORTED, "@store(type='rdbms'): weir has no store for '%.*s'",
                  (int)strcspn(url + (strncasecmp(url, "jdbc:", 5) ? 0 : 5), ":/?;") +
                      (strncasecmp(url, "jdbc:", 5) ? 0 : 5),
                  url);
        if (err)
            snprintf(err->hint, sizeof err->hint,
                     "it has jdbc:sqlite:FILE and jdbc:postgresql://HOST/DATABASE");
        return WEIR_EUNSUPPORTED;
    }
    return WEIR_OK;
}

enum { CACHE_SIZE, CACHE_POLICY, CACHE_RETENTION, CACHE_PURGE };
static const weir_option cache_options[] = {
    {"size", WEIR_OPTION_LONG, true, NULL, NULL, "Most rows that are kept in memory."},
    {"cache.policy", WEIR_OPTION_CHOICE, false, "FIFO", "FIFO|LRU|LFU", "Which rows go first."},
    {"retention.period", WEIR_OPTION_TIME, false, NULL, NULL,
     "A row is read anew after so long; never without it."},
    {"purge.interval", WEIR_OPTION_TIME, false, NULL, NULL,
     "How often that is looked after; retention.period."},
    {0},
};

static weir_status read_cache(wr_stores *s, const wr_plan_table *t, wr_store_cache *out, weir_error *err) {
    const wr_plan_store *p = t->store;
    weir_settings set = {0};
    if (!p->has_cache) return WEIR_OK;
    weir_pair *pairs = pairs_of(s, p->cache_options, p->n_cache_options);
    if (!pairs) return no_memory(err);
    WR_TRY(wr_settings_check("@cache", cache_options, NULL, pairs, p->n_cache_options, &s->arena, &set, err));
    int64_t size = set.of[CACHE_SIZE].as.l;
    if (size <= 0 || size > UINT32_MAX / 4)
        return weir_fail(err, WEIR_ECONFIG, "@cache: size is %lld; it takes 1 to %u", (long long)size,
                         UINT32_MAX / 4);
    out->size = (uint64_t)size;
    out->policy = (wr_cache_policy)set.of[CACHE_POLICY].as.l;
    out->retention_ms = set.of[CACHE_RETENTION].given ? set.of[CACHE_RETENTION].as.l : 0;
    out->purge_ms = set.of[CACHE_PURGE].given ? set.of[CACHE_PURGE].as.l : out->retention_ms;
    return WEIR_OK;
}

/* ---- One store ---- */

static weir_status make_args(wr_stores *s, const wr_plan_table *t, weir_settings *settings,
                             weir_store_args *out, weir_error *err) {
    weir_attribute *columns = wr_arena_array(&s->arena, t->schema.n_attrs + 1, sizeof *columns);
    if (!columns) return no_memory(err);
    for (uint32_t i = 0; i < t->schema.n_attrs; i++)
        columns[i] = (weir_attribute){t->schema.attrs[i].name, t->schema.attrs[i].type};
    *out = (weir_store_args){.settings = settings,
                             .app = s->host.app,
                             .table = t->name,
                             .n_columns = t->schema.n_attrs,
                             .columns = columns,
                             .n_key = t->n_key,
                             .key = t->key,
                             .n_indexes = t->n_indexes,
                             .indexes = t->indexes,
                             .host = &s->host};
    return WEIR_OK;
}

static weir_status open_store(wr_stores *s, const wr_plan_table *t, wr_store **out, weir_error *err) {
    const char *name;
    char what[64];
    WR_TRY(type_name(t->store, &name, err));
    wr_store *store = *out = wr_arena_zero(&s->arena, 1, sizeof *store);
    weir_settings *settings = wr_arena_zero(&s->arena, 1, sizeof *settings);
    weir_pair *pairs = pairs_of(s, t->store->options, t->store->n_options);
    if (!store || !settings || !pairs) return no_memory(err);
    const weir_store_type *type;
    WR_TRY(wr_io_registry_need_store(s->options.registry, name, &type, err));
    snprintf(what, sizeof what, "@store(type='%.40s')", t->store->type);
    WR_TRY(
        wr_settings_check(what, type->options, NULL, pairs, t->store->n_options, &s->arena, settings, err));
    WR_TRY(make_args(s, t, settings, &store->args, err));
    WR_TRY(read_cache(s, t, &store->cache, err));
    store->stop = s->options.stop;
    store->on_wait = s->options.on_wait;
    store->on_wait_ctx = s->options.on_wait_ctx;
    store->self = wr_alloc_zero(NULL, type->state_size);
    if (!store->self) return no_memory(err);
    store->type = type;
    return type->open(store->self, &store->args, err);
}

/* ---- All of them ---- */

weir_status wr_stores_new(const wr_stores_options *options,
                          void (*wrong)(void *ctx, uint32_t begin, uint32_t end, const weir_error *err),
                          void *ctx, wr_stores **out, weir_error *err) {
    const wr_plan *p = options->plan;
    bool any = false;
    *out = NULL;
    for (uint32_t i = 0; i < p->n_tables; i++) any |= p->tables[i].store != NULL;
    if (!any) return WEIR_OK;
    wr_stores *s = *out = wr_alloc_zero(NULL, sizeof *s);
    if (!s) return no_memory(err);
    s->options = *options;
    s->host = options->host;
    s->host.base_dir = options->base_dir;
    wr_arena_init(&s->arena, NULL);
    s->of_table = wr_arena_zero(&s->arena, p->n_tables + 1, sizeof(wr_store *));
    weir_status first = s->of_table ? WEIR_OK : no_memory(err);
    for (uint32_t i = 0; s->of_table && i < p->n_tables; i++) {
        const wr_plan_store *plan = p->tables[i].store;
        weir_error own = {0};
        weir_status st = plan ? open_store(s, &p->tables[i], &s->of_table[i], &own) : WEIR_OK;
        if (st == WEIR_OK) continue;
        bool placed = own.end > own.begin;
        wrong(ctx, placed ? own.begin : plan->begin, placed ? own.end : plan->end, &own);
        if (first == WEIR_OK && err) *err = own;
        if (first == WEIR_OK) first = st;
    }
    return first;
}

void wr_stores_free(wr_stores *s) {
    if (!s) return;
    for (uint32_t i = 0; s->of_table && i < s->options.plan->n_tables; i++) {
        wr_store *store = s->of_table[i];
        if (!store || !store->type) continue;
        store->type->close(store->self);
        wr_free(NULL, store->self, store->type->state_size);
    }
    wr_arena_fini(&s->arena);
    wr_free(NULL, s, sizeof *s);
}

wr_store *wr_stores_of_table(const wr_stores *s, uint32_t table) { return s ? s->of_table[table] : NULL; }

weir_status wr_stores_connect(wr_stores *s, weir_error *err) {
    for (uint32_t i = 0; s && i < s->options.plan->n_tables; i++)
        if (s->of_table[i]) WR_TRY(wr_store_connect(s->of_table[i], err));
    return WEIR_OK;
}
