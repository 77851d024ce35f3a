/* support.h: what unit tests of several folders share: cmocka with what it needs, and random numbers whose
 * seed is printed, so that a failing run can be repeated (WEIR_TEST_SEED=n). */
#ifndef WR_TEST_SUPPORT_H
#define WR_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

typedef struct test_random {
    uint64_t state;
} test_random;

static inline uint64_t test_next(test_random *r) { /* splitmix64 */
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static inline uint32_t test_below(test_random *r, uint32_t n) { return (uint32_t)(test_next(r) % n); }

static inline test_random test_seeded(const char *what) {
    const char *given = getenv("WEIR_TEST_SEED");
    test_random r = {given ? strtoull(given, NULL, 10) : 20240617u};
    print_message("%s: WEIR_TEST_SEED=%llu\n", what, (unsigned long long)r.state);
    return r;
}

/* Its files go; it stays. */
static inline void test_empty_directory(const char *dir) {
    DIR *d = opendir(dir);
    char path[512];
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_name[0] != '.') assert_int_equal(remove(path), 0);
    }
    if (d) closedir(d);
}

#endif
