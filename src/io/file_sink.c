/* file_sink.c: writes a file, exactly once with checkpoints: its options, and which way they lead. file_one.h
 * has the one file. A file.uri with {{attribute}} names many, and one that rotates is many, too: file_set.h.
 */
#include <string.h>

#include "io/file_one.h"
#include "io/file_set.h"
#include "io/table.h"

enum {
    OPT_URI,
    OPT_APPEND,
    OPT_COMPRESSION,
    OPT_MOST_OPEN,
    OPT_ROTATE_SIZE,
    OPT_ROTATE_EVERY,
    OPT_ROTATE_NAME,
    OPT_ROTATE_KEEP
};

static const weir_option options[] = {
    [OPT_URI] = {"file.uri", WEIR_OPTION_TEMPLATE, true, NULL, NULL,
                 "The file's name; 'file:' in front is allowed. With {{attribute}} in it there is a file for "
                 "each name."},
    [OPT_APPEND] = {"append", WEIR_OPTION_BOOL, false, "true", NULL,
                    "A fresh start writes behind what the file has; else it empties the file."},
    [OPT_COMPRESSION] = {"compression", WEIR_OPTION_CHOICE, false, "none", "auto|none|gzip|zstd",
                         "How the file is packed; 'auto' goes by the ending of its name (.gz, .zst)."},
    [OPT_MOST_OPEN] = {"max.open.files", WEIR_OPTION_LONG, false, "128", NULL,
                       "How many files are open at a time where file.uri has {{attribute}}."},
    [OPT_ROTATE_SIZE] = {"rotate.size", WEIR_OPTION_BYTES, false, NULL, NULL,
                         "A file is closed, and a new one begun, before it gets larger than that (packed, "
                         "where it is packed)."},
    [OPT_ROTATE_EVERY] =
        {"rotate.every", WEIR_OPTION_TIME, false, NULL, NULL,
         "A file is closed when such a span of the computer's clock ends; spans are counted from "
         "1970 in UTC ('1 hour': at the full hour)."},
    [OPT_ROTATE_NAME] =
        {"rotate.name", WEIR_OPTION_TEXT, false, WR_FILE_STAMP, NULL,
         "What closed files have in front of their ending: %Y %m %d %H %M %S of the time in UTC at "
         "which the file was begun, %N a number that grows."},
    [OPT_ROTATE_KEEP] = {"rotate.keep", WEIR_OPTION_LONG, false, NULL, NULL,
                         "How many closed files of a name are kept: the oldest are deleted. Missing: all."},
    {0}};

#define MOST_OPEN  65536
#define MOST_KEPT  1000000
#define LEAST_SPAN 1000 /* ms */

typedef struct file_sink {
    wr_file_set *set; /* file.uri has {{attribute}}, or it rotates; NULL: */
    wr_file_one one;
} file_sink;

static weir_status check_rotation(const weir_setting *set, const wr_file_rotation *r, weir_error *err) {
    if (set[OPT_ROTATE_SIZE].given && r->size < 1)
        return weir_fail(err, WEIR_ECONFIG, "rotate.size must be 1 or more");
    if (set[OPT_ROTATE_EVERY].given && r->every_ms < LEAST_SPAN)
        return weir_fail(err, WEIR_ECONFIG, "rotate.every must be '1 sec' or more");
    if (set[OPT_ROTATE_KEEP].given &&
        (set[OPT_ROTATE_KEEP].as.l < 1 || set[OPT_ROTATE_KEEP].as.l > MOST_KEPT))
        return weir_fail(err, WEIR_ECONFIG, "rotate.keep must be 1 to %d", MOST_KEPT);
    bool is_on = wr_file_rotation_is_on(r), has_name = strcmp(r->stamp, WR_FILE_STAMP) != 0;
    if (!is_on && (has_name || set[OPT_ROTATE_KEEP].given))
        return weir_fail(err, WEIR_ECONFIG, "%s needs rotate.size or rotate.every",
                         has_name ? "rotate.name" : "rotate.keep");
    return wr_file_rotation_check(r, err);
}

static weir_status read_rotation(const weir_setting *set, wr_file_rotation *r, weir_error *err) {
    *r = (wr_file_rotation){.stamp = set[OPT_ROTATE_NAME].text,
                            .is_numbered = strstr(set[OPT_ROTATE_NAME].text, "%N") != NULL};
    if (set[OPT_ROTATE_SIZE].given) r->size = set[OPT_ROTATE_SIZE].as.l;
    if (set[OPT_ROTATE_EVERY].given) r->every_ms = set[OPT_ROTATE_EVERY].as.l;
    if (set[OPT_ROTATE_KEEP].given) r->keep = (uint32_t)set[OPT_ROTATE_KEEP].as.l;
    return check_rotation(set, r, err);
}

static weir_status open_set(file_sink *s, const weir_io_args *args, const wr_file_rotation *r,
                            weir_error *err) {
    const weir_setting *set = args->settings->of;
    return wr_file_set_new(&(wr_file_set_spec){.args = args,
                                               .uri = &set[OPT_URI],
                                               .appends = set[OPT_APPEND].as.b,
                                               .packing = (wr_packing)set[OPT_COMPRESSION].as.l,
                                               .most_open = (uint32_t)set[OPT_MOST_OPEN].as.l,
                                               .rotation = *r},
                           &s->set, err);
}

