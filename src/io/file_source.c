/* file_source.c: reads a file, once or for ever.
 *
 * With follow it does what `tail -F` does: the end of the file is only the end for now; when the name belongs
 * to another file (rotation), the old one is read to its end first; when the file got shorter (truncation),
 * reading starts anew. inotify on the directory tells at once, a look each second tells where it doesn't
 * work. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/byte_input.h"
#include "io/file_identity.h"
#include "io/folder.h"
#include "io/io_log.h"
#include "io/table.h"

enum {
    OPT_URI,
    OPT_FOLLOW,
    OPT_COMPRESSION,
    OPT_DIR,
    OPT_PATTERN,
    OPT_MODE,
    OPT_TAILING,
    OPT_ACTION,
    OPT_MOVE,
    OPT_ON_FAILURE,
    OPT_MOVE_FAILED,
    OPT_BEGIN,
    OPT_END,
    OPT_POLLING,
    OPT_DIR_POLLING,
    OPT_LIMIT,
    OPT_CHUNK,
    OPT_CRON,
    OPT_HEADER
};

static const weir_option options[] = {
    [OPT_URI] = {"file.uri", WEIR_OPTION_TEXT, false, NULL, NULL,
                 "The file's name; 'file:' in front is allowed. Or dir.uri."},
    [OPT_FOLLOW] = {"follow", WEIR_OPTION_BOOL, false, NULL, NULL,
                    "Of a file read by lines: waits for more at the end, and goes on with the new file after "
                    "a rotation."},
    [OPT_COMPRESSION] = {"compression", WEIR_OPTION_CHOICE, false, "auto", WR_PACKING_CHOICES,
                         "How files are packed; by default their first bytes tell."},
    [OPT_DIR] = {"dir.uri", WEIR_OPTION_TEXT, false, NULL, NULL,
                 "A folder: its files are read, those that come later too, in order of their last change."},
    [OPT_PATTERN] =
        {"file.name.pattern", WEIR_OPTION_TEXT, false, NULL, NULL,
         "With dir.uri: only files of such names, '*.csv'. Those that begin with '.' are left alone."},
    [OPT_MODE] = {"mode", WEIR_OPTION_CHOICE, false, "line",
                  "line|text.full|binary.full|binary.chunked|regex",
                  "What is a message: a line, a file, buffer.size bytes, or what regular expressions say. "
                  "Formats that "
                  "find their records themselves (CSV, JSON lines) do so in mode line."},
    [OPT_TAILING] = {"tailing", WEIR_OPTION_BOOL, false, NULL, NULL, "Siddhi's name of follow."},
    [OPT_ACTION] = {"action.after.process", WEIR_OPTION_CHOICE, false, "keep", "delete|move|keep|none",
                    "What becomes of a file that was read, once a checkpoint covers it."},
    [OPT_MOVE] = {"move.after.process", WEIR_OPTION_TEXT, false, NULL, NULL,
                  "The folder that it is moved to, in the same file system; nothing there is overwritten."},
    [OPT_ON_FAILURE] =
        {"action.after.failure", WEIR_OPTION_CHOICE, false, "keep", "delete|move|keep",
         "The same for a file that can't be read to its end (damaged, or a message is too large)."},
    [OPT_MOVE_FAILED] = {"move.after.failure", WEIR_OPTION_TEXT, false, NULL, NULL, "The folder for those."},
    [OPT_BEGIN] = {"begin.regex", WEIR_OPTION_TEXT, false, NULL, NULL,
                   "With mode='regex': how a message begins; without end.regex it goes on to the next one."},
    [OPT_END] = {"end.regex", WEIR_OPTION_TEXT, false, NULL, NULL,
                 "With mode='regex': how it ends; without begin.regex the next one begins behind it."},
    [OPT_POLLING] = {"file.polling.interval", WEIR_OPTION_TIME, false, "1000", NULL,
                     "As in Siddhi; changes are told by the system (inotify) where it can."},
    [OPT_DIR_POLLING] = {"dir.polling.interval", WEIR_OPTION_TIME, false, "1000", NULL,
                         "How often a folder is looked at when the system tells of nothing."},
    [OPT_LIMIT] = {"max.message.size", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                   "Of messages that are not found by the format: a file with a larger one has failed."},
    [OPT_CHUNK] = {"buffer.size", WEIR_OPTION_BYTES, false, "65536", NULL,
                   "With mode='binary.chunked': the size of a message."},
    [OPT_CRON] = {"cron.expression", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},
    [OPT_HEADER] = {"header.present", WEIR_OPTION_BOOL, false, "false", NULL,
                    "Not supported: @map(type='csv', header='true') skips a header."},
    {0}};

static const weir_property properties[] = {{"file.path", "The name of the file."}, {0}};

#define WAIT_WITH_INOTIFY_MS 1000
#define WAIT_WITHOUT_MS      100

typedef enum phase {
    READING,
    LAST_LOOK, /* the file was rotated or truncated: what it still has is read */
    ENDED      /* its end has been shown */
} phase;

