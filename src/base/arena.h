/* arena.h: memory given back all at once (weir_arena in the public header).
 *
 * A bump allocator over blocks. After a reset it works in one block as large as all were before, so an arena
 * that is reset every cycle soon allocates nothing. Objects handed over with weir_arena_own are unreferenced
 * at reset. */
#ifndef WR_ARENA_H
#define WR_ARENA_H

#include "base/alloc.h"
#include "weir_ext.h"

struct weir_arena {
    wr_account *account;
    struct wr_arena_block *block; /* current, newest first */
    char *next, *end;
    struct wr_arena_owned *owned;
    size_t used_bytes;  /* handed out since the last reset */
    size_t first_bytes; /* size of the next first block; 0: the usual */
};

void wr_arena_init(weir_arena *arena, wr_account *account); /* allocates nothing */
void wr_arena_fini(weir_arena *arena);
void wr_arena_reset(weir_arena *arena);
/* Uninitialised and zeroed arrays; overflow-checked; NULL when out of memory. */
void *wr_arena_array(weir_arena *arena, size_t n, size_t elem_size);
void *wr_arena_zero(weir_arena *arena, size_t n, size_t elem_size);
/* Of the array that *array_ptr points to, n elements go on in one of cap. False: out of memory, and it is as
 * it was. */
bool wr_arena_widen(weir_arena *arena, void *array_ptr, size_t n, size_t cap, size_t elem_size);
/* NUL-terminated copies, for names in trees and plans. */
char *wr_arena_strndup(weir_arena *arena, const char *text, size_t len);
char *wr_arena_printf(weir_arena *arena, const char *format, ...) WR_PRINTF(2, 3);

#endif
