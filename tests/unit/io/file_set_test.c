/* The file sink with {{attribute}} in file.uri: a file for each name, what is open, names that lead away,
 * recovery after a kill. */
#include "file_sink_support.h"

#include <signal.h>
#include <sys/wait.h>

static void open_it(fixture *f) {
    assert_int_equal(open_sink(&f->t, SCHEMA, "file", f->options, "csv", "header=true", NULL), WEIR_OK);
}

static void start(fixture *f) {
    open_it(f);
    assert_int_equal(wr_sink_start(f->t.sink, 0, NULL, NULL), WEIR_OK);
}

static void assert_there(const fixture *f, const char *name, const char *text) {
    char path[400];
    in_directory(f->dir, name, path);
    if (text)
        assert_file(path, text);
    else
        assert_int_not_equal(access(path, F_OK), 0);
}

static void drop_inside(const fixture *f, const char *name) {
    char path[400];
    in_directory(f->dir, name, path);
    assert_int_equal(remove(path), 0);
}

/* Opens the sink at the last checkpoint, with its journal beside it; returns its epoch. */
static uint64_t restart(fixture *f, weir_status expected, weir_error *err) {
    f->t.host.state_dir = f->dir;
    open_it(f);
    return start_at_checkpoint(&f->t, f->state, expected, err);
}