typedef struct file_source {
    wr_folder *folder; /* not NULL: it does the reading */
    weir_text path_text;
    bool tells_path;
    const weir_io_host *host;
    char *path;
    bool follows;
    wr_packing packing;
    wr_byte_input input;
    phase phase;
    int inotify;        /* -1: none */
    bool told_vanished; /* once a disappearance is enough */
    bool is_resuming;   /* a position waits to be gone to */
    bool has_unshown;   /* what was read with the way to it has not been shown */
    wr_file_identity resume_id;
    uint64_t resume_offset;
} file_source;

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status cannot_open(const file_source *s, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't open '%s': %s", s->path, strerror(why));
    if (err) err->retriable = why == ENOENT || why == EMFILE || why == ENFILE || why == EACCES;
    return WEIR_EIO;
}

/* The saved position's file: at its name, or renamed next to it. -1 with errno 0: it is there no more. */
static int open_resumed(const file_source *s) {
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && wr_file_identity_matches(&s->resume_id, fd)) return fd;
    if (fd >= 0) close(fd);
    fd = wr_file_identity_find(&s->resume_id, s->path);
    if (fd < 0) errno = 0;
    return fd;
}

static weir_status go_to_position(file_source *s, weir_error *err) {
    int fd = open_resumed(s);
    if (fd < 0)
        return weir_fail(
            err, WEIR_ESTATE,
            "'%s' is not the file that was read before, and that one is not next to it: can't go "
            "on at byte %llu",
            s->path, (unsigned long long)s->resume_offset);
    wr_byte_input_open(&s->input, fd, s->packing);
    weir_error inner;
    weir_status status = wr_byte_input_skip(&s->input, s->resume_offset, &inner);
    if (status != WEIR_OK) return weir_fail(err, status, "'%s': %s", s->path, inner.message);
    s->input.begins = s->resume_offset == 0;
    s->is_resuming = false;
    s->has_unshown = wr_byte_window_len(&s->input.window) > 0;
    s->phase = READING;
    return WEIR_OK;
}

/* Opens the file by its name. EAGAIN: it isn't there, and that is fine. */
static weir_status open_by_name(file_source *s, weir_error *err) {
    if (s->is_resuming && s->resume_id.n_hashed) return go_to_position(s, err);
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && s->follows) return WEIR_EAGAIN;
    if (fd < 0) return cannot_open(s, err);
    wr_byte_input_open(&s->input, fd, s->packing);
    s->phase = READING;
    s->told_vanished = s->is_resuming = false;
    return WEIR_OK;
}

static void watch_directory(file_source *s) {
    s->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (s->inotify < 0) return;
    const char *slash = strrchr(s->path, '/');
    char dir[4096];
    int n = snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - s->path + 1) : 1, slash ? s->path : ".");
    uint32_t events = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_MODIFY;
    if (n < 0 || (size_t)n >= sizeof dir || inotify_add_watch(s->inotify, dir, events) < 0) {
        close(s->inotify);
        s->inotify = -1;
    }
}

static void drain_inotify(const file_source *s) {
    char events[4096];
    if (s->inotify < 0) return;
    while (read(s->inotify, events, sizeof events) > 0) {
    }
}

/* ---- The end of a file -------------------------------------------------------------------------------- */

static bool is_truncated(const file_source *s) {
    struct stat st;
    return fstat(s->input.fd, &st) == 0 && S_ISREG(st.st_mode) &&
           (uint64_t)st.st_size < s->input.unpack.n_raw;
}

