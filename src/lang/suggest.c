/* suggest.c: edit distance with swaps of neighbours (optimal string alignment), bounded. See suggest.h. */
#include "lang/suggest.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

#define LONGEST   64u /* names longer than this are not compared */
#define STEP_COST 4u  /* of one insertion, deletion, replacement or swap */
#define CASE_COST 1u  /* of one letter in the other case */

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static uint32_t replace_cost(char a, char b) {
    if (a == b) return 0;
    return lower(a) == lower(b) ? CASE_COST : STEP_COST;
}

static uint32_t distance(const char *a, uint32_t n, const char *b, uint32_t m) {
    uint32_t rows[3][LONGEST + 1]; /* of i-2, i-1 and i, in turn */
    for (uint32_t k = 0; k <= m; k++) rows[0][k] = k * STEP_COST;
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i * STEP_COST;
        for (uint32_t k = 1; k <= m; k++) {
            uint32_t cost = above[k - 1] + replace_cost(a[i - 1], b[k - 1]);
            cost = WR_MIN(cost, above[k] + STEP_COST);
            cost = WR_MIN(cost, row[k - 1] + STEP_COST);
            if (i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) && lower(a[i - 2]) == lower(b[k - 1]))
                cost = WR_MIN(cost, above2[k - 2] + STEP_COST);
            row[k] = cost;
        }
    }
    return rows[n % 3][m];
}

void wr_suggest_init(wr_suggest *s, const char *wanted) {
    /* One slip in a name of up to 4 letters, two up to 8, three beyond. */
    size_t n = strlen(wanted);
    uint32_t slips = n <= 4 ? 1 : n <= 8 ? 2 : 3;
    *s = (wr_suggest){.wanted = wanted, .best = NULL, .cost = slips * STEP_COST + CASE_COST + 1};
}

void wr_suggest_offer(wr_suggest *s, const char *known) {
    size_t n = strlen(s->wanted), m = strlen(known);
    if (n == 0 || m == 0 || n > LONGEST || m > LONGEST) return;
    uint32_t cost = distance(s->wanted, (uint32_t)n, known, (uint32_t)m);
    if (cost >= s->cost || cost >= STEP_COST * WR_MIN(n, m)) return; /* nothing in common is no slip */
    s->cost = cost;
    s->best = known;
}

char *wr_suggest_hint(const wr_suggest *s, char *text, uint32_t size) {
    if (s->best)
        snprintf(text, size, "did you mean '%s'?", s->best);
    else
        text[0] = 0;
    return text;
}

const char *wr_suggest_nearest(const char *wanted, const char *const *known, uint32_t n) {
    wr_suggest s;
    wr_suggest_init(&s, wanted);
    for (uint32_t i = 0; i < n; i++) wr_suggest_offer(&s, known[i]);
    return s.best;
}
