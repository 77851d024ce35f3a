/* registry.c: four sorted arrays of borrowed descriptors.
 *
 * Descriptors of a kind differ in type but begin alike (size, namespace, name, …), so each array holds what
 * is looked at here next to the pointer: entries are sorted by (namespace, name) and found by bisection. A
 * registry is filled once, and again when a module is opened, and read often. */
#include "registry/registry.h"

#include <pthread.h>
#include <string.h>

typedef struct entry {
    const char *ns, *name;
    const void *descriptor;
} entry;

typedef struct entry_list {
    entry *items;
    uint32_t n, cap;
} entry_list;

struct wr_registry {
    entry_list functions, stream_functions, aggregators, windows;
    pthread_mutex_t lock; /* of the lists */
    wr_modules *modules;
};

/* ---- Sorted list ----------------------------------------------------------------------------------------
 */

static int compare_names(const char *ns_a, const char *name_a, const char *ns_b, const char *name_b) {
    int by_ns = strcmp(ns_a, ns_b);
    return by_ns ? by_ns : strcmp(name_a, name_b);
}

/* The position of (ns, name), or where it would go. */
static uint32_t list_seek(const entry_list *list, const char *ns, const char *name, bool *found) {
    uint32_t low = 0, high = list->n;
    *found = false;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = compare_names(list->items[mid].ns, list->items[mid].name, ns, name);
        if (c == 0) {
            *found = true;
            return mid;
        }
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void lock(const wr_registry *r) { pthread_mutex_lock((pthread_mutex_t *)&r->lock); }
static void unlock(const wr_registry *r) { pthread_mutex_unlock((pthread_mutex_t *)&r->lock); }

static const void *list_find(const wr_registry *r, const entry_list *list, const char *ns, const char *name) {
    bool found;
    lock(r);
    uint32_t at = list_seek(list, ns ? ns : "", name, &found);
    const void *descriptor = found ? list->items[at].descriptor : NULL;
    unlock(r);
    return descriptor;
}

static uint32_t list_size(const wr_registry *r, const entry_list *list) {
    lock(r);
    uint32_t n = list->n;
    unlock(r);
    return n;
}

static const void *list_get(const wr_registry *r, const entry_list *list, uint32_t i) {
    lock(r);
    const void *descriptor = list->items[i].descriptor;
    unlock(r);
    return descriptor;
}

static weir_status insert(entry_list *list, const char *kind, entry item, weir_error *err) {
    bool found;
    uint32_t at = list_seek(list, item.ns, item.name, &found);
    if (found)
        return weir_fail(err, WEIR_ENAME, "%s '%s%s%s' is registered already", kind, item.ns,
                         *item.ns ? ":" : "", item.name);
    if (wr_grow(NULL, &list->items, &list->cap, list->n + 1, sizeof *list->items))
        return weir_fail(err, WEIR_ENOMEM, "out of memory while registering %s '%s'", kind, item.name);
    memmove(list->items + at + 1, list->items + at, (list->n - at) * sizeof *list->items);
    list->items[at] = item;
    list->n++;
    return WEIR_OK;
}

static weir_status list_add(wr_registry *r, entry_list *list, const char *kind, entry item, weir_error *err) {
    lock(r);
    weir_status st = insert(list, kind, item, err);
    unlock(r);
    return st;
}

static void list_fini(entry_list *list) { wr_free(NULL, list->items, list->cap * sizeof *list->items); }

/* ---- What a descriptor must have ------------------------------------------------------------------------
 */

/* The fields that all kinds share. */
typedef struct common {
    const char *kind;
    size_t struct_size, needed_size;
    const char *ns, *name, *doc;
    const weir_param_doc *params;
} common;

static bool is_name(const char *s) {
    if (!s || !*s || (*s >= '0' && *s <= '9')) return false;
    for (; *s; s++)
        if (!(*s == '_' || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9')))
            return false;
    return true;
}

static weir_status lacks(const common *c, const char *what, weir_error *err) {
    return weir_fail(err, WEIR_EUSAGE, "%s '%s' cannot be registered: it has no %s", c->kind,
                     c->name ? c->name : "?", what);
}

static weir_status check_params(const common *c, weir_error *err) {
    if (!c->params || !c->params[0].signature) return lacks(c, "params", err);
    for (const weir_param_doc *p = c->params; p->signature; p++)
        if (!*p->signature || !p->doc || !*p->doc) return lacks(c, "sentence about one of its params", err);
    return WEIR_OK;
}

/* An older library may hand in a shorter struct only once there are newer fields: today all are needed. */
static weir_status check_common(const common *c, weir_error *err) {
    if (c->struct_size < c->needed_size)
        return weir_fail(err, WEIR_EUSAGE, "a %s cannot be registered: its struct_size is %zu, expected %zu",
                         c->kind, c->struct_size, c->needed_size);
    if (!is_name(c->name)) return lacks(c, "name that a query could use", err);
    if (!c->ns) return lacks(c, "namespace ('' for none)", err);
    if (*c->ns && !is_name(c->ns)) return lacks(c, "namespace that a query could use", err);
    if (!c->doc || !*c->doc) return lacks(c, "doc", err);
    return check_params(c, err);
}

static weir_status check_state(const common *c, size_t state_size, bool has_save, bool has_load,
                               weir_error *err) {
    if (has_save && !has_load) return lacks(c, "load (but a save)", err);
    if (has_load && !has_save) return lacks(c, "save (but a load)", err);
    if (state_size == 0) return WEIR_OK;
    if (!has_save) return lacks(c, "save and load (but a state)", err);
    return WEIR_OK;
}

static weir_status check_function(const common *c, const weir_function_type *t, weir_error *err) {
    if (!t->check) return lacks(c, "check", err);
    if (!t->eval) return lacks(c, "eval", err);
    if (t->state_size && !t->open) return lacks(c, "open (but a state)", err);
    return WEIR_OK;
}

static weir_status check_stream_function(const common *c, const weir_stream_function_type *t,
                                         weir_error *err) {
    if (!t->check) return lacks(c, "check", err);
    if (!t->eval) return lacks(c, "eval", err);
    if (t->state_size && !t->open) return lacks(c, "open (but a state)", err);
    return WEIR_OK;
}

static weir_status check_aggregator(const common *c, const weir_aggregator_type *t, weir_error *err) {
    if (!t->check) return lacks(c, "check", err);
    if (!t->open || !t->reserve || !t->update || !t->reset_all || !t->release)
        return lacks(c,
                     !t->open        ? "open"
                     : !t->reserve   ? "reserve"
                     : !t->update    ? "update"
                     : !t->reset_all ? "reset_all"
                                     : "release",
                     err);
    return check_state(c, t->state_size, t->save, t->load, err);
}

static weir_status check_window(const common *c, const weir_window_type *t, weir_error *err) {
    if (!t->check) return lacks(c, "check", err);
    if (!t->open) return lacks(c, "open", err);
    if (!t->process && !t->on_chunk) return lacks(c, "on_chunk or process", err);
    if (t->uses_clock && !t->process && t->on_timer && !t->due) return lacks(c, "due (but an on_timer)", err);
    if (!t->uses_clock && t->on_timer) return lacks(c, "uses_clock (but an on_timer)", err);
    if (!t->bound) return lacks(c, "bound", err);
    return check_state(c, t->state_size, t->save, t->load, err);
}

/* ---- Public ----------------------------------------------------------------------------------------------
 */

weir_status wr_registry_new(wr_registry **out) {
    *out = wr_alloc_zero(NULL, sizeof **out);
    if (!*out) return WEIR_ENOMEM;
    pthread_mutex_init(&(*out)->lock, NULL);
    return WEIR_OK;
}

void wr_registry_free(wr_registry *r) {
    if (!r) return;
    list_fini(&r->functions);
    list_fini(&r->stream_functions);
    list_fini(&r->aggregators);
    list_fini(&r->windows);
    pthread_mutex_destroy(&r->lock);
    wr_free(NULL, r, sizeof *r);
}

#define COMMON_OF(kind_text, t)                                                                              \
    { (kind_text), (t)->struct_size, sizeof *(t), (t)->ns, (t)->name, (t)->doc, (t)->params }

weir_status wr_registry_add_function(wr_registry *r, const weir_function_type *t, weir_error *err) {
    common c = COMMON_OF("function", t);
    WR_TRY(check_common(&c, err));
    WR_TRY(check_function(&c, t, err));
    return list_add(r, &r->functions, c.kind, (entry){t->ns ? t->ns : "", t->name, t}, err);
}

weir_status wr_registry_add_stream_function(wr_registry *r, const weir_stream_function_type *t,
                                            weir_error *err) {
    common c = COMMON_OF("stream function", t);
    WR_TRY(check_common(&c, err));
    WR_TRY(check_stream_function(&c, t, err));
    return list_add(r, &r->stream_functions, c.kind, (entry){t->ns ? t->ns : "", t->name, t}, err);
}

weir_status wr_registry_add_aggregator(wr_registry *r, const weir_aggregator_type *t, weir_error *err) {
    common c = COMMON_OF("aggregator", t);
    WR_TRY(check_common(&c, err));
    WR_TRY(check_aggregator(&c, t, err));
    return list_add(r, &r->aggregators, c.kind, (entry){t->ns ? t->ns : "", t->name, t}, err);
}

weir_status wr_registry_add_window(wr_registry *r, const weir_window_type *t, weir_error *err) {
    common c = COMMON_OF("window", t);
    WR_TRY(check_common(&c, err));
    WR_TRY(check_window(&c, t, err));
    return list_add(r, &r->windows, c.kind, (entry){t->ns ? t->ns : "", t->name, t}, err);
}

const weir_function_type *wr_registry_find_function(const wr_registry *r, const char *ns, const char *name) {
    return list_find(r, &r->functions, ns, name);
}
const weir_stream_function_type *wr_registry_find_stream_function(const wr_registry *r, const char *ns,
                                                                  const char *name) {
    return list_find(r, &r->stream_functions, ns, name);
}
const weir_aggregator_type *wr_registry_find_aggregator(const wr_registry *r, const char *ns,
                                                        const char *name) {
    return list_find(r, &r->aggregators, ns, name);
}
const weir_window_type *wr_registry_find_window(const wr_registry *r, const char *ns, const char *name) {
    return list_find(r, &r->windows, ns, name);
}

uint32_t wr_registry_n_functions(const wr_registry *r) { return list_size(r, &r->functions); }
const weir_function_type *wr_registry_function(const wr_registry *r, uint32_t i) {
    return list_get(r, &r->functions, i);
}
uint32_t wr_registry_n_stream_functions(const wr_registry *r) { return list_size(r, &r->stream_functions); }
const weir_stream_function_type *wr_registry_stream_function(const wr_registry *r, uint32_t i) {
    return list_get(r, &r->stream_functions, i);
}
uint32_t wr_registry_n_aggregators(const wr_registry *r) { return list_size(r, &r->aggregators); }
const weir_aggregator_type *wr_registry_aggregator(const wr_registry *r, uint32_t i) {
    return list_get(r, &r->aggregators, i);
}
uint32_t wr_registry_n_windows(const wr_registry *r) { return list_size(r, &r->windows); }
const weir_window_type *wr_registry_window(const wr_registry *r, uint32_t i) {
    return list_get(r, &r->windows, i);
}

void wr_registry_set_modules(wr_registry *r, wr_modules *modules) { r->modules = modules; }

weir_status wr_registry_need(const wr_registry *r, unsigned kinds, const char *ns, const char *name,
                             weir_error *err) {
    return wr_modules_need(r->modules, kinds, ns, name, err);
}
