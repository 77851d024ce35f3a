/* file_sink.c: writes a file, exactly once with checkpoints.
 *
 * What is written collects in memory and goes to the file in large pieces. A checkpoint makes the file
 * durable and notes its length; after a crash the file is cut back to the length that the last checkpoint
 * noted, and the rows since then are written again. A file.uri with {{attribute}} names many files, and one
 * that rotates is many, too: file_set.h has them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sync.h"
#include "io/byte_input.h"
#include "io/file_set.h"
#include "io/packer.h"
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

#define MOST_OPEN   65536
#define MOST_KEPT   1000000
#define LEAST_SPAN  1000 /* ms */
#define OF_A_SET    3u   /* the version of a state that file_set_epochs.c saved */
#define FLUSH_BYTES ((size_t)256 * 1024)

typedef struct file_sink {
    wr_file_set *set; /* file.uri has {{attribute}}, or it rotates: all else is not used then */
    char *path;
    bool appends;
    int fd;
    uint64_t size;        /* of the file */
    uint64_t epoch_begin; /* size when the epoch began */
    wr_packer packer;
    wr_buf buffer; /* packed, not yet in the file */
    size_t n_out;  /* bytes of buffer that are */
} file_sink;

static weir_status system_failure(const file_sink *s, const char *what, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't %s '%s': %s", what, s->path, strerror(why));
    if (err) err->retriable = why == ENOSPC || why == EDQUOT || why == EIO || why == ENOENT || why == EACCES;
    return WEIR_EIO;
}

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
                                               .appends = s->appends,
                                               .packing = (wr_packing)set[OPT_COMPRESSION].as.l,
                                               .most_open = (uint32_t)set[OPT_MOST_OPEN].as.l,
                                               .rotation = *r},
                           &s->set, err);
}

static weir_status file_open(void *self, const weir_io_args *args, weir_error *err) {
    file_sink *s = self;
    const weir_setting *set = args->settings->of;
    s->fd = -1;
    s->appends = set[OPT_APPEND].as.b;
    if (set[OPT_MOST_OPEN].as.l < 1 || set[OPT_MOST_OPEN].as.l > MOST_OPEN)
        return weir_fail(err, WEIR_ECONFIG, "max.open.files must be 1 to %d", MOST_OPEN);
    wr_file_rotation rotation;
    WR_TRY(read_rotation(set, &rotation, err));
    if (set[OPT_URI].slot) return open_set(s, args, &rotation, err);
    if (!*set[OPT_URI].text) return weir_fail(err, WEIR_ECONFIG, "file.uri is empty");
    if (wr_file_rotation_is_on(&rotation)) return open_set(s, args, &rotation, err);
    s->path = wr_file_name(args->host, set[OPT_URI].text);
    if (!s->path) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    wr_packer_init(&s->packer, wr_packing_of(s->path, (wr_packing)set[OPT_COMPRESSION].as.l));
    return WEIR_OK;
}

static weir_status file_start(void *self, weir_error *err) {
    file_sink *s = self;
    struct stat st;
    if (s->set) return wr_file_set_start(s->set, err);
    s->fd = open(s->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (s->fd < 0) return system_failure(s, "open", err);
    if (fstat(s->fd, &st)) return system_failure(s, "look at", err);
    if (S_ISREG(st.st_mode)) s->size = (uint64_t)st.st_size;
    (void)wr_sync_folder_of(s->path); /* the entry of a new file must outlive a crash too */
    return WEIR_OK;
}

static weir_status cut_to(file_sink *s, uint64_t size, weir_error *err) {
    if (s->size != size && ftruncate(s->fd, (off_t)size)) return system_failure(s, "cut back", err);
    s->size = size;
    if (lseek(s->fd, (off_t)size, SEEK_SET) < 0 && errno != ESPIPE) return system_failure(s, "seek in", err);
    return WEIR_OK;
}

static weir_status file_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    file_sink *s = self;
    if (s->set) return wr_file_set_recover(s->set, last_epoch, saved, err);
    if (!saved || !last_epoch) return cut_to(s, s->appends ? s->size : 0, err);
    uint32_t version = weir_read_u32(saved);
    if (version == OF_A_SET)
        return weir_fail(err, WEIR_ESTATE,
                         "the state is of a sink that rotates: this one has no rotate.size and "
                         "no rotate.every");
    if (version != 1) return weir_fail(err, WEIR_ESTATE, "saved by another version");
    uint64_t committed = (uint64_t)weir_read_i64(saved);
    WR_TRY(weir_reader_status(saved, err));
    if (s->size < committed)
        return weir_fail(
            err, WEIR_ESTATE,
            "'%s' has %llu bytes, but %llu were committed: it was cut or replaced by someone else", s->path,
            (unsigned long long)s->size, (unsigned long long)committed);
    return cut_to(s, committed, err);
}

