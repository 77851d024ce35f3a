/* schema_registry.c: see schema_registry.h. */
#include "io/schema_registry.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "io/io_log.h"
#include "io/json_tree.h"
#include "io/json_write.h"
#include "io/number.h"

#define CONTENT_TYPE  "application/vnd.schemaregistry.v1+json"
#define ANSWER_LIMIT  ((size_t)4 << 20)
#define MOST_BYTES    ((size_t)256 << 20) /* of all schemas that are kept */
#define ANSWER_WAIT_S 10
#define REFUSED_S     10 /* for so long a registry is believed that it has no such schema */
#define CREDENTIALS_S 5  /* between two tries while it refuses the credentials */
#define WHY_BYTES     320
#define MOST_SCHEMAS  65536 /* that are kept: more ids than that are no schemas */

typedef enum entry_state { ASKED, KNOWN, REFUSED } entry_state;

typedef struct entry {
    bool is_used;
    entry_state state;
    wr_registered schema;
    char *type, *text;        /* what schema points to; NULL: not fetched yet */
    wr_references references; /* those that were told of so far */
    void *request;            /* of ASKED, unless it waits for ask_at */
    int64_t ask_at_ns;        /* of REFUSED and of ASKED without a request: ask again then */
    char *why;                /* of REFUSED: room for WHY_BYTES */
} entry;

struct wr_schema_registry {
    weir_http_args args;
    const weir_io_host *host;
    const weir_http_type *type;
    void *http; /* opened when something is first asked */
    const char *url;
    size_t bytes;   /* of schemas that are known */
    entry *entries; /* by id, open addressing; a power of two, at most half full */
    uint32_t cap, n, n_asked;
    char who[128], trouble[256], state[420];
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a schema");
}

static weir_status may_pass(weir_error *err) {
    if (err) err->retriable = true;
    return WEIR_EIO;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status check_url(const char *url, weir_error *err) {
    bool is_http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
    if (is_http && !strpbrk(url, ", \t?#")) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG,
                     "schema.registry is '%.100s'; it takes one URL, http://… or https://…", url);
}

/* What belongs to a registry without one. */
static weir_status check_lone(const weir_setting *set, weir_error *err) {
    for (int i = WR_REGISTRY_USERNAME; i <= WR_REGISTRY_KEY_PASSWORD; i++)
        if (set[i].given)
            return weir_fail(err, WEIR_ECONFIG,
                             "options schema.registry.… are given without schema.registry");
    return WEIR_OK;
}

weir_status wr_schema_registry_open(const weir_setting *set, const weir_io_host *host,
                                    wr_schema_registry **out, weir_error *err) {
    *out = NULL;
    if (!set[WR_REGISTRY_URL].given) return check_lone(set, err);
    WR_TRY(check_url(set[WR_REGISTRY_URL].text, err));
    if (set[WR_REGISTRY_USERNAME].given != set[WR_REGISTRY_PASSWORD].given)
        return weir_fail(err, WEIR_ECONFIG, "schema.registry.username and .password go together");
    if (set[WR_REGISTRY_USERNAME].given && set[WR_REGISTRY_TOKEN].given)
        return weir_fail(err, WEIR_ECONFIG,
                         "there is one way to say who asks: schema.registry.username or .token");
    const weir_http_type *type = host && host->http ? host->http(host->http_ctx, err) : NULL;
    if (!type && host && host->http) return err ? err->code : WEIR_ENAME;
    if (!type) return weir_fail(err, WEIR_EUNSUPPORTED, "a schema registry can't be asked from here");
    wr_schema_registry *r = wr_alloc_zero(NULL, sizeof *r);
    if (!r) return no_memory(err);
    r->host = host;
    r->type = type;
    r->url = set[WR_REGISTRY_URL].text;
    snprintf(r->who, sizeof r->who, "schema registry '%.90s'", r->url);
    r->args = (weir_http_args){.who = r->who,
                               .username = set[WR_REGISTRY_USERNAME].text,
                               .password = set[WR_REGISTRY_PASSWORD].text,
                               .token = set[WR_REGISTRY_TOKEN].text,
                               .ca_file = set[WR_REGISTRY_CA].text,
                               .certificate_file = set[WR_REGISTRY_CERTIFICATE].text,
                               .key_password = set[WR_REGISTRY_KEY_PASSWORD].text,
                               .skips_verification = set[WR_REGISTRY_NO_VERIFICATION].as.b,
                               .answer_limit = ANSWER_LIMIT,
                               .host = host};
    *out = r;
    return WEIR_OK;
}