static weir_status file_open(void *self, const weir_io_args *args, weir_error *err) {
    file_sink *s = self;
    const weir_setting *set = args->settings->of;
    s->one.fd = s->one.journal.fd = -1;
    s->one.appends = set[OPT_APPEND].as.b;
    if (set[OPT_MOST_OPEN].as.l < 1 || set[OPT_MOST_OPEN].as.l > MOST_OPEN)
        return weir_fail(err, WEIR_ECONFIG, "max.open.files must be 1 to %d", MOST_OPEN);
    wr_file_rotation rotation;
    WR_TRY(read_rotation(set, &rotation, err));
    if (set[OPT_URI].slot) return open_set(s, args, &rotation, err);
    if (!*set[OPT_URI].text) return weir_fail(err, WEIR_ECONFIG, "file.uri is empty");
    if (wr_file_rotation_is_on(&rotation)) return open_set(s, args, &rotation, err);
    return wr_file_one_open(&s->one, args, set[OPT_URI].text, (wr_packing)set[OPT_COMPRESSION].as.l, err);
}

static weir_status file_start(void *self, weir_error *err) {
    file_sink *s = self;
    return s->set ? wr_file_set_start(s->set, err) : wr_file_one_start(&s->one, err);
}

static weir_status file_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    file_sink *s = self;
    if (s->set) return wr_file_set_recover(s->set, last_epoch, saved, err);
    return wr_file_one_recover(&s->one, last_epoch, saved, err);
}

static weir_status file_begin(void *self, uint64_t epoch, weir_error *err) {
    file_sink *s = self;
    (void)err;
    if (s->set) return wr_file_set_begin(s->set, epoch), WEIR_OK;
    s->one.epoch = epoch;
    s->one.epoch_begin = s->one.size;
    return WEIR_OK;
}

static weir_status file_write(void *self, const weir_output *out, weir_error *err) {
    file_sink *s = self;
    return s->set ? wr_file_set_write(s->set, out, err) : wr_file_one_write(&s->one, out, err);
}

static weir_status file_flush(void *self, weir_error *err) {
    file_sink *s = self;
    return s->set ? wr_file_set_flush(s->set, err) : wr_file_one_flush(&s->one, err);
}

static weir_status file_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    file_sink *s = self;
    (void)epoch;
    return s->set ? wr_file_set_prepare(s->set, w, err) : wr_file_one_prepare(&s->one, w, err);
}

static weir_status file_commit(void *self, uint64_t epoch, weir_error *err) {
    file_sink *s = self; /* prepare made it durable, and the checkpoint says how far */
    (void)epoch;
    (void)err;
    if (s->set) wr_file_set_commit(s->set);
    return WEIR_OK;
}

static weir_status file_abort(void *self, uint64_t epoch, weir_error *err) {
    file_sink *s = self;
    (void)epoch;
    return s->set ? wr_file_set_abort(s->set, err) : wr_file_one_abort(&s->one, err);
}

static bool file_at_start(const void *self) {
    const file_sink *s = self;
    return !s->set && wr_file_one_is_at_start(&s->one);
}

static weir_status file_head(void *self, const char *bytes, size_t len, weir_error *err) {
    file_sink *s = self;
    if (s->set) return wr_file_set_head(s->set, bytes, len, err);
    wr_buf_clear(&s->one.head);
    wr_buf_put(&s->one.head, bytes, len);
    return s->one.head.failed ? weir_fail(err, WEIR_ENOMEM, "out of memory") : WEIR_OK;
}

static weir_status file_accepts(const void *self, const weir_output *out, weir_error *err) {
    const file_sink *s = self;
    return s->set ? wr_file_set_accepts(s->set, out, err) : WEIR_OK;
}

static bool file_wants_checkpoint(const void *self) {
    const file_sink *s = self;
    return s->set && wr_file_set_wants_checkpoint(s->set);
}

static bool file_wants_record_ends(const void *self) {
    const file_sink *s = self;
    return s->set != NULL;
}

static size_t file_bytes(const void *self) {
    const file_sink *s = self;
    return s->set ? wr_file_set_bytes(s->set) : s->one.buffer.cap;
}

static void file_close(void *self) {
    file_sink *s = self;
    wr_file_set_free(s->set);
    wr_file_one_close(&s->one);
}

const weir_sink_type wr_file_sink = {
    .struct_size = sizeof wr_file_sink,
    .name = "file",
    .doc = "Appends to a file, or to one for each name that events make. With checkpoints each row is there "
           "once, also after a crash.",
    .example = "@sink(type='file', file.uri='alerts.jsonl', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_BYTES,
    .guarantee = WEIR_EXACTLY_ONCE,
    .state_size = sizeof(file_sink),
    .open = file_open,
    .start = file_start,
    .recover = file_recover,
    .begin = file_begin,
    .write = file_write,
    .flush = file_flush,
    .prepare = file_prepare,
    .commit = file_commit,
    .abort = file_abort,
    .at_file_start = file_at_start,
    .bytes = file_bytes,
    .close = file_close,
    .head = file_head,
    .accepts = file_accepts,
    .wants_checkpoint = file_wants_checkpoint,
    .wants_record_ends = file_wants_record_ends,
};