static weir_status file_begin(void *self, uint64_t epoch, weir_error *err) {
    file_sink *s = self;
    (void)epoch;
    (void)err;
    if (s->set) wr_file_set_begin(s->set);
    s->epoch_begin = s->size;
    return WEIR_OK;
}

/* Writes the buffer out. What a failed write did manage stays counted, so that trying again goes on there. */
static weir_status drain(file_sink *s, weir_error *err) {
    while (s->n_out < s->buffer.len) {
        ssize_t n = write(s->fd, s->buffer.data + s->n_out, s->buffer.len - s->n_out);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return system_failure(s, "write to", err);
        s->n_out += (size_t)n;
        s->size += (uint64_t)n;
    }
    s->n_out = 0;
    wr_buf_clear(&s->buffer);
    return WEIR_OK;
}

static weir_status file_write(void *self, const weir_output *out, weir_error *err) {
    file_sink *s = self;
    if (s->set) return wr_file_set_write(s->set, out, err);
    if (s->buffer.len - s->n_out >= FLUSH_BYTES) WR_TRY(drain(s, err));
    return wr_packer_put(&s->packer, out->bytes, out->len, &s->buffer, err);
}

static weir_status file_flush(void *self, weir_error *err) {
    file_sink *s = self;
    if (s->set) return wr_file_set_flush(s->set, err);
    WR_TRY(wr_packer_flush(&s->packer, false, &s->buffer, err));
    return drain(s, err);
}

static weir_status file_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    file_sink *s = self;
    (void)epoch;
    if (s->set) return wr_file_set_prepare(s->set, w, err);
    WR_TRY(wr_packer_flush(&s->packer, true, &s->buffer, err));
    WR_TRY(drain(s, err));
    if (fdatasync(s->fd) && errno != EINVAL && errno != EROFS) return system_failure(s, "sync", err);
    if (!w) return WEIR_OK;
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)s->size);
    return WEIR_OK;
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
    if (s->set) return wr_file_set_abort(s->set, err);
    wr_packer_fini(&s->packer);
    wr_buf_clear(&s->buffer);
    s->n_out = 0;
    return cut_to(s, s->epoch_begin, err);
}

static bool file_at_start(const void *self) {
    const file_sink *s = self;
    return !s->set && s->size == 0 && s->buffer.len == 0 && !s->packer.is_midway;
}

static weir_status file_head(void *self, const char *bytes, size_t len, weir_error *err) {
    file_sink *s = self;
    return s->set ? wr_file_set_head(s->set, bytes, len, err) : WEIR_OK;
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
    return s->set ? wr_file_set_bytes(s->set) : s->buffer.cap;
}

static void file_close(void *self) {
    file_sink *s = self;
    wr_file_set_free(s->set);
    if (!s->path) return; /* open didn't get that far */
    if (s->fd >= 0) {
        (void)file_flush(s, NULL);
        close(s->fd);
    }
    wr_packer_fini(&s->packer);
    wr_buf_fini(&s->buffer);
    wr_file_name_free(s->path);
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
