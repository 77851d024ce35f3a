/* journal.h: messages that the broker was told are kept, until a checkpoint covers them.
 *
 * A broker takes back nothing that was acknowledged, and has only few messages (20, say) under way that are
 * not. To acknowledge after checkpoints would therefore be slow. So messages are written here, made durable
 * many at a time (fdatasync), and only then acknowledged; after a crash they are read again.
 *
 * A folder of segments, "BASE.journal" (16 hex digits): a head of 16 bytes, then records (record.h). A
 * position is the number of bytes of records before it, ever growing; BASE is that of the segment's first
 * record. Each segment begins with the ids that are open then. The folder is locked by who uses it, and has
 * the client's name in "client.id". */
#ifndef MQTT_JOURNAL_H
#define MQTT_JOURNAL_H

#include "conf.h"
#include "record.h"

#define MQTT_SEGMENT ((uint64_t)16 << 20) /* the next one is begun when a segment has that much */

typedef struct mqtt_journal {
    char *folder;
    int lock_fd, folder_fd, fd; /* fd: the last segment, for appending; -1 */
    uint64_t *bases;            /* of the segments, in order */
    uint32_t n, cap;
    uint64_t end; /* where the next record goes */
} mqtt_journal;

/* Opens or makes it; what is not whole at its end is cut off. each: called for every record that is kept, or
 * NULL. */
weir_status mqtt_journal_open(mqtt_journal *j, const char *folder,
                              void (*each)(void *ctx, const mqtt_record *r), void *ctx, weir_error *err);
void mqtt_journal_close(mqtt_journal *j);
/* The name in it; draws and keeps one if there is none. */
weir_status mqtt_journal_client_id(mqtt_journal *j, char id[MQTT_LONGEST_ID], weir_error *err);

/* Appends records; durable after mqtt_journal_sync. After a failure nothing more can be appended. */
weir_status mqtt_journal_append(mqtt_journal *j, const char *bytes, size_t len, weir_error *err);
weir_status mqtt_journal_sync(mqtt_journal *j, weir_error *err);
bool mqtt_journal_is_full_segment(const mqtt_journal *j);
/* Begins a segment, durable at once; open_ids: a whole record of that kind. */
weir_status mqtt_journal_next_segment(mqtt_journal *j, const char *open_ids, size_t len, weir_error *err);
/* Deletes the segments that end at or before pos. */
void mqtt_journal_cut(mqtt_journal *j, uint64_t pos);
uint64_t mqtt_journal_begin(const mqtt_journal *j);

/* Reads whole records from pos on, up to `until` (which is durable) and about `room` bytes, at least one
 * record if there is one. *out is malloc'ed, *len 0 at the end. Safe beside append, not beside cut or
 * next_segment. */
weir_status mqtt_journal_read(const mqtt_journal *j, uint64_t pos, uint64_t until, size_t room, char **out,
                              size_t *len, weir_error *err);

#endif
