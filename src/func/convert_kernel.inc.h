/* convert_kernel.inc.h: one loop of convert(), from a plain number or bool column to another. Include with
 *   KERNEL_NAME     the function's name
 *   KERNEL_FROM     C type of the argument
 *   KERNEL_TO       C type of the result
 *   KERNEL_CONVERT  function or macro from one to the other
 * All are undefined at the end. Null rows are converted too: their values are safe to read. */

static void KERNEL_NAME(const weir_call *call) {
    const KERNEL_FROM *from = call->args[0].data;
    KERNEL_TO *to = call->out->data;
    if (!call->sel) {
        for (uint32_t row = 0; row < call->n_rows; row++) to[row] = (KERNEL_TO)KERNEL_CONVERT(from[row]);
        return;
    }
    for (uint32_t k = 0; k < call->n_sel; k++)
        to[call->sel[k]] = (KERNEL_TO)KERNEL_CONVERT(from[call->sel[k]]);
}

#undef KERNEL_NAME
#undef KERNEL_FROM
#undef KERNEL_TO
#undef KERNEL_CONVERT
