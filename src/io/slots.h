/* slots.h: the options of a sink that hold {{attribute}}: their values, for each record that waits. */
#ifndef WR_IO_SLOTS_H
#define WR_IO_SLOTS_H

#include "base/buf.h"
#include "io/template.h"

typedef struct wr_slots {
    uint32_t n; /* options with attributes; 0: there is nothing to do here */
    wr_template *of;
    wr_account *account;
    weir_encoded bytes;     /* values one after another, a NUL behind each */
    weir_text *values;      /* n for each record; until wr_slots_values their `bytes` don't count */
    uint32_t n_values, cap; /* of values */
} wr_slots;

/* Takes the templates among the checked settings apart and numbers them (weir_setting.slot). An option of
 * another kind with an attribute in it is refused. `what` as in wr_settings_check. */
weir_status wr_slots_open(wr_slots *s, const char *what, const weir_option *options, weir_settings *settings,
                          const weir_schema *schema, weir_arena *arena, wr_account *account,
                          weir_error *err) WR_NODISCARD;
/* After it: the values of all attributes besides, behind those of the options. */
weir_status wr_slots_add_attributes(wr_slots *s, const weir_schema *schema, weir_arena *arena,
                                    weir_error *err) WR_NODISCARD;
/* Another set of values for the same options. */
void wr_slots_share(wr_slots *s, const wr_slots *with);
void wr_slots_close(wr_slots *s);

/* What the options say for this row, as one record more; false: no memory. */
bool wr_slots_add(wr_slots *s, const weir_batch *rows, uint32_t row) WR_NODISCARD;
void wr_slots_remove(wr_slots *s, uint32_t record);
void wr_slots_cut(wr_slots *s, uint32_t n_records); /* keeps the first ones */
/* Of all records; NULL when there are no slots. Good until the next call that changes them. */
const weir_text *wr_slots_values(wr_slots *s);

#endif
