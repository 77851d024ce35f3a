/* avro_decoder.c: the format avro, inwards: messages that are a record each, by a schema or by the id of a
 * schema registry (a zero byte, the id as int32, big-endian, the record); and container files.
 *
 * Attributes are found in the writer's schema by name or path, so records of several versions can be read
 * side by side; or by way of a reader's schema (avro_read.h). */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "io/avro_container.h"
#include "io/avro_options.h"
#include "io/file_text.h"
#include "io/number.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"

#define REGISTRY_BYTES 5
#define MOST_VERSIONS  10000
#define NO_ID          (-1)

enum { OPT_IDS = WR_AVRO_FIRST_OTHER, OPT_DESERIALIZER, OPT_MISSING, OPT_LIMIT };

static const weir_option options[] = {
    WR_AVRO_OPTIONS(
        "The id of the schema in the registry; messages are plain records of it, as in Siddhi, or "
        "are read as it with registry.prefix.",
        "Messages begin with the registry's five bytes. By default they do when schemas are given by "
        "id, and with schema.registry unless schema.id is given too."),
    [OPT_IDS] =
        {"schema.*", WEIR_OPTION_TEXT, false, NULL, NULL,
         "Schemas by their ids without a registry: schema.id7.file='a.avsc', schema.id8.def='{...}'."},
    [OPT_DESERIALIZER] = {"use.avro.deserializer", WEIR_OPTION_BOOL, false, "false", NULL,
                          "As in Siddhi: messages begin with the registry's five bytes."},
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "An attribute that a schema doesn't have is refused; else it is null."},
    [OPT_LIMIT] = {"block.limit", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                   "Of container files: a larger block, packed or unpacked, counts as damaged."},
    {0}};

typedef struct version {
    int64_t id;
    wr_avro_plan *root; /* NULL: of no use: */
    const char *why;
    bool is_list; /* a message is an array of such records, as in Siddhi */
} version;

typedef struct avro {
    const weir_decoder_args *args;
    weir_filler *filler;
    weir_arena arena, file_arena; /* the latter: of the file's schema and plan */
    wr_json_node paths;
    wr_avro_plan_args plan_args;
    wr_schema_registry *registry; /* NULL: none */
    const wr_avro_type *reader;   /* NULL: as written, or not known yet: */
    bool reader_is_asked;         /* schema.id of the registry */
    uint32_t reader_id;
    version *versions;
    uint32_t n_versions, cap_versions, last;
    bool has_prefix;
    wr_avro_container file;
    wr_avro_plan *of_file;
    uint64_t n_records, offset;
    char reason[300];
} avro;

/* ---- Schemas ------------------------------------------------------------------------------------------ */

/* The record that a schema, or the items of an array, is; NULL: neither. */
static const wr_avro_type *record_of(const wr_avro_type *type) {
    if (type->kind == WR_AVRO_ARRAY) type = type->types[0];
    return type->kind == WR_AVRO_RECORD ? type : NULL;
}

static weir_status check_record(const wr_avro_type *type, const wr_avro_type **out, weir_error *err) {
    *out = type;
    return record_of(type) ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "avro: the schema is no record");
}

static weir_status parse(avro *d, const char *text, size_t len, const wr_avro_type **out, weir_error *err) {
    wr_avro_type *type;
    WR_TRY(wr_avro_schema_parse(text, len, &d->arena, &type, err));
    return check_record(type, out, err);
}

static weir_status keep_version(avro *d, int64_t id, wr_avro_plan *root, const char *why, weir_error *err) {
    if (d->n_versions >= MOST_VERSIONS)
        return weir_fail(err, WEIR_ECONFIG, "avro: more than %d schemas", MOST_VERSIONS);
    if (wr_grow(NULL, &d->versions, &d->cap_versions, d->n_versions + 1, sizeof *d->versions))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    d->last = d->n_versions;
    d->versions[d->n_versions++] = (version){id, root, why, false};
    return WEIR_OK;
}

static weir_status add_version(avro *d, int64_t id, const wr_avro_type *writer, weir_error *err) {
    wr_avro_plan *root;
    const wr_avro_type *reader = writer == d->reader || !d->reader ? NULL : record_of(d->reader);
    WR_TRY(wr_avro_plan_new(&d->plan_args, record_of(writer), reader, &root, err));
    WR_TRY(keep_version(d, id, root, NULL, err));
    d->versions[d->last].is_list = writer->kind == WR_AVRO_ARRAY;
    return WEIR_OK;
}

