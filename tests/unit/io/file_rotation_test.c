/* The file sink that rotates: names, sizes, time, what is kept, and a process that is killed at every call of
 * the system. */
#include "sink_support.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "io/file_rotation.h"
#include "io/unpack.h"

#define SCHEMA "n int, s string"

/* ---- Names --------------------------------------------------------------------------------------------- */

#define NOON_MS 1796040000000LL /* 2026-11-30 12:00:00 in UTC */

static void a_closed_file_has_a_stamp_in_front_of_its_ending(void **state) {
    (void)state;
    const struct {
        const char *stamp, *leaf;
        uint64_t number;
        const char *name;
    } names[] = {{WR_FILE_STAMP, "out.csv", 1, "out-20261130-120000.csv"},
                 {WR_FILE_STAMP, "out.csv", 3, "out-20261130-120000-3.csv"},
                 {WR_FILE_STAMP, "out.csv.gz", 1, "out-20261130-120000.csv.gz"},
                 {WR_FILE_STAMP, "a.b.avro", 1, "a.b-20261130-120000.avro"},
                 {WR_FILE_STAMP, "out", 2, "out-20261130-120000-2"},
                 {"_%Y%m%d%H", ".hidden", 1, ".hidden_2026113012"},
                 {".%N", "x.jsonl.zst", 17, "x.17.jsonl.zst"}};
    for (size_t i = 0; i < COUNT(names); i++) {
        wr_file_rotation r = {.stamp = names[i].stamp, .is_numbered = strstr(names[i].stamp, "%N") != NULL};
        wr_buf b = WR_BUF_INIT;
        uint64_t number = 99;
        assert_int_equal(wr_file_rotation_check(&r, NULL), WEIR_OK);
        wr_file_rotation_name(&r, &(wr_file_closing){names[i].leaf, NOON_MS, names[i].number}, &b);
        assert_string_equal(b.data, names[i].name);
        assert_true(b.len <= strlen(names[i].leaf) + wr_file_rotation_longest(&r));
        assert_true(wr_file_rotation_made(&r, names[i].leaf, b.data, &number));
        assert_int_equal(number, r.is_numbered ? names[i].number : 0);
        wr_buf_fini(&b);
    }
}

static void names_of_others_are_no_closed_files(void **state) {
    (void)state;
    static const char *const others[] = {"out.csv",
                                         "out-20261130-12000.csv",
                                         "out-20261130-120000.csv.gz",
                                         "out-20261130-120000-.csv",
                                         "out-20261130-120000-x.csv",
                                         "out-20261130-120000-1234567890123456789012.csv",
                                         "other-20261130-120000.csv",
                                         "out-2026113a-120000.csv",
                                         ".out.csv.1.closing",
                                         ""};
    wr_file_rotation r = {.stamp = WR_FILE_STAMP};
    uint64_t number;
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(wr_file_rotation_made(&r, "out.csv", others[i], &number));
}

static void spans_begin_at_full_hours_of_utc(void **state) {
    (void)state;
    wr_file_rotation r = {.every_ms = 3600000};
    assert_int_equal(wr_file_rotation_span(&r, NOON_MS), NOON_MS);
    assert_int_equal(wr_file_rotation_span(&r, NOON_MS - 1), NOON_MS - 3600000);
    assert_int_equal(wr_file_rotation_span(&r, -1), -3600000);
}

