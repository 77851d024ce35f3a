/* json_value.h: JSON values into the cells of one row, by the tree of wanted names (json_path.h). */
#ifndef WR_IO_JSON_VALUE_H
#define WR_IO_JSON_VALUE_H

#include "io/cell.h"
#include "io/json_path.h"

/* The first thing that is wrong with an event that is otherwise JSON. */
typedef struct wr_json_fault {
    enum {
        WR_JSON_FAULT_NONE,
        WR_JSON_FAULT_CELL,    /* column holds text, which is at fault as status says */
        WR_JSON_FAULT_KIND,    /* column holds text: a value of another kind than the column's */
        WR_JSON_FAULT_ESCAPE,  /* column's string has a bad escape */
        WR_JSON_FAULT_UNKNOWN, /* text is a name that no attribute has */
        WR_JSON_FAULT_MISSING  /* column has no value */
    } what;
    wr_cell_status status;
    uint32_t column;
    const char *text;
    size_t len;
} wr_json_fault;

typedef struct wr_json_row {
    weir_rows *rows; /* row rows->n is being filled */
    wr_string_heap heap;
    uint64_t *seen; /* a bit for each column that got a value, or null */
    uint32_t n_seen;
    bool fail_unknown;
    bool keeps_maps; /* objects and arrays in object columns stay maps and lists; else they are their text */
    wr_json_fault fault;
} wr_json_row;

/* Notes what is wrong, unless something was before. */
void wr_json_set_fault(wr_json_row *row, int what, wr_cell_status status, uint32_t column, const char *text,
                       size_t len);
/* The cell from a text, by the column's type. */
void wr_json_store_text(wr_json_row *row, uint32_t column, const char *text, size_t len);
/* An object column: the value boxed with the type that it has in JSON. */
void wr_json_store_boxed(wr_json_row *row, uint32_t column, const weir_value *v);

/* Reads the members of the object that opens at p. Returns where it ends, or NULL: not JSON. What is JSON
 * but doesn't fit is noted in row->fault. */
const char *wr_json_read_object(wr_json_row *row, const wr_json_node *node, const char *p, const char *end,
                                unsigned depth);

/* The same for the one value at p < end, which the leaf stands for; depth: how deep it is. */
const char *wr_json_read_leaf(wr_json_row *row, const wr_json_node *leaf, const char *p, const char *end,
                              unsigned depth);

/* Goes over the members of an object: p is behind the opening brace or a value. Returns the member's value's
 * begin (its name in *name), or NULL: with *at_end where the object ends, else it is malformed. */
const char *wr_json_next_member(const char *p, const char *end, bool first, const char **name,
                                size_t *name_len, const char **at_end);

#endif
