#include "../support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "state/chain.h"

static char dir[64];
static const wr_snapshot_id whole;

static int make_directory(void **state) {
    (void)state;
    strcpy(dir, "/tmp/wr-snapshots-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_directory(void **state) {
    (void)state;
    test_empty_directory(dir);
    return rmdir(dir);
}

static void save_text(const char *app, uint64_t revision, const char *text) {
    assert_int_equal(wr_snapshot_save(dir, app, revision, whole, text, strlen(text), NULL), WEIR_OK);
}

static const char *file_of(const char *app, unsigned revision) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s-%020u.snapshot", dir, app, revision);
    return path;
}

static void damage(const char *path, long at) {
    int fd = open(path, O_RDWR);
    char c;
    assert_true(fd >= 0 && pread(fd, &c, 1, at) == 1);
    c ^= 4;
    assert_true(pwrite(fd, &c, 1, at) == 1);
    close(fd);
}

static void a_snapshot_comes_back(void **state) {
    (void)state;
    wr_snapshot_id after;
    wr_buf b = WR_BUF_INIT;
    save_text("app", 7, "the state");
    assert_int_equal(wr_snapshot_load(dir, "app", 7, &b, &after, NULL), WEIR_OK);
    assert_string_equal(b.data, "the state");
    save_text("app", 7, "another"); /* the same revision again replaces it */
    assert_int_equal(wr_snapshot_load(dir, "app", 7, &b, &after, NULL), WEIR_OK);
    assert_string_equal(b.data, "another");
    save_text("empty", 1, "");
    assert_int_equal(wr_snapshot_load(dir, "empty", 1, &b, &after, NULL), WEIR_OK);
    assert_int_equal(b.len, 0);
    wr_buf_fini(&b);
}

static void apps_do_not_see_each_others_snapshots(void **state) {
    (void)state;
    static const char *const apps[] = {"a",        "a-b", "a-00000000000000000001", "../a", "a/b", ".",
                                       "\xc3\xa4", "A"};
    wr_buf b = WR_BUF_INIT;
    wr_snapshot_id after;
    for (unsigned i = 0; i < 8; i++) save_text(apps[i], 10 + i, apps[i]);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t *list;
        uint32_t n;
        assert_int_equal(wr_snapshot_list(dir, apps[i], &list, &n, NULL), WEIR_OK);
        assert_int_equal(n, 1);
        assert_int_equal(list[0], 10 + i);
        wr_snapshot_list_free(list, n);
        assert_int_equal(wr_snapshot_load(dir, apps[i], 10 + i, &b, &after, NULL), WEIR_OK);
        assert_string_equal(b.data, apps[i]);
    }
    wr_buf_fini(&b);
}

static void any_damage_is_noticed_and_named(void **state) {
    (void)state;
    wr_snapshot_id after;
    wr_buf b = WR_BUF_INIT;
    weir_error err;
    save_text("app", 1, "the state of an app");
    struct stat st;
    assert_int_equal(stat(file_of("app", 1), &st), 0);
    for (long at = 0; at < st.st_size; at++) {
        if (at >= 12 && at < 16) continue; /* unused */
        damage(file_of("app", 1), at);
        assert_int_equal(wr_snapshot_load(dir, "app", 1, &b, &after, &err), WEIR_ESTATE);
        assert_int_equal(b.len, 0);
        damage(file_of("app", 1), at);
    }
    for (long len = 0; len < st.st_size; len++) {
        save_text("app", 1, "the state of an app");
        assert_int_equal(truncate(file_of("app", 1), len), 0);
        assert_int_equal(wr_snapshot_load(dir, "app", 1, &b, &after, &err), WEIR_ESTATE);
    }
    wr_buf_fini(&b);
}

static void pruning_keeps_the_newest_and_sweeps_broken_saves(void **state) {
    (void)state;
    uint64_t *list;
    uint32_t n;
    char left_over[300];
    for (unsigned i = 1; i <= 5; i++) save_text("app", i * 3, "state");
    save_text("other", 1, "state");
    snprintf(left_over, sizeof left_over, "%s.tmp", file_of("app", 16));
    int fd = open(left_over, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(wr_snapshot_prune(dir, "app", 2, NULL), WEIR_OK);
    assert_int_equal(wr_snapshot_list(dir, "app", &list, &n, NULL), WEIR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(list[0], 15);
    assert_int_equal(list[1], 12);
    wr_snapshot_list_free(list, n);
    assert_int_not_equal(access(left_over, F_OK), 0);
    assert_int_equal(access(file_of("other", 1), F_OK), 0);
    assert_int_equal(wr_snapshot_prune(dir, "app", 0, NULL), WEIR_OK);
    assert_int_equal(wr_snapshot_list(dir, "app", &list, &n, NULL), WEIR_OK);
    assert_int_equal(n, 0);
    wr_snapshot_list_free(list, n);
}

static void a_save_that_fails_leaves_nothing_and_says_where(void **state) {
    (void)state;
    wr_snapshot_id after;
    weir_error err;
    char missing[128], blocked[300];
    uint64_t *list;
    uint32_t n;
    snprintf(missing, sizeof missing, "%s/no/such", dir);
    assert_int_equal(wr_snapshot_save(missing, "app", 1, whole, "x", 1, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, missing));
    assert_int_equal(wr_snapshot_list(missing, "app", &list, &n, NULL), WEIR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(wr_snapshot_load(dir, "app", 99, &(wr_buf){0}, &after, &err), WEIR_EIO);
    /* A directory in the way of the final name: the rename fails, the temporary file goes. */
    snprintf(blocked, sizeof blocked, "%s", file_of("app", 1));
    assert_int_equal(mkdir(blocked, 0700), 0);
    assert_int_equal(wr_snapshot_save(dir, "app", 1, whole, "x", 1, &err), WEIR_EIO);
    strcat(blocked, ".tmp");
    assert_int_not_equal(access(blocked, F_OK), 0);
    assert_int_equal(rmdir(file_of("app", 1)), 0);
}

static void memory_that_runs_out_is_reported(void **state) {
    (void)state;
    wr_buf b = WR_BUF_INIT;
    wr_snapshot_id after;
    save_text("app", 1, "state");
    weir_status status = WEIR_ENOMEM;
    for (long n = 1; status == WEIR_ENOMEM; n++) {
        wr_alloc_fail_after(n);
        status = wr_snapshot_load(dir, "app", 1, &b, &after, NULL);
        wr_alloc_fail_after(0);
        wr_buf_fini(&b);
    }
    assert_int_equal(status, WEIR_OK);
    status = WEIR_ENOMEM;
    for (long n = 1; status == WEIR_ENOMEM; n++) {
        wr_alloc_fail_after(n);
        status = wr_snapshot_save(dir, "app", 2, whole, "state", 5, NULL);
        wr_alloc_fail_after(0);
    }
    assert_int_equal(status, WEIR_OK);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_snapshot_comes_back),
        IN_DIRECTORY(apps_do_not_see_each_others_snapshots),
        IN_DIRECTORY(any_damage_is_noticed_and_named),
        IN_DIRECTORY(pruning_keeps_the_newest_and_sweeps_broken_saves),
        IN_DIRECTORY(a_save_that_fails_leaves_nothing_and_says_where),
        IN_DIRECTORY(memory_that_runs_out_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
