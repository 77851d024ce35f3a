#include "../support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/spill.h"
#include "state/writer.h"

#define SMALL ((size_t)256 << 10) /* segments of 64 kB */

static char dir[64];

static int make_directory(void **state) {
    (void)state;
    strcpy(dir, "/tmp/wr-spill-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

/* How many files there are; *last: the path of the last by name. NULL: nobody asks. */
static uint32_t count_files(char *last) {
    DIR *d = opendir(dir);
    uint32_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[512];
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (last && (!n || strcmp(path, last) > 0)) strcpy(last, path);
        n++;
    }
    if (d) closedir(d);
    return n;
}

static int remove_directory(void **state) {
    (void)state;
    test_empty_directory(dir);
    return rmdir(dir);
}

static wr_spill *started(wr_spill_start_mode mode, const wr_spill_mark *marks) {
    wr_spill *s;
    assert_int_equal(wr_spill_new(dir, "App-Out-0", SMALL, &s, NULL), WEIR_OK);
    weir_error err = {0};
    if (wr_spill_start(s, mode, marks, &err) != WEIR_OK) fail_msg("%s", err.message);
    return s;
}

/* Rows from, from + 1, ...: a long, and a text of 100 bytes that is null in every third. Chunks of two rows.
 */
static void add(wr_spill *s, int64_t from, uint32_t n) {
    static char text[101] = "";
    int64_t ts[64], numbers[64];
    weir_string texts[64];
    uint64_t valid = 0;
    uint32_t ends[64], n_chunks = 0;
    memset(text, 'x', 100);
    for (uint32_t i = 0; i < n; i++) {
        ts[i] = numbers[i] = from + i;
        texts[i] = weir_string_view(text, 100);
        if ((from + i) % 3) valid |= UINT64_C(1) << i;
        if (i % 2 || i + 1 == n) ends[n_chunks++] = i + 1;
    }
    weir_column cols[2] = {{.type = WEIR_LONG, .data = numbers},
                           {.type = WEIR_STRING, .data = texts, .valid = &valid}};
    weir_batch b = {.n_rows = n,
                    .n_sel = n,
                    .ts = ts,
                    .n_cols = 2,
                    .cols = cols,
                    .n_chunks = n_chunks,
                    .chunk_end = ends};
    assert_int_equal(wr_spill_add(s, &b, NULL), WEIR_OK);
}

/* Takes the next batch, which begins with the row `from`; the row behind it. */
static int64_t take(wr_spill *s, int64_t from) {
    weir_arena arena;
    weir_batch b;
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_spill_next(s, &arena, &b, NULL), WEIR_OK);
    for (uint32_t i = 0; i < b.n_rows; i++, from++) {
        assert_int_equal(((const int64_t *)b.cols[0].data)[i], from);
        assert_int_equal(b.ts[i], from);
        assert_int_equal(weir_is_null(&b.cols[1], i), from % 3 == 0);
    }
    assert_int_equal(b.n_chunks, (b.n_rows + 1) / 2);
    assert_int_equal(b.chunk_end[b.n_chunks - 1], b.n_rows);
    wr_spill_skip(s);
    wr_arena_fini(&arena);
    return from;
}

static void nothing_is_left(wr_spill *s) {
    weir_arena arena;
    weir_batch b;
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_spill_next(s, &arena, &b, NULL), WEIR_EEND);
    wr_arena_fini(&arena);
}

static int64_t fill(wr_spill *s, int64_t from) {
    while (!wr_spill_is_full(s)) add(s, from, 50), from += 50;
    return from;
}

static int64_t take_all(wr_spill *s, int64_t from, int64_t to) {
    while (from < to) from = take(s, from);
    nothing_is_left(s);
    return from;
}

static void rows_come_back_in_order_over_several_files_which_go(void **state) {
    (void)state;
    wr_spill *s = started(WR_SPILL_EMPTY, NULL);
    int64_t n = fill(s, 0);
    assert_true(count_files(NULL) >= 4);
    take_all(s, 0, n);
    assert_true(wr_spill_is_full(s)); /* not delivered yet */
    wr_spill_deliver(s);
    assert_false(wr_spill_is_full(s));
    wr_spill_trim(s);
    assert_int_equal(count_files(NULL), 0);
    int64_t more = fill(s, n);
    take_all(s, n, more);
    wr_spill_free(s);
}

