/* fold.inc.h: the loops of one fold over rows of one argument type. Include with
 *
 *   FOLD_NAME                    the name of the wr_fold_loop that is made
 *   FOLD_CELL                    the cell's type
 *   FOLD_ARG                     the C type of the argument's values; not defined: takes no argument
 *   FOLD_OUT                     the C type of the results
 *   FOLD_STEP(cell, x, expired)  takes in one value; expired is a constant 0 where all rows are current
 *   FOLD_VALUE(cell, y)          stores the current value in *y; true unless it is null
 *   FOLD_ADDED_IS_VALUE          optional: the row that was just added has a value whatever FOLD_VALUE says
 *   FOLD_SMALL                   optional: one loop that decides row by row, for folds that are not hot
 *
 * all of which are undefined again at the end. There are eight shapes of a call: grouped or not, with expired
 * rows or without, with nulls or without. Each gets a loop in which these are constants; ungrouped ones keep
 * the cell in registers. out is not NULL. A null argument leaves the state as it is; the row still gets the
 * current value. */

#define FOLD_GLUE_(a, b) a##b
#define FOLD_GLUE(a, b)  FOLD_GLUE_(a, b)
#define FOLD_LOOP        FOLD_GLUE(FOLD_NAME, _loop)

WR_INLINE void FOLD_LOOP(FOLD_CELL *restrict cells, const weir_agg_rows *restrict rows,
                         weir_column *restrict out, bool grouped, bool mixed, bool nullable) {
    const uint32_t *restrict list = rows->row;
    const size_t n = rows->n, first = list ? 0 : rows->first; /* arrays begin there */
    const uint32_t *restrict gid = grouped ? rows->gid + first : NULL;
    const uint8_t *restrict kind = mixed ? rows->kind + first : NULL;
#ifdef FOLD_ARG
    const FOLD_ARG *restrict x = (const FOLD_ARG *)rows->args[0].data + first;
#endif
    FOLD_OUT *restrict y = (FOLD_OUT *)out->data + first;
    FOLD_CELL single = *cells;
    for (size_t i = 0; i < n; i++) {
        const size_t row = list ? list[i] : i;
        FOLD_CELL *cell = grouped ? cells + gid[row] : &single;
        const uint32_t expired = mixed ? kind[row] : 0; /* 0 and 1 are all there are here */
#ifdef FOLD_ARG
        const bool taken = !nullable || !weir_is_null(&rows->args[0], (uint32_t)(first + row));
        if (taken) FOLD_STEP(cell, x[row], expired);
#else
        (void)nullable;
        FOLD_STEP(cell, 0, expired);
#endif
#ifdef FOLD_ADDED_IS_VALUE
        if (WR_UNLIKELY(!FOLD_VALUE(cell, &y[row])) && (expired || !taken))
            weir_set_null(out, (uint32_t)(first + row));
#else
        if (WR_UNLIKELY(!FOLD_VALUE(cell, &y[row]))) weir_set_null(out, (uint32_t)(first + row));
#endif
    }
    if (!grouped) *cells = single;
}

static void FOLD_NAME(void *cells, const weir_agg_rows *rows, weir_column *out) {
    const bool grouped = rows->gid != NULL, mixed = rows->kind != NULL;
    const bool nullable = rows->n_args && rows->args[0].valid;
    if (!rows->n) return;
#ifdef FOLD_SMALL
    FOLD_LOOP(cells, rows, out, grouped, mixed, nullable);
#else
    switch (grouped | mixed << 1 | nullable << 2) {
    case 0: FOLD_LOOP(cells, rows, out, false, false, false); break;
    case 1: FOLD_LOOP(cells, rows, out, true, false, false); break;
    case 2: FOLD_LOOP(cells, rows, out, false, true, false); break;
    case 3: FOLD_LOOP(cells, rows, out, true, true, false); break;
    case 4: FOLD_LOOP(cells, rows, out, false, false, true); break;
    case 5: FOLD_LOOP(cells, rows, out, true, false, true); break;
    case 6: FOLD_LOOP(cells, rows, out, false, true, true); break;
    case 7: FOLD_LOOP(cells, rows, out, true, true, true); break;
    }
#endif
}

#undef FOLD_GLUE_
#undef FOLD_GLUE
#undef FOLD_LOOP
#undef FOLD_NAME
#undef FOLD_CELL
#undef FOLD_ARG
#undef FOLD_OUT
#undef FOLD_STEP
#undef FOLD_VALUE
#undef FOLD_SMALL
#undef FOLD_ADDED_IS_VALUE
