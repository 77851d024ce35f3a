/* shelf.c: see shelf.h. */
#include "state/shelf.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct book {
    struct book *older;
    char *app;
    uint64_t revision;
    wr_snapshot_id after;
    size_t len;
    char bytes[];
} book;

struct wr_shelf {
    wr_account *account;
    char *dir; /* NULL: in memory */
    pthread_mutex_t lock;
    book *newest; /* saved last; of each app the highest revision first */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to keep a snapshot");
}

static char *copy_text(wr_account *account, const char *text) {
    char *copy = wr_alloc(account, strlen(text) + 1);
    if (copy) memcpy(copy, text, strlen(text) + 1);
    return copy;
}

weir_status wr_shelf_new(const char *dir, wr_account *account, wr_shelf **out, weir_error *err) {
    wr_shelf *s = *out = wr_alloc_zero(account, sizeof *s);
    if (!s) return no_memory(err);
    s->account = account;
    s->dir = dir ? copy_text(account, dir) : NULL;
    pthread_mutex_init(&s->lock, NULL);
    if (!dir || s->dir) return WEIR_OK;
    wr_shelf_free(s);
    *out = NULL;
    return no_memory(err);
}

static void free_book(wr_shelf *s, book *b) {
    if (b->app) wr_free(s->account, b->app, strlen(b->app) + 1);
    wr_free(s->account, b, sizeof *b + b->len);
}

void wr_shelf_free(wr_shelf *s) {
    if (!s) return;
    for (book *b = s->newest, *older; b; b = older) {
        older = b->older;
        free_book(s, b);
    }
    if (s->dir) wr_free(s->account, s->dir, strlen(s->dir) + 1);
    pthread_mutex_destroy(&s->lock);
    wr_free(s->account, s, sizeof *s);
}

static bool is_of(const book *b, const char *app) { return !strcmp(b->app, app); }

static book *find(const wr_shelf *s, const char *app, uint64_t revision) {
    book *b = s->newest;
    while (b && !(b->revision == revision && is_of(b, app))) b = b->older;
    return b;
}

weir_status wr_shelf_save(wr_shelf *s, const char *app, uint64_t revision, wr_snapshot_id after,
                          const void *bytes, size_t len, weir_error *err) {
    if (s->dir) return wr_snapshot_save(s->dir, app, revision, after, bytes, len, err);
    book *b = wr_alloc(s->account, sizeof *b + len);
    if (!b) return no_memory(err);
    *b = (book){.app = copy_text(s->account, app), .revision = revision, .after = after, .len = len};
    if (len) memcpy(b->bytes, bytes, len);
    if (!b->app) {
        free_book(s, b);
        return no_memory(err);
    }
    pthread_mutex_lock(&s->lock);
    b->older = s->newest;
    s->newest = b;
    pthread_mutex_unlock(&s->lock);
    return WEIR_OK;
}

static weir_status copy_out(const book *b, const char *app, uint64_t revision, wr_buf *out,
                            wr_snapshot_id *after, weir_error *err) {
    if (!b)
        return weir_fail(err, WEIR_EIO, "app '%s' has no revision %llu", app, (unsigned long long)revision);
    *after = b->after;
    wr_buf_put(out, b->bytes, b->len);
    return out->failed ? no_memory(err) : WEIR_OK;
}

weir_status wr_shelf_load(wr_shelf *s, const char *app, uint64_t revision, wr_buf *out, wr_snapshot_id *after,
                          weir_error *err) {
    if (s->dir) return wr_snapshot_load(s->dir, app, revision, out, after, err);
    wr_buf_clear(out);
    pthread_mutex_lock(&s->lock);
    weir_status st = copy_out(find(s, app, revision), app, revision, out, after, err);
    pthread_mutex_unlock(&s->lock);
    return st;
}

weir_status wr_shelf_list(wr_shelf *s, const char *app, uint64_t **revisions, uint32_t *n, weir_error *err) {
    if (s->dir) return wr_snapshot_list(s->dir, app, revisions, n, err);
    *revisions = NULL;
    *n = 0;
    pthread_mutex_lock(&s->lock);
    uint32_t count = 0;
    for (const book *b = s->newest; b; b = b->older) count += is_of(b, app);
    if (count) *revisions = wr_alloc(NULL, count * sizeof **revisions);
    for (const book *b = s->newest; *revisions && b; b = b->older)
        if (is_of(b, app)) (*revisions)[(*n)++] = b->revision;
    pthread_mutex_unlock(&s->lock);
    return count && !*revisions ? no_memory(err) : WEIR_OK;
}

/* After the newest `keep`, and on to the next whole one, the app's are let go. */
static void let_go(wr_shelf *s, const char *app, uint32_t keep) {
    uint32_t n = 0;
    bool is_needed = keep > 0;
    for (book **at = &s->newest; *at;) {
        book *b = *at;
        if (!is_of(b, app) || is_needed) {
            if (is_of(b, app) && ++n >= keep) is_needed = b->after.revision != 0;
            at = &b->older;
            continue;
        }
        *at = b->older;
        free_book(s, b);
    }
}

weir_status wr_shelf_prune(wr_shelf *s, const char *app, uint32_t keep, weir_error *err) {
    if (s->dir) return wr_snapshot_prune(s->dir, app, keep, err);
    pthread_mutex_lock(&s->lock);
    let_go(s, app, keep);
    pthread_mutex_unlock(&s->lock);
    return WEIR_OK;
}
