/* message.h: JMS messages as AMQP carries them (the JMS mapping of AMQP 1.0): the kind is the annotation
 * x-opt-jms-msg-type; a text is an AMQP string, bytes are a data section, a map is an AMQP map. */
#ifndef JMS_MESSAGE_H
#define JMS_MESSAGE_H

#include <proton/message.h>

#include "weir_io.h"

typedef enum jms_kind { /* x-opt-jms-msg-type */
                        JMS_PLAIN = 0,
                        JMS_OBJECT = 1,
                        JMS_MAP = 2,
                        JMS_BYTES = 3,
                        JMS_STREAM = 4,
                        JMS_TEXT = 5
} jms_kind;

/* Bytes that grow; malloc. is_full: memory ran out, and what it holds is not whole. */
typedef struct jms_buffer {
    char *data;
    size_t len, cap;
    bool is_full;
} jms_buffer;

bool jms_buffer_reserve(jms_buffer *b, size_t more);
void jms_buffer_put(jms_buffer *b, const char *bytes, size_t len);
void jms_buffer_format(jms_buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* value.c */
/* The value that data stands at, as text: numbers and strings as they are, what is nested as JSON, bytes in
 * base64. False: it is null, or nested deeper than anything sensible. */
bool jms_value_text(pn_data_t *data, jms_buffer *out);
/* The same as JSON. */
bool jms_value_json(pn_data_t *data, jms_buffer *out);
/* A map that data stands at, as lines `key:"text"` and `key:1`, which is what @map(type='keyvalue') reads.
 * NULL: done, else why it can't be. */
const char *jms_map_lines(pn_data_t *data, jms_buffer *out);

/* A message that came: one block of memory with its body and what the app reads of its properties. */
typedef struct jms_message {
    char *block; /* owned */
    size_t size;
    weir_message shown;   /* points into the block */
    unsigned char id[16]; /* hash of its message id; zeros: it has none */
} jms_message;

typedef struct jms_reader jms_reader;

/* What is read of messages: the properties by their names in args; maps as key:value for the format keyvalue,
 * else as JSON. NULL: no memory. */
jms_reader *jms_reader_new(const weir_io_args *args);
void jms_reader_free(jms_reader *r);
/* destination: trp:JMSDestination of a message that has no `to`. What can't be a message of the app becomes
 * one with a reason to refuse it. False: no memory. */
bool jms_reader_read(jms_reader *r, const char *bytes, size_t len, const char *destination, jms_message *out);
void jms_message_free(jms_message *m);

#endif