/* Whether the name stands for another file now. */
static bool is_rotated(file_source *s) {
    struct stat named, open_file;
    if (fstat(s->input.fd, &open_file)) return false;
    if (stat(s->path, &named)) {
        if (errno == ENOENT && !s->told_vanished) {
            wr_io_log(s->host, WEIR_LOG_WARN, "file source: '%s' has vanished; waiting for it to come back",
                      s->path);
            s->told_vanished = true;
        }
        return false;
    }
    return named.st_ino != open_file.st_ino || named.st_dev != open_file.st_dev;
}

static weir_status show_end(file_source *s, weir_input *in) {
    if (s->input.unpack.is_midway)
        wr_io_log(s->host, WEIR_LOG_WARN, "file source: the compressed file '%s' ends in the middle",
                  s->path);
    wr_byte_input_show(&s->input, true, in);
    s->phase = ENDED;
    return WEIR_OK;
}

static bool is_regular(const file_source *s) {
    struct stat st;
    return fstat(s->input.fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* A FIFO that nobody has opened for writing yet ends at once; that isn't its end. */
static bool is_unwritten_pipe(const file_source *s) { return !is_regular(s) && !s->input.unpack.n_raw; }

static weir_status nothing_now(const file_source *s, weir_input *in) {
    in->wait_ms = s->follows && s->inotify >= 0 ? WAIT_WITH_INOTIFY_MS : WAIT_WITHOUT_MS;
    return WEIR_EAGAIN;
}

/* Nothing could be read. */
static weir_status at_end(file_source *s, weir_input *in) {
    if (!s->input.unpack.has_ended || is_unwritten_pipe(s)) return nothing_now(s, in);
    if (!s->follows || s->phase == LAST_LOOK) return show_end(s, in);
    if (is_truncated(s)) return show_end(s, in);
    if (!is_rotated(s)) return nothing_now(s, in);
    s->phase = LAST_LOOK; /* it may have grown between the read and the rename */
    return WEIR_OK;
}

/* ---- The source --------------------------------------------------------------------------------------- */

/* 'none' is an older name of 'keep'. */
static wr_folder_action action_of(const weir_setting *s) {
    return s->as.l > WR_FOLDER_KEEP ? WR_FOLDER_KEEP : (wr_folder_action)s->as.l;
}

static bool is_plain(const weir_setting *set) {
    return !set[OPT_DIR].given && set[OPT_MODE].as.l == WR_FOLDER_LINES &&
           action_of(&set[OPT_ACTION]) == WR_FOLDER_KEEP && set[OPT_ON_FAILURE].as.l == WR_FOLDER_KEEP;
}

static bool follows(const weir_setting *set) {
    return (set[OPT_FOLLOW].given && set[OPT_FOLLOW].as.b) ||
           (set[OPT_TAILING].given && set[OPT_TAILING].as.b);
}

static weir_status check_settings(const weir_setting *set, weir_error *err) {
    if (set[OPT_DIR].given == set[OPT_URI].given)
        return weir_fail(err, WEIR_ECONFIG,
                         set[OPT_DIR].given
                             ? "@source(type='file') has both of 'file.uri' and 'dir.uri'"
                             : "@source(type='file') needs the option 'file.uri' or 'dir.uri'");
    if (set[OPT_CRON].given)
        return weir_fail(
            err, WEIR_EUNSUPPORTED,
            "'cron.expression' is not supported: files are read as they come; see dir.polling.interval");
    if (set[OPT_HEADER].as.b)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "'header.present' is not supported: @map(type='csv', header='true') skips a header");
    if ((set[OPT_BEGIN].given || set[OPT_END].given) && set[OPT_MODE].as.l != WR_FOLDER_REGEX)
        return weir_fail(err, WEIR_ECONFIG, "begin.regex and end.regex go with mode='regex'");
    if (set[OPT_PATTERN].given && !set[OPT_DIR].given)
        return weir_fail(err, WEIR_ECONFIG, "file.name.pattern goes with dir.uri");
    if (follows(set) && (!is_plain(set) || set[OPT_MOVE].given))
        return weir_fail(
            err, WEIR_ECONFIG,
            "follow and tailing go with file.uri and mode='line' only, and with no action: the end of a "
            "file that is followed never comes");
    return WEIR_OK;
}

static weir_status open_folder(file_source *s, const weir_io_args *args, weir_error *err) {
    const weir_setting *set = args->settings->of;
    wr_folder_spec spec = {.dir = set[OPT_DIR].text,
                           .file = set[OPT_URI].text,
                           .pattern = set[OPT_PATTERN].text,
                           .mode = (wr_folder_mode)set[OPT_MODE].as.l,
                           .begin = set[OPT_BEGIN].text,
                           .end = set[OPT_END].text,
                           .limit = (size_t)set[OPT_LIMIT].as.l,
                           .chunk = (size_t)WR_MAX(set[OPT_CHUNK].as.l, 1),
                           .action = action_of(&set[OPT_ACTION]),
                           .on_failure = (wr_folder_action)set[OPT_ON_FAILURE].as.l,
                           .move_to = set[OPT_MOVE].text,
                           .move_failed_to = set[OPT_MOVE_FAILED].text,
                           .packing = (wr_packing)set[OPT_COMPRESSION].as.l,
                           .polling_ms = WR_MAX(set[OPT_DIR_POLLING].as.l, 10),
                           .args = args};
    return wr_folder_open(&spec, &s->folder, err);
}

static weir_status file_open(void *self, const weir_io_args *args, weir_error *err) {
    file_source *s = self;
    const weir_setting *set = args->settings->of;
    s->host = args->host;
    s->inotify = -1;
    wr_byte_input_init(&s->input);
    WR_TRY(check_settings(set, err));
    if (args->shape == WEIR_SHAPE_MESSAGES || !is_plain(set)) return open_folder(s, args, err);
    if (set[OPT_MOVE].given)
        return weir_fail(err, WEIR_ECONFIG, "action.after.process='move' and move.after.process go together");
    s->follows = follows(set);
    s->tells_path = args->n_properties > 0;
    s->packing = (wr_packing)set[OPT_COMPRESSION].as.l;
    if (!*set[OPT_URI].text) return weir_fail(err, WEIR_ECONFIG, "file.uri is empty");
    s->path = wr_file_name(args->host, set[OPT_URI].text);
    if (!s->path) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    s->path_text = (weir_text){s->path, strlen(s->path)};
    return WEIR_OK;
}

/* A format that finds its records itself gets bytes, in mode line. */
static unsigned file_shapes(const weir_settings *settings) {
    bool by_lines = settings->of[OPT_MODE].as.l == WR_FOLDER_LINES;
    return by_lines ? WEIR_SHAPE_BYTES | WEIR_SHAPE_MESSAGES : WEIR_SHAPE_MESSAGES;
}

static weir_status refuse_directory(file_source *s, weir_error *err) {
    struct stat st;
    if (fstat(s->input.fd, &st) || !S_ISDIR(st.st_mode)) return WEIR_OK;
    wr_byte_input_close(&s->input);
    return weir_fail(err, WEIR_EIO, "'%s' is a directory", s->path);
}

static weir_status file_start(void *self, weir_error *err) {
    file_source *s = self;
    if (s->folder) return wr_folder_start(s->folder, err);
    if (s->follows && s->inotify < 0) watch_directory(s);
    weir_status status = open_by_name(s, err);
    if (status == WEIR_EAGAIN) {
        wr_io_log(s->host, WEIR_LOG_WARN, "file source: '%s' is not there yet; waiting for it", s->path);
        s->told_vanished = true;
        return WEIR_OK;
    }
    return status == WEIR_OK ? refuse_directory(s, err) : status;
}

static weir_status explain_failure(const file_source *s, weir_error *err, weir_status status) {
    char message[sizeof err->message];
    if (!err) return status;
    snprintf(message, sizeof message, "'%.200s': %.290s", s->path, err->message);
    memcpy(err->message, message, sizeof message);
    return status;
}

static weir_status file_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    file_source *s = self;
    (void)rows;
    if (s->folder) return wr_folder_poll(s->folder, in, err);
    *in = (weir_input){.shape = WEIR_SHAPE_BYTES, .wait_ms = WAIT_WITHOUT_MS};
    if (s->tells_path) in->properties = &s->path_text;
    drain_inotify(s);
    if (s->phase == ENDED && !s->follows) return WEIR_EEND;
    if (s->phase == ENDED || s->input.fd < 0) {
        weir_status status = open_by_name(s, err);
        if (status != WEIR_OK) return status == WEIR_EAGAIN ? nothing_now(s, in) : status;
    }
    bool has_some = s->has_unshown;
    s->has_unshown = false;
    while (!has_some) {
        weir_status status = wr_byte_input_read(&s->input, err);
        if (status == WEIR_OK) break;
        if (status != WEIR_EAGAIN) return explain_failure(s, err, status);
        if (!s->input.unpack.has_ended && is_regular(s)) continue; /* too few bytes to tell the packing */
        status = at_end(s, in);
        if (status != WEIR_OK || s->phase == ENDED) return status;
    }
    wr_byte_input_show(&s->input, false, in);
    return WEIR_OK;
}

