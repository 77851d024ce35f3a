/* avro_read.h: Avro's binary encoding into the attributes of a row, by a plan that was made once for a
 * schema.
 *
 * A plan says for each value of the writer's schema which attribute gets it; what nobody wants is skipped.
 * With a reader's schema besides, values are resolved as the Avro 1.11 specification has it, as far as
 * attributes need them: fields by name or alias, defaults for fields that the writer lacks, promotion of
 * numbers, texts and bytes, symbols that the reader doesn't know, unions by branch. What can't be resolved is
 * a fault of the row, not of the schema, since it may concern a branch that never comes.
 *
 * A record can't make it work for longer than its length allows: blocks of items without bytes are counted.
 */
#ifndef WR_IO_AVRO_READ_H
#define WR_IO_AVRO_READ_H

#include "io/avro_schema.h"
#include "io/json_path.h"
#include "weir_format.h"

#define WR_AVRO_EMPTY_ITEMS 100000 /* that a record may have */

typedef struct wr_avro_input {
    const unsigned char *at, *end;
    const char *wrong;    /* the first thing that is; then at == end */
    uint32_t empty_items; /* that may still come */
} wr_avro_input;

int64_t wr_avro_take_long(wr_avro_input *in);
/* NULL: there are not as many. */
const char *wr_avro_take_bytes(wr_avro_input *in, uint64_t n);
void wr_avro_fail(wr_avro_input *in, const char *wrong);

typedef struct wr_avro_plan wr_avro_plan;

typedef struct wr_avro_plan_args {
    const weir_schema *schema;
    const wr_json_node *paths; /* of the attributes */
    bool fail_missing;         /* an attribute that the schema hasn't is refused; else it is null */
    weir_arena *arena;         /* of the plan */
} wr_avro_plan_args;

/* reader NULL: values are taken as they were written. Both schemas are records and outlive the plan. */
weir_status wr_avro_plan_new(const wr_avro_plan_args *args, const wr_avro_type *writer,
                             const wr_avro_type *reader, wr_avro_plan **out, weir_error *err) WR_NODISCARD;
/* Gives one record's values to the filler, which has begun a row. */
void wr_avro_plan_run(const wr_avro_plan *plan, wr_avro_input *in, weir_filler *filler);

/* Passes over one record of that plan. */
void wr_avro_plan_skip(const wr_avro_plan *plan, wr_avro_input *in);

/* ---- For avro_plan.c and avro_read.c ------------------------------------------------------------------ */

/* What an attribute gets when the writer has no such field. */
typedef struct wr_avro_default {
    const wr_json_node *node;
    const wr_json_tree *value;
    const wr_avro_type *type; /* of the reader's field */
} wr_avro_default;

struct wr_avro_plan {
    const wr_avro_type *type;   /* the writer's */
    const wr_avro_type *reader; /* of a leaf, a type of one part; NULL: as written */
    uint32_t column;            /* or WR_JSON_NO_COLUMN */
    const char *mismatch;       /* why no value can be taken; NULL: it can */
    wr_avro_plan **fields;      /* by field or branch; NULL: skip it */
    wr_avro_default *defaults;
    uint32_t n_defaults;
    const wr_json_node *node;
};

#endif
