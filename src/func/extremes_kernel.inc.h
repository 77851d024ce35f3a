/* extremes_kernel.inc.h: the loops of maximum() and minimum() for one type of argument. Include with
 *   KERNEL_TYPE                C type of the values
 *   KERNEL_MAX, KERNEL_MIN     names: fold an argument into the extremes found so far
 *   KERNEL_STORE               name: extremes to results
 *   KERNEL_FROM_DOUBLE         Java's cast of a double to the type
 * All are undefined at the end. `best` is by physical row. */

static void KERNEL_MAX(const weir_call *call, uint32_t arg, double *best) {
    const KERNEL_TYPE *from = call->args[arg].data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        if (weir_is_null(&call->args[arg], row)) continue;
        if ((double)from[row] > best[row]) best[row] = (double)from[row];
    }
}

static void KERNEL_MIN(const weir_call *call, uint32_t arg, double *best) {
    const KERNEL_TYPE *from = call->args[arg].data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        if (weir_is_null(&call->args[arg], row)) continue;
        if ((double)from[row] < best[row]) best[row] = (double)from[row];
    }
}

static void KERNEL_STORE(const weir_call *call, const double *best) {
    KERNEL_TYPE *to = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        to[row] = KERNEL_FROM_DOUBLE(best[row]);
    }
}

#undef KERNEL_TYPE
#undef KERNEL_MAX
#undef KERNEL_MIN
#undef KERNEL_STORE
#undef KERNEL_FROM_DOUBLE