static void what_was_handed_on_and_is_not_safe_is_given_again(void **state) {
    (void)state;
    wr_spill *s = started(WR_SPILL_EMPTY, NULL);
    int64_t n = fill(s, 0), safe = take(s, take(s, 0));
    wr_spill_deliver(s);
    take(s, take(s, safe));
    wr_spill_again(s);
    take_all(s, safe, n);
    add(s, n, 7);
    wr_spill_skip_all(s);
    nothing_is_left(s);
    wr_spill_again(s);
    take_all(s, safe, n + 7);
    wr_spill_free(s);
}

static void a_start_goes_by_the_marks_of_the_checkpoint(void **state) {
    (void)state;
    wr_spill *s = started(WR_SPILL_EMPTY, NULL);
    int64_t n = fill(s, 0), safe = 0;
    for (int i = 0; i < 30; i++) safe = take(s, safe);
    wr_spill_deliver(s);
    assert_int_equal(wr_spill_sync(s, NULL), WEIR_OK);
    wr_spill_mark marks[2] = {wr_spill_safe(s), wr_spill_tail(s)};
    add(s, n, 50); /* comes again from the source */
    take(s, safe);
    wr_spill_free(s);
    s = started(WR_SPILL_SAVED, marks);
    assert_int_equal(wr_spill_tail(s).rows - wr_spill_safe(s).rows, n - safe);
    add(s, n, 20);
    take_all(s, safe, n + 20);
    wr_spill_deliver(s);
    wr_spill_trim(s);
    wr_spill_free(s);
    s = started(WR_SPILL_SAVED, marks); /* an older checkpoint: all that it names was delivered */
    nothing_is_left(s);
    add(s, 5, 1);
    take_all(s, 5, 6);
    wr_spill_free(s);
}

static void files_without_a_checkpoint_are_found_up_to_where_a_crash_cut_them(void **state) {
    (void)state;
    char last[512] = "";
    wr_spill *s = started(WR_SPILL_EMPTY, NULL);
    int64_t n = fill(s, 0);
    wr_spill_free(s);
    count_files(last);
    struct stat st;
    assert_int_equal(stat(last, &st), 0);
    assert_int_equal(truncate(last, st.st_size - 3), 0);
    s = started(WR_SPILL_FOUND, NULL);
    take_all(s, 0, n - 50);
    add(s, n, 2);
    take_all(s, n, n + 2);
    wr_spill_free(s);
    s = started(WR_SPILL_EMPTY, NULL);
    nothing_is_left(s);
    assert_int_equal(count_files(NULL), 0);
    wr_spill_free(s);
}

static void damage_is_told_and_not_passed_over(void **state) {
    (void)state;
    char last[512] = "";
    weir_arena arena;
    weir_batch b;
    wr_spill *s = started(WR_SPILL_EMPTY, NULL);
    add(s, 0, 10), add(s, 10, 10);
    wr_spill_mark marks[2] = {wr_spill_safe(s), wr_spill_tail(s)};
    wr_spill_free(s);
    count_files(last);
    int fd = open(last, O_RDWR);
    assert_int_equal(pwrite(fd, "?", 1, 100), 1);
    close(fd);
    s = started(WR_SPILL_SAVED, marks);
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_spill_next(s, &arena, &b, NULL), WEIR_ESTATE);
    wr_arena_fini(&arena);
    wr_spill_free(s);
    assert_int_equal(truncate(last, 50), 0);
    assert_int_equal(wr_spill_new(dir, "App-Out-0", SMALL, &s, NULL), WEIR_OK);
    assert_int_equal(wr_spill_start(s, WR_SPILL_SAVED, marks, NULL), WEIR_ESTATE);
    wr_spill_free(s);
}

int main(void) {
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(rows_come_back_in_order_over_several_files_which_go),
        IN_A_FOLDER(what_was_handed_on_and_is_not_safe_is_given_again),
        IN_A_FOLDER(a_start_goes_by_the_marks_of_the_checkpoint),
        IN_A_FOLDER(files_without_a_checkpoint_are_found_up_to_where_a_crash_cut_them),
        IN_A_FOLDER(damage_is_told_and_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
