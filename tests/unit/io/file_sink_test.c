/* The file sink: epochs, recovery after a kill, packing, a full disk. */
#include "file_sink_support.h"

#include <signal.h>
#include <sys/wait.h>

static void start(fixture *f, const char *map_options) {
    assert_int_equal(open_sink(&f->t, SCHEMA, "file", f->options, "csv", map_options, NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(f->t.sink, 0, NULL, NULL), WEIR_OK);
}

static void rows_are_there_when_it_is_closed(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    start(&f, "header=true");
    assert_int_equal(write_rows(&f.t, 12, 2, NULL), WEIR_OK);
    close_sink(&f.t, true);
    assert_file(f.path, "n,s\n12,row 12\n,row 13\n");
    start(&f, "header=true"); /* appends, without a second header */
    assert_int_equal(write_rows(&f.t, 14, 1, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
    assert_file(f.path, "n,s\n12,row 12\n,row 13\n14,row 14\n");
    assert_int_equal(wr_sink_stats(f.t.sink)->rows, 1);
    assert_int_equal(wr_sink_stats(f.t.sink)->bytes, 10);
    close_sink(&f.t, true);
    snprintf(f.options, sizeof f.options, "file.uri=%s;append=false", f.path);
    start(&f, "header=true");
    close_sink(&f.t, true);
    assert_file(f.path, "");
    drop_directory(f.dir);
}

/* Opens the sink at the last checkpoint; returns its epoch. */
static uint64_t restart(fixture *f, weir_status expected, weir_error *err) {
    assert_int_equal(open_sink(&f->t, SCHEMA, "file", f->options, "csv", "", NULL), WEIR_OK);
    return start_at_checkpoint(&f->t, f->state, expected, err);
}

/* Writes 7 rows an epoch, from the one after the last committed; killed at some moment, twenty times. */
static void a_process_that_is_killed_loses_and_doubles_nothing(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";append=false");
    for (int life = 0; life < 20; life++) {
        uint64_t before = saved_epoch(f.state);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            uint64_t epoch = restart(&f, WEIR_OK, NULL);
            for (;; epoch++) {
                if (write_rows(&f.t, (int32_t)epoch * 7, 3, NULL) != WEIR_OK) _exit(1);
                if (wr_sink_flush(f.t.sink, NULL) != WEIR_OK) _exit(1);
                (void)write_rows(&f.t, (int32_t)epoch * 7 + 3, 4, NULL);
                take_checkpoint(&f.t, f.state);
            }
        }
        if (life % 4 == 3) wait_for_epochs(f.state, before, 1);
        usleep(3000 + 1777 * (unsigned)life);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    uint64_t epochs = restart(&f, WEIR_OK, NULL);
    assert_true(epochs > 0);
    close_sink(&f.t, false);
    wr_buf expected = WR_BUF_INIT;
    for (int n = 0; n < (int)epochs * 7; n++) {
        if (n == 13)
            wr_buf_printf(&expected, ",row 13\n");
        else
            wr_buf_printf(&expected, "%d,row %d\n", n, n);
    }
    assert_file(f.path, expected.data);
    wr_buf_fini(&expected);
    drop_directory(f.dir);
}

static void packed_files_are_cut_back_to_whole_frames(void **state) {
    (void)state;
    static const char *const names[] = {"x.csv.gz", "x.csv.zst"};
    for (int i = 0; i < 2; i++) {
        fixture f;
        set_up(&f, names[i], ";compression=auto");
        (void)restart(&f, WEIR_OK, NULL);
        assert_int_equal(write_rows(&f.t, 0, 2, NULL), WEIR_OK);
        take_checkpoint(&f.t, f.state);
        assert_int_equal(write_rows(&f.t, 2, 1, NULL), WEIR_OK);
        assert_int_equal(wr_sink_flush(f.t.sink, NULL), WEIR_OK);
        close_sink(&f.t, false); /* without a commit: what follows the checkpoint doesn't count */
        assert_int_equal(restart(&f, WEIR_OK, NULL), 1);
        assert_int_equal(write_rows(&f.t, 5, 1, NULL), WEIR_OK);
        close_sink(&f.t, true);
        test_source t = {0};
        snprintf(f.options, sizeof f.options, "file.uri=%s", f.path);
        assert_int_equal(open_source(&t, SCHEMA, "file", f.options, "csv", "", "", NULL), WEIR_OK);
        assert_int_equal(wr_source_start(t.source, NULL), WEIR_OK);
        assert_int_equal(poll_all(&t, NULL), WEIR_EEND);
        assert_got(&t, "0|row 0\n1|row 1\n5|row 5\n");
        assert_null(t.log.data); /* nothing ended in the middle */
        close_source(&t);
        drop_directory(f.dir);
    }
}

static void a_file_shorter_than_what_was_committed_is_refused(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    set_up(&f, "x.csv", "");
    (void)restart(&f, WEIR_OK, NULL);
    assert_int_equal(write_rows(&f.t, 0, 2, NULL), WEIR_OK);
    take_checkpoint(&f.t, f.state);
    close_sink(&f.t, true);
    write_text(f.path, "0");
    assert_int_equal(restart(&f, WEIR_ESTATE, &err), 1);
    assert_non_null(strstr(err.message, "has 1 bytes, but 16 were committed"));
    close_sink(&f.t, false);
    assert_file(f.path, "0");
    drop_directory(f.dir);
}

static void a_full_disk_is_told_and_can_be_tried_again(void **state) {
    (void)state;
    weir_error err = {0};
    test_sink t = {0};
    if (access("/dev/full", W_OK)) skip();
    assert_int_equal(open_sink(&t, SCHEMA, "file", "file.uri=/dev/full", "csv", "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, NULL), WEIR_OK);
    assert_int_equal(write_rows(&t, 0, 2, NULL), WEIR_OK);
    assert_int_equal(wr_sink_flush(t.sink, &err), WEIR_EIO);
    assert_string_equal(err.message,
                        "sink 'file' of 'S': can't write to '/dev/full': No space left on device");
    assert_true(err.retriable);
    assert_int_equal(wr_sink_stats(t.sink)->errors, 1);
    assert_int_equal(wr_sink_close(t.sink, true, &err), WEIR_EIO);
}

static void a_directory_that_is_not_there_is_told(void **state) {
    (void)state;
    weir_error err = {0};
    test_sink t = {0};
    assert_int_equal(open_sink(&t, SCHEMA, "file", "file.uri=/nowhere/at/all.csv", "csv", "", NULL), WEIR_OK);
    assert_int_equal(wr_sink_start(t.sink, 0, NULL, &err), WEIR_EIO);
    assert_string_equal(err.message,
                        "sink 'file' of 'S': can't open '/nowhere/at/all.csv': No such file or directory");
    close_sink(&t, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_there_when_it_is_closed),
        cmocka_unit_test(a_process_that_is_killed_loses_and_doubles_nothing),
        cmocka_unit_test(packed_files_are_cut_back_to_whole_frames),
        cmocka_unit_test(a_file_shorter_than_what_was_committed_is_refused),
        cmocka_unit_test(a_full_disk_is_told_and_can_be_tried_again),
        cmocka_unit_test(a_directory_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
