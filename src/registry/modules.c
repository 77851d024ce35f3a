/* modules.c: see modules.h. */
#include "registry/modules.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir_module.h"

#ifndef WR_MODULE_DIR
#define WR_MODULE_DIR "" /* where weir was installed to */
#endif
#ifndef WR_WITHOUT_MODULES
#define WR_WITHOUT_MODULES "" /* ",a,b,": those that the build left out */
#endif

#define LONGEST_NAME 40u
#define PATH_BYTES   1024u
#define PLACES_BYTES 400u

typedef struct opened {
    struct opened *next;
    char name[LONGEST_NAME + 1];
} opened;

struct wr_modules {
    pthread_mutex_t lock; /* of `opened`, and held while a module starts */
    const wr_module_row *table;
    char *path;
    struct weir_engine *engine;
    opened *opened;
};

weir_status wr_modules_new(const wr_modules_options *options, wr_modules **out) {
    wr_modules *m = wr_alloc_zero(NULL, sizeof *m);
    size_t len = options->path ? strlen(options->path) + 1 : 0;
    *out = NULL;
    if (!m) return WEIR_ENOMEM;
    m->path = len ? wr_alloc(NULL, len) : NULL;
    if (len && !m->path) {
        wr_free(NULL, m, sizeof *m);
        return WEIR_ENOMEM;
    }
    if (len) memcpy(m->path, options->path, len);
    m->table = options->table;
    m->engine = options->engine;
    pthread_mutex_init(&m->lock, NULL);
    *out = m;
    return WEIR_OK;
}

void wr_modules_free(wr_modules *m) {
    if (!m) return;
    for (opened *o = m->opened, *next; o; o = next) {
        next = o->next;
        wr_free(NULL, o, sizeof *o);
    }
    pthread_mutex_destroy(&m->lock);
    wr_free(NULL, m->path, 0);
    wr_free(NULL, m, sizeof *m);
}

/* ---- Where the file is -------------------------------------------------------------------------------- */

typedef struct search {
    const char *module;
    char file[PATH_BYTES];
    char places[PLACES_BYTES]; /* looked at in vain */
    bool found;
} search;

static void look_in(search *s, const char *folder, size_t len, const char *below) {
    if (s->found || !len) return;
    int n = snprintf(s->file, sizeof s->file, "%.*s%s/weir_%s.so", (int)len, folder, below, s->module);
    if (n < 0 || (size_t)n >= sizeof s->file) return;
    s->found = access(s->file, F_OK) == 0;
    size_t used = strlen(s->places);
    if (!s->found)
        snprintf(s->places + used, sizeof s->places - used, "%s%.*s%s", used ? ", " : "", (int)len, folder,
                 below);
}

static void look_in_all(search *s, const char *path) {
    while (path && *path) {
        size_t len = strcspn(path, ":");
        look_in(s, path, len, "");
        path += len + (path[len] == ':');
    }
}

/* The length of the folder part of a file's name; "" is none. */
static size_t folder_len(const char *file) {
    const char *slash = strrchr(file, '/');
    return slash ? (size_t)(slash - file) : 0;
}

static void program_file(char file[PATH_BYTES]) {
    ssize_t n = readlink("/proc/self/exe", file, PATH_BYTES - 1);
    file[n > 0 ? n : 0] = 0;
}

/* The shared library that this code is in; "" when it is part of the program. */
static void library_file(char file[PATH_BYTES]) {
    Dl_info info;
    char program[PATH_BYTES];
    file[0] = 0;
    program_file(program);
    if (!dladdr((const void *)wr_module_table, &info) || !info.dli_fname) return;
    char *real = realpath(info.dli_fname, NULL);
    if (real && strcmp(real, program) != 0 && strstr(real, ".so") && strlen(real) < PATH_BYTES)
        strcpy(file, real);
    free(real);
}

static void find_file(const wr_modules *m, search *s) {
    char file[PATH_BYTES];
    look_in_all(s, m->path);
    look_in_all(s, getenv("WEIR_MODULE_PATH"));
    program_file(file);
    look_in(s, file, folder_len(file), "/modules");
    library_file(file);
    look_in(s, file, folder_len(file), "/weir");
    look_in(s, WR_MODULE_DIR, strlen(WR_MODULE_DIR), "");
}

/* ---- Opening it --------------------------------------------------------------------------------------- */

/* A library that was itself opened for its opener alone (by a scripting language, say) becomes visible to
 * modules. */
static void show_library_to_modules(void) {
    char file[PATH_BYTES];
    library_file(file);
    if (file[0]) (void)dlopen(file, RTLD_NOW | RTLD_NOLOAD | RTLD_GLOBAL);
}

static weir_status refuse(weir_error *err, weir_status code, const search *s, const char *why) {
    return weir_fail(err, code, "the module '%s' can't be used: %s", s->file, why);
}

