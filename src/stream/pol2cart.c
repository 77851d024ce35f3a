/* pol2cart.c: #pol2Cart, which adds the Cartesian coordinates of polar ones. */
#include <math.h>

#include "stream/functions.h"

#define DEGREE 0.017453292519943295 /* pi / 180 */

static weir_status check(const weir_arg *args, uint32_t n_args, weir_stream_added *added, uint32_t *n_added,
                         weir_error *err) {
    static const char *const names[] = {"x", "y", "z"};
    bool doubles = n_args == 2 || n_args == 3;
    for (uint32_t i = 0; i < n_args; i++) doubles = doubles && args[i].type == WEIR_DOUBLE;
    if (!doubles) return weir_fail(err, WEIR_ETYPE, "#pol2Cart takes two or three doubles");
    for (uint32_t i = 0; i < n_args; i++) added[i] = (weir_stream_added){names[i], WEIR_DOUBLE};
    *n_added = n_args;
    return WEIR_OK;
}

static void copy_height(const weir_stream_call *call) {
    const weir_column *z = &call->args[2];
    weir_column *out = &call->added[2];
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel[k];
        ((double *)out->data)[row] = ((const double *)z->data)[row];
        if (weir_is_null(z, row)) weir_set_null(out, row);
    }
}

/* Angles are in degrees. A null among them fails its row, as it does in Siddhi. */
static weir_status eval(void *self, weir_stream_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const weir_column *theta = &call->args[0], *rho = &call->args[1];
    double *x = call->added[0].data, *y = call->added[1].data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel[k];
        if (weir_is_null(theta, row) || weir_is_null(rho, row)) {
            call->fail(call->fail_ctx, row,
                       weir_is_null(theta, row) ? "#pol2Cart: theta is null" : "#pol2Cart: rho is null");
            continue;
        }
        double angle = ((const double *)theta->data)[row] * DEGREE, radius = ((const double *)rho->data)[row];
        x[row] = radius * cos(angle);
        y[row] = radius * sin(angle);
    }
    if (call->n_added == 3) copy_height(call);
    return WEIR_OK;
}

const weir_stream_function_type wr_stream_pol2cart = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "",
    .name = "pol2Cart",
    .doc = "Adds the Cartesian coordinates of a point given by its angle in degrees and its distance.",
    .example = "from S#pol2Cart(90.0, 2.0) select y insert into Out",
    .params =
        (const weir_param_doc[]){{"pol2Cart(<double> theta, <double> rho)", "Adds x and y."},
                                 {"pol2Cart(<double> theta, <double> rho, <double> z)", "Adds x, y and z."},
                                 {NULL, NULL}},
    .check = check,
    .eval = eval,
    .adds_only = true,
    .can_fail = true,
};