static void file_consume(void *self, size_t n) {
    file_source *s = self;
    if (s->folder)
        wr_folder_consume(s->folder, n);
    else
        wr_byte_input_consume(&s->input, n);
}

static int file_wake_fd(const void *self) {
    const file_source *s = self;
    if (s->folder) return wr_folder_wake_fd(s->folder);
    if (s->inotify >= 0) return s->inotify;
    return s->input.fd >= 0 && !is_regular(s) && !is_unwritten_pipe(s) ? s->input.fd : -1;
}

static weir_status file_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    file_source *s = self;
    (void)err;
    if (s->folder) {
        weir_write_u32(w, 2);
        wr_folder_position(s->folder, epoch, w);
        return WEIR_OK;
    }
    wr_file_identity id = s->resume_id;
    uint64_t offset = s->resume_offset;
    if (!s->is_resuming) {
        id = (wr_file_identity){0};
        offset = s->input.n_consumed;
        if (s->input.fd >= 0) (void)wr_file_identity_of(s->input.fd, s->input.unpack.n_raw, &id);
    }
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)offset);
    weir_write_i64(w, (int64_t)id.inode);
    weir_write_u32(w, id.n_hashed);
    weir_write_i64(w, (int64_t)id.hash);
    return WEIR_OK;
}

