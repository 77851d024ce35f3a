/* chain_test.c: snapshots that follow one another, in a directory and in memory. */
#include "../support.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "state/chain.h"

static char dir[64];
static wr_shelf *shelves[2]; /* files, memory */

static int begin(void **state) {
    (void)state;
    strcpy(dir, "/tmp/wr-chain-XXXXXX");
    if (!mkdtemp(dir)) return -1;
    return wr_shelf_new(dir, NULL, &shelves[0], NULL) || wr_shelf_new(NULL, NULL, &shelves[1], NULL);
}

static int end(void **state) {
    (void)state;
    test_empty_directory(dir);
    for (int i = 0; i < 2; i++) wr_shelf_free(shelves[i]);
    return rmdir(dir);
}

static const char *file_of(unsigned revision) {
    static char path[256];
    snprintf(path, sizeof path, "%s/app-%020u.snapshot", dir, revision);
    return path;
}

static void save(wr_shelf *s, unsigned revision, bool is_whole, wr_chain_end *e) {
    weir_writer w;
    wr_writer_init(&w);
    weir_write_u32(&w, revision);
    assert_int_equal(wr_chain_save(s, "app", revision, is_whole, &w, e, NULL), WEIR_OK);
    wr_writer_fini(&w);
}

/* 1 is whole, 2 to 4 follow; 5 is whole, 6 to 8 follow. */
static void save_eight(wr_shelf *s, wr_chain_end *e) {
    *e = (wr_chain_end){0};
    for (unsigned i = 1; i <= 8; i++) save(s, i, i % 4 == 1, e);
}

static void expect_newest(wr_shelf *s, unsigned revision, uint32_t n_states, uint32_t n_damaged) {
    wr_chain c = {0};
    wr_chain_found found;
    weir_error err = {0};
    if (wr_chain_load_newest(s, "app", &c, &found, &err) != WEIR_OK) fail_msg("%s", err.message);
    assert_int_equal(found.revision, revision);
    assert_int_equal(found.n_damaged, n_damaged);
    assert_int_equal(c.n, n_states);
    for (uint32_t i = 0; i < n_states; i++) {
        weir_reader r;
        wr_reader_init(&r, c.states[i].data, c.states[i].len);
        assert_int_equal(weir_read_u32(&r), revision - n_states + 1 + i);
    }
    wr_chain_fini(&c);
}

static void a_chain_comes_back_in_order(void **state) {
    (void)state;
    wr_chain_end e;
    for (int i = 0; i < 2; i++) {
        wr_chain c = {0};
        save_eight(shelves[i], &e);
        expect_newest(shelves[i], 8, 4, 0);
        assert_int_equal(wr_chain_load(shelves[i], "app", 3, &c, NULL), WEIR_OK);
        assert_int_equal(c.n, 3);
        assert_int_equal(wr_chain_load(shelves[i], "app", 5, &c, NULL), WEIR_OK);
        assert_int_equal(c.n, 1);
        assert_int_equal(wr_chain_load(shelves[i], "app", 9, &c, NULL), WEIR_EIO);
        wr_chain_fini(&c);
        assert_int_equal(wr_chain_load(shelves[i], "other", 8, &c, NULL), WEIR_EIO);
        wr_chain_fini(&c);
    }
}

static void damage(unsigned revision) {
    int fd = open(file_of(revision), O_RDWR);
    char c;
    long at = lseek(fd, 0, SEEK_END) - 1;
    assert_true(fd >= 0 && pread(fd, &c, 1, at) == 1);
    c ^= 4;
    assert_true(pwrite(fd, &c, 1, at) == 1);
    close(fd);
}

static void what_follows_a_damaged_link_is_passed_over(void **state) {
    (void)state;
    wr_chain_end e;
    save_eight(shelves[0], &e);
    damage(7);
    expect_newest(shelves[0], 6, 2, 2);
    assert_int_equal(unlink(file_of(6)), 0);
    expect_newest(shelves[0], 5, 1, 2);
    damage(5);
    expect_newest(shelves[0], 4, 4, 3);
    damage(1);
    wr_chain c = {0};
    wr_chain_found found;
    weir_error err;
    assert_int_equal(wr_chain_load_newest(shelves[0], "app", &c, &found, &err), WEIR_ESTATE);
    wr_chain_fini(&c);
}

