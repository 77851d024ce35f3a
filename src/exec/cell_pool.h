/* cell_pool.h: memory for many small things of one size, named by number.
 *
 * Cells lie in blocks that never move, so a pointer stays good until its cell is given back. Numbers are used
 * again, the last one given back first. A free cell's first 4 bytes link it to the next. */
#ifndef WR_CELL_POOL_H
#define WR_CELL_POOL_H

#include <string.h>

#include "base/alloc.h"

#define WR_NO_CELL          UINT32_MAX
#define WR_CELL_BLOCK_SHIFT 8u /* 256 cells a block */

typedef struct wr_cell_pool {
    wr_account *account;
    uint32_t size; /* bytes of a cell, a multiple of 8 */
    char **blocks;
    uint32_t n_blocks, cap_blocks;
    uint32_t n_cells; /* ever in use: numbers are below */
    uint32_t free;    /* WR_NO_CELL: none */
    uint32_t n_live;
} wr_cell_pool;

void wr_cell_pool_init(wr_cell_pool *p, size_t size_bytes, wr_account *account); /* allocates nothing */
void wr_cell_pool_fini(wr_cell_pool *p);
void wr_cell_pool_clear(wr_cell_pool *p); /* no cell is in use; keeps the memory */
void *wr_cell_pool_grow(wr_cell_pool *p, uint32_t *number) WR_NODISCARD; /* take, when none is free */
/* Loading: makes cells 0..n-1, zeroed and all of them live. -1 when memory is out. */
int wr_cell_pool_fill(wr_cell_pool *p, uint32_t n) WR_NODISCARD;

static inline void *wr_cell(const wr_cell_pool *p, uint32_t number) {
    return p->blocks[number >> WR_CELL_BLOCK_SHIFT] +
           (size_t)(number & ((1u << WR_CELL_BLOCK_SHIFT) - 1)) * p->size;
}

/* A cell, its bytes unset; NULL when memory is out. */
static inline void *wr_cell_pool_take(wr_cell_pool *p, uint32_t *number) {
    if (p->free == WR_NO_CELL) return wr_cell_pool_grow(p, number);
    void *cell = wr_cell(p, *number = p->free);
    memcpy(&p->free, cell, sizeof p->free);
    p->n_live++;
    return cell;
}

static inline void wr_cell_pool_give(wr_cell_pool *p, uint32_t number) {
    memcpy(wr_cell(p, number), &p->free, sizeof p->free);
    p->free = number;
    p->n_live--;
}

#endif
