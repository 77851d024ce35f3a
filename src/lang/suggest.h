/* suggest.h: the known name that was probably meant, for "did you mean". */
#ifndef WR_LANG_SUGGEST_H
#define WR_LANG_SUGGEST_H

#include <stdint.h>

/* Offer it every known name, then ask for the best. Allocates nothing; names must stay alive meanwhile. */
typedef struct wr_suggest {
    const char *wanted;
    const char *best; /* NULL: nothing near enough so far */
    uint32_t cost;    /* of best, or the least cost that is too much */
} wr_suggest;

void wr_suggest_init(wr_suggest *s, const char *wanted);
void wr_suggest_offer(wr_suggest *s, const char *known);
/* `did you mean 'x'?` into text (which becomes "" when there is no best); returns text. */
char *wr_suggest_hint(const wr_suggest *s, char *text, uint32_t size);
/* The nearest of n names, or NULL. */
const char *wr_suggest_nearest(const char *wanted, const char *const *known, uint32_t n);

#endif
