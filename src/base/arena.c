/* arena.c: see arena.h. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct wr_arena_block {
    struct wr_arena_block *older;
    size_t size_bytes; /* of the whole block, header included */
} wr_arena_block;

typedef struct wr_arena_owned {
    struct wr_arena_owned *next;
    weir_object *object;
} wr_arena_owned;

#define HEADER_BYTES       ((sizeof(wr_arena_block) + 15) & ~(size_t)15)
#define FIRST_BLOCK_BYTES  ((size_t)4096)
#define LARGEST_STEP_BYTES ((size_t)1 << 20)

void wr_arena_init(weir_arena *arena, wr_account *account) {
    memset(arena, 0, sizeof *arena);
    arena->account = account;
}

static void drop_owned(weir_arena *arena) {
    for (wr_arena_owned *o = arena->owned; o; o = o->next) weir_object_unref(o->object);
    arena->owned = NULL;
}

void wr_arena_fini(weir_arena *arena) {
    drop_owned(arena);
    for (wr_arena_block *b = arena->block, *older; b; b = older) {
        older = b->older;
        wr_free(arena->account, b, b->size_bytes);
    }
    wr_arena_init(arena, arena->account);
}

/* One block stays. If there were several, they become one of their total size (when memory is next asked
 * for): a cycle that needs as much as the last one then costs no malloc. */
void wr_arena_reset(weir_arena *arena) {
    drop_owned(arena);
    arena->used_bytes = 0;
    wr_arena_block *b = arena->block;
    if (!b) return;
    if (!b->older) {
        arena->next = (char *)b + HEADER_BYTES;
        return;
    }
    size_t total = 0;
    for (wr_arena_block *older; b; b = older) {
        older = b->older;
        total += b->size_bytes;
        wr_free(arena->account, b, b->size_bytes);
    }
    arena->block = NULL;
    arena->next = arena->end = NULL;
    arena->first_bytes = total;
}

void *weir_arena_alloc(weir_arena *arena, size_t size_bytes) {
    if (size_bytes > SIZE_MAX / 4) return NULL;
    size_t need = (size_bytes + 15) & ~(size_t)15;
    if (WR_UNLIKELY((size_t)(arena->end - arena->next) < need || !arena->block)) {
        size_t step = arena->block ? WR_MIN(arena->block->size_bytes * 2, LARGEST_STEP_BYTES)
                                   : WR_MAX(arena->first_bytes, FIRST_BLOCK_BYTES);
        size_t total = WR_MAX(step, need + HEADER_BYTES);
        wr_arena_block *b = wr_alloc(arena->account, total);
        if (!b) return NULL;
        b->older = arena->block;
        b->size_bytes = total;
        arena->block = b;
        arena->next = (char *)b + HEADER_BYTES;
        arena->end = (char *)b + total;
    }
    void *p = arena->next;
    arena->next += need;
    arena->used_bytes += need;
    return p;
}

void *wr_arena_array(weir_arena *arena, size_t n, size_t elem_size) {
    size_t bytes;
    return __builtin_mul_overflow(n, elem_size, &bytes) ? NULL : weir_arena_alloc(arena, bytes);
}

void *wr_arena_zero(weir_arena *arena, size_t n, size_t elem_size) {
    void *p = wr_arena_array(arena, n, elem_size);
    if (p) memset(p, 0, n * elem_size);
    return p;
}

bool wr_arena_widen(weir_arena *arena, void *array_ptr, size_t n, size_t cap, size_t elem_size) {
    void *old, *wide = wr_arena_array(arena, cap, elem_size);
    if (!wide) return false;
    memcpy(&old, array_ptr, sizeof old);
    if (n) memcpy(wide, old, n * elem_size);
    memcpy(array_ptr, &wide, sizeof wide);
    return true;
}

char *wr_arena_strndup(weir_arena *arena, const char *text, size_t len) {
    char *p = weir_arena_alloc(arena, len + 1);
    if (!p) return NULL;
    memcpy(p, text, len);
    p[len] = 0;
    return p;
}

char *wr_arena_printf(weir_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) return NULL;
    char *p = weir_arena_alloc(arena, (size_t)len + 1);
    if (!p) return NULL;
    va_start(args, format);
    vsnprintf(p, (size_t)len + 1, format, args);
    va_end(args);
    return p;
}

weir_status weir_arena_string(weir_arena *arena, const char *bytes, size_t len, weir_string *out) {
    if (len > UINT32_MAX) {
        *out = weir_string_view("", 0);
        return WEIR_ELIMIT;
    }
    if (len > WEIR_STRING_INLINE) {
        char *copy = weir_arena_alloc(arena, len);
        if (!copy) {
            *out = weir_string_view("", 0);
            return WEIR_ENOMEM;
        }
        memcpy(copy, bytes, len);
        bytes = copy;
    }
    *out = weir_string_view(bytes, (uint32_t)len);
    return WEIR_OK;
}

weir_status weir_arena_own(weir_arena *arena, weir_object *object) {
    wr_arena_owned *o = weir_arena_alloc(arena, sizeof *o);
    if (!o) {
        weir_object_unref(object);
        return WEIR_ENOMEM;
    }
    o->object = object;
    o->next = arena->owned;
    arena->owned = o;
    return WEIR_OK;
}
