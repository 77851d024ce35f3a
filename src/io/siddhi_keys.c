/* siddhi_keys.c: see siddhi_keys.h. From the documentation of Siddhi's extensions and the apps that come with
 * them. */
#include "io/siddhi_keys.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define LOCAL_FILES "only files that this machine can open are read and written"
#define WHOLE_FILES "files are read whole; header='true' of @map(type='csv') takes off their first line"
#define JAVA_CLASSES                                                                                         \
    "Java's classes are not loaded; give schema.file='….proto', and message='Name' if it has several"

const wr_siddhi_key wr_siddhi_keys[] = {
    {"@source(type='file')", "timeout", NULL, NULL},
    {"@source(type='file')", "file.read.wait.timeout", NULL, NULL},
    {"@source(type='file')", "read.only.header", "false", WHOLE_FILES},
    {"@source(type='file')", "read.only.trailer", "false", WHOLE_FILES},
    {"@source(type='file')", "skip.trailer", "false", WHOLE_FILES},
    {"@source(type='file')", "file.system.options", NULL, LOCAL_FILES},
    {"@sink(type='file')", "file.system.options", NULL, LOCAL_FILES},
    {"@sink(type='file')", "add.line.separator", "true", "each event stands in a line of its own"},
    {"@sink(type='kafka')", "is.synchronous", NULL, NULL},
    {"@sink(type='http')", "client.bootstrap.configuration", NULL, NULL},
    {"@sink(type='http-request')", "client.bootstrap.configuration", NULL, NULL},
    {"@sink(type='http-call')", "client.bootstrap.configuration", NULL, NULL},
    {"@map(type='json')", "enable.null.attribute.value", "true",
     "an attribute without value is written as null"},
    {"@map(type='protobuf')", "class", NULL, JAVA_CLASSES},
    {"@map(type='text')", "fail.on.unknown.attribute", NULL, NULL},
    {"@map(type='xml')", "enable.streaming.xml.content", "false", "a message is one document"},
    {"@map(type='xml')", "extract.leaf.node.data", "false", "an attribute takes one element"},
    {NULL, NULL, NULL, NULL}};

const wr_siddhi_key *wr_siddhi_key_find(const char *of, const char *name) {
    for (const wr_siddhi_key *k = wr_siddhi_keys; k->name; k++)
        if (strcmp(k->of, of) == 0 && strcmp(k->name, name) == 0) return k;
    return NULL;
}

bool wr_siddhi_key_takes(const wr_siddhi_key *key, const char *value) {
    if (!key->why) return true;
    return key->harmless && strcasecmp(key->harmless, value) == 0;
}
