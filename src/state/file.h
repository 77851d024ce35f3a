/* file.h: snapshots on disk.
 *
 * A directory holds the snapshots of any number of apps, one file each: <app>-<revision>.snapshot, the
 * revision as 20 digits, letters that don't belong into a file name as %XX. Revisions are the caller's and
 * grow. A file is written under another name, fsynced, renamed, and the directory fsynced: after a crash it
 * is there whole or not at all.
 *
 *   | "WEIRSNAP" | format u32 | 0 u32 | length u64 | XXH3 u64 | length bytes |       little-endian
 *
 * Format 2 has only what has changed since another snapshot: behind the checksum, which is seeded with them,
 * stand that one's revision and checksum (two u64). chain.h says how such files belong together. */
#ifndef WR_FILE_H
#define WR_FILE_H

#include "base/buf.h"
#include "weir_ext.h"

/* A snapshot as others name it. */
typedef struct wr_snapshot_id {
    uint64_t revision; /* 0: none */
    uint64_t checksum;
} wr_snapshot_id;
uint64_t wr_snapshot_checksum(const void *bytes, size_t len, wr_snapshot_id after);

/* Writes a snapshot, whole or (after.revision not 0) of what has changed after another; makes the directory
 * (not its parents) if it is missing. WEIR_EIO leaves no file behind. */
weir_status wr_snapshot_save(const char *dir, const char *app, uint64_t revision, wr_snapshot_id after,
                             const void *bytes, size_t len, weir_error *err) WR_NODISCARD;
/* Reads one back into out (which is cleared first). *after: what it follows. WEIR_EIO: it can't be read;
 * WEIR_ESTATE: it is damaged, or of a newer format. */
weir_status wr_snapshot_load(const char *dir, const char *app, uint64_t revision, wr_buf *out,
                             wr_snapshot_id *after, weir_error *err) WR_NODISCARD;

/* The app's revisions, newest first. The caller frees *revisions with wr_snapshot_list_free. A directory that
 * is not there has none. */
weir_status wr_snapshot_list(const char *dir, const char *app, uint64_t **revisions, uint32_t *n,
                             weir_error *err) WR_NODISCARD;
void wr_snapshot_list_free(uint64_t *revisions, uint32_t n);

/* Deletes all but the newest `keep` snapshots of the app (0: all) and those that they follow, and what
 * broken-off saves left. */
weir_status wr_snapshot_prune(const char *dir, const char *app, uint32_t keep, weir_error *err) WR_NODISCARD;

#endif