/* EAGAIN: it has been asked for; ENAME: the registry has none; ECONFIG and the like: it is of no use. */
static weir_status of_registry(avro *d, uint32_t id, const wr_avro_type **out, weir_error *err) {
    const wr_registered *schema;
    WR_TRY(wr_schema_registry_get(d->registry, id, &schema, err));
    if (strcmp(schema->type, "AVRO") != 0)
        return weir_fail(err, WEIR_ECONFIG, "schema %u of the registry is no Avro schema but %.20s", id,
                         schema->type);
    wr_avro_type *type;
    WR_TRY(wr_avro_schema_parse_with(schema->references, schema->n_references, schema->text, schema->len,
                                     &d->arena, &type, err));
    return check_record(type, out, err);
}

/* The reader's schema, if it has to be asked for. */
static weir_status need_reader(avro *d, weir_error *err) {
    if (!d->reader_is_asked || d->reader) return WEIR_OK;
    return of_registry(d, d->reader_id, &d->reader, err);
}

static version *find_version(avro *d, int64_t id) {
    if (d->last < d->n_versions && d->versions[d->last].id == id) return &d->versions[d->last];
    for (uint32_t i = 0; i < d->n_versions; i++)
        if (d->versions[i].id == id || d->versions[i].id == NO_ID) return d->last = i, &d->versions[i];
    return NULL;
}

static weir_status ask_version(avro *d, int64_t id, weir_error *err) {
    const wr_avro_type *writer = NULL;
    WR_TRY(need_reader(d, err));
    if (id == NO_ID)
        writer = d->reader;
    else
        WR_TRY(of_registry(d, (uint32_t)id, &writer, err));
    return add_version(d, id, writer, err);
}

/* What the registry has doesn't change: nor does it that it is of no use. */
static bool is_final(weir_status st) { return st != WEIR_OK && st != WEIR_EAGAIN && st != WEIR_ENOMEM; }

