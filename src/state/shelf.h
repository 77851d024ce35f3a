/* shelf.h: where snapshots are kept: a directory (file.h), or memory.
 *
 * A shelf holds those of any number of apps. That in memory may be used by several threads; it goes with its
 * process. */
#ifndef WR_SHELF_H
#define WR_SHELF_H

#include "base/alloc.h"
#include "state/file.h"

typedef struct wr_shelf wr_shelf;

/* dir NULL: in memory, charged to the account. */
weir_status wr_shelf_new(const char *dir, wr_account *account, wr_shelf **out, weir_error *err) WR_NODISCARD;
void wr_shelf_free(wr_shelf *s); /* NULL is fine. Files stay */

/* As the functions of file.h. */
weir_status wr_shelf_save(wr_shelf *s, const char *app, uint64_t revision, wr_snapshot_id after,
                          const void *bytes, size_t len, weir_error *err) WR_NODISCARD;
weir_status wr_shelf_load(wr_shelf *s, const char *app, uint64_t revision, wr_buf *out, wr_snapshot_id *after,
                          weir_error *err) WR_NODISCARD;
weir_status wr_shelf_list(wr_shelf *s, const char *app, uint64_t **revisions, uint32_t *n,
                          weir_error *err) WR_NODISCARD;
weir_status wr_shelf_prune(wr_shelf *s, const char *app, uint32_t keep, weir_error *err) WR_NODISCARD;

#endif
