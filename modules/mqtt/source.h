/* source.h: the state of a source of MQTT; see inbound.h for what is acknowledged when. */
#ifndef MQTT_SOURCE_H
#define MQTT_SOURCE_H

#include "inbound.h"

#define MQTT_SHOWN      1024u /* messages shown at once */
#define MQTT_KEPT_MARKS 3u    /* as many checkpoints as are kept can be gone back to */

typedef struct mqtt_shown_property mqtt_shown_property;

typedef struct mqtt_source {
    const weir_io_args *args;
    mqtt_conf conf;
    mqtt_client client;
    mqtt_inbound inbound;
    mqtt_journal journal;
    uint8_t qos;
    mqtt_bytes filters; /* of SUBSCRIBE: each with its length and options */
    bool has_subscribed;
    /* What is shown: records of a block, or of the journal. */
    mqtt_block *block;
    char *replayed;
    const char *bytes;
    size_t len, at;                /* at: behind the last record shown */
    uint64_t pos;                  /* of the first byte */
    uint64_t replay_at, replay_to; /* of the journal is read first */
    bool has_position;             /* position was saved; else the journal is read from its beginning */
    weir_message *messages;
    uint32_t *ends; /* by message: behind its record */
    uint8_t *qualities;
    mqtt_shown_property *properties;
    uint32_t n, n_used, shown_from;
    uint64_t consumed; /* position behind the last message taken */
    /* Acknowledging. */
    uint64_t n_unacked, n_unacked_noted, noted; /* messages taken; position of the epoch */
    uint64_t marks[MQTT_KEPT_MARKS];            /* positions of the last checkpoints, oldest first */
} mqtt_source;

/* properties.c */
extern const weir_property mqtt_source_properties[];
weir_status mqtt_properties_open(mqtt_source *s, weir_error *err);
void mqtt_properties_close(mqtt_source *s);
/* Fills the properties that the app reads of message i shown. */
void mqtt_properties_show(mqtt_source *s, uint32_t i, const mqtt_record *r);

/* subscribe.c: the filters of an annotation, checked, into s->filters. */
weir_status mqtt_filters_read(mqtt_source *s, const char *topics, const char *group, weir_error *err);
void mqtt_put_subscribe(mqtt_source *s);

extern const weir_source_type mqtt_source_type;
extern const weir_sink_type mqtt_sink_type;

#endif
