/* fuzz_jms.c: messages as a JMS broker sends them: whatever the bytes are, they become a message or are
 * refused. */
#include "message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const properties[] = {"JMSMessageID", "JMSCorrelationID", "JMSTimestamp", "site",
                                             "message.type"};
    for (int i = 0; i < 2; i++) {
        weir_io_args args = {.properties = properties, .n_properties = 5, .format = i ? "keyvalue" : "json"};
        jms_reader *r = jms_reader_new(&args);
        jms_message m;
        if (r && jms_reader_read(r, (const char *)data, size, "queue", &m)) jms_message_free(&m);
        jms_reader_free(r);
    }
    return 0;
}
