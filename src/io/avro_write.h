/* avro_write.h: rows to Avro's binary encoding: by the fields of a record schema, or from a JSON text. */
#ifndef WR_IO_AVRO_WRITE_H
#define WR_IO_AVRO_WRITE_H

#include "io/avro_schema.h"
#include "weir_format.h"

#define WR_AVRO_NO_BRANCH UINT32_MAX

typedef struct wr_avro_out_field {
    uint32_t column;
    const wr_avro_type *type;     /* of the value, out of its union */
    uint32_t branch, null_branch; /* WR_AVRO_NO_BRANCH: it is no union; it has no null */
} wr_avro_out_field;

/* Which attribute goes into field i of the record; WEIR_ENAME, WEIR_ETYPE: none, or not into it. */
weir_status wr_avro_out_field_set(wr_avro_out_field *f, const weir_schema *schema, const wr_avro_type *record,
                                  uint32_t i, weir_error *err) WR_NODISCARD;
/* Appends the value. False: *wrong says why it can't be written, or is NULL: no memory. */
bool wr_avro_put_field(weir_encoded *e, const wr_avro_out_field *f, const weir_column *c, uint32_t row,
                       const char **wrong);
/* Appends what a JSON text says, as a value of the type: objects are records and maps; a union's value stands
 * as it is or, as Avro's JSON encoding has it, in an object with its type's name. *scratch keeps memory
 * between calls. */
bool wr_avro_put_json(weir_encoded *e, const wr_avro_type *type, const char *text, size_t len,
                      weir_arena *scratch, const char **wrong);

#endif
