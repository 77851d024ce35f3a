/* record.h: a message as the source keeps it, in memory and in the journal alike.
 *
 *   u32 length of what follows the check | u32 check (XXH3, cut) | u8 kind | u8 flags | u16 id
 *   | u32 topic bytes | u32 properties bytes | topic | properties | payload
 *
 * Little endian. A check that does not fit ends a journal: what was being written when the machine stopped.
 */
#ifndef MQTT_RECORD_H
#define MQTT_RECORD_H

#include "packet.h"

typedef enum mqtt_record_kind {
    MQTT_RECORD_MESSAGE = 1,
    MQTT_RECORD_RELEASED = 2, /* the broker has forgotten the id of a message of quality 2 */
    MQTT_RECORD_OPEN_IDS = 3  /* all ids not yet released, as u16s; those before it don't count any more */
} mqtt_record_kind;

typedef struct mqtt_record {
    mqtt_record_kind kind;
    uint8_t qos;
    bool is_retained, is_duplicate;
    uint16_t id;
    weir_text topic, properties, payload;
} mqtt_record;

#define MQTT_RECORD_HEAD 20u

size_t mqtt_record_size(const mqtt_record *r);
/* Writes mqtt_record_size bytes. */
void mqtt_record_write(const mqtt_record *r, char *to);
/* Reads what bytes begin with. OK: *size bytes are it; EAGAIN: more are needed, *size in all (0: not known);
 * ESTATE: no record. checks false: the bytes are this process's own. */
weir_status mqtt_record_read(const char *bytes, size_t len, bool checks, mqtt_record *out, size_t *size);

#endif
