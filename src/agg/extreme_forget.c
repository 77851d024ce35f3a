/* extreme_forget.c: min and max that forget: an extreme that expires leaves nothing behind. */
#include "agg/extreme.h"

#define LESS(x, value) ((x) < (value))
#define MORE(x, value) ((x) > (value))

#define EXTREME_NAME    forgetting_min_int
#define EXTREME_TYPE    int32_t
#define EXTREME_FIELD   i
#define EXTREME_BEATS   LESS
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_min_long
#define EXTREME_TYPE    int64_t
#define EXTREME_FIELD   l
#define EXTREME_BEATS   LESS
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_min_float
#define EXTREME_TYPE    float
#define EXTREME_FIELD   f
#define EXTREME_BEATS   LESS
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_min_double
#define EXTREME_TYPE    double
#define EXTREME_FIELD   d
#define EXTREME_BEATS   LESS
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_max_int
#define EXTREME_TYPE    int32_t
#define EXTREME_FIELD   i
#define EXTREME_BEATS   MORE
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_max_long
#define EXTREME_TYPE    int64_t
#define EXTREME_FIELD   l
#define EXTREME_BEATS   MORE
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_max_float
#define EXTREME_TYPE    float
#define EXTREME_FIELD   f
#define EXTREME_BEATS   MORE
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

#define EXTREME_NAME    forgetting_max_double
#define EXTREME_TYPE    double
#define EXTREME_FIELD   d
#define EXTREME_BEATS   MORE
#define EXTREME_FORGETS 1
#include "agg/extreme.inc.h"

const wr_fold_loops wr_extreme_min_forgetting = {[WEIR_INT] = forgetting_min_int,
                                                 [WEIR_LONG] = forgetting_min_long,
                                                 [WEIR_FLOAT] = forgetting_min_float,
                                                 [WEIR_DOUBLE] = forgetting_min_double};
const wr_fold_loops wr_extreme_max_forgetting = {[WEIR_INT] = forgetting_max_int,
                                                 [WEIR_LONG] = forgetting_max_long,
                                                 [WEIR_FLOAT] = forgetting_max_float,
                                                 [WEIR_DOUBLE] = forgetting_max_double};
