/* The file source against real files: to the end, followed, rotated, truncated, packed, resumed. */
#include "io_support.h"

#include <zlib.h>
#include <zstd.h>

typedef struct fixture {
    char *dir, path[300], other[300], options[400];
    test_source t;
} fixture;

static void set_up(fixture *f, const char *name, const char *more) {
    memset(f, 0, sizeof *f);
    f->dir = new_directory();
    in_directory(f->dir, name, f->path);
    in_directory(f->dir, "other", f->other);
    snprintf(f->options, sizeof f->options, "file.uri=%s%s", f->path, more);
}

static void tear_down(fixture *f) {
    close_source(&f->t);
    drop_directory(f->dir);
}

static void open_lines(fixture *f) {
    weir_error err = {0};
    weir_status status = open_source(&f->t, "n int, s string", "file", f->options, "csv", "", "", &err);
    if (status) print_error("%s\n", err.message);
    assert_int_equal(status, WEIR_OK);
}

static void start(fixture *f) { assert_int_equal(wr_source_start(f->t.source, NULL), WEIR_OK); }

static void save_position(fixture *f, weir_writer *w) {
    wr_writer_init(w);
    assert_int_equal(wr_source_save(f->t.source, 1, w, NULL), WEIR_OK);
    assert_int_equal(wr_writer_status(w, NULL), WEIR_OK);
}

static weir_status load_position(fixture *f, const weir_writer *w, weir_error *err) {
    weir_reader r;
    wr_reader_init(&r, w->buf.data, w->buf.len);
    return wr_source_load(f->t.source, &r, err);
}

/* ---- To the end --------------------------------------------------------------------------------------- */

static void a_file_is_read_to_its_end_half_a_line_included(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    write_text(f.path, "1,a\n2,b\n3,c");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "1|a\n2|b\n3|c\n");
    const weir_io_stats *stats = wr_source_stats(f.t.source);
    assert_int_equal(stats->rows, 3);
    assert_int_equal(stats->bytes, 11);
    assert_int_equal(stats->lag, 0);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    tear_down(&f);
}

static void an_empty_file_just_ends(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    write_text(f.path, "");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "");
    tear_down(&f);
}

static void the_limit_of_rows_is_kept_and_nothing_is_lost(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    write_text(f.path, "1,a\n2,b\n3,c\n4,d\n5,e\n");
    open_lines(&f);
    f.t.limit = 2;
    start(&f);
    assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_OK);
    assert_got(&f.t, "1|a\n2|b\n");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "3|c\n4|d\n5|e\n");
    tear_down(&f);
}

static void a_missing_file_is_told_by_name(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    set_up(&f, "nowhere.csv", "");
    open_lines(&f);
    assert_int_equal(wr_source_start(f.t.source, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, "source 'file' of 'S': can't open '"));
    assert_non_null(strstr(err.message, "nowhere.csv': No such file"));
    assert_true(err.retriable);
    assert_int_equal(wr_source_stats(f.t.source)->errors, 1);
    tear_down(&f);
}

static void a_directory_is_refused(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    set_up(&f, "", "");
    open_lines(&f);
    assert_int_equal(wr_source_start(f.t.source, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, "is a directory"));
    tear_down(&f);
}

static void relative_names_are_relative_to_the_host(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", "");
    write_text(f.path, "1,a\n");
    f.t.host.base_dir = f.dir;
    strcpy(f.options, "file.uri=file:x.csv");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_got(&f.t, "1|a\n");
    tear_down(&f);
}

/* ---- Followed ----------------------------------------------------------------------------------------- */

static void a_followed_file_is_waited_for_and_half_lines_are_held_back(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";follow=true");
    open_lines(&f);
    start(&f);
    assert_non_null(strstr(f.t.log.data, "is not there yet"));
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    write_text(f.path, "1,a\n2,");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "1|a\n");
    assert_true(wr_source_wait_ms(f.t.source) > 0);
    append_text(f.path, "b\n3");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "2|b\n");
    tear_down(&f);
}