/* OK with *out; EAGAIN: it has been asked for; else err says why there is none. */
static weir_status need_version(avro *d, int64_t id, const version **out, weir_error *err) {
    version *v = find_version(d, id);
    if (!v && !d->registry)
        return weir_fail(err, WEIR_ENAME, "the message names the schema id %lld, which is not known",
                         (long long)id);
    if (!v) {
        const wr_registered *schema;
        weir_status st = ask_version(d, id, err);
        bool is_there =
            id == NO_ID || wr_schema_registry_get(d->registry, (uint32_t)id, &schema, NULL) == WEIR_OK;
        if (!is_final(st) || !is_there) {
            if (st != WEIR_OK) return st;
        } else {
            const char *why = wr_arena_strndup(&d->arena, err->message, strlen(err->message));
            if (!why) return weir_fail(err, WEIR_ENOMEM, "out of memory");
            WR_TRY(keep_version(d, id, NULL, why, err));
        }
        v = find_version(d, id);
    }
    *out = v;
    return v->root ? WEIR_OK : weir_fail(err, WEIR_ECONFIG, "%s", v->why);
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

/* The plan for a message; NULL: in->wrong, or EAGAIN. */
static weir_status plan_of_message(avro *d, wr_avro_input *in, const version **out) {
    int64_t id = NO_ID;
    weir_error err = {0};
    *out = NULL;
    if (d->has_prefix) {
        const unsigned char *p = (const unsigned char *)wr_avro_take_bytes(in, REGISTRY_BYTES);
        if (!p || p[0] != 0) {
            in->wrong = NULL;
            wr_avro_fail(in, "the registry's zero byte and schema id are missing");
            return WEIR_OK;
        }
        id = (int64_t)p[1] << 24 | p[2] << 16 | p[3] << 8 | p[4];
    }
    weir_status st = need_version(d, id, out, &err);
    if (st == WEIR_OK || st == WEIR_EAGAIN || st == WEIR_ENOMEM) return st;
    *out = NULL;
    snprintf(d->reason, sizeof d->reason, "%.290s",
             strncmp(err.message, "avro: ", 6) == 0 ? err.message + 6 : err.message);
    wr_avro_fail(in, d->reason);
    return WEIR_OK;
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory for an Avro record");
}

/* A row of a record, or of what is wrong. */
static weir_status take_row(avro *d, weir_decode *call, const version *v, wr_avro_input *in, bool is_last,
                            weir_verdict *verdict, weir_error *err) {
    weir_record record = {call->bytes, call->len, d->n_records + 1, 0};
    weir_status st;
    WR_TRY(weir_filler_begin(d->filler, call, err));
    if (v && !in->wrong) wr_avro_plan_run(v->root, in, d->filler);
    if (is_last && !in->wrong && in->at < in->end) in->wrong = "bytes after the record";
    if (in->wrong) weir_filler_fault(d->filler, -1, "Avro: %s", in->wrong);
    *verdict = weir_filler_end(d->filler, &record, &st);
    return st == WEIR_OK ? WEIR_OK : no_memory(err);
}

/* How many records come next; 0: none. */
static int64_t take_block(wr_avro_input *in) {
    int64_t n = in->wrong ? 0 : wr_avro_take_long(in);
    if (n >= 0) return n;
    (void)wr_avro_take_long(in); /* the block's size */
    return n == INT64_MIN || in->wrong ? 0 : -n;
}

/* The records of an array are one chunk; if it can't be read to its end, none of them counts. */
static weir_status take_list(avro *d, weir_decode *call, const version *v, wr_avro_input *in,
                             weir_verdict *verdict, weir_error *err) {
    uint32_t first = call->rows->n;
    bool is_told = false;
    *verdict = WEIR_ROW_TAKE;
    for (int64_t n; *verdict != WEIR_ROW_LATER && (n = take_block(in)) > 0;)
        for (; n > 0 && !in->wrong && *verdict != WEIR_ROW_LATER; n--) {
            const unsigned char *before = in->at;
            WR_TRY(take_row(d, call, v, in, false, verdict, err));
            is_told = in->wrong != NULL;
            if (in->at == before && !in->empty_items--) wr_avro_fail(in, "too many empty items");
        }
    if (*verdict != WEIR_ROW_LATER) {
        if (!in->wrong && in->at < in->end) in->wrong = "bytes after the array";
        weir_verdict unused;
        if (in->wrong && !is_told) WR_TRY(take_row(d, call, NULL, in, false, &unused, err));
    }
    if (in->wrong || *verdict == WEIR_ROW_LATER) weir_rows_cut(call->rows, first);
    weir_rows_end_chunk(call->rows, first);
    return WEIR_OK;
}

static weir_status decode_message(avro *d, weir_decode *call, weir_error *err) {
    wr_avro_input in = {(const unsigned char *)call->bytes, (const unsigned char *)call->bytes + call->len,
                        NULL, WR_AVRO_EMPTY_ITEMS};
    const version *v;
    weir_verdict verdict;
    weir_status st = plan_of_message(d, &in, &v);
    if (st == WEIR_ENOMEM) return no_memory(err);
    if (st == WEIR_EAGAIN) {
        call->wait_ms = WR_REGISTRY_WAIT_MS;
        return WEIR_OK;
    }
    st = v && v->is_list ? take_list(d, call, v, &in, &verdict, err)
                         : take_row(d, call, v, &in, true, &verdict, err);
    if (st != WEIR_OK) return st;
    if (verdict == WEIR_ROW_LATER) return WEIR_OK;
    d->n_records++;
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

/* ---- Container files ---------------------------------------------------------------------------------- */

/* The plan for the file's schema; a schema that can't serve is told, and the file passed over. */
static weir_status take_header(avro *d, weir_error *err) {
    wr_avro_type *writer;
    wr_avro_plan_args args = d->plan_args;
    wr_arena_fini(&d->file_arena);
    wr_arena_init(&d->file_arena, NULL);
    args.arena = &d->file_arena;
    d->of_file = NULL;
    WR_TRY(wr_avro_schema_parse(d->file.schema.data, d->file.schema.len, &d->file_arena, &writer, err));
    return wr_avro_plan_new(&args, writer, d->reader ? record_of(d->reader) : NULL, &d->of_file, err);
}

/* Without its bytes: how many of them are there depends on how they come. */
static void report(avro *d, weir_decode *call, const char *why) {
    weir_record record = {"", 0, d->n_records + 1, d->offset + call->consumed};
    weir_report_bad(call, &record, -1, "Avro: %s", why);
}

/* What is wrong within a block takes the rest of it along. */
static void lose_block(avro *d, weir_decode *call, const char *why) {
    uint64_t n = d->file.n_left;
    char text[400];
    snprintf(text, sizeof text, "%.200s; %llu record%s of its block %s lost", why, (unsigned long long)n,
             n == 1 ? "" : "s", n == 1 ? "is" : "are");
    report(d, call, text);
    d->n_records += wr_avro_container_give_up(&d->file, &call->consumed);
}

static wr_avro_input rest_of_block(const avro *d) {
    const unsigned char *begin = (const unsigned char *)d->file.unpacked.data;
    return (wr_avro_input){begin + d->file.at, begin + d->file.unpacked.len, NULL, WR_AVRO_EMPTY_ITEMS};
}

static size_t place_of(const avro *d, const wr_avro_input *in) {
    return (size_t)((const char *)in->at - d->file.unpacked.data);
}

/* After a restart: the records that were read before. */
static bool skip_done(avro *d, weir_decode *call) {
    while (d->file.n_skip) {
        wr_avro_input in = rest_of_block(d);
        wr_avro_plan_skip(d->of_file, &in);
        if (in.wrong) {
            lose_block(d, call, in.wrong);
            return false;
        }
        wr_avro_container_skipped(&d->file, place_of(d, &in));
    }
    return true;
}

/* OK: the row has to wait; EAGAIN: go on. */
static weir_status take_record(avro *d, weir_decode *call, weir_error *err) {
    if (!skip_done(d, call)) return WEIR_EAGAIN;
    wr_avro_input in = rest_of_block(d);
    const char *begin = (const char *)in.at;
    weir_status st;
    WR_TRY(weir_filler_begin(d->filler, call, err));
    wr_avro_plan_run(d->of_file, &in, d->filler);
    if (!in.wrong && d->file.n_left == 1 && in.at < in.end) in.wrong = "bytes after the block's last record";
    if (in.wrong) {
        wr_rows_unfill(call->rows, call->rows->n);
        lose_block(d, call, in.wrong);
        return WEIR_EAGAIN;
    }
    weir_record record = {begin, (size_t)((const char *)in.at - begin), d->n_records + 1,
                          d->offset + call->consumed};
    weir_verdict verdict = weir_filler_end(d->filler, &record, &st);
    if (st != WEIR_OK) return no_memory(err);
    if (verdict == WEIR_ROW_LATER) return WEIR_OK;
    d->n_records++;
    wr_avro_container_done(&d->file, place_of(d, &in), &call->consumed);
    return WEIR_EAGAIN;
}

static weir_status begin_file(avro *d, weir_decode *call, weir_error *err) {
    weir_error own = {0};
    weir_status st = take_header(d, &own);
    if (st == WEIR_ENOMEM) return no_memory(err);
    if (st == WEIR_OK) return WEIR_OK;
    report(d, call, strncmp(own.message, "avro: ", 6) == 0 ? own.message + 6 : own.message);
    d->file.is_lost = true;
    return WEIR_OK;
}

/* EAGAIN: the reader's schema is there; OK: not yet. */
static weir_status need_reader_of_file(avro *d, weir_decode *call, weir_error *err) {
    weir_error own = {0};
    weir_status st = need_reader(d, &own);
    if (st == WEIR_OK) return WEIR_EAGAIN;
    if (st == WEIR_EAGAIN) {
        call->wait_ms = WR_REGISTRY_WAIT_MS;
        return WEIR_OK;
    }
    if (st == WEIR_ENOMEM) return no_memory(err);
    report(d, call, own.message);
    d->file.is_lost = true;
    return WEIR_EAGAIN;
}

static weir_status next_part(avro *d, weir_decode *call, weir_error *err) {
    const char *wrong = "";
    if (!d->of_file && !d->file.is_lost) {
        weir_status st = need_reader_of_file(d, call, err);
        if (st != WEIR_EAGAIN) return st;
        if (d->file.has_header) WR_TRY(begin_file(d, call, err));
    }
    switch (wr_avro_container_next(&d->file, call->bytes, call->len, call->ends, &call->consumed, &wrong)) {
    case WR_AVRO_RECORD_NEXT: return take_record(d, call, err);
    case WR_AVRO_HEADER_NEXT: return WEIR_EAGAIN;
    case WR_AVRO_BAD_NEXT: report(d, call, wrong); return WEIR_EAGAIN;
    case WR_AVRO_NOMEM_NEXT: return no_memory(err);
    case WR_AVRO_MORE_NEXT: break;
    }
    return WEIR_EEND;
}

static weir_status decode_file(avro *d, weir_decode *call, weir_error *err) {
    weir_status st = WEIR_EAGAIN;
    while (st == WEIR_EAGAIN) {
        if (call->rows->n >= call->rows->limit) {
            st = WEIR_OK;
            break;
        }
        st = next_part(d, call, err);
    }
    d->offset += call->consumed;
    return st == WEIR_EEND ? WEIR_EAGAIN : st;
}

static weir_status avro_decode(void *self, weir_decode *call, weir_error *err) {
    avro *d = self;
    call->consumed = 0;
    return call->is_message ? decode_message(d, call, err) : decode_file(d, call, err);
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status refuse_key(const weir_pair *pair, weir_error *err) {
    weir_fail(err, WEIR_ENAME, "avro: there is no option '%s'", pair->key);
    if (!err) return WEIR_ENAME;
    snprintf(err->hint, sizeof err->hint,
             "schema.def, schema.file, schema.id, schema.registry, schema.id7.file or schema.id7.def");
    err->begin = pair->begin;
    err->end = pair->end;
    return WEIR_ENAME;
}

/* schema.id7.file and schema.id7.def */
static weir_status add_by_id(avro *d, const weir_pair *pair, weir_error *err) {
    const char *id = pair->key + strlen("schema.id"), *dot = strchr(pair->key + strlen("schema."), '.');
    const char *text = pair->value;
    size_t len = strlen(text);
    const wr_avro_type *type;
    int32_t number;
    bool is_file = dot && strcmp(dot, ".file") == 0, is_def = dot && strcmp(dot, ".def") == 0;
    bool is_id = strncmp(pair->key, "schema.id", 9) == 0 && dot >= id;
    if (!is_id || (!is_file && !is_def) || wr_parse_int(id, (size_t)(dot - id), &number) != WR_NUMBER_OK ||
        number < 0)
        return refuse_key(pair, err);
    d->has_prefix = true;
    if (is_file) WR_TRY(wr_file_text(text, &d->arena, &text, &len, err));
    WR_TRY(parse(d, text, len, &type, err));
    return add_version(d, number, type, err);
}

static bool is_other_key(const char *key) {
    for (const weir_option *o = options; o->name; o++)
        if (strcmp(o->name, key) == 0) return true;
    return strncmp(key, "schema.", 7) != 0;
}

static weir_status add_versions(avro *d, weir_error *err) {
    const weir_settings *settings = d->args->settings;
    for (uint32_t i = 0; i < settings->n_pairs; i++)
        if (!is_other_key(settings->pairs[i].key)) WR_TRY(add_by_id(d, &settings->pairs[i], err));
    return WEIR_OK;
}

/* Whether messages begin with an id, and what the schema that was given is for. */
static weir_status set_schemas(avro *d, const char *text, size_t len, weir_error *err) {
    const weir_setting *set = d->args->settings->of;
    bool by_id = set[WR_AVRO_OPT_ID].given;
    if (by_id && !d->registry)
        return weir_fail(err, WEIR_ECONFIG,
                         "avro: schema.id needs schema.registry; without one say schema.id%s.file",
                         set[WR_AVRO_OPT_ID].text);
    if (text) WR_TRY(parse(d, text, len, &d->reader, err));
    d->reader_is_asked = by_id;
    d->reader_id = (uint32_t)set[WR_AVRO_OPT_ID].as.l;
    d->has_prefix = d->registry && !by_id;
    WR_TRY(add_versions(d, err));
    if (set[WR_AVRO_OPT_PREFIX].given) d->has_prefix = set[WR_AVRO_OPT_PREFIX].as.b;
    if (set[OPT_DESERIALIZER].as.b) d->has_prefix = true;
    if (d->registry && !d->has_prefix && !by_id && !d->reader)
        return weir_fail(err, WEIR_ECONFIG,
                         "avro: messages without an id need schema.id, schema.def or schema.file");
    if (!d->has_prefix && d->n_versions)
        return weir_fail(err, WEIR_ECONFIG,
                         "avro: schemas by id need messages with ids: registry.prefix is 'false'");
    return WEIR_OK;
}

/* What plain messages are, and those with ids that need not be looked at. As in Siddhi, without any schema
 * the record is the stream's. */
static weir_status set_only_schema(avro *d, weir_error *err) {
    const char *text;
    size_t len;
    if (d->n_versions || d->registry || d->args->from_stream) return WEIR_OK;
    if (!d->reader) {
        WR_TRY(wr_avro_schema_of_stream(d->args->schema, false, &d->arena, &text, &len, err));
        WR_TRY(parse(d, text, len, &d->reader, err));
    }
    return add_version(d, NO_ID, d->reader, err);
}

static weir_status avro_open(void *self, const weir_decoder_args *args, weir_error *err) {
    avro *d = self;
    const weir_setting *set = args->settings->of;
    const char *text;
    size_t len = 0;
    d->args = args;
    wr_arena_init(&d->arena, NULL);
    wr_arena_init(&d->file_arena, NULL);
    d->paths.column = WR_JSON_NO_COLUMN;
    WR_TRY(wr_setting_limit(&set[OPT_LIMIT], "avro: block.limit", &d->file.limit, err));
    d->plan_args = (wr_avro_plan_args){args->schema, &d->paths, set[OPT_MISSING].as.b, &d->arena};
    WR_TRY(wr_json_paths_add(&d->paths, args, &d->arena, err));
    WR_TRY(weir_filler_new(args, set[OPT_MISSING].as.b, &d->filler, err));
    WR_TRY(wr_avro_schema_text(set, &d->arena, &text, &len, err));
    WR_TRY(wr_schema_registry_open(set, args->host, &d->registry, err));
    WR_TRY(set_schemas(d, text, len, err));
    return set_only_schema(d, err);
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static void avro_reset(void *self) {
    avro *d = self;
    d->n_records = d->offset = 0;
    d->of_file = NULL;
    wr_avro_container_reset(&d->file);
}

static void avro_save(const void *self, weir_writer *w) {
    const avro *d = self;
    weir_write_u32(w, 2);
    weir_write_i64(w, (int64_t)d->n_records);
    weir_write_i64(w, (int64_t)d->offset);
    wr_avro_container_save(&d->file, w);
}

static weir_status avro_load(void *self, weir_reader *r, weir_error *err) {
    avro *d = self;
    WR_TRY(weir_read_version(r, 2, err));
    d->n_records = (uint64_t)weir_read_i64(r);
    d->offset = (uint64_t)weir_read_i64(r);
    d->of_file = NULL;
    return wr_avro_container_load(&d->file, r, err);
}

static const char *avro_state(const void *self) {
    const avro *d = self;
    return d->registry ? wr_schema_registry_state(d->registry) : "";
}

static void avro_close(void *self) {
    avro *d = self;
    weir_filler_free(d->filler);
    wr_schema_registry_close(d->registry);
    wr_avro_container_fini(&d->file);
    wr_free(NULL, d->versions, d->cap_versions * sizeof *d->versions);
    wr_arena_fini(&d->file_arena);
    wr_arena_fini(&d->arena);
}

const weir_decoder_type wr_avro_decoder = {
    .struct_size = sizeof wr_avro_decoder,
    .name = "avro",
    .doc = "Avro records, by a schema or by the ids of a schema registry; in files, Avro's container files.",
    .example = "@map(type='avro', schema.def='{\"type\":\"record\",\"name\":\"stock\",\"fields\":"
               "[{\"name\":\"symbol\",\"type\":\"string\"},{\"name\":\"price\",\"type\":\"double\"}]}')",
    .options = options,
    .finds_records = true,
    .state_size = sizeof(avro),
    .open = avro_open,
    .decode = avro_decode,
    .reset = avro_reset,
    .save = avro_save,
    .load = avro_load,
    .close = avro_close,
    .state = avro_state,
};
