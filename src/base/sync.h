/* sync.h: folders whose entries have to outlive a crash: what was made, renamed or removed in them. */
#ifndef WR_BASE_SYNC_H
#define WR_BASE_SYNC_H

/* 0, or -1 with errno. */
int wr_sync_folder(const char *folder);
/* The folder that the file is in. */
int wr_sync_folder_of(const char *path);

#endif
