/* compare.inc.h: == != and, if KERNEL_ORDERED is defined, < <= > >= of one type; results are bytes 0 or 1.
 *
 * A template: define KERNEL_TAG (f64) and KERNEL_TYPE (double). Undefines them and KERNEL_ORDERED. C's
 * comparisons are Java's: with a NaN all are false but !=, and -0.0 == 0.0. */

#define KERNEL_OUT uint8_t

#define KERNEL_VERB     eq
#define KERNEL_OP(x, y) ((x) == (y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     ne
#define KERNEL_OP(x, y) ((x) != (y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#ifdef KERNEL_ORDERED
#define KERNEL_VERB     lt
#define KERNEL_OP(x, y) ((x) < (y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     le
#define KERNEL_OP(x, y) ((x) <= (y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     gt
#define KERNEL_OP(x, y) ((x) > (y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB

#define KERNEL_VERB     ge
#define KERNEL_OP(x, y) ((x) >= (y))
#include "exec/kernel/binary.inc.h"
#undef KERNEL_VERB
#endif

#undef KERNEL_ORDERED
#undef KERNEL_OUT
#undef KERNEL_TYPE
#undef KERNEL_TAG