static void rotation_loses_nothing(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";follow=true");
    write_text(f.path, "1,a\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    append_text(f.path, "2,b\n3,half");
    assert_int_equal(rename(f.path, f.other), 0);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN); /* the new one isn't there yet */
    assert_got(&f.t, "1|a\n2|b\n");
    append_text(f.other, " a line\n4,late");
    write_text(f.path, "5,new\n");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "3|half a line\n4|late\n5|new\n");
    append_text(f.path, "6,more\n");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "6|more\n");
    tear_down(&f);
}

static void truncation_starts_anew(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";follow=true");
    write_text(f.path, "1,a\n2,b\n3,c\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "1|a\n2|b\n3|c\n");
    write_text(f.path, "9,z\n"); /* the same inode, shorter */
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "9|z\n");
    tear_down(&f);
}

static void a_file_that_vanishes_is_told_once_and_waited_for(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";follow=true");
    write_text(f.path, "1,a\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    unlink(f.path);
    for (int i = 0; i < 3; i++) assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    char *first = strstr(f.t.log.data, "has vanished");
    assert_non_null(first);
    assert_null(strstr(first + 1, "has vanished"));
    write_text(f.path, "2,b\n");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "1|a\n2|b\n");
    tear_down(&f);
}

static void the_wake_up_comes_when_the_file_grows(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";follow=true");
    write_text(f.path, "1,a\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    int fd = wr_source_wake_fd(f.t.source);
    char event[4096];
    assert_true(fd >= 0);
    assert_int_equal(read(fd, event, sizeof event), -1);
    append_text(f.path, "2,b\n");
    assert_true(read(fd, event, sizeof event) > 0);
    tear_down(&f);
}

static void a_header_is_read_anew_after_rotation(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";follow=true");
    write_text(f.path, "n,s\n1,a\n");
    assert_int_equal(open_source(&f.t, "n int, s string", "file", f.options, "csv", "header=true", "", NULL),
                     WEIR_OK);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    rename(f.path, f.other);
    write_text(f.path, "s,n\nb,2\n");
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EAGAIN);
    assert_got(&f.t, "1|a\n2|b\n");
    tear_down(&f);
}

/* ---- Packed ------------------------------------------------------------------------------------------- */

static size_t gzip(const char *text, char *out, size_t room) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)text;
    z.avail_in = strlen(text);
    z.next_out = (Bytef *)out;
    z.avail_out = room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t len = room - z.avail_out;
    deflateEnd(&z);
    return len;
}

static void gzip_and_zstd_are_unpacked_by_their_first_bytes(void **state) {
    (void)state;
    fixture f;
    char packed[1000];
    for (int kind = 0; kind < 2; kind++) {
        set_up(&f, "x.packed", "");
        for (int part = 0; part < 2; part++) { /* two members, or frames, one after another */
            const char *text = part ? "3,c\n" : "1,a\n2,b\n";
            size_t len = kind ? ZSTD_compress(packed, sizeof packed, text, strlen(text), 3)
                              : gzip(text, packed, sizeof packed);
            write_file(f.path, packed, len, part);
        }
        open_lines(&f);
        start(&f);
        assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
        assert_got(&f.t, "1|a\n2|b\n3|c\n");
        tear_down(&f);
    }
}

static void a_damaged_archive_is_told_after_what_is_good(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    char packed[1000];
    set_up(&f, "x.gz", "");
    write_file(f.path, packed, gzip("1,a\n", packed, sizeof packed), false);
    append_text(f.path, "\x1f\x8bjunkjunkjunkjunkjunk");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, &err), WEIR_EPARSE);
    assert_got(&f.t, "1|a\n");
    assert_non_null(strstr(err.message, "damaged gzip data near byte"));
    assert_true(err.fatal);
    tear_down(&f);
}

static void an_archive_that_ends_in_the_middle_is_told(void **state) {
    (void)state;
    fixture f;
    char packed[1000];
    set_up(&f, "x.gz", "");
    write_file(f.path, packed, gzip("1,a\n2,b\n", packed, sizeof packed) - 8, false);
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_non_null(strstr(f.t.log.data, "ends in the middle"));
    assert_got(&f.t, "1|a\n2|b\n");
    tear_down(&f);
}

