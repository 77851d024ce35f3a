/* The file sink's files that somebody deletes, moves away, replaces or cuts while they are written to. */
#include "file_sink_support.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* With checkpoints, at the last one; returns its epoch. */
static uint64_t restart(fixture *f, weir_status expected) {
    f->t.host.state_dir = f->dir;
    assert_int_equal(open_sink(&f->t, SCHEMA, "file", f->options, "csv", "header=true", NULL), WEIR_OK);
    return start_at_checkpoint(&f->t, f->state, expected, NULL);
}

static void start_without_checkpoints(fixture *f) {
    assert_int_equal(open_sink(&f->t, SCHEMA, "file", f->options, "csv", "header=true", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(f->t.sink, 0, NULL, NULL), WEIR_OK);
}

static void put(fixture *f, int32_t n, uint32_t count) {
    assert_int_equal(write_rows(&f->t, n, count, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f->t.sink, NULL), WEIR_OK);
}

static const char *beside(const fixture *f, const char *name) {
    static char path[2][300];
    static int turn;
    turn = !turn;
    in_directory(f->dir, name, path[turn]);
    return path[turn];
}

static int count_in(const char *text, const char *what) {
    int n = 0;
    for (const char *p = text; p && (p = strstr(p, what)); p++) n++;
    return n;
}

/* ---- One file ------------------------------------------------------------------------------------------ */

static void without_checkpoints_a_deleted_file_begins_anew_with_what_comes(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    start_without_checkpoints(&f);
    put(&f, 1, 2);
    put(&f, 3, 1);
    assert_int_equal(unlink(f.path), 0);
    put(&f, 4, 1);
    put(&f, 5, 1);
    assert_file(f.path, "n,s\n3,row 3\n4,row 4\n5,row 5\n"); /* 3 may have come too late for the old one */
    assert_int_equal(count_in(f.t.log.data, "x.csv' was deleted by somebody; it is begun anew"), 1);
    assert_int_equal(unlink(f.path), 0);
    assert_int_equal(write_rows(&f.t, 6, 1, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_file(f.path, "n,s\n5,row 5\n6,row 6\n");
    drop_directory(f.dir);
}

static void without_checkpoints_nothing_is_taken_from_a_moved_file(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    start_without_checkpoints(&f);
    put(&f, 1, 2);
    assert_int_equal(rename(f.path, beside(&f, "x.1")), 0);
    put(&f, 3, 2);
    close_sink(&f.t, true);
    assert_file(beside(&f, "x.1"), "n,s\n1,row 1\n2,row 2\n");
    assert_file(f.path, "n,s\n3,row 3\n4,row 4\n");
    drop_directory(f.dir);
}

static void rows_that_no_checkpoint_has_are_in_the_new_file(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    (void)restart(&f, WEIR_OK);
    put(&f, 1, 2);
    take_checkpoint(&f.t, f.state);
    put(&f, 3, 2);
    assert_int_equal(unlink(f.path), 0);
    put(&f, 5, 1);
    assert_file(f.path, "n,s\n3,row 3\n4,row 4\n5,row 5\n");
    close_sink(&f.t, false); /* killed */
    assert_int_equal(restart(&f, WEIR_OK), 1);
    assert_file(f.path, "");
    put(&f, 3, 1);
    close_sink(&f.t, false); /* and again: the length that the checkpoint has is still another file's */
    assert_int_equal(restart(&f, WEIR_OK), 1);
    put(&f, 3, 3);
    take_checkpoint(&f.t, f.state);
    put(&f, 6, 1);
    assert_int_equal(unlink(f.path), 0);
    take_checkpoint(&f.t, f.state); /* nothing more came */
    assert_file(f.path, "n,s\n6,row 6\n");
    put(&f, 7, 1);
    close_sink(&f.t, false);
    assert_int_equal(restart(&f, WEIR_OK), 3);
    assert_file(f.path, "n,s\n6,row 6\n");
    close_sink(&f.t, true);
    drop_directory(f.dir);
}

static void a_moved_file_ends_with_the_checkpoint_and_the_rest_is_in_the_new_one(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    (void)restart(&f, WEIR_OK);
    put(&f, 1, 2);
    take_checkpoint(&f.t, f.state);
    put(&f, 3, 1);
    assert_int_equal(rename(f.path, beside(&f, "x.1")), 0);
    write_text(f.path, ""); /* as logrotate's 'create' */
    put(&f, 4, 1);
    assert_file(beside(&f, "x.1"), "n,s\n1,row 1\n2,row 2\n");
    assert_file(f.path, "n,s\n3,row 3\n4,row 4\n");
    assert_int_equal(count_in(f.t.log.data, "x.csv' was moved away by somebody"), 1);
    assert_int_equal(wr_sink_abort(f.t.sink, NULL), WEIR_OK);
    assert_file(f.path, "");
    close_sink(&f.t, false);
    assert_int_equal(restart(&f, WEIR_OK), 1);
    put(&f, 3, 2);
    take_checkpoint(&f.t, f.state);
    close_sink(&f.t, true);
    assert_file(beside(&f, "x.1"), "n,s\n1,row 1\n2,row 2\n");
    assert_file(f.path, "n,s\n3,row 3\n4,row 4\n");
    drop_directory(f.dir);
}

static void a_file_that_was_moved_away_and_not_looked_at_any_more_is_cut_back(void **state) {
    (void)state;
    fixture f;
    for (int is_created = 0; is_created < 2; is_created++) {
        set_up(&f, "x.csv", "");
        (void)restart(&f, WEIR_OK);
        put(&f, 1, 2);
        take_checkpoint(&f.t, f.state);
        put(&f, 3, 2);
        close_sink(&f.t, false);
        assert_int_equal(rename(f.path, beside(&f, "x.1")), 0);
        if (is_created) write_text(f.path, "mine\n"); /* somebody else's */
        assert_int_equal(restart(&f, WEIR_OK), 1);
        assert_file(beside(&f, "x.1"), "n,s\n1,row 1\n2,row 2\n");
        assert_int_equal(count_in(f.t.log.data, "is gone or is another file now; it had 20 bytes"), 1);
        put(&f, 3, 1);
        close_sink(&f.t, false);
        assert_int_equal(restart(&f, WEIR_OK), 1);
        put(&f, 3, 2);
        close_sink(&f.t, true);
        assert_file(f.path, is_created ? "mine\n3,row 3\n4,row 4\n" : "n,s\n3,row 3\n4,row 4\n");
        drop_directory(f.dir);
    }
}

static void a_copy_of_the_file_is_the_file(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    (void)restart(&f, WEIR_OK);
    put(&f, 1, 2);
    take_checkpoint(&f.t, f.state);
    put(&f, 3, 2);
    close_sink(&f.t, false);
    assert_int_equal(unlink(f.path), 0);
    write_text(f.path, "n,s\n1,row 1\n2,row 2\n3,ro"); /* restored from a backup */
    assert_int_equal(restart(&f, WEIR_OK), 1);
    assert_file(f.path, "n,s\n1,row 1\n2,row 2\n");
    assert_null(f.t.log.data);
    close_sink(&f.t, true);
    drop_directory(f.dir);
}

static void a_folder_that_is_gone_is_told_once_and_waited_for(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    char folder[300];
    set_up(&f, "out/x.csv", "");
    in_directory(f.dir, "out", folder);
    assert_int_equal(mkdir(folder, 0777), 0);
    (void)restart(&f, WEIR_OK);
    put(&f, 1, 2);
    assert_int_equal(unlink(f.path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(write_rows(&f.t, 3, 1, NULL), WEIR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(wr_sink_flush(f.t.sink, &err), WEIR_EIO);
        assert_true(err.retriable);
        assert_non_null(strstr(err.message, "can't open"));
        assert_non_null(strstr(err.message, "x.csv': No such file or directory"));
    }
    assert_int_equal(mkdir(folder, 0777), 0);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_file(f.path, "n,s\n1,row 1\n2,row 2\n3,row 3\n");
    assert_int_equal(count_in(f.t.log.data, "was deleted by somebody"), 1);
    close_sink(&f.t, true);
    assert_int_equal(unlink(f.path), 0);
    assert_int_equal(rmdir(folder), 0);
    drop_directory(f.dir);
}

static void a_file_that_was_cut_goes_on_at_its_end(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    (void)restart(&f, WEIR_OK);
    put(&f, 1, 2);
    take_checkpoint(&f.t, f.state);
    assert_int_equal(truncate(f.path, 0), 0);
    put(&f, 3, 1);
    assert_file(f.path, "n,s\n3,row 3\n");
    close_sink(&f.t, false);
    assert_int_equal(restart(&f, WEIR_OK), 1);
    assert_file(f.path, "");
    put(&f, 3, 1);
    close_sink(&f.t, true);
    assert_file(f.path, "n,s\n3,row 3\n");
    drop_directory(f.dir);
}

static void assert_unpacked(fixture *f, const char *expected) {
    test_source t = {0};
    char options[400];
    snprintf(options, sizeof options, "file.uri=%s;compression=gzip", f->path);
    assert_int_equal(open_source(&t, SCHEMA, "file", options, "csv", "header=true", "", NULL), WEIR_OK);
    assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
    assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
    assert_got(&t, expected);
    assert_null(t.log.data); /* nothing ended in the middle */
    close_source(&t);
}

static void a_packed_file_that_is_begun_anew_is_whole(void **state) {
    (void)state;
    for (int has_state = 0; has_state < 2; has_state++) {
        fixture f;
        set_up(&f, "x.csv.gz", ";compression=auto");
        if (has_state)
            (void)restart(&f, WEIR_OK);
        else
            start_without_checkpoints(&f);
        put(&f, 1, 2);
        if (has_state) take_checkpoint(&f.t, f.state);
        put(&f, 3, 1);
        assert_int_equal(unlink(f.path), 0);
        put(&f, 4, 1);
        close_sink(&f.t, true);
        assert_unpacked(&f, has_state ? "3|row 3\n4|row 4\n" : "1|row 1\n2|row 2\n3|row 3\n4|row 4\n");
        drop_directory(f.dir);
        set_up(&f, "x.csv.gz", ";compression=auto");
        if (has_state)
            (void)restart(&f, WEIR_OK);
        else
            start_without_checkpoints(&f);
        put(&f, 1, 2);
        if (has_state) take_checkpoint(&f.t, f.state);
        put(&f, 3, 1);
        assert_int_equal(rename(f.path, beside(&f, "moved")), 0);
        put(&f, 4, 1); /* without checkpoints the member ends in the old one */
        put(&f, 5, 1);
        close_sink(&f.t, true);
        assert_unpacked(&f, has_state ? "3|row 3\n4|row 4\n5|row 5\n" : "5|row 5\n");
        in_directory(f.dir, "moved", f.path);
        assert_unpacked(&f, has_state ? "1|row 1\n2|row 2\n" : "1|row 1\n2|row 2\n3|row 3\n4|row 4\n");
        drop_directory(f.dir);
    }
}

/* ---- Many files ---------------------------------------------------------------------------------------- */

static void put_to(fixture *f, int32_t n, const char *s) {
    assert_int_equal(write_row(&f->t, n, s, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f->t.sink, NULL), WEIR_OK);
}

/* Names are looked at ten times a second. */
static void let_it_look(void) { usleep(120000); }

static void files_of_a_set_are_begun_anew_too(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "{{s}}.csv", "");
    (void)restart(&f, WEIR_OK);
    put_to(&f, 1, "a");
    put_to(&f, 2, "b");
    take_checkpoint(&f.t, f.state);
    put_to(&f, 3, "a");
    put_to(&f, 4, "b");
    assert_int_equal(unlink(beside(&f, "a.csv")), 0);
    assert_int_equal(rename(beside(&f, "b.csv"), beside(&f, "b.1")), 0);
    let_it_look();
    put_to(&f, 5, "a");
    put_to(&f, 6, "b");
    assert_file(beside(&f, "a.csv"), "n,s\n3,a\n5,a\n");
    assert_file(beside(&f, "b.csv"), "n,s\n4,b\n6,b\n");
    assert_file(beside(&f, "b.1"), "n,s\n2,b\n");
    close_sink(&f.t, false);
    for (int i = 0; i < 2; i++) { /* killed twice */
        assert_int_equal(restart(&f, WEIR_OK), 1);
        put_to(&f, 3, "a");
        put_to(&f, 4, "b");
        if (i == 0) close_sink(&f.t, false);
    }
    take_checkpoint(&f.t, f.state);
    put_to(&f, 7, "a");
    assert_int_equal(unlink(beside(&f, "a.csv")), 0);
    take_checkpoint(&f.t, f.state);
    assert_file(beside(&f, "a.csv"), "n,s\n7,a\n");
    close_sink(&f.t, true);
    assert_file(beside(&f, "b.csv"), "n,s\n4,b\n");
    drop_directory(f.dir);
}

static void folders_of_a_set_are_made_again(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    char path[300];
    set_up(&f, "out/{{s}}/x.csv", "");
    in_directory(f.dir, "out", path);
    assert_int_equal(mkdir(path, 0777), 0);
    (void)restart(&f, WEIR_OK);
    put_to(&f, 1, "a");
    assert_int_equal(unlink(beside(&f, "out/a/x.csv")), 0);
    assert_int_equal(rmdir(beside(&f, "out/a")), 0);
    let_it_look();
    put_to(&f, 2, "a");
    assert_file(beside(&f, "out/a/x.csv"), "n,s\n1,a\n2,a\n");
    assert_int_equal(rename(path, beside(&f, "away")), 0); /* the fixed one: that is not made */
    let_it_look();
    assert_int_equal(write_row(&f.t, 3, "a", NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, &err), WEIR_EIO);
    assert_true(err.retriable);
    assert_non_null(strstr(err.message, "can't open the folder"));
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_file(beside(&f, "out/a/x.csv"), "n,s\n1,a\n2,a\n3,a\n");
    assert_file(beside(&f, "away/a/x.csv"), "");
    static const char *const all[] = {"out/a/x.csv", "out/a", "out", "away/a/x.csv", "away/a", "away"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) assert_int_equal(remove(beside(&f, all[i])), 0);
    drop_directory(f.dir);
}

static void a_file_that_rotates_is_begun_anew_and_closed_as_ever(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";rotate.size=24;rotate.name=-%N");
    (void)restart(&f, WEIR_OK);
    put(&f, 1, 2);
    take_checkpoint(&f.t, f.state);
    assert_int_equal(unlink(f.path), 0);
    let_it_look();
    put(&f, 3, 1);
    assert_file(f.path, "n,s\n3,row 3\n");
    put(&f, 4, 1);
    put(&f, 5, 1); /* and 3, 4 are closed */
    assert_int_equal(unlink(f.path), 0);
    let_it_look();
    put(&f, 6, 1);
    assert_file(f.path, "n,s\n5,row 5\n6,row 6\n");
    assert_int_equal(wr_sink_abort(f.t.sink, NULL), WEIR_OK);
    close_sink(&f.t, false);
    assert_int_equal(restart(&f, WEIR_OK), 1);
    put(&f, 3, 5);
    for (int i = 0; i < 3; i++) take_checkpoint(&f.t, f.state);
    close_sink(&f.t, true);
    assert_file(beside(&f, "x-1.csv"), "n,s\n3,row 3\n4,row 4\n");
    assert_file(beside(&f, "x-2.csv"), "n,s\n5,row 5\n6,row 6\n");
    assert_file(f.path, "n,s\n7,row 7\n");
    drop_directory(f.dir);
}

static void rows_in_a_closed_file_that_is_taken_away_are_written_again_with_exactly_once(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    set_up(&f, "{{s}}.csv", ";max.open.files=1");
    f.t.host.state_dir = f.dir;
    assert_int_equal(
        open_sink_with(&f.t, SCHEMA, "file", f.options, "csv", "header=true", WEIR_EXACTLY_ONCE, NULL),
        WEIR_OK);
    assert_int_equal(wr_sink_start(f.t.sink, 0, NULL, NULL), WEIR_OK);
    put_to(&f, 1, "a");
    take_checkpoint(&f.t, f.state);
    put_to(&f, 2, "a");
    put_to(&f, 3, "b"); /* a.csv is closed */
    assert_int_equal(unlink(beside(&f, "a.csv")), 0);
    assert_int_equal(wr_sink_prepare(f.t.sink, NULL, &err), WEIR_EIO);
    assert_true(err.retriable);
    assert_non_null(strstr(err.message, "a.csv' away, with rows that no checkpoint has"));
    assert_int_equal(wr_sink_abort(f.t.sink, NULL), WEIR_OK);
    assert_int_equal(start_at_checkpoint(&f.t, f.state, WEIR_OK, NULL), 1);
    put_to(&f, 2, "a");
    put_to(&f, 3, "b");
    take_checkpoint(&f.t, f.state);
    close_sink(&f.t, true);
    assert_file(beside(&f, "a.csv"), "n,s\n2,a\n");
    assert_file(beside(&f, "b.csv"), "n,s\n3,b\n");
    drop_directory(f.dir);
}

/* ---- Killed -------------------------------------------------------------------------------------------- */

/* Epochs of 7 rows, in some of several flushes, until it is killed. */
static void live(fixture *f, bool is_set) {
    uint64_t epoch = restart(f, WEIR_OK);
    for (;; epoch++) {
        for (int32_t i = 0; i < 7; i++) {
            int32_t n = (int32_t)epoch * 7 + i;
            if (write_row(&f->t, n, is_set && n % 3 == 0 ? "b" : "a", NULL) != WEIR_OK) _exit(1);
            if (n % 4 == 0 && wr_sink_flush(f->t.sink, NULL) != WEIR_OK) _exit(1);
        }
        take_checkpoint(&f->t, f->state);
    }
}

static uint64_t committed(const fixture *f) {
    uint64_t epoch = 0;
    FILE *file = fopen(f->state, "rb");
    if (!file) return 0;
    assert_int_equal(fread(&epoch, sizeof epoch, 1, file), 1);
    fclose(file);
    return epoch;
}

#define MOST 2000000

/* Counts the rows of a file; returns how many there were. */
static uint32_t count_rows(const char *path, unsigned char *times) {
    FILE *file = fopen(path, "r");
    char line[100];
    uint32_t n_rows = 0;
    if (!file) return 0;
    for (bool first = true; fgets(line, sizeof line, file); first = false) {
        char *end;
        if (first) {
            assert_string_equal(line, "n,s\n");
            continue;
        }
        long n = strtol(line, &end, 10);
        assert_true(end > line && *end == ',' && n >= 0 && n < MOST && strchr(end, '\n'));
        times[n]++;
        n_rows++;
    }
    fclose(file);
    return n_rows;
}

/* Until so many checkpoints were taken, if the sink lives for that. */
static void wait_for(const fixture *f, uint64_t epochs) {
    for (int i = 0; i < 300000 && committed(f) < epochs; i++) usleep(100);
    assert_true(committed(f) >= epochs);
}

/* Somebody moves what is written away, now and then with a new file at its place, while the sink is killed
 * again and again: all files together have each row once. */
static void files_moved_away_and_killed_again_and_again_have_each_row_once(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    char moved[400];
    int n_moved = 0;
    uint64_t since = 0;
    for (int life = 0; life < 25; life++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) live(&f, false);
        for (int i = 0; i < 3; i++) {
            wait_for(&f, since + 2); /* a checkpoint has the file that was begun anew last */
            usleep(1777 * (unsigned)(life % 7));
            snprintf(moved, sizeof moved, "%s.%d", f.path, n_moved);
            bool is_moved = rename(f.path, moved) == 0;
            n_moved += is_moved;
            since = committed(&f);
            if (is_moved && life % 2) { /* as logrotate's 'create', unless the sink was faster */
                FILE *file = fopen(f.path, "a");
                assert_non_null(file);
                fclose(file);
            }
        }
        usleep(200u * (unsigned)(life % 5)); /* before it looks, or after that */
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    uint64_t epochs = restart(&f, WEIR_OK);
    assert_true(epochs > 0 && epochs * 7 < MOST && n_moved > 10);
    close_sink(&f.t, true);
    unsigned char *times = calloc(MOST, 1);
    (void)count_rows(f.path, times);
    for (int i = 0; i < n_moved; i++) {
        snprintf(moved, sizeof moved, "%s.%d", f.path, i);
        (void)count_rows(moved, times);
    }
    for (uint32_t n = 0; n < MOST; n++)
        if (times[n] != (n < epochs * 7))
            fail_msg("row %u is there %d times of %d", n, times[n], n < epochs * 7);
    free(times);
    drop_directory(f.dir);
}

/* Somebody deletes what is written: whatever is committed after that is in the new file, once. */
static void killed_and_deleted(fixture *f, const char *const *names, bool is_set) {
    uint64_t since = 0;
    for (int life = 0; life < 25; life++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) live(f, is_set);
        for (int i = 0; i < 2; i++) {
            wait_for(f, committed(f) + 1);
            usleep(4000 + 1777 * (unsigned)(life % 7));
            for (int k = 0; names[k]; k++) (void)unlink(beside(f, names[k]));
            since = committed(f) + 1; /* the one at hand may be prepared by now */
        }
        usleep(300u * (unsigned)(life % 5));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    uint64_t epochs = restart(f, WEIR_OK);
    assert_true(epochs > 0 && epochs * 7 < MOST);
    close_sink(&f->t, true);
    unsigned char *times = calloc(MOST, 1);
    for (int k = 0; names[k]; k++) (void)count_rows(beside(f, names[k]), times);
    for (uint32_t n = 0; n < MOST; n++) {
        if (times[n] > (n < epochs * 7)) fail_msg("row %u is there %d times", n, times[n]);
        if (n >= since * 7 && n < epochs * 7 && !times[n])
            fail_msg("row %u of %d is lost", n, (int)epochs * 7);
    }
    free(times);
}

static void a_file_deleted_and_killed_again_and_again_loses_and_doubles_nothing_since(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    killed_and_deleted(&f, (const char *const[]){"x.csv", NULL}, false);
    drop_directory(f.dir);
}

static void files_of_a_set_deleted_and_killed_lose_and_double_nothing_since(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "{{s}}.csv", "");
    killed_and_deleted(&f, (const char *const[]){"a.csv", "b.csv", NULL}, true);
    drop_directory(f.dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_checkpoints_a_deleted_file_begins_anew_with_what_comes),
        cmocka_unit_test(without_checkpoints_nothing_is_taken_from_a_moved_file),
        cmocka_unit_test(rows_that_no_checkpoint_has_are_in_the_new_file),
        cmocka_unit_test(a_moved_file_ends_with_the_checkpoint_and_the_rest_is_in_the_new_one),
        cmocka_unit_test(a_file_that_was_moved_away_and_not_looked_at_any_more_is_cut_back),
        cmocka_unit_test(a_copy_of_the_file_is_the_file),
        cmocka_unit_test(a_folder_that_is_gone_is_told_once_and_waited_for),
        cmocka_unit_test(a_file_that_was_cut_goes_on_at_its_end),
        cmocka_unit_test(a_packed_file_that_is_begun_anew_is_whole),
        cmocka_unit_test(files_of_a_set_are_begun_anew_too),
        cmocka_unit_test(folders_of_a_set_are_made_again),
        cmocka_unit_test(a_file_that_rotates_is_begun_anew_and_closed_as_ever),
        cmocka_unit_test(rows_in_a_closed_file_that_is_taken_away_are_written_again_with_exactly_once),
        cmocka_unit_test(files_moved_away_and_killed_again_and_again_have_each_row_once),
        cmocka_unit_test(a_file_deleted_and_killed_again_and_again_loses_and_doubles_nothing_since),
        cmocka_unit_test(files_of_a_set_deleted_and_killed_lose_and_double_nothing_since),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