/* The same revision, written by another run, is no link of the chain. */
static void a_link_of_another_run_is_not_taken(void **state) {
    (void)state;
    wr_chain_end e, other = {0};
    for (int i = 0; i < 2; i++) {
        save_eight(shelves[i], &e);
        if (i) assert_int_equal(wr_shelf_prune(shelves[i], "app", 0, NULL), WEIR_OK);
        weir_writer w;
        wr_writer_init(&w);
        weir_write_u32(&w, 700);
        assert_int_equal(wr_chain_save(shelves[i], "app", 7, true, &w, &other, NULL), WEIR_OK);
        wr_writer_fini(&w);
        if (i) save(shelves[i], 8, false, &e); /* which follows the old 7 */
        wr_chain c = {0};
        wr_chain_found found;
        assert_int_equal(wr_chain_load_newest(shelves[i], "app", &c, &found, NULL), WEIR_OK);
        assert_int_equal(found.revision, 7);
        assert_int_equal(found.n_damaged, 1);
        wr_chain_fini(&c);
    }
}

static uint32_t count(wr_shelf *s) {
    uint64_t *list;
    uint32_t n;
    assert_int_equal(wr_shelf_list(s, "app", &list, &n, NULL), WEIR_OK);
    wr_snapshot_list_free(list, n);
    return n;
}

static void pruning_keeps_what_is_followed(void **state) {
    (void)state;
    static const struct { uint32_t keep, left; } steps[] = {{8, 8}, {5, 8}, {4, 4}, {2, 4}, {1, 4}, {0, 0}};
    wr_chain_end e;
    for (int i = 0; i < 2; i++) {
        save_eight(shelves[i], &e);
        for (uint32_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            assert_int_equal(wr_shelf_prune(shelves[i], "app", steps[k].keep, NULL), WEIR_OK);
            assert_int_equal(count(shelves[i]), steps[k].left);
            if (steps[k].left) expect_newest(shelves[i], 8, 4, 0);
        }
    }
}

static void a_whole_one_is_wanted_in_time(void **state) {
    (void)state;
    wr_chain_end e = {0};
    for (int i = 0; i < 2; i++) {
        wr_shelf *s = shelves[i];
        assert_true(wr_chain_wants_whole(s, "app", &(wr_chain_end){0}, 100));
        save_eight(s, &e);
        assert_false(wr_chain_wants_whole(s, "app", &e, 100));
        assert_true(wr_chain_wants_whole(s, "app", &e, 4));
        e.changed_bytes = 5000;
        assert_true(wr_chain_wants_whole(s, "app", &e, 100));
        e.whole_bytes = 20000;
        assert_false(wr_chain_wants_whole(s, "app", &e, 100));
        assert_int_equal(wr_shelf_prune(s, "app", 0, NULL), WEIR_OK); /* somebody took them away */
        assert_true(wr_chain_wants_whole(s, "app", &e, 100));
    }
}

static void memory_that_runs_out_is_reported(void **state) {
    (void)state;
    wr_chain_end e;
    for (int i = 0; i < 2; i++) {
        wr_chain c = {0};
        save_eight(shelves[i], &e);
        weir_status status = WEIR_ENOMEM;
        for (long n = 1; status == WEIR_ENOMEM; n++) {
            wr_alloc_fail_after(n);
            status = wr_chain_load(shelves[i], "app", 8, &c, NULL);
            wr_alloc_fail_after(0);
            wr_chain_fini(&c);
        }
        assert_int_equal(status, WEIR_OK);
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_chain_comes_back_in_order),        TEST(what_follows_a_damaged_link_is_passed_over),
        TEST(a_link_of_another_run_is_not_taken), TEST(pruning_keeps_what_is_followed),
        TEST(a_whole_one_is_wanted_in_time),      TEST(memory_that_runs_out_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