static void text_that_looks_packed_can_be_told_not_to_be(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x.csv", ";compression=none");
    write_text(f.path, "\x1f\x8b,1\n2,b\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_non_null(strstr(f.t.got.data, "is not an int"));
    assert_non_null(strstr(f.t.got.data, "2|b\n"));
    tear_down(&f);
}

/* ---- Resumed ------------------------------------------------------------------------------------------ */

static void a_position_goes_on_after_the_last_row_given(void **state) {
    (void)state;
    for (int packed_too = 0; packed_too < 2; packed_too++) {
        fixture f;
        char packed[1000];
        set_up(&f, "x.csv", "");
        if (packed_too)
            write_file(f.path, packed, gzip("n,s\n1,a\n2,b\n3,c\n", packed, sizeof packed), false);
        else
            write_text(f.path, "n,s\n1,a\n2,b\n3,c\n");
        weir_writer w;
        for (uint32_t taken = 0; taken < 4; taken++) {
            assert_int_equal(
                open_source(&f.t, "n int, s string", "file", f.options, "csv", "header=true", "", NULL), 0);
            f.t.limit = 1;
            start(&f);
            for (uint32_t i = 0; i < taken; i++) assert_int_equal(poll_until(&f.t, INT64_MAX, NULL), WEIR_OK);
            save_position(&f, &w);
            close_source(&f.t);
            assert_int_equal(
                open_source(&f.t, "n int, s string", "file", f.options, "csv", "header=true", "", NULL), 0);
            assert_int_equal(load_position(&f, &w, NULL), WEIR_OK);
            start(&f);
            assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
            assert_got(&f.t, "1|a\n2|b\n3|c\n" + 4 * taken);
            wr_writer_fini(&w);
            close_source(&f.t);
        }
        tear_down(&f);
    }
}

/* Reads the one line of the file, which is followed, and goes away. */
static void read_a_line_and_leave(fixture *f, weir_writer *position) {
    set_up(f, "x.csv", ";follow=true");
    write_text(f->path, "1,a\n");
    open_lines(f);
    start(f);
    assert_int_equal(poll_all(&f->t, NULL), WEIR_EAGAIN);
    save_position(f, position);
    close_source(&f->t);
}

static void come_back(fixture *f, weir_writer *position, const char *rows) {
    open_lines(f);
    assert_int_equal(load_position(f, position, NULL), WEIR_OK);
    start(f);
    assert_int_equal(poll_all(&f->t, NULL), WEIR_EAGAIN);
    assert_got(&f->t, rows);
    wr_writer_fini(position);
    tear_down(f);
}

static void what_is_behind_a_position_comes_though_the_file_does_not_grow(void **state) {
    (void)state;
    fixture f;
    weir_writer w;
    read_a_line_and_leave(&f, &w);
    append_text(f.path, "2,b\n3,c\n");
    come_back(&f, &w, "2|b\n3|c\n");
}

static void a_position_is_found_in_the_file_rotated_meanwhile(void **state) {
    (void)state;
    fixture f;
    weir_writer w;
    read_a_line_and_leave(&f, &w);
    append_text(f.path, "2,b\n");
    rename(f.path, f.other);
    write_text(f.path, "3,c\n");
    come_back(&f, &w, "2|b\n3|c\n");
}

static void a_position_in_a_file_that_is_gone_is_an_error(void **state) {
    (void)state;
    fixture f;
    weir_error err = {0};
    weir_writer w;
    set_up(&f, "x.csv", "");
    write_text(f.path, "1,a\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    save_position(&f, &w);
    close_source(&f.t);
    write_text(f.path, "1,x\n2,y\n");
    open_lines(&f);
    assert_int_equal(load_position(&f, &w, NULL), WEIR_OK);
    assert_int_equal(wr_source_start(f.t.source, &err), WEIR_ESTATE);
    assert_non_null(strstr(err.message, "is not the file that was read before"));
    wr_writer_fini(&w);
    tear_down(&f);
}

static void a_damaged_position_is_refused(void **state) {
    (void)state;
    fixture f;
    weir_writer w;
    set_up(&f, "x.csv", "");
    write_text(f.path, "1,a\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    save_position(&f, &w);
    close_source(&f.t);
    size_t len = w.buf.len;
    for (w.buf.len = 0; w.buf.len < len; w.buf.len++) {
        open_lines(&f);
        assert_int_not_equal(load_position(&f, &w, NULL), WEIR_OK);
        close_source(&f.t);
    }
    wr_writer_fini(&w);
    tear_down(&f);
}

/* ---- Large -------------------------------------------------------------------------------------------- */

static void lines_of_100_mb_are_skipped_in_bounded_memory(void **state) {
    (void)state;
    for (int with_csv = 0; with_csv < 2; with_csv++) {
        fixture f;
        set_up(&f, "x", "");
        char *block = malloc(1 << 20);
        memset(block, 'x', 1 << 20);
        write_text(f.path, with_csv ? "1,a\n2," : "{\"n\":1,\"s\":\"a\"}\n{\"n\":2,\"s\":\"");
        for (int i = 0; i < 100; i++) write_file(f.path, block, 1 << 20, true);
        append_text(f.path, with_csv ? "\n3,c\n" : "\"}\n{\"n\":3,\"s\":\"c\"}\n");
        free(block);
        assert_int_equal(
            open_source(&f.t, "n int, s string", "file", f.options, with_csv ? "csv" : "json", "", "", NULL),
            0);
        start(&f);
        assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
        assert_got(&f.t, with_csv ? "!a record of more than 67108864 bytes\n1|a\n3|c\n"
                                  : "!a line of more than 67108864 bytes\n1|a\n3|c\n");
        assert_true(wr_source_bytes(f.t.source) < (size_t)200 << 20);
        tear_down(&f);
    }
}

static void a_line_of_20_mb_is_just_a_line(void **state) {
    (void)state;
    fixture f;
    set_up(&f, "x", "");
    char *block = malloc(20 << 20);
    memset(block, 'x', 20 << 20);
    write_text(f.path, "1,");
    write_file(f.path, block, 20 << 20, true);
    append_text(f.path, "\n2,b\n");
    open_lines(&f);
    start(&f);
    assert_int_equal(poll_all(&f.t, NULL), WEIR_EEND);
    assert_int_equal(f.t.got.len, 2 + (20 << 20) + 1 + 4);
    free(block);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_to_its_end_half_a_line_included),
        cmocka_unit_test(an_empty_file_just_ends),
        cmocka_unit_test(the_limit_of_rows_is_kept_and_nothing_is_lost),
        cmocka_unit_test(a_missing_file_is_told_by_name),
        cmocka_unit_test(a_directory_is_refused),
        cmocka_unit_test(relative_names_are_relative_to_the_host),
        cmocka_unit_test(a_followed_file_is_waited_for_and_half_lines_are_held_back),
        cmocka_unit_test(rotation_loses_nothing),
        cmocka_unit_test(truncation_starts_anew),
        cmocka_unit_test(a_file_that_vanishes_is_told_once_and_waited_for),
        cmocka_unit_test(the_wake_up_comes_when_the_file_grows),
        cmocka_unit_test(a_header_is_read_anew_after_rotation),
        cmocka_unit_test(gzip_and_zstd_are_unpacked_by_their_first_bytes),
        cmocka_unit_test(a_damaged_archive_is_told_after_what_is_good),
        cmocka_unit_test(an_archive_that_ends_in_the_middle_is_told),
        cmocka_unit_test(text_that_looks_packed_can_be_told_not_to_be),
        cmocka_unit_test(a_position_goes_on_after_the_last_row_given),
        cmocka_unit_test(what_is_behind_a_position_comes_though_the_file_does_not_grow),
        cmocka_unit_test(a_position_is_found_in_the_file_rotated_meanwhile),
        cmocka_unit_test(a_position_in_a_file_that_is_gone_is_an_error),
        cmocka_unit_test(a_damaged_position_is_refused),
        cmocka_unit_test(lines_of_100_mb_are_skipped_in_bounded_memory),
        cmocka_unit_test(a_line_of_20_mb_is_just_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