static void broken_settings_are_told(void **state) {
    (void)state;
    const struct {
        const char *more, *told;
    } bad[] = {{"rotate.size=0", "rotate.size must be 1 or more"},
               {"rotate.every=999", "rotate.every must be '1 sec' or more"},
               {"rotate.keep=3", "rotate.keep needs rotate.size or rotate.every"},
               {"rotate.name=-%N", "rotate.name needs rotate.size or rotate.every"},
               {"rotate.size=1k;rotate.keep=0", "rotate.keep must be 1 to"},
               {"rotate.size=1k;rotate.name=-%q", "'%q' is none of"},
               {"rotate.size=1k;rotate.name=-%", "'% ' is none of"},
               {"rotate.size=1k;rotate.name=a/%N", "must not hold '/'"},
               {"rotate.size=1k;rotate.name=", "must have 1 to"},
               {"rotate.size=1k;file.uri=x/", "file.uri names no file"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        weir_error err = {0};
        test_sink t = {0};
        char options[200];
        snprintf(options, sizeof options, "%s%s", strstr(bad[i].more, "file.uri") ? "" : "file.uri=x.csv;",
                 bad[i].more);
        assert_int_equal(open_sink(&t, SCHEMA, "file", options, "csv", "", &err), WEIR_ECONFIG);
        assert_non_null(strstr(err.message, bad[i].told));
    }
}

/* ---- Files --------------------------------------------------------------------------------------------- */

typedef struct fixture {
    char *dir, path[300], state[300], options[500];
    test_sink t;
} fixture;

static void set_up(fixture *f, const char *name, const char *more) {
    memset(f, 0, sizeof *f);
    f->dir = new_directory();
    in_directory(f->dir, "state", f->state);
    in_directory(f->dir, name, f->path);
    snprintf(f->options, sizeof f->options, "file.uri=%s;%s", f->path, more);
}

static void open_it(fixture *f) {
    assert_int_equal(open_sink(&f->t, SCHEMA, "file", f->options, "csv", "header=true", NULL), WEIR_OK);
}

static void start(fixture *f) {
    open_it(f);
    assert_int_equal(wr_sink_start(f->t.sink, 0, NULL, NULL), WEIR_OK);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The names in the folder, in order, without those that begin with "state". */
static uint32_t list(const fixture *f, char *names[1000]) {
    DIR *d = opendir(f->dir);
    uint32_t n = 0;
    for (struct dirent *e; (e = readdir(d)) && n < 1000;)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
            strncmp(e->d_name, "state", 5) != 0 && strncmp(e->d_name, "files-", 6) != 0)
            names[n++] = strdup(e->d_name);
    closedir(d);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

static void assert_names(const fixture *f, const char *expected) {
    char *names[1000];
    wr_buf all = WR_BUF_INIT;
    wr_buf_puts(&all, "");
    for (uint32_t i = 0, n = list(f, names); i < n; i++) {
        wr_buf_printf(&all, "%s%s", i ? " " : "", names[i]);
        free(names[i]);
    }
    assert_string_equal(all.data, expected);
    wr_buf_fini(&all);
}

static void assert_in(const fixture *f, const char *name, const char *text) {
    char path[400];
    assert_file(in_directory(f->dir, name, path), text);
}

static void a_file_is_closed_before_it_gets_too_large(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "rotate.size=25;rotate.name=-%N");
    start(&f);
    for (int32_t n = 0; n < 5; n++)
        assert_int_equal(write_rows(&f.t, n, 1, NULL), WEIR_OK); /* 8 bytes each */
    assert_int_equal(write_rows(&f.t, 20, 3, NULL), WEIR_OK); /* 10 bytes each: two fit beside the header */
    assert_int_equal(write_rows(&f.t, 5, 1, NULL), WEIR_OK);
    assert_int_equal(write_rows(&f.t, 1000000, 1, NULL), WEIR_OK); /* does not fit at all */
    assert_int_equal(write_rows(&f.t, 6, 1, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_names(&f, "x-1.csv x-2.csv x-3.csv x-4.csv x-5.csv x-6.csv x.csv");
    assert_in(&f, "x-1.csv", "n,s\n0,row 0\n1,row 1\n");
    assert_in(&f, "x-2.csv", "n,s\n2,row 2\n3,row 3\n");
    assert_in(&f, "x-3.csv", "n,s\n4,row 4\n20,row 20\n");
    assert_in(&f, "x-4.csv", "n,s\n21,row 21\n22,row 22\n");
    assert_in(&f, "x-5.csv", "n,s\n5,row 5\n");
    assert_in(&f, "x-6.csv", "n,s\n1000000,row 1000000\n");
    assert_in(&f, "x.csv", "n,s\n6,row 6\n");
    start(&f); /* goes on with the file, and with the numbers */
    assert_int_equal(write_rows(&f.t, 7, 1, NULL), WEIR_OK);
    assert_int_equal(write_rows(&f.t, 8, 1, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_in(&f, "x-7.csv", "n,s\n6,row 6\n7,row 7\n");
    assert_in(&f, "x.csv", "n,s\n8,row 8\n");
    drop_directory(f.dir);
}

static void packed_files_are_as_large_as_was_said(void **state) {
    (void)state;
    fixture f;
    char *names[1000], path[400];
    set_up(&f, "x.csv.zst", "rotate.size=4000;rotate.name=-%N;compression=auto");
    start(&f);
    for (int32_t i = 0; i < 20; i++) assert_int_equal(write_rows(&f.t, 1000 + i * 997, 997, NULL), WEIR_OK);
    close_sink(&f.t, true);
    uint32_t n = list(&f, names);
    assert_true(n > 3);
    for (uint32_t i = 0; i < n; i++) {
        struct stat st;
        assert_int_equal(stat(in_directory(f.dir, names[i], path), &st), 0);
        assert_true(st.st_size <= 4000);
        if (i + 1 < n) assert_true(st.st_size > 3500);
        free(names[i]);
    }
    drop_directory(f.dir);
}

static void the_oldest_closed_files_of_a_name_are_deleted(void **state) {
    (void)state;
    fixture f;
    char path[400];
    set_up(&f, "{{s}}.csv", "rotate.size=10;rotate.name=_%N;rotate.keep=2");
    write_text(in_directory(f.dir, "row 1_x.csv", path), "somebody's");
    write_text(in_directory(f.dir, "row 1_0.csv", path), "older");
    start(&f);
    for (int32_t i = 0; i < 10; i++) { /* two names in turns */
        assert_int_equal(write_rows(&f.t, i % 2, 1, NULL), WEIR_OK);
        assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
        usleep(15000); /* the system's times of change are some ms apart */
    }
    close_sink(&f.t, true);
    assert_names(&f, "row 0.csv row 0_3.csv row 0_4.csv row 1.csv row 1_3.csv row 1_4.csv row 1_x.csv");
    drop_directory(f.dir);
}

static void names_that_are_taken_get_a_number(void **state) {
    (void)state;
    fixture f;
    char path[400];
    set_up(&f, "x", "rotate.size=1;rotate.name=-%Y");
    char year[5];
    time_t now = time(NULL);
    strftime(year, sizeof year, "%Y", gmtime(&now));
    char first[20], all[100];
    snprintf(first, sizeof first, "x-%s", year);
    write_text(in_directory(f.dir, first, path), "somebody's");
    start(&f);
    for (int32_t i = 0; i < 4; i++) assert_int_equal(write_rows(&f.t, i, 1, NULL), WEIR_OK);
    close_sink(&f.t, true);
    snprintf(all, sizeof all, "x x-%s x-%s-2 x-%s-3 x-%s-4", year, year, year, year);
    assert_names(&f, all);
    assert_in(&f, first, "somebody's");
    drop_directory(f.dir);
}

/* So that what follows lies in one. */
static void wait_for_a_new_second(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    usleep((unsigned)(1000000000 - now.tv_nsec) / 1000 + 10000);
}

static void time_closes_a_file_without_a_row(void **state) {
    (void)state;
    fixture f;
    char *names[1000];
    set_up(&f, "x.csv", "rotate.every=1 sec");
    start(&f);
    wait_for_a_new_second();
    assert_int_equal(write_rows(&f.t, 1, 1, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    wait_for_a_new_second();
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_int_equal(list(&f, names), 1);
    assert_int_equal(strlen(names[0]), strlen("x-20261130-120000.csv"));
    assert_in(&f, names[0], "n,s\n1,row 1\n");
    free(names[0]);
    assert_int_equal(write_rows(&f.t, 2, 1, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_in(&f, "x.csv", "n,s\n2,row 2\n");
    wait_for_a_new_second();
    start(&f); /* it is of a second that is over */
    assert_int_equal(write_rows(&f.t, 3, 1, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_in(&f, "x.csv", "n,s\n3,row 3\n");
    drop_directory(f.dir);
}

static void what_is_no_file_is_not_rotated(void **state) {
    (void)state;
    weir_error err = {0};
    test_sink t = {0};
    fixture f;
    assert_int_equal(open_sink(&t, SCHEMA, "file", "file.uri=/dev/null;rotate.size=1k", "csv", "", NULL),
                     WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, &err), WEIR_EIO);
    assert_string_equal(err.message, "sink 'file' of 'S': can't rotate '/dev/null': that is no regular file");
    close_sink(&t, false);
    set_up(&f, "pipe", "rotate.size=1k");
    assert_int_equal(mkfifo(f.path, 0600), 0);
    open_it(&f);
    assert_int_equal(wr_sink_start(f.t.sink, 0, NULL, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, "pipe': that is no regular file"));
    close_sink(&f.t, false);
    drop_directory(f.dir);
}

/* A folder that takes no new names stands for all that can fail at that moment. */
static void a_rotation_that_fails_is_tried_again_and_loses_nothing(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    set_up(&f, "x.csv", "rotate.size=20;rotate.name=-%N");
    start(&f);
    assert_int_equal(write_rows(&f.t, 1, 2, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    char hidden[400];
    assert_int_equal(rename(f.path, in_directory(f.dir, "y", hidden)), 0);
    assert_int_equal(mkdir(f.path, 0700), 0); /* something else has its name */
    assert_int_equal(write_rows(&f.t, 3, 2, NULL), WEIR_OK);
    assert_int_not_equal(wr_sink_flush(f.t.sink, &err), WEIR_OK);
    assert_int_equal(rmdir(f.path), 0);
    assert_int_equal(rename(hidden, f.path), 0);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_names(&f, "x-1.csv x.csv");
    assert_in(&f, "x-1.csv", "n,s\n1,row 1\n2,row 2\n");
    assert_in(&f, "x.csv", "n,s\n3,row 3\n4,row 4\n");
    drop_directory(f.dir);
}

/* ---- Checkpoints --------------------------------------------------------------------------------------- */

static bool checkpoint(fixture *f) {
    weir_writer w;
    wr_writer_init(&w);
    uint64_t epoch = wr_sink_epoch(f->t.sink);
    bool ok = wr_sink_prepare(f->t.sink, &w, NULL) == WEIR_OK;
    char temporary[400];
    snprintf(temporary, sizeof temporary, "%s.new", f->state);
    write_file(temporary, (char *)&epoch, sizeof epoch, false);
    write_file(temporary, w.buf.data, w.buf.len, true);
    ok = ok && !rename(temporary, f->state) && wr_sink_commit(f->t.sink, NULL) == WEIR_OK;
    wr_writer_fini(&w);
    return ok;
}

static uint64_t restart(fixture *f) {
    uint64_t epoch = 0;
    size_t len;
    f->t.host.state_dir = f->dir;
    open_it(f);
    if (access(f->state, R_OK)) {
        assert_int_equal(wr_sink_start(f->t.sink, 0, NULL, NULL), WEIR_OK);
        return 0;
    }
    char *saved = read_file(f->state, &len);
    memcpy(&epoch, saved, sizeof epoch);
    weir_reader r;
    wr_reader_init(&r, saved + sizeof epoch, len - sizeof epoch);
    assert_int_equal(wr_sink_start(f->t.sink, epoch, &r, NULL), WEIR_OK);
    free(saved);
    return epoch;
}

static void a_closed_file_is_shown_once_a_later_checkpoint_has_it(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "rotate.size=12;rotate.name=-%N");
    (void)restart(&f);
    assert_true(checkpoint(&f));
    assert_int_equal(write_rows(&f.t, 1, 1, NULL), WEIR_OK);
    assert_int_equal(write_rows(&f.t, 2, 1, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_names(&f, ".x.csv.1.closing x.csv");
    assert_true(wr_sink_wants_checkpoint(f.t.sink));
    assert_true(checkpoint(&f));
    assert_names(&f, ".x.csv.1.closing x.csv"); /* another sink may not have committed yet */
    assert_true(checkpoint(&f));
    assert_names(&f, "x-1.csv x.csv");
    assert_false(wr_sink_wants_checkpoint(f.t.sink));
    assert_int_equal(write_rows(&f.t, 3, 1, NULL), WEIR_OK);
    assert_int_equal(write_rows(&f.t, 4, 1, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_int_equal(wr_sink_abort(f.t.sink, NULL), WEIR_OK);
    assert_names(&f, "x-1.csv x.csv");
    assert_in(&f, "x.csv", "n,s\n2,row 2\n");
    close_sink(&f.t, false);
    (void)restart(&f);
    assert_int_equal(write_rows(&f.t, 5, 1, NULL), WEIR_OK);
    assert_true(checkpoint(&f));
    assert_true(checkpoint(&f));
    close_sink(&f.t, false);
    assert_names(&f, "x-1.csv x-2.csv x.csv");
    assert_in(&f, "x-2.csv", "n,s\n2,row 2\n");
    assert_in(&f, "x.csv", "n,s\n5,row 5\n");
    char journal[400];
    DIR *d = opendir(f.dir);
    for (struct dirent *e; (e = readdir(d));)
        if (!strncmp(e->d_name, "files-", 6)) unlink(in_directory(f.dir, e->d_name, journal));
    closedir(d);
    drop_directory(f.dir);
}

/* ---- Killed -------------------------------------------------------------------------------------------- */

#define LAST_EPOCH 5

/* Rows epoch*5 .. epoch*5+4, in three writes. */
static void write_epoch(fixture *f, int32_t epoch) {
    if (write_rows(&f->t, epoch * 5, 1, NULL) != WEIR_OK ||
        write_rows(&f->t, epoch * 5 + 1, 2, NULL) != WEIR_OK)
        _exit(1);
    if (epoch % 2 && wr_sink_flush(f->t.sink, NULL) != WEIR_OK) _exit(1);
    if (write_rows(&f->t, epoch * 5 + 3, 2, NULL) != WEIR_OK) _exit(1);
}

/* From the last checkpoint to the end; the last two checkpoints show the last closed files. */
static void live(fixture *f) {
    uint64_t epoch = restart(f);
    if (!epoch && !checkpoint(f)) _exit(1);
    for (epoch += !epoch; epoch < LAST_EPOCH; epoch++) {
        write_epoch(f, (int32_t)epoch);
        if (!checkpoint(f)) _exit(1);
    }
    _exit(checkpoint(f) && checkpoint(f) ? 0 : 1);
}

/* Runs a life up to its n-th call of the system; false: it ended before. */
static bool live_up_to(fixture *f, int n) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) _exit(77);
        raise(SIGSTOP);
        live(f);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip();
    for (int i = 0; i < n && WIFSTOPPED(status); i++) {
        ptrace(PTRACE_SYSCALL, child, NULL, NULL);
        assert_int_equal(waitpid(child, &status, 0), child);
    }
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        return false;
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    return true;
}

/* All that the file says, unpacked. */
static void read_unpacked(const char *path, wr_buf *out) {
    test_source t = {0};
    char options[500];
    snprintf(options, sizeof options, "file.uri=%s", path);
    assert_int_equal(open_source(&t, SCHEMA, "file", options, "csv", "header=true", "", NULL), WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_null(t.log.data); /* a header, whole members, no half line */
    if (t.got.data) wr_buf_puts(out, t.got.data);
    close_source(&t);
}

static int by_number(const void *a, const void *b) {
    return atoi(*(char *const *)a) - atoi(*(char *const *)b);
}

/* Every row is there once, in whichever file. */
static void assert_each_row_once(const fixture *f) {
    char *names[1000], path[400], *lines[1000];
    wr_buf all = WR_BUF_INIT;
    uint32_t n = list(f, names), n_lines = 0;
    assert_true(n > 4);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_not_equal(names[i][0], '.');
        read_unpacked(in_directory(f->dir, names[i], path), &all);
        free(names[i]);
    }
    for (char *p = all.data, *save; (p = strtok_r(p, "\n", &save)) && n_lines < 1000; p = NULL)
        if (strncmp(p, "null|", 5) != 0) lines[n_lines++] = p; /* row 13 has no number */
    qsort(lines, n_lines, sizeof *lines, by_number);
    assert_int_equal(n_lines, (LAST_EPOCH - 1) * 5 - 1);
    for (uint32_t i = 0, row = 5; i < n_lines; i++, row++) {
        char expected[40];
        row += row == 13;
        snprintf(expected, sizeof expected, "%u|row %u", row, row);
        assert_string_equal(lines[i], expected);
    }
    wr_buf_fini(&all);
}

typedef struct snapshot {
    char *names[1000], *texts[1000];
    size_t lens[1000];
    uint32_t n;
} snapshot;

static bool is_closed(const char *name) { return name[0] != '.' && strchr(name, '_'); }

static void look_at_closed(const fixture *f, snapshot *s) {
    char path[400], *names[1000];
    s->n = 0;
    for (uint32_t i = 0, n = list(f, names); i < n; i++) {
        if (!is_closed(names[i])) {
            free(names[i]);
            continue;
        }
        s->names[s->n] = names[i];
        s->texts[s->n] = read_file(in_directory(f->dir, names[i], path), &s->lens[s->n]);
        s->n++;
    }
}

/* What had a closed name still has it, and the same in it. */
static void assert_unchanged(const fixture *f, snapshot *s) {
    char path[400];
    for (uint32_t i = 0; i < s->n; i++) {
        size_t len;
        char *text = read_file(in_directory(f->dir, s->names[i], path), &len);
        assert_int_equal(len, s->lens[i]);
        assert_memory_equal(text, s->texts[i], len);
        free(text);
        free(s->texts[i]);
        free(s->names[i]);
    }
}

static void empty(const fixture *f) {
    DIR *d = opendir(f->dir);
    for (struct dirent *e; (e = readdir(d));) unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
}

/* Killed at many calls of the system, one after the other, then at some other one (often while it recovers),
 * then left alone. */
static void killed_everywhere(const char *name, const char *more) {
    fixture f;
    snapshot closed;
    const char *usual = getenv("TMPDIR");
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1); /* nobody cuts the power: no disk is needed */
    set_up(&f, name, more);
    if (usual)
        setenv("TMPDIR", usual, 1);
    else
        unsetenv("TMPDIR");
    int n = 1;
    for (; live_up_to(&f, n); n += 11) {
        (void)live_up_to(&f, 20 + n * 7 % 150);
        look_at_closed(&f, &closed);
        assert_false(live_up_to(&f, 1000000));
        assert_unchanged(&f, &closed);
        assert_each_row_once(&f);
        empty(&f);
    }
    assert_true(n > 200);
    empty(&f);
    drop_directory(f.dir);
}

static void a_process_that_is_killed_anywhere_loses_and_doubles_nothing(void **state) {
    (void)state;
    killed_everywhere("x.csv", "rotate.size=30;rotate.name=_%N");
    killed_everywhere("{{s}}.csv", "rotate.size=1;rotate.name=_%N;max.open.files=1");
    killed_everywhere("x.csv.gz", "rotate.size=1;rotate.name=_%Y%m%d-%H%M%S;compression=auto");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_closed_file_has_a_stamp_in_front_of_its_ending),
        cmocka_unit_test(names_of_others_are_no_closed_files),
        cmocka_unit_test(spans_begin_at_full_hours_of_utc),
        cmocka_unit_test(broken_settings_are_told),
        cmocka_unit_test(a_file_is_closed_before_it_gets_too_large),
        cmocka_unit_test(packed_files_are_as_large_as_was_said),
        cmocka_unit_test(the_oldest_closed_files_of_a_name_are_deleted),
        cmocka_unit_test(names_that_are_taken_get_a_number),
        cmocka_unit_test(time_closes_a_file_without_a_row),
        cmocka_unit_test(what_is_no_file_is_not_rotated),
        cmocka_unit_test(a_rotation_that_fails_is_tried_again_and_loses_nothing),
        cmocka_unit_test(a_closed_file_is_shown_once_a_later_checkpoint_has_it),
        cmocka_unit_test(a_process_that_is_killed_anywhere_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