weir_status wr_registry_check_id(const char *format, const weir_setting *id, bool has_registry,
                                 bool has_schema, weir_error *err) {
    if (!id->given) return WEIR_OK;
    if (id->as.l < 0 || id->as.l > INT32_MAX)
        return weir_fail(err, WEIR_ECONFIG, "%s: schema.id is '%s', which is no id", format, id->text);
    if (!has_registry || !has_schema) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG,
                     "%s: schema.id of a registry is a schema: give no schema.def or schema.file too",
                     format);
}

weir_status wr_registry_check_subject(const char *format, const wr_schema_registry *registry, bool by_id,
                                      bool has_subject, weir_error *err) {
    bool is_needed = registry && !by_id;
    if (is_needed == has_subject) return WEIR_OK;
    if (has_subject)
        return weir_fail(err, WEIR_ECONFIG, "%s: schema.subject needs schema.registry, and no schema.id",
                         format);
    return weir_fail(err, WEIR_ECONFIG,
                     "%s: a schema is registered under a name: give schema.subject='TOPIC-value', or "
                     "schema.id",
                     format);
}

/* What was fetched of it is forgotten. */
static void forget(entry *e) {
    wr_free(NULL, e->type, 0);
    wr_free(NULL, e->text, 0);
    e->type = e->text = NULL;
    wr_references_fini(&e->references);
}

void wr_schema_registry_close(wr_schema_registry *r) {
    if (!r) return;
    for (uint32_t i = 0; i < r->cap; i++) {
        if (r->entries[i].request) r->type->release(r->http, r->entries[i].request);
        forget(&r->entries[i]);
        wr_free(NULL, r->entries[i].why, 0);
    }
    if (r->http) r->type->close(r->http);
    wr_free(NULL, r->entries, r->cap * sizeof *r->entries);
    wr_free(NULL, r, sizeof *r);
}

/* ---- Asking ------------------------------------------------------------------------------------------- */

/* base + path, where the registry's URL may end in a slash. */
static void put_url(const wr_schema_registry *r, wr_buf *out, const char *path) {
    size_t len = strlen(r->url);
    while (len && r->url[len - 1] == '/') len--;
    wr_buf_put(out, r->url, len);
    wr_buf_puts(out, path);
}

