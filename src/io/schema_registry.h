/* schema_registry.h: schemas by id, and the id of a schema, from a schema registry: the REST interface of
 * Confluent's, which Apicurio (under /apis/ccompat/v7) and Karapace speak too.
 *
 * What was asked for is kept for good: an id never means another schema. That a registry has no such schema
 * is kept for ten seconds. A registry that can't be reached, fails, or refuses the credentials is asked again
 * until it answers, with back-off; meanwhile nothing is known, which is WEIR_EAGAIN. A schema is known when
 * those that it refers to are: they are fetched one after the other. */
#ifndef WR_IO_SCHEMA_REGISTRY_H
#define WR_IO_SCHEMA_REGISTRY_H

#include "base/compiler.h"
#include "io/schema_references.h"
#include "weir_io.h"

/* The rows that the options of a format begin with. */
enum {
    WR_REGISTRY_URL,
    WR_REGISTRY_USERNAME,
    WR_REGISTRY_PASSWORD,
    WR_REGISTRY_TOKEN,
    WR_REGISTRY_CA,
    WR_REGISTRY_CERTIFICATE,
    WR_REGISTRY_KEY_PASSWORD,
    WR_REGISTRY_NO_VERIFICATION,
    WR_REGISTRY_FIRST_OTHER
};
#define WR_TEXT_OPTION(name, doc)                                                                            \
    { name, WEIR_OPTION_TEXT, false, NULL, NULL, doc }
#define WR_REGISTRY_OPTIONS                                                                                  \
    [WR_REGISTRY_URL] =                                                                                      \
        WR_TEXT_OPTION("schema.registry", "The URL of a schema registry: http://localhost:8081."),           \
    [WR_REGISTRY_USERNAME] =                                                                                 \
        WR_TEXT_OPTION("schema.registry.username", "The user's name there (basic authentication)."),         \
    [WR_REGISTRY_PASSWORD] = WR_TEXT_OPTION("schema.registry.password", "The user's password there."),       \
    [WR_REGISTRY_TOKEN] =                                                                                    \
        WR_TEXT_OPTION("schema.registry.token", "A token, sent as 'Authorization: Bearer TOKEN'."),          \
    [WR_REGISTRY_CA] = WR_TEXT_OPTION("schema.registry.ca.file",                                             \
                                      "A PEM file with the authorities to trust; without it the system's."), \
    [WR_REGISTRY_CERTIFICATE] = WR_TEXT_OPTION("schema.registry.certificate.file",                           \
                                               "A PEM file with the client's certificate and key."),         \
    [WR_REGISTRY_KEY_PASSWORD] =                                                                             \
        WR_TEXT_OPTION("schema.registry.key.password", "The password of the key in it."),                    \
    [WR_REGISTRY_NO_VERIFICATION] = {                                                                        \
        "schema.registry.verification.disabled", WEIR_OPTION_BOOL, false, "false", NULL,                     \
        "Takes any certificate for good."}
/* Those of a format that may register what it writes by. */
#define WR_REGISTRY_SUBJECT_OPTIONS(subject, may_register, needed)                                           \
    [subject] = WR_TEXT_OPTION("schema.subject",                                                             \
                               "Under which name the schema is registered: 'TOPIC-value', say. With "        \
                               "schema.registry, unless schema.id is given."),                               \
    [may_register] = {"schema.auto.register",                                                                \
                      WEIR_OPTION_BOOL,                                                                      \
                      false,                                                                                 \
                      "true",                                                                                \
                      NULL,                                                                                  \
                      "A schema that the registry doesn't have under the subject is registered; else that "  \
                      "is an error."},                                                                       \
    [needed] = WR_TEXT_OPTION("schema.references",                                                           \
                              "The schemas of the registry that schema.def or schema.file needs, by the "    \
                              "name of a type (Protobuf: of what is imported): 'NAME=SUBJECT:VERSION, …'.")

typedef struct wr_schema_registry wr_schema_registry;

/* schema.id is an id, and, of a registry, a schema: then none is given besides. */
weir_status wr_registry_check_id(const char *format, const weir_setting *id, bool has_registry,
                                 bool has_schema, weir_error *err) WR_NODISCARD;
/* A schema goes to a registry (NULL: there is none) under a subject, or is there already and has an id. */
weir_status wr_registry_check_subject(const char *format, const wr_schema_registry *registry, bool by_id,
                                      bool has_subject, weir_error *err) WR_NODISCARD;

/* settings of a table that begins with WR_REGISTRY_OPTIONS. *out is NULL when no registry is named. Settings
 * and host outlive it. Touches nothing outside. */
weir_status wr_schema_registry_open(const weir_setting *settings, const weir_io_host *host,
                                    wr_schema_registry **out, weir_error *err) WR_NODISCARD;
void wr_schema_registry_close(wr_schema_registry *r); /* NULL is fine */

/* A schema as it was registered; good until the registry is closed. */
typedef struct wr_registered {
    uint32_t id;
    const char *type; /* "AVRO", "PROTOBUF", "JSON" */
    const char *text;
    size_t len;
    const wr_reference *references; /* that it needs, and they; each behind those that it needs itself */
    uint32_t n_references;
} wr_registered;

#define WR_REGISTRY_WAIT_MS 10 /* after EAGAIN ask again so long later */

/* OK; EAGAIN: it has been asked for; ENAME: the registry has none of that id, or it is of no use (err says).
 */
weir_status wr_schema_registry_get(wr_schema_registry *r, uint32_t id, const wr_registered **out,
                                   weir_error *err) WR_NODISCARD;
/* The same, and waits for the answer for ten seconds: EIO, which may pass, if it has not come. */
weir_status wr_schema_registry_get_now(wr_schema_registry *r, uint32_t id, const wr_registered **out,
                                       weir_error *err) WR_NODISCARD;
/* Fetches what the option schema.references names, and what that needs, of this type, and orders it. Waits
 * likewise for each; what was fetched is kept for when it is called again. */
weir_status wr_schema_registry_needed_now(wr_schema_registry *r, const char *type, const char *option,
                                          wr_references *needed, weir_error *err) WR_NODISCARD;
/* What schema.references says (NULL: nothing), for a format with or without what belongs to it. */
weir_status wr_registry_check_references(const char *format, const char *option, bool may_have,
                                         wr_references *out, weir_error *err) WR_NODISCARD;
/* The id of a schema under the subject, which needs these (as an option names them; NULL: none); registers it
 * there unless it may only look. Waits likewise. */
weir_status wr_schema_registry_put_now(wr_schema_registry *r, const char *subject, const char *type,
                                       const char *text, size_t len, const wr_references *needed,
                                       bool may_register, uint32_t *id, weir_error *err) WR_NODISCARD;
/* Why there is no answer just now; "": nothing is missing. */
const char *wr_schema_registry_state(wr_schema_registry *r);

#endif