static weir_status file_seek(void *self, weir_reader *r, weir_error *err) {
    file_source *s = self;
    if (weir_read_u32(r) != (s->folder ? 2 : 1))
        return weir_fail(err, WEIR_ESTATE,
                         "a file position of another version, or of another way of reading");
    if (s->folder) return wr_folder_seek(s->folder, r, err);
    s->resume_offset = (uint64_t)weir_read_i64(r);
    s->resume_id.inode = (uint64_t)weir_read_i64(r);
    s->resume_id.n_hashed = weir_read_u32(r);
    s->resume_id.hash = (uint64_t)weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    s->is_resuming = true;
    return s->input.fd >= 0 ? open_by_name(s, err) : WEIR_OK;
}

static int64_t file_lag(const void *self) {
    const file_source *s = self;
    struct stat st;
    if (s->folder || s->input.fd < 0 || fstat(s->input.fd, &st) || !S_ISREG(st.st_mode)) return -1;
    int64_t unread = (int64_t)st.st_size - (int64_t)s->input.unpack.n_raw;
    return WR_MAX(unread, 0) + (int64_t)wr_byte_window_len(&s->input.window);
}

static size_t file_bytes(const void *self) {
    const file_source *s = self;
    return s->folder ? wr_folder_bytes(s->folder) : s->input.window.cap;
}

static bool file_wants_checkpoint(const void *self) {
    const file_source *s = self;
    return s->folder && wr_folder_wants_checkpoint(s->folder);
}

static void file_close(void *self) {
    file_source *s = self;
    wr_folder_close(s->folder);
    if (!s->path) return; /* open didn't get that far, or a folder is read */
    wr_byte_input_close(&s->input);
    if (s->inotify >= 0) close(s->inotify);
    wr_file_name_free(s->path);
}

const weir_source_type wr_file_source = {
    .struct_size = sizeof wr_file_source,
    .name = "file",
    .doc = "Reads a file to its end, or follows it as it grows and is rotated, or the files of a folder as "
           "they come; "
           "gzip and zstd are unpacked.",
    .example = "@source(type='file', file.uri='wind.csv', event.time='ts', @map(type='csv', header='true'))",
    .options = options,
    .shapes = WEIR_SHAPE_BYTES | WEIR_SHAPE_MESSAGES,
    .shapes_of = file_shapes,
    .replayable = true,
    .state_size = sizeof(file_source),
    .open = file_open,
    .start = file_start,
    .poll = file_poll,
    .consume = file_consume,
    .wake_fd = file_wake_fd,
    .position = file_position,
    .seek = file_seek,
    .lag = file_lag,
    .bytes = file_bytes,
    .close = file_close,
    .properties = properties,
    .wants_checkpoint = file_wants_checkpoint,
};
