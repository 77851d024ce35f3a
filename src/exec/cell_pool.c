#include "exec/cell_pool.h"

#define BLOCK_CELLS (1u << WR_CELL_BLOCK_SHIFT)

void wr_cell_pool_init(wr_cell_pool *p, size_t size_bytes, wr_account *account) {
    *p = (wr_cell_pool){
        .account = account, .size = (uint32_t)((size_bytes + 7) & ~(size_t)7), .free = WR_NO_CELL};
}

void wr_cell_pool_fini(wr_cell_pool *p) {
    for (uint32_t i = 0; i < p->n_blocks; i++)
        wr_free(p->account, p->blocks[i], (size_t)BLOCK_CELLS * p->size);
    wr_free(p->account, p->blocks, p->cap_blocks * sizeof *p->blocks);
    wr_cell_pool_init(p, p->size, p->account);
}

void wr_cell_pool_clear(wr_cell_pool *p) {
    p->n_cells = p->n_live = 0;
    p->free = WR_NO_CELL;
}

static int add_block(wr_cell_pool *p) {
    if (p->n_blocks >= WR_NO_CELL >> WR_CELL_BLOCK_SHIFT) return -1;
    if (wr_grow(p->account, &p->blocks, &p->cap_blocks, p->n_blocks + 1, sizeof *p->blocks)) return -1;
    char *block = wr_alloc(p->account, (size_t)BLOCK_CELLS * p->size);
    if (!block) return -1;
    p->blocks[p->n_blocks++] = block;
    return 0;
}

void *wr_cell_pool_grow(wr_cell_pool *p, uint32_t *number) {
    if (p->n_cells == p->n_blocks << WR_CELL_BLOCK_SHIFT && add_block(p)) return NULL;
    *number = p->n_cells++;
    p->n_live++;
    return wr_cell(p, *number);
}

int wr_cell_pool_fill(wr_cell_pool *p, uint32_t n) {
    while ((uint64_t)p->n_blocks << WR_CELL_BLOCK_SHIFT < n)
        if (add_block(p)) return -1;
    for (uint32_t i = 0; i < n; i++) memset(wr_cell(p, i), 0, p->size);
    p->n_cells = p->n_live = n;
    return 0;
}