static void each_name_is_a_file_with_a_header(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "{{s}}.csv", ";max.open.files=1");
    start(&f);
    for (int32_t n = 0; n < 6; n++) {
        assert_int_equal(write_row(&f.t, n, n % 2 ? "odd" : "even", NULL), WEIR_OK);
        if (n == 2) assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK); /* closed, and opened again */
    }
    close_sink(&f.t, true);
    assert_there(&f, "even.csv", "n,s\n0,even\n2,even\n4,even\n");
    assert_there(&f, "odd.csv", "n,s\n1,odd\n3,odd\n5,odd\n");
    start(&f); /* appends, without a second header */
    assert_int_equal(write_row(&f.t, 6, "even", NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_there(&f, "even.csv", "n,s\n0,even\n2,even\n4,even\n6,even\n");
    drop_directory(f.dir);
}

static void without_append_a_file_is_emptied_when_its_first_row_comes(void **state) {
    (void)state;
    fixture f;
    char path[400];
    set_up(&f, "{{s}}.csv", ";append=false;max.open.files=1");
    in_directory(f.dir, "a.csv", path);
    write_text(path, "old\n");
    in_directory(f.dir, "other.csv", path);
    write_text(path, "old\n");
    start(&f);
    for (int32_t n = 0; n < 4; n++) {
        assert_int_equal(write_row(&f.t, n, n % 2 ? "b" : "a", NULL), WEIR_OK);
        assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    }
    close_sink(&f.t, true);
    assert_there(&f, "a.csv", "n,s\n0,a\n2,a\n");
    assert_there(&f, "b.csv", "n,s\n1,b\n3,b\n");
    assert_there(&f, "other.csv", "old\n");
    drop_directory(f.dir);
}

static void folders_are_made_below_the_fixed_one(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "{{s}}/x/n{{n}}.csv", "");
    start(&f);
    assert_int_equal(write_row(&f.t, 1, "a", NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_there(&f, "a/x/n1.csv", "n,s\n1,a\n");
    drop_inside(&f, "a/x/n1.csv");
    drop_inside(&f, "a/x");
    drop_inside(&f, "a");
    drop_directory(f.dir);
    weir_error err = {0};
    assert_int_equal(open_sink(&f.t, SCHEMA, "file", "file.uri=/nowhere/at/all/{{s}}.csv", "csv", "", NULL),
                     WEIR_OK);
    assert_int_equal(wr_sink_start(f.t.sink, 0, NULL, &err), WEIR_EIO);
    assert_string_equal(
        err.message,
        "sink 'file' of 'S': can't open the folder '/nowhere/at/all/': No such file or directory");
    close_sink(&f.t, false);
}

static void a_name_that_leads_away_is_refused(void **state) {
    (void)state;
    char longest[300];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const struct {
        const char *s, *why;
    } bad[] = {{"..", "a name must not be empty, '.' or '..'"},
               {".", "a name must not be empty"},
               {"", "a name must not be empty"},
               {"../x", "must not hold '/'"},
               {"/etc/passwd", "must not hold '/'"},
               {"a/b", "must not hold '/'"},
               {"a\nb", "an event makes 'a?b' of it: it has a control character"},
               {longest, "longer than 255 bytes"},
               {"folder", "that is no regular file"},
               {"link", "that is no regular file"},
               {"pipe", "that is no regular file"}};
    fixture f;
    char path[400];
    set_up(&f, "{{s}}", "");
    in_directory(f.dir, "target", path);
    write_text(path, "kept");
    in_directory(f.dir, "link", path);
    assert_int_equal(symlink("target", path), 0);
    in_directory(f.dir, "pipe", path);
    assert_int_equal(mkfifo(path, 0600), 0);
    in_directory(f.dir, "folder", path);
    assert_int_equal(mkdir(path, 0700), 0);
    start(&f);
    for (size_t i = 0; i < COUNT(bad); i++) {
        weir_error err = {0};
        assert_int_equal(write_row(&f.t, 1, bad[i].s, &err), WEIR_EVALUE);
        assert_non_null(strstr(err.message, bad[i].why));
        assert_false(err.retriable);
    }
    assert_int_equal(write_row(&f.t, 1, "fine", NULL), WEIR_OK);
    assert_int_equal(wr_sink_stats(f.t.sink)->bad_rows, COUNT(bad));
    close_sink(&f.t, true);
    assert_there(&f, "fine", "n,s\n1,fine\n");
    assert_there(&f, "target", "kept");
    drop_inside(&f, "folder");
    drop_directory(f.dir);
    set_up(&f, "{{s}}/x.csv", "");
    in_directory(f.dir, "away", path);
    assert_int_equal(symlink("/tmp", path), 0);
    start(&f);
    weir_error err = {0};
    assert_int_equal(write_row(&f.t, 1, "..", &err), WEIR_EVALUE);
    assert_int_equal(write_row(&f.t, 1, "away", &err), WEIR_EVALUE);
    close_sink(&f.t, true);
    drop_directory(f.dir);
    static const char *const templates[] = {"{{s}}/../x", "{{s}}//x", "{{s}}/", "{{s}}/./x"};
    for (size_t i = 0; i < COUNT(templates); i++) {
        char options[100];
        snprintf(options, sizeof options, "file.uri=%s", templates[i]);
        assert_int_equal(open_sink(&f.t, SCHEMA, "file", options, "csv", "", &err), WEIR_ECONFIG);
    }
    assert_int_equal(open_sink(&f.t, SCHEMA, "file", "file.uri={{s}};max.open.files=0", "csv", "", &err),
                     WEIR_ECONFIG);
}

static void what_came_after_the_checkpoint_is_undone(void **state) {
    (void)state;
    fixture f;
    char path[400];
    set_up(&f, "{{s}}.csv", ";max.open.files=1");
    in_directory(f.dir, "old.csv", path);
    write_text(path, "old\n");
    (void)restart(&f, WEIR_OK, NULL);
    assert_int_equal(write_row(&f.t, 1, "a", NULL), WEIR_OK);
    take_checkpoint(&f.t, f.state);
    assert_int_equal(write_row(&f.t, 2, "a", NULL), WEIR_OK);
    assert_int_equal(write_row(&f.t, 3, "new", NULL), WEIR_OK);
    assert_int_equal(write_row(&f.t, 4, "old", NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_there(&f, "old.csv", "old\n4,old\n");
    assert_there(&f, "new.csv", "n,s\n3,new\n");
    close_sink(&f.t, false);
    assert_int_equal(restart(&f, WEIR_OK, NULL), 1);
    assert_there(&f, "a.csv", "n,s\n1,a\n");
    assert_there(&f, "new.csv", NULL);
    assert_there(&f, "old.csv", "old\n");
    assert_int_equal(write_row(&f.t, 5, "old", NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_int_equal(wr_sink_abort(f.t.sink, NULL), WEIR_OK);
    assert_there(&f, "old.csv", "old\n");
    close_sink(&f.t, false);
    drop_directory(f.dir);
}

static void a_file_that_was_taken_away_begins_again(void **state) {
    (void)state;
    fixture f;
    char path[400];
    weir_error err = {0};
    set_up(&f, "{{s}}.csv", ";max.open.files=1");
    in_directory(f.dir, "a.csv", path);
    (void)restart(&f, WEIR_OK, NULL);
    assert_int_equal(write_row(&f.t, 1, "a", NULL), WEIR_OK);
    assert_int_equal(write_row(&f.t, 2, "b", NULL), WEIR_OK);
    take_checkpoint(&f.t, f.state);
    assert_int_equal(write_row(&f.t, 3, "b", NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK); /* a.csv is closed */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write_row(&f.t, 4, "a", NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_there(&f, "a.csv", "n,s\n4,a\n");
    close_sink(&f.t, false);
    assert_int_equal(unlink(path), 0);
    (void)restart(&f, WEIR_OK, &err);
    assert_non_null(strstr(f.t.log.data, "a.csv' is gone"));
    assert_int_equal(write_row(&f.t, 5, "a", NULL), WEIR_OK);
    take_checkpoint(&f.t, f.state);
    close_sink(&f.t, true);
    assert_there(&f, "a.csv", "n,s\n5,a\n");
    assert_there(&f, "b.csv", "n,s\n2,b\n");
    write_text(path, "0");
    (void)restart(&f, WEIR_ESTATE, &err);
    assert_non_null(strstr(err.message, "has 1 bytes, but 8 were committed"));
    close_sink(&f.t, false);
    drop_directory(f.dir);
}

/* Nine rows an epoch to files that stay and one of its time, with two open; killed twenty times. */
static void write_epoch(fixture *f, uint64_t epoch) {
    char s[40];
    for (int32_t i = 0; i < 9; i++) {
        if (i % 3 == 2)
            snprintf(s, sizeof s, "epoch%d", (int)epoch / 4);
        else
            snprintf(s, sizeof s, "stays%d", i % 4);
        if (write_row(&f->t, (int32_t)epoch * 9 + i, s, NULL) != WEIR_OK) _exit(1);
        if (i == 5 && wr_sink_flush(f->t.sink, NULL) != WEIR_OK) _exit(1);
    }
}

/* The files with rows that are in a are in b with the same bytes; returns how many. */
static uint32_t find_same_files(const char *a, const char *b) {
    DIR *d = opendir(a);
    uint32_t n = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char x[600], y[600];
        if (!strstr(e->d_name, ".csv")) continue;
        char *text = read_file(in_directory(a, e->d_name, x), NULL);
        assert_file(in_directory(b, e->d_name, y), text);
        free(text);
        n++;
    }
    closedir(d);
    return n;
}

static void assert_same_files(const char *a, const char *b) {
    uint32_t n = find_same_files(a, b);
    assert_true(n > 3);
    assert_int_equal(find_same_files(b, a), n);
}

/* With one open, and with all of them. */
static void packed_files_are_whole_after_a_checkpoint(void **state) {
    (void)state;
    static const char *const more[] = {";max.open.files=1;compression=auto", ";compression=auto"};
    static const char *const names[] = {"{{s}}.csv.gz", "{{s}}.csv.zst"};
    for (size_t i = 0; i < 4; i++) {
        fixture f;
        set_up(&f, names[i / 2], more[i % 2]);
        (void)restart(&f, WEIR_OK, NULL);
        for (int32_t n = 0; n < 6; n++) {
            assert_int_equal(write_row(&f.t, n, n % 3 ? "b" : "a", NULL), WEIR_OK);
            if (n % 2) assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
        }
        take_checkpoint(&f.t, f.state);
        assert_int_equal(write_row(&f.t, 6, "a", NULL), WEIR_OK);
        assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
        close_sink(&f.t, false);
        assert_int_equal(restart(&f, WEIR_OK, NULL), 1);
        assert_int_equal(write_row(&f.t, 9, "b", NULL), WEIR_OK);
        close_sink(&f.t, true);
        const char *const expected[] = {"0|a\n3|a\n", "1|b\n2|b\n4|b\n5|b\n9|b\n"};
        for (size_t k = 0; k < 2; k++) {
            test_source t = {0};
            snprintf(f.options, sizeof f.options, "file.uri=%s/%c.csv.%s", f.dir, "ab"[k],
                     i < 2 ? "gz" : "zst");
            assert_int_equal(open_source(&t, SCHEMA, "file", f.options, "csv", "header=true", "", NULL),
                             WEIR_OK);
            assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
            assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
            assert_got(&t, expected[k]);
            assert_null(t.log.data); /* nothing ended in the middle */
            close_source(&t);
        }
        drop_directory(f.dir);
    }
}

static void killed_again_and_again(const char *more) {
    fixture f, calm;
    set_up(&f, "{{s}}.csv", more);
    for (int life = 0; life < 20; life++) {
        uint64_t before = saved_epoch(f.state);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            uint64_t epoch = restart(&f, WEIR_OK, NULL);
            if (!epoch) take_checkpoint(&f.t, f.state); /* as the runtime does before the first row */
            for (epoch += !epoch;; epoch++) {
                write_epoch(&f, epoch);
                take_checkpoint(&f.t, f.state);
            }
        }
        if (life % 4 == 3) wait_for_epochs(f.state, before, 2);
        usleep(5000 + 1777 * (unsigned)life);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    uint64_t epochs = restart(&f, WEIR_OK, NULL);
    assert_true(epochs >= 5);
    close_sink(&f.t, false);
    set_up(&calm, "{{s}}.csv", more);
    start(&calm);
    for (uint64_t epoch = 1; epoch < epochs; epoch++) write_epoch(&calm, epoch);
    close_sink(&calm.t, true);
    assert_same_files(calm.dir, f.dir);
    drop_directory(f.dir);
    drop_directory(calm.dir);
}

static void a_process_that_is_killed_loses_and_doubles_nothing(void **state) {
    (void)state;
    killed_again_and_again(";max.open.files=2");
    killed_again_and_again(";max.open.files=2;append=false");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_a_file_with_a_header),
        cmocka_unit_test(without_append_a_file_is_emptied_when_its_first_row_comes),
        cmocka_unit_test(folders_are_made_below_the_fixed_one),
        cmocka_unit_test(a_name_that_leads_away_is_refused),
        cmocka_unit_test(what_came_after_the_checkpoint_is_undone),
        cmocka_unit_test(a_file_that_was_taken_away_begins_again),
        cmocka_unit_test(packed_files_are_whole_after_a_checkpoint),
        cmocka_unit_test(a_process_that_is_killed_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