static weir_status check_head(const search *s, const weir_module_type *t, weir_error *err) {
    char why[160];
    if (!t) return refuse(err, WEIR_EUNSUPPORTED, s, "it exports no weir_module, so it is no module of weir");
    if (t->magic != WEIR_MODULE_MAGIC)
        return refuse(err, WEIR_EUNSUPPORTED, s, "its weir_module is something else");
    if (t->abi != WEIR_MODULE_ABI) {
        snprintf(why, sizeof why,
                 "it was built for module interface %u, and this weir (" WEIR_VERSION ") has %u", t->abi,
                 WEIR_MODULE_ABI);
        return refuse(err, WEIR_EUNSUPPORTED, s, why);
    }
    if (t->struct_size < sizeof *t || !t->name || !t->start)
        return refuse(err, WEIR_EUNSUPPORTED, s, "its weir_module is incomplete");
    if (strcmp(t->name, s->module) == 0) return WEIR_OK;
    snprintf(why, sizeof why, "it says that it is the module '%.60s'", t->name);
    return refuse(err, WEIR_EUNSUPPORTED, s, why);
}

static weir_status open_file(const wr_modules *m, const search *s, weir_error *err) {
    show_library_to_modules();
    void *handle = dlopen(s->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *why = dlerror();
        return refuse(err, WEIR_EIO, s, why ? why : "it can't be opened");
    }
    const weir_module_type *t = dlsym(handle, "weir_module");
    weir_status st = check_head(s, t, err);
    if (st != WEIR_OK) {
        dlclose(handle);
        return st;
    }
    weir_error own = {0};
    st = t->start(m->engine, &own); /* from here on it stays open */
    return st == WEIR_OK ? WEIR_OK : refuse(err, st, s, own.message);
}

static bool is_open(const wr_modules *m, const char *name) {
    for (const opened *o = m->opened; o; o = o->next)
        if (strcmp(o->name, name) == 0) return true;
    return false;
}

static bool is_left_out(const char *name) {
    char item[LONGEST_NAME + 3];
    snprintf(item, sizeof item, ",%s,", name);
    return strstr(WR_WITHOUT_MODULES, item) != NULL;
}

static weir_status not_found(const search *s, weir_error *err) {
    if (is_left_out(s->module))
        return weir_fail(err, WEIR_EUNSUPPORTED, "this weir was built without the module '%s'", s->module);
    weir_fail(err, WEIR_EUNSUPPORTED, "the module weir_%s.so was not found in %s", s->module, s->places);
    if (err)
        snprintf(err->hint, sizeof err->hint,
                 "install it, or name its folder in the environment variable WEIR_MODULE_PATH");
    return WEIR_EUNSUPPORTED;
}

/* With the lock. */
static weir_status open_module(wr_modules *m, const char *name, bool is_listed, weir_error *err) {
    search s = {.module = name};
    if (is_open(m, name)) return WEIR_OK;
    find_file(m, &s);
    if (!s.found && !is_listed) return WEIR_ENAME;
    if (!s.found) return not_found(&s, err);
    opened *o = wr_alloc_zero(NULL, sizeof *o);
    if (!o) return weir_fail(err, WEIR_ENOMEM, "out of memory for a module");
    weir_status st = open_file(m, &s, err);
    if (st != WEIR_OK) {
        wr_free(NULL, o, sizeof *o);
        return st;
    }
    snprintf(o->name, sizeof o->name, "%s", name);
    o->next = m->opened;
    m->opened = o;
    return WEIR_OK;
}

/* ---- Which one ---------------------------------------------------------------------------------------- */

static const wr_module_row *find_row(const wr_modules *m, unsigned kinds, const char *ns, const char *name) {
    for (const wr_module_row *row = m->table; row->module; row++)
        if (row->kinds & kinds && strcmp(row->ns, ns) == 0 && (!row->name || strcmp(row->name, name) == 0))
            return row;
    return NULL;
}

/* The name becomes part of a file's name: nothing in it may lead elsewhere. */
static bool may_be_a_module(const char *name) {
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return n && n <= LONGEST_NAME && !name[n];
}

weir_status wr_modules_need(wr_modules *m, unsigned kinds, const char *ns, const char *name,
                            weir_error *err) {
    if (!m) return WEIR_ENAME;
    const wr_module_row *row = find_row(m, kinds, ns ? ns : "", name);
    const char *module = row ? row->module : ns && *ns ? ns : name;
    if (!may_be_a_module(module)) return WEIR_ENAME;
    pthread_mutex_lock(&m->lock);
    weir_status st = open_module(m, module, row != NULL, err);
    pthread_mutex_unlock(&m->lock);
    return st;
}

weir_status wr_modules_open_all(wr_modules *m, weir_error *err) {
    weir_status first = WEIR_OK;
    for (const wr_module_row *row = m->table; row->module; row++) {
        weir_error own = {0};
        if (is_left_out(row->module)) continue;
        pthread_mutex_lock(&m->lock);
        weir_status st = open_module(m, row->module, true, &own);
        pthread_mutex_unlock(&m->lock);
        if (st == WEIR_OK || first != WEIR_OK) continue;
        first = st;
        if (err) *err = own;
    }
    return first;
}

const char *wr_modules_name(const wr_modules *m, unsigned kinds, uint32_t i) {
    for (const wr_module_row *row = m ? m->table : NULL; row && row->module; row++)
        if (row->kinds & kinds && row->name && !i--) return row->name;
    return NULL;
}