/* A path segment: all but unreserved characters as %XX. */
static void put_segment(wr_buf *out, const char *text) {
    for (; *text; text++) {
        bool plain = strchr("-._~", *text) || (*text >= '0' && *text <= '9') ||
                     ((*text | 32) >= 'a' && (*text | 32) <= 'z');
        if (plain)
            wr_buf_putc(out, *text);
        else
            wr_buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

static weir_status ask(wr_schema_registry *r, const char *method, const char *url, const char *body,
                       size_t len, void **request, weir_error *err) {
    if (!r->http) WR_TRY(r->type->open(&r->args, &r->http, err));
    *request = r->type->ask(r->http, method, url, CONTENT_TYPE, body, len);
    return *request ? WEIR_OK : no_memory(err);
}

/* What the answer to a request that failed says, for people. */
static void reason_of(long status, const char *text, size_t len, char *out, size_t size) {
    weir_arena arena;
    wr_json_tree *tree;
    wr_arena_init(&arena, NULL);
    const char *message = NULL;
    if (wr_json_tree_parse(text, len, &arena, &tree, NULL) == WEIR_OK)
        message = wr_json_tree_text(tree, "message");
    snprintf(out, size, "%ld%s%.180s", status, message ? ": " : "", message ? message : "");
    wr_arena_fini(&arena);
}

static bool is_credentials(long status) { return status == 401 || status == 403 || status == 407; }

static int64_t from_now(const wr_schema_registry *r, int64_t seconds) {
    return wr_io_now_ns(r->host) + seconds * 1000000000;
}

/* ---- Schemas by id ------------------------------------------------------------------------------------ */

static entry *slot_of(entry *entries, uint32_t cap, uint32_t id) {
    uint32_t i = (id * 2654435761u) & (cap - 1);
    while (entries[i].is_used && entries[i].schema.id != id) i = (i + 1) & (cap - 1);
    return &entries[i];
}

static weir_status make_room(wr_schema_registry *r, weir_error *err) {
    if (r->n * 2 < r->cap) return WEIR_OK;
    if (r->n >= MOST_SCHEMAS)
        return weir_fail(err, WEIR_ENAME, "more than %d schema ids were asked for", MOST_SCHEMAS);
    uint32_t cap = r->cap ? r->cap * 2 : 16;
    entry *entries = wr_alloc_zero(NULL, cap * sizeof *entries);
    if (!entries) return no_memory(err);
    for (uint32_t i = 0; i < r->cap; i++)
        if (r->entries[i].is_used) *slot_of(entries, cap, r->entries[i].schema.id) = r->entries[i];
    wr_free(NULL, r->entries, r->cap * sizeof *r->entries);
    r->entries = entries;
    r->cap = cap;
    return WEIR_OK;
}

/* The schema itself, or else the first one that is missing of those that it refers to. */
static void put_what(const wr_schema_registry *r, const entry *e, wr_buf *url) {
    char path[64];
    snprintf(path, sizeof path, "/schemas/ids/%u", e->schema.id);
    put_url(r, url, e->text ? "/subjects/" : path);
    if (!e->text) return;
    const wr_reference *f = &e->references.of[wr_references_missing(&e->references)];
    put_segment(url, f->subject);
    wr_buf_printf(url, "/versions/%d", (int)f->version);
}

static weir_status ask_for(wr_schema_registry *r, entry *e, weir_error *err) {
    wr_buf url = WR_BUF_INIT;
    put_what(r, e, &url);
    weir_status st = url.failed ? no_memory(err) : ask(r, "GET", url.data, NULL, 0, &e->request, err);
    wr_buf_fini(&url);
    if (st == WEIR_OK && e->state != ASKED) r->n_asked++;
    if (st == WEIR_OK) e->state = ASKED;
    return st;
}

/* Why it is of no use; where it was one that it refers to, that one is named. */
static weir_status refuse(wr_schema_registry *r, entry *e, const char *why, weir_error *err) {
    uint32_t i = wr_references_missing(&e->references);
    if (!e->why && !(e->why = wr_alloc(NULL, WHY_BYTES))) return no_memory(err);
    if (e->text && i < e->references.n)
        snprintf(e->why, WHY_BYTES, "subject '%.80s' version %d, to which it refers: %s",
                 e->references.of[i].subject, (int)e->references.of[i].version, why);
    else
        snprintf(e->why, WHY_BYTES, "%s", why);
    e->state = REFUSED;
    e->ask_at_ns = from_now(r, REFUSED_S);
    forget(e);
    return WEIR_OK;
}

static char *copy_of(const char *text) {
    size_t n = strlen(text) + 1;
    char *out = wr_alloc(NULL, n);
    return out ? memcpy(out, text, n) : NULL;
}

static weir_status take_root(entry *e, const char *type, const char *text, weir_error *err) {
    wr_free(NULL, e->type, 0); /* memory failed here before */
    e->type = copy_of(type ? type : "AVRO");
    e->text = copy_of(text);
    return e->type && e->text ? WEIR_OK : no_memory(err);
}

static weir_status complete(wr_schema_registry *r, entry *e, weir_error *err) {
    size_t len = strlen(e->text);
    WR_TRY(wr_references_order(&e->references, err));
    if (len + e->references.bytes > MOST_BYTES - r->bytes)
        return weir_fail(err, WEIR_ECONFIG, "all schemas together have more than %d MB",
                         (int)(MOST_BYTES >> 20));
    r->bytes += len + e->references.bytes;
    e->schema.type = e->type;
    e->schema.text = e->text;
    e->schema.len = len;
    e->schema.references = e->references.of;
    e->schema.n_references = e->references.n;
    e->state = KNOWN;
    return WEIR_OK;
}

static weir_status take_reference(entry *e, const wr_json_tree *tree, uint32_t of, weir_error *err) {
    const char *schema = wr_json_tree_text(tree, "schema"), *type = wr_json_tree_text(tree, "schemaType");
    if (!schema) return weir_fail(err, WEIR_ECONFIG, "the registry's answer holds no schema");
    if (strcmp(type ? type : "AVRO", e->type) != 0)
        return weir_fail(err, WEIR_ECONFIG, "it is no %.20s but %.20s", e->type, type ? type : "AVRO");
    WR_TRY(wr_references_add(&e->references, of, wr_json_tree_get(tree, "references"), err));
    return wr_references_set(&e->references, of, schema, err);
}

/* {"schema":"…","schemaType":"AVRO","references":[…]}, of the schema or of one that it refers to. */
static weir_status take_tree(wr_schema_registry *r, entry *e, const wr_json_tree *tree, weir_error *err) {
    const char *schema = wr_json_tree_text(tree, "schema"), *type = wr_json_tree_text(tree, "schemaType");
    uint32_t of = e->text ? wr_references_missing(&e->references) : WR_REFERENCE_ROOT;
    if (!schema) return weir_fail(err, WEIR_ECONFIG, "the registry's answer holds no schema");
    if (e->text) {
        WR_TRY(take_reference(e, tree, of, err));
    } else {
        WR_TRY(wr_references_add(&e->references, of, wr_json_tree_get(tree, "references"), err));
        WR_TRY(take_root(e, type, schema, err));
    }
    return wr_references_missing(&e->references) < e->references.n ? ask_for(r, e, err) : complete(r, e, err);
}

/* What is wrong with an answer is kept; only memory fails. */
static weir_status take_schema(wr_schema_registry *r, entry *e, const char *text, size_t len,
                               weir_error *err) {
    weir_arena arena;
    wr_json_tree *tree;
    weir_error own = {0};
    wr_arena_init(&arena, NULL);
    weir_status st = wr_json_tree_parse(text, len, &arena, &tree, &own);
    if (st == WEIR_ECONFIG) weir_fail(&own, st, "the registry's answer holds no schema");
    if (st == WEIR_OK) st = take_tree(r, e, tree, &own);
    wr_arena_fini(&arena);
    if (st == WEIR_ECONFIG) return refuse(r, e, own.message, err);
    if (st != WEIR_OK && err) *err = own;
    return st;
}

/* The request is answered; what it needs next is asked for. */
static weir_status take_answer(wr_schema_registry *r, entry *e, weir_error *err) {
    long status;
    const char *text;
    size_t len;
    char why[220];
    void *request = e->request;
    weir_status st = r->type->answer(r->http, request, &status, &text, &len);
    if (st != WEIR_OK) return st;
    e->request = NULL;
    if (is_credentials(status)) {
        snprintf(r->trouble, sizeof r->trouble, "it refuses the credentials (%ld)", status);
        e->ask_at_ns = from_now(r, CREDENTIALS_S);
        wr_io_log(r->host, WEIR_LOG_WARN, "%s: %s; it is tried again", r->who, r->trouble);
    } else if (status == 200) {
        st = take_schema(r, e, text, len, err);
    } else {
        reason_of(status, text, len, why, sizeof why);
        st = refuse(r, e, why, err);
    }
    r->type->release(r->http, request);
    if (st == WEIR_OK && e->state != ASKED) {
        r->n_asked--;
        r->trouble[0] = 0;
    }
    return st;
}

weir_status wr_schema_registry_get(wr_schema_registry *r, uint32_t id, const wr_registered **out,
                                   weir_error *err) {
    WR_TRY(make_room(r, err));
    entry *e = slot_of(r->entries, r->cap, id);
    if (WR_LIKELY(e->is_used && e->state == KNOWN)) return *out = &e->schema, WEIR_OK;
    if (!e->is_used) {
        *e = (entry){.schema.id = id, .state = REFUSED};
        WR_TRY(ask_for(r, e, err));
        e->is_used = true;
        r->n++;
    }
    if (e->request) WR_TRY(take_answer(r, e, err));
    if (e->state != KNOWN && !e->request && wr_io_now_ns(r->host) >= e->ask_at_ns) WR_TRY(ask_for(r, e, err));
    if (e->state == ASKED) return WEIR_EAGAIN;
    if (e->state == REFUSED)
        return weir_fail(err, WEIR_ENAME, "the schema registry gives no schema %u: %s", id,
                         e->why ? e->why : "");
    *out = &e->schema;
    return WEIR_OK;
}

const char *wr_schema_registry_state(wr_schema_registry *r) {
    if (!r->n_asked || !r->http) return "";
    const char *why = r->trouble[0] ? r->trouble : r->type->state(r->http);
    if (!*why) return "";
    snprintf(r->state, sizeof r->state, "%s: %s", r->who, why);
    return r->state;
}

/* ---- At once ------------------------------------------------------------------------------------------ */

static weir_status too_late(wr_schema_registry *r, weir_error *err) {
    const char *why = r->trouble[0] ? r->trouble : r->type->state(r->http);
    weir_fail(err, WEIR_EIO, "%s: %s", r->who, *why ? why : "no answer");
    return may_pass(err);
}

weir_status wr_schema_registry_get_now(wr_schema_registry *r, uint32_t id, const wr_registered **out,
                                       weir_error *err) {
    int64_t until = from_now(r, ANSWER_WAIT_S);
    for (;;) {
        weir_status st = wr_schema_registry_get(r, id, out, err);
        if (st != WEIR_EAGAIN) return st;
        if (r->trouble[0] || wr_io_now_ns(r->host) >= until) return too_late(r, err);
        r->type->wait(r->http, 100);
    }
}

static void put_escaped(wr_buf *out, const char *text, size_t len) {
    if (wr_buf_reserve(out, WR_JSON_ESCAPED_BYTES(len) + 1))
        out->len += wr_json_escape(text, len, out->data + out->len);
}

/* {"id":7} */
static weir_status take_id(wr_schema_registry *r, long status, const char *text, size_t len,
                           const char *subject, uint32_t *id, weir_error *err) {
    char why[220];
    weir_arena arena;
    wr_json_tree *tree;
    int32_t number = -1;
    if (is_credentials(status))
        return weir_fail(err, WEIR_EIO, "%s: it refuses the credentials (%ld)", r->who, status);
    if (status != 200) {
        reason_of(status, text, len, why, sizeof why);
        return weir_fail(err, WEIR_ECONFIG, "%s: the schema of subject '%.80s': %s", r->who, subject, why);
    }
    wr_arena_init(&arena, NULL);
    weir_status st = wr_json_tree_parse(text, len, &arena, &tree, err);
    const wr_json_tree *member = st == WEIR_OK ? wr_json_tree_get(tree, "id") : NULL;
    bool is_id = member && member->kind == WR_JSON_NUMBER &&
                 wr_parse_int(member->text, strlen(member->text), &number) == WR_NUMBER_OK && number >= 0;
    wr_arena_fini(&arena);
    *id = (uint32_t)number;
    return is_id ? WEIR_OK : weir_fail(err, WEIR_EIO, "%s: its answer holds no id", r->who);
}

static weir_status wait_for(wr_schema_registry *r, void *request, long *status, const char **text,
                            size_t *len, weir_error *err) {
    int64_t until = from_now(r, ANSWER_WAIT_S);
    while (r->type->answer(r->http, request, status, text, len) != WEIR_OK) {
        if (wr_io_now_ns(r->host) >= until) return too_late(r, err);
        r->type->wait(r->http, 100);
    }
    return WEIR_OK;
}

static weir_status wait_for_id(wr_schema_registry *r, void *request, const char *subject, uint32_t *id,
                               weir_error *err) {
    long status;
    const char *text;
    size_t len;
    WR_TRY(wait_for(r, request, &status, &text, &len, err));
    return take_id(r, status, text, len, subject, id, err);
}

static weir_status take_needed(wr_schema_registry *r, entry *e, void *request, weir_error *err) {
    long status;
    const char *text;
    size_t len;
    char why[220];
    weir_arena arena;
    wr_json_tree *tree;
    uint32_t i = wr_references_missing(&e->references);
    WR_TRY(wait_for(r, request, &status, &text, &len, err));
    if (is_credentials(status))
        return weir_fail(err, WEIR_EIO, "%s: it refuses the credentials (%ld)", r->who, status);
    reason_of(status, text, len, why, sizeof why);
    if (status != 200) return weir_fail(err, WEIR_ECONFIG, "%s", why);
    wr_arena_init(&arena, NULL);
    weir_status st = wr_json_tree_parse(text, len, &arena, &tree, err);
    if (st == WEIR_ECONFIG) st = weir_fail(err, st, "the registry's answer holds no schema");
    if (st == WEIR_OK) st = take_reference(e, tree, i, err);
    wr_arena_fini(&arena);
    return st;
}

static weir_status fetch_needed(wr_schema_registry *r, entry *e, weir_error *err) {
    wr_buf url = WR_BUF_INIT;
    void *request = NULL;
    weir_error own = {0};
    uint32_t i = wr_references_missing(&e->references);
    put_what(r, e, &url);
    weir_status st = url.failed ? no_memory(&own) : ask(r, "GET", url.data, NULL, 0, &request, &own);
    wr_buf_fini(&url);
    if (st == WEIR_OK) st = take_needed(r, e, request, &own);
    if (request) r->type->release(r->http, request);
    if (st == WEIR_OK) return st;
    weir_fail(err, st, "schema.references: subject '%.80s' version %d: %.250s", e->references.of[i].subject,
              (int)e->references.of[i].version, own.message);
    if (err) err->retriable = own.retriable;
    return st;
}

weir_status wr_schema_registry_needed_now(wr_schema_registry *r, const char *type, const char *option,
                                          wr_references *needed, weir_error *err) {
    char of_type[20], nothing[1] = "";
    snprintf(of_type, sizeof of_type, "%s", type);
    if (!needed->n) WR_TRY(wr_references_parse(needed, option, err));
    entry e = {.type = of_type, .text = nothing, .references = *needed};
    weir_status st = WEIR_OK;
    while (st == WEIR_OK && wr_references_missing(&e.references) < e.references.n)
        st = fetch_needed(r, &e, err);
    if (st == WEIR_OK) st = wr_references_order(&e.references, err);
    *needed = e.references;
    return st;
}

weir_status wr_registry_check_references(const char *format, const char *option, bool may_have,
                                         wr_references *out, weir_error *err) {
    if (!option) return WEIR_OK;
    if (!may_have)
        return weir_fail(
            err, WEIR_ECONFIG,
            "%s: schema.references goes with schema.registry, schema.subject and schema.def or schema.file",
            format);
    WR_TRY(wr_references_parse(out, option, err));
    return out->n ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "schema.references names none");
}

/* ,"references":[…] */
static void put_references(wr_buf *out, const wr_references *needed) {
    if (!needed || !needed->n) return;
    wr_buf_puts(out, ",\"references\":[");
    for (uint32_t i = 0; i < needed->n; i++) {
        wr_buf_puts(out, i ? ",{\"name\":\"" : "{\"name\":\"");
        put_escaped(out, needed->of[i].name, strlen(needed->of[i].name));
        wr_buf_puts(out, "\",\"subject\":\"");
        put_escaped(out, needed->of[i].subject, strlen(needed->of[i].subject));
        wr_buf_printf(out, "\",\"version\":%d}", (int)needed->of[i].version);
    }
    wr_buf_puts(out, "]");
}

weir_status wr_schema_registry_put_now(wr_schema_registry *r, const char *subject, const char *type,
                                       const char *text, size_t len, const wr_references *needed,
                                       bool may_register, uint32_t *id, weir_error *err) {
    wr_buf url = WR_BUF_INIT, body = WR_BUF_INIT;
    void *request = NULL;
    put_url(r, &url, "/subjects/");
    put_segment(&url, subject);
    wr_buf_puts(&url, may_register ? "/versions" : "");
    wr_buf_putc(&url, 0);
    wr_buf_puts(&body, "{\"schema\":\"");
    put_escaped(&body, text, len);
    wr_buf_puts(&body, "\"");
    if (strcmp(type, "AVRO") != 0) wr_buf_printf(&body, ",\"schemaType\":\"%s\"", type);
    put_references(&body, needed);
    wr_buf_puts(&body, "}");
    weir_status st = url.failed || body.failed ? no_memory(err)
                                               : ask(r, "POST", url.data, body.data, body.len, &request, err);
    wr_buf_fini(&url);
    wr_buf_fini(&body);
    if (st != WEIR_OK) return st;
    st = wait_for_id(r, request, subject, id, err);
    r->type->release(r->http, request);
    return st;
}
